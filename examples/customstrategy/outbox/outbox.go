// Package outbox is a strategy that is not part of Offload: it leaves tasks in a table of
// a PostgreSQL database, from which a relay gives them to a worker. It shows what
// writing a strategy takes; the README beside it goes through it.
package outbox

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/go-offload/lambda/offload"
	"github.com/go-offload/lambda/offload/driver"
)

// Name selects the strategy in OFFLOAD_STRATEGY.
const Name = "outbox"

// The environment variables that a strategy selected by name reads.
const (
	EnvDSN    = "OUTBOX_DSN"    // as the database/sql driver takes it
	EnvDriver = "OUTBOX_DRIVER" // the name of that driver, which the program links; default "pgx"
)

// Schema is the table. A row's key has the number of the hop in it: a task that comes back
// here, to wait longer, is another row than the one that it is just being read from.
const Schema = `CREATE TABLE IF NOT EXISTS offload_outbox (
	id   text,
	hop  integer,
	body text NOT NULL,
	due  timestamptz NOT NULL,
	PRIMARY KEY (id, hop)
)`

func init() { offload.RegisterSender(Name, func() driver.Sender { return New(nil) }) }

// Strategy is a [driver.Sender] and a [driver.Thawer]. It may be used concurrently.
type Strategy struct{ db *sql.DB }

// New makes a strategy for offload.WithStrategies. With a nil db, Open makes one from the
// environment.
func New(db *sql.DB) *Strategy { return &Strategy{db: db} }

// Name implements [driver.Strategy].
func (*Strategy) Name() string { return Name }

// Open implements [driver.Strategy]. It does not connect: the init phase should be short, and
// a database that is down must not keep the function from answering.
func (s *Strategy) Open(_ context.Context, env driver.Env) (err error) {
	if s.db != nil {
		return nil
	}
	dsn := env.Getenv(EnvDSN)
	if dsn == "" {
		return fmt.Errorf("outbox: %s is not set", EnvDSN)
	}
	s.db, err = sql.Open(cmp.Or(env.Getenv(EnvDriver), "pgx"), dsn)
	return err
}

// Limits implements [driver.Sender]. They are ours to choose: the table takes what an
// envelope can be, and a row can wait for as long as somebody wants.
func (*Strategy) Limits() driver.Limits {
	return driver.Limits{
		MessageBytes: driver.MaxEnvelopeBytes,
		BatchEntries: 500, // PostgreSQL takes 65,535 parameters in a statement; these are 2,000
		BatchBytes:   8 << 20,
		MaxDelay:     365 * 24 * time.Hour,
	}
}

// Send implements [driver.Sender] with one statement, so the batch is stored as a whole or not
// at all. Package offload repeats what failed: a row that is there already, because only the
// database's answer was lost, is left as it is.
func (s *Strategy) Send(ctx context.Context, batch []driver.Message) []error {
	var statement strings.Builder
	statement.WriteString("INSERT INTO offload_outbox (id, hop, body, due) VALUES ")
	args := make([]any, 0, 4*len(batch))
	for i, m := range batch {
		if i > 0 {
			statement.WriteByte(',')
		}
		n := len(args)
		fmt.Fprintf(&statement, "($%d,$%d,$%d,$%d)", n+1, n+2, n+3, n+4)
		args = append(args, m.ID, m.Hops, string(m.Body), time.Now().Add(m.Delay))
	}
	statement.WriteString(" ON CONFLICT (id, hop) DO NOTHING")

	_, err := s.db.ExecContext(ctx, statement.String(), args...)
	if err == nil {
		return nil
	}
	err = fmt.Errorf("outbox: %w", err)
	if refused(err) {
		err = backoff.Permanent(err)
	}
	errs := make([]error, len(batch))
	for i := range errs {
		errs[i] = err
	}
	return errs
}

// refused reports an error that trying again does not change: SQLSTATE classes 22 (data), 23
// (constraints), 28 (authorization) and 42 (syntax, permission, no such table). The error
// types of pgx and pq have the method.
func refused(err error) bool {
	var state interface{ SQLState() string }
	if !errors.As(err, &state) || len(state.SQLState()) != 5 {
		return false
	}
	switch state.SQLState()[:2] {
	case "22", "23", "28", "42":
		return true
	}
	return false
}

// Thaw implements [driver.Thawer]: connections that idled through a freeze are dead.
func (s *Strategy) Thaw() {
	s.db.SetMaxIdleConns(0) // closes the idle ones
	s.db.SetMaxIdleConns(2) // the default
}

// Close closes the database. On Lambda nobody calls it.
func (s *Strategy) Close() error { return s.db.Close() }
