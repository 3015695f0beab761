package offload_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/go-offload/lambda/offload"
	"github.com/go-offload/lambda/offload/driver"
)

const (
	xrayHeader   = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=1:8a6b2c1d:0"
	xrayAsParent = "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01"
	otherParent  = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
)

type spanKey struct{}

// trail is a Tracer whose spans are paths in the context.
type trail struct {
	parent string // what TaskLeaves gives

	mu    sync.Mutex
	steps []string
}

func (tr *trail) step(ctx context.Context, task offload.TaskInfo, what string) context.Context {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	path, _ := ctx.Value(spanKey{}).(string)
	tr.steps = append(tr.steps, fmt.Sprintf("%s %s in %q", what, task.ID, path))
	return context.WithValue(ctx, spanKey{}, path+"/"+what)
}

func (tr *trail) TaskArrives(ctx context.Context, traceParent string) context.Context {
	return tr.step(ctx, offload.TaskInfo{}, "arrives["+traceParent+"]")
}

func (tr *trail) TaskStarts(ctx context.Context, task offload.TaskInfo, strategy string) context.Context {
	return tr.step(ctx, task, "starts@"+strategy)
}

func (tr *trail) TaskLeaves(ctx context.Context, task offload.TaskInfo, strategy string) (context.Context, string) {
	return tr.step(ctx, task, "leaves@"+strategy), tr.parent
}

func (tr *trail) Observe(ctx context.Context, e offload.Event) {
	if e.Kind != offload.Accepted {
		tr.step(ctx, e.Task, e.Kind.String())
	}
}

func (tr *trail) expect(t *testing.T, want ...string) {
	t.Helper()
	tr.mu.Lock()
	defer tr.mu.Unlock()
	if !slices.Equal(tr.steps, want) {
		t.Errorf("steps:\n%s\nwant:\n%s", strings.Join(tr.steps, "\n"), strings.Join(want, "\n"))
	}
	tr.steps = nil
}

// handlerSpan is what an instrumented handler does to the context of After.
func handlerSpan(ctx context.Context) context.Context {
	return context.WithValue(ctx, spanKey{}, "handler")
}

func TestTracerSeesATaskThatRunsHere(t *testing.T) {
	t.Parallel()
	tr := &trail{}
	seen := ""
	f := wrapStrategy(t, &keeper{}, func(ctx context.Context) error {
		return offload.After(handlerSpan(ctx), offload.Func("task", func(ctx context.Context) error {
			seen, _ = ctx.Value(spanKey{}).(string)
			return offload.After(ctx, offload.Func("nested", func(context.Context) error { return nil }), offload.ID("n"))
		}), offload.ID("a"))
	}, offload.WithTelemetry(tr), offload.Sequential())
	if _, err := f.call(t.Context(), []byte("{}")); err != nil {
		t.Fatal(err)
	}
	if want := "handler/starts@keeper"; seen != want {
		t.Errorf("the task is in %q, want %q", seen, want)
	}
	tr.expect(t,
		`starts@keeper a in "handler"`,
		`started a in "handler/starts@keeper"`,
		`done a in "handler/starts@keeper"`,
		`starts@keeper n in "handler/starts@keeper"`,
		`started n in "handler/starts@keeper/starts@keeper"`,
		`done n in "handler/starts@keeper/starts@keeper"`,
	)
}

func TestTracerSeesATaskLeaveAndArrive(t *testing.T) {
	t.Parallel()
	tr := &trail{parent: otherParent}
	f := wrap(t, &post{}, func(ctx context.Context, in work) error {
		return offload.After(handlerSpan(ctx), worker.With(in), offload.ID("a"))
	}, offload.WithTelemetry(tr))
	forget(t)
	if _, err := f.call(t.Context(), fmt.Appendf(nil, `{"Test":%q,"Name":"a"}`, t.Name())); err != nil {
		t.Fatal(err)
	}
	tr.expect(t,
		`leaves@post a in "handler"`,
		`handed over a in "handler/leaves@post"`,
	)
	sent := f.post.take()
	e, err := driver.Decode(sent[0].Body)
	if err != nil || e.TraceParent != otherParent {
		t.Fatalf("%+v, %v", e, err)
	}
	if _, err := f.call(t.Context(), sent[0].Body); err != nil {
		t.Fatal(err)
	}
	arrived := "/arrives[" + otherParent + "]"
	tr.expect(t,
		`arrives[`+otherParent+`]  in ""`,
		`starts@invoke a in "`+arrived+`"`,
		`started a in "`+arrived+`/starts@invoke"`,
		`done a in "`+arrived+`/starts@invoke"`,
	)
}

// A task that spills to a sender goes on below the span of its attempts.
func TestTracerSeesASpill(t *testing.T) {
	t.Parallel()
	tr := &trail{parent: otherParent}
	p := &post{}
	f := wrapStrategy(t, &keeper{}, func(ctx context.Context) error {
		return offload.After(handlerSpan(ctx), worker.With(work{t.Name(), "a", "fail"}), offload.ID("a"), offload.MaxAttempts(1))
	}, offload.WithTelemetry(tr), offload.WithStrategies(&keeper{}, p))
	forget(t)
	if _, err := f.call(t.Context(), []byte("{}")); err != nil {
		t.Fatal(err)
	}
	tr.expect(t,
		`starts@keeper a in "handler"`,
		`started a in "handler/starts@keeper"`,
		`leaves@post a in "handler/starts@keeper"`,
		`handed over a in "handler/starts@keeper/leaves@post"`,
	)
	if sent := p.take(); len(sent) != 1 || !strings.Contains(string(sent[0].Body), otherParent) {
		t.Errorf("sent %v", sent)
	}
}

// The header of X-Ray names the tracer's span if they are about the same trace.
func TestTracerAndXRay(t *testing.T) {
	t.Parallel()
	sameTrace := "00-5759e988bd862e3fe1be46a994272793-00f067aa0ba902b7-00"
	for parent, want := range map[string]string{
		sameTrace:   "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=00f067aa0ba902b7;Sampled=0;Lineage=1:8a6b2c1d:0",
		otherParent: xrayHeader,
		"":          xrayHeader,
	} {
		f := wrap(t, &post{}, func(ctx context.Context) error {
			return offload.After(ctx, worker.With(work{}))
		}, offload.WithTelemetry(&trail{parent: parent}))
		if _, err := f.call(context.WithValue(t.Context(), "x-amzn-trace-id", xrayHeader), []byte("{}")); err != nil { //nolint:staticcheck // the key that aws-lambda-go uses
			t.Fatal(err)
		}
		if sent := f.post.take(); len(sent) != 1 || sent[0].TraceHeader != want {
			t.Errorf("%q: sent %+v", parent, sent)
		}
	}
}

// Without a tracer the trace of X-Ray goes along, from worker to worker.
func TestTraceParentWithoutTracer(t *testing.T) {
	t.Parallel()
	f := wrap(t, &post{}, func(ctx context.Context) error {
		return offload.After(ctx, worker.With(work{Test: t.Name(), Do: "nest"}))
	})
	forget(t)
	ctx := context.WithValue(t.Context(), "x-amzn-trace-id", xrayHeader) //nolint:staticcheck // the key that aws-lambda-go uses
	parent := func() (body []byte, parent string) {
		t.Helper()
		sent := f.post.take()
		if len(sent) != 1 || sent[0].TraceHeader != xrayHeader && sent[0].TraceHeader != "" {
			t.Fatalf("sent %+v", sent)
		}
		e, err := driver.Decode(sent[0].Body)
		if err != nil {
			t.Fatal(err)
		}
		return sent[0].Body, e.TraceParent
	}
	if _, err := f.call(ctx, []byte("{}")); err != nil {
		t.Fatal(err)
	}
	body, got := parent()
	if got != xrayAsParent {
		t.Errorf("from the handler: %q", got)
	}
	if _, err := f.call(t.Context(), body); err != nil { // an invocation with no trace of its own
		t.Fatal(err)
	}
	if _, got = parent(); got != xrayAsParent {
		t.Errorf("from the worker: %q", got)
	}
	if _, err := f.call(t.Context(), []byte("{}")); err != nil {
		t.Fatal(err)
	}
	if _, got = parent(); got != "" {
		t.Errorf("without a trace: %q", got)
	}
}

func TestOneTracer(t *testing.T) {
	t.Parallel()
	_, err := offload.Wrap(func() {}, offload.WithStrategies(&keeper{}), offload.WithTelemetry(&trail{}), offload.WithTelemetry(&trail{}))
	if !errors.Is(err, offload.ErrConfig) {
		t.Error(err)
	}
}

// What a Tracer gets wrong does not cost the task.
func TestTracerThatGivesNonsense(t *testing.T) {
	t.Parallel()
	for _, parent := range []string{"nonsense", "00-00000000000000000000000000000000-00f067aa0ba902b7-01"} {
		f := wrap(t, &post{}, func(ctx context.Context) error {
			return offload.After(ctx, worker.With(work{t.Name(), "a", ""}), offload.ID("a"))
		}, offload.WithTelemetry(&trail{parent: parent}))
		if _, err := f.call(t.Context(), []byte("null")); err != nil {
			t.Error(err)
		}
		sent := f.post.take()
		if len(sent) != 1 {
			t.Fatalf("sent %v", sent)
		}
		if e, err := driver.Decode(sent[0].Body); err != nil || e.TraceParent != "" {
			t.Errorf("%+v, %v", e, err)
		}
	}
}

// An emulator may give what is no ARN.
func TestSourceThatIsNoARN(t *testing.T) {
	t.Parallel()
	f := wrap(t, &post{}, func(ctx context.Context) error {
		return offload.After(ctx, worker.With(work{t.Name(), "a", ""}), offload.ID("a"))
	})
	ctx := lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{InvokedFunctionArn: "my function"})
	if _, err := f.Invoke(ctx, []byte("null")); err != nil {
		t.Fatal(err)
	}
	if e, err := driver.Decode(f.post.take()[0].Body); err != nil || !strings.HasPrefix(e.Source, "urn:offload:") {
		t.Errorf("%+v, %v", e, err)
	}
}
