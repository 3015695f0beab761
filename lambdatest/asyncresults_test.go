package lambdatest

import (
	"strconv"
	"testing"
)

// The oldest outcomes go first, by number and by size.
func TestAsyncResultsAreBounded(t *testing.T) {
	t.Parallel()
	var r asyncResults
	for i := range keptAsyncResults + 10 {
		r.add(AsyncResult{RequestID: strconv.Itoa(i)})
	}
	_, gone := r.byID["9"]
	if _, kept := r.byID["10"]; gone || !kept || len(r.byID) != keptAsyncResults || len(r.order) != keptAsyncResults {
		t.Errorf("%d kept", len(r.byID))
	}
	large := make([]byte, keptAsyncResultBytes/2)
	for _, id := range []string{"a", "b", "c"} {
		r.add(AsyncResult{RequestID: id, Payload: large})
	}
	_, gone = r.byID["a"]
	if _, kept := r.byID["b"]; gone || !kept || len(r.byID) != 2 || r.bytes != keptAsyncResultBytes {
		t.Errorf("%d results with %d bytes", len(r.byID), r.bytes)
	}
}
