package offload

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-offload/lambda/offload/driver"
)

// bury puts the message of a task that failed for good where dead letters go, with the reason. It
// reports true if it is there: the queue may forget it then.
func (d *delivery) bury(body string) bool {
	s := d.task.scope
	letters := s.off.opts.remote().deadLetters
	if letters == nil || !d.hopeless {
		return false
	}
	ctx, cancel := s.until(s.flushBy())
	defer cancel()
	ctx, cancel = context.WithTimeout(ctx, visibilityTime)
	defer cancel()
	info := d.task.info()
	err := tryBury(ctx, letters, driver.DeadLetter{
		Message: driver.Message{
			ID:            info.ID,
			Task:          info.Name,
			Body:          []byte(body),
			Group:         d.task.set.group,
			Deduplication: info.ID,
			Hops:          info.Hops,
		},
		Reason:    d.failure().Error(),
		RequestID: info.RequestID,
	})
	if err == nil {
		return true
	}
	if !errors.Is(err, errors.ErrUnsupported) {
		s.off.log.WarnContext(s.tail.values(), "offload: a task that failed for good stays in its queue, which will deliver it again",
			"task", info.Name, "taskId", info.ID, "error", err.Error())
	}
	return false
}

func tryBury(ctx context.Context, letters driver.DeadLetterer, letter driver.DeadLetter) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("offload: the strategy panicked in DeadLetter: %v", v)
		}
	}()
	return letters.DeadLetter(ctx, letter)
}
