package stack

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"github.com/go-offload/lambda/benchmarks/cost"
	"github.com/go-offload/lambda/benchmarks/load"
	"github.com/go-offload/lambda/benchmarks/record"
	"github.com/go-offload/lambda/benchmarks/stack/cloudwatchtest"
	"github.com/go-offload/lambda/benchmarks/wire"
	"github.com/go-offload/lambda/benchmarks/workload"
	"github.com/go-offload/lambda/lambdatest"
)

// The local Lambda poses as AWS: the same contestant, once as it is known from
// inside, and once as its logs tell.
func TestADeployedContestantIsReadFromItsLogs(t *testing.T) {
	t.Parallel()
	w := &workload.Workload{
		Name: "w", Load: workload.Load{Shape: workload.Constant, Rate: 20, Requests: 4}, Handler: workload.Work{WaitMS: 5},
		Tasks: 2, Task: workload.Work{WaitMS: 30}, MemoryMB: 128, TimeoutMS: 3000,
	}
	local, err := NewLocal(t.Context(), cost.SQS, w, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer local.Close()
	logs := &cloudwatchtest.Logs{
		Groups: map[string]*lambdatest.Lambda{"/aws/lambda/front": local.front, "/aws/lambda/worker": local.worker},
		Late:   time.Now().Add(300 * time.Millisecond),
	}
	server := httptest.NewServer(logs)
	defer server.Close()
	client := cloudwatchlogs.New(cloudwatchlogs.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(server.URL), Retryer: aws.NopRetryer{},
		HTTPClient: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "local", SecretAccessKey: "local"}, nil
		}),
	})
	place := Place{URL: local.URL(), LogGroup: "/aws/lambda/front", WorkerLogGroup: "/aws/lambda/worker"}
	deployed := NewAWS(place, client, 20*time.Second)
	deployed.pause = 20 * time.Millisecond

	for _, s := range []Stack{local, deployed} {
		if err := s.Begin(t.Context(), false); err != nil {
			t.Fatal(err)
		}
	}
	sender := load.NewClient(deployed.URL(), 0)
	defer sender.Close()
	for _, a := range sender.Run(t.Context(), time.Now(), load.Schedule(w.Load, 4), func(i int) []byte {
		b, err := wire.NewOrder(w, token, i)
		if err != nil {
			t.Error(err)
		}
		return b
	}) {
		if a.Err != nil || a.Status != http.StatusOK {
			t.Errorf("%+v", a)
		}
	}
	expected := Expected{Round: token, Requests: 4, Tasks: 8}
	inside, err := local.End(t.Context(), expected)
	if err != nil {
		t.Fatal(err)
	}
	outside, err := deployed.End(t.Context(), expected)
	if err != nil {
		t.Fatal(err)
	}

	if len(outside.Marks) != len(inside.Marks) || len(outside.Marks) != 4+4+8 {
		t.Errorf("%d marks from the logs, %d from inside, want 4 handlers, 4 sends and 8 tasks", len(outside.Marks), len(inside.Marks))
	}
	if outside.Queue == nil || outside.Queue.Send != 4 || outside.Queue.Messages != 8 {
		t.Errorf("queue %+v", outside.Queue)
	}
	known := map[string]record.Invocation{}
	for _, inv := range inside.Invocations {
		known[inv.RequestID] = inv
	}
	if len(outside.Invocations) != len(known) {
		t.Errorf("%d invocations from the logs, %d from inside", len(outside.Invocations), len(known))
	}
	for _, got := range outside.Invocations {
		want := known[got.RequestID]
		if got.Function != want.Function || got.Environment != want.Environment || got.BilledMS != want.BilledMS || got.Cold != want.Cold ||
			got.MemoryMB != want.MemoryMB || got.Status != want.Status || abs(got.FrozeNS-want.FrozeNS) > int64(time.Second) {
			t.Errorf("from the logs %+v\nfrom inside %+v", got, want)
		}
	}
}

func abs(n int64) int64 { return max(n, -n) }

func TestAnErrorOfTheLogsIsPassedOn(t *testing.T) {
	server := httptest.NewServer(&cloudwatchtest.Logs{})
	defer server.Close()
	t.Setenv("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", server.URL)
	t.Setenv("AWS_REGION", "us-east-1")
	t.Setenv("AWS_ACCESS_KEY_ID", "local")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "local")
	logs, err := NewLogs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, err = NewAWS(Place{LogGroup: "missing"}, logs, time.Second).End(t.Context(), Expected{})
	if err == nil || !strings.Contains(err.Error(), "log group missing") || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("%v", err)
	}
}

func TestABurstNeedsTheLocalLambda(t *testing.T) {
	t.Parallel()
	if err := NewAWS(Place{}, nil, time.Second).Begin(t.Context(), true); !errors.Is(err, ErrUnsupported) {
		t.Errorf("%v", err)
	}
}

// The lines are AWS's, from the Lambda Developer Guide; the order of the fields is not relied upon.
func TestReportLines(t *testing.T) {
	t.Parallel()
	ended := time.UnixMilli(1_700_000_000_000)
	inv, ok := parseReport("REPORT RequestId: 8f5\tDuration: 12.34 ms\tBilled Duration: 93 ms\tMemory Size: 128 MB\tMax Memory Used: 18 MB\tInit Duration: 80.00 ms\t\n", ended)
	want := record.Invocation{
		RequestID: "8f5", Cold: true, InitMS: 80, DurationMS: 12.34, BilledMS: 93, MemoryMB: 18, Status: "success",
		StartNS: ended.UnixNano() - 12_340_000, FrozeNS: ended.UnixNano(),
	}
	if !ok || inv.RequestID != want.RequestID || inv.Cold != want.Cold || inv.InitMS != want.InitMS || inv.BilledMS != want.BilledMS ||
		inv.MemoryMB != want.MemoryMB || inv.Status != want.Status || inv.StartNS != want.StartNS || inv.FrozeNS != want.FrozeNS {
		t.Errorf("%+v, want %+v", inv, want)
	}
	inv, ok = parseReport("REPORT RequestId: 8f5\tInit Duration: 1.5 ms\tDuration: 3000.00 ms\tBilled Duration: 3000 ms\tStatus: timeout", ended)
	if !ok || inv.Status != "timeout" || inv.InitMS != 1.5 {
		t.Errorf("%+v", inv)
	}
	for _, line := range []string{"", "REPORT ", "REPORT nonsense", "END RequestId: 8f5"} {
		if inv, ok := parseReport(line, ended); ok {
			t.Errorf("%q is %+v", line, inv)
		}
	}
}

func FuzzParseReport(f *testing.F) {
	f.Add("REPORT RequestId: 8f5\tDuration: 12.34 ms\tBilled Duration: 93 ms")
	f.Fuzz(func(t *testing.T, line string) {
		if inv, ok := parseReport(line, time.UnixMilli(1_700_000_000_000)); ok && (inv.BilledMS < 0 || inv.StartNS > inv.FrozeNS || inv.RequestID == "") {
			t.Errorf("%+v", inv)
		}
	})
}

func TestDeploymentFiles(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "stack.json")
	for text, want := range map[string]string{
		`{"contestants":{"stream":{"url":"https://x.on.aws/","log_group":"/l"},"sqs":{"url":"https://x.on.aws/","log_group":"/l","worker_log_group":"/w"}}}`: "",
		`{"contestants":{}}`: "no contestant",
		`{"contestants":{"pigeon":{"url":"https://x/","log_group":"/l"}}}`:                         "pigeon",
		`{"contestants":{"stream":{"url":"x","log_group":"/l"}}}`:                                  "url",
		`{"contestants":{"stream":{"url":"https://x/"}}}`:                                          "log_group",
		`{"contestants":{"sqs":{"url":"https://x/","log_group":"/l"}}}`:                            "worker_log_group",
		`{"contestants":{"stream":{"url":"https://x/","log_group":"/l","worker_log_group":"/w"}}}`: "worker_log_group",
		`{"contestants":{"stream":{"url":"https://x/","log_group":"/l"}},"region":"eu-central-1"}`: "region",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		d, err := ReadDeployment(path)
		switch {
		case want == "" && (err != nil || len(d.Names()) != 2 || d.Names()[0] != cost.SQS):
			t.Errorf("%s: %+v, %v", text, d, err)
		case want != "" && (!errors.Is(err, ErrDeployment) || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: %v", text, err)
		}
	}
}
