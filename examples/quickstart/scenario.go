package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/go-offload/lambda/lambdatest"
)

// scenario is one way to do the work behind an order.
type scenario struct {
	name  string
	title string
	env   map[string]string
	check func(trace) error // the claim that is made of it
	// thaws: the work is not done at the freeze, so send further orders until it is.
	thaws bool
}

var scenarios = []scenario{
	{name: "naive", title: "go func() before the return", env: map[string]string{"MODE": "naive"}, check: checkNaive, thaws: true},
	{name: "inline", title: "everything before the response", env: map[string]string{"MODE": "inline"}, check: checkInline},
	{name: "stream", title: "offload.After, in the runtime's tail", env: map[string]string{"MODE": "offload", "OFFLOAD_STRATEGY": "stream"}, check: checkDeferred},
	{name: "extension", title: "offload.After, held by an internal extension", env: map[string]string{"MODE": "offload", "OFFLOAD_STRATEGY": "extension"}, check: checkDeferred},
}

func scenarioByName(name string) (scenario, bool) {
	for _, s := range scenarios {
		if s.name == name {
			return s, true
		}
	}
	return scenario{}, false
}

const (
	// quiet is the pause before the next customer comes, longer than any task takes.
	quiet = 900 * time.Millisecond

	// maxThaws bounds how many further orders are sent to get frozen work done.
	maxThaws = 5
)

// play deploys the function, warms it up and sends it an order.
func (st *stage) play(ctx context.Context, s scenario) (trace, error) {
	l, err := st.deploy(ctx, s)
	if err != nil {
		return trace{}, err
	}
	defer l.Close()

	// An order without items: it is refused, defers nothing, and leaves the cold
	// start out of the picture.
	if warm, err := send(ctx, l, s.name+"-0", `[]`); err != nil {
		return trace{}, err
	} else if warm.status != http.StatusBadRequest {
		return trace{}, fmt.Errorf("an order without items got status %d, not 400\n%s", warm.status, l.LogText())
	}

	first := s.name + "-1"
	var sent []exchange
	var tr trace
	for n := 1; n <= 1+maxThaws; n++ {
		if n > 1 {
			select {
			case <-time.After(quiet):
			case <-ctx.Done():
				return trace{}, ctx.Err()
			}
		}
		ex, err := send(ctx, l, fmt.Sprintf("%s-%d", s.name, n), `[{"sku":"tea","quantity":2}]`)
		if err != nil {
			return trace{}, err
		}
		if ex.status != http.StatusCreated {
			return trace{}, fmt.Errorf("the order got status %d, not 201\n%s", ex.status, l.LogText())
		}
		sent = append(sent, ex)
		if tr, err = newTrace(s, first, sent, l.Events(), l.Logs()); err != nil {
			return trace{}, err
		}
		if !s.thaws || tr.unfinished() == 0 {
			break
		}
	}
	if tr.unfinished() == 0 {
		err = st.delivered(s, first)
	}
	return tr, err
}

// exchange is an HTTP request as the client saw it.
type exchange struct {
	requestID      string
	status         int
	sent, answered time.Time
	billed         time.Duration
}

// send posts an order to the function URL, and returns once the environment is frozen again.
func send(ctx context.Context, l *lambdatest.Lambda, id, items string) (exchange, error) {
	order := fmt.Sprintf(`{"id":%q,"email":"ada@example.com","items":%s}`, id, items)
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, l.URL(), bytes.NewReader([]byte(order)))
	if err != nil {
		return exchange{}, err
	}
	req.Header.Set("Content-Type", "application/json")
	ex := exchange{sent: time.Now()}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return exchange{}, err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	ex.answered = time.Now()
	ex.status, ex.requestID = resp.StatusCode, resp.Header.Get("X-Amzn-Requestid")
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return exchange{}, err
	}
	report, err := l.WaitReport(ctx, ex.requestID)
	ex.billed = report.BilledDuration
	return ex, err
}
