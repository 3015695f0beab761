package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"

	"github.com/cenkalti/backoff/v4"

	"github.com/go-offload/lambda/offload"
)

// slackAPI is the Web API, as far as this program uses it.
type slackAPI struct {
	http *http.Client
	base string
}

var slack = &slackAPI{
	http: &http.Client{Transport: &http.Transport{}},
	base: cmp.Or(os.Getenv("SLACK_API_URL"), "https://slack.com/api"),
}

// post answers in the thread of the mention. The message's metadata has the task's ID, which is the event's: it is the
// same for every attempt and every repetition, so that repetitions can be told from answers.
func (s *slackAPI) post(ctx context.Context, m Mention, text string) error {
	task, _ := offload.TaskFromContext(ctx)
	body, err := json.Marshal(map[string]any{
		"channel":   m.Channel,
		"thread_ts": m.TS,
		"text":      text,
		"metadata":  map[string]any{"event_type": "offload_reply", "event_payload": map[string]string{"event_id": task.ID}},
	})
	if err != nil {
		return backoff.Permanent(err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.base+"/chat.postMessage", bytes.NewReader(body))
	if err != nil {
		return backoff.Permanent(err)
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("Authorization", "Bearer "+os.Getenv("SLACK_BOT_TOKEN"))
	resp, err := s.http.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK { // 429 and 5xx: try again
		return fmt.Errorf("chat.postMessage: %s", resp.Status)
	}
	var result struct {
		OK    bool   `json:"ok"`
		Error string `json:"error"`
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(&result); err != nil {
		return fmt.Errorf("chat.postMessage: %w", err)
	}
	if !result.OK { // such as channel_not_found: another attempt fails the same way
		return backoff.Permanent(fmt.Errorf("chat.postMessage: %s", result.Error))
	}
	return nil
}
