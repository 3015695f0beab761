package deps

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// maxInProcessBytes is what an in-process strategy may add to a bare
// aws-lambda-go binary, stripped. It is a ratchet: the goal is 150,000, and most of
// the way there is to link the sending side and the worker only with a sender.
const maxInProcessBytes = 560_000

func TestBinarySize(t *testing.T) {
	if testing.Short() {
		t.Skip("builds three binaries")
	}
	t.Parallel()
	bare := build(t, "bare")
	for _, strategy := range []string{"stream", "extension"} {
		if added := build(t, strategy) - bare; added > maxInProcessBytes {
			t.Errorf("%s adds %d bytes to a bare aws-lambda-go binary (%d), %d are allowed", strategy, added, bare, maxInProcessBytes)
		} else {
			t.Logf("%s adds %d bytes to %d", strategy, added, bare)
		}
	}
}

func build(t *testing.T, program string) int64 {
	t.Helper()
	out := filepath.Join(t.TempDir(), "bootstrap")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-tags=lambda.norpc", "-o", out, "./testdata/"+program)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
	if b, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("building %s: %v\n%s", program, err, b)
	}
	info, err := os.Stat(out)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}
