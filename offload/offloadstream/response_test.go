package offloadstream

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-offload/lambda/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// split reads a response's prelude and the rest.
func split(t *testing.T, b []byte) (head map[string]any, body string) {
	t.Helper()
	prelude, rest, ok := bytes.Cut(b, make([]byte, 8))
	if !ok {
		t.Fatalf("no delimiter in %q", b)
	}
	if err := json.Unmarshal(prelude, &head); err != nil {
		t.Fatal(err)
	}
	return head, string(rest)
}

func TestHead(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		head Head
		want string
	}{
		{"nothing", Head{}, `map[statusCode:200]`},
		{"status and headers", Head{Status: 402, Header: http.Header{"Content-Type": {"text/plain"}}}, `map[headers:map[Content-Type:text/plain] statusCode:402]`},
		{"several values", Head{Header: http.Header{"Vary": {"a", "b"}}}, `map[headers:map[Vary:a, b] statusCode:200]`},
		{
			"cookies",
			Head{Header: http.Header{"set-cookie": {"a=1", "b=2"}}, Cookies: []*http.Cookie{{Name: "c", Value: "3", Secure: true}, {Name: "not valid"}}},
			`map[cookies:[a=1 b=2 c=3; Secure] statusCode:200]`,
		},
		{"line breaks", Head{Header: http.Header{"A": {"1\r\nSet-Cookie: x=1"}, "B\r\nC": {"2"}, "": {"3"}}}, `map[headers:map[A:1  Set-Cookie: x=1] statusCode:200]`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := New(t.Context(), test.head, func(context.Context, *Writer) error { return nil })
			b, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			head, body := split(t, b)
			if got := fmt.Sprint(head); got != test.want || body != "" {
				t.Errorf("%s %q, want %s", got, body, test.want)
			}
		})
	}
}

func TestHeadTooLarge(t *testing.T) {
	t.Parallel()
	r := New(t.Context(), Head{Header: http.Header{"A": {strings.Repeat("x", maxPrelude)}}}, func(context.Context, *Writer) error {
		t.Error("called")
		return nil
	})
	if _, err := io.ReadAll(r); !errors.Is(err, ErrHeadTooLarge) {
		t.Error(err)
	}
}

func TestFirstBytesComeBeforeTheFunctionIsDone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hold := make(chan struct{})
		r := New(t.Context(), Head{}, func(_ context.Context, w *Writer) error {
			<-hold
			_, err := w.WriteString("first")
			<-hold
			return errors.Join(err, w.Flush())
		})
		buf := make([]byte, 1024)
		n, err := r.Read(buf) // while the function waits
		if head, body := split(t, buf[:n]); err != nil || head["statusCode"] != 200.0 || body != "" {
			t.Errorf("%v %q %v", head, body, err)
		}
		hold <- struct{}{}
		if n, err = r.Read(buf); string(buf[:n]) != "first" || err != nil {
			t.Errorf("%q %v", buf[:n], err)
		}
		hold <- struct{}{}
		if n, err = r.Read(buf); n != 0 || !errors.Is(err, io.EOF) {
			t.Error(n, err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
}

// What ends a body other than success reaches the runtime as an error of Read, after what was written.
func TestErrors(t *testing.T) {
	t.Parallel()
	failed := errors.New("the model is gone")
	for _, test := range []struct {
		name  string
		write func(context.Context, *Writer) error
		is    error
	}{
		{"an error", func(context.Context, *Writer) error { return failed }, failed},
		{"a panic", func(context.Context, *Writer) error { panic(failed) }, failed},
		{"Goexit", func(context.Context, *Writer) error { runtime.Goexit(); return nil }, ErrGoexit},
		{"too large", func(_ context.Context, w *Writer) error {
			w.left = 3
			if n, err := w.WriteString("1234"); n != 0 || !errors.Is(err, ErrTooLarge) {
				t.Error(n, err)
			}
			return nil // the error is not lost although the function ignores it
		}, ErrTooLarge},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := NewRaw(t.Context(), func(ctx context.Context, w *Writer) error {
				_, _ = w.WriteString("some")
				return test.write(ctx, w)
			})
			b, err := io.ReadAll(r)
			if string(b) != "some" || !errors.Is(err, test.is) {
				t.Errorf("%q %v, want %v", b, err, test.is)
			}
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestPanicErrorHasTheStack(t *testing.T) {
	t.Parallel()
	r := NewRaw(t.Context(), func(context.Context, *Writer) error { panic("boom") })
	_, err := io.ReadAll(r)
	var p *PanicError
	if !errors.As(err, &p) || p.Value != "boom" || !bytes.Contains(p.Stack, []byte("TestPanicErrorHasTheStack")) || !strings.Contains(err.Error(), "boom") {
		t.Errorf("%v", err)
	}
	if p.Unwrap() != nil {
		t.Error("a string has no cause")
	}
}

func TestWritesBlockWhileTheReaderIsSlow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		written := 0
		r := NewRaw(t.Context(), func(_ context.Context, w *Writer) error {
			for range 100 {
				n, err := w.Write(make([]byte, 4096))
				if written += n; err != nil {
					return err
				}
			}
			return nil
		})
		buf := make([]byte, 1)
		_, _ = r.Read(buf)
		synctest.Wait()
		if written > BufferBytes+4096 {
			t.Errorf("%d bytes written, one read", written)
		}
		rest, err := io.ReadAll(r)
		if len(rest)+1 != 100*4096 || err != nil {
			t.Error(len(rest), err)
		}
	})
}

func TestNotReadToItsEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var ctxErr, writeErr error
		r := NewRaw(t.Context(), func(ctx context.Context, w *Writer) error {
			_, _ = w.WriteString("x")
			<-ctx.Done()
			ctxErr = context.Cause(ctx)
			_, writeErr = w.WriteString("y")
			return writeErr
		})
		_, _ = r.Read(make([]byte, 1))
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		// Close has waited for the function: tasks that it deferred are known.
		if !errors.Is(ctxErr, ErrNotRead) || !errors.Is(writeErr, ErrNotRead) {
			t.Error(ctxErr, writeErr)
		}
	})
}

func TestCloseWithoutRead(t *testing.T) {
	t.Parallel()
	r := New(t.Context(), Head{}, func(context.Context, *Writer) error { t.Error("called"); return nil })
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if _, err := io.ReadAll(r); !errors.Is(err, ErrNotRead) {
		t.Error(err)
	}
}

// At the invocation's deadline a blocked write gives up, and so does Close.
func TestDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var writeErr error
		release := make(chan struct{})
		r := NewRaw(ctx, func(_ context.Context, w *Writer) error {
			_, writeErr = w.Write(make([]byte, 2*BufferBytes))
			<-release // ignores everything
			return nil
		})
		_, _ = r.Read(make([]byte, 1))
		<-ctx.Done()
		synctest.Wait()
		if !errors.Is(writeErr, os.ErrDeadlineExceeded) {
			t.Error(writeErr)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		close(release)
	})
}

func TestKinds(t *testing.T) {
	t.Parallel()
	nothing := func(context.Context, *Writer) error { return nil }
	if got := New(t.Context(), Head{}, nothing).ContentType(); got != "application/vnd.awslambda.http-integration-response" {
		t.Error(got)
	}
	if got := NewRaw(t.Context(), nothing).ContentType(); got != "application/octet-stream" {
		t.Error(got)
	}
	if b, err := json.Marshal(New(t.Context(), Head{}, nothing)); err == nil {
		t.Errorf("aws-lambda-go would send %s", b)
	}
}

func BenchmarkTokens(b *testing.B) {
	b.ReportAllocs()
	r := NewRaw(b.Context(), func(_ context.Context, w *Writer) error {
		token := []byte("token ")
		for b.Loop() {
			if _, err := w.Write(token); err != nil {
				return err
			}
		}
		return nil
	})
	if _, err := io.Copy(io.Discard, r); err != nil {
		b.Fatal(err)
	}
}
