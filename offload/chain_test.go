package offload

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/go-offload/lambda/offload/driver"
)

// idle implements Strategy and neither capability.
type idle struct{}

func (idle) Name() string                           { return "idle" }
func (idle) Open(context.Context, driver.Env) error { return nil }

// both is a keeper and a sender.
type both struct {
	inline
	*outbound
}

func (both) Name() string                           { return "both" }
func (both) Open(context.Context, driver.Env) error { return nil }

// broken does not open.
type broken struct{ inline }

func (broken) Open(context.Context, driver.Env) error { return errTask }

// second is a keeper of another name.
type second struct{ inline }

func (second) Name() string { return "second" }

// boundless is a sender that gives no limits.
type boundless struct{ *outbound }

func (boundless) Limits() driver.Limits { return driver.Limits{} }

func TestChainOfValues(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		chain []driver.Strategy
		want  error
		text  string
	}{
		"keeper":            {[]driver.Strategy{inline{}}, nil, ""},
		"sender":            {[]driver.Strategy{&outbound{name: "out"}}, nil, ""},
		"keeper and sender": {[]driver.Strategy{inline{}, &outbound{name: "out"}}, nil, ""},
		"nil":               {[]driver.Strategy{inline{}, nil}, ErrConfig, "strategy 2 of the chain is nil"},
		"twice":             {[]driver.Strategy{&outbound{name: "out"}, &outbound{name: "out"}}, ErrConfig, `"out" is in the chain twice`},
		"two keepers":       {[]driver.Strategy{inline{}, second{}}, ErrConfig, `"inline" and "second"`},
		"neither":           {[]driver.Strategy{idle{}}, ErrConfig, `"idle" must be either`},
		"both":              {[]driver.Strategy{both{outbound: &outbound{}}}, ErrConfig, `"both" must be either`},
		"no limits":         {[]driver.Strategy{boundless{&outbound{name: "out"}}}, ErrConfig, "no Limits.MessageBytes"},
		"does not open":     {[]driver.Strategy{broken{}}, errTask, `strategy "inline"`},
	} {
		_, err := Wrap(func() {}, WithStrategies(tc.chain...))
		if !errors.Is(err, tc.want) || tc.text != "" && !strings.Contains(err.Error(), tc.text) {
			t.Errorf("%s: %v; want %v with %q", name, err, tc.want, tc.text)
		}
	}
}

// opened gives an offloader of an environment.
func opened(env map[string]string, opts ...Option) (*offloader, error) {
	return newOffloader(context.Background(), append([]Option{
		WithLogger(slog.New(slog.DiscardHandler)),
		func(o *options) { o.getenv = func(key string) string { return env[key] } },
	}, opts...))
}

// TestChainOfNames is about the registry, which belongs to the process: its steps build
// on each other.
func TestChainOfNames(t *testing.T) {
	refused := func(want error, texts []string, env map[string]string, opts ...Option) {
		t.Helper()
		_, err := opened(env, opts...)
		if !errors.Is(err, want) {
			t.Errorf("%v: %v, want %v", env, err, want)
			return
		}
		for _, text := range texts {
			if !strings.Contains(err.Error(), text) {
				t.Errorf("%v: the error does not say %q: %v", env, text, err)
			}
		}
	}
	accepted := func(want string, env map[string]string, opts ...Option) {
		t.Helper()
		o, err := opened(env, opts...)
		if err != nil {
			t.Errorf("%v: %v", env, err)
			return
		}
		var chain []string
		for _, l := range o.chain {
			chain = append(chain, l.name)
		}
		if got := strings.Join(chain, ","); got != want {
			t.Errorf("%v: chain %q, want %q", env, got, want)
		}
	}
	chain := func(s string) map[string]string { return map[string]string{"OFFLOAD_STRATEGY": s} }

	once := func(name string, construct func() driver.Strategy) { // -count runs the test again
		if _, taken := driver.New(name); !taken {
			driver.Register(name, construct)
		}
	}
	once("inline", func() driver.Strategy { return inline{} })
	accepted("inline", chain("inline"))

	if _, taken := driver.New("out"); !taken {
		RegisterSender("out", func() driver.Sender { return &outbound{name: "out"} })
	}
	once("half", func() driver.Strategy { return &outbound{name: "half"} })
	linked := strings.Join(driver.Names(), ", ")
	refused(ErrConfig, []string{"OFFLOAD_STRATEGY", "offload.WithStrategy", linked}, nil)
	refused(ErrConfig, []string{"OFFLOAD_STRATEGY"}, chain("  "))
	accepted("inline,out", chain("inline,out"))
	accepted("inline,out", chain(" inline , out "))
	accepted("out", chain("inline"), WithStrategy("out"))
	accepted("second", chain("inline"), WithStrategy("out"), WithStrategies(second{}))
	refused(ErrConfig, []string{"empty name", `"inline,"`}, chain("inline,"))
	refused(ErrConfig, []string{"empty name"}, chain(",inline"))
	refused(ErrConfig, []string{"twice"}, chain("out,out"))
	refused(ErrConfig, []string{`"half"`, "offload.RegisterSender"}, chain("inline,half"))
	refused(ErrUnknownStrategy, []string{`"carrier-pigeon"`, "OFFLOAD_STRATEGY", "linked into this program: " + linked}, chain("inline,carrier-pigeon"))
	for _, name := range ownStrategies {
		if !slices.Contains(driver.Names(), name) {
			refused(ErrUnknownStrategy, []string{"WithStrategy", `import _ "github.com/go-offload/lambda/strategies/` + name + `"`}, nil, WithStrategy(name))
		}
	}
}

func TestOptionsFromTheEnvironment(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ key, value, text string }{
		{"OFFLOAD_CONCURRENCY", "0", `OFFLOAD_CONCURRENCY="0"`},
		{"OFFLOAD_CONCURRENCY", "-1", "positive"},
		{"OFFLOAD_CONCURRENCY", "many", "positive"},
		{"OFFLOAD_MARGIN", "250", "250ms"},
		{"OFFLOAD_MARGIN", "-1s", "negative"},
		{"OFFLOAD_HANDOFF", "later", `OFFLOAD_HANDOFF="later"`},
	} {
		env := map[string]string{tc.key: tc.value}
		if _, err := opened(env, WithStrategies(inline{})); !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), tc.text) {
			t.Errorf("%v: %v; want ErrConfig that says %q", env, err, tc.text)
		}
	}
	for name, opt := range map[string]Option{
		"WithConcurrency": WithConcurrency(-1),
		"WithMaxTasks":    WithMaxTasks(-1),
		"margin":          WithMargin(-1),
		"WithHandOff":     WithHandOff(7),
		"WithObserver":    WithObserver(&journal{}, nil),
		"WithTelemetry":   WithTelemetry((*journal)(nil)),
		"WithConnections": WithConnections((*http.Client)(nil)),
		"WithFlush":       WithFlush(nil),
	} {
		if _, err := opened(nil, WithStrategies(inline{}), opt); !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v; want ErrConfig", name, err)
		}
	}

	env := map[string]string{"OFFLOAD_CONCURRENCY": "3", "OFFLOAD_MARGIN": "250ms", "OFFLOAD_HANDOFF": "after"}
	o, err := opened(env, WithStrategies(inline{}))
	if err != nil {
		t.Fatal(err)
	}
	if o.opts.concurrency != 3 || o.opts.margin.String() != "250ms" || o.opts.handOff != HandOffAfter {
		t.Errorf("%v was read as %d, %v, %v", env, o.opts.concurrency, o.opts.margin, o.opts.handOff)
	}
	// Code comes first, also over a value that cannot be read.
	bad := map[string]string{"OFFLOAD_CONCURRENCY": "x", "OFFLOAD_MARGIN": "x", "OFFLOAD_HANDOFF": "x"}
	o, err = opened(bad, WithStrategies(inline{}), Sequential(), WithMargin(0), WithHandOff(HandOffBefore))
	if err != nil || o.opts.concurrency != 1 || o.opts.margin != 0 || o.opts.handOff != HandOffBefore {
		t.Errorf("options in code: %v", err)
	}
	o, err = opened(nil, WithStrategies(inline{}))
	if err != nil || o.opts.concurrency != DefaultConcurrency || o.opts.maxTasks != DefaultMaxTasks || o.opts.handOff != HandOffBefore || o.opts.marginSet {
		t.Errorf("defaults: %+v, %v", o.opts, err)
	}
}
