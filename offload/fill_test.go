package offload

import (
	"fmt"
	"testing"

	"github.com/go-offload/lambda/offload/driver"
)

func TestLimitsFill(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		limits driver.Limits
		sizes  []int
		want   []int // messages per batch
	}{
		{"one at a time", driver.Limits{BatchEntries: 1}, []int{1, 1, 1}, []int{1, 1, 1}},
		{"by entries", driver.Limits{BatchEntries: 10}, []int{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, []int{10, 1}},
		{"exactly full", driver.Limits{BatchEntries: 3}, []int{1, 1, 1}, []int{3}},
		{"by bytes", driver.Limits{BatchEntries: 10, BatchBytes: 10}, []int{5, 5, 1, 9, 9}, []int{2, 2, 1}},
		{"overhead counts", driver.Limits{BatchEntries: 10, BatchBytes: 10, Overhead: 1}, []int{5, 5, 1, 6}, []int{1, 2, 1}},
		{"overhead alone", driver.Limits{BatchEntries: 10, BatchBytes: 10, Overhead: 5}, []int{0, 0, 0}, []int{2, 1}},
		{"larger than a batch", driver.Limits{BatchEntries: 10, BatchBytes: 10}, []int{20, 1}, []int{1, 1}},
		{"no bound of bytes", driver.Limits{BatchEntries: 10}, []int{1 << 20, 1 << 20}, []int{2}},
	} {
		messages := make([]driver.Message, len(tc.sizes))
		for i, n := range tc.sizes {
			messages[i].Body = make([]byte, n)
		}
		var got []int
		for start := 0; start < len(messages); {
			end := (&link{limits: tc.limits}).fill(messages, start)
			if end <= start {
				t.Fatalf("%s: an empty batch at %d", tc.name, start)
			}
			got = append(got, end-start)
			start = end
		}
		if fmt.Sprint(got) != fmt.Sprint(tc.want) {
			t.Errorf("%s: batches of %v, want %v", tc.name, got, tc.want)
		}
	}
}
