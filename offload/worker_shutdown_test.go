package offload

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/go-offload/lambda/offload/driver"
)

// A delivered task that does not notice the shutdown has failed here: whoever delivered it delivers it again.
func TestShutdownDuringADelivery(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o, events := open(t, WithStrategies(&outbound{name: "out"}))
		envelope := driver.Envelope{ID: "id", Source: "urn:test", Task: "spill/deaf", Time: time.Now(), Data: []byte(`"in"`), Hops: 1}
		body, err := envelope.AppendJSON(nil)
		if err != nil {
			t.Fatal(err)
		}
		release := make(chan struct{})
		defer close(release)
		answer := make(chan error, 1)
		go func() {
			ctx, cancel := context.WithTimeout(context.WithValue(t.Context(), contextKey("release"), release), lambdaTimeout)
			defer cancel()
			_, err := o.invoke(ctx, func(ctx context.Context) (any, error) { return o.dispatch(nil)(ctx, body) })
			answer <- err
		}()
		synctest.Wait()
		start := time.Now()
		o.shutdown()
		if err := <-answer; !errors.Is(err, ErrShutdown) {
			t.Errorf("the delivery is answered with %v, want ErrShutdown", err)
		}
		if took := time.Since(start); took != shutdownGrace {
			t.Errorf("the answer took %v, want %v", took, shutdownGrace)
		}
		if end := events.end(t, "spill/deaf"); end.Kind != Failed || !errors.Is(end.Err, ErrShutdown) {
			t.Errorf("end: %v, %v; want failed, ErrShutdown", end.Kind, end.Err)
		}
	})
}

var (
	shutdownNest = Define("worker-shutdown/nest", func(ctx context.Context, _ string) error {
		return After(ctx, sent.With("nested"))
	})
	shutdownMeanwhile = Define("worker-shutdown/meanwhile", func(ctx context.Context, _ string) error {
		go scopeOf(ctx).abandon(ErrShutdown)
		<-ctx.Value(contextKey("sending")).(chan struct{})
		return nil
	})
)

// A shutdown sends what delivered tasks have deferred. Whose task could not be sent is not acknowledged, although
// others are at it.
func TestShutdownSendsForADelivery(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sending := make(chan struct{})
		out := &outbound{name: "out", answer: func(context.Context, int, []driver.Message) []error {
			close(sending)
			<-time.After(time.Millisecond)
			return []error{backoff.Permanent(errSend)}
		}}
		base := context.WithValue(context.Background(), contextKey("sending"), sending)
		o, events := open(t, WithStrategies(out), Sequential(), WithBaseContext(base))
		var records []sqsRecord
		for _, name := range []string{shutdownNest.Name(), shutdownMeanwhile.Name()} {
			envelope := driver.Envelope{ID: name, Source: "urn:test", Task: name, Time: time.Now(), Data: []byte(`"in"`), Hops: 1}
			body, err := envelope.AppendJSON(nil)
			if err != nil {
				t.Fatal(err)
			}
			records = append(records, sqsRecord{id: name, body: string(body), receives: 1, envelope: true})
		}
		answer, err := drive(o, func(ctx context.Context) (any, error) {
			return o.runBatch(ctx, scopeOf(ctx), records, nil)
		})
		if want := `{"batchItemFailures":[{"itemIdentifier":"worker-shutdown/nest"}]}`; answer != want || err != nil {
			t.Errorf("%s, %v; want %s", answer, err, want)
		}
		if end := events.end(t, sent.Name()); end.Kind != Dropped || !errors.Is(end.Err, errSend) {
			t.Errorf("end: %v, %v", end.Kind, end.Err)
		}
	})
}
