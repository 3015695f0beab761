package lambdatest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// refuser is a function that refuses every request.
type refuser struct {
	mu    sync.Mutex
	asked []time.Time
}

var errRefused = errors.New("refused")

func (r *refuser) dispatch(context.Context, request) (*invocation, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = append(r.asked, time.Now())
	return nil, errRefused
}

func newRefusedQueue() (*asyncQueue, *refuser) {
	var r refuser
	q := &asyncQueue{
		config: AsyncConfig{Speedup: 1, MaximumEventAge: time.Hour}, capacity: 10, function: &r, record: func(Event) {},
		deliver: func(context.Context, *asyncEvent) error { return nil }, idle: &gate{}, open: map[string]*asyncEvent{},
	}
	q.stopped, q.stop = context.WithCancel(context.Background())
	return q, &r
}

// Whoever sends an event has the answer before the function is thawed.
func TestAnEventIsPickedUpAfterItsAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q, function := newRefusedQueue()
		begin := time.Now()
		for range 2 {
			if err := q.accept(request{payload: []byte("1")}); err != nil {
				t.Fatal(err)
			}
			<-time.After(asyncPickup / 2)
		}
		synctest.Wait()
		if len(function.asked) != 2 {
			t.Fatalf("%d of 2 events were picked up after %v", len(function.asked), asyncPickup)
		}
		for _, at := range function.asked {
			if waited := at.Sub(begin); waited != asyncPickup {
				t.Errorf("the function was asked after %v, want %v", waited, asyncPickup)
			}
		}
		if err := q.accept(request{payload: []byte("1")}); err != nil {
			t.Fatal(err)
		}
		q.close()
		<-time.After(2 * asyncPickup)
		if q.workers.Wait(); len(function.asked) != 2 {
			t.Error("an event was picked up after the queue was closed")
		}
		if err := q.own.wait(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
