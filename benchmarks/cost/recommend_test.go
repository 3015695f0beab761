package cost

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestRecommend(t *testing.T) {
	t.Parallel()
	base := golden()
	for _, c := range []struct {
		name  string
		w     func(*Workload)
		needs Needs
		want  Contestant
	}{
		// Inline, stream and extension cost the same; stream answers sooner and
		// comes first.
		{"nothing asked for", nil, Needs{}, Stream},
		{"what fails has to be kept", nil, Needs{Durability: KeepsFailures}, Inline},
		{"kept, and a fast response", nil, Needs{Durability: KeepsFailures, P99: 200 * ms}, ExtensionSQS},
		{"nothing may be lost", nil, Needs{Durability: SurvivesCrash}, Inline},
		{"nothing may be lost, and a fast response", nil, Needs{Durability: SurvivesCrash, P99: 200 * ms}, Invoke},
		// The two cost the same; the one that sends later answers sooner.
		{"ordered", nil, Needs{Ordered: true}, SQSAfter},
		{"ordered and nothing may be lost", nil, Needs{Ordered: true, Durability: SurvivesCrash}, SQS},
		{
			"ordered, with a batch that a FIFO queue does not have",
			func(w *Workload) { w.Queue.Batch = 100 },
			Needs{Ordered: true, Durability: SurvivesCrash},
			SQS,
		},
		{
			"a task longer than the timeout of the function",
			func(w *Workload) {
				w.Function.Timeout, w.Worker = time.Second, &Function{MemoryMB: 1024}
				w.Task = []time.Duration{2 * time.Second}
			},
			Needs{},
			Invoke,
		},
		{"a large response", func(w *Workload) { w.ResponseBytes = 7 << 20 }, Needs{}, StreamResponse},
		{
			"a payload above 1 MiB, failures kept, fast", // no queue takes it
			func(w *Workload) { w.TaskBytes = 2 << 20 },
			Needs{P99: 200 * ms},
			Stream,
		},
		{
			"many tasks that wait: a worker runs ten at once",
			func(w *Workload) { w.Queue.Batch = 10 },
			Needs{Durability: SurvivesCrash},
			SQS,
		},
		{
			"any response",
			func(w *Workload) {
				w.Front = RESTAPI
				w.Handler = []time.Duration{ms / 2}
				w.Task = []time.Duration{ms / 2}
			},
			// Half and half are one millisecond in one function; all cost the same,
			// and API Gateway answers without it.
			Needs{AnyResponse: true},
			APIGatewayAsync,
		},
	} {
		w := base
		if c.w != nil {
			c.w(&w)
		}
		got, err := Recommend(w, c.needs, USEast1())
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got.Best.Contestant != c.want {
			t.Errorf("%s: %s, want %s\n%s", c.name, got.Best.Contestant, c.want, strings.Join(got.Reasons, "\n"))
		}
		for _, o := range got.Options {
			if o.Meets() && o.Bill.Total().Cmp(got.Best.Bill.Total()) < 0 {
				t.Errorf("%s: %s meets the needs and is cheaper", c.name, o.Contestant)
			}
		}
		if len(got.Options) != len(Contestants()) {
			t.Errorf("%s: %d options, want all %d", c.name, len(got.Options), len(Contestants()))
		}
	}
}

func TestRecommendNeverLosesTasks(t *testing.T) {
	t.Parallel()
	got, err := Recommend(golden(), Needs{}, USEast1())
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range got.Options {
		if o.Contestant == Goroutine && (o.Meets() || !strings.Contains(o.Against[0], "loses")) {
			t.Errorf("a goroutine is an option: %+v", o.Against)
		}
	}
}

func TestRecommendExplains(t *testing.T) {
	t.Parallel()
	w := ownWorker()
	got, err := Recommend(w, Needs{P99: 50 * ms}, USEast1())
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(got.Reasons, "\n")
	for _, says := range []string{
		"invoke costs $1.57 a month", // 2M requests $0.40 + 20,000 GB-s $0.333 + 50,000 GB-s $0.833
		"at 1,024 MB and 1,000,000 requests a month",
		"inline is out: 99 % of responses take up to 120ms, the limit is 50ms.",
		"stream costs $0.63 more.", // 120,000 GB-s + $0.20 = $2.20
		"From 24 ms of task duration on, invoke is cheaper than stream.",
		"From 635 MB of memory on, invoke is cheaper than stream.",
	} {
		if !strings.Contains(text, says) {
			t.Errorf("the reasons do not say %q:\n%s", says, text)
		}
	}
	// Every break-even is where it says.
	for _, c := range got.BreakEvens {
		if c.Was == "" || c.Cheaper == "" {
			continue
		}
		for _, v := range []Parameter{TaskDuration, Memory, RequestsPerMonth} {
			if v.Name != c.Parameter {
				continue
			}
			x := w
			v.set(&x, c.From)
			if a, b := bill(t, x, c.Cheaper, USEast1()).Total(), bill(t, x, c.Was, USEast1()).Total(); a.Cmp(b) > 0 {
				t.Errorf("%v: but %s against %s", c, a, b)
			}
		}
	}
}

func TestRecommendCountsConcurrency(t *testing.T) {
	t.Parallel()
	// 100/s with a tail of 20 s keep 2,000 environments busy; five tasks a worker
	// at 10 per batch need less.
	w := Workload{
		Traffic: Constant(100), Function: Function{MemoryMB: 128},
		Handler: []time.Duration{20 * ms}, Task: []time.Duration{20 * time.Second}, Tasks: 1,
		Queue: Queue{Batch: 10},
	}
	got, err := Recommend(w, Needs{}, USEast1())
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range got.Options {
		switch o.Contestant {
		case Stream, Invoke:
			if o.Meets() || !strings.Contains(strings.Join(o.Against, " "), "concurrency") {
				t.Errorf("%s needs %d and is not against the quota: %v", o.Contestant, o.Capacity.Concurrency(), o.Against)
			}
		case SQS:
			if !o.Meets() {
				t.Errorf("sqs: %v", o.Against)
			}
		default:
		}
	}
	if got, err = Recommend(w, Needs{Concurrency: 5000}, USEast1()); err != nil {
		t.Fatal(err)
	}
	for _, o := range got.Options {
		if o.Contestant == Stream && !o.Meets() {
			t.Errorf("with a quota of 5,000: %v", o.Against)
		}
	}
}

func TestRecommendWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	w := golden()
	w.ResponseBytes = 201 << 20
	got, err := Recommend(w, Needs{}, USEast1())
	if !errors.Is(err, ErrNoneMeets) {
		t.Fatalf("want ErrNoneMeets, got %v", err)
	}
	if len(got.Options) != len(Contestants()) {
		t.Errorf("%d options, want all", len(got.Options))
	}
	for _, o := range got.Options {
		if !strings.Contains(err.Error(), string(o.Contestant)) || len(o.Against) == 0 {
			t.Errorf("%s: no reason in %v", o.Contestant, err)
		}
	}
}

func TestRecommendRefusesNonsense(t *testing.T) {
	t.Parallel()
	for _, n := range []Needs{{P99: -1}, {Concurrency: -1}, {Durability: -1}, {Durability: SurvivesCrash + 1}} {
		if _, err := Recommend(golden(), n, USEast1()); !errors.Is(err, ErrWorkload) {
			t.Errorf("%+v: want ErrWorkload, got %v", n, err)
		}
	}
	if _, err := Recommend(Workload{}, Needs{}, USEast1()); !errors.Is(err, ErrWorkload) {
		t.Errorf("want ErrWorkload, got %v", err)
	}
	if _, err := Recommend(golden(), Needs{}, Prices{}); !errors.Is(err, ErrPrices) {
		t.Errorf("want ErrPrices, got %v", err)
	}
}
