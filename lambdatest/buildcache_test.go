package lambdatest

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Programs that nobody builds any more do not fill the disk.
func TestUnusedProgramsAreRemoved(t *testing.T) {
	t.Parallel()
	cache := t.TempDir()
	now := time.Now()
	built := func(key string, age time.Duration) string {
		dir, unlock, err := buildDir(cache, key)
		if err != nil {
			t.Fatal(err)
		}
		unlock()
		program := filepath.Join(dir, "program")
		if err := os.WriteFile(program, []byte("built"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(dir, now.Add(-age), now.Add(-age)); err != nil {
			t.Fatal(err)
		}
		return program
	}
	there := func(program string) bool {
		_, err := os.Stat(program)
		return err == nil
	}
	young, old, again := built("young", unusedAfter-time.Hour), built("old", unusedAfter+time.Hour), built("again", unusedAfter+time.Hour)
	_, unlock, err := buildDir(cache, "again") // is built once more
	if err != nil {
		t.Fatal(err)
	}
	unlock()

	prune(cache, now)
	if !there(young) || there(old) || !there(again) {
		t.Errorf("young %t, old %t, built again %t", there(young), there(old), there(again))
	}
	old = built("old", unusedAfter+time.Hour)
	prune(cache, now.Add(pruneInterval-time.Minute))
	if !there(old) {
		t.Error("looked for unused programs twice a day")
	}
	prune(cache, now.Add(pruneInterval+time.Minute))
	if there(old) {
		t.Error("an unused program is still there")
	}
}
