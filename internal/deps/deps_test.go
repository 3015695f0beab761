// Package deps holds the rules about what links what, each with its reason.
package deps

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/go-offload/lambda"

const (
	noSDK      = "an AWS SDK client costs a Lambda binary 0.7 MB and a millisecond of cold start"
	noTesting  = "test code has no place in a Lambda binary"
	noTemplate = "text/template turns off the linker's dead-method elimination: 4 MB"
	noLocal    = "the local Lambda has no place in a Lambda binary"
)

// production are the packages that a Lambda binary links.
var production = []string{
	"offload", "offload/driver", "offload/offloademf", "offload/offloadhttp", "offload/offloadstream", "strategies/stream", "strategies/extension", "strategies/invoke", "strategies/sqs",
}

// deps lists what pkg links in a Lambda binary; without the tag aws-lambda-go links net/rpc, and
// with it html/template.
func deps(t *testing.T, pkg string) []string {
	t.Helper()
	out, err := exec.Command("go", "list", "-tags=lambda.norpc", "-deps", module+"/"+pkg).CombinedOutput()
	if err != nil {
		t.Fatalf("go list -deps %s: %v\n%s", pkg, err, out)
	}
	return strings.Fields(string(out))
}

func TestProductionPackagesStayLean(t *testing.T) {
	t.Parallel()
	for _, pkg := range production {
		t.Run(pkg, func(t *testing.T) {
			t.Parallel()
			for _, dep := range deps(t, pkg) {
				why := ""
				switch {
				case dep == "testing" || strings.HasPrefix(dep, "testing/"):
					why = noTesting
				case dep == "text/template" || dep == "html/template":
					why = noTemplate
				case strings.HasPrefix(dep, module+"/lambdatest"):
					why = noLocal
				case strings.HasPrefix(dep, "github.com/aws/aws-sdk-go-v2") && pkg != "strategies/invoke" && pkg != "strategies/sqs":
					why = noSDK
				case strings.HasPrefix(dep, "github.com/aws/aws-sdk-go-v2/service/lambda") && pkg == "strategies/sqs",
					strings.HasPrefix(dep, "github.com/aws/aws-sdk-go-v2/service/sqs") && pkg == "strategies/invoke",
					strings.HasPrefix(dep, "github.com/aws/aws-sdk-go-v2/config"),
					strings.HasPrefix(dep, "github.com/aws/aws-sdk-go-v2/credentials"):
					why = noSDK
				case strings.HasPrefix(dep, module+"/strategies/") && strings.HasPrefix(pkg, "offload"):
					why = "the core knows no strategy: what is not imported costs nothing"
				}
				if why != "" {
					t.Errorf("%s links %s: %s", pkg, dep, why)
				}
			}
		})
	}
}

// Otherwise the rules above could hold because nothing is listed.
func TestSendersLinkTheirClients(t *testing.T) {
	t.Parallel()
	for pkg, client := range map[string]string{"strategies/sqs": "sqs", "strategies/invoke": "lambda"} {
		if !slices.Contains(deps(t, pkg), "github.com/aws/aws-sdk-go-v2/service/"+client) {
			t.Errorf("%s does not link the client of its service", pkg)
		}
	}
}

func TestLocalLambdaIsStandardLibraryOnly(t *testing.T) {
	t.Parallel()
	for _, dep := range append(deps(t, "lambdatest"), deps(t, "lambdatest/sqstest")...) {
		first, _, _ := strings.Cut(dep, "/")
		if strings.Contains(first, ".") && !strings.HasPrefix(dep, module) {
			t.Errorf("lambdatest links %s: it has to be useful to anyone, for any binary", dep)
		}
		if dep == "testing" {
			t.Errorf("lambdatest links testing: cmd/lambdalocal is a program")
		}
	}
}
