package stack

import (
	"context"
	"time"

	"github.com/go-offload/lambda/benchmarks/record"
	"github.com/go-offload/lambda/lambdatest"
)

// End implements Stack. Under the local Lambda it is known when everything is over:
// every environment is frozen and nothing is queued. What has not run by then will
// not, unless a later event thaws the environment that it was left in.
func (l *Local) End(ctx context.Context, _ Expected) (Observed, error) {
	if err := l.settle(ctx); err != nil {
		return Observed{}, err
	}
	var o Observed
	for _, f := range []struct {
		lambda *lambdatest.Lambda
		name   string
	}{{l.front, record.Handler}, {l.worker, record.Worker}} {
		if f.lambda == nil {
			continue
		}
		f.lambda.Logs() // drains what the processes have printed into l.out
		for _, r := range f.lambda.Reports() {
			if !r.Start.Before(l.begun) {
				o.Invocations = append(o.Invocations, invocation(&r, f.name))
			}
		}
	}
	if l.sqs != nil {
		o.Queue = l.queueRequests()
	}
	var err error
	o.Marks, err = l.out.take()
	return o, err
}

// settle waits for the parts in the order in which work passes through them.
func (l *Local) settle(ctx context.Context) error {
	if l.async {
		if err := l.delays.Wait(ctx); err != nil {
			return err
		}
		if err := l.service.WaitAsyncIdle(ctx); err != nil {
			return err
		}
	}
	if err := l.front.WaitIdle(ctx); err != nil {
		return err
	}
	if l.async && l.worker != nil { // what the front function's tail sent
		if err := l.delays.Wait(ctx); err != nil {
			return err
		}
		if err := l.service.WaitAsyncIdle(ctx); err != nil {
			return err
		}
	}
	if l.mapping != nil {
		stop := l.polls.skipVisibility(l.sqs, l.timeout+time.Second)
		defer stop()
		if err := l.mapping.WaitDrained(ctx); err != nil {
			return err
		}
	}
	if l.worker != nil {
		return l.worker.WaitIdle(ctx)
	}
	return nil
}

// queueRequests is what SQS was asked since Begin.
func (l *Local) queueRequests() *record.Queue {
	now := l.sqs.Requests()
	calls := func(actions ...string) (n int) {
		for _, a := range actions {
			n += now[a].Calls - l.requests[a].Calls
		}
		return n
	}
	entries := func(a string) int { return now[a].Entries - l.requests[a].Entries }
	q := &record.Queue{
		Send:             calls("SendMessage", "SendMessageBatch"),
		Receive:          calls("ReceiveMessage"),
		Delete:           calls("DeleteMessage", "DeleteMessageBatch"),
		ChangeVisibility: calls("ChangeMessageVisibility", "ChangeMessageVisibilityBatch"),
		Messages:         entries("SendMessageBatch") + calls("SendMessage"),
	}
	q.EmptyReceive = l.polls.takeEmpty() // a long poll that is under way is counted when it returns
	return q
}

// invocation is a report as a record.
func invocation(r *lambdatest.Report, function string) record.Invocation {
	at := r.Start.UnixNano()
	inv := record.Invocation{
		RequestID: r.RequestID, Function: function, Environment: r.EnvironmentID, Cold: r.ColdStart,
		StartNS: at, FrozeNS: at + int64(r.Duration),
		InitMS: millis(r.InitDuration), DurationMS: millis(r.Duration), BilledMS: r.BilledDuration.Milliseconds(),
		PostRuntimeMS: millis(r.PostRuntimeDuration), MemoryMB: r.MaxMemoryUsed, Status: r.Status,
	}
	if r.ResponseLatency > 0 {
		inv.ResponseNS = at + int64(r.ResponseLatency+r.ResponseDuration)
	}
	return inv
}

// millis rounds to the microsecond, so that the file is not full of digits without a meaning.
func millis(d time.Duration) float64 {
	return float64(d.Round(time.Microsecond)) / float64(time.Millisecond)
}
