package offloadhttp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-offload/lambda/offload"
	"github.com/go-offload/lambda/offload/offloadstream"
)

func TestPanics(t *testing.T) {
	onEach(t, func(t *testing.T, f front) {
		t.Helper()
		cause := errors.New("boom")
		_, err := f.send(t, handlerFunc(func(http.ResponseWriter, *http.Request) { panic(cause) }), "GET", "/", nil, nil)
		var p *PanicError
		if !errors.As(err, &p) || !errors.Is(err, cause) || !bytes.Contains(p.Stack, []byte("TestPanics")) || !strings.Contains(err.Error(), "boom") {
			t.Errorf("a panic: %v", err)
		}
		_, err = f.send(t, handlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }), "GET", "/", nil, nil)
		if !errors.Is(err, ErrAborted) {
			t.Errorf("ErrAbortHandler: %v", err)
		}
		got, err := f.send(t, handlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "begun")
			panic("late")
		}), "GET", "/", nil, nil)
		if !errors.As(err, &p) || f.stream != (got.body == "begun") {
			t.Errorf("a late panic: %q %v", got.body, err)
		}
		if p.Unwrap() != nil {
			t.Error("a string has no cause")
		}
	})
}

// A client must not take a part for the whole.
func TestLessThanDeclared(t *testing.T) {
	onEach(t, func(t *testing.T, f front) {
		t.Helper()
		_, err := f.send(t, handlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "10")
			_, _ = io.WriteString(w, "1234")
		}), "GET", "/", nil, nil)
		if !errors.Is(err, ErrAborted) {
			t.Error(err)
		}
	})
}

func TestInvalidStatusPanicsAsInNetHTTP(t *testing.T) {
	onEach(t, func(t *testing.T, f front) {
		t.Helper()
		var p *PanicError
		if _, err := f.send(t, handlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(99) }), "GET", "/", nil, nil); !errors.As(err, &p) {
			t.Error(err)
		}
	})
}

func TestInvalidContentLengthIsLeftOut(t *testing.T) {
	onEach(t, func(t *testing.T, f front) {
		t.Helper()
		got, err := f.send(t, handlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "a few")
			_, _ = io.WriteString(w, "x")
		}), "GET", "/", nil, nil)
		if err != nil || got.header["Content-Length"] != nil || got.body != "x" {
			t.Error(got, err)
		}
	})
}

func TestUnsupported(t *testing.T) {
	onEach(t, func(t *testing.T, f front) {
		t.Helper()
		_, err := f.send(t, handlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			c := http.NewResponseController(w)
			if _, _, err := c.Hijack(); !errors.Is(err, errors.ErrUnsupported) {
				t.Error("Hijack:", err)
			}
			if err := c.SetReadDeadline(time.Now()); err != nil {
				t.Error(err)
			}
			if err := c.SetWriteDeadline(time.Now().Add(time.Hour)); err != nil {
				t.Error(err)
			}
		}), "GET", "/", nil, nil)
		if err != nil {
			t.Error(err)
		}
	})
}

// The request's context has the invocation's deadline and values, and ends with the handler.
func TestContext(t *testing.T) {
	onEach(t, func(t *testing.T, f front) {
		t.Helper()
		type key struct{}
		deadline := time.Now().Add(time.Minute)
		ctx, cancel := context.WithDeadline(context.WithValue(t.Context(), key{}, 1), deadline)
		defer cancel()
		var seen context.Context
		handle, err := Adapt(handlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if seen = r.Context(); seen.Err() != nil {
				t.Error(seen.Err())
			}
		}), f.opts...)
		if err != nil {
			t.Fatal(err)
		}
		event, _ := json.Marshal(f.event("GET", "/", nil, nil))
		result, err := handle(ctx, event)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := receive(t, result); err != nil {
			t.Error(err)
		}
		if d, ok := seen.Deadline(); !ok || !d.Equal(deadline) || seen.Value(key{}) != 1 || !errors.Is(seen.Err(), context.Canceled) {
			t.Error(d, seen.Value(key{}), seen.Err())
		}
	})
}

func TestTooLarge(t *testing.T) {
	onEach(t, func(t *testing.T, f front) {
		t.Helper()
		_, err := f.send(t, handlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(bytes.Repeat([]byte("x"), 6<<20))
		}), "GET", "/", nil, nil)
		if f.stream != (err == nil) || err != nil && !errors.Is(err, ErrTooLarge) {
			t.Error(err)
		}
		got, err := f.send(t, handlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(bytes.Repeat([]byte("x"), 1<<20))
		}), "GET", "/", nil, nil)
		if balancer := strings.HasPrefix(f.name, "load"); balancer != errors.Is(err, ErrTooLarge) || !balancer && len(got.body) != 1<<20 {
			t.Error(len(got.body), err)
		}
	})
}

// What is text travels as text, for a REST API decodes base64 only where it is told to; the rest travels in base64.
func TestBinaryBodies(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		body   string
		base64 bool
	}{{"", false}, {"ä\t\r\n{}", false}, {"\x1f\x8b\x08", true}, {"a\x00b", true}} {
		w := &bufferedWriter{response: newResponse(http.MethodGet)}
		_, _ = io.WriteString(w, test.body)
		_ = w.finish()
		e, err := w.encode(&wireEvent{source: RESTAPI})
		if err != nil {
			t.Fatal(err)
		}
		var wire wireResponse
		if err := json.NewDecoder(e).Decode(&wire); err != nil || wire.IsBase64Encoded != test.base64 {
			t.Errorf("%q: %+v %v", test.body, wire, err)
		}
	}
}

func TestHeadTooLargeToStream(t *testing.T) {
	t.Parallel()
	_, err := fronts[1].send(t, handlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("A", strings.Repeat("x", 17<<10))
		if _, err := io.WriteString(w, "x"); !errors.Is(err, offloadstream.ErrHeadTooLarge) {
			t.Error(err)
		}
		if err := http.NewResponseController(w).Flush(); !errors.Is(err, offloadstream.ErrHeadTooLarge) {
			t.Error(err)
		}
	}), "GET", "/", nil, nil)
	if !errors.Is(err, offloadstream.ErrHeadTooLarge) {
		t.Error(err)
	}
}

// begin starts a streamed request in a bubble.
func begin(t *testing.T, ctx context.Context, h http.HandlerFunc) (io.ReadCloser, error) {
	t.Helper()
	handle, err := Adapt(h, WithInvokeMode(ResponseStream))
	if err != nil {
		t.Fatal(err)
	}
	event, err := json.Marshal(fronts[1].event("GET", "/", nil, nil))
	if err != nil {
		t.Fatal(err)
	}
	result, err := handle(ctx, event)
	if err != nil {
		return nil, err
	}
	return result.(io.ReadCloser), nil
}

func TestStreamFlushesAsWritten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		step := make(chan struct{})
		body, err := begin(t, t.Context(), func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusAccepted)
			if err := http.NewResponseController(w).Flush(); err != nil { // the head, before there is a body
				t.Error(err)
			}
			<-step
			_, _ = io.WriteString(w, "one")
			<-step
			_, _ = io.WriteString(w, "two")
			w.(http.Flusher).Flush()
		})
		if err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 1024)
		n, _ := body.Read(buf)
		if head := string(buf[:n]); !strings.Contains(head, `"statusCode":202`) || !strings.HasSuffix(head, "\x00\x00\x00\x00\x00\x00\x00\x00") {
			t.Errorf("%q", head)
		}
		for _, want := range []string{"one", "two"} {
			step <- struct{}{}
			if n, err := body.Read(buf); string(buf[:n]) != want || err != nil {
				t.Errorf("%q %v", buf[:n], err)
			}
		}
		if n, err := body.Read(buf); n != 0 || !errors.Is(err, io.EOF) {
			t.Error(n, err)
		}
		if err := body.Close(); err != nil {
			t.Error(err)
		}
	})
}

// A client that reads slowly holds up the handler, until its own write deadline; the response is then no whole one.
func TestStreamBackpressure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var got error
		body, err := begin(t, t.Context(), func(w http.ResponseWriter, _ *http.Request) {
			c := http.NewResponseController(w)
			_ = c.SetWriteDeadline(time.Now().Add(time.Second))
			for got == nil {
				_, got = w.Write(make([]byte, 4096))
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		<-time.After(2 * time.Second)
		sent, err := io.ReadAll(body)
		if ne, ok := errors.AsType[interface {
			error
			Timeout() bool
		}](got); !ok || !ne.Timeout() || err == nil || len(sent) > 2*offloadstream.BufferBytes {
			t.Error(got, err, len(sent))
		}
		_ = body.Close()
	})
}

// When the runtime stops reading, the handler hears of it in two ways, and Close waits for it.
func TestStreamNotReadToItsEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var cause, write, flush error
		body, err := begin(t, t.Context(), func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, "x")
			<-r.Context().Done()
			cause = context.Cause(r.Context())
			_, write = io.WriteString(w, "y")
			flush = http.NewResponseController(w).Flush()
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := body.Close(); err != nil {
			t.Error(err)
		}
		for _, err := range []error{cause, write, flush} {
			if !errors.Is(err, offloadstream.ErrNotRead) {
				t.Error(err)
			}
		}
	})
}

func TestStreamLimit(t *testing.T) {
	t.Parallel()
	body, err := begin(t, t.Context(), func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "x")
		w.(*streamedWriter).left = 2
		if n, err := io.WriteString(w, "123"); n != 0 || !errors.Is(err, offloadstream.ErrTooLarge) {
			t.Error(n, err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(body); !errors.Is(err, offloadstream.ErrTooLarge) {
		t.Error(err)
	}
	_ = body.Close()
}

func TestOtherEventsHaveAHandler(t *testing.T) {
	t.Parallel()
	handle, err := Adapt(http.NotFoundHandler(), WithOtherEvents(func(_ context.Context, event json.RawMessage) (any, error) {
		return "got " + string(event), nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := handle(t.Context(), json.RawMessage(`{"source":"aws.events"}`)); got != `got {"source":"aws.events"}` || err != nil {
		t.Error(got, err)
	}
	if _, err := handle(t.Context(), json.RawMessage(`{"httpMethod":"POST","path":"/","body":"***","isBase64Encoded":true}`)); !errors.Is(err, ErrEvent) {
		t.Errorf("a broken request is a request: %v", err)
	}
}

func TestConfiguration(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		env  map[string]string
		opts []Option
		want string // of the error
		is   options
	}{
		{name: "defaults", is: options{url: Buffered, rest: Buffered, addr: DefaultAddr, drain: DefaultShutdownTimeout}},
		{
			name: "environment",
			env:  map[string]string{"OFFLOAD_HTTP_INVOKE_MODE": "RESPONSE_STREAM", "OFFLOAD_HTTP_REST_TRANSFER_MODE": "STREAM", "OFFLOAD_HTTP_BASE_PATH": "v1", "PORT": "80", "OFFLOAD_HTTP_SHUTDOWN_TIMEOUT": "3s"},
			is:   options{url: ResponseStream, rest: ResponseStream, basePath: "/v1", addr: ":80", drain: 3 * time.Second},
		},
		{
			name: "code wins",
			env:  map[string]string{"OFFLOAD_HTTP_INVOKE_MODE": "RESPONSE_STREAM", "OFFLOAD_HTTP_REST_TRANSFER_MODE": "STREAM", "ADDR": ":1", "PORT": "2", "OFFLOAD_HTTP_SHUTDOWN_TIMEOUT": "3s", "OFFLOAD_HTTP_BASE_PATH": "/v1"},
			opts: []Option{WithInvokeMode(Buffered), WithRESTInvokeMode(Buffered), WithAddr(":3"), WithShutdownTimeout(time.Second), WithBasePath("/v2/")},
			is:   options{url: Buffered, rest: Buffered, addr: ":3", drain: time.Second, basePath: "/v2"},
		},
		{name: "ADDR before PORT", env: map[string]string{"ADDR": ":1", "PORT": "2"}, is: options{url: Buffered, rest: Buffered, addr: ":1", drain: DefaultShutdownTimeout}},
		{name: "a mode", env: map[string]string{"OFFLOAD_HTTP_INVOKE_MODE": "STREAM"}, want: `OFFLOAD_HTTP_INVOKE_MODE="STREAM"; it is "BUFFERED" or "RESPONSE_STREAM"`},
		{name: "a transfer mode", env: map[string]string{"OFFLOAD_HTTP_REST_TRANSFER_MODE": "RESPONSE_STREAM"}, want: `"BUFFERED" or "STREAM"`},
		{name: "a mode in code", opts: []Option{WithInvokeMode(7)}, want: "WithInvokeMode(7)"},
		{name: "a duration", env: map[string]string{"OFFLOAD_HTTP_SHUTDOWN_TIMEOUT": "3"}, want: "OFFLOAD_HTTP_SHUTDOWN_TIMEOUT"},
		{name: "a negative duration", opts: []Option{WithShutdownTimeout(-1)}, want: "negative"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			o := options{getenv: func(key string) string { return test.env[key] }}
			for _, opt := range test.opts {
				opt(&o)
			}
			err := o.complete()
			if test.want != "" {
				if !errors.Is(err, offload.ErrConfig) || !strings.Contains(err.Error(), test.want) {
					t.Errorf("%v, want %s", err, test.want)
				}
				return
			}
			if err != nil || o.url != test.is.url || o.rest != test.is.rest || o.basePath != test.is.basePath || o.addr != test.is.addr || o.drain != test.is.drain {
				t.Errorf("%+v %v", o, err)
			}
		})
	}
	if Buffered.String() != "BUFFERED" || ResponseStream.String() != "RESPONSE_STREAM" {
		t.Error(Buffered, ResponseStream)
	}
	if _, err := Adapt(nil); !errors.Is(err, offload.ErrConfig) {
		t.Error(err)
	}
}
