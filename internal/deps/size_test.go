package deps

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// inProcessBytes is what an in-process strategy may add to a bare aws-lambda-go binary,
// stripped, for each set of build tags: a ratchet. The goal was 150,000. log/slog is 80,000 of it, which
// most functions have anyway; package reflect a further 60,000 where lambda.norpc has made it small.
var inProcessBytes = map[string]int64{"": 238_000, "lambda.norpc": 370_000}

func TestBinarySize(t *testing.T) {
	if testing.Short() {
		t.Skip("builds six binaries")
	}
	t.Parallel()
	for tags, most := range inProcessBytes {
		bare := build(t, tags, "bare")
		for _, strategy := range []string{"stream", "extension"} {
			if added := build(t, tags, strategy) - bare; added > most {
				t.Errorf("%s adds %d bytes to a bare aws-lambda-go binary (%d) with -tags=%q, %d are allowed", strategy, added, bare, tags, most)
			} else {
				t.Logf("%s adds %d bytes to %d with -tags=%q", strategy, added, bare, tags)
			}
		}
	}
}

func build(t *testing.T, tags, program string) int64 {
	t.Helper()
	out := filepath.Join(t.TempDir(), "bootstrap")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-tags="+tags, "-o", out, "./testdata/"+program)
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
