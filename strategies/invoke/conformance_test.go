package invoke_test

import (
	"io"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/go-offload/lambda/strategies/internal/lambdaenv"
	"github.com/go-offload/lambda/strategies/invoke"
	"github.com/go-offload/lambda/strategies/strategytest"
)

// inbox is the asynchronous queue of a function.
type inbox struct {
	mu     sync.Mutex
	bodies [][]byte
	answer http.HandlerFunc // instead of taking the event; nil: none
}

func (in *inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client has given up
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.answer != nil {
		in.answer(w, r)
		return
	}
	in.bodies = append(in.bodies, body)
	w.WriteHeader(http.StatusAccepted)
}

func (in *inbox) received() [][]byte {
	in.mu.Lock()
	defer in.mu.Unlock()
	return slices.Clone(in.bodies)
}

func (in *inbox) refuse(permanent bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.answer = answerError(http.StatusServiceUnavailable, "ServiceUnavailableException")
	if permanent {
		in.answer = answerError(http.StatusNotFound, "ResourceNotFoundException")
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	strategytest.Run(t, strategytest.Harness{New: func(t *testing.T) strategytest.Subject {
		t.Helper()
		in := &inbox{}
		endpoint, _ := serve(t, in.ServeHTTP)
		s := invoke.New(&invoke.Options{Function: "greeter"})
		t.Cleanup(s.Thaw) // leaves no connection behind
		return strategytest.Subject{
			Strategy:    s,
			Environment: lambdaenv.Vars(map[string]string{"AWS_ENDPOINT_URL_LAMBDA": endpoint}),
			Destination: &strategytest.Destination{Received: in.received, Refuse: in.refuse},
		}
	}})
}
