package main

import (
	"context"
	"encoding/json"
	"log"
	"os"
	"time"

	"github.com/go-offload/lambda/offload"
)

// record is one line of the journal, see the tests.
type record struct {
	Time    time.Time `json:"time"`
	Request string    `json:"request,omitempty"`
	What    string    `json:"what"`
	Task    string    `json:"task,omitempty"`
	Error   string    `json:"error,omitempty"`
}

// journal survives the process and its freezes; each line is one write.
var journal = func() *os.File {
	f, err := os.OpenFile(os.Getenv("E2E_JOURNAL"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		log.Fatal(err)
	}
	return f
}()

func note(request, what, task string, err error) {
	r := record{Time: time.Now(), Request: request, What: what, Task: task}
	if err != nil {
		r.Error = err.Error()
	}
	line, err := json.Marshal(r)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := journal.Write(append(line, '\n')); err != nil {
		log.Fatal(err)
	}
}

// observe writes down how each task ended.
func observe(_ context.Context, e offload.Event) {
	if e.Kind.Terminal() {
		note(e.Task.RequestID, e.Kind.String(), e.Task.Name, e.Err)
	}
}
