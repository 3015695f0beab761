package lambdatest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/go-offload/lambda/lambdatest/sqstest"
)

// Messages of a group arrive in order, and those of one group are never with two invocations at a time.
func TestFIFOOrder(t *testing.T) {
	const groups, each = 7, 30
	open := map[string]int{}
	got := map[string][]string{}
	bundle{
		fifo: true,
		before: func(b *bench) {
			for i := range each {
				for g := range groups {
					b.send(grouped(fmt.Sprint("g", g), fmt.Sprintf("%d/%d", g, i))...)
				}
			}
		},
		run: func(b *bench, batch []events.SQSMessage) ([]byte, error) {
			b.mu.Lock()
			in := map[string]bool{}
			for _, m := range batch {
				g := m.Attributes["MessageGroupId"]
				got[g] = append(got[g], m.Body)
				in[g] = true
			}
			for g := range in {
				if open[g]++; open[g] > 1 {
					b.Errorf("group %s is with two invocations", g)
				}
			}
			b.mu.Unlock()
			<-time.After(rand.N(time.Second))
			b.mu.Lock()
			for g := range in {
				open[g]--
			}
			b.mu.Unlock()
			return nil, nil
		},
	}.bubble(t, func(b *bench) {
		b.drained()
		for g := range groups {
			var want []string
			for i := range each {
				want = append(want, fmt.Sprintf("%d/%d", g, i))
			}
			if seen := got[fmt.Sprint("g", g)]; !slices.Equal(seen, want) {
				b.Errorf("group %d: %v", g, seen)
			}
		}
		if b.peak < 2 {
			b.Error("the groups were not processed side by side")
		}
	})
}

// A group that fails is held up, the others are not; its messages come again in order, and the queue goes on when the
// failing one is in the dead-letter queue.
func TestFIFOFailingGroup(t *testing.T) {
	t.Parallel()
	for _, partial := range []bool{false, true} {
		t.Run(fmt.Sprint("partial batch responses ", partial), func(t *testing.T) {
			bundle{
				fifo: true, mapping: QueueMapping{ReportBatchItemFailures: partial},
				run: func(_ *bench, batch []events.SQSMessage) ([]byte, error) {
					for i, m := range batch {
						if m.Body != "poison" {
							continue
						}
						if !partial {
							return nil, errFunction
						}
						var failed []string // it and all after it, as AWS asks for
						for _, m := range batch[i:] {
							failed = append(failed, m.MessageId)
						}
						return report(failed...), nil
					}
					return nil, nil
				},
			}.bubble(t, func(b *bench) {
				start := time.Now()
				b.send(grouped("bad", "before", "poison", "after")...)
				b.sleep(time.Millisecond)
				b.send(grouped("good", "other")...)
				b.sleep(time.Second)
				if snap := b.queue.Snapshot(); slices.ContainsFunc(snap.Messages, func(m sqstest.Message) bool { return m.GroupID == "good" }) {
					b.Error("the good group is held up")
				}
				b.drained()
				if took := time.Since(start); took < 90*time.Second {
					b.Errorf("three receives took %v, want three visibility timeouts", took)
				}
				var dead []string
				for _, m := range b.dead.Snapshot().Messages {
					dead = append(dead, m.Body)
				}
				want := []string{"before", "poison", "after"}
				if partial {
					// "after" was received as often as "poison", each time unprocessed.
					want = want[1:]
				}
				if !slices.Equal(dead, want) {
					b.Errorf("dead letters %v, want %v", dead, want)
				}
			})
		})
	}
}

// Where one receive is too large for one invocation, what follows a failed message of its group waits.
func TestFIFOLargeMessages(t *testing.T) {
	large := strings.Repeat("x", 10_000)
	var order []string
	bundle{
		fifo: true, maxEvent: 57_000, // five of them, their records included
		before: func(b *bench) {
			for i := range 8 {
				group := "g"
				if i == 7 {
					group = "h"
				}
				b.send(grouped(group, fmt.Sprint(i, " ", large))...)
			}
		},
		run: func(_ *bench, batch []events.SQSMessage) ([]byte, error) {
			var numbers string
			for _, m := range batch {
				numbers += m.Body[:1]
			}
			order = append(order, numbers)
			if len(order) == 1 {
				return nil, errFunction
			}
			return nil, nil
		},
	}.bubble(t, func(b *bench) {
		b.drained()
		if want := []string{"01234", "7", "01234", "56"}; !slices.Equal(order, want) {
			b.Errorf("batches %v, want %v", order, want)
		}
		// The journal tells of those that were received and not handed over.
		var left int
		for _, e := range b.recorded(EventBatchEnd) {
			if e.RequestID == "" {
				left += len(e.Batch.Failed)
			}
		}
		if left != 2 {
			b.Errorf("%d messages held back, want 2", left)
		}
	})
}
