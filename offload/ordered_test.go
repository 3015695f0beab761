package offload_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/cenkalti/backoff/v4"

	"github.com/go-offload/lambda/offload"
	"github.com/go-offload/lambda/offload/driver"
)

// A batch has one message of a group, and nothing overtakes what failed.
func TestOrderedSends(t *testing.T) {
	t.Parallel()
	p := &post{limits: driver.Limits{Ordered: true}, refuse: refuseOnce("a2")}
	var handOver error
	f := wrap(t, p, func(ctx context.Context) {
		for _, id := range []string{"a1", "a2", "a3", "b1", "b2", "x1", "x2"} {
			group := map[byte]string{'a': "a", 'b': "b"}[id[0]]
			handOver = errors.Join(handOver, offload.After(ctx, worker.With(work{}), offload.ID(id), offload.Group(group)))
		}
	})
	if _, err := f.call(t.Context(), []byte("{}")); err != nil || handOver != nil {
		t.Fatal(err, handOver)
	}
	for _, batch := range p.batches {
		seen := map[string]bool{}
		for _, m := range batch {
			if m.Group != "" && seen[m.Group] {
				t.Errorf("two messages of group %q in one batch", m.Group)
			}
			seen[m.Group] = true
		}
	}
	var order []string
	for _, m := range p.take() {
		order = append(order, m.ID)
	}
	for _, pair := range [][2]string{{"a1", "a2"}, {"a2", "a3"}, {"b1", "b2"}} {
		if first, second := slices.Index(order, pair[0]), slices.Index(order, pair[1]); first < 0 || second < first {
			t.Errorf("%v: sent in the order %v", pair, order)
		}
	}
	if len(order) != 7 || len(p.batches) != 4 { // [a1 b1 x1 x2] [a2 b2] [a2] [a3]
		t.Errorf("sent %v in %d batches", order, len(p.batches))
	}
}

// What is behind a message that is given up goes where that goes.
func TestOrderedSendsEndWithAGroup(t *testing.T) {
	t.Parallel()
	p := &post{limits: driver.Limits{Ordered: true}, refuse: func(m driver.Message) error {
		if m.ID == "a1" {
			return backoff.Permanent(errors.New("refused"))
		}
		return nil
	}}
	f := wrap(t, p, func(ctx context.Context) error {
		var err error
		for _, id := range []string{"a1", "a2", "b1"} {
			err = errors.Join(err, offload.After(ctx, worker.With(work{}), offload.ID(id), offload.Group(id[:1])))
		}
		return err
	})
	if _, err := f.call(t.Context(), []byte("{}")); !errors.Is(err, offload.ErrHandOver) {
		t.Error(err)
	}
	if sent := p.take(); len(sent) != 1 || sent[0].ID != "b1" {
		t.Errorf("sent %v", sent)
	}
	f.events.expectEnd(t, "a2", offload.Dropped)
}

func refuseOnce(id string) func(driver.Message) error {
	refused := false
	return func(m driver.Message) error {
		if m.ID == id && !refused {
			refused = true
			return errors.New("throttled")
		}
		return nil
	}
}
