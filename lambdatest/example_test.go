package lambdatest_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"

	"github.com/go-offload/lambda/lambdatest"
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
