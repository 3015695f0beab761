package record

import (
	"os"
	"path/filepath"
)

// DefaultPath is the file that run writes and the other commands read if none is
// named: benchmarks/out/run.ndjson, seen from the root of the repository or from
// the folder benchmarks.
func DefaultPath() string {
	dir := "out"
	if _, err := os.Stat(filepath.Join("benchmarks", "go.mod")); err == nil {
		dir = filepath.Join("benchmarks", dir)
	}
	return filepath.Join(dir, "run.ndjson")
}
