package outbox_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"
)

// memory stands in for PostgreSQL: it understands the statements of this package and no
// others, takes a row for locked from the SELECT to the end of the transaction, and changes
// nothing before the commit.
type memory struct {
	mu   sync.Mutex
	rows map[key]*row
	down error
}

func init() { sql.Register("stand-in", &memory{rows: map[key]*row{}}) }

type key struct {
	id  string
	hop int64
}

type row struct {
	key
	body   string
	due    time.Time
	locked bool
}

func newMemory(t *testing.T) (*memory, *sql.DB) {
	t.Helper()
	m := &memory{rows: map[key]*row{}}
	db := sql.OpenDB(m)
	t.Cleanup(func() { db.Close() })
	return m, db
}

func (m *memory) bodies() [][]byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	var bodies [][]byte
	for _, r := range m.rows {
		bodies = append(bodies, []byte(r.body))
	}
	return bodies
}

// sqlState is an error as the drivers of PostgreSQL have it.
type sqlState string

func (s sqlState) Error() string    { return "SQLSTATE " + string(s) }
func (s sqlState) SQLState() string { return string(s) }

func (m *memory) refuse(permanent bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.down = sqlState("57P03") // cannot connect now
	if permanent {
		m.down = sqlState("42501") // insufficient privilege
	}
}

// Connect implements driver.Connector.
func (m *memory) Connect(context.Context) (driver.Conn, error) { return &conn{memory: m}, nil }

// Driver implements driver.Connector.
func (m *memory) Driver() driver.Driver { return m }

// Open implements driver.Driver.
func (m *memory) Open(string) (driver.Conn, error) { return &conn{memory: m}, nil }

type conn struct {
	*memory
	locked  *row
	pending func()
}

func (c *conn) Prepare(query string) (driver.Stmt, error) { return nil, unknown(query) }
func (c *conn) Close() error                              { return nil }
func (c *conn) Begin() (driver.Tx, error)                 { return c, nil }

func (c *conn) Commit() error {
	c.end(true)
	return nil
}

func (c *conn) Rollback() error {
	c.end(false)
	return nil
}

func (c *conn) end(commit bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if commit && c.pending != nil {
		c.pending()
	}
	if c.locked != nil {
		c.locked.locked = false
	}
	c.locked, c.pending = nil, nil
}

func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if c.down != nil {
		return nil, c.down
	}
	switch {
	case strings.HasPrefix(query, "INSERT") && strings.HasSuffix(query, "ON CONFLICT (id, hop) DO NOTHING"):
		for ; len(args) > 0; args = args[4:] {
			r := &row{key: keyOf(args), body: args[2].Value.(string), due: args[3].Value.(time.Time)}
			if _, there := c.rows[r.key]; !there {
				c.rows[r.key] = r
			}
		}
	case strings.HasPrefix(query, "DELETE"):
		k := keyOf(args)
		c.pending = func() { delete(c.rows, k) }
	case strings.HasPrefix(query, "UPDATE"):
		k, due := keyOf(args), args[2].Value.(time.Time)
		c.pending = func() { c.rows[k].due = due }
	default:
		return nil, unknown(query)
	}
	return driver.ResultNoRows, nil
}

func keyOf(args []driver.NamedValue) key {
	return key{args[0].Value.(string), args[1].Value.(int64)}
}

func unknown(query string) error { return fmt.Errorf("the stand-in does not know %q", query) }

// QueryContext finds the row that is due for longest.
func (c *conn) QueryContext(_ context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if !strings.HasPrefix(query, "SELECT id, hop, body") || !strings.HasSuffix(query, "SKIP LOCKED") {
		return nil, unknown(query)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var first *row
	for _, r := range c.rows {
		if !r.locked && !r.due.After(args[0].Value.(time.Time)) && (first == nil || r.due.Before(first.due)) {
			first = r
		}
	}
	if first != nil {
		first.locked = true
		c.locked = first
	}
	return &result{first}, nil
}

// result has one row, or none.
type result struct{ *row }

func (*result) Columns() []string { return []string{"id", "hop", "body"} }
func (*result) Close() error      { return nil }

func (r *result) Next(values []driver.Value) error {
	if r.row == nil {
		return io.EOF
	}
	values[0], values[1], values[2] = r.id, r.hop, r.body
	r.row = nil
	return nil
}

// pass makes every row due that would be after d.
func (m *memory) pass(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range m.rows {
		r.due = r.due.Add(-d)
	}
}
