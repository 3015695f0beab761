package lambdatest_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"

	"github.com/go-offload/lambda/lambdatest"
)

// The minutes that Lambda waits before it retries an event pass in milliseconds.
func ExampleLambda_InvokeAsync() {
	s, err := lambdatest.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	ctx := context.Background()
	l, err := s.Deploy(ctx, lambdatest.Function{
		Package: "./testdata/function",
		Async:   lambdatest.AsyncConfig{Speedup: 10_000},
	})
	if err != nil {
		log.Fatal(err)
	}
	id, err := l.InvokeAsync(ctx, []byte(`{"mode":"error","text":"no stock"}`))
	if err != nil {
		log.Fatal(err)
	}
	res, err := l.WaitAsync(ctx, id)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(res.Condition, res.Attempts, string(res.Payload))
	// Output: RetriesExhausted 3 {"errorMessage":"no stock","errorType":"errorString"}
}

// API Gateway answers at once, and the function runs after.
func ExampleLambda_ServeGateway() {
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
	api, err := l.ServeGateway(ctx, lambdatest.Gateway{Type: lambdatest.AsyncRESTAPI})
	if err != nil {
		log.Fatal(err)
	}
	res, err := http.Post(api.URL()+"orders", "application/json", strings.NewReader(`{"order":"4711"}`))
	if err != nil {
		log.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		log.Fatal(err)
	}
	event, err := l.WaitAsync(ctx, res.Header.Get("X-Amzn-Requestid"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d %q, then %s: %s\n", res.StatusCode, body, event.Condition, event.Payload)
	// Output: 202 "", then Success: {"order":"4711"}
}
