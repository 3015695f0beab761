package extension_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-offload/lambda/offload/driver"
	"github.com/go-offload/lambda/strategies/extension"
)

// registration is what the API got, and what it answers.
type registration struct {
	status int
	name   string
	events []string
}

// open opens a strategy at a scripted Extensions API. What it logs is returned.
func open(t *testing.T, reg *registration, opts *extension.Options, concurrency int, initialization string) (s *extension.Strategy, log string, err error) {
	t.Helper()
	over := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/2020-01-01/extension/event/next" {
			<-over
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		var body struct{ Events []string }
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil || body.Events == nil {
			t.Errorf("registration %v, events %v: the API wants a list", err, body.Events)
		}
		reg.name, reg.events = r.Header.Get("Lambda-Extension-Name"), body.Events
		w.Header().Set("Lambda-Extension-Identifier", "id-1")
		w.WriteHeader(reg.status)
		io.WriteString(w, `{"errorType":"Extension.Refused"}`)
	}))
	t.Cleanup(func() {
		close(over)
		server.Close()
	})
	var out bytes.Buffer
	s = extension.New(opts)
	err = s.Open(context.Background(), driver.Env{
		Getenv: func(key string) string {
			return map[string]string{
				"AWS_LAMBDA_RUNTIME_API":         strings.TrimPrefix(server.URL, "http://"),
				"AWS_LAMBDA_INITIALIZATION_TYPE": initialization,
			}[key]
		},
		// The loop logs the end of the API when the test is over, hence only warnings of Open.
		Logger:         slog.New(warnings{slog.NewTextHandler(&out, nil)}),
		MaxConcurrency: concurrency,
	})
	return s, out.String(), err
}

// warnings drops errors.
type warnings struct{ slog.Handler }

func (warnings) Enabled(_ context.Context, l slog.Level) bool { return l == slog.LevelWarn }

// doneTail is a tail whose run is seen.
type doneTail struct{ ran bool }

func (*doneTail) RequestID() string { return "request-1" }
func (*doneTail) Empty() bool       { return false }
func (*doneTail) Final() bool       { return false }
func (d *doneTail) Run()            { d.ran = true }
func (d *doneTail) RunHere()        { d.Run() }

func TestRegistration(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status      int
		opts        *extension.Options
		concurrency int
		initialized string // AWS_LAMBDA_INITIALIZATION_TYPE
		wantName    string
		wantEvents  string
		inKeep      bool // tails run in Keep
		warns       bool
	}{
		"for INVOKE":           {200, nil, 1, "on-demand", extension.Name, "INVOKE", false, false},
		"under another name":   {200, &extension.Options{Name: "mine"}, 1, "on-demand", "mine", "INVOKE", false, false},
		"one at a time":        {200, nil, 1, "lambda-managed-instances", extension.Name, "", true, false},
		"managed instances":    {200, nil, 8, "lambda-managed-instances", extension.Name, "", true, false},
		"refused":              {403, nil, 1, "on-demand", extension.Name, "INVOKE", true, true},
		"an emulator has none": {404, nil, 1, "on-demand", extension.Name, "INVOKE", true, true},
		"managed, refused":     {403, nil, 8, "lambda-managed-instances", extension.Name, "", true, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reg := &registration{status: test.status}
			s, log, err := open(t, reg, test.opts, test.concurrency, test.initialized)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(reg.events, ","); reg.name != test.wantName || got != test.wantEvents {
				t.Errorf("registered %q for %q", reg.name, got)
			}
			if n := strings.Count(log, "level=WARN"); (n == 1) != test.warns || n > 1 {
				t.Errorf("%d warnings, want one = %t:\n%s", n, test.warns, log)
			}
			if test.inKeep {
				var tail doneTail
				s.Keep(&tail)
				if !tail.ran {
					t.Error("Keep returned and the tail had not run, though nobody holds the environment")
				}
			}
		})
	}
}

func TestNoRuntimeAPI(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	s := extension.New(nil)
	if err := s.Open(context.Background(), driver.Env{
		Getenv: func(string) string { return "" }, Logger: slog.New(slog.NewTextHandler(&out, nil)), MaxConcurrency: 1,
	}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "AWS_LAMBDA_RUNTIME_API") {
		t.Errorf("the log does not say why: %s", out.String())
	}
	var tail doneTail
	s.Keep(&tail)
	if !tail.ran {
		t.Error("the tail had not run")
	}
}

// Without an answer the environment is broken: Lambda starts another one.
func TestAPIThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	address := strings.TrimPrefix(server.URL, "http://")
	server.Close()
	err := extension.New(nil).Open(context.Background(), driver.Env{
		Getenv: func(string) string { return address }, Logger: slog.New(slog.DiscardHandler), MaxConcurrency: 1,
	})
	if err == nil || !strings.Contains(err.Error(), extension.Name) {
		t.Errorf("got %v", err)
	}
}
