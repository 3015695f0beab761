package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdaurl"

	"github.com/go-offload/lambda/offload"
)

// event says what the handler does.
type event struct {
	Do    string `json:"do,omitempty"`
	Tasks []task `json:"tasks,omitempty"` // to defer
	Stray []task `json:"stray,omitempty"` // to start in goroutines that nobody waits for
}

var handlers = map[string]any{
	"event":     handle,
	"url":       handleURL,
	"lambdaurl": lambdaurl.Wrap(http.HandlerFunc(serve)),
	"raw":       lambda.Handler(raw{}),
}

func handle(ctx context.Context, e event) (any, error) {
	for _, t := range e.Stray {
		go t.run(ctx)
	}
	if err := deferAll(ctx, e.Tasks); err != nil {
		return nil, err
	}
	switch e.Do {
	case "error":
		return nil, errors.New("the handler failed")
	case "panic":
		panic("the handler panicked")
	case "hang":
		time.Sleep(time.Hour)
	case "linger":
		time.Sleep(20 * time.Millisecond)
	}
	return results[e.Do](), nil
}

// handleURL takes its event from the body of a request to the function URL.
func handleURL(ctx context.Context, req events.LambdaFunctionURLRequest) (*events.LambdaFunctionURLStreamingResponse, error) {
	var e event
	if err := json.Unmarshal([]byte(req.Body), &e); err != nil {
		return nil, err
	}
	if err := deferAll(ctx, e.Tasks); err != nil {
		return nil, err
	}
	return &events.LambdaFunctionURLStreamingResponse{
		StatusCode: http.StatusCreated,
		Headers:    map[string]string{"Content-Type": "text/plain", "X-Order": "4711"},
		Cookies:    []string{"seen=1"},
		Body:       io.MultiReader(strings.NewReader("first,"), strings.NewReader("last")),
	}, nil
}

// serve defers its tasks between two parts of the response.
func serve(w http.ResponseWriter, r *http.Request) {
	var e event
	if err := json.NewDecoder(r.Body).Decode(&e); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "text/plain")
	w.Header().Set("X-Order", "4711")
	http.SetCookie(w, &http.Cookie{Name: "seen", Value: "1"})
	w.WriteHeader(http.StatusCreated)
	io.WriteString(w, "first,")
	if err := deferAll(r.Context(), e.Tasks); err != nil {
		io.WriteString(w, err.Error())
		return
	}
	io.WriteString(w, "last")
}

// raw keeps its payload beyond the response.
type raw struct{}

var errCorrupted = errors.New("the payload has changed")

func (raw) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	before := bytes.Clone(payload)
	err := offload.After(ctx, offload.Func("raw", func(context.Context) error {
		for range 5 { // long enough for other events to arrive
			time.Sleep(time.Millisecond)
			if !bytes.Equal(payload, before) {
				return errCorrupted
			}
		}
		return nil
	}), offload.MaxAttempts(1))
	return before, err
}
