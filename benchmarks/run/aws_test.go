package run

import (
	"encoding/json"
	"errors"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-offload/lambda/benchmarks/cost"
	"github.com/go-offload/lambda/benchmarks/record"
	"github.com/go-offload/lambda/benchmarks/stack"
	"github.com/go-offload/lambda/benchmarks/stack/cloudwatchtest"
	"github.com/go-offload/lambda/lambdatest"
)

// The local Lambda poses as AWS, by a function URL and the endpoint URL of the logs.
func TestADeployedStackIsMeasured(t *testing.T) {
	front := lambdatest.Start(t, lambdatest.Function{
		Package: "github.com/go-offload/lambda/benchmarks/function", Env: map[string]string{"BENCHMARK_CONTESTANT": "stream"},
	})
	const group = "/aws/lambda/bench-stream"
	logs := httptest.NewServer(&cloudwatchtest.Logs{Groups: map[string]*lambdatest.Lambda{group: front}})
	defer logs.Close()
	t.Setenv("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", logs.URL)
	t.Setenv("AWS_REGION", "us-east-1")
	t.Setenv("AWS_ACCESS_KEY_ID", "local")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "local")

	b, err := json.Marshal(stack.Deployment{Contestants: map[cost.Contestant]stack.Place{cost.Stream: {URL: front.URL(), LogGroup: group}}})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	deployment, path := filepath.Join(dir, "stack.json"), filepath.Join(dir, "run.ndjson")
	if err := os.WriteFile(deployment, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := main(t, t.Context(), &watcher{}, "-target", "aws", "-stack", deployment, "-workload", write(t, small), "-workload", "burst",
		"-rounds", "1", "-o", path); err != nil {
		t.Fatal(err)
	}
	f, err := record.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if f.Run.Target != "aws" || f.Run.Network.Profile != "real" || len(f.Run.Contestants) != 1 || len(f.Workloads) != 1 {
		t.Errorf("%+v with %d workloads: only what is deployed, and no burst", f.Run, len(f.Workloads))
	}
	measured := 0
	for _, q := range f.Requests {
		if q.Warmup {
			continue
		}
		measured++
		if len(q.Tasks) != 2 || len(q.Invocations) != 1 || q.Invocations[0].BilledMS < 5+30 || q.Modelled {
			t.Errorf("%+v", q)
		}
	}
	if measured != 4 {
		t.Errorf("%d requests, want 4", measured)
	}
}

// What cannot be reached is found before there is a file.
func TestAWSWithoutAConfiguration(t *testing.T) {
	t.Setenv("AWS_PROFILE", "nobody")
	t.Setenv("AWS_CONFIG_FILE", os.DevNull)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", os.DevNull)
	dir := t.TempDir()
	deployment, path := filepath.Join(dir, "stack.json"), filepath.Join(dir, "run.ndjson")
	if err := os.WriteFile(deployment, []byte(`{"contestants":{"stream":{"url":"http://127.0.0.1:1/","log_group":"/aws/lambda/bench-stream"}}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := main(t, t.Context(), &watcher{}, "-target", "aws", "-stack", deployment, "-o", path); err == nil || !strings.Contains(err.Error(), "nobody") {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file was begun: %v", err)
	}
}

func TestATargetAndItsStackNeedEachOther(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"-target", "aws"}, {"-stack", "x.json"}} {
		if err := main(t, t.Context(), &watcher{}, args...); err == nil || !strings.Contains(err.Error(), "need each other") {
			t.Errorf("%v: %v", args, err)
		}
	}
}
