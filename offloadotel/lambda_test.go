package offloadotel_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	v1 "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/go-offload/lambda/lambdatest"
	"github.com/go-offload/lambda/lambdatest/sqstest"
)

// function is internal/function and where its spans go.
type function struct {
	*lambdatest.Lambda
	spans *collected
}

func startFunction(tb testing.TB, strategy, start string, spans *collected, f lambdatest.Function) *function {
	tb.Helper()
	env := map[string]string{
		"OFFLOAD_STRATEGY":            strategy,
		"TRACE_START":                 start,
		"OTEL_EXPORTER_OTLP_ENDPOINT": spans.url,
	}
	for k, v := range f.Env {
		env[k] = v
	}
	f.Package, f.Env = "./internal/function", env
	if f.Name == "" {
		f.Name = "checkout"
	}
	if f.Timeout == 0 {
		f.Timeout = 20 * time.Second
	}
	return &function{lambdatest.Start(tb, f), spans}
}

// over invokes the function and waits until its environment is frozen.
func (f *function) over(t *testing.T, body string) (*lambdatest.Result, lambdatest.Report) {
	t.Helper()
	payload, err := json.Marshal(map[string]string{"body": body})
	if err != nil {
		t.Fatal(err)
	}
	res, err := f.Invoke(t.Context(), payload)
	if err != nil {
		t.Fatal(err)
	}
	report, err := f.WaitReport(t.Context(), res.RequestID)
	if err != nil {
		t.Fatal(err)
	}
	return res, report
}

// Every span is with the collector when the environment is frozen, however the invocation went.
func TestSpansLeaveBeforeTheFreeze(t *testing.T) {
	t.Parallel()
	for _, strategy := range []string{"stream", "extension"} {
		for body, want := range map[string][]string{
			"":        {"checkout", "reserve stock", "charge", "card network"},
			"nothing": {"checkout", "reserve stock"},
			"error":   {"checkout", "reserve stock", "charge", "card network"},
			"panic":   {"checkout", "reserve stock", "charge", "card network"},
		} {
			t.Run(strategy+"/"+body, func(t *testing.T) {
				t.Parallel()
				f := startFunction(t, strategy, "inside", startCollector(t), lambdatest.Function{})
				res, _ := f.over(t, body)
				if failed := res.FunctionError != ""; failed != (body == "error" || body == "panic") {
					t.Errorf("the caller got %q %s", res.FunctionError, res.Payload)
				}
				f.spans.expect(t, want...)
				if len(want) > 2 {
					f.spans.one(t, "charge").isChildOf(t, f.spans.one(t, "checkout"))
				}
			})
		}
	}
}

// Without the flush they wait in the frozen environment.
func TestSpansStayBehindWithoutAFlush(t *testing.T) {
	t.Parallel()
	f := startFunction(t, "extension", "no flush", startCollector(t), lambdatest.Function{})
	f.over(t, "")
	f.over(t, "")
	f.spans.expect(t)
}

// A task that ignores its context has its span, and the invocation ends before Lambda's timeout would end it.
func TestSpanOfATaskThatIsGivenUp(t *testing.T) {
	t.Parallel()
	for _, strategy := range []string{"stream", "extension"} {
		f := startFunction(t, strategy, "inside", startCollector(t), lambdatest.Function{Timeout: 3 * time.Second})
		_, report := f.over(t, "deaf")
		if report.Status != "success" {
			t.Errorf("%s: %+v", strategy, report)
		}
		if s := f.spans.one(t, "deaf"); s.attr("offload.task.outcome") != "dropped" {
			t.Errorf("%s: %v", strategy, s.Attributes)
		}
	}
}

// A collector that does not answer costs no invocation its success.
func TestCollectorThatHangs(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer server.Close()
	defer close(release)
	f := startFunction(t, "stream", "inside", &collected{url: server.URL}, lambdatest.Function{Timeout: 3 * time.Second})
	res, report := f.over(t, "nothing")
	if res.FunctionError != "" || report.Status != "success" {
		t.Errorf("%q %s, %+v", res.FunctionError, res.Payload, report)
	}
	if !strings.Contains(f.LogText(), "flushing failed at the end of an invocation") {
		t.Error(f.LogText())
	}
}

// Around the wrapper, otellambda makes the caller wait. It is said, and spans are sent: the handler's own
// with the next flush, for with stream it ends after the tail.
func TestInstrumentationOutside(t *testing.T) {
	t.Parallel()
	f := startFunction(t, "stream", "outside", startCollector(t), lambdatest.Function{})
	f.over(t, "")
	f.spans.expect(t, "charge", "card network", "reserve stock")
	if n := strings.Count(f.LogText(), "a wrapper around the handler closes the response before it is sent"); n != 1 {
		t.Errorf("warned %d times:\n%s", n, f.LogText())
	}
	f.over(t, "nothing")
	f.spans.one(t, "charge").isChildOf(t, f.spans.one(t, "checkout"))
}

// With extension the tail is elsewhere, and what it misses leaves at SIGTERM at the latest.
func TestInstrumentationOutsideWithExtension(t *testing.T) {
	t.Parallel()
	f := startFunction(t, "extension", "outside", startCollector(t), lambdatest.Function{})
	f.over(t, "")
	f.over(t, "nothing")
	if err := f.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.spans.expect(t, "checkout", "reserve stock", "charge", "card network", "checkout", "reserve stock")
}

func TestTraceAcrossInvoke(t *testing.T) {
	t.Parallel()
	f := startFunction(t, "invoke", "inside", startCollector(t), lambdatest.Function{})
	f.over(t, "")
	for deadline := time.Now().Add(20 * time.Second); len(f.spans.named("process charge")) == 0 && time.Now().Before(deadline); {
		<-time.After(5 * time.Millisecond)
	}
	producer, worker := f.spans.one(t, "send charge"), f.spans.one(t, "process charge")
	producer.isChildOf(t, f.spans.one(t, "checkout"))
	worker.isChildOf(t, producer)
	f.spans.one(t, "card network").isChildOf(t, worker)
}

// One trace from the HTTP request through the handler to the task in the worker, across SQS.
func TestOneTrace(t *testing.T) {
	t.Parallel()
	queues := sqstest.Start(t, nil)
	url, err := queues.CreateQueue("charges", map[string]string{"VisibilityTimeout": "120"})
	if err != nil {
		t.Fatal(err)
	}
	spans := startCollector(t)
	sqs := map[string]string{"OFFLOAD_SQS_QUEUE_URL": url}
	web := startFunction(t, "sqs", "inside", spans, lambdatest.Function{Env: sqs, SQSEndpoint: queues.URL()})
	worker := startFunction(t, "sqs", "inside", spans, lambdatest.Function{Name: "worker", Env: sqs, SQSEndpoint: queues.URL()})
	mapping, err := worker.MapQueue(t.Context(), lambdatest.QueueMapping{QueueURL: url, ReportBatchItemFailures: true})
	if err != nil {
		t.Fatal(err)
	}
	web.over(t, "nothing") // the picture is of a warm function

	spans.forget()
	client := newClientSpan()
	client.get(t, web.URL(), "order")
	if err := mapping.WaitDrained(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := web.WaitIdle(t.Context()); err != nil {
		t.Fatal(err)
	}
	request, handler, producer := client.span, spans.one(t, "checkout"), spans.one(t, "send charge")
	consumer, inside := spans.one(t, "process charge"), spans.one(t, "card network")
	for _, pair := range [][2]span{{handler, request}, {producer, handler}, {consumer, producer}, {inside, consumer}} {
		pair[0].isChildOf(t, pair[1])
	}
	if consumer.service != "worker" || handler.service != "checkout" {
		t.Errorf("%s ran in %s, %s in %s", consumer.Name, consumer.service, handler.Name, handler.service)
	}
	if consumer.attr("messaging.system") != "aws_sqs" || consumer.attr("messaging.message.id") != producer.attr("messaging.message.id") {
		t.Errorf("attributes of the consumer: %v", consumer.Attributes)
	}
	if n := queues.Queue("charges").Counts().Total(); n != 0 {
		t.Errorf("%d messages are left", n)
	}
	drawTrace(t, append([]span{request}, spans.all()...))
}

// clientSpan is the span of an HTTP client that is traced.
type clientSpan struct{ span }

func newClientSpan() clientSpan {
	traceID, spanID := make([]byte, 16), make([]byte, 8)
	_, _ = rand.Read(traceID) // never fails
	_, _ = rand.Read(spanID)
	return clientSpan{span{&v1.Span{TraceId: traceID, SpanId: spanID, Name: "POST /order"}, "client"}}
}

func (c clientSpan) traceParent() string { return fmt.Sprintf("00-%x-%x-01", c.TraceId, c.SpanId) }

func (c clientSpan) get(t *testing.T, url, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("traceparent", c.traceParent())
	c.StartTimeUnixNano = uint64(time.Now().UnixNano())
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	c.EndTimeUnixNano = uint64(time.Now().UnixNano())
	if err != nil || res.StatusCode != http.StatusCreated || string(answer) != "A-1042" {
		t.Fatalf("%s %s, %v", res.Status, answer, err)
	}
}
