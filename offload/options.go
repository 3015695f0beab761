package offload

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/go-offload/lambda/offload/driver"
)

// Defaults of the process, for what neither code nor environment sets.
const (
	// DefaultConcurrency is how many tasks of one invocation run at once. Tasks
	// mostly wait for a network; 16 keeps a tail short without opening more
	// sockets than a Lambda function (1,024 descriptors) can spare.
	DefaultConcurrency = 16

	// DefaultMaxTasks is how many tasks one invocation may defer.
	DefaultMaxTasks = 10_000

	// DefaultMargin is the longest time kept free before the invocation's deadline;
	// see [WithMargin].
	DefaultMargin = 500 * time.Millisecond

	// DefaultThawAfter is how long a pause between two invocations must be for
	// connections to count as stale; see [WithConnections].
	DefaultThawAfter = time.Second
)

// Option configures [Start] and [Wrap]. What an option sets takes precedence over
// the environment variable for the same thing.
type Option func(*options)

type options struct {
	chain       string
	strategies  []driver.Strategy
	concurrency int
	maxTasks    int
	margin      time.Duration
	marginSet   bool
	handOff     HandOff
	observers   []Observer
	telemetry   []Observer
	tracer      Tracer  // nil: none
	tailEnd     tailEnd // nil: nothing comes after the tasks
	logger      *slog.Logger
	thaw        []func() // drop connections that idled through a freeze
	baseContext context.Context
	lambda      []lambda.Option
	encode      func(*json.Encoder)
	getenv      func(string) string
	invalid     error                                     // of the first option that cannot be used
	worker      bool                                      // started with StartWorker
	crossing    crossing                                  // nil: tasks neither leave the process nor arrive
	process     func([]driver.Strategy) []driver.Strategy // the chain of a Process; nil on Lambda
}

// refuse makes the first mistake the error of Start and Wrap. Options check themselves: a program links the checks of
// those that it has.
func (o *options) refuse(format string, args ...any) {
	if o.invalid == nil {
		o.invalid = fmt.Errorf("%w: "+format, append([]any{ErrConfig}, args...)...)
	}
}

// require refuses a nil, and with it what a constructor gives whose error was not looked at: it would panic in
// the middle of some invocation.
func (o *options) require(option string, value any) {
	v := reflect.ValueOf(value)
	if value == nil || (v.Kind() == reflect.Pointer || v.Kind() == reflect.Func) && v.IsNil() {
		o.refuse("%s was given a nil %T", option, value)
	}
}

// WithStrategy selects strategies by name, as OFFLOAD_STRATEGY does: a list
// separated by commas, such as "extension,sqs". The packages of the strategies
// must be linked, usually by a blank import. If neither code nor environment
// selects any and exactly one is linked, that one is used.
func WithStrategy(chain string) Option {
	return func(o *options) { o.chain = chain }
}

// WithStrategies selects strategies by value, for those that need options or
// clients of their own. It takes precedence over WithStrategy.
func WithStrategies(chain ...driver.Strategy) Option {
	return func(o *options) {
		o.strategies = chain
		o.remote()
	}
}

// WithConcurrency sets how many tasks of one invocation run at once. The default
// is [DefaultConcurrency]. The environment variable is OFFLOAD_CONCURRENCY. 0 leaves it to these.
func WithConcurrency(n int) Option {
	return func(o *options) {
		if n < 0 {
			o.refuse("WithConcurrency(%d): at least one task must run at a time", n)
		}
		o.concurrency = n
	}
}

// Sequential runs the tasks of an invocation one after the other, in the order in
// which they were deferred. Nested tasks come last.
func Sequential() Option { return WithConcurrency(1) }

// WithMaxTasks sets how many tasks one invocation may defer, nested ones
// included. The default, for which 0 stands too, is [DefaultMaxTasks].
func WithMaxTasks(n int) Option {
	return func(o *options) {
		if n < 0 {
			o.refuse("WithMaxTasks(%d) is negative", n)
		}
		o.maxTasks = n
	}
}

// WithMargin sets how long before the invocation's deadline the context of its
// tasks ends, so that there is time to hand over what is unfinished. After half
// of the margin, tasks that ignore their context are given up. The default is a
// tenth of the time the invocation has, at most [DefaultMargin]. The environment
// variable is OFFLOAD_MARGIN, in the form of time.ParseDuration. A margin that is no shorter than
// the function's timeout leaves no time for tasks, which the log says once.
func WithMargin(d time.Duration) Option {
	return func(o *options) {
		if d < 0 {
			o.refuse("the margin %v is negative", d)
		}
		o.margin, o.marginSet = d, true
	}
}

// WithObserver adds an observer of task events. It may be given several times. If
// it is not given at all, a [LogObserver] writes what went wrong to the logger.
func WithObserver(obs ...Observer) Option {
	return func(o *options) {
		for _, observer := range obs {
			o.require("WithObserver", observer)
		}
		o.observers = append(o.observers, obs...)
	}
}

// WithLogger sets where warnings go. The default is slog.Default().
func WithLogger(l *slog.Logger) Option {
	return func(o *options) { o.logger = l }
}

// WithConnections drops the idle connections of HTTP clients when the environment
// thaws: at the first invocation after a pause of [DefaultThawAfter] or more. A
// connection that idled through a freeze is usually dead, and the first request on it fails.
// *http.Client and *http.Transport have the method.
func WithConnections(clients ...interface{ CloseIdleConnections() }) Option {
	return func(o *options) {
		for _, client := range clients {
			o.require("WithConnections", client)
			o.thaw = append(o.thaw, func() { client.CloseIdleConnections() })
		}
	}
}

// WithBaseContext sets the parent of all invocation contexts, as
// lambda.WithContext does. It has no effect in Wrap.
func WithBaseContext(ctx context.Context) Option {
	return func(o *options) { o.baseContext = ctx }
}

// WithLambdaOptions passes options to lambda.StartWithOptions. It has no effect in
// Wrap. WithSetIndent and WithSetEscapeHTML do not reach the response, which this package
// encodes; use [WithEncoder]. WithContext and WithContextValue hide the signal that lets
// a failed invocation be reported before its tasks have run; use [WithBaseContext].
func WithLambdaOptions(opts ...lambda.Option) Option {
	return func(o *options) { o.lambda = append(o.lambda, opts...) }
}

// WithEncoder configures the encoder of JSON responses, for those who set
// indentation or HTML escaping. As in aws-lambda-go, HTML is not escaped by default.
func WithEncoder(configure func(*json.Encoder)) Option {
	return func(o *options) { o.encode = configure }
}
