package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/go-offload/lambda/offload"
)

type order struct {
	ID    string `json:"id"`
	Email string `json:"email"`
}

// receipt notes in the journal that it was sent, once its gate is open.
var receipt = offload.Define("send-receipt", func(ctx context.Context, o order) error {
	if err := pass(ctx, "receipt"); err != nil {
		return err
	}
	return note("receipt " + o.ID)
})

// create accepts an order and owes a receipt.
func create(w http.ResponseWriter, r *http.Request) {
	var o order
	if err := json.NewDecoder(r.Body).Decode(&o); err != nil || o.ID == "" {
		http.Error(w, "this is no order", http.StatusBadRequest)
		return
	}
	if err := offload.After(r.Context(), receipt.With(o)); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Location", "/orders/"+o.ID)
	http.SetCookie(w, &http.Cookie{Name: "last", Value: o.ID})
	http.SetCookie(w, &http.Cookie{Name: "seen", Value: "1"})
	w.WriteHeader(http.StatusCreated)
	_, _ = fmt.Fprintf(w, "accepted %s for %s %v", o.ID, o.Email, r.URL.Query()["tag"])
}

func show(w http.ResponseWriter, id string) { _, _ = fmt.Fprintf(w, "order %q", id) }

// tokens streams two pieces, with a gate between them.
func tokens(w http.ResponseWriter, r *http.Request) {
	if err := offload.After(r.Context(), receipt.With(order{ID: "tokens"})); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	_, _ = io.WriteString(w, "data: one\n\n")
	if err := http.NewResponseController(w).Flush(); err != nil {
		_ = note("flush: " + err.Error())
	}
	if err := pass(r.Context(), "second"); err != nil {
		_ = note("second: " + err.Error())
	}
	_, _ = io.WriteString(w, "data: two\n\n")
	_ = note("handler done")
}

// note appends a line to the journal.
func note(line string) error {
	f, err := os.OpenFile(os.Getenv("JOURNAL"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(f, line)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}

// pass waits for the test to open a gate.
func pass(ctx context.Context, gate string) error {
	for {
		if _, err := os.Stat(os.Getenv("JOURNAL") + "." + gate); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Millisecond):
		}
	}
}
