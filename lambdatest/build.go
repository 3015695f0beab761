package lambdatest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
)

// builds remembers, for the life of the process, what was built: the same fixture serves many tests.
var builds struct {
	sync.Mutex
	done map[string]*build
}

type build struct {
	once sync.Once
	path string
	err  error
}

// Build compiles a Go package as Deploy does and returns the program, which is named after the package. The result is
// kept in the user's cache directory until nobody has built it for ten days, and shared by everything in this process
// that asks for the same package and arguments. Dir and args are as in Function. Errors wrap ErrBuild and hold the
// compiler's output.
func Build(ctx context.Context, dir, pkg string, args ...string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrBuild, err)
	}
	key := strings.Join(append([]string{abs, pkg, os.Getenv("GOFLAGS"), runtime.Version()}, args...), "\x00")
	builds.Lock()
	if builds.done == nil {
		builds.done = map[string]*build{}
	}
	b := builds.done[key]
	if b == nil {
		b = &build{}
		builds.done[key] = b
	}
	builds.Unlock()

	b.once.Do(func() { b.path, b.err = goBuild(ctx, abs, pkg, key, args) })
	if b.err == nil {
		return b.path, nil
	}
	builds.Lock()
	if builds.done[key] == b {
		delete(builds.done, key) // what was repaired meanwhile may be tried again
	}
	builds.Unlock()
	if ctx.Err() == nil && (errors.Is(b.err, context.Canceled) || errors.Is(b.err, context.DeadlineExceeded)) {
		return Build(ctx, dir, pkg, args...) // somebody else gave up, we did not
	}
	return "", b.err
}

func goBuild(ctx context.Context, dir, pkg, key string, args []string) (string, error) {
	cache := buildCache()
	home, unlock, err := buildDir(cache, key)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrBuild, err)
	}
	defer unlock()
	prune(cache, time.Now())

	program := filepath.Join(home, programName(dir, pkg))
	cgo := "0"
	if slices.Contains(args, "-race") || slices.Contains(args, "--race") {
		cgo = "1" // the race detector needs it on Linux
	}
	command := append([]string{"build", "-trimpath", "-tags", "lambda.norpc", "-o", program}, args...)
	cmd := exec.CommandContext(ctx, "go", append(command, pkg)...)
	cmd.Dir = dir
	// With GOTMPDIR on the same file system go build renames the new program into place: one that runs from the old
	// file, in another test process, is not disturbed.
	cmd.Env = append(os.Environ(), "CGO_ENABLED="+cgo, "GOOS="+runtime.GOOS, "GOARCH="+runtime.GOARCH, "GOTMPDIR="+home)
	var text bytes.Buffer
	cmd.Stdout, cmd.Stderr = &text, &text
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return "", fmt.Errorf("%w: go build %s in %s: %w\n%s", ErrBuild, pkg, dir, err, bytes.TrimSpace(text.Bytes()))
	}
	noteInputs(ctx, dir, pkg, cmd.Env)
	return program, nil
}

// programName is the last element of the package path, which for an extension is the name it registers under.
func programName(dir, pkg string) string {
	name := path.Base(filepath.ToSlash(pkg))
	if name == "." || name == ".." || name == "/" {
		name = filepath.Base(filepath.Join(dir, pkg))
	}
	if name == "." || name == string(filepath.Separator) {
		name = "bootstrap"
	}
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	return name
}
