package docs

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	command = regexp.MustCompile(`(?:cd ([\w./-]+) && )?\bgo (run|test) ([^\x60&|;#(]*)`)
	declare = regexp.MustCompile(`(?m)^func ((?:Test|Example|Fuzz|Benchmark)\w*)\(`)
)

// Commands of the documentation name packages, tests and benchmarks that exist, and queues that the function hears of.
func TestCommands(t *testing.T) {
	t.Parallel()
	found := 0
	for _, name := range documents(t) {
		for _, c := range commands(t, name) {
			found++
			if err := c.check(); err != nil {
				t.Errorf("%s: go %s %s: %v", name, c.verb, strings.Join(c.args, " "), err)
			}
		}
	}
	if found < 30 {
		t.Errorf("only %d commands were found in the documentation", found)
	}
}

func TestBrokenCommandsAreFound(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"go test ./internal/docs -run Commands -v":                                         "",
		"cd internal/docs && go test . -run 'TestCommands'":                                "",
		"go run ./no/such/program":                                                         "no package",
		"go test ./internal/docs -run NoSuchTest":                                          "NoSuchTest",
		"go test ./internal/docs -run '^$' -bench Nothing":                                 "Nothing",
		"go run ./cmd/lambdalocal -package ./examples/nothing":                             "no package",
		"go run ./cmd/lambdalocal -env OFFLOAD_STRATEGY=extension,sqs -package ./your/own": "OFFLOAD_SQS_QUEUE_URL",
		"go run ./cmd/lambdalocal -map q,batch=2 -package ./your/own":                      "partial",
	} {
		m := command.FindStringSubmatch(text)
		if err := newInvocation(m).check(); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

// invocation is a go command.
type invocation struct {
	dir  string // from the root
	verb string
	args []string
}

func newInvocation(m []string) invocation {
	return invocation{m[1], m[2], strings.Fields(strings.NewReplacer("'", "", `"`, "").Replace(m[3]))}
}

// commands lists the go commands of a document, in its text and in its blocks.
func commands(t *testing.T, name string) (found []invocation) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	joined := strings.ReplaceAll(string(text), "\\\n", " ")
	for line := range strings.Lines(joined) {
		for _, m := range command.FindAllStringSubmatch(line, -1) {
			found = append(found, newInvocation(m))
		}
	}
	return found
}

func (c invocation) check() error {
	for i, arg := range c.args {
		value := ""
		if i+1 < len(c.args) {
			value = c.args[i+1]
		}
		switch {
		case strings.HasPrefix(arg, "./") && (i == 0 || c.verb == "test"), arg == "-package" && strings.HasPrefix(value, "./examples/"):
			target := arg
			if arg == "-package" {
				target = value
			}
			if files := c.goFiles(target); len(files) == 0 && !strings.HasSuffix(target, "...") {
				return fmt.Errorf("no package %s", target)
			}
		case c.verb == "test" && (arg == "-run" || arg == "-bench") && value != "^$" && value != ".":
			if err := c.declares(value); err != nil {
				return err
			}
		case arg == "-map" && !strings.Contains(value, "partial"):
			return fmt.Errorf("-map %s has no partial: failed tasks would be deleted", value)
		case strings.HasPrefix(arg, "OFFLOAD_STRATEGY=") && strings.Contains(arg, "sqs") && !strings.Contains(strings.Join(c.args, " "), "OFFLOAD_SQS_QUEUE_URL="):
			return fmt.Errorf("%s without OFFLOAD_SQS_QUEUE_URL", arg)
		}
	}
	return nil
}

// goFiles lists the Go files of a package.
func (c invocation) goFiles(pkg string) []string {
	files, _ := filepath.Glob(filepath.Join(root, filepath.FromSlash(path.Join(c.dir, pkg)), "*.go"))
	return files
}

// declares reports whether a package of the command has a test or benchmark that a pattern selects.
func (c invocation) declares(pattern string) error {
	selected, err := regexp.Compile(strings.Split(pattern, "/")[0])
	if err != nil {
		return err
	}
	for _, arg := range c.args {
		if strings.HasSuffix(arg, "...") {
			return nil
		}
		if !strings.HasPrefix(arg, ".") {
			continue
		}
		for _, file := range c.goFiles(arg) {
			code, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			for _, m := range declare.FindAllStringSubmatch(string(code), -1) {
				if selected.MatchString(m[1]) {
					return nil
				}
			}
		}
	}
	return fmt.Errorf("nothing is called %s", pattern)
}
