package invoke

import (
	"context"
	"fmt"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/go-offload/lambda/offload"
	"github.com/go-offload/lambda/offload/driver"
	"github.com/go-offload/lambda/strategies/internal/awsclient"
)

// Name is the name of the strategy in OFFLOAD_STRATEGY.
const Name = "invoke"

// EnvFunction names the environment variable with the function to invoke.
const EnvFunction = "OFFLOAD_INVOKE_FUNCTION"

const (
	// MaxPayloadBytes is the largest payload of an asynchronous invocation: 1 MB of
	// 1,024 kB since October 2025, 256 kB before (AWS Lambda Developer Guide, "Lambda quotas").
	MaxPayloadBytes = 1 << 20

	// DefaultConcurrency is how many calls one invocation has in flight. More would cost
	// connections, which a frozen environment has to make anew, and gain little: a
	// call takes some milliseconds.
	DefaultConcurrency = 10
)

func init() { offload.RegisterSender(Name, func() driver.Sender { return New(nil) }) }

// Options are what can be set in code. What is set here wins over the environment.
type Options struct {
	// Function is the function to invoke: a name, a partial or a full ARN, each with or without a
	// version or alias behind a colon. Empty means the value of OFFLOAD_INVOKE_FUNCTION, and if
	// that is empty too, this function itself.
	Function string

	// Concurrency is how many calls one invocation may have in flight; 0 means 10.
	Concurrency int

	// Client is used instead of one that is made from the environment. It should not retry
	// (RetryMaxAttempts 1), since package offload does. Its connections are its
	// owner's: they are not dropped after a freeze.
	Client Client
}

// Client is the method of the SDK's client that is used.
type Client interface {
	Invoke(ctx context.Context, input *lambda.InvokeInput, options ...func(*lambda.Options)) (*lambda.InvokeOutput, error)
}

// Strategy is the invoke strategy. It is a [driver.Sender] and a [driver.Thawer].
// After Open it may be used concurrently.
type Strategy struct {
	options Options

	function function
	client   Client
	http     *http.Client // nil if the client is the user's
	limits   driver.Limits
}

// New makes a strategy, for offload.WithStrategies. opts may be nil. Mistakes in it show in
// Open.
func New(opts *Options) *Strategy {
	s := &Strategy{}
	if opts != nil {
		s.options = *opts
	}
	return s
}

// Name implements [driver.Strategy].
func (*Strategy) Name() string { return Name }

// Open implements [driver.Strategy]. It calls nothing.
func (s *Strategy) Open(_ context.Context, env driver.Env) error {
	text := s.options.Function
	if text == "" {
		text = env.Getenv(EnvFunction)
	}
	var err error
	if text == "" {
		s.function, err = thisFunction(env.Getenv)
	} else {
		s.function, err = parseFunction(text)
	}
	if err != nil {
		return err
	}

	s.limits = driver.Limits{
		MessageBytes: MaxPayloadBytes,
		BatchEntries: 1,
	}
	if s.limits.Concurrency, err = awsclient.Concurrency(s.options.Concurrency, DefaultConcurrency); err != nil {
		return fmt.Errorf("invoke: %w", err)
	}

	s.client = s.options.Client
	if s.client != nil {
		return nil
	}
	config, err := awsclient.FromEnvironment(env.Getenv, "LAMBDA", s.function.region, s.limits.Concurrency*max(1, env.MaxConcurrency))
	if err != nil {
		return fmt.Errorf("invoke: %w", err)
	}
	s.http = config.HTTP
	s.client = newClient(config)
	return nil
}

// newClient takes 3 µs, so it need not wait for the first Send.
func newClient(config awsclient.Config) *lambda.Client {
	return lambda.New(lambda.Options{
		Region:       config.Region,
		Credentials:  config.Credentials,
		BaseEndpoint: config.Endpoint,
		EndpointOptions: lambda.EndpointResolverOptions{
			UseFIPSEndpoint:      config.FIPS,
			UseDualStackEndpoint: config.DualStack,
		},
		HTTPClient: config.HTTP,
		// Package offload retries, within the invocation's time.
		Retryer: aws.NopRetryer{},
	})
}

// Limits implements [driver.Sender].
func (s *Strategy) Limits() driver.Limits { return s.limits }

// Thaw implements [driver.Thawer].
func (s *Strategy) Thaw() {
	if s.http != nil {
		s.http.CloseIdleConnections()
	}
}
