package cost

import (
	"testing"
	"time"
)

const ms = time.Millisecond

// golden is ten million requests with three tasks each that run side by side.
//
//	handler 20.4 ms, billed 21; one task 300.2 ms, billed 301 by itself
//	handler and tasks 320.6 ms, billed 321, so the tail is 321 - 21 = 300
//	an init phase of 100 ms adds 100 ms to a hundredth of the invocations
//	10M ms at 1,024 MB = 10,000 GB-s = $0.166667
func golden() Workload {
	return Workload{
		Requests: 10_000_000,
		Function: Function{MemoryMB: 1024, Init: 100 * ms, ColdStarts: 0.01},
		Handler:  []time.Duration{20400 * time.Microsecond},
		Task:     []time.Duration{300200 * time.Microsecond},
		Tasks:    3, TaskBytes: 1000,
		Handoff: Handoff{Call: 5 * ms},
	}
}

// lines maps kinds to amounts with six places.
type lines map[Kind]string

func wantLines(t *testing.T, b Bill, total string, want lines) {
	t.Helper()
	seen := make(map[Kind]bool)
	for _, i := range b.Items {
		seen[i.Kind] = true
	}
	for k := range seen {
		if _, ok := want[k]; !ok {
			t.Errorf("%s: unexpected %s of %s", b.Contestant, k, b.Sum(k))
		}
	}
	for k, amount := range want {
		if got := b.Sum(k).v.get().FloatString(6); got != amount {
			t.Errorf("%s: %s is %s, want %s", b.Contestant, k, got, amount)
		}
	}
	wantCents(t, string(b.Contestant), b.Total(), total)
}

func TestGoldenInline(t *testing.T) {
	t.Parallel()
	// requests 10M * $0.20/M                         = $2
	// response 10M * 321 ms * 1 GB = 3,210,000 GB-s  = $53.500107
	// init 10M * 0.01 * (421 - 321) ms = 10,000 GB-s = $0.166667
	wantLines(t, bill(t, golden(), Inline, USEast1()), "55.67", lines{
		KindRequests: "2.000000", KindResponse: "53.500107", KindInit: "0.166667",
	})
}

func TestGoldenKeepers(t *testing.T) {
	t.Parallel()
	// response 10M * 21 ms = 210,000 GB-s  = $3.500007
	// tail 10M * 300 ms = 3,000,000 GB-s   = $50.0001
	// together as much as inline
	for _, c := range []Contestant{Stream, Extension, StreamResponse} {
		wantLines(t, bill(t, golden(), c, USEast1()), "55.67", lines{
			KindRequests: "2.000000", KindResponse: "3.500007", KindTail: "50.000100", KindInit: "0.166667",
		})
	}
	// A queue that nothing reaches is polled all the same:
	// 5 pollers * 2,592,000 s / 20 s = 648,000 requests * $0.40/M = $0.2592
	wantLines(t, bill(t, golden(), ExtensionSQS, USEast1()), "55.93", lines{
		KindRequests: "2.000000", KindResponse: "3.500007", KindTail: "50.000100", KindInit: "0.166667",
		KindPoll: "0.259200",
	})
}

func TestGoldenStreamedBytes(t *testing.T) {
	t.Parallel()
	// 7 MiB - 6 MiB = 1 MiB * 10M = 9,765.625 GB * $0.008 = $78.125
	// with the free tier 100 GB less: 9,665.625 * $0.008 = $77.325
	w := golden()
	w.ResponseBytes = 7 << 20
	wantCents(t, "streamed bytes", bill(t, w, StreamResponse, USEast1()).Sum(KindStreamed), "78.13")
	wantCents(t, "streamed bytes, free tier", bill(t, w, StreamResponse, free()).Sum(KindStreamed), "77.33")
	// Behind a REST API that streams, each started 10 MiB is a request:
	// 25 MiB are 3 * 10M * $3.50/M = $105
	w.ResponseBytes, w.Front = 25<<20, RESTAPI
	wantCents(t, "gateway", bill(t, w, StreamResponse, USEast1()).Sum(KindGateway), "105.00")
}

func TestGoldenGoroutine(t *testing.T) {
	t.Parallel()
	// The tasks freeze: nothing but the handler is billed.
	b := bill(t, golden(), Goroutine, USEast1())
	wantLines(t, b, "5.67", lines{KindRequests: "2.000000", KindResponse: "3.500007", KindInit: "0.166667"})
	if len(b.Notes) == 0 {
		t.Error("the bill does not say that tasks are lost")
	}
}

func TestGoldenAPIGatewayAsync(t *testing.T) {
	t.Parallel()
	// gateway 10M * $3.50/M = $35; nobody waits for the 321 ms: all tail.
	wantLines(t, bill(t, golden(), APIGatewayAsync, USEast1()), "90.67", lines{
		KindGateway: "35.000000", KindRequests: "2.000000", KindTail: "53.500107", KindInit: "0.166667",
	})
	// A request of 1 MiB is 13 requests of an event: (1,024 - 256)/64 = 12 more.
	// 12 * 10M * $0.20/M = $24
	w := golden()
	w.RequestBytes = 1 << 20
	wantCents(t, "chunks", bill(t, w, APIGatewayAsync, USEast1()).Sum(KindAsyncChunks), "24.00")
}

func TestGoldenInvoke(t *testing.T) {
	t.Parallel()
	// requests 10M + 3 * 10M = 40M * $0.20/M = $8
	// response: three calls side by side, 20.4 + 5 = 25.4, billed 26 ms:
	//   260,000 GB-s = $4.333342
	// worker 30M * 301 ms = 9,030,000 GB-s = $150.500301
	// init 0.01 * 100 ms * (10M + 30M) = 40,000 GB-s = $0.666668
	wantLines(t, bill(t, golden(), Invoke, USEast1()), "163.50", lines{
		KindRequests: "8.000000", KindResponse: "4.333342", KindWorker: "150.500301", KindInit: "0.666668",
	})
	// Envelopes of 300 KiB are one started chunk above 256 KiB:
	// 30M * $0.20/M = $6. At 256 KiB there is none.
	w := golden()
	w.TaskBytes = 300 << 10
	wantCents(t, "chunks", bill(t, w, Invoke, USEast1()).Sum(KindAsyncChunks), "6.00")
	w.TaskBytes = 256 << 10
	wantCents(t, "chunks at 256 KB", bill(t, w, Invoke, USEast1()).Sum(KindAsyncChunks), "0.00")
}

func TestGoldenSQS(t *testing.T) {
	t.Parallel()
	// Lambda as for invoke. SQS: one batch of three is 3,000 B, one request:
	//   send 10M * $0.40/M = $4; receive 30M and delete 30M, one by one: $12 each
	// polls: at 30M messages a month a poller is never left waiting for 20 s.
	want := lines{
		KindRequests: "8.000000", KindResponse: "4.333342", KindWorker: "150.500301", KindInit: "0.666668",
		KindSend: "4.000000", KindReceive: "12.000000", KindDelete: "12.000000",
	}
	wantLines(t, bill(t, golden(), SQS, USEast1()), "191.50", want)

	// Behind the response the 5 ms are tail: 26 - 21 ms = 50,000 GB-s = $0.833335
	want[KindResponse], want[KindTail] = "3.500007", "0.833335"
	wantLines(t, bill(t, golden(), SQSAfter, USEast1()), "191.50", want)
}

func TestGoldenSQSBatches(t *testing.T) {
	t.Parallel()
	// Ten messages a batch, side by side in 301 ms:
	// worker 3M * 301 ms = 903,000 GB-s          = $15.0500301
	// init 0.01 * 100 ms * (10M + 3M)            = 13,000 GB-s = $0.2166671
	// requests 13M = $2.60; send 10M = $4; receive and delete 3M each = $1.20
	// polls: r = 3M/2,592,000 s/5 pollers = 0.2314815/s, exp(20r) = 102.4761,
	//   5 * 2,592,000 * r/(exp(20r) - 1) = 29,563.6 requests * $0.40/M = $0.011825
	w := golden()
	w.Queue.Batch = 10
	want := lines{
		KindRequests: "2.600000", KindResponse: "4.333342", KindWorker: "15.050030", KindInit: "0.216667",
		KindSend: "4.000000", KindReceive: "1.200000", KindDelete: "1.200000",
		KindPoll: "0.011825",
	}
	wantLines(t, bill(t, w, SQS, USEast1()), "28.61", want)

	// FIFO: one after the other, 3,002 ms * 3M = 9,006,000 GB-s = $150.1003002,
	// and $0.50/M: $5, $1.50, $1.50, $0.014782.
	w.Queue.FIFO = true
	want[KindWorker], want[KindSend], want[KindReceive], want[KindDelete] = "150.100300", "5.000000", "1.500000", "1.500000"
	want[KindPoll] = "0.014782"
	wantLines(t, bill(t, w, SQS, USEast1()), "165.27", want)
}

func TestGoldenSQSChunks(t *testing.T) {
	t.Parallel()
	// 25 tasks of 100 KiB: batches of 10, 10 and 5 (10 * 100 KiB < 1 MiB):
	//   1,000 KiB = 16 chunks, twice, and 500 KiB = 8 chunks: 40 requests
	// received one by one: 2 chunks each; 25 worker runs: 50; deleted: 25
	w := Workload{Requests: 1, Tasks: 25, TaskBytes: 100 << 10, Function: Function{MemoryMB: 128}}
	b := bill(t, w, SQS, USEast1())
	// 300 KiB: three fit into 1 MiB. 8 batches of three (900 KiB = 15 chunks)
	// and one of one (5 chunks): 125 requests.
	w.TaskBytes = 300 << 10
	large := bill(t, w, SQS, USEast1())
	for _, c := range []struct {
		bill Bill
		kind Kind
		want string
	}{
		{b, KindSend, "40"},
		{b, KindReceive, "50"},
		{b, KindDelete, "25"},
		{large, KindSend, "125"},
		{large, KindReceive, "125"},
	} {
		if got := c.bill.Units(c.kind).String(); got != c.want {
			t.Errorf("%s: %s requests, want %s", c.kind, got, c.want)
		}
	}
	// 23 messages in a batch come from receives of 10, 10 and 3 messages.
	w.TaskBytes, w.Tasks, w.Queue.Batch = 100<<10, 23, 23
	b = bill(t, w, SQS, USEast1())
	if r, d := b.Units(KindReceive).String(), b.Units(KindDelete).String(); r != "37" || d != "3" { // 16 + 16 + 5
		t.Errorf("a batch of 23 takes %s receive and %s delete requests, want 37 and 3", r, d)
	}
}

func TestGoldenFailures(t *testing.T) {
	t.Parallel()
	// One task in ten fails and is tried once more: 1.1 attempts a task, and one
	// in a hundred fails for good.
	w := Workload{
		Requests: 1_000_000, Function: Function{MemoryMB: 1024},
		Handler: []time.Duration{10 * ms}, Task: []time.Duration{100 * ms}, Tasks: 1,
		FailureRate: 0.1, Retries: 1, RetryWait: 50 * ms,
		Extras: []Extra{{Label: "SNS", Unit: "publish", Per: PerFailedTask, Count: 1}},
	}
	type want map[Kind]string
	for c, want := range map[Contestant]want{
		// in process: 0.1 * (100 + 50) ms * 1M = 15,000 GB-s
		Inline:    {KindRetries: "15000", KindExtra: "10000"},
		Extension: {KindRetries: "15000", KindExtra: "10000"},
		// 1M + 1.1M invocations, 1.1M * 100 ms = 110,000 GB-s
		Invoke: {KindRequests: "2100000", KindWorker: "110000", KindExtra: "10000"},
		// a batch of one that failed deletes nothing: 1.1M * 0.9 = 990,000
		SQS: {KindSend: "1000000", KindReceive: "1100000", KindDelete: "990000", KindExtra: "10000"},
		// 10,000 tasks spill; 1.1 attempts each; fails for good: 0.1^4 * 1M = 100
		ExtensionSQS: {
			KindSend: "10000", KindReceive: "11000", KindDelete: "9900", KindWorker: "1100",
			KindRetries: "15000", KindExtra: "100",
		},
		// the whole invocation is repeated: 1.1M * 110 ms = 121,000 GB-s
		APIGatewayAsync: {KindRequests: "1100000", KindTail: "121000", KindExtra: "10000"},
	} {
		b := bill(t, w, c, USEast1())
		for kind, units := range want {
			if got := b.Units(kind).String(); got != units {
				t.Errorf("%s: %s is %s units, want %s", c, kind, got, units)
			}
		}
	}

	// Without retries there is one attempt in process and one from the queue.
	w.Retries = 0
	if got := bill(t, w, ExtensionSQS, USEast1()).Units(KindExtra).String(); got != "10000" { // 0.1^2
		t.Errorf("%s tasks fail for good, want 10000", got)
	}
	w.Retries = 1

	// Three tasks side by side: a retry round is needed if any of them failed,
	// 1 - 0.9^3 = 0.271; two at a time: (1 - 0.9^2) + (1 - 0.9) = 0.29.
	w.Tasks = 3
	if got := bill(t, w, Stream, USEast1()).Units(KindRetries).String(); got != "40650" { // 0.271 * 150 ms
		t.Errorf("retries side by side are %s GB-s, want 40650", got)
	}
	w.AtOnce = 2
	if got := bill(t, w, Stream, USEast1()).Units(KindRetries).String(); got != "43500" { // 0.29 * 150 ms
		t.Errorf("retries two at a time are %s GB-s, want 43500", got)
	}
	// Lambda retries an asynchronous invocation at most twice: 1.11 attempts.
	w.Tasks, w.Retries = 1, 50
	if got := bill(t, w, Invoke, USEast1()).Units(KindRequests).String(); got != "2110000" {
		t.Errorf("requests are %s, want 2110000", got)
	}
}

func TestGoldenSpill(t *testing.T) {
	t.Parallel()
	// Nothing fails, a fifth of the tasks would not finish in time:
	// 3 * 10M * 0.2 = 6M messages, sent, received and deleted one by one.
	w := golden()
	w.Spill = 0.2
	b := bill(t, w, ExtensionSQS, USEast1())
	for _, k := range []Kind{KindSend, KindReceive, KindDelete} {
		if got := b.Units(k).String(); got != "6000000" {
			t.Errorf("%s is %s requests, want 6000000", k, got)
		}
	}
}

func TestGoldenLogs(t *testing.T) {
	t.Parallel()
	// GiB so that the sums are whole: a request with three tasks, no failures.
	w := golden()
	w.Requests, w.Logs = 1, Logs{Invocation: 1 << 30, Handler: 10 << 30, Task: 100 << 30}
	for c, want := range map[Contestant]string{
		Inline:          "311", // 1 + 10 + 3 * 100
		Goroutine:       "11",  // frozen tasks log nothing
		APIGatewayAsync: "311",
		Stream:          "311",
		ExtensionSQS:    "311",
		Invoke:          "314", // three more invocations
		SQS:             "314",
	} {
		if got := bill(t, w, c, USEast1()).Units(KindLogs).String(); got != want {
			t.Errorf("%s logs %s GB, want %s", c, got, want)
		}
	}
}

func TestGoldenLogsOfRetries(t *testing.T) {
	t.Parallel()
	// Two tasks, half of the attempts fail, one retry: 1.5 attempts each. API
	// Gateway's invocation fails if one of them does, 0.75, and repeats both:
	// 1.75 * 2 = 3.5.
	w := Workload{
		Requests: 2, Function: Function{MemoryMB: 128}, Tasks: 2, FailureRate: 0.5, Retries: 1,
		Logs: Logs{Task: 1 << 30},
	}
	for c, want := range map[Contestant]string{
		Inline: "6", Extension: "6", Invoke: "6", SQS: "6", APIGatewayAsync: "7",
		ExtensionSQS: "7.5", // and of a quarter that spilled, 1.5 attempts each: 2 * 2 * 0.25 * 1.5
	} {
		if got := bill(t, w, c, USEast1()).Units(KindLogs).String(); got != want {
			t.Errorf("%s logs %s GB, want %s", c, got, want)
		}
	}
}

func TestGoldenStorage(t *testing.T) {
	t.Parallel()
	// 1,536 MB are 1 GB to pay, for as long as functions run: of a million
	// requests, in process 10 + 100 ms, 0.1 * 150 ms of retries and 0.5 * 40 ms of
	// init: 145,000 GB-s. With invoke the front runs 10 + 20 ms, and 1.1M workers
	// 100 + 20 ms: 162,000.
	w := Workload{
		Requests: 1_000_000, Function: Function{MemoryMB: 1024, StorageMB: 1536, Init: 40 * ms, ColdStarts: 0.5},
		Handler: []time.Duration{10 * ms}, Task: []time.Duration{100 * ms}, Tasks: 1,
		FailureRate: 0.1, Retries: 1, RetryWait: 50 * ms,
	}
	for c, want := range map[Contestant]string{Inline: "145000", Stream: "145000", Invoke: "162000"} {
		if got := bill(t, w, c, USEast1()).Units(KindStorage).String(); got != want {
			t.Errorf("%s: %s GB-s of storage, want %s", c, got, want)
		}
	}
}

func TestGoldenProvisionedIsRoundedUp(t *testing.T) {
	t.Parallel()
	// Two environments of 512 MB: 1 GB, in steps of 300 s.
	for d, want := range map[time.Duration]string{
		1: "300", 5 * time.Minute: "300", 5*time.Minute + time.Second: "600", 0: "0",
	} {
		w := plain(1, 512, ms)
		w.Provisioned = Provisioned{Environments: 2, For: d}
		if got := bill(t, w, Inline, USEast1()).Units(KindProvisioned).String(); got != want {
			t.Errorf("%v: %s GB-s, want %s", d, got, want)
		}
	}
}

func TestGoldenHTTPAPI(t *testing.T) {
	t.Parallel()
	// 300 KiB in and 300 KiB out are two steps of 512 KiB: 20M * $1/M = $20
	w := golden()
	w.Front, w.RequestBytes, w.ResponseBytes = HTTPAPI, 300<<10, 300<<10
	wantCents(t, "gateway", bill(t, w, Extension, USEast1()).Sum(KindGateway), "20.00")
}

func TestGoldenWorkerOfItsOwn(t *testing.T) {
	t.Parallel()
	// 30M * 301 ms * 256/1024 GB = 2,257,500 GB-s at the Arm price $0.0000133334
	// = $30.1001505
	w := golden()
	w.Worker = &Function{MemoryMB: 256, Arch: ARM64}
	b := bill(t, w, Invoke, USEast1())
	if got := b.Sum(KindWorker).v.text(6); got != "30.100151" {
		t.Errorf("worker is %s, want 30.100151", got)
	}
}

func TestGoldenTraffic(t *testing.T) {
	t.Parallel()
	// A day of 12 hours at 2/s and 12 hours at 0.1/s, 30 times:
	// 30 * 43,200 * 2.1 = 2,721,600 requests, exactly.
	rates := make([]float64, 24)
	for i := range rates {
		rates[i] = 0.1
		if i < 12 {
			rates[i] = 2
		}
	}
	w := golden()
	w.Requests, w.Traffic = 0, Hourly(rates...)
	if got := bill(t, w, Inline, USEast1()).Units(KindRequests).String(); got != "2721600" {
		t.Errorf("%s requests, want 2721600", got)
	}
	// A month of 30 hours ends six hours into the second day:
	// 12 h * 2 + 12 h * 0.1 + 6 h * 2 = 133,920
	w.Month = 30 * time.Hour
	if got := bill(t, w, Inline, USEast1()).Units(KindRequests).String(); got != "133920" {
		t.Errorf("%s requests in a cut month, want 133920", got)
	}
	// A month of 13 hours does not see the whole curve: 12 h * 2 + 1 h * 0.1
	w.Month = 13 * time.Hour
	if got := bill(t, w, Inline, USEast1()).Units(KindRequests).String(); got != "86760" {
		t.Errorf("%s requests in a month shorter than the curve, want 86760", got)
	}
}
