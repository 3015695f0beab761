// Command function is started in the ways that package offloadhttp and offloadstream offer; START says how.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/go-offload/lambda/offload"
	"github.com/go-offload/lambda/offload/offloadhttp"
	"github.com/go-offload/lambda/offload/offloadstream"
	_ "github.com/go-offload/lambda/strategies/extension"
	_ "github.com/go-offload/lambda/strategies/invoke"
	_ "github.com/go-offload/lambda/strategies/stream"
)

func main() {
	switch os.Getenv("START") {
	case "http":
		offloadhttp.Start(http.HandlerFunc(serve))
	case "wrap":
		wrapped, err := offloadhttp.Wrap(http.HandlerFunc(serve))
		if err != nil {
			log.Fatal(err)
		}
		lambda.Start(wrapped)
	case "raw":
		offload.Start(raw)
	}
}

// noteEvent notes the query of the request that the task belongs to.
func noteEvent(ctx context.Context) error {
	e, ok := offloadhttp.EventFromContext(ctx)
	var event events.LambdaFunctionURLRequest
	if err := json.Unmarshal(e.Raw, &event); err != nil || !ok {
		return fmt.Errorf("the event is gone: %v %w", ok, err)
	}
	return note(ctx, event.RawQueryString)
}

var task = offload.Define("note", note)

// note writes a line and the request ID of the invocation that it runs in.
func note(ctx context.Context, line string) error {
	lc, _ := lambdacontext.FromContext(ctx)
	f, err := os.OpenFile(os.Getenv("JOURNAL"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(f, line, lc.AwsRequestID)
	return errors.Join(err, f.Close())
}

const slow = 50 * time.Millisecond

var errBroken = errors.New("the model is gone")

// serve does what the path says.
func serve(w http.ResponseWriter, r *http.Request) {
	deferred := task.With(r.URL.Path)
	switch r.URL.Path {
	case "/event":
		deferred = offload.Func("event", noteEvent)
	case "/slow":
		deferred = offload.Func("slow", func(context.Context) error { time.Sleep(slow); return nil })
	}
	if err := offload.After(r.Context(), deferred); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	switch r.URL.Path {
	case "/slow": // half of the answer, 50 ms, the other half, and a task of 50 ms
		_, _ = io.WriteString(w, "first")
		_ = http.NewResponseController(w).Flush()
		time.Sleep(slow)
		_, _ = io.WriteString(w, "second")
	case "/panic":
		panic("boom")
	case "/break":
		_, _ = io.WriteString(w, "begun")
		_ = http.NewResponseController(w).Flush()
		panic(errBroken)
	case "/big":
		_, _ = w.Write(make([]byte, 7<<20))
	default:
		_, _ = io.WriteString(w, "ok")
	}
}

// raw does the same without net/http.
func raw(ctx context.Context, req events.LambdaFunctionURLRequest) (*offloadstream.Response, error) {
	head := offloadstream.Head{Status: http.StatusAccepted, Header: http.Header{"X-Order": {"4711"}}, Cookies: []*http.Cookie{{Name: "a", Value: "1"}}}
	path := req.RawPath // the function outlives this event
	return offloadstream.New(ctx, head, func(ctx context.Context, w *offloadstream.Writer) error {
		if _, err := w.WriteString("begun"); err != nil {
			return err
		}
		if err := offload.After(ctx, task.With(path)); err != nil {
			return err
		}
		switch path {
		case "/break":
			return errBroken
		case "/panic":
			panic("boom")
		case "/big":
			_, err := w.Write(make([]byte, 7<<20))
			return err
		}
		_, err := w.WriteString(", done")
		return err
	}), nil
}
