package deploytest

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/awslabs/goformation/v7/schema"
	"github.com/xeipuuv/gojsonschema"
	"gopkg.in/yaml.v3"
)

// strategies have a folder each.
var strategies = []string{"stream", "extension", "invoke", "sqs", "extension-sqs"}

// onEach runs a test on each template, that of the example included.
func onEach(t *testing.T, test func(t *testing.T, tpl *template)) {
	t.Helper()
	files, err := filepath.Glob("../*/template.yaml")
	if err != nil || len(files) != len(strategies) {
		t.Fatalf("%v, %v; want one for each strategy", files, err)
	}
	for _, file := range append(files, "../../examples/apigw-async/template.yaml") {
		t.Run(filepath.Base(filepath.Dir(file)), func(t *testing.T) {
			t.Parallel()
			tpl, err := read(file)
			if err != nil {
				t.Fatal(err)
			}
			test(t, tpl)
		})
	}
}

// The schema of AWS SAM with all CloudFormation resources knows the names and types of properties. Its newest
// release is older than some of them: plain leaves those out.
func TestSchema(t *testing.T) {
	t.Parallel()
	var sam struct {
		Definitions map[string]any `json:"definitions"`
	}
	if err := json.Unmarshal([]byte(schema.SamSchema), &sam); err != nil {
		t.Fatal(err)
	}
	onEach(t, func(t *testing.T, tpl *template) {
		t.Helper()
		each(get(tpl.root, "Resources"), func(name string, n *yaml.Node) {
			kind := scalar(get(n, "Type"))
			if _, known := sam.Definitions[kind]; !known {
				t.Errorf("%s: the schema has no type %s", name, kind)
				return
			}
			needed := map[string]any{} // all of them take seconds to compile
			for definition, body := range sam.Definitions {
				if strings.HasPrefix(definition, kind) || definition == "Tag" {
					needed[definition] = body
				}
			}
			one, err := gojsonschema.NewSchema(gojsonschema.NewGoLoader(map[string]any{
				"$ref":        "#/definitions/" + kind,
				"definitions": needed,
			}))
			if err != nil {
				t.Fatal(err)
			}
			result, err := one.Validate(gojsonschema.NewGoLoader(plain(n)))
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range result.Errors() {
				t.Errorf("%s: %s", name, e)
			}
		})
	})
}

// plain gives a node as JSON has it. Where an intrinsic function stands, only a deployment knows the value: it
// becomes some text, or the first branch of an If.
func plain(n *yaml.Node) any {
	switch {
	case n.Tag == "!If":
		return plain(n.Content[1])
	case strings.HasPrefix(n.Tag, "!") && !strings.HasPrefix(n.Tag, "!!"):
		return "text"
	case n.Kind == yaml.MappingNode:
		members := map[string]any{}
		each(n, func(key string, value *yaml.Node) {
			switch key {
			case "ScalingConfig", "FunctionResponseTypes": // newer than the schema's SQS events
			case "DestinationConfig": // the schema wants both OnSuccess and OnFailure, SAM does not
			default:
				members[key] = plain(value)
			}
		})
		if members["Type"] == "HttpApi" && members["Properties"] == nil {
			members["Properties"] = map[string]any{"Path": "/", "Method": "any"} // optional in SAM: everything
		}
		return members
	case n.Kind == yaml.SequenceNode:
		var items []any
		for _, c := range n.Content {
			items = append(items, plain(c))
		}
		return items
	}
	var v any
	if err := n.Decode(&v); err != nil {
		panic(err) // a scalar that YAML itself cannot read
	}
	return v
}

// pseudo parameters of CloudFormation that the templates use.
var pseudo = []string{"AWS::Region", "AWS::AccountId", "AWS::Partition", "AWS::URLSuffix", "AWS::NoValue"}

// attributes that Fn::GetAtt knows, by type (AWS CloudFormation User Guide, "Return values").
var attributes = map[string][]string{
	"AWS::SQS::Queue":            {"Arn", "QueueName", "QueueUrl"},
	"AWS::IAM::Role":             {"Arn", "RoleId"},
	"AWS::Serverless::Function":  {"Arn"},
	"AWS::Lambda::Url":           {"FunctionUrl", "FunctionArn"},
	"AWS::Serverless::HttpApi":   {},
	"AWS::Serverless::Api":       {"RootResourceId"},
	"AWS::CloudWatch::Alarm":     {"Arn"},
	"AWS::Lambda::Permission":    {},
	"AWS::ApiGatewayV2::HttpApi": {"ApiEndpoint"},
}

// sam deploy and aws cloudformation package upload what a function's own CodeUri names as a plain path, relative to the
// template. A CodeUri that is a function such as !Ref is passed on as it is, and CloudFormation then wants an s3:// address; one
// under Globals is not seen by the AWS CLI, which uploads the folder instead.
func TestTheArtifactIsUploaded(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, tpl *template) {
		t.Helper()
		if get(tpl.root, "Globals", "Function", "CodeUri") != nil {
			t.Error("Globals has a CodeUri")
		}
		for name, r := range tpl.resources {
			if r.kind != "AWS::Serverless::Function" {
				continue
			}
			uri := get(r.properties, "CodeUri")
			if uri == nil || uri.Kind != yaml.ScalarNode || uri.Tag != "!!str" || filepath.IsAbs(uri.Value) {
				t.Errorf("%s: CodeUri is no path beside the template: %+v", name, uri)
			}
		}
	})
}

func TestReferences(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, tpl *template) {
		t.Helper()
		kinds := map[string]string{}
		for name, r := range tpl.resources {
			kinds[name] = r.kind
			// What SAM adds (AWS SAM Developer Guide, "Generated CloudFormation resources").
			if get(r.properties, "FunctionUrlConfig") != nil {
				kinds[name+"Url"] = "AWS::Lambda::Url"
			}
			each(get(r.properties, "Events"), func(_ string, e *yaml.Node) {
				if scalar(get(e, "Type")) == "HttpApi" {
					kinds["ServerlessHttpApi"] = "AWS::ApiGatewayV2::HttpApi"
				}
			})
		}
		used := map[string]bool{}
		for _, ref := range references(tpl.root) {
			used[ref.name] = true
			kind, isResource := kinds[ref.name]
			switch {
			case slices.Contains(pseudo, ref.name), tpl.parameters[ref.name] && ref.attr == "":
			case !isResource:
				t.Errorf("line %d: %s is no resource, parameter or pseudo parameter", ref.line, ref.name)
			case ref.attr != "" && !slices.Contains(attributes[kind], ref.attr):
				t.Errorf("line %d: %s (%s) has no attribute %s", ref.line, ref.name, kind, ref.attr)
			}
		}
		for name := range tpl.parameters {
			if !used[name] {
				t.Errorf("parameter %s is not used", name)
			}
		}
		for name, r := range tpl.resources {
			if strings.HasPrefix(r.kind, "AWS::IAM::") && !used[name] {
				t.Errorf("role %s is not used", name)
			}
		}
	})
}

// number reads a property that must be one.
func number(t *testing.T, n *yaml.Node, what string) int {
	t.Helper()
	v, err := strconv.Atoi(scalar(n))
	if err != nil {
		t.Fatalf("%s is %q, not a number", what, scalar(n))
	}
	return v
}

// Ranges are those of the Lambda and SQS developer guides; the visibility timeout is Lambda's advice in "Using Lambda with
// Amazon SQS".
func TestQueuesAndTimeouts(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, tpl *template) {
		t.Helper()
		timeout := get(tpl.root, "Globals", "Function", "Timeout")
		for name, r := range tpl.resources {
			own := get(r.properties, "Timeout")
			if own == nil {
				own = timeout
			}
			if r.kind == "AWS::Serverless::Function" {
				if seconds := number(t, own, name+".Timeout"); seconds < 1 || seconds > 900 {
					t.Errorf("%s: timeout %d s", name, seconds)
				}
				each(get(r.properties, "Events"), func(event string, e *yaml.Node) {
					if scalar(get(e, "Type")) == "SQS" {
						checkMapping(t, tpl, name, number(t, own, name+".Timeout"), get(e, "Properties"))
					}
				})
			}
			if r.kind == "AWS::SQS::Queue" {
				if seconds := number(t, get(r.properties, "MessageRetentionPeriod"), name+".MessageRetentionPeriod"); seconds < 60 || seconds > 1_209_600 {
					t.Errorf("%s: retention %d s", name, seconds)
				}
			}
		}
	})
}

func checkMapping(t *testing.T, tpl *template, function string, timeout int, event *yaml.Node) {
	t.Helper()
	if types := list(get(event, "FunctionResponseTypes")); !slices.Equal(types, []string{"ReportBatchItemFailures"}) {
		t.Errorf("%s: FunctionResponseTypes %v: Lambda would delete failed tasks", function, types)
	}
	if n := number(t, get(event, "BatchSize"), "BatchSize"); n < 1 || n > 10 {
		t.Errorf("%s: batch size %d without a window", function, n)
	}
	if n := number(t, get(event, "ScalingConfig", "MaximumConcurrency"), "MaximumConcurrency"); n < 2 || n > 1000 {
		t.Errorf("%s: maximum concurrency %d", function, n)
	}
	id, attr, _ := strings.Cut(scalar(get(event, "Queue")), ".")
	queue := tpl.resources[id]
	if queue == nil || queue.kind != "AWS::SQS::Queue" || attr != "Arn" {
		t.Fatalf("%s: its queue is %s", function, id)
	}
	if visibility := number(t, get(queue.properties, "VisibilityTimeout"), id+".VisibilityTimeout"); visibility != 6*timeout {
		t.Errorf("%s: visibility timeout %d s, want six times the function's %d s", id, visibility, timeout)
	}
	redrive := get(queue.properties, "RedrivePolicy")
	if n := number(t, get(redrive, "maxReceiveCount"), "maxReceiveCount"); n < 5 {
		t.Errorf("%s: maxReceiveCount %d; throttled batches count too, so Lambda advises at least 5", id, n)
	}
	dead, _, _ := strings.Cut(scalar(get(redrive, "deadLetterTargetArn")), ".")
	target := tpl.resources[dead]
	if target == nil || target.kind != "AWS::SQS::Queue" {
		t.Fatalf("%s: its dead-letter queue is %q", id, dead)
	}
	if kept, source := get(target.properties, "MessageRetentionPeriod"), get(queue.properties, "MessageRetentionPeriod"); number(t, kept, dead) <= number(t, source, id) {
		t.Errorf("%s keeps messages no longer than %s: the time counts from the first queue", dead, id)
	}
	alarmed := map[string]string{}
	for _, r := range tpl.resources {
		if r.kind == "AWS::CloudWatch::Alarm" {
			alarmed[scalar(get(r.properties, "MetricName"))] = scalar(get(r.properties, "Dimensions").Content[0].Content[3])
		}
	}
	if alarmed["ApproximateAgeOfOldestMessage"] != id+".QueueName" || alarmed["ApproximateNumberOfMessagesVisible"] != dead+".QueueName" {
		t.Errorf("alarms %v: want the age of %s and the depth of %s", slices.Sorted(maps.Keys(alarmed)), id, dead)
	}
}

// What failed for good must go somewhere, and the function must be allowed to put it there.
func TestAsynchronousFailuresHaveADestination(t *testing.T) {
	t.Parallel()
	tpl, err := read("../invoke/template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	worker := tpl.resources["Worker"]
	if got := scalar(get(worker.properties, "EventInvokeConfig", "DestinationConfig", "OnFailure", "Destination")); got != "DeadLetters.Arn" {
		t.Errorf("the on-failure destination is %q", got)
	}
	if got := permissions(tpl)["WorkerRole"]; !slices.Equal(got, []string{"sqs:SendMessage on DeadLetters.Arn"}) {
		t.Errorf("the worker may %v", got)
	}
}
