package sqs_test

import (
	"os/exec"
	"strings"
	"testing"
)

// What a Lambda binary gets with the strategy, and why it does not get more.
func TestDependencies(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-deps", ".").CombinedOutput()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, out)
	}
	linked := map[string]bool{}
	for _, pkg := range strings.Fields(string(out)) {
		linked[pkg] = true
	}
	if !linked["github.com/aws/aws-sdk-go-v2/service/sqs"] {
		t.Fatal("go list does not list what it should")
	}
	for pkg, reason := range map[string]string{
		"github.com/aws/aws-sdk-go-v2/service/lambda": "a strategy that is not used costs nothing",
		"github.com/aws/aws-sdk-go-v2/config":         "1.2 MB and a millisecond of start for credentials that Lambda puts into the environment",
		"github.com/aws/aws-sdk-go-v2/credentials":    "as config",
		"testing":       "test code has no place in a function",
		"text/template": "4 MB: it keeps the linker from dropping methods",
		"html/template": "as text/template",
		"github.com/go-offload/lambda/lambdatest": "test code has no place in a function",
	} {
		if linked[pkg] {
			t.Errorf("links %s: %s", pkg, reason)
		}
	}
	for pkg := range linked {
		if strings.HasPrefix(pkg, "github.com/go-offload/lambda/lambdatest/") {
			t.Errorf("links %s", pkg)
		}
	}
}
