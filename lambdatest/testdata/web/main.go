// Command web is a Lambda function behind gateways. What it answers is up to the path: /event answers with the event, in
// a form that every gateway takes, and /respond with the body of the request as its own response document.
package main

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
)

type request struct {
	Path            string  `json:"path"`
	RawPath         string  `json:"rawPath"`
	Body            *string `json:"body"`
	IsBase64Encoded bool    `json:"isBase64Encoded"`
}

// gated hands out its first part at once and the others when the file gate exists.
type gated struct {
	parts []string
	gate  string
	n     int
}

func (g *gated) Read(p []byte) (int, error) {
	if g.n == len(g.parts) {
		return 0, io.EOF
	}
	for g.n > 0 {
		if _, err := os.Stat(g.gate); err == nil {
			break
		}
		time.Sleep(time.Millisecond)
	}
	n := copy(p, g.parts[g.n])
	g.n++
	return n, nil
}

func main() {
	lambda.Start(func(event json.RawMessage) (any, error) {
		var r request
		if err := json.Unmarshal(event, &r); err != nil {
			return nil, err
		}
		switch r.Path + r.RawPath {
		case "/respond":
			if r.IsBase64Encoded {
				return base64.StdEncoding.DecodeString(*r.Body)
			}
			return json.RawMessage(*r.Body), nil
		case "/large":
			return map[string]any{"statusCode": 200, "body": strings.Repeat("x", 2<<20)}, nil
		case "/fail":
			return nil, errors.New("failed")
		case "/stream":
			return &events.LambdaFunctionURLStreamingResponse{
				StatusCode: 201, Headers: map[string]string{"Content-Type": "text/plain", "X-One": "1"}, Body: &gated{parts: []string{"one", "two"}, gate: *r.Body},
			}, nil
		case "/sleep":
			time.Sleep(time.Second)
		}
		return map[string]any{"statusCode": 200, "body": string(event)}, nil
	})
}
