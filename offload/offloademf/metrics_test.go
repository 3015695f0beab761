package offloademf_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/cenkalti/backoff/v4"

	"github.com/go-offload/lambda/offload"
	"github.com/go-offload/lambda/offload/offloademf"
	"github.com/go-offload/lambda/strategies/stream"
)

// lines parses everything that was written.
func lines(tb testing.TB, out *bytes.Buffer) []*document {
	tb.Helper()
	var all []*document
	for line := range strings.Lines(out.String()) {
		d, err := parse([]byte(line))
		if err != nil {
			tb.Fatalf("%v\n%s", err, line)
		}
		all = append(all, d)
	}
	return all
}

func newMetrics(tb testing.TB, opts offloademf.Options) (*offloademf.Metrics, *bytes.Buffer) {
	tb.Helper()
	var out bytes.Buffer
	opts.Writer = &out
	m, err := offloademf.New(&opts)
	if err != nil {
		tb.Fatal(err)
	}
	return m, &out
}

func invocation(ctx context.Context, id string) context.Context {
	return lambdacontext.NewContext(ctx, &lambdacontext.LambdaContext{AwsRequestID: id})
}

// A function writes one line for an invocation, when its tasks are done, and none if it had none.
func TestFunction(t *testing.T) {
	t.Parallel()
	m, out := newMetrics(t, offloademf.Options{})
	tries := 0
	wrapped, err := offload.Wrap(func(ctx context.Context, tasks int) error {
		for range tasks {
			if err := offload.After(ctx, offload.Func("fine", func(context.Context) error { return nil })); err != nil {
				return err
			}
		}
		if tasks == 0 {
			return nil
		}
		return offload.After(ctx, offload.Func("flaky", func(context.Context) error {
			if tries++; tries < 3 {
				return errors.New("not yet")
			}
			return backoff.Permanent(errors.New("never"))
		}), offload.Backoff(time.Millisecond, time.Millisecond))
	}, offload.WithStrategies(stream.New()), offload.WithLogger(slog.New(slog.DiscardHandler)), offload.WithTelemetry(m))
	if err != nil {
		t.Fatal(err)
	}
	handler := lambda.NewHandler(wrapped)
	for i, tasks := range []string{"0", "2"} {
		ctx, cancel := context.WithTimeout(invocation(t.Context(), fmt.Sprint("request-", i)), time.Minute)
		if _, err := handler.Invoke(ctx, []byte(tasks)); err != nil {
			t.Fatal(err)
		}
		cancel()
	}
	all := lines(t, out)
	if len(all) != 1 {
		t.Fatalf("%d lines:\n%s", len(all), out)
	}
	d := all[0]
	for name, want := range map[string]float64{"TasksAccepted": 3, "TasksDone": 2, "TasksFailed": 1, "TaskRetries": 2} {
		if got := d.metrics[name]; !slices.Equal(got, []float64{want}) || d.units[name] != "Count" {
			t.Errorf("%s: %v %s, want %v", name, got, d.units[name], want)
		}
	}
	for _, name := range []string{"TaskWait", "TaskDuration", "TaskTimeLeft"} {
		if got := d.metrics[name]; len(got) != 3 || d.units[name] != "Milliseconds" {
			t.Errorf("%s: %v %s", name, got, d.units[name])
		}
	}
	if left := d.metrics["TaskTimeLeft"][0]; left < 30_000 || left > 60_000 {
		t.Errorf("TaskTimeLeft is %v ms", left)
	}
	if len(d.metrics) != 7 || d.namespace != "Offload" || !maps.Equal(d.dimensions, map[string]string{"FunctionName": "unknown"}) || string(d.properties["requestId"]) != `"request-1"` {
		t.Errorf("%+v", d)
	}
}

func event(kind offload.EventKind, task, request string) offload.Event {
	return offload.Event{
		Kind: kind, Task: offload.TaskInfo{Name: task, RequestID: request}, Time: time.Date(2026, 11, 22, 1, 2, 3, 0, time.UTC),
		Wait: 1500*time.Microsecond + 400, Run: 20 * time.Millisecond, Left: 2 * time.Second,
	}
}

func TestLine(t *testing.T) {
	t.Parallel()
	m, out := newMetrics(t, offloademf.Options{Namespace: "Shop/Tasks", Dimensions: map[string]string{"Stage": `a "b" \c`, "FunctionName": "checkout"}})
	m.Observe(t.Context(), event(offload.Accepted, "receipt", "r-1"))
	m.Observe(t.Context(), event(offload.Started, "receipt", "r-1"))
	m.Observe(t.Context(), event(offload.HandedOver, "receipt", "r-1"))
	if out.Len() > 0 {
		t.Errorf("before the end: %s", out)
	}
	if err := m.Flush(invocation(t.Context(), "r-1")); err != nil {
		t.Fatal(err)
	}
	want := `{"_aws":{"Timestamp":1795309323000,"CloudWatchMetrics":[{"Namespace":"Shop/Tasks","Dimensions":[["FunctionName","Stage"]],"Metrics":[` +
		`{"Name":"TasksAccepted","Unit":"Count"},{"Name":"TasksHandedOver","Unit":"Count"},` +
		`{"Name":"TaskWait","Unit":"Milliseconds"},{"Name":"TaskDuration","Unit":"Milliseconds"},{"Name":"TaskTimeLeft","Unit":"Milliseconds"}]}]},` +
		`"FunctionName":"checkout","Stage":"a \"b\" \\c","requestId":"r-1",` +
		`"TasksAccepted":1,"TasksHandedOver":1,"TaskWait":1.5,"TaskDuration":20,"TaskTimeLeft":2000}` + "\n"
	if got := out.String(); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	lines(t, out)
	out.Reset()
	if err := m.Flush(invocation(t.Context(), "r-1")); err != nil || out.Len() > 0 {
		t.Errorf("again: %s, %v", out, err)
	}
}

// The format takes 100 values of a metric; the next ones are in another line, and nothing is lost.
func TestManyTasks(t *testing.T) {
	t.Parallel()
	m, out := newMetrics(t, offloademf.Options{})
	for range 250 {
		m.Observe(t.Context(), event(offload.Accepted, "receipt", "r-1"))
	}
	for range 250 {
		m.Observe(t.Context(), event(offload.Done, "receipt", "r-1"))
	}
	if err := m.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	values, sum := 0, map[string]float64{}
	all := lines(t, out)
	for _, d := range all {
		values += len(d.metrics["TaskDuration"])
		for _, name := range []string{"TasksAccepted", "TasksDone"} {
			for _, v := range d.metrics[name] {
				sum[name] += v
			}
		}
	}
	if len(all) != 3 || values != 250 || sum["TasksAccepted"] != 250 || sum["TasksDone"] != 250 {
		t.Errorf("%d lines, %d values, %v", len(all), values, sum)
	}
}

func TestByTask(t *testing.T) {
	t.Parallel()
	m, out := newMetrics(t, offloademf.Options{ByTask: true})
	m.Observe(t.Context(), event(offload.Done, "b", "r-1"))
	m.Observe(t.Context(), event(offload.Done, "a", "r-1"))
	m.Observe(t.Context(), event(offload.Done, "a", "r-1"))
	if err := m.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	all := lines(t, out)
	if len(all) != 2 {
		t.Fatalf("%d lines", len(all))
	}
	for i, want := range []struct {
		name string
		done float64
	}{{"a", 2}, {"b", 1}} {
		d := all[i]
		if d.dimensions["TaskName"] != want.name || d.metrics["TasksDone"][0] != want.done ||
			!slices.EqualFunc(d.sets, [][]string{{"FunctionName"}, {"FunctionName", "TaskName"}}, slices.Equal[[]string]) {
			t.Errorf("line %d: %v, %v, %v", i, d.sets, d.dimensions, d.metrics)
		}
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestWriterFails(t *testing.T) {
	t.Parallel()
	m, err := offloademf.New(&offloademf.Options{Writer: broken{}})
	if err != nil {
		t.Fatal(err)
	}
	m.Observe(t.Context(), event(offload.Done, "a", "r-1"))
	if err := m.Flush(t.Context()); err == nil {
		t.Error("the error is gone")
	}
	if err := m.Flush(t.Context()); err != nil {
		t.Errorf("the error is told twice: %v", err)
	}
}

func TestOptionsThatCloudWatchRefuses(t *testing.T) {
	t.Parallel()
	many := map[string]string{}
	for i := range 29 {
		many[fmt.Sprint("d", i)] = "v"
	}
	for name, opts := range map[string]offloademf.Options{
		"space in the namespace": {Namespace: "my shop"},
		"AWS's namespace":        {Namespace: "AWS/Lambda"},
		"long namespace":         {Namespace: strings.Repeat("n", 256)},
		"30 dimensions":          {Dimensions: many},
		"no value":               {Dimensions: map[string]string{"Stage": ""}},
		"blank value":            {Dimensions: map[string]string{"Stage": "  "}},
		"long value":             {Dimensions: map[string]string{"Stage": strings.Repeat("v", 1025)}},
		"not ASCII":              {Dimensions: map[string]string{"Stage": "prüfung"}},
		"colon":                  {Dimensions: map[string]string{":stage": "v"}},
		"no name":                {Dimensions: map[string]string{"": "v"}},
		"name of a metric":       {Dimensions: map[string]string{"TasksDone": "v"}},
		"name of the metadata":   {Dimensions: map[string]string{"_aws": "v"}},
		"name of a property":     {Dimensions: map[string]string{"requestId": "v"}},
	} {
		if _, err := offloademf.New(&opts); !errors.Is(err, offloademf.ErrOptions) {
			t.Errorf("%s: %v", name, err)
		}
	}
	delete(many, "d0")
	m, out := newMetrics(t, offloademf.Options{Dimensions: many, ByTask: true})
	m.Observe(t.Context(), event(offload.Done, "a", "r-1"))
	if err := m.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	lines(t, out)
}

// Whatever New takes, CloudWatch takes.
func FuzzLine(f *testing.F) {
	f.Add("Offload", "Stage", "prod", "receipt", "r-1", int64(1500), int64(20_000_000), 3)
	f.Fuzz(func(t *testing.T, namespace, name, value, task, request string, wait, run int64, n int) {
		var out bytes.Buffer
		m, err := offloademf.New(&offloademf.Options{Namespace: namespace, Dimensions: map[string]string{name: value}, ByTask: len(task)%2 == 1, Writer: &out})
		if err != nil {
			return
		}
		if task == "" || len(task) > 128 {
			return // Define and Func refuse it
		}
		for range min(max(n, 1), 300) {
			e := event(offload.Done, task, request)
			e.Wait, e.Run, e.Left = time.Duration(wait), time.Duration(run), -time.Duration(run)
			m.Observe(t.Context(), e)
		}
		if err := m.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		lines(t, &out)
	})
}

func BenchmarkObserve(b *testing.B) {
	m, out := newMetrics(b, offloademf.Options{})
	ctx := invocation(b.Context(), "r-1")
	b.ReportAllocs()
	for b.Loop() {
		m.Observe(ctx, event(offload.Accepted, "receipt", "r-1"))
		m.Observe(ctx, event(offload.Done, "receipt", "r-1"))
		if err := m.Flush(ctx); err != nil {
			b.Fatal(err)
		}
		out.Reset()
	}
}
