package lambdatest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A test whose program has changed runs again, although nothing of its own has.
func TestChangedProgramIsNotCached(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	past := time.Now().Add(-time.Hour) // what changed in the last seconds is never cached
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		past = past.Add(time.Minute)
		for _, p := range []string{path, filepath.Dir(path)} {
			if err := os.Chtimes(p, past, past); err != nil {
				t.Fatal(err)
			}
		}
	}
	write("go.mod", "module example.com/cached\n\ngo 1.26\n\nrequire github.com/go-offload/lambda v0.0.0\n\nreplace github.com/go-offload/lambda => "+root+"\n")
	write("program/main.go", "package main\n\nimport \"example.com/cached/inner\"\n\nfunc main() { inner.F() }\n")
	write("inner/inner.go", "package inner\n\nfunc F() {}\n")
	write("tests/build_test.go", `package tests

import (
	"testing"

	"github.com/go-offload/lambda/lambdatest"
)

func TestBuild(t *testing.T) {
	if _, err := lambdatest.Build(t.Context(), "..", "./program"); err != nil {
		t.Fatal(err)
	}
}
`)
	goCache, err := exec.CommandContext(t.Context(), "go", "env", "GOCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	// The program goes into a directory of its own, but the compiler has its usual one.
	env := append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod", "XDG_CACHE_HOME="+t.TempDir(), "GOCACHE="+strings.TrimSpace(string(goCache)))
	cached := func() bool {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "go", "test", "./tests")
		cmd.Dir, cmd.Env = dir, env
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return strings.Contains(string(out), "(cached)")
	}
	if cached() {
		t.Error("the first run was not run")
	}
	if !cached() {
		t.Error("nothing has changed, and the test ran again")
	}
	write("inner/inner.go", "package inner\n\nfunc F() { println() }\n")
	if cached() {
		t.Error("the program has changed, and the test did not run")
	}
}
