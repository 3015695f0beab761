package offload

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

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
