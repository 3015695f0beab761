package offload

import "strconv"

// deduplication gives the key under which a destination may drop the task as a
// repeat. It is the same whenever this send is repeated, and otherwise new: a
// destination that still remembers an earlier hop of the task would take it for that
// one, accept it and drop it.
//
// The user's key decides about the first send of the task that it was given to,
// which in a worker is not the first hop: what a delivered task defers counts hops
// from there. When the task is sent on later, to wait longer, the key has done its work.
func (e *entry) deduplication(info *TaskInfo) string {
	if e.set.deduplication != "" && !e.returning() {
		return e.set.deduplication
	}
	if info.Hops == 0 {
		return info.ID
	}
	return info.ID + "." + strconv.Itoa(info.Hops+1)
}

// returning reports that the task has left a process before, and not only those that deferred it.
func (e *entry) returning() bool {
	return e.out.origin != nil && e.out.origin.task == e
}
