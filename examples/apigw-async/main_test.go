package main

import (
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/go-offload/lambda/internal/leaktest"
	"github.com/go-offload/lambda/lambdatest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func start(t *testing.T, env map[string]string) (*lambdatest.Lambda, string) {
	t.Helper()
	l := lambdatest.Start(t, lambdatest.Function{Package: ".", Timeout: 2 * time.Second, Env: env})
	front, err := l.ServeGateway(t.Context(), lambdatest.Gateway{Type: lambdatest.AsyncRESTAPI})
	if err != nil {
		t.Fatal(err)
	}
	return l, front.URL()
}

func post(t *testing.T, url, body string) int {
	t.Helper()
	resp, err := http.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

func TestGatewayAnswersFirst(t *testing.T) {
	t.Parallel()
	l, url := start(t, map[string]string{"BUILD_TIME": "1s"})
	if code := post(t, url, `{"name":"sales"}`); code != http.StatusAccepted {
		t.Fatal(code)
	}
	if len(l.Reports()) != 0 {
		t.Error("the work was done before the answer")
	}
	if err := l.WaitAsyncIdle(t.Context()); err != nil { // the event may still be in the queue
		t.Fatal(err)
	}
	if !strings.Contains(l.LogText(), `"msg":"built","report":"sales"`) {
		t.Errorf("log:\n%s", l.LogText())
	}
}

// The client has its 202 and never learns that its request was nonsense: nobody looked at it.
func TestNobodyChecksTheRequest(t *testing.T) {
	t.Parallel()
	l, url := start(t, map[string]string{"BUILD_TIME": "1ms"})
	if code := post(t, url, `{"name":1}`); code != http.StatusAccepted {
		t.Fatal(code)
	}
	for deadline := time.Now().Add(20 * time.Second); ; <-time.After(10 * time.Millisecond) {
		reports := l.Reports()
		if len(reports) > 0 {
			if reports[0].Status != "error" {
				t.Errorf("%+v", reports[0])
			}
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the function was not invoked")
		}
	}
}

// What makes the gateway asynchronous is in both templates.
func TestTemplatesInvokeAsynchronously(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"template.yaml", "serverless.yml"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range []string{"'Event'", "Invocation-Type", "202"} {
			if !strings.Contains(string(text), part) {
				t.Errorf("%s has no %s", file, part)
			}
		}
	}
}
