package lambdatest

import (
	"context"
	"flag"
	"os"
	"os/exec"
	"strings"
)

// noteInputs has go test know what a program is built from. It caches a passed test by the test's own code and by the files that
// the test opened, and would not run it again when only the program has changed. Opening a directory stands for all files in
// it; what lies outside the module of the test is not looked at.
func noteInputs(ctx context.Context, dir, pkg string, env []string) {
	log := flag.Lookup("test.testlogfile") // is set where the result is going to be cached
	if log == nil || log.Value.String() == "" {
		return
	}
	cmd := exec.CommandContext(ctx, "go", "list", "-deps", "-tags", "lambda.norpc", "-f", "{{if not .Standard}}{{.Dir}}{{end}}", pkg)
	cmd.Dir, cmd.Env = dir, env
	out, err := cmd.Output()
	if err != nil {
		return // the program has been built; this is only about repeating the test
	}
	for line := range strings.Lines(string(out)) {
		if d, err := os.Open(strings.TrimSpace(line)); err == nil {
			_ = d.Close()
		}
	}
}
