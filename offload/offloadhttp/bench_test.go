package offloadhttp

import (
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambdaurl"
)

var benchHeader = http.Header{
	"Accept": {"*/*"}, "Accept-Encoding": {"gzip, deflate, br"}, "Content-Type": {"application/json"}, "Cookie": {"session=0123456789abcdef; theme=dark"},
	"User-Agent": {"Mozilla/5.0 (X11; Linux x86_64)"}, "X-Amzn-Trace-Id": {"Root=1-5e9f0c65-1de4d666d4dd26aced652b6c"}, "X-Forwarded-For": {"192.0.2.7"},
}

var benchHandler = handlerFunc(func(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"id":"4711","status":"accepted"}`)
})

// BenchmarkRequest is an event's way to the handler and the response's way back, beside lambdaurl's for a streamed one.
func BenchmarkRequest(b *testing.B) {
	body := []byte(`{"id":"4711","email":"ada@example.com","items":[{"sku":"tea","quantity":2}]}`)
	for _, f := range fronts {
		b.Run(f.name, func(b *testing.B) {
			handle, err := Adapt(benchHandler, f.opts...)
			if err != nil {
				b.Fatal(err)
			}
			event, err := json.Marshal(f.event("POST", "/orders?tag=a", benchHeader, body))
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				result, err := handle(b.Context(), event)
				if err != nil {
					b.Fatal(err)
				}
				drain(b, result.(io.Reader))
			}
		})
	}
	b.Run("lambdaurl", func(b *testing.B) {
		handle := lambdaurl.Wrap(benchHandler)
		event, err := json.Marshal(fronts[1].event("POST", "/orders?tag=a", benchHeader, body))
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			var request events.LambdaFunctionURLRequest
			if err := json.Unmarshal(event, &request); err != nil {
				b.Fatal(err)
			}
			result, err := handle(b.Context(), &request)
			if err != nil {
				b.Fatal(err)
			}
			drain(b, result)
		}
	})
}

// drain reads a response as aws-lambda-go does.
func drain(b *testing.B, r io.Reader) {
	b.Helper()
	if _, err := io.Copy(io.Discard, r); err != nil {
		b.Fatal(err)
	}
	if c, ok := r.(io.Closer); ok {
		if err := c.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkTokens streams tokens of 8 bytes, beside lambdaurl's io.Pipe.
func BenchmarkTokens(b *testing.B) {
	token := []byte("token...")
	handler := func(b *testing.B) http.Handler {
		b.Helper()
		return handlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			for b.Loop() {
				_, _ = w.Write(token)
			}
		})
	}
	b.Run("offloadhttp", func(b *testing.B) {
		handle, err := Adapt(handler(b), WithInvokeMode(ResponseStream))
		if err != nil {
			b.Fatal(err)
		}
		event, err := json.Marshal(fronts[1].event("GET", "/", nil, nil))
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		result, err := handle(b.Context(), event)
		if err != nil {
			b.Fatal(err)
		}
		drain(b, result.(io.Reader))
	})
	b.Run("lambdaurl", func(b *testing.B) {
		b.ReportAllocs()
		result, err := lambdaurl.Wrap(handler(b))(b.Context(), &events.LambdaFunctionURLRequest{RequestContext: events.LambdaFunctionURLRequestContext{
			HTTP: events.LambdaFunctionURLRequestContextHTTPDescription{Method: http.MethodGet},
		}})
		if err != nil {
			b.Fatal(err)
		}
		drain(b, result)
	})
}
