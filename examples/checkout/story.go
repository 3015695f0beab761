package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/go-offload/lambda/lambdatest"
)

// story tells what happens, a line each, with the time since the latest request.
type story struct {
	out   io.Writer
	ended sync.WaitGroup // of subscriptions

	mu     sync.Mutex
	begin  time.Time // of the latest request
	freeze time.Time // after it
	over   bool      // what happens now is the end of the program
}

// end leaves out what the end of the program looks like to the functions.
func (s *story) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
}

// follow tells of a function until it is removed.
func (s *story) follow(l *lambdatest.Lambda) {
	s.ended.Add(1)
	l.Subscribe(func(e lambdatest.Event) {
		s.mu.Lock()
		defer s.mu.Unlock()
		front := l.Name() == checkoutName
		switch {
		case e.Kind == lambdatest.EventInvokeStart && front:
			s.begin = e.Time
			s.tell(e.Time, l.Name(), "has the order") // after a cold start, if there is one
		case e.Kind == lambdatest.EventResponseEnd && front:
			s.tell(e.Time, "client", "has the response")
		case e.Kind == lambdatest.EventFreeze && front:
			s.freeze = e.Time // told with the report: what was printed just before is read only then
		case e.Kind == lambdatest.EventReport && front && s.freeze.After(s.begin):
			s.tell(s.freeze, l.Name(), "frozen")
		case (e.Kind == lambdatest.EventCrash || e.Kind == lambdatest.EventTimeout) && !s.over:
			s.tell(e.Time, l.Name(), strings.ToLower(string(e.Kind))+" "+e.Message)
		case e.Kind == lambdatest.EventLog:
			s.log(l.Name(), e.Message)
		case e.Kind == lambdatest.EventClose:
			s.ended.Done()
		}
	})
}

// log tells of what LogObserver wrote.
func (s *story) log(function, line string) {
	var entry struct {
		Time               time.Time
		Msg, TaskID, Error string
		Attempt            int
	}
	step, ok := "", false
	if json.Unmarshal([]byte(line), &entry) == nil {
		step, ok = strings.CutPrefix(entry.Msg, "offload: task ")
	}
	if !ok || step == "accepted" {
		return
	}
	text := fmt.Sprintf("%-12s %s", entry.TaskID, step)
	switch step {
	case "started":
		text += fmt.Sprintf(", attempt %d", entry.Attempt)
	case "handed over":
		text += " to the queue: " + brief(entry.Error)
	case "done":
	default:
		text += ": " + brief(entry.Error)
	}
	s.tell(entry.Time, function, text)
}

// brief leaves out what repeats itself.
func brief(text string) string {
	text = strings.TrimPrefix(text, "offload: ")
	return strings.TrimSuffix(text, ": context deadline exceeded")
}

func (s *story) tell(t time.Time, who, what string) {
	at := t.Round(0).Sub(s.begin.Round(0)) // the function's log has no monotonic clock
	_, _ = fmt.Fprintf(s.out, "%7d ms  %-9s %s\n", at.Milliseconds(), who, what)
}
