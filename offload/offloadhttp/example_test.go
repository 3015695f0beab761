package offloadhttp_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"

	"github.com/aws/aws-lambda-go/events"

	"github.com/go-offload/lambda/offload"
	"github.com/go-offload/lambda/offload/offloadhttp"
	_ "github.com/go-offload/lambda/strategies/extension"
)

type receipt struct {
	Order string `json:"order"`
}

var sendReceipt = offload.Define("offloadhttp-example-receipt", func(_ context.Context, r receipt) error {
	fmt.Println("receipt for", r.Order)
	return nil
})

func newHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /orders/{id}", func(w http.ResponseWriter, r *http.Request) {
		if err := offload.After(r.Context(), sendReceipt.With(receipt{Order: r.PathValue("id")})); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.WriteHeader(http.StatusCreated)
	})
	return mux
}

// The whole of a main function, for Lambda, a container or a laptop.
func ExampleStart() { //nolint:testableexamples // Start does not return
	offloadhttp.Start(newHandler())
}

// A function URL with InvokeMode RESPONSE_STREAM.
func ExampleWithInvokeMode() { //nolint:testableexamples // Start does not return
	offloadhttp.Start(newHandler(),
		offloadhttp.WithInvokeMode(offloadhttp.ResponseStream),
		offloadhttp.WithOffload(offload.WithStrategy("extension"), offload.WithConcurrency(4)),
	)
}

// A server with a life cycle of one's own.
func ExampleServer() {
	server, err := offloadhttp.NewServer(newHandler())
	if err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()

	transport := &http.Transport{}
	resp, err := (&http.Client{Transport: transport}).Post("http://"+listener.Addr().String()+"/orders/4711", "", nil)
	if err != nil {
		log.Fatal(err)
	}
	_ = resp.Body.Close()
	transport.CloseIdleConnections()

	// What a SIGTERM should do: the receipt is sent when this returns.
	if err := server.Shutdown(context.Background()); err != nil {
		log.Fatal(err)
	}
	fmt.Println(resp.StatusCode, <-served)
	// Output:
	// receipt for 4711
	// 201 <nil>
}

// Adapt is for wrappers between aws-lambda-go and the handler. Here it shows what an event becomes.
func ExampleAdapt() {
	handle, err := offloadhttp.Adapt(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, "%s %s from %s", r.Method, r.URL, r.Host)
	}))
	if err != nil {
		log.Fatal(err)
	}
	result, err := handle(context.Background(), json.RawMessage(`{
		"requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/t/1"}},
		"httpMethod": "GET", "path": "/orders", "queryStringParameters": {"open": "true"},
		"headers": {"host": "lb.example.com", "x-forwarded-for": "192.0.2.7"}, "body": "", "isBase64Encoded": false
	}`))
	if err != nil {
		log.Fatal(err)
	}
	response, err := io.ReadAll(result.(io.Reader))
	fmt.Print(string(response), err)
	// Output:
	// {"statusCode":200,"statusDescription":"200 OK","headers":{"Content-Type":"text/plain; charset=utf-8"},"body":"GET /orders?open=true from lb.example.com","isBase64Encoded":false}
	// <nil>
}

// The event has what an *http.Request has no place for, such as a JWT authorizer's claims.
func ExampleEventFromContext() {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		event, ok := offloadhttp.EventFromContext(r.Context())
		if !ok || event.Source != offloadhttp.HTTPAPI {
			http.Error(w, "not behind the HTTP API", http.StatusForbidden)
			return
		}
		var request events.APIGatewayV2HTTPRequest
		if err := json.Unmarshal(event.Raw, &request); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		fmt.Println("hello", request.RequestContext.Authorizer.JWT.Claims["sub"])
	})
	handle, err := offloadhttp.Adapt(handler)
	if err != nil {
		log.Fatal(err)
	}
	_, err = handle(context.Background(), json.RawMessage(`{"version": "2.0", "rawPath": "/", "requestContext": {
		"domainName": "a.execute-api.eu-west-1.amazonaws.com", "http": {"method": "GET"}, "authorizer": {"jwt": {"claims": {"sub": "ada"}}}}}`))
	fmt.Println(err)
	// Output:
	// hello ada
	// <nil>
}
