// Command web is a Lambda function behind gateways. What it answers is up to the path: /event answers with the event, in
// a form that every gateway takes, and /respond with the body of the request as its own response document.
package main

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
)

type request struct {
	Path            string  `json:"path"`
	RawPath         string  `json:"rawPath"`
	Body            *string `json:"body"`
	IsBase64Encoded bool    `json:"isBase64Encoded"`
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
		case "/sleep":
			time.Sleep(time.Second)
		}
		return map[string]any{"statusCode": 200, "body": string(event)}, nil
	})
}
