package cost

import (
	"testing"
	"time"
)

// The worked examples of AWS's pricing pages, to the cent. Unless said
// otherwise they are from https://aws.amazon.com/lambda/pricing/ as mirrored
// after 22 June 2026, US East (N. Virginia). Where a page's sum is that of its
// rounded lines, the lines are compared.

// plain is a function without tasks: what the pages compute.
func plain(requests int64, memoryMB int, durations ...time.Duration) Workload {
	return Workload{Requests: requests, Handler: durations, Function: Function{MemoryMB: memoryMB}}
}

func free() Prices {
	p := USEast1()
	p.FreeTier = true
	return p
}

func bill(t *testing.T, w Workload, c Contestant, p Prices) Bill {
	t.Helper()
	b, err := Estimate(w, c, p)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func wantCents(t *testing.T, what string, got USD, want string) {
	t.Helper()
	if got.Cents() != want {
		t.Errorf("%s is $%s, want $%s", what, got.Cents(), want)
	}
}

func TestPublishedMobileBackend(t *testing.T) {
	t.Parallel()
	// 3M * 120 ms = 360,000 s; * 1536/1024 = 540,000 GB-s; - 400,000 free = 140,000
	// 140,000 * $0.0000166667 = $2.33; (3M - 1M) * $0.20/M = $0.40; together $2.73
	b := bill(t, plain(3_000_000, 1536, 120*time.Millisecond), Inline, free())
	wantCents(t, "compute", b.Sum(KindResponse), "2.33")
	wantCents(t, "requests", b.Sum(KindRequests), "0.40")
	wantCents(t, "total", b.Total(), "2.73")
}

func TestPublishedTelemetry(t *testing.T) {
	t.Parallel()
	// 10,000 vehicles * 24 * 31 = 7.44M requests * $0.20/M = $1.488 ~ $1.49
	// 7.44M * 2 s * 1 GB = 14.88M GB-s * $0.0000166667 = $248.00; total $249.49.
	// The SnapStart example on the page begins with the same lines.
	b := bill(t, plain(7_440_000, 1024, 2*time.Second), Inline, USEast1())
	wantCents(t, "requests", b.Sum(KindRequests), "1.49")
	wantCents(t, "compute", b.Sum(KindResponse), "248.00")
	wantCents(t, "total", b.Total(), "249.49")
}

func TestPublishedEphemeralStorage(t *testing.T) {
	t.Parallel()
	// 6M * 280 ms = 1,680,000 s; * 4 GB = 6,720,000; - 400,000 = 6,320,000 GB-s
	// * $0.0000166667 = $105.33; (6M - 1M) * $0.20/M = $1
	// (2048 - 512)/1024 * 1,680,000 = 2,520,000 GB-s * $0.0000000309 = $0.08
	// total $106.41
	w := plain(6_000_000, 4096, 280*time.Millisecond)
	w.Function.StorageMB = 2048
	b := bill(t, w, Inline, free())
	wantCents(t, "compute", b.Sum(KindResponse), "105.33")
	wantCents(t, "requests", b.Sum(KindRequests), "1.00")
	wantCents(t, "storage", b.Sum(KindStorage), "0.08")
	wantCents(t, "total", b.Total(), "106.41")
}

func TestPublishedProvisionedConcurrencyLaunchDay(t *testing.T) {
	t.Parallel()
	// Launch day: 100 * 1.5 GB * 28,800 s = 4.32M GB-s * $0.0000041667 = $18;
	// 500,000 * 100 ms * 1.5 = 75,000 GB-s * $0.0000097222 = $0.73.
	// Rest of the month: 2.5M * 120 ms * 1.5 = 450,000 - 400,000 = 50,000 GB-s
	// * $0.0000166667 = $0.83. Requests of both: (3M - 1M) * $0.20/M = $0.40.
	day := plain(500_000, 1536, 100*time.Millisecond)
	day.Provisioned = Provisioned{Environments: 100, For: 8 * time.Hour}
	launch := bill(t, day, Inline, USEast1())
	rest := bill(t, plain(2_500_000, 1536, 120*time.Millisecond), Inline, free())

	wantCents(t, "provisioned", launch.Sum(KindProvisioned), "18.00")
	wantCents(t, "compute when provisioned", launch.Sum(KindResponse), "0.73")
	wantCents(t, "compute otherwise", rest.Sum(KindResponse), "0.83")
	wantCents(t, "requests", launch.Sum(KindRequests).Add(rest.Sum(KindRequests)), "0.40")
	wantCents(t, "total", launch.Total().Add(rest.Total()), "19.96")
}

func TestPublishedProvisionedConcurrencyCyberMonday(t *testing.T) {
	t.Parallel()
	// 7 * 4 GB * 86,400 s = 2,419,200 GB-s * $0.0000041667 = $10.08
	// 2M * 280 ms * 4 = 2,240,000 GB-s * $0.0000097222 = $21.78; 2M * $0.20/M = $0.40
	// total $32.26; no free tier with provisioned concurrency.
	w := plain(2_000_000, 4096, 280*time.Millisecond)
	w.Provisioned = Provisioned{Environments: 7, For: 24 * time.Hour}
	b := bill(t, w, Inline, USEast1())
	wantCents(t, "provisioned", b.Sum(KindProvisioned), "10.08")
	wantCents(t, "compute", b.Sum(KindResponse), "21.78")
	wantCents(t, "requests", b.Sum(KindRequests), "0.40")
	wantCents(t, "total", b.Total(), "32.26")
}

func TestPublishedResponseStreaming(t *testing.T) {
	t.Parallel()
	// 3M * 500 ms * 1.5 GB = 2,250,000 - 400,000 = 1,850,000 GB-s = $30.83
	// (3M - 1M) * $0.20/M = $0.40. 2M responses of 100 KB are below 6 MB: free.
	// 1M * (7 MB - 6 MB) = 976.56 GB * $0.008 = $7.81. The 100 GB are used up.
	// The page adds the rounded lines: $39.04.
	small := plain(2_000_000, 1536, 500*time.Millisecond)
	small.ResponseBytes = 100 << 10
	large := plain(1_000_000, 1536, 500*time.Millisecond)
	large.ResponseBytes = 7 << 20
	a, b := bill(t, small, StreamResponse, free()), bill(t, large, StreamResponse, USEast1())
	wantCents(t, "compute", a.Sum(KindResponse).Add(b.Sum(KindResponse)), "30.83")
	wantCents(t, "requests", a.Sum(KindRequests).Add(b.Sum(KindRequests)), "0.40")
	wantCents(t, "streaming below 6 MB", a.Sum(KindStreamed), "0.00")
	wantCents(t, "streaming", b.Sum(KindStreamed), "7.81")
}

func TestPublishedProvisionedPollers(t *testing.T) {
	t.Parallel()
	// SQS: 30M * 1 s * 1 GB = 30M GB-s = $500; 30M * $0.20/M = $6;
	// 8,000 EPU-hours * $0.00925 = $74; total $580.
	w := Workload{
		Requests: 30_000_000, Tasks: 1, Task: []time.Duration{time.Second},
		Function: Function{MemoryMB: 1024}, Queue: Queue{EPUHours: 8000},
	}
	b := bill(t, w, SQS, USEast1())
	wantCents(t, "compute", b.Sum(KindWorker), "500.00")
	for _, i := range b.Items {
		switch {
		case i.Label == "Lambda requests, worker":
			wantCents(t, i.Label, i.Amount, "6.00")
		case i.Meter == MeterEventPollerUnits:
			wantCents(t, i.Label, i.Amount, "74.00")
		}
	}
	// Kafka, ten mappings: 10 * 30M * 0.2 s = 60M GB-s = $1,000; 300M requests = $60.
	b = bill(t, plain(300_000_000, 1024, 200*time.Millisecond), Inline, USEast1())
	wantCents(t, "total of the Kafka example without pollers", b.Total(), "1060.00")
}

func TestPublishedDurableFunctionsOnArm(t *testing.T) {
	t.Parallel()
	// The Lambda part: 1M * (30 s + 2 s) * 1 GB = 32M - 400,000 = 31.6M GB-s
	// * $0.0000133334 = $421.34; 2M invocations - 1M free = $0.20.
	w := plain(2_000_000, 1024, 30*time.Second, 2*time.Second)
	w.Function.Arch = ARM64
	b := bill(t, w, Inline, free())
	wantCents(t, "compute", b.Sum(KindResponse), "421.34")
	wantCents(t, "requests", b.Sum(KindRequests), "0.20")
}

func TestPublishedTenantIsolation(t *testing.T) {
	t.Parallel()
	// 10M * $0.20/M = $2. 10M * 2 s * 1 GB = 20M GB-s * $0.0000166667 = $333.334,
	// which the page prints as $333.34. Rounded as everywhere else it is $333.33.
	// The charge for isolation itself is not modelled.
	b := bill(t, plain(10_000_000, 1024, 2*time.Second), Inline, USEast1())
	wantCents(t, "requests", b.Sum(KindRequests), "2.00")
	if got := b.Sum(KindResponse).v.text(3); got != "333.334" {
		t.Errorf("compute is %s, want 333.334", got)
	}
}

// oldDuration is the price of the page as archived in 2017 to 2019, when it was
// given to eight decimals. The durations of its examples are whole multiples
// of the 100 ms that were the step then.
func oldDuration(t *testing.T, p Prices) Prices {
	t.Helper()
	r := p.Rates[MeterDurationX86]
	price, err := ParseUSD("0.00001667")
	if err != nil {
		t.Fatal(err)
	}
	r.Tiers = []Tier{{Price: price}}
	return p.With(MeterDurationX86, r)
}

func TestPublishedIn2018(t *testing.T) {
	t.Parallel()
	old := oldDuration(t, free())
	// Example 1: 3M * 1 s * 512/1024 = 1,500,000 - 400,000 = 1,100,000 GB-s
	// * $0.00001667 = $18.34 + $0.40 = $18.74
	b := bill(t, plain(3_000_000, 512, time.Second), Inline, old)
	wantCents(t, "compute", b.Sum(KindResponse), "18.34")
	wantCents(t, "total", b.Total(), "18.74")
	// Example 2: 30M * 200 ms * 128/1024 = 750,000 - 400,000 = 350,000 GB-s
	// * $0.00001667 = $5.83 + 29M * $0.20/M = $5.80: $11.63
	b = bill(t, plain(30_000_000, 128, 200*time.Millisecond), Inline, old)
	wantCents(t, "compute", b.Sum(KindResponse), "5.83")
	wantCents(t, "total", b.Total(), "11.63")
}

func TestPublishedLambdaAtEdge(t *testing.T) {
	t.Parallel()
	// $0.00000625125 for 128 MB a second, $0.60/M requests.
	// 2026 page: 10M * 10 ms = 100,000 s = $0.63; + $6.00 = $6.63
	// 2019 page: 10M * 50 ms = 500,000 s = $3.13; + $6.00 = $9.13
	p := USEast1()
	compute, requests := p.Rates[MeterDurationX86], p.Rates[MeterRequests]
	var err error
	if compute.Per, err = ParseQuantity("0.125"); err != nil {
		t.Fatal(err)
	}
	price := func(s string) []Tier {
		v, err := ParseUSD(s)
		if err != nil {
			t.Fatal(err)
		}
		return []Tier{{Price: v}}
	}
	compute.Tiers, requests.Tiers = price("0.00000625125"), price("0.60")
	p = p.With(MeterDurationX86, compute).With(MeterRequests, requests)
	wantCents(t, "total of 2026", bill(t, plain(10_000_000, 128, 10*time.Millisecond), Inline, p).Total(), "6.63")
	wantCents(t, "total of 2019", bill(t, plain(10_000_000, 128, 50*time.Millisecond), Inline, p).Total(), "9.13")
}

// https://aws.amazon.com/api-gateway/pricing/: HTTP example as transcribed on
// 20 September 2026, REST examples as read on 10 August 2026.
func TestPublishedAPIGateway(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		front    Front
		requests int64
		want     string
	}{
		// 300M * $1.00/M + 132M * $0.90/M = $300.00 + $118.80
		{"HTTP API", HTTPAPI, 432_000_000, "418.80"},
		// 5M * $3.50/M
		{"REST API", RESTAPI, 5_000_000, "17.50"},
		// 333M * $3.50/M + 667M * $2.80/M + 14,000M * $2.38/M
		// = $1,165.50 + $1,867.60 + $33,320.00
		{"REST API, three tiers", RESTAPI, 15_000_000_000, "36353.10"},
	} {
		w := plain(c.requests, 128, time.Millisecond)
		w.Front = c.front
		wantCents(t, c.name, bill(t, w, Inline, USEast1()).Sum(KindGateway), c.want)
	}
}

func TestPublishedSQS(t *testing.T) {
	t.Parallel()
	// aws.amazon.com/sqs/pricing: "an API action with a 256 KB payload is billed
	// as 4 requests".
	w := Workload{Requests: 1, Tasks: 1, TaskBytes: 256 << 10, Function: Function{MemoryMB: 128}}
	if got := bill(t, w, SQS, USEast1()).Units(KindSend).String(); got != "4" {
		t.Errorf("sending 256 KB is %s requests, want 4", got)
	}
	// A third party's example (adhdecode.com, "SQS cost per million messages"):
	// 3M messages a month sent in tens and received and deleted one by one:
	// 300,000 + 3M + 3M = 6.3M requests * $0.40/M = $2.52.
	w = Workload{Requests: 300_000, Tasks: 10, TaskBytes: 256, Function: Function{MemoryMB: 128}}
	wantCents(t, "requests", bill(t, w, SQS, USEast1()).Sum(KindSend, KindReceive, KindDelete), "2.52")
}

func TestPublishedLambdaLogs(t *testing.T) {
	t.Parallel()
	// Duckbill Group, May 2025, on AWS's announcement: 60 TB of Lambda logs cost
	// $12,500 instead of $30,000. 10 * $500 + 20 * $250 + 20 * $100 + 10 * $50.
	w := plain(60_000, 128, time.Millisecond)
	w.Logs.Invocation = 1 << 30
	wantCents(t, "log bytes", bill(t, w, Inline, USEast1()).Sum(KindLogs), "12500.00")
}
