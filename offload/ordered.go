package offload

import (
	"context"
	"fmt"
	"sync"

	"github.com/go-offload/lambda/offload/driver"
)

// sendOrdered sends to a destination that keeps the order within groups. Part of a
// batch may fail and be sent again, which would put a message behind its successor; so a batch has at
// most one message of a group, and batches go one after the other. Rounds keep batches full:
// first the first messages of all groups, then the second ones. A hundred messages of
// one group therefore take a hundred requests.
//
// Once a message is given up, those behind it in its group are not sent either.
// They go down the chain with it. Messages without a group have no order.
func (l *link) sendOrdered(ctx context.Context, messages []driver.Message, hasNext bool) []error {
	errs := make([]error, len(messages))
	broken := map[string]error{}
	for _, round := range rounds(messages) {
		for len(round) > 0 {
			var batch []driver.Message
			var at []int
			for _, i := range round {
				if err := broken[messages[i].Group]; err != nil {
					errs[i] = fmt.Errorf("not sent, for the order of group %q, after: %w", messages[i].Group, err)
					continue
				}
				batch, at = append(batch, messages[i]), append(at, i)
			}
			if len(batch) == 0 {
				break
			}
			n := l.fill(batch, 0)
			failed := make([]error, n)
			var one sync.WaitGroup
			one.Go(func() { l.sendBatch(ctx, batch[:n:n], failed, hasNext) })
			one.Wait()
			for j, err := range failed {
				i := at[j]
				errs[i] = err
				if group := messages[i].Group; err != nil && group != "" {
					broken[group] = err
				}
			}
			round = at[n:]
		}
	}
	return errs
}

// rounds gives the indexes of the messages that are first in their group, then
// second, and so on.
func rounds(messages []driver.Message) [][]int {
	var all [][]int
	seen := map[string]int{}
	for i, m := range messages {
		n := 0
		if m.Group != "" {
			n = seen[m.Group]
			seen[m.Group]++
		}
		if n == len(all) {
			all = append(all, nil)
		}
		all[n] = append(all[n], i)
	}
	return all
}
