package lambdatest

import (
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

func work(d time.Duration) func(*bench, []events.SQSMessage) ([]byte, error) {
	return func(*bench, []events.SQSMessage) ([]byte, error) { <-time.After(d); return nil, nil }
}

// Five batches at first, and one more for each 200 ms of a backlog.
func TestScaling(t *testing.T) {
	bundle{
		mapping: QueueMapping{BatchSize: 1}, timeout: 30 * time.Second,
		before: func(b *bench) { b.send(numbered(500)...) }, run: work(20 * time.Second),
	}.bubble(t, func(b *bench) {
		start := time.Now()
		for _, tc := range []struct {
			after time.Duration
			want  int
		}{{100 * time.Millisecond, 5}, {1100 * time.Millisecond, 10}, {5100 * time.Millisecond, 30}, {15100 * time.Millisecond, 80}} {
			b.sleep(tc.after - time.Since(start))
			if n := b.runningNow(); n < tc.want-1 || n > tc.want+1 {
				b.Errorf("%d batches after %v, want %d", n, tc.after, tc.want)
			}
		}
		b.drained()
	})
}

// They become more at that pace as well while batches end all the time, and their places are taken again at once: what
// counts is that all are at work. 100 batches of 300 ms: five from 0 on, one more at 0.2 s, 0.4 s and so on.
func TestScalingWithShortBatches(t *testing.T) {
	bundle{
		mapping: QueueMapping{BatchSize: 1}, before: func(b *bench) { b.send(numbered(100)...) }, run: work(300 * time.Millisecond),
	}.bubble(t, func(b *bench) {
		start := time.Now()
		for _, tc := range []struct {
			after time.Duration
			want  int
		}{{100 * time.Millisecond, 5}, {350 * time.Millisecond, 6}, {750 * time.Millisecond, 8}, {1350 * time.Millisecond, 11}, {2050 * time.Millisecond, 15}} {
			b.sleep(tc.after - time.Since(start))
			if n := b.runningNow(); n != tc.want {
				b.Errorf("%d batches after %v, want %d", n, tc.after, tc.want)
			}
		}
		b.drained()
	})
}

// Nobody waits for a place while the messages come more slowly than the five at first take them.
func TestNoScalingWithoutBacklog(t *testing.T) {
	bundle{mapping: QueueMapping{BatchSize: 1}, run: work(300 * time.Millisecond)}.bubble(t, func(b *bench) {
		for i := range 100 { // three at a time
			b.send(text(strconv.Itoa(i))...)
			b.sleep(100 * time.Millisecond)
		}
		b.drained()
		b.send(numbered(20)...)
		b.sleep(100 * time.Millisecond)
		if n := b.runningNow(); n != 5 {
			b.Errorf("%d batches at a time, want 5", n)
		}
		b.drained()
	})
}

// A queue that was quiet, or a mapping that was disabled, begins with five again.
func TestScalingBeginsAnew(t *testing.T) {
	t.Parallel()
	for name, pause := range map[string]func(*bench){
		"quiet": func(b *bench) { b.sleep(longPoll + time.Second) },
		"disabled": func(b *bench) {
			if err := b.esm.Disable(b.Context()); err != nil {
				b.Error(err)
			}
			if err := b.esm.Enable(); err != nil {
				b.Error(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			bundle{mapping: QueueMapping{BatchSize: 1}, run: work(2 * time.Second)}.bubble(t, func(b *bench) {
				const want = 9 // after 900 ms: four more
				for range 2 {
					b.send(numbered(40)...)
					b.sleep(900 * time.Millisecond)
					if n := b.runningNow(); n != want {
						b.Errorf("%d batches after 900 ms, want %d", n, want)
					}
					b.drained()
					pause(b)
				}
			})
		})
	}
}

func TestMaximumConcurrency(t *testing.T) {
	bundle{
		mapping: QueueMapping{BatchSize: 1, MaximumConcurrency: 2},
		before:  func(b *bench) { b.send(numbered(50)...) }, run: work(2 * time.Second),
	}.bubble(t, func(b *bench) {
		b.sleep(time.Second)
		// What nobody can process yet stays visible for other consumers.
		if n := b.queue.Counts(); n.InFlight != 2 || n.Visible != 48 {
			b.Errorf("%+v", n)
		}
		start := time.Now()
		b.drained()
		if b.peak != 2 {
			b.Errorf("%d at a time, want 2", b.peak)
		}
		if took := time.Since(start); took < 48*time.Second || took > 51*time.Second {
			b.Errorf("took %v", took)
		}
		for _, batch := range b.batches {
			if n := batch[0].Attributes["ApproximateReceiveCount"]; n != "1" {
				b.Errorf("a message was received %s times", n)
			}
		}
	})
}

// A FIFO queue has at most one batch of each group with the function, and no more than its maximum.
func TestMaximumConcurrencyOfFIFO(t *testing.T) {
	bundle{
		fifo: true, mapping: QueueMapping{BatchSize: 1, MaximumConcurrency: 3}, run: work(time.Second),
		before: func(b *bench) {
			for group := range 20 {
				b.send(grouped(strconv.Itoa(group), strconv.Itoa(group))...)
			}
		},
	}.bubble(t, func(b *bench) {
		start := time.Now()
		b.drained()
		if took := time.Since(start); b.peak != 3 || len(b.seen()) != 20 || took < 7*time.Second || took > 9*time.Second {
			b.Errorf("%d batches, %d at a time, took %v", len(b.seen()), b.peak, took)
		}
	})
}

// Batches that one receive was split into count one by one.
func TestMaximumConcurrencyOfSplitBatches(t *testing.T) {
	bundle{
		mapping: QueueMapping{MaximumConcurrency: 2}, maxEvent: 1, // so one message each
		before: func(b *bench) { b.send(numbered(10)...) }, run: work(2 * time.Second),
	}.bubble(t, func(b *bench) {
		b.drained()
		if got := b.seen(); b.peak != 2 || len(got) != 10 {
			b.Errorf("%d batches, %d at a time", len(got), b.peak)
		}
	})
}

// Failures slow the mapping down, but not with partial batch responses.
func TestBackOff(t *testing.T) {
	t.Parallel()
	for name, partial := range map[string]bool{"without partial responses": false, "with": true} {
		t.Run(name, func(t *testing.T) {
			bundle{
				mapping: QueueMapping{BatchSize: 1, ReportBatchItemFailures: partial},
				run: func(_ *bench, batch []events.SQSMessage) ([]byte, error) {
					if batch[0].Body == "bad" {
						return nil, errFunction
					}
					<-time.After(time.Second)
					return nil, nil
				},
			}.bubble(t, func(b *bench) {
				for range 20 {
					b.send(text("bad")...)
				}
				b.sleep(time.Second)
				b.send(numbered(20)...)
				b.sleep(10 * time.Millisecond)
				want := 2
				if partial {
					want = 5
				}
				if n := b.runningNow(); n != want {
					b.Errorf("%d batches at a time after failures, want %d", n, want)
				}
			})
		})
	}
}

// A throttled batch is tried again, without being received again.
func TestThrottled(t *testing.T) {
	refused := 0
	bundle{run: func(*bench, []events.SQSMessage) ([]byte, error) {
		if refused++; refused <= 5 {
			return nil, throttled()
		}
		return nil, nil
	}}.bubble(t, func(b *bench) {
		b.send(text("a")...)
		b.drained()
		if n := b.batches[len(b.batches)-1][0].Attributes["ApproximateReceiveCount"]; n != "1" || refused != 6 {
			b.Errorf("received %s times, invoked %d times", n, refused)
		}
	})
}

// Nor is it tried longer than its messages are out of the queue; then they count as received, up to the dead-letter queue.
func TestThrottledForEver(t *testing.T) {
	bundle{run: func(*bench, []events.SQSMessage) ([]byte, error) { return nil, throttled() }}.bubble(t, func(b *bench) {
		start := time.Now()
		b.send(text("a")...)
		b.drained()
		if n := b.dead.Counts().Total(); n != 1 {
			b.Errorf("%d dead letters", n)
		}
		if took := time.Since(start); took < 90*time.Second {
			b.Errorf("dead after %v, want three visibility timeouts", took)
		}
		ends := b.recorded(EventBatchEnd)
		if len(ends) != 3 {
			b.Errorf("%d batches ended, want one for each receive", len(ends))
		}
		for _, e := range ends {
			if e.Message == "" || len(e.Batch.Failed) != 1 {
				b.Errorf("%+v", e)
			}
		}
	})
}
