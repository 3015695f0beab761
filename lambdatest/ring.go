package lambdatest

// ring keeps the newest values up to a limit, so that a long benchmark does not fill the memory with its own history.
type ring[T any] struct {
	values []T
	first  int // index of the oldest, once full
	limit  int
}

func (r *ring[T]) add(v T) {
	if len(r.values) < r.limit {
		r.values = append(r.values, v)
		return
	}
	r.values[r.first] = v
	r.first = (r.first + 1) % r.limit
}

// all returns a copy, oldest first.
func (r *ring[T]) all() []T {
	out := make([]T, 0, len(r.values))
	out = append(out, r.values[r.first:]...)
	return append(out, r.values[:r.first]...)
}

// newest calls f from the newest to the oldest until it returns false.
func (r *ring[T]) newest(f func(T) bool) {
	n := len(r.values)
	for i := range n {
		if !f(r.values[(r.first+n-1-i)%n]) {
			return
		}
	}
}
