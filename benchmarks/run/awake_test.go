package run

import (
	"encoding/binary"
	"os"
	"testing"
)

// What is requested of the processors can be read from the file that takes the requests.
func TestKeepAwake(t *testing.T) {
	allowed := func() uint32 {
		b, err := os.ReadFile(latencyRequest)
		if len(b) != 4 {
			t.Skipf("no requests can be made here: %d bytes, %v", len(b), err)
		}
		return binary.NativeEndian.Uint32(b)
	}
	if allowed() == 0 {
		t.Skip("somebody else keeps the processors awake")
	}
	awake, release := keepAwake()
	if during := allowed(); awake != (during == 0) {
		t.Errorf("awake = %t, and processors may take %d µs to wake", awake, during)
	}
	release()
	if after := allowed(); after == 0 {
		t.Error("the processors stay awake after the run")
	}
}
