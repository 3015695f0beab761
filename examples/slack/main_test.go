package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-offload/lambda/internal/leaktest"
	"github.com/go-offload/lambda/lambdatest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

const secret = "8f742231b10e8888abcd99yyyzzz85a5"

// message is what the fake Slack got.
type message struct {
	Channel  string `json:"channel"`
	ThreadTS string `json:"thread_ts"`
	Text     string `json:"text"`
	Metadata struct {
		Payload map[string]string `json:"event_payload"`
	} `json:"metadata"`
}

// fakeSlack takes messages, once its own request was answered: a function that worked first would wait for ever.
type fakeSlack struct {
	*httptest.Server
	answered chan struct{} // closed by the test
	posted   chan message
	calls    chan struct{}
}

// startSlack starts one that refuses as many calls as fail says.
func startSlack(t *testing.T, fail int) *fakeSlack {
	t.Helper()
	f := &fakeSlack{answered: make(chan struct{}), posted: make(chan message, 10), calls: make(chan struct{}, 100)}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.calls <- struct{}{}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		select {
		case <-f.answered:
		case <-r.Context().Done():
			return
		}
		if len(f.calls) <= fail {
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		var m message
		if r.URL.Path != "/chat.postMessage" || r.Header.Get("Authorization") != "Bearer xoxb-test" || json.Unmarshal(body, &m) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		f.posted <- m
		_, _ = w.Write([]byte(`{"ok":true}`))
	}))
	t.Cleanup(f.Close)
	return f
}

func start(t *testing.T, strategy string, slack *fakeSlack) *lambdatest.Lambda {
	t.Helper()
	return lambdatest.Start(t, lambdatest.Function{
		Package: ".",
		Timeout: 20 * time.Second,
		Env: map[string]string{
			"OFFLOAD_STRATEGY":     strategy,
			"SLACK_SIGNING_SECRET": secret,
			"SLACK_BOT_TOKEN":      "xoxb-test",
			"SLACK_API_URL":        slack.URL,
			"THINKING_TIME":        "10ms",
		},
	})
}

// send posts a body as Slack does.
func send(t *testing.T, url, body string, at time.Time, change func(*http.Request)) (status int, answer string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	timestamp := strconv.FormatInt(at.Unix(), 10)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Slack-Request-Timestamp", timestamp)
	req.Header.Set("X-Slack-Signature", verifier{secret: []byte(secret)}.sign(timestamp, []byte(body)))
	if change != nil {
		change(req)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

func mention(id string) string {
	return fmt.Sprintf(`{"type":"event_callback","event_id":%q,"event":{"type":"app_mention","channel":"C1","user":"U1","text":"hello","ts":"1700000000.000100"}}`, id)
}

// The answer comes before the thinking is over; the message before the environment is frozen.
func TestAnswersFirst(t *testing.T) {
	t.Parallel()
	for _, strategy := range []string{"stream", "extension"} {
		t.Run(strategy, func(t *testing.T) {
			t.Parallel()
			slack := startSlack(t, 1) // one 429: the task is tried again
			l := start(t, strategy, slack)
			if code, _ := send(t, l.URL(), mention("Ev1"), time.Now(), nil); code != http.StatusOK {
				t.Fatal(code, l.LogText())
			}
			close(slack.answered)
			if err := l.WaitIdle(t.Context()); err != nil {
				t.Fatal(err)
			}
			select {
			case m := <-slack.posted:
				if m.Channel != "C1" || m.ThreadTS != "1700000000.000100" || m.Text != "<@U1> you said: hello" || m.Metadata.Payload["event_id"] != "Ev1" {
					t.Errorf("%+v", m)
				}
			default:
				t.Errorf("the invocation is over and nothing was posted; log:\n%s", l.LogText())
			}
		})
	}
}

func TestURLVerification(t *testing.T) {
	t.Parallel()
	l := start(t, "stream", startSlack(t, 0))
	code, answer := send(t, l.URL(), `{"type":"url_verification","challenge":"3eZbrw1aB"}`, time.Now(), nil)
	if code != http.StatusOK || answer != "3eZbrw1aB" {
		t.Errorf("%d %q", code, answer)
	}
}

func TestStrangersAreRefused(t *testing.T) {
	t.Parallel()
	slack := startSlack(t, 0)
	l := start(t, "stream", slack)
	for name, test := range map[string]struct {
		at     time.Time
		change func(*http.Request)
	}{
		"no signature":    {time.Now(), func(r *http.Request) { r.Header.Del("X-Slack-Signature") }},
		"wrong signature": {time.Now(), func(r *http.Request) { r.Header.Set("X-Slack-Signature", "v0=00") }},
		"no timestamp":    {time.Now(), func(r *http.Request) { r.Header.Del("X-Slack-Request-Timestamp") }},
		"a recorded one":  {time.Now().Add(-6 * time.Minute), nil},
		"from the future": {time.Now().Add(6 * time.Minute), nil},
	} {
		if code, _ := send(t, l.URL(), mention("Ev2"), test.at, test.change); code != http.StatusUnauthorized {
			t.Errorf("%s: %d, want 401", name, code)
		}
	}
	if err := l.WaitIdle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(slack.calls) != 0 {
		t.Error("a stranger got an answer")
	}
}

// The example on Slack's page about signatures.
func TestSignature(t *testing.T) {
	t.Parallel()
	const body = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar" +
		"&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands" +
		"%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
	const want = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
	if got := (verifier{secret: []byte(secret)}).sign("1531420618", []byte(body)); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
