package deploytest

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// permissions lists "action on resource" for each role.
func permissions(tpl *template) map[string][]string {
	all := map[string][]string{}
	for name, r := range tpl.resources {
		if r.kind != "AWS::IAM::Role" {
			continue
		}
		all[name] = nil
		if policies := get(r.properties, "Policies"); policies != nil {
			for _, policy := range policies.Content {
				for _, statement := range get(policy, "PolicyDocument", "Statement").Content {
					for _, action := range list(get(statement, "Action")) {
						all[name] = append(all[name], action+" on "+scalar(get(statement, "Resource")))
					}
				}
			}
		}
		slices.Sort(all[name])
	}
	return all
}

var (
	send    = "sqs:SendMessage on Queue.Arn"
	consume = []string{
		"sqs:ChangeMessageVisibility on Queue.Arn",
		"sqs:DeleteMessage on Queue.Arn",
		"sqs:GetQueueAttributes on Queue.Arn",
		"sqs:ReceiveMessage on Queue.Arn",
	}
)

// Least privilege: these actions on these resources and no others.
func TestPermissions(t *testing.T) {
	t.Parallel()
	for strategy, want := range map[string]map[string][]string{
		"stream":        {"Role": nil},
		"extension":     {"Role": nil},
		"invoke":        {"Role": {"lambda:InvokeFunction on Worker.Arn"}, "WorkerRole": {"sqs:SendMessage on DeadLetters.Arn"}},
		"sqs":           {"Role": {send}, "WorkerRole": consume},
		"extension-sqs": {"Role": slices.Sorted(slices.Values(append([]string{send}, consume...)))},
	} {
		tpl, err := read(filepath.Join("..", strategy, "template.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		if got := permissions(tpl); !maps.EqualFunc(got, want, slices.Equal) {
			t.Errorf("%s: permissions %v, want %v", strategy, got, want)
		}
		for name, r := range tpl.resources {
			if r.kind == "AWS::IAM::Role" {
				if managed := list(get(r.properties, "ManagedPolicyArns")); len(managed) != 1 || !strings.HasSuffix(managed[0], "service-role/AWSLambdaBasicExecutionRole") {
					t.Errorf("%s: %s has the managed policies %v; more than log lines is not least privilege", strategy, name, managed)
				}
			}
		}
	}
}

// source gives the Go code of a package without its tests.
func source(t *testing.T, dirs ...string) string {
	t.Helper()
	var all strings.Builder
	for _, dir := range dirs {
		files, err := filepath.Glob(filepath.Join("../..", dir, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v, %v", dir, files, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			all.Write(text)
		}
	}
	return all.String()
}

// The permissions are those of the SDK calls in the strategies' code: no call without its action in a template, and no
// action for a call that is not made. The rest of consume are Lambda's own calls for an event source mapping.
func TestPermissionsAreThoseOfTheCalls(t *testing.T) {
	t.Parallel()
	action := map[string]string{
		"SendMessageBatch":             "sqs:SendMessage",
		"SendMessage":                  "sqs:SendMessage",
		"ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
		"Invoke":                       "lambda:InvokeFunction",
	}
	call := regexp.MustCompile(`\.(SendMessageBatch|SendMessage|ReceiveMessage|DeleteMessage\w*|ChangeMessageVisibility\w*|GetQueue\w+|CreateQueue|Invoke\w*)\(ctx`)
	for strategy, want := range map[string][]string{
		"sqs":    {"sqs:ChangeMessageVisibility", "sqs:SendMessage"},
		"invoke": {"lambda:InvokeFunction"},
	} {
		used := map[string]bool{}
		for _, m := range call.FindAllStringSubmatch(source(t, "strategies/"+strategy), -1) {
			a, known := action[m[1]]
			if !known {
				t.Errorf("strategy %s calls %s: which permission is that?", strategy, m[1])
			}
			used[a] = true
		}
		if got := slices.Sorted(maps.Keys(used)); !slices.Equal(got, want) {
			t.Errorf("strategy %s needs %v, the templates and its documentation have %v", strategy, got, want)
		}
	}
}

// Each variable of ours that a template sets is one that the code reads, and each strategy is one that there is.
func TestEnvironment(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, name := range regexp.MustCompile(`OFFLOAD_[A-Z_]+[A-Z]`).FindAllString(source(t, "offload", "strategies/sqs", "strategies/invoke"), -1) {
		known[name] = true
	}
	for _, strategy := range strategies {
		tpl, err := read(filepath.Join("..", strategy, "template.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		chain := strings.ReplaceAll(strategy, "-", ",")
		for name, r := range tpl.resources {
			if r.kind != "AWS::Serverless::Function" {
				continue
			}
			variables := get(r.properties, "Environment", "Variables")
			each(variables, func(key string, _ *yaml.Node) {
				if !known[key] {
					t.Errorf("%s: %s sets %s, which no code reads", strategy, name, key)
				}
			})
			if got := scalar(get(variables, "OFFLOAD_STRATEGY")); got != chain {
				t.Errorf("%s: %s has OFFLOAD_STRATEGY=%s", strategy, name, got)
			}
			if url := get(variables, "OFFLOAD_SQS_QUEUE_URL"); strings.Contains(chain, "sqs") != (scalar(url) == "Queue") {
				t.Errorf("%s: %s has OFFLOAD_SQS_QUEUE_URL=%s", strategy, name, scalar(url))
			}
		}
	}
}
