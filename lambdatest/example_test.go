package lambdatest_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"
	"time"

	"github.com/go-offload/lambda/lambdatest"
	"github.com/go-offload/lambda/lambdatest/sqstest"
)

// A function can be invoked in process. It is frozen between invocations.
func ExampleService_Deploy() {
	s, err := lambdatest.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	ctx := context.Background()
	l, err := s.Deploy(ctx, lambdatest.Function{Name: "echo", Package: "./testdata/echo"})
	if err != nil {
		log.Fatal(err)
	}
	res, err := l.Invoke(ctx, []byte(`{"order":4711}`))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(res.StatusCode, string(res.Payload))

	report, err := l.WaitReport(ctx, res.RequestID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(report.Status, report.ColdStart, l.Environments()[0].Frozen)
	// Output:
	// 200 {"order":4711}
	// success true true
}

// The function URL is an ordinary HTTP server.
func ExampleLambda_URL() {
	s, err := lambdatest.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	l, err := s.Deploy(context.Background(), lambdatest.Function{Package: "./testdata/function"})
	if err != nil {
		log.Fatal(err)
	}
	res, err := http.Get(l.URL() + "full")
	if err != nil {
		log.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(res.StatusCode, res.Header.Get("X-Answer"), string(body))
	// Output: 201 42 made
}

// A response can be read while the function is still writing it.
func ExampleLambda_InvokeStream() {
	s, err := lambdatest.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	ctx := context.Background()
	l, err := s.Deploy(ctx, lambdatest.Function{Package: "./testdata/function"})
	if err != nil {
		log.Fatal(err)
	}
	stream, err := l.InvokeStream(ctx, []byte(`{"mode":"stream","text":"one, two","sleep":10}`))
	if err != nil {
		log.Fatal(err)
	}
	defer stream.Close()
	body, err := io.ReadAll(stream)
	fmt.Println(string(body), err)
	// Output: one two <nil>
}

// Shutdown takes the environments through Lambda's shutdown phase. This function has no extension, so it is killed.
func ExampleLambda_Shutdown() {
	s, err := lambdatest.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	ctx := context.Background()
	l, err := s.Deploy(ctx, lambdatest.Function{Package: "./testdata/echo"})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := l.Invoke(ctx, nil); err != nil {
		log.Fatal(err)
	}
	if err := l.Shutdown(ctx); err != nil {
		log.Fatal(err)
	}
	for _, e := range l.Events() {
		if e.Kind == lambdatest.EventShutdownStart || e.Kind == lambdatest.EventExit {
			fmt.Println(e.Kind, e.Message)
		}
	}
	// Output:
	// ShutdownStart SPINDOWN
	// Exit runtime: signal: killed
}

// The messages of a queue reach the function in batches. This function fails at one of them, which comes again when its
// visibility timeout is over: at once, by a step of the queue's clock.
func ExampleLambda_MapQueue() {
	queues, err := sqstest.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer queues.Close()
	url, err := queues.CreateQueue("orders", nil)
	if err != nil {
		log.Fatal(err)
	}
	s, err := lambdatest.New(&lambdatest.Options{SQSEndpoint: queues.URL()})
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	ctx := context.Background()
	l, err := s.Deploy(ctx, lambdatest.Function{Package: "./testdata/queue"})
	if err != nil {
		log.Fatal(err)
	}
	l.Subscribe(func(e lambdatest.Event) {
		if e.Kind == lambdatest.EventBatchEnd && len(e.Batch.Failed) > 0 {
			queues.Advance(time.Minute)
		}
	})
	mapping, err := l.MapQueue(ctx, lambdatest.QueueMapping{QueueURL: url})
	if err != nil {
		log.Fatal(err)
	}
	body := strings.NewReader(`{"QueueUrl":"` + url + `","MessageBody":"fail-once"}`)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, queues.URL(), body)
	if err != nil {
		log.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-amz-json-1.0")
	req.Header.Set("X-Amz-Target", "AmazonSQS.SendMessage")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		log.Fatal(err)
	}
	res.Body.Close()
	if err := mapping.WaitDrained(ctx); err != nil {
		log.Fatal(err)
	}
	for _, e := range l.Events() {
		if e.Kind == lambdatest.EventBatchEnd {
			fmt.Printf("%d done, %d failed\n", len(e.Batch.Messages), len(e.Batch.Failed))
		}
	}
	// Output:
	// 0 done, 1 failed
	// 1 done, 0 failed
}
