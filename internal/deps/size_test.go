package deps

import (
	"bytes"
	"compress/flate"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// inProcessBytes is what an in-process strategy may add to a bare aws-lambda-go binary,
// stripped, for each set of build tags: a ratchet. The goal was 150,000; docs/decisions.md has what the rest is for.
var inProcessBytes = map[string]map[string]int64{
	"":             {"stream": 205_000, "extension": 234_000},
	"lambda.norpc": {"stream": 324_000, "extension": 353_000},
}

func TestBinarySize(t *testing.T) {
	if testing.Short() {
		t.Skip("builds six binaries")
	}
	t.Parallel()
	for tags, mosts := range inProcessBytes {
		bare := build(t, tags, "bare")
		for strategy, most := range mosts {
			with := build(t, tags, strategy)
			if added := with.plain - bare.plain; added > most {
				t.Errorf("%s adds %d bytes to a bare aws-lambda-go binary (%d) with -tags=%q, %d are allowed", strategy, added, bare.plain, tags, most)
			} else {
				t.Logf("%s adds %d bytes to %d with -tags=%q, and %d to %d compressed", strategy, added, bare.plain, tags, with.packed-bare.packed, bare.packed)
			}
		}
	}
}

// size of a binary, in bytes.
type size struct {
	plain  int64
	packed int64 // as the .zip file that is uploaded has it
}

func build(t *testing.T, tags, program string) size {
	t.Helper()
	out := filepath.Join(t.TempDir(), "bootstrap")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-tags="+tags, "-o", out, "./testdata/"+program)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
	if b, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("building %s: %v\n%s", program, err, b)
	}
	binary, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Write(binary)
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return size{plain: int64(len(binary)), packed: int64(packed.Len())}
}
