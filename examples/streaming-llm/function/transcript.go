package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"time"

	"github.com/go-offload/lambda/offload"
)

// Transcript is a question and what was sent of its answer.
type Transcript struct {
	Prompt   string `json:"prompt"`
	Answer   string `json:"answer"`
	Complete bool   `json:"complete"`
}

// save has a name and an input that marshals to JSON, so another strategy could put it on a queue.
var save = offload.Define("save-transcript", saveTranscript)

// saveTranscript appends to TRANSCRIPT_FILE. A pause stands for the database in front of it.
func saveTranscript(ctx context.Context, t Transcript) (err error) {
	if err := pause(ctx, 400*time.Millisecond); err != nil {
		return err
	}
	line, err := json.Marshal(t)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(os.Getenv("TRANSCRIPT_FILE"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err = f.Write(append(line, '\n')); err == nil {
		slog.InfoContext(ctx, "transcript saved", "complete", t.Complete)
	}
	return err
}
