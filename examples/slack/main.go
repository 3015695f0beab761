// Command slack is a Lambda function for Slack's Events API: it checks the signature, answers within
// Slack's three seconds, and does the work, a reply that takes its time, after the answer.
//
// See README.md for how to run it here.
package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/go-offload/lambda/offload"
	_ "github.com/go-offload/lambda/strategies/extension" // OFFLOAD_STRATEGY=extension
	_ "github.com/go-offload/lambda/strategies/sqs"       // OFFLOAD_STRATEGY=extension,sqs
	_ "github.com/go-offload/lambda/strategies/stream"    // OFFLOAD_STRATEGY=stream
)

func main() {
	slog.SetDefault(slog.New(offload.LogHandler(slog.NewJSONHandler(os.Stdout, nil))))
	secret := os.Getenv("SLACK_SIGNING_SECRET")
	if secret == "" {
		log.Fatal("SLACK_SIGNING_SECRET is empty: it is under Basic Information in the settings of the Slack app")
	}
	app := &app{verify: verifier{secret: []byte(secret), now: time.Now}}
	// A frozen connection is a dead one: the client gets a new one after a pause.
	offload.Start(app.handle, offload.WithConnections(slack.http))
}

// app is the Events API endpoint.
type app struct{ verify verifier }

// callback is what Slack posts, as far as this program looks at it.
type callback struct {
	Type      string  `json:"type"`
	Challenge string  `json:"challenge"`
	EventID   string  `json:"event_id"`
	Event     Mention `json:"event"`
}

// Mention is an app_mention event.
type Mention struct {
	Type    string `json:"type"`
	Channel string `json:"channel"`
	User    string `json:"user"`
	Text    string `json:"text"`
	TS      string `json:"ts"`
}

// reply is the work that would not fit into Slack's three seconds. Slack repeats an event whose
// answer it did not get, so the reply carries the event's ID; see post in slackapi.go.
var reply = offload.Define("reply", func(ctx context.Context, m Mention) error {
	answer, err := think(ctx, m)
	if err != nil {
		return err
	}
	return slack.post(ctx, m, answer)
}, offload.Timeout(time.Minute))

// handle answers at once: Slack gives it three seconds, and repeats what was not answered in time.
func (a *app) handle(ctx context.Context, req events.LambdaFunctionURLRequest) (events.LambdaFunctionURLResponse, error) {
	body, err := bodyOf(req)
	if err != nil {
		return status(http.StatusBadRequest), nil //nolint:nilerr // the client is told
	}
	if err := a.verify.check(req.Headers, body); err != nil {
		slog.WarnContext(ctx, "a request was refused", "error", err)
		return status(http.StatusUnauthorized), nil
	}
	var in callback
	if err := json.Unmarshal(body, &in); err != nil {
		return status(http.StatusBadRequest), nil //nolint:nilerr // the client is told
	}
	switch {
	case in.Type == "url_verification":
		return events.LambdaFunctionURLResponse{
			StatusCode: http.StatusOK,
			Headers:    map[string]string{"Content-Type": "text/plain"},
			Body:       in.Challenge,
		}, nil
	case in.Type == "event_callback" && in.Event.Type == "app_mention":
		if err := offload.After(ctx, reply.With(in.Event), offload.ID(in.EventID)); err != nil {
			return status(http.StatusServiceUnavailable), fmt.Errorf("event %q: %w", in.EventID, err) // Slack will repeat it
		}
	}
	return status(http.StatusOK), nil
}

func bodyOf(req events.LambdaFunctionURLRequest) ([]byte, error) {
	if req.IsBase64Encoded {
		return base64.StdEncoding.DecodeString(req.Body)
	}
	return []byte(req.Body), nil
}

func status(code int) events.LambdaFunctionURLResponse {
	return events.LambdaFunctionURLResponse{StatusCode: code}
}

// think stands for the model, the search or the report that takes its time.
func think(ctx context.Context, m Mention) (string, error) {
	d, err := time.ParseDuration(os.Getenv("THINKING_TIME"))
	if err != nil {
		d = 5 * time.Second
	}
	select {
	case <-time.After(d):
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
	if m.Text == "" {
		return "", errors.New("nothing was asked")
	}
	return fmt.Sprintf("<@%s> you said: %s", m.User, m.Text), nil
}
