package run

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-offload/lambda/benchmarks/cost"
	"github.com/go-offload/lambda/benchmarks/load"
	"github.com/go-offload/lambda/benchmarks/record"
	"github.com/go-offload/lambda/benchmarks/stack"
	"github.com/go-offload/lambda/benchmarks/wire"
	"github.com/go-offload/lambda/benchmarks/workload"
)

// warmupRound is the number of the round before the first.
const warmupRound = 0

// bench is one contestant ready for the rounds of one workload.
type bench struct {
	workload   *workload.Workload
	contestant cost.Contestant
	stack      stack.Stack
	client     *load.Client
	clock      clock
	modelled   bool
}

// round runs one round and returns its lines. An error means that nothing of it can
// be used.
func (b *bench) round(ctx context.Context, number int) ([]record.Line, error) {
	w := b.workload
	requests, warmup := w.Load.Requests, number == warmupRound
	if warmup {
		requests = w.Load.Warmup
	}
	if err := b.stack.Begin(ctx, w.Load.Shape == workload.Burst); err != nil {
		return nil, fmt.Errorf("begin: %w", err)
	}
	token := time.Now().UnixNano()
	bodies := make([][]byte, requests)
	for i := range bodies {
		var err error
		if bodies[i], err = wire.NewOrder(w, token, i); err != nil {
			return nil, err
		}
	}
	start := time.Now().Add(startDelay)
	answers := b.client.Run(ctx, start, load.Schedule(w.Load, requests), func(i int) []byte { return bodies[i] })
	loaded := time.Now()
	if err := ctx.Err(); err != nil {
		return nil, err
	}

	r := &record.Round{
		Workload: w.Name, Contestant: string(b.contestant), Round: number, Warmup: warmup,
		StartNS: b.clock.at(start), LoadEndNS: b.clock.at(loaded), Requests: requests, Modelled: b.modelled,
	}
	lines := b.requests(answers, r)
	observed, err := b.stack.End(ctx, stack.Expected{Round: token, Requests: requests, Tasks: r.TasksDue})
	if err != nil {
		return nil, fmt.Errorf("wait for the end: %w", err)
	}
	r.EndNS = b.clock.at(time.Now())
	b.attribute(lines, r, &observed, token)

	out := make([]record.Line, 0, len(lines)+1)
	for _, line := range lines {
		out = append(out, line)
	}
	return append(out, r), nil
}

// startDelay is between the preparation of a round and its first request.
const startDelay = 10 * time.Millisecond

// requests turns answers into lines, and counts.
func (b *bench) requests(answers []load.Answer, r *record.Round) []*record.Request {
	lines := make([]*record.Request, len(answers))
	for i := range answers {
		a := &answers[i]
		q := &record.Request{
			Workload: r.Workload, Contestant: r.Contestant, Round: r.Round, Warmup: r.Warmup, Seq: i,
			IntendedNS: b.clock.at(a.Intended), SentNS: b.clock.at(a.Sent), FirstByteNS: b.clock.at(a.FirstByte),
			DoneNS: b.clock.at(a.Done), Status: a.Status, Modelled: b.modelled,
		}
		switch {
		case errors.Is(a.Err, load.ErrDeadline):
			q.Error = load.ErrDeadline.Error()
		case a.Err != nil:
			q.Error = a.Err.Error()
		case a.Status < 200 || a.Status > 299:
			q.Error = fmt.Sprintf("status %d", a.Status)
		}
		if q.Error == "" {
			r.TasksDue += b.workload.Tasks
		} else {
			r.Errors++
		}
		lines[i] = q
	}
	return lines
}
