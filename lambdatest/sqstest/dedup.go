package sqstest

import "time"

// dedupLog remembers what a FIFO queue accepted in the last five minutes, also
// after the messages were received and deleted.
type dedupLog struct {
	byKey map[string]dedupEntry
	ages  []dedupAge
}

type dedupEntry struct {
	messageID string
	sequence  string
}

type dedupAge struct {
	key string
	at  time.Time
}

func (l *dedupLog) find(key string) (dedupEntry, bool) {
	e, ok := l.byKey[key]
	return e, ok
}

func (l *dedupLog) remember(key string, e dedupEntry, now time.Time) {
	if l.byKey == nil {
		l.byKey = map[string]dedupEntry{}
	}
	l.byKey[key] = e
	l.ages = append(l.ages, dedupAge{key, now})
}

func (l *dedupLog) expire(now time.Time) {
	n := 0
	for n < len(l.ages) && now.Sub(l.ages[n].at) >= dedupInterval {
		delete(l.byKey, l.ages[n].key)
		n++
	}
	l.ages = l.ages[n:]
}
