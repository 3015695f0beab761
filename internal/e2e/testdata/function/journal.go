package main

import (
	"context"
	"encoding/json"
	"log"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/go-offload/lambda/offload"
)

// record is one line of the journal, see the tests.
type record struct {
	Time    time.Time `json:"time"`
	Request string    `json:"request,omitempty"`
	What    string    `json:"what"`
	Task    string    `json:"task,omitempty"`
	Hops    int       `json:"hops,omitempty"` // of the task so far
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
	write(record{Request: request, What: what, Task: task}, err)
}

func write(r record, err error) {
	r.Time = time.Now()
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

// flush notes which invocation is over.
func flush(ctx context.Context) error {
	id := ""
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		id = lc.AwsRequestID
	}
	note(id, "flushed", "", nil)
	return nil
}

// observe writes down how each task ended.
func observe(_ context.Context, e offload.Event) {
	if e.Kind.Terminal() {
		write(record{Request: e.Task.RequestID, What: e.Kind.String(), Task: nameOf(e.Task), Hops: e.Task.Hops}, e.Err)
	}
}
