package offload

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/lambda"
)

type customError struct{}

func (*customError) Error() string { return "custom" }

type widerContext interface {
	context.Context
	More()
}

// The forms are those of lambda.Start.
func TestSignatureOf(t *testing.T) {
	t.Parallel()
	valid := []any{
		func() {},
		func(string) {},
		func(context.Context) {},
		func(context.Context, string) {},
		func() error { return nil },
		func(string) error { return nil },
		func(context.Context) error { return nil },
		func(context.Context, string) error { return nil },
		func() (int, error) { return 0, nil },
		func(string) (int, error) { return 0, nil },
		func(context.Context) (int, error) { return 0, nil },
		func(context.Context, string) (int, error) { return 0, nil },
		func(any) {},
		func(context.Context, any) {},
		func() *customError { return nil },
		func() (io.Reader, error) { return nil, nil },
	}
	for _, handler := range valid {
		sig, err := signatureOf(handler)
		if err != nil {
			t.Errorf("%T: %v", handler, err)
			continue
		}
		form := fmt.Sprintf("%T", handler)
		if sig.takesContext != strings.Contains(form, "context.Context") ||
			(sig.event != nil) != (strings.Contains(form, "string)") || strings.Contains(form, "interface {})")) {
			t.Errorf("%T: read as %+v", handler, sig)
		}
	}
	invalid := map[string]any{
		"<nil>: it is no function": nil,
		"string: it is no functio": "handler",
		"func(): it is nil":        (func())(nil),
		"variadic":                 func(...string) {},
		"other than context":       func(io.Reader) {},
		"other than context.":      func(widerContext) {},
		"first is not context":     func(string, context.Context) {},
		"more than two arguments":  func(context.Context, string, string) {},
		"more than two values":     func() (int, int, error) { return 0, 0, nil },
		"last result is not":       func() int { return 0 },
		"last result is not an er": func() (error, int) { return nil, 0 }, //nolint:staticcheck // wrong on purpose
	}
	for text, handler := range invalid {
		if _, err := signatureOf(handler); !errors.Is(err, ErrHandler) || !strings.Contains(err.Error(), text) {
			t.Errorf("%T: %v; want ErrHandler that says %q", handler, err, text)
		}
		if _, err := Wrap(handler, WithStrategies(inline{})); !errors.Is(err, ErrHandler) {
			t.Errorf("Wrap(%T) = %v, want ErrHandler", handler, err)
		}
	}
}

type greeting struct {
	Name string `json:"name"`
}

// Wrapped handlers answer what the bare ones do, whether the event comes decoded or
// raw. (A sender in the chain makes it raw.)
func TestWrappedHandlersAnswerAsBareOnes(t *testing.T) {
	t.Parallel()
	handlers := []any{
		func() {},
		func(greeting) {},
		func(context.Context) {},
		func(context.Context, greeting) {},
		func() error { return nil },
		func(g greeting) error { return errors.New("failed for " + g.Name) },
		func(context.Context) error { return &customError{} },
		func(context.Context, *greeting) error { return nil },
		func() (string, error) { return "a <b> & c", nil },
		func(g greeting) (greeting, error) { return g, nil },
		func(context.Context) (any, error) { return nil, nil },
		func(_ context.Context, g *greeting) (map[string]string, error) {
			return map[string]string{"hello": g.Name}, nil
		},
		func(g any) (any, error) { return g, nil },
		func() (any, error) { return make(chan int), nil },
		func() (io.Reader, error) { return strings.NewReader("a stream"), nil },
		func(n int) (int, error) { return n, nil }, // the event does not decode
	}
	event := []byte(`{"name":"Ada"}`)
	quiet := WithLogger(slog.New(slog.DiscardHandler))
	for _, handler := range handlers {
		bare, bareErr := lambda.NewHandler(handler).Invoke(context.Background(), event)
		for name, opts := range map[string][]Option{
			"direct": {WithStrategies(inline{}), quiet},
			"raw":    {WithStrategies(inline{}, &outbound{name: "out"}), quiet},
		} {
			wrapped, err := Wrap(handler, opts...)
			if err != nil {
				t.Errorf("%s %T: %v", name, handler, err)
				continue
			}
			got, err := lambda.NewHandler(wrapped).Invoke(context.Background(), event)
			if string(got) != string(bare) || fmt.Sprint(err) != fmt.Sprint(bareErr) {
				t.Errorf("%s %T: %s, %v; bare: %s, %v", name, handler, got, err, bare, bareErr)
			}
		}
	}
}

type rawHandler func(context.Context, []byte) ([]byte, error)

func (f rawHandler) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	return f(ctx, payload)
}

// A lambda.Handler gets its payload, and may keep it for a task: it is a copy of the
// buffer that aws-lambda-go uses again.
func TestHandlerPayloadIsItsOwn(t *testing.T) {
	t.Parallel()
	var kept []byte
	wrapped, err := Wrap(rawHandler(func(ctx context.Context, payload []byte) ([]byte, error) {
		kept = payload
		return []byte("raw answer"), nil
	}), WithStrategies(inline{}), WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	event := []byte(`{"name":"Ada"}`)
	got, err := lambda.NewHandler(wrapped).Invoke(context.Background(), event)
	if err != nil || string(got) != "raw answer" {
		t.Errorf("%s, %v", got, err)
	}
	clear(event)
	if string(kept) != `{"name":"Ada"}` {
		t.Errorf("the payload changed with the buffer: %q", kept)
	}
}
