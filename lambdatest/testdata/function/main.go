// Command function is a Lambda function whose manners are chosen by its event and its environment.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

type command struct {
	Mode  string `json:"mode"`
	Text  string `json:"text"`
	Size  int    `json:"size"`
	Sleep int    `json:"sleep"` // milliseconds
	File  string `json:"file"`
}

func main() {
	if mode := os.Getenv("INIT"); mode != "" {
		initialise(mode)
	}
	options := []lambda.Option{}
	if file := os.Getenv("SIGTERM_FILE"); file != "" {
		options = append(options, lambda.WithEnableSIGTERM(func() {
			touch(file)
			if os.Getenv("SIGTERM_HANG") == "" {
				os.Exit(0)
			}
		}))
	}
	lambda.StartWithOptions(handle, options...)
}

// initialise fails in one way or another, if FLAG names a file only while that file exists (and removes it).
func initialise(mode string) {
	if flag := os.Getenv("FLAG"); flag != "" {
		if os.Remove(flag) != nil {
			return
		}
	}
	switch mode {
	case "exit":
		os.Exit(3)
	case "error":
		body := `{"errorType":"Runtime.NoConfig","errorMessage":"no configuration"}`
		res, err := http.Post("http://"+os.Getenv("AWS_LAMBDA_RUNTIME_API")+"/2018-06-01/runtime/init/error",
			"application/json", strings.NewReader(body))
		if err == nil {
			_, _ = io.Copy(io.Discard, res.Body)
			res.Body.Close()
		}
		os.Exit(1)
	case "hang":
		time.Sleep(time.Hour)
	}
}

func touch(file string) {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err == nil {
		fmt.Fprintln(f, time.Now().UnixNano())
		f.Close()
	}
}

// tail is a response whose Close runs after it was sent.
type tail struct {
	io.Reader
	close func()
}

func (t *tail) Close() error { t.close(); return nil }

func (t *tail) MarshalJSON() ([]byte, error) { return nil, errors.New("not JSON") }

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// slow hands out its parts with a pause before each, except the first, and not before the file gate exists (if set).
type slow struct {
	parts []string
	pause time.Duration
	gate  string
	fail  error
	n     int
}

func (s *slow) Read(p []byte) (int, error) {
	if s.n == len(s.parts) {
		if s.fail != nil {
			return 0, s.fail
		}
		return 0, io.EOF
	}
	if s.n > 0 {
		time.Sleep(s.pause)
		for s.gate != "" {
			if _, err := os.Stat(s.gate); err == nil {
				break
			}
			time.Sleep(time.Millisecond)
		}
	}
	n := copy(p, s.parts[s.n])
	s.n++
	return n, nil
}

func (s *slow) MarshalJSON() ([]byte, error) { return nil, errors.New("not JSON") }

var (
	calls   int
	mu      sync.Mutex
	barrier = make(chan struct{}, 2)
)

func handle(ctx context.Context, event json.RawMessage) (any, error) {
	mu.Lock()
	calls++
	call := calls
	mu.Unlock()
	var c command
	if err := json.Unmarshal(event, &c); err != nil || c.Mode == "" {
		if url, ok := asURL(event); ok {
			return serveURL(ctx, url)
		}
		return event, nil // echo
	}
	pause := time.Duration(c.Sleep) * time.Millisecond
	switch c.Mode {
	case "calls":
		return call, nil
	case "env":
		return os.Environ(), nil
	case "context":
		lc, _ := lambdacontext.FromContext(ctx)
		deadline, _ := ctx.Deadline()
		return map[string]any{
			"context": lc, "deadline": deadline, "trace": ctx.Value("x-amzn-trace-id"),
		}, nil
	case "log":
		fmt.Println(c.Text)
		fmt.Fprintln(os.Stderr, c.Text, "on stderr")
		return nil, nil
	case "sleep":
		time.Sleep(pause)
		return "slept", nil
	case "error":
		return nil, errors.New(c.Text)
	case "panic":
		panic(c.Text)
	case "exit":
		os.Exit(c.Size)
	case "large":
		return &tail{Reader: io.LimitReader(endless{}, int64(c.Size)), close: func() {}}, nil
	case "tail":
		return &tail{Reader: strings.NewReader(`"answered"`), close: func() {
			time.Sleep(pause)
			if c.Text == "exit" {
				os.Exit(1)
			}
			log.Print("tail done")
		}}, nil
	case "stray":
		go func() { // left behind
			for range time.Tick(time.Millisecond) {
				touch(c.File)
			}
		}()
		return "left", nil
	case "stream":
		return &slow{parts: strings.Split(c.Text, ","), pause: pause, gate: c.File}, nil
	case "streamerror":
		return &slow{parts: []string{"half"}, fail: errors.New("broke midway")}, nil
	case "meet": // returns once two of these run at the same time
		select {
		case barrier <- struct{}{}:
			for len(barrier) < 2 && ctx.Err() == nil {
				time.Sleep(time.Millisecond)
			}
		default:
		}
		return "met", ctx.Err()
	}
	return nil, fmt.Errorf("no mode %q", c.Mode)
}

func asURL(event json.RawMessage) (events.LambdaFunctionURLRequest, bool) {
	var r events.LambdaFunctionURLRequest
	err := json.Unmarshal(event, &r)
	return r, err == nil && r.Version == "2.0" && r.RequestContext.HTTP.Method != ""
}

func serveURL(_ context.Context, r events.LambdaFunctionURLRequest) (any, error) {
	switch r.RawPath {
	case "/event":
		return r, nil // no statusCode: the event becomes the body
	case "/full":
		return events.LambdaFunctionURLResponse{
			StatusCode: 201, Headers: map[string]string{"X-Answer": "42", "Content-Type": "text/plain"},
			Cookies: []string{"a=1", "b=2; Secure"}, Body: "made",
		}, nil
	case "/binary":
		return events.LambdaFunctionURLResponse{StatusCode: 200, Body: "AAEC/w==", IsBase64Encoded: true}, nil
	case "/malformed":
		return json.RawMessage(`{"statusCode":"high"}`), nil
	case "/fail":
		return nil, errors.New("failed")
	case "/stream":
		return &events.LambdaFunctionURLStreamingResponse{
			StatusCode: 202, Headers: map[string]string{"Content-Type": "text/plain"}, Cookies: []string{"s=1"},
			Body: &slow{parts: strings.Split(r.QueryStringParameters["parts"], ","), gate: r.QueryStringParameters["gate"]},
		}, nil
	case "/large":
		return &events.LambdaFunctionURLStreamingResponse{Body: io.LimitReader(endless{}, 100_000_000)}, nil
	case "/streamerror":
		return &events.LambdaFunctionURLStreamingResponse{Body: &slow{parts: []string{"half"}, fail: errors.New("broke midway")}}, nil
	}
	return json.RawMessage(`{"hello":"world"}`), nil
}
