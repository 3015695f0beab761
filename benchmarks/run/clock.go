package run

import "time"

// clock turns moments into the file's nanoseconds since the run was started. A run
// that goes on where another one stopped continues its count.
type clock struct {
	started int64     // of the run, in nanoseconds of the Unix epoch
	base    time.Time // of this process, with a monotonic reading
	offset  int64     // of base, since started
}

func newClock(started time.Time) clock {
	base := time.Now()
	return clock{started: started.UnixNano(), base: base, offset: base.UnixNano() - started.UnixNano()}
}

// at is a moment of this process; the zero time is never.
func (c clock) at(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return c.offset + int64(t.Sub(c.base))
}

// wall is a moment of the Unix epoch; 0 is never.
func (c clock) wall(unixNano int64) int64 {
	if unixNano == 0 {
		return 0
	}
	return unixNano - c.started
}
