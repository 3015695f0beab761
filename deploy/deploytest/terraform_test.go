package deploytest

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
)

// module reads the Terraform module: syntax, the form of terraform fmt, and every reference to what is declared in it.
// Names and types of resources' attributes are the provider's, which cannot be asked here.
func TestTerraform(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../terraform/*.tf")
	if err != nil || len(files) < 5 {
		t.Fatal(files, err)
	}
	declared := map[string]bool{}
	var used []hcl.Traversal
	var text strings.Builder
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text.Write(source)
		if formatted := hclwrite.Format(source); !bytes.Equal(formatted, source) {
			t.Errorf("%s is not as terraform fmt would have it", file)
		}
		parsed, diagnostics := hclsyntax.ParseConfig(source, file, hcl.InitialPos)
		if diagnostics.HasErrors() {
			t.Fatal(diagnostics)
		}
		body := parsed.Body.(*hclsyntax.Body)
		for _, block := range body.Blocks {
			switch block.Type {
			case "variable":
				declared["var."+block.Labels[0]] = true
			case "resource":
				declared[block.Labels[0]+"."+block.Labels[1]] = true
			case "data":
				declared["data."+block.Labels[0]+"."+block.Labels[1]] = true
			case "locals":
				for name := range block.Body.Attributes {
					declared["local."+name] = true
				}
			}
		}
		_ = hclsyntax.VisitAll(body, func(n hclsyntax.Node) hcl.Diagnostics {
			if e, ok := n.(*hclsyntax.ScopeTraversalExpr); ok {
				used = append(used, e.Traversal)
			}
			return nil
		})
	}
	if len(used) < 20 {
		t.Fatalf("%d references found", len(used))
	}
	for _, traversal := range used {
		root := traversal.RootName()
		n := 2
		switch {
		case root == "data":
			n = 3
		case root != "var" && root != "local" && !strings.HasPrefix(root, "aws_"):
			continue // the iterator of a for or of a dynamic block
		}
		var parts []string
		for _, step := range traversal[:min(n, len(traversal))] {
			switch step := step.(type) {
			case hcl.TraverseRoot:
				parts = append(parts, step.Name)
			case hcl.TraverseAttr:
				parts = append(parts, step.Name)
			}
		}
		if name := strings.Join(parts, "."); !declared[name] {
			t.Errorf("%s: %s is not declared", traversal.SourceRange(), name)
		}
	}
	var actions []string
	for _, m := range regexp.MustCompile(`"((?:sqs|lambda):\w+)"`).FindAllStringSubmatch(text.String(), -1) {
		actions = append(actions, m[1])
	}
	slices.Sort(actions)
	if got, want := strings.Join(slices.Compact(actions), " "), "lambda:InvokeFunction sqs:ChangeMessageVisibility sqs:DeleteMessage sqs:GetQueueAttributes sqs:ReceiveMessage sqs:SendMessage"; got != want {
		t.Errorf("actions %s, want %s", got, want)
	}
}
