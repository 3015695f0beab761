package offload_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/go-offload/lambda/offload"
	"github.com/go-offload/lambda/offload/driver"
)

// done notes what tasks did, by test.
var done = struct {
	sync.Mutex
	names map[string][]string
	info  map[string]offload.TaskInfo
}{names: map[string][]string{}, info: map[string]offload.TaskInfo{}}

func doneIn(t *testing.T) []string {
	t.Helper()
	done.Lock()
	defer done.Unlock()
	return slices.Clone(done.names[t.Name()])
}

// forget makes the test's next run begin with no tasks done.
func forget(t *testing.T) {
	t.Helper()
	t.Cleanup(func() {
		done.Lock()
		defer done.Unlock()
		delete(done.names, t.Name())
	})
}

// seenBy gives what TaskFromContext said to the task.
func seenBy(t *testing.T, name string) offload.TaskInfo {
	t.Helper()
	done.Lock()
	defer done.Unlock()
	return done.info[t.Name()+name]
}

// released has a channel for each test with tasks that ignore their context.
var released sync.Map

var worker *offload.Definition[work]

func init() {
	worker = offload.Define("worker-test", func(ctx context.Context, w work) error {
		info, _ := offload.TaskFromContext(ctx)
		done.Lock()
		done.names[w.Test] = append(done.names[w.Test], w.Name)
		done.info[w.Test+w.Name] = info
		done.Unlock()
		switch w.Do {
		case "fail":
			return errWork
		case "never":
			return backoff.Permanent(errWork)
		case "panic":
			panic("the work panicked")
		case "nest":
			return offload.After(ctx, worker.With(work{w.Test, w.Name + "/nested", ""}), offload.ID(w.Name+"-nested"))
		case "nest and fail":
			if err := offload.After(ctx, worker.With(work{w.Test, w.Name + "/success", ""}), offload.ID(w.Name+"-success"), offload.OnlyOnSuccess()); err != nil {
				return err
			}
			if err := offload.After(ctx, worker.With(work{w.Test, w.Name + "/always", ""}), offload.ID(w.Name+"-always")); err != nil {
				return err
			}
			return errWork
		case "hang":
			<-ctx.Done()
			return context.Cause(ctx)
		case "ignore":
			release, _ := released.Load(w.Test)
			<-release.(chan struct{})
		}
		return nil
	})
}

func workEnvelope(t *testing.T, name, do string, change ...func(*driver.Envelope)) []byte {
	t.Helper()
	forget(t)
	data, err := json.Marshal(work{t.Name(), name, do})
	if err != nil {
		t.Fatal(err)
	}
	return envelope(t, "worker-test", name, string(data), change...)
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	f := wrap(t, &post{}, func(ctx context.Context, in work) (string, error) {
		return "answer", offload.After(ctx, worker.With(in), offload.ID("trip"))
	})
	in, err := json.Marshal(work{t.Name(), "a", ""})
	if err != nil {
		t.Fatal(err)
	}
	forget(t)
	if out, err := f.call(t.Context(), in); err != nil || out != `"answer"` {
		t.Fatal(out, err)
	}
	sent := f.post.take()
	if len(sent) != 1 || sent[0].ID != "trip" || sent[0].Hops != 1 {
		t.Fatalf("sent %+v", sent)
	}
	out, err := f.call(t.Context(), sent[0].Body)
	if err != nil || out != "null" {
		t.Errorf("worker: %s, %v", out, err)
	}
	if got := doneIn(t); !slices.Equal(got, []string{"a"}) {
		t.Errorf("ran %v", got)
	}
	info := seenBy(t, "a")
	if info.ID != "trip" || info.Name != "worker-test" || info.Attempt != 1 || info.Hops != 1 {
		t.Errorf("the task saw %+v", info)
	}
}

func TestInvokedFailure(t *testing.T) {
	t.Parallel()
	for do, want := range map[string][]string{
		"fail":  {errWork.Error()},
		"never": {errWork.Error()},
		"panic": {"the work panicked", "worker_test.go"}, // with the stack
	} {
		f := wrap(t, &post{}, noHandler(t))
		_, err := f.call(t.Context(), workEnvelope(t, do, do))
		if err == nil {
			t.Fatalf("%s: acknowledged", do)
		}
		for _, w := range want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s: %q does not say %q", do, err, w)
			}
		}
		f.events.expectEnd(t, do, offload.Failed)
	}
	if got := doneIn(t); len(got) != 3 {
		t.Errorf("one attempt each: %v", got)
	}
}

func TestRefusedEnvelopes(t *testing.T) {
	t.Parallel()
	good := string(workEnvelope(t, "a", ""))
	for name, c := range map[string]struct {
		body string
		want error
	}{
		"unknown task":  {string(envelope(t, "nobody-knows", "a", "{}")), offload.ErrUnknownTask},
		"newer version": {strings.Replace(good, `"offloadversion":1`, `"offloadversion":2`, 1), driver.ErrVersion},
		"malformed":     {strings.Replace(good, `"offloadhops":1`, `"offloadhops":-1`, 1), driver.ErrMalformed},
		"wrong input":   {string(envelope(t, "worker-test", "a", `{"Name":1}`)), nil},
	} {
		f := wrap(t, &post{}, noHandler(t))
		_, err := f.call(t.Context(), []byte(c.body))
		if err == nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if got := f.failures(t, sqsEvent(false, message{id: "m", body: c.body})); !slices.Equal(got, []string{"m"}) {
			t.Errorf("%s: failed messages %v", name, got)
		}
	}
	if got := doneIn(t); len(got) != 0 {
		t.Errorf("ran %v", got)
	}
}

// What a task defers has left before the task is acknowledged.
func TestNested(t *testing.T) {
	t.Parallel()
	f := wrap(t, &post{}, noHandler(t), offload.WithHandOff(offload.HandOffAfter))
	if _, err := f.call(t.Context(), workEnvelope(t, "a", "nest", func(e *driver.Envelope) { e.Hops = 7 })); err != nil {
		t.Fatal(err)
	}
	sent := f.post.take()
	if len(sent) != 1 || sent[0].Hops != 8 {
		t.Fatalf("sent %+v", sent)
	}
	nested, err := driver.Decode(sent[0].Body)
	if err != nil || nested.Hops != 8 {
		t.Errorf("%+v, %v", nested, err)
	}

	_, err = f.call(t.Context(), workEnvelope(t, "b", "nest", func(e *driver.Envelope) { e.Hops = 14 }))
	if !errors.Is(err, offload.ErrTooManyHops) {
		t.Errorf("after 14 hops: %v", err)
	}

	f.post.refuse = func(driver.Message) error { return backoff.Permanent(errors.New("full")) }
	if _, err = f.call(t.Context(), workEnvelope(t, "c", "nest")); !errors.Is(err, offload.ErrHandOver) {
		t.Errorf("nobody has the nested task, and its parent is acknowledged: %v", err)
	}
	f.events.expectEnd(t, "c-nested", offload.Dropped)
}

// A worker's invocation has a tail like any other.
func TestNestedInTheTail(t *testing.T) {
	t.Parallel()
	p := &post{}
	f := wrapStrategy(t, &keeper{}, noHandler(t), offload.WithStrategies(&keeper{}, p))
	for _, event := range [][]byte{
		workEnvelope(t, "a", "nest"),
		sqsEvent(false, message{id: "m", body: string(workEnvelope(t, "b", "nest"))}),
	} {
		if _, err := f.call(t.Context(), event); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := doneIn(t), []string{"a", "a/nested", "b", "b/nested"}; !slices.Equal(got, want) {
		t.Errorf("ran %v, want %v", got, want)
	}
	if info := seenBy(t, "a/nested"); info.Hops != 1 || info.Attempt != 1 {
		t.Errorf("the nested task saw %+v", info)
	}
	if sent := p.take(); len(sent) != 0 {
		t.Errorf("sent %v", sent)
	}
}

func TestStandardBatch(t *testing.T) {
	t.Parallel()
	f := wrap(t, &post{}, noHandler(t))
	got := f.failures(t, sqsEvent(false,
		message{id: "m1", body: string(workEnvelope(t, "a", "nest"))},
		message{id: "m2", body: string(workEnvelope(t, "b", "fail", func(e *driver.Envelope) { e.Attempt = 2 })), receives: 4},
		message{id: "m3", body: string(workEnvelope(t, "c", "nest and fail"))},
		message{id: "m4", body: string(workEnvelope(t, "d", "panic"))},
		message{id: "m5", body: string(workEnvelope(t, "e", "nest"))},
	))
	if want := []string{"m2", "m3", "m4"}; !slices.Equal(got, want) {
		t.Errorf("failed %v, want %v", got, want)
	}
	if info := seenBy(t, "b"); info.Attempt != 6 {
		t.Errorf("attempt %d, want 2 before the hop and 4 deliveries", info.Attempt)
	}
	for id, kind := range map[string]offload.EventKind{
		"a": offload.Done, "b": offload.Failed, "c": offload.Failed, "d": offload.Failed, "e": offload.Done,
		"a-nested": offload.HandedOver, "c-success": offload.Dropped, "c-always": offload.HandedOver,
	} {
		f.events.expectEnd(t, id, kind)
	}
	if len(f.post.batches) != 1 {
		t.Errorf("what the batch deferred left in %d batches", len(f.post.batches))
	}
}

// A standard queue may deliver a message twice, in one batch even. One that fails must not be taken for
// somebody else's business because of that: the handler would acknowledge it.
func TestSameMessageTwiceInBatch(t *testing.T) {
	t.Parallel()
	f := wrap(t, &post{}, noHandler(t))
	good := message{id: "m1", body: string(workEnvelope(t, "good", ""))}
	bad := message{id: "m2", body: string(workEnvelope(t, "bad", "fail"))}
	if got := f.failures(t, sqsEvent(false, bad, good, bad, good)); !slices.Equal(got, []string{"m2"}) {
		t.Errorf("failed: %v", got)
	}
	if got := doneIn(t); len(got) != 4 {
		t.Errorf("ran %v", got)
	}
}

// A nested task that nobody takes fails its own message only.
func TestNestedRefusalInBatch(t *testing.T) {
	t.Parallel()
	f := wrap(t, &post{refuse: func(m driver.Message) error {
		if m.ID == "b-nested" {
			return backoff.Permanent(errors.New("refused"))
		}
		return nil
	}}, noHandler(t))
	got := f.failures(t, sqsEvent(false,
		message{id: "m1", body: string(workEnvelope(t, "a", "nest"))},
		message{id: "m2", body: string(workEnvelope(t, "b", "nest"))},
	))
	if !slices.Equal(got, []string{"m2"}) {
		t.Errorf("failed %v", got)
	}
}

func TestMixedBatch(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		result any
		err    error
		want   []string
	}{
		"null":         {nil, nil, []string{"m3"}},
		"empty string": {"", nil, []string{"m3"}},
		"no failures":  {map[string]any{"batchItemFailures": []any{}}, nil, []string{"m3"}},
		"one failure":  {map[string]any{"batchItemFailures": []any{map[string]string{"itemIdentifier": "m4"}}}, nil, []string{"m3", "m4"}},
		"unknown id":   {map[string]any{"batchItemFailures": []any{map[string]string{"itemIdentifier": "m1"}}}, nil, []string{"m2", "m3", "m4"}},
		"empty id":     {map[string]any{"batchItemFailures": []any{map[string]string{}}}, nil, []string{"m2", "m3", "m4"}},
		"other shape":  {"done", nil, []string{"m2", "m3", "m4"}},
		"error":        {nil, errors.New("broken"), []string{"m2", "m3", "m4"}},
	} {
		var events []string
		f := wrap(t, &post{}, func(_ context.Context, event json.RawMessage) (any, error) {
			events = append(events, string(event))
			return c.result, c.err
		})
		got := f.failures(t, sqsEvent(false,
			message{id: "m1", body: string(workEnvelope(t, "a", ""))},
			message{id: "m2", body: "somebody else's"},
			message{id: "m3", body: string(workEnvelope(t, "b", "fail"))},
			message{id: "m4", body: `{"specversion":"1.0","type":"not-ours"}`},
		))
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: failed %v, want %v", name, got, c.want)
		}
		want := sqsEvent(false, message{id: "m2", body: "somebody else's"}, message{id: "m4", body: `{"specversion":"1.0","type":"not-ours"}`})
		if len(events) != 1 || events[0] != string(want) {
			t.Errorf("%s: the handler got %v\nwant %s", name, events, want)
		}
	}
}

func TestFIFOBatch(t *testing.T) {
	t.Parallel()
	var handled []string
	f := wrap(t, &post{}, func(_ context.Context, event struct {
		Records []struct{ MessageID string }
	},
	) error {
		for _, r := range event.Records {
			handled = append(handled, r.MessageID)
		}
		return nil
	})
	got := f.failures(t, sqsEvent(true,
		message{id: "m1", group: "g", body: string(workEnvelope(t, "a", ""))},
		message{id: "m2", group: "g", body: string(workEnvelope(t, "b", "fail"))},
		message{id: "m3", group: "h", body: string(workEnvelope(t, "c", "nest"))},
		message{id: "m4", group: "g", body: string(workEnvelope(t, "d", ""))},
		message{id: "m5", group: "g", body: "foreign"},
		message{id: "m6", group: "h", body: "foreign"},
		message{id: "m7", group: "h", body: string(workEnvelope(t, "e", ""))},
		message{id: "m8", group: "g", body: string(workEnvelope(t, "f", ""))},
	))
	if want := []string{"m2", "m4", "m5", "m8"}; !slices.Equal(got, want) {
		t.Errorf("failed %v, want %v", got, want)
	}
	ran := doneIn(t)
	slices.Sort(ran)
	if want := []string{"a", "b", "c", "e"}; !slices.Equal(ran, want) {
		t.Errorf("ran %v, want %v", ran, want)
	}
	if !slices.Equal(handled, []string{"m6"}) {
		t.Errorf("the handler got %v", handled)
	}
}

// What a task of a group defers has left before the next one runs.
func TestFIFONestedRefusal(t *testing.T) {
	t.Parallel()
	f := wrap(t, &post{refuse: func(driver.Message) error { return backoff.Permanent(errors.New("refused")) }}, noHandler(t))
	got := f.failures(t, sqsEvent(true,
		message{id: "m1", group: "g", body: string(workEnvelope(t, "a", "nest"))},
		message{id: "m2", group: "g", body: string(workEnvelope(t, "b", ""))},
	))
	if !slices.Equal(got, []string{"m1", "m2"}) {
		t.Errorf("failed %v", got)
	}
	if ran := doneIn(t); !slices.Equal(ran, []string{"a"}) {
		t.Errorf("ran %v", ran)
	}
}

// A group runs in order, whatever the concurrency.
func TestFIFOOrder(t *testing.T) {
	t.Parallel()
	f := wrap(t, &post{}, noHandler(t))
	var messages []message
	var want []string
	for i := range 10 {
		name := fmt.Sprint(i)
		want = append(want, name)
		messages = append(messages, message{id: "m" + name, group: "g", body: string(workEnvelope(t, name, ""))})
	}
	if failed := f.failures(t, sqsEvent(true, messages...)); len(failed) != 0 {
		t.Errorf("failed %v", failed)
	}
	if got := doneIn(t); !slices.Equal(got, want) {
		t.Errorf("ran %v", got)
	}
}

// Shortly before the deadline the worker answers, for the sake of the tasks that are done.
func TestDeadline(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	defer close(release)
	released.Store(t.Name(), release)
	for _, do := range []string{"hang", "ignore"} {
		f := wrap(t, &post{}, noHandler(t))
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		out, err := f.call(ctx, sqsEvent(false,
			message{id: "m1", body: string(workEnvelope(t, do+"1", ""))},
			message{id: "m2", body: string(workEnvelope(t, do+"2", do))},
		))
		early := ctx.Err() == nil
		cancel()
		if err != nil || out != `{"batchItemFailures":[{"itemIdentifier":"m2"}]}` || !early {
			t.Errorf("%s: %s, %v, before the deadline: %v", do, out, err, early)
		}
		f.events.expectEnd(t, do+"2", offload.Failed)
		if ends := f.events.ends(do + "2"); len(ends) == 1 && !errors.Is(ends[0].Err, offload.ErrDeadline) {
			t.Errorf("%s: %v", do, ends[0].Err)
		}
	}
}
