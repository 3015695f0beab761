package offload

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/cenkalti/backoff/v4"

	"github.com/go-offload/lambda/offload/driver"
)

type typedReader struct{ io.Reader }

func (typedReader) ContentType() string { return "text/html" }

// plainReader has nothing that marshals.
type plainReader struct{ text *strings.Reader }

func (r plainReader) Read(p []byte) (int, error) { return r.text.Read(p) }

// marshalledReader is a reader with fields, which aws-lambda-go prefers to encode.
type marshalledReader struct {
	Visible string
	plainReader
}

// refusingReader is a reader that does not marshal.
type refusingReader struct {
	plainReader
	C chan int
}

func TestRespond(t *testing.T) {
	t.Parallel()
	plain := func(s string) plainReader { return plainReader{strings.NewReader(s)} }
	var typedNil *greeting
	for name, tc := range map[string]struct {
		result      any
		body        string
		contentType string
	}{
		"nil":                {nil, "null", contentTypeJSON},
		"typed nil":          {typedNil, "null", contentTypeJSON},
		"nil reader":         {io.Reader(nil), "null", contentTypeJSON},
		"value":              {greeting{"<Ada>"}, `{"name":"<Ada>"}`, contentTypeJSON},
		"string":             {"x", `"x"`, contentTypeJSON},
		"raw message":        {json.RawMessage(`{"a": 1}`), `{"a":1}`, contentTypeJSON},
		"empty struct":       {struct{}{}, "{}", contentTypeJSON},
		"reader":             {plain("stream"), "stream", contentTypeBytes},
		"empty reader":       {plain(""), "", contentTypeBytes},
		"buffer":             {bytes.NewBufferString("buffer"), "buffer", contentTypeBytes},
		"content type":       {&typedReader{plain("<p>")}, `{"Reader":{}}`, contentTypeJSON},
		"reader with fields": {marshalledReader{"seen", plain("stream")}, `{"Visible":"seen"}`, contentTypeJSON},
		"reader that fails":  {refusingReader{plain("stream"), nil}, "stream", contentTypeBytes},
		"bytes":              {&rawResult{[]byte("raw"), "text/plain"}, "raw", "text/plain"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, _ := open(t)
			r, err := o.invoke(context.Background(), func(context.Context) (any, error) { return tc.result, nil })
			if err != nil {
				t.Fatal(err)
			}
			// aws-lambda-go takes a reader for a value to encode if it marshals to more than {}.
			body, err := lambda.NewHandler(func() (*response, error) { return r, nil }).Invoke(t.Context(), nil)
			if err != nil || string(body) != tc.body || r.ContentType() != tc.contentType {
				t.Errorf("%q, %v of type %s; want %q of type %s", body, err, r.ContentType(), tc.body, tc.contentType)
			}
		})
	}
}

// A result that cannot be encoded is the invocation's error, and its tasks run.
func TestRespondUnmarshalable(t *testing.T) {
	t.Parallel()
	o, events := open(t)
	_, err := drive(o, func(ctx context.Context) (any, error) {
		_ = After(ctx, Func("task", nothing))
		_ = After(ctx, Func("success", nothing), OnlyOnSuccess())
		return unmarshalable{}, nil
	})
	if !errors.Is(err, errMarshal) {
		t.Errorf("the caller gets %v", err)
	}
	if end := events.end(t, "task"); end.Kind != Done {
		t.Errorf("end: %v", end.Kind)
	}
	if end := events.end(t, "success"); !errors.Is(end.Err, ErrHandlerFailed) {
		t.Errorf("the task for success ends as %v, %v", end.Kind, end.Err)
	}
}

func TestWithEncoder(t *testing.T) {
	t.Parallel()
	o, _ := open(t, WithEncoder(func(enc *json.Encoder) {
		enc.SetIndent("", " ")
		enc.SetEscapeHTML(true)
	}))
	body, err := drive(o, func(context.Context) (any, error) { return greeting{"<"}, nil })
	if want := "{\n \"name\": \"\\u003c\"\n}"; err != nil || strings.TrimSpace(body) != want {
		t.Errorf("%q, %v; want %q", body, err, want)
	}
}

// Buffers are used again, but never one that may still be read.
func TestResponsesDoNotShareBuffers(t *testing.T) {
	t.Parallel()
	o, _ := open(t)
	answer := func(s string) *response {
		r, err := o.invoke(context.Background(), func(context.Context) (any, error) { return s, nil })
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	first := answer("first")
	_ = first.Close() // refused: not read to its end
	for range 10 {
		second := answer("second")
		_, _ = io.Copy(io.Discard, second)
		_ = second.Close()
	}
	if body, err := io.ReadAll(first); err != nil || string(body) != `"first"` {
		t.Errorf("a refused response reads as %q, %v", body, err)
	}
}

// The transport may be at the end of a body, where tasks are handed off, while aws-lambda-go closes the response, which
// the Runtime API has refused: it exits when Close returns.
func TestCloseWaitsForTheHandOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		out := &outbound{name: "out", answer: func(context.Context, int, []driver.Message) []error {
			<-time.After(time.Second)
			return nil
		}}
		o, events := open(t, WithStrategies(out))
		ctx, cancel := context.WithTimeout(t.Context(), lambdaTimeout)
		defer cancel()
		r, err := o.invoke(ctx, func(ctx context.Context) (any, error) {
			return &bodyFunc{func([]byte) (int, error) {
				if err := After(ctx, sent.With("a")); err != nil {
					return 0, err
				}
				return 0, io.EOF
			}}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		go func() { _, _ = io.Copy(io.Discard, r) }()
		synctest.Wait()
		_ = r.Close()
		if end := events.end(t, "handoff/task"); end.Kind != HandedOver {
			t.Errorf("end: %v, %v", end.Kind, end.Err)
		}
	})
}

// recording is a keeper that remembers how it was called.
type recording struct {
	inline
	kept  int
	final bool
}

func (k *recording) Keep(tail driver.Tail) {
	k.kept++
	k.final = tail.Final()
	tail.Run()
}

func TestCloseIsIdempotent(t *testing.T) {
	t.Parallel()
	keeper := &recording{}
	body := &closing{Reader: strings.NewReader("x")}
	o, _ := open(t, WithStrategies(keeper))
	r, err := o.invoke(context.Background(), func(context.Context) (any, error) { return body, nil })
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, r)
	for range 3 {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
	if keeper.kept != 1 || body.closed != 1 {
		t.Errorf("kept %d times, closed %d times; want 1", keeper.kept, body.closed)
	}
	if keeper.final {
		t.Error("a response that was sent is no sign of an exit")
	}
}

// closing is a body with a Close; its reader is not visible to encoding/json.
type closing struct {
	io.Reader `json:"-"`
	closed    int
	fail      func() error
}

func (c *closing) Close() error {
	c.closed++
	if c.fail != nil {
		return c.fail()
	}
	return nil
}

// A closer that fails or panics does not keep the tail from running.
func TestCloserThatFails(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func() error{
		"error": func() error { return errTask },
		"panic": func() error { panic(errTask) },
		"exit":  func() error { runtime.Goexit(); return nil },
	} {
		o, events := open(t)
		_, err := drive(o, func(ctx context.Context) (any, error) {
			return &closing{Reader: strings.NewReader("x"), fail: fail}, After(ctx, Func("task", nothing))
		})
		if err == nil || name != "exit" && !strings.Contains(err.Error(), errTask.Error()) {
			t.Errorf("%s: Close = %v", name, err)
		}
		if end := events.end(t, "task"); end.Kind != Done {
			t.Errorf("%s: end: %v", name, end.Kind)
		}
	}
}

// A closer that hangs does not take the tasks along into the function's timeout.
func TestCloserThatHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		free := make(chan struct{})
		out := &outbound{name: "out"}
		o, events := open(t, WithStrategies(inline{}, out))
		begin := time.Now()
		_, err := drive(o, func(ctx context.Context) (any, error) {
			body := &closing{Reader: strings.NewReader("x"), fail: func() error { <-free; return nil }}
			return body, errors.Join(After(ctx, sent.With("spills")), After(ctx, Func("stays", nothing)))
		})
		if took := time.Since(begin); err == nil || took != lambdaTimeout-DefaultMargin {
			t.Errorf("Close = %v after %v", err, took)
		}
		if end := events.end(t, "handoff/task"); end.Kind != HandedOver || !errors.Is(end.Err, ErrDeadline) {
			t.Errorf("end: %v, %v", end.Kind, end.Err)
		}
		if end := events.end(t, "stays"); end.Kind != Dropped || !errors.Is(end.Err, ErrDeadline) {
			t.Errorf("end: %v, %v", end.Kind, end.Err)
		}
		close(free)
	})
}

// A response that breaks off is refused by the Runtime API and aws-lambda-go exits: the
// keeper must know.
func TestResponseThatBreaksOff(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]io.Reader{
		"read error": &failingReader{},
		"too large":  bytes.NewReader(make([]byte, maxBufferedResponse+1)),
	} {
		keeper := &recording{}
		o, events := open(t, WithStrategies(keeper))
		_, err := drive(o, func(ctx context.Context) (any, error) {
			return body, After(ctx, Func("task", nothing))
		})
		if name == "read error" && !errors.Is(err, errRead) {
			t.Errorf("%s: %v", name, err)
		}
		if !keeper.final {
			t.Errorf("%s: the keeper was not told that the process may exit", name)
		}
		if end := events.end(t, "task"); end.Kind != Done {
			t.Errorf("%s: end: %v", name, end.Kind)
		}
	}
}

// bodyFunc is a body that does something before it ends.
type bodyFunc struct{ read func(p []byte) (int, error) }

func (b *bodyFunc) Read(p []byte) (int, error) { return b.read(p) }

// A panic while the body is read ends the process: the tasks come first.
func TestBodyThatPanics(t *testing.T) {
	t.Parallel()
	keeper := &recording{}
	o, events := open(t, WithStrategies(keeper))
	defer func() {
		if v := recover(); v != "body" {
			t.Errorf("recovered %v, want the body's panic", v)
		}
		if end := events.end(t, "task"); end.Kind != Done || !keeper.final {
			t.Errorf("end: %v, final %v", end.Kind, keeper.final)
		}
	}()
	_, _ = drive(o, func(ctx context.Context) (any, error) {
		return &bodyFunc{func([]byte) (int, error) { panic("body") }}, After(ctx, Func("task", nothing))
	})
}

// What is deferred while the body is produced is handed off before the client sees its
// end; if that fails, the client sees it.
func TestHandOffAtTheEndOfTheBody(t *testing.T) {
	t.Parallel()
	for _, withBytes := range []bool{false, true} {
		for _, refuse := range []error{nil, backoff.Permanent(errSend)} {
			out := &outbound{name: "out", answer: func(context.Context, int, []driver.Message) []error { return []error{refuse} }}
			o, events := open(t, WithStrategies(out))
			body, err := drive(o, func(ctx context.Context) (any, error) {
				deferred := false
				return &bodyFunc{func(p []byte) (int, error) {
					if !deferred {
						deferred = true
						if err := After(ctx, sent.With("from the body")); err != nil {
							t.Error(err)
						}
						if withBytes {
							return copy(p, "all"), io.EOF
						}
						return copy(p, "all"), nil
					}
					return 0, io.EOF
				}}, nil
			})
			if body != "all" && err == nil {
				t.Errorf("body %q", body)
			}
			end := events.end(t, "handoff/task")
			if refuse == nil && (err != nil || end.Kind != HandedOver) {
				t.Errorf("%v; end: %v", err, end.Kind)
			}
			if refuse != nil && (!errors.Is(err, ErrHandOver) || end.Kind != Dropped) {
				t.Errorf("the client gets %v; end: %v", err, end.Kind)
			}
		}
	}
}
