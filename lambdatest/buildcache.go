package lambdatest

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

const (
	// unusedAfter is how long a built program is kept that nobody builds again. Every folder that a module is
	// tested in has programs of its own: a CI machine with a fresh workspace for each run leaves them behind.
	unusedAfter = 10 * 24 * time.Hour

	// pruneInterval is how often builds look for such programs.
	pruneInterval = 24 * time.Hour
)

// buildCache is where programs are built, one directory for each key, in the user's cache directory.
func buildCache() string {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir() // no HOME, as in some containers
	}
	return filepath.Join(cache, "go-offload-lambdatest")
}

// buildDir makes the directory of a key, and locks it: other test processes build the same fixtures.
func buildDir(cache, key string) (dir string, unlock func(), err error) {
	sum := sha256.Sum256([]byte(key))
	dir = filepath.Join(cache, hex.EncodeToString(sum[:8]))
	lock := filepath.Join(dir, "lock")
	for range 10 {
		if err = os.MkdirAll(dir, 0o755); err != nil {
			return "", nil, err
		}
		now := time.Now()
		_ = os.Chtimes(dir, now, now) // it is in use; go build does not touch what is up to date
		if unlock, err = lockFile(lock); err == nil {
			if _, err = os.Stat(lock); err == nil {
				return dir, unlock, nil
			}
			unlock()
		}
		if !errors.Is(err, fs.ErrNotExist) {
			break
		}
		// Another process took it for unused in the same moment, and has removed it.
	}
	return "", nil, err
}

// prune removes programs that were not built for long, once a day. What cannot be removed stays: a cache is no reason to fail.
func prune(cache string, now time.Time) {
	marker := filepath.Join(cache, "pruned")
	if info, err := os.Stat(marker); err == nil && now.Sub(info.ModTime()) < pruneInterval {
		return
	}
	if os.WriteFile(marker, nil, 0o644) != nil || os.Chtimes(marker, now, now) != nil {
		return
	}
	entries, err := os.ReadDir(cache)
	if err != nil {
		return
	}
	for _, e := range entries {
		if !e.IsDir() || !unused(filepath.Join(cache, e.Name()), now) {
			continue
		}
		dir := filepath.Join(cache, e.Name())
		unlock, err := lockFile(filepath.Join(dir, "lock"))
		if err != nil {
			continue
		}
		if unused(dir, now) { // still, now that nobody can be building in it
			_ = os.RemoveAll(dir)
		}
		unlock()
	}
}

func unused(dir string, now time.Time) bool {
	info, err := os.Stat(dir)
	return err == nil && now.Sub(info.ModTime()) > unusedAfter
}
