package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-offload/lambda/lambdatest"
)

func writeConfig(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "local.json")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// Two functions in one run: an asynchronous invocation of the first, whose record goes to a queue, which invokes the
// second.
func TestConfig(t *testing.T) {
	t.Parallel()
	dir, err := filepath.Abs("../../lambdatest")
	if err != nil {
		t.Fatal(err)
	}
	quoted, err := json.Marshal(dir)
	if err != nil {
		t.Fatal(err)
	}
	p := start(t, "-listen", "127.0.0.1:0", "-config", writeConfig(t, fmt.Sprintf(`{
		"listen": "127.0.0.1:1",
		"queues": ["results", {"name": "jobs", "fifo": true, "dlq": "dead-jobs"}],
		"functions": [
			{
				"name": "first", "package": "./testdata/function", "dir": %[1]s,
				"env": {"JOBS": "at {queue:jobs}"},
				"async": {"retries": 0, "onSuccess": "results"},
				"gateways": [{"type": "http"}]
			},
			{
				"name": "second", "package": "./testdata/queue", "dir": %[1]s,
				"map": [{"queue": "results", "batch": 3, "partial": true}, "jobs"]
			}
		]
	}`, quoted)))
	jobs := p.until(t, `^Queue +(http\S+/jobs.fifo)  `)[1]
	invoke := p.until(t, `^Invoke +(http\S+/functions/first/invocations)$`)[1]
	gateway := p.until(t, `^Gateway +(http\S+)  \(HTTP API\)$`)[1]
	p.until(t, `^Invoke +(http\S+/functions/second/invocations)$`)
	p.until(t, `^Mapped +http\S+/results to second$`)
	p.until(t, `^Mapped +http\S+/jobs.fifo to second$`)

	_, body := fetch(t, invoke, `{"mode":"env"}`)
	for _, want := range []string{"JOBS=at " + jobs, "AWS_ENDPOINT_URL_SQS=" + strings.TrimSuffix(jobs, "/123456789012/jobs.fifo")} {
		if !strings.Contains(body, `"`+want+`"`) {
			t.Errorf("no %s in %s", want, body)
		}
	}
	if status, body := fetch(t, gateway, ""); status != 200 {
		t.Errorf("gateway: %d %s", status, body)
	}
	sqsCall(t, jobs, "SendMessage", map[string]any{"QueueUrl": jobs, "MessageBody": "job", "MessageGroupId": "g", "MessageDeduplicationId": "d"})
	p.until(t, ` second \S+ \S+ message \S+ receive 1 body job$`)
	sqsCall(t, jobs, "GetQueueUrl", map[string]any{"QueueName": "dead-jobs.fifo"})

	invokeEvent(t, invoke)
	p.untilAll(t, ` asyn first EVENT RequestId: `,
		` first EVENT DELIVERED RequestId: \S+ to arn:aws:sqs:us-east-1:123456789012:results$`,
		` second \S+ \S+ message \S+ receive 1 body \{.*"condition":"Success"`)
	p.end(t)
}

// Every mistake is named with its line and what to do.
func TestConfigErrors(t *testing.T) {
	t.Parallel()
	const function = `"functions": [{"command": ["true"]}]`
	for name, tc := range map[string]struct{ text, want string }{
		"empty":                 {"", "local.json:1: the JSON document ends too early"},
		"no JSON":               {"{\n  \"listen\": nope}", "local.json:2: listen: this is no JSON"},
		"cut off":               {"{\n\"queues\": [", "local.json:2: queues: the JSON document ends too early"},
		"two documents":         {"{" + function + "}\n{}", "local.json:2: something follows the document"},
		"a list":                {"[]", "local.json:1: want an object, this is a list"},
		"unknown setting":       {"{\n\n\"liste\": \"\"}", "local.json:3: liste: there is no setting of that name; known are functions, listen, queues, sqs"},
		"unknown deep setting":  {"{\"functions\": [\n{\"command\": [\"x\"],\n\"time\": \"3s\"}]}", "local.json:3: functions[0].time: there is no setting of that name; known are async,"},
		"set twice":             {"{\"sqs\": \"\",\n\"sqs\": \"\"}", "local.json:2: sqs: set twice"},
		"variable set twice":    {`{"functions": [{"env": {"A": "1", "A": "2"}}]}`, "functions[0].env.A: set twice"},
		"variable of a number":  {`{"functions": [{"env": {"A": 1}}]}`, "functions[0].env.A: want a string, this is a number"},
		"a number for a text":   {`{"listen": 9000}`, "listen: want a string, this is a number"},
		"a fraction":            {`{"functions": [{"memory": 1.5}]}`, "functions[0].memory: want a whole number, not 1.5"},
		"a text for a number":   {`{"functions": [{"memory": "128"}]}`, "functions[0].memory: want a number, this is a string"},
		"a number of seconds":   {`{"functions": [{"timeout": 30}]}`, `functions[0].timeout: want a duration in quotes, such as "30s"`},
		"no unit":               {`{"functions": [{"timeout": "30"}]}`, `functions[0].timeout: "30" is no duration; want a number and a unit`},
		"a text for a truth":    {`{"functions": [{"noFreeze": "yes"}]}`, "functions[0].noFreeze: want true or false, this is a string"},
		"a command line":        {`{"functions": [{"command": "./bootstrap -v"}]}`, "functions[0].command: want a list in square brackets, this is a string"},
		"null":                  {`{"functions": null}`, "functions: want a list in square brackets, this is null"},
		"no functions":          {`{"functions": []}`, "name at least one function"},
		"nothing to run":        {"{\n\"functions\": [{\"name\": \"f\"}]}", "local.json:2: functions[0]: give it either a command or a package"},
		"two things to run":     {`{"functions": [{"command": ["x"], "package": "./x"}]}`, "functions[0]: give it either"},
		"URL mode":              {`{"functions": [{"urlMode": "slow"}]}`, "functions[0].urlMode: want buffered or response_stream"},
		"type of gateway":       {`{"functions": [{"gateways": [{"type": "soap"}]}]}`, `functions[0].gateways[0].type: "soap" is no type of gateway; want rest, http, async or alb`},
		"queue without a name":  {`{"queues": [{}]}`, "queues[0]: name the queue"},
		"fractions of a second": {`{"queues": [{"name": "q", "visibility": "1500ms"}]}`, "queues[0].visibility: SQS counts in whole seconds"},
		"map without a queue":   {`{"functions": [{"map": [{"batch": 1}]}]}`, "functions[0].map[0]: name the queue"},
		"speed":                 {`{"functions": [{"async": {"speedup": "fast"}}]}`, "functions[0].async.speedup: want a number, this is a string"},
		"nested too deep":       {strings.Repeat("[", 30) + strings.Repeat("]", 30), "nested more than 20 deep"},
		"too large":             {`"` + strings.Repeat("x", 1<<20) + `"`, "longer than 1048576 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := writeConfig(t, tc.text)
			var out strings.Builder
			if code := run(t.Context(), []string{"-config", file}, io.Discard, &out, nil); code != exitUsage {
				t.Errorf("exit code %d", code)
			}
			if got := strings.ReplaceAll(out.String(), filepath.Dir(file)+string(filepath.Separator), ""); !strings.Contains(got, tc.want) {
				t.Errorf("%s\nwant %q", got, tc.want)
			}
		})
	}
}

// A large document is read at once, and its last line counted right.
func TestLargeConfig(t *testing.T) {
	t.Parallel()
	lines := 200_000
	_, err := parseConfig("local.json", []byte(`{"queues": [`+strings.Repeat("1,\n", lines)+"1]\n}}"))
	if want := fmt.Sprintf("local.json:%d: ", lines+2); err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("%.200v, want it to begin with %s", err, want)
	}
}

// Mistakes that only show when things are put together.
func TestPlanErrors(t *testing.T) {
	t.Parallel()
	config := func(text string) []string {
		return []string{"-listen", "127.0.0.1:0", "-config", writeConfig(t, strings.ReplaceAll(text, "RUN", `"command": ["true"]`))}
	}
	flags := func(args ...string) []string {
		return append(append([]string{"-listen", "127.0.0.1:0"}, args...), "--", "true")
	}
	for name, tc := range map[string]struct {
		args []string
		want string
	}{
		"unknown queue":           {flags("-map", "orders"), "-map orders: there is no queue orders; create it (-queue orders"},
		"unknown queue in a file": {config("{\"functions\": [{RUN,\n\"map\": [\"orders\"]}]}"), "local.json:2: functions[0].map[0]: there is no queue orders"},
		"unknown in env":          {config(`{"functions": [{RUN, "env": {"Q": "{queue:x}"}}]}`), "functions[0]: environment variable Q: there is no queue x"},
		"unknown destination":     {flags("-async", "onFailure=x"), "onFailure: there is no queue x; create it, or write function:x"},
		"destination of FIFO":     {flags("-queue", "q.fifo", "-async", "onFailure=q"), "FIFO queue, which asynchronous invocations do not support"},
		"queue twice":             {flags("-queue", "a", "-queue", "a,visibility=1s"), "-queue a: queue a is described twice"},
		"dead letters in circles": {flags("-queue", "a,dlq=b", "-queue", "b,dlq=a"), "come back to it"},
		"bad name of a queue":     {flags("-queue", "a b"), "-queue a b: queue a b: "},
		"too many receives":       {flags("-queue", "a,dlq=b,receives=1001"), "maxReceiveCount: 1001"},
		"visibility too long":     {flags("-queue", "a,visibility=13h"), "VisibilityTimeout"},
		"batch too large":         {flags("-queue", "a", "-map", "a,batch=11"), "-map a: "},
		"FIFO with a window":      {flags("-queue", "a,fifo", "-map", "a,window=1s"), "FIFO queues take none"},
		"visibility too short":    {flags("-queue", "a,visibility=2s", "-map", "a"), "Queue visibility timeout: 2s is less than Function timeout: 3s"},
		"mapped twice":            {flags("-queue", "a", "-map", "a", "-map", "a"), "exists already"},
		"nobody at the URL":       {flags("-map", "http://127.0.0.1:1/123456789012/q"), "refused"},
		"nobody at the endpoint":  {flags("-map", "http://sqs.test/123456789012/q,endpoint=http://127.0.0.1:1"), "127.0.0.1:1: connect"},
		"function name twice":     {config(`{"functions": [{RUN}, {RUN}]}`), "functions[1]: lambdatest: deploy function: a function of that name"},
		"bad function":            {config("{\"functions\": [\n{RUN, \"memory\": 1}]}"), "local.json:2: functions[0]: lambdatest: deploy"},
		"bad gateway":             {flags("-gateway", "http,timeout=1ms"), "lambdatest: gateway for function"},
		"address":                 {flags("-sqs", "nowhere"), "nowhere"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			if code := run(t.Context(), tc.args, io.Discard, &out, nil); code != exitFailed {
				t.Errorf("exit code %d", code)
			}
			if !strings.Contains(out.String(), tc.want) {
				t.Errorf("%s\nwant %q", out.String(), tc.want)
			}
		})
	}
}

func TestParseQueuesAndMappings(t *testing.T) {
	t.Parallel()
	p, err := parse([]string{
		"-sqs", "127.0.0.1:9324", "-queue", "orders,visibility=1m,delay=5s,retention=1h,wait=20s,dlq=dead,receives=3,fifo,contentDedup",
		"-map", "orders,batch=7,partial,concurrency=4", "-map", "http://127.0.0.1:1/1/q,batch=100,window=5s,endpoint=http://127.0.0.1:2",
		"-gateway", "alb,addr=127.0.0.1:8080,multiValueHeaders", "-async", "retries=0,maxAge=1h,onFailure=dead,speedup=60", "--", "true",
	}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	q := p.queues[0]
	if p.sqs != "127.0.0.1:9324" || q.name != "orders.fifo" || q.dlq != "dead.fifo" || q.receives != 3 || fmt.Sprint(q.attributes) !=
		"map[ContentBasedDeduplication:true DelaySeconds:5 FifoQueue:true MessageRetentionPeriod:3600 ReceiveMessageWaitTimeSeconds:20 VisibilityTimeout:60]" {
		t.Errorf("%+v", q)
	}
	f := p.functions[0]
	if m := f.mappings; len(m) != 2 || m[0].queue != "orders" || m[0].BatchSize != 7 || !m[0].ReportBatchItemFailures || m[0].MaximumConcurrency != 4 ||
		m[1].queue != "http://127.0.0.1:1/1/q" || m[1].BatchSize != 100 || m[1].BatchWindow != 5*time.Second || m[1].Endpoint != "http://127.0.0.1:2" {
		t.Errorf("%+v", m)
	}
	if g := f.gateways; len(g) != 1 || g[0].Type != lambdatest.LoadBalancer || g[0].Addr != "127.0.0.1:8080" || !g[0].MultiValueHeaders {
		t.Errorf("%+v", g)
	}
	if a := f.spec.Async; *a.MaximumRetryAttempts != 0 || a.MaximumEventAge != time.Hour || a.OnFailure != "dead" || a.Speedup != 60 {
		t.Errorf("%+v", a)
	}
}

// No document makes the parser panic, hang or complain without saying where.
func FuzzConfig(f *testing.F) {
	f.Add([]byte(`{"queues": ["q", {"name": "x", "dlq": "y", "fifo": true}], "functions": [{"command": ["true"], "map": ["q"], "env": {"A": "{queue:q}"}}]}`))
	f.Add([]byte("{\"functions\": [\n{\"timeout\": \"3s\", \"async\": {\"retries\": 1, \"speedup\": 1e3}, \"extensions\": [[\"x\"]]}]}"))
	f.Add([]byte(`{"a":`))
	f.Add([]byte(`[[[[`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := parseConfig("local.json", data)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "local.json:") {
				t.Errorf("%v does not say where", err)
			}
			return
		}
		if len(p.functions) == 0 {
			t.Error("a plan without functions")
		}
	})
}
