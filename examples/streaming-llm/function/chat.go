package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net/http"
	"strings"

	"github.com/go-offload/lambda/offload"
)

// maxQuestion bounds what a client may send, in bytes.
const maxQuestion = 16 << 10

// chat answers POST requests with server-sent events, one for each token.
type chat struct {
	// model gives the tokens of an answer, and an error if it breaks off.
	model func(ctx context.Context, prompt string) iter.Seq2[string, error]
}

func (c *chat) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var question struct {
		Prompt string `json:"prompt"`
	}
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxQuestion)).Decode(&question)
	if err == nil && question.Prompt == "" {
		err = errors.New("there is no prompt")
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}

	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	answer, err := c.stream(w, r, question.Prompt)

	// Deferred at the end of the stream and still before it is complete: it is saved after the client has seen the
	// last token, however the answer ended.
	transcript := Transcript{Prompt: question.Prompt, Answer: answer, Complete: err == nil}
	if after := offload.After(r.Context(), save.With(transcript)); after != nil {
		slog.ErrorContext(r.Context(), "the transcript is not saved", "error", after)
	}
	if err != nil {
		slog.WarnContext(r.Context(), "the answer broke off", "error", err)
		panic(http.ErrAbortHandler) // so that the client does not take a part for the whole
	}
}

// stream writes the tokens as they come and returns them.
func (c *chat) stream(w http.ResponseWriter, r *http.Request, prompt string) (answer string, err error) {
	control := http.NewResponseController(w)
	var text strings.Builder
	for token, err := range c.model(r.Context(), prompt) {
		if err != nil {
			return text.String(), err
		}
		text.WriteString(token)
		data, err := json.Marshal(token)
		if err != nil {
			return text.String(), err
		}
		if _, err := fmt.Fprintf(w, "data: %s\n\n", data); err != nil {
			return text.String(), err // the client is gone, as far as the function can know
		}
		if err := control.Flush(); err != nil {
			return text.String(), err
		}
	}
	return text.String(), nil
}
