package offload_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/go-offload/lambda/offload"
	"github.com/go-offload/lambda/offload/driver"
)

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
		"panic": {"the work panicked", "worker_task_test.go"}, // with the stack
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
