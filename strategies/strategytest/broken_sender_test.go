package strategytest

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/go-offload/lambda/offload/driver"
)

// flawed is a sender into memory with flaws to choose from.
type flawed struct {
	keepsBodies    bool // of the batch, without a copy
	clearsBodies   bool
	losesLast      bool
	miscounts      bool
	claimsSuccess  bool
	neverPermanent bool
	sendsLater     bool
	smallBatches   bool
	wrongOverhead  bool

	mu      sync.Mutex
	bodies  [][]byte
	refusal error
	later   [][]byte
}

func (*flawed) Name() string                           { return "flawed" }
func (*flawed) Open(context.Context, driver.Env) error { return nil }

func (f *flawed) Limits() driver.Limits {
	l := driver.Limits{MessageBytes: 4096, BatchEntries: 10, Concurrency: 4}
	if f.wrongOverhead {
		l.Overhead = -1
	}
	return l
}

func (f *flawed) Send(_ context.Context, batch []driver.Message) []error {
	f.mu.Lock()
	defer f.mu.Unlock()
	results := make([]error, len(batch))
	for i, m := range batch {
		switch {
		case f.refusal != nil && !f.claimsSuccess:
			results[i] = f.refusal
		case f.smallBatches && len(batch) > 5:
			results[i] = errors.New("too many")
		case f.losesLast && i == len(batch)-1:
		case f.sendsLater:
			f.later = append(f.later, bytes.Clone(m.Body))
		case f.keepsBodies:
			f.bodies = append(f.bodies, m.Body)
		case f.refusal == nil:
			f.bodies = append(f.bodies, bytes.Clone(m.Body))
		}
		if f.clearsBodies {
			batch[i].Body = nil
		}
	}
	if f.miscounts {
		return make([]error, len(batch)+1)
	}
	return results
}

func (f *flawed) refuse(permanent bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refusal = errors.New("refused")
	if permanent && !f.neverPermanent {
		f.refusal = backoff.Permanent(f.refusal)
	}
}

func (f *flawed) received() [][]byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([][]byte(nil), f.bodies...)
}

func TestBrokenSenders(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		flawed func() *flawed
		check  checkFunc
		rule   rule
	}{
		"negative overhead":       {func() *flawed { return &flawed{wrongOverhead: true} }, checkLimits, senderLimits},
		"loses the last":          {func() *flawed { return &flawed{losesLast: true} }, checkFullBatch, senderDelivers},
		"small batches only":      {func() *flawed { return &flawed{smallBatches: true} }, checkFullBatch, senderTakes},
		"keeps the batch":         {func() *flawed { return &flawed{keepsBodies: true} }, checkForgets, senderForgets},
		"changes the batch":       {func() *flawed { return &flawed{clearsBodies: true} }, checkForgets, senderForgets},
		"miscounts":               {func() *flawed { return &flawed{miscounts: true} }, checkFullBatch, senderReports},
		"claims success":          {func() *flawed { return &flawed{claimsSuccess: true} }, checkRefusals, senderReports},
		"never permanent":         {func() *flawed { return &flawed{neverPermanent: true} }, checkRefusals, senderReports},
		"success when it is over": {func() *flawed { return &flawed{sendsLater: true} }, checkContext, senderContext},
		"sends later":             {func() *flawed { return &flawed{sendsLater: true} }, checkDurable, senderDurable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := Harness{Patience: 300 * time.Millisecond, New: func(*testing.T) Subject {
				f := test.flawed()
				return Subject{Strategy: f, Destination: &Destination{Received: f.received, Refuse: f.refuse}}
			}}
			requireNamed(t, h.run(t, test.check), test.rule.id)
		})
	}
}
