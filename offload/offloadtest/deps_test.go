package offloadtest_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// A program that links the package by accident must not get testing's flags.
func TestLinksNoTestingPackage(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	deps := strings.Fields(string(out))
	if !slices.Contains(deps, "github.com/go-offload/lambda/offload") {
		t.Fatalf("go list gave no dependencies: %.200s", out)
	}
	for _, banned := range []string{"testing", "flag", "github.com/aws/aws-sdk-go-v2/aws"} {
		if slices.Contains(deps, banned) {
			t.Errorf("the package links %s", banned)
		}
	}
}
