package offload

import (
	"strings"
	"testing"
)

const (
	xrayRootID   = "1-5759e988-bd862e3fe1be46a994272793"
	xrayTraceHex = "5759e988bd862e3fe1be46a994272793"
)

func TestTraceParentOfXRay(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"Root=" + xrayRootID + ";Parent=53995c3f42cd8ad8;Sampled=1":                                           "00-" + xrayTraceHex + "-53995c3f42cd8ad8-01",
		"Root=" + xrayRootID + ";Parent=53995c3f42cd8ad8;Sampled=0;Lineage=1:8a6b2c1d:0":                      "00-" + xrayTraceHex + "-53995c3f42cd8ad8-00",
		"Self=1-67891234-12456789abcdef012345678;Root=" + xrayRootID + "; Parent=53995C3F42CD8AD8; Sampled=?": "00-" + xrayTraceHex + "-53995c3f42cd8ad8-00",
		"Root=" + xrayRootID + ";Sampled=1":                                                                   "", // no parent
		"Parent=53995c3f42cd8ad8;Sampled=1":                                                                   "",
		"Root=1-5759e988-bd862e3fe1be46a99427279;Parent=53995c3f42cd8ad8":                                     "", // too short
		"Root=2-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8":                                    "",
		"Root=1-5759e98g-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8":                                    "",
		"Root=1-00000000-000000000000000000000000;Parent=53995c3f42cd8ad8":                                    "",
		"Root=" + xrayRootID + ";Parent=0000000000000000":                                                     "",
		"":                  "",
		";;=;Root=;Parent=": "",
	} {
		if got := traceParentOfXRay(header); got != want {
			t.Errorf("%q: %q, want %q", header, got, want)
		}
	}
}

func TestXRayWithParent(t *testing.T) {
	t.Parallel()
	same := "00-" + xrayTraceHex + "-00f067aa0ba902b7-0"
	for _, c := range []struct{ header, traceParent, want string }{
		{"Root=" + xrayRootID + ";Parent=53995c3f42cd8ad8;Sampled=0;Lineage=1:8a6b2c1d:0", same + "1", "Root=" + xrayRootID + ";Parent=00f067aa0ba902b7;Sampled=1;Lineage=1:8a6b2c1d:0"},
		{"Root=" + xrayRootID + ";Sampled=1", same + "2", "Root=" + xrayRootID + ";Parent=00f067aa0ba902b7;Sampled=0"},
		{"Root=" + xrayRootID + ";Parent=53995c3f42cd8ad8;Sampled=1", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "Root=" + xrayRootID + ";Parent=53995c3f42cd8ad8;Sampled=1"},
		{"Root=" + xrayRootID + ";Sampled=1", "", "Root=" + xrayRootID + ";Sampled=1"},
		{"", same + "1", ""},
	} {
		if got := xrayWithParent(c.header, c.traceParent); got != c.want {
			t.Errorf("%q with %q: %q, want %q", c.header, c.traceParent, got, c.want)
		}
	}
}

// What is made of a header goes into an envelope, which refuses what is no trace context.
func FuzzTraceParentOfXRay(f *testing.F) {
	f.Add("Root=" + xrayRootID + ";Parent=53995c3f42cd8ad8;Sampled=1;Lineage=1:8a6b2c1d:0")
	f.Add("Root=1-;Parent=;Sampled=1")
	f.Fuzz(func(t *testing.T, header string) {
		parent := traceParentOfXRay(header)
		if parent == "" {
			return
		}
		if len(parent) != 55 || strings.ToLower(parent) != parent {
			t.Errorf("%q: %q", header, parent)
		}
		traceID, span, sampled := parseXRay(xrayWithParent(header, parent))
		if again := "00-" + traceID + "-" + span; again != parent[:52] || sampled != (parent[53:] == "01") {
			t.Errorf("%q: %q, and back: %q", header, parent, again)
		}
	})
}
