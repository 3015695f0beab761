package extension

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

const (
	headerName       = "Lambda-Extension-Name"
	headerIdentifier = "Lambda-Extension-Identifier"
)

// maxEventBytes bounds what is read of an answer; events have a few hundred bytes.
const maxEventBytes = 64 << 10

// client speaks the Extensions API, 2020-01-01.
type client struct {
	base      string
	id        string
	transport http.RoundTripper
}

// event is an answer to event/next.
type event struct {
	EventType  string `json:"eventType"`
	RequestID  string `json:"requestId"`
	DeadlineMS int64  `json:"deadlineMs"`
}

// refusal is an answer of the Extensions API that is not a success.
type refusal struct {
	status int
	body   string
}

func (r *refusal) Error() string {
	return fmt.Sprintf("the Extensions API answered %d %s: %s", r.status, http.StatusText(r.status), r.body)
}

func newClient(address string) *client {
	return &client{
		base:      "http://" + address + "/2020-01-01/extension/",
		transport: &connection{address: address},
	}
}

func (c *client) register(ctx context.Context, name string, events []string) error {
	if events == nil {
		events = []string{} // the API wants a list
	}
	body, err := json.Marshal(map[string][]string{"events": events})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"register", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set(headerName, name)
	req.Header.Set("Content-Type", "application/json")
	header, _, err := c.do(req)
	if err != nil {
		return err
	}
	c.id = header.Get(headerIdentifier)
	return nil
}

func (c *client) next() (ev event, err error) {
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, c.base+"event/next", nil)
	if err != nil {
		return ev, err
	}
	req.Header.Set(headerIdentifier, c.id)
	_, body, err := c.do(req)
	if err != nil {
		return ev, err
	}
	if err := json.Unmarshal(body, &ev); err != nil {
		return ev, fmt.Errorf("decoding an event: %w", err)
	}
	return ev, nil
}

func (c *client) do(req *http.Request) (http.Header, []byte, error) {
	resp, err := c.transport.RoundTrip(req)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, nil, &refusal{status: resp.StatusCode, body: string(body)}
	}
	return resp.Header, body, nil
}
