package outbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Relay takes one task that is due out of the table and delivers it, and reports whether
// there was one. Run it in a loop, in as many processes as you like.
//
// deliver gets the envelope. A function that was started with offload.StartWorker, or with Start and a
// sender in its chain, runs the task when it is invoked with the envelope as its event, and
// fails if the task fails. The row is deleted when deliver has succeeded: a relay that
// crashes in between delivers the task once more, so delivery is at least once. After an error
// the task is due again a minute later.
func Relay(ctx context.Context, db *sql.DB, deliver func(ctx context.Context, envelope []byte) error) (found bool, err error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return false, fmt.Errorf("outbox: %w", err)
	}
	defer func() {
		if err != nil {
			_ = tx.Rollback() // the error at hand says more; the lock ends with the connection at the latest
		}
	}()
	var id, body string
	var hop int
	err = tx.QueryRowContext(ctx, "SELECT id, hop, body FROM offload_outbox WHERE due <= $1 ORDER BY due LIMIT 1 FOR UPDATE SKIP LOCKED", time.Now()).Scan(&id, &hop, &body)
	if errors.Is(err, sql.ErrNoRows) {
		return false, tx.Rollback()
	}
	if err != nil {
		return false, fmt.Errorf("outbox: %w", err)
	}
	failed := deliver(ctx, []byte(body))
	if failed == nil {
		_, err = tx.ExecContext(ctx, "DELETE FROM offload_outbox WHERE id = $1 AND hop = $2", id, hop)
	} else {
		failed = fmt.Errorf("outbox: task %s: %w", id, failed)
		_, err = tx.ExecContext(ctx, "UPDATE offload_outbox SET due = $3 WHERE id = $1 AND hop = $2", id, hop, time.Now().Add(time.Minute))
	}
	if err == nil {
		err = tx.Commit()
	}
	return true, errors.Join(failed, err)
}
