package lambdatest

import (
	"strings"
	"testing"
)

func TestExtendLineage(t *testing.T) {
	t.Parallel()
	const a, b = "0000000a", "0000000b"
	for _, tt := range []struct {
		header, hash, want string
		before             int
	}{
		{"Root=1-2;Parent=3", a, "Root=1-2;Parent=3;Lineage=1:0000000a:0", 0},
		{"Root=1-2;Lineage=1:0000000a:0", a, "Root=1-2;Lineage=1:0000000a:1", 1},
		{"Root=1-2;Lineage=1:0000000a:9;Sampled=0", a, "Root=1-2;Lineage=1:0000000a:10;Sampled=0", 10},
		{"Root=1-2;Lineage=1:0000000a:4", b, "Root=1-2;Lineage=1:0000000a:4|1:0000000b:0", 0},
		{"Root=1-2;Lineage=1:0000000a:4%7C1:0000000b:2;Sampled=0", b, "Root=1-2;Lineage=1:0000000a:4|1:0000000b:3;Sampled=0", 3},
		{"Root=1-2;Lineage=1:0000000a:-1", a, "Root=1-2;Lineage=1:0000000a:-1|1:0000000a:0", 0},
		{"Root=1-2;Lineage=%", a, "Root=1-2;Lineage=%|1:0000000a:0", 0},
		{"", a, ";Lineage=1:0000000a:0", 0},
	} {
		if got, before := extendLineage(tt.header, tt.hash); got != tt.want || before != tt.before {
			t.Errorf("%s: %s, %d before, want %s, %d", tt.header, got, before, tt.want, tt.before)
		}
	}
	if h := lineageHash("arn"); len(h) != 8 {
		t.Errorf("%q", h)
	}
}

// Whatever header comes in, the next invocation counts one more than this one.
func FuzzExtendLineage(f *testing.F) {
	f.Add("Root=1-2;Parent=3;Sampled=0;Lineage=1:0000000a:3")
	f.Add("Lineage=%7C;Lineage=1:0000000a:99999999999999999999")
	f.Fuzz(func(t *testing.T, header string) {
		once, before := extendLineage(header, "0000000a")
		twice, after := extendLineage(once, "0000000a")
		if before == 1<<20 { // as far as it counts
			return
		}
		if after != before+1 || strings.Count(twice, lineageField) < 1 {
			t.Errorf("%q: %d, then %q: %d", header, before, once, after)
		}
	})
}
