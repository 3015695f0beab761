package stack

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/go-offload/lambda/benchmarks/cost"
	"github.com/go-offload/lambda/benchmarks/network"
	"github.com/go-offload/lambda/benchmarks/workload"
	"github.com/go-offload/lambda/lambdatest"
	"github.com/go-offload/lambda/lambdatest/sqstest"
)

// functionPackage is the function under test.
const functionPackage = "github.com/go-offload/lambda/benchmarks/function"

// maxEnvironments is far above what the loads of a small machine need: nothing is
// throttled, as on AWS, where 1,000 is the account's default quota.
const maxEnvironments = 500

// queueName is the name of the queue in every local stack, which has a server of
// its own.
const queueName = "tasks"

// Local runs a contestant under the local Lambda.
type Local struct {
	service *lambdatest.Service
	front   *lambdatest.Lambda
	worker  *lambdatest.Lambda // nil if nothing is sent
	url     string
	out     marks

	sqs     *sqstest.Server // nil without a queue
	mapping *lambdatest.EventSourceMapping
	polls   *polls
	async   bool // events may be in the queues of asynchronous invocations
	delays  *network.Proxy
	backend *backend // nil unless tasks are to fail

	begun    time.Time
	requests map[string]sqstest.RequestCount // at Begin
	timeout  time.Duration
}

var _ Stack = (*Local)(nil)

// NewLocal deploys a contestant. The profile delays its calls to services.
func NewLocal(ctx context.Context, c cost.Contestant, w *workload.Workload, profile *network.Profile) (_ *Local, err error) {
	l := &Local{timeout: time.Duration(w.TimeoutMS) * time.Millisecond}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("deploy %s for %s: %w", c, w.Name, err), l.Close())
		}
	}()
	if l.service, err = lambdatest.New(nil); err != nil {
		return nil, err
	}
	l.delays = network.NewProxy(profile)
	if w.FailOneIn > 0 {
		if l.backend, err = startBackend(ctx); err != nil {
			return nil, err
		}
	}
	front := l.function("front", w, string(c))
	if c == cost.StreamResponse {
		front.URLMode = lambdatest.ResponseStream
	}

	switch c {
	case cost.SQS, cost.SQSAfter, cost.ExtensionSQS:
		if err = l.startQueue(ctx, w, front.Env, profile); err != nil {
			return nil, err
		}
	case cost.Invoke:
		if err = l.startWorker(ctx, w); err != nil {
			return nil, err
		}
		l.async = true
		front.Env["OFFLOAD_INVOKE_FUNCTION"] = l.worker.Name()
		if front.Env["AWS_ENDPOINT_URL_LAMBDA"], err = l.delays.Lambda(l.service.Endpoint()); err != nil {
			return nil, err
		}
	case cost.APIGatewayAsync:
		l.async = true
	default:
	}
	if l.front, err = l.service.Deploy(ctx, front); err != nil {
		return nil, err
	}
	l.url = l.front.URL()
	if c == cost.APIGatewayAsync {
		var gateway *lambdatest.GatewayServer // until the function is removed
		if gateway, err = l.front.ServeGateway(ctx, lambdatest.Gateway{Type: lambdatest.AsyncRESTAPI}); err != nil {
			return nil, err
		}
		l.url = gateway.URL()
	}
	return l, nil
}

// function is the configuration that front and worker share.
func (l *Local) function(name string, w *workload.Workload, contestant string) lambdatest.Function {
	env := map[string]string{"BENCHMARK_CONTESTANT": contestant}
	if w.AtOnce > 0 {
		env["OFFLOAD_CONCURRENCY"] = strconv.Itoa(w.AtOnce)
	}
	if l.backend != nil {
		env["BENCHMARK_BACKEND"] = l.backend.url
	}
	retries := min(2, max(0, w.Attempts-1)) // two are the most that Lambda makes
	return lambdatest.Function{
		Name: name, Package: functionPackage, Env: env, MemorySize: w.MemoryMB, Timeout: l.timeout,
		MaxEnvironments: maxEnvironments, Output: &l.out,
		// A request never waits for an environment that is nearly free: on AWS the way back takes
		// longer, and here it would be counted as latency.
		Settle: -1,
		Async: lambdatest.AsyncConfig{
			MaximumRetryAttempts: &retries,
			Speedup:              asyncSpeedup,
		},
	}
}

// asyncSpeedup makes the minute before Lambda's first retry a tenth of a second.
const asyncSpeedup = 600

// startWorker deploys the function that runs what is sent.
func (l *Local) startWorker(ctx context.Context, w *workload.Workload) (err error) {
	f := l.function("worker", w, "worker")
	if w.WorkerConcurrency > 0 {
		f.MaxEnvironments = w.WorkerConcurrency
	}
	l.worker, err = l.service.Deploy(ctx, f)
	return err
}

// startQueue makes the queue with its dead-letter queue, the worker, and the event
// source mapping between them.
func (l *Local) startQueue(ctx context.Context, w *workload.Workload, env map[string]string, profile *network.Profile) (err error) {
	if l.sqs, err = sqstest.New(nil); err != nil {
		return err
	}
	const dead = "dead"
	if _, err = l.sqs.CreateQueue(dead, nil); err != nil {
		return err
	}
	// The shortest that a mapping allows; failed messages do not wait for it, see End.
	visibility := (l.timeout + time.Second - 1).Truncate(time.Second)
	queueURL, err := l.sqs.CreateQueue(queueName, map[string]string{
		"VisibilityTimeout": strconv.Itoa(int(visibility / time.Second)),
		"RedrivePolicy":     fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":%d}`, l.sqs.Queue(dead).ARN(), max(1, w.Attempts)),
	})
	if err != nil {
		return err
	}
	env["OFFLOAD_SQS_QUEUE_URL"] = queueURL
	if env["AWS_ENDPOINT_URL_SQS"], err = l.delays.SQS(l.sqs.URL()); err != nil {
		return err
	}
	if err = l.startWorker(ctx, w); err != nil {
		return err
	}
	l.polls = &polls{waiting: map[string]bool{}}
	l.worker.Subscribe(l.polls.event) // until the function is closed
	l.mapping, err = l.worker.MapQueue(ctx, lambdatest.QueueMapping{
		QueueURL: queueURL, BatchSize: w.Batch, ReportBatchItemFailures: true, Client: profile.Poller(),
	})
	return err
}

// URL implements Stack.
func (l *Local) URL() string { return l.url }

// Begin implements Stack.
func (l *Local) Begin(ctx context.Context, cold bool) error {
	if cold {
		if err := l.front.Shutdown(ctx); err != nil {
			return err
		}
		if l.worker != nil {
			if err := l.worker.Shutdown(ctx); err != nil {
				return err
			}
		}
		if l.mapping != nil { // it begins with five batches again, as after a time without messages
			if err := errors.Join(l.mapping.Disable(ctx), l.mapping.Enable()); err != nil {
				return err
			}
		}
	}
	if l.backend != nil {
		l.backend.forget()
	}
	l.begun = time.Now()
	if l.sqs != nil {
		l.requests = l.sqs.Requests()
		l.polls.takeEmpty()
	}
	return nil
}

// Close implements Stack.
func (l *Local) Close() error {
	var errs []error
	if l.mapping != nil {
		l.mapping.Close()
	}
	if l.service != nil {
		errs = append(errs, l.service.Close())
	}
	if l.delays != nil {
		errs = append(errs, l.delays.Close())
	}
	if l.sqs != nil {
		l.sqs.Close()
	}
	if l.backend != nil {
		errs = append(errs, l.backend.close())
	}
	return errors.Join(errs...)
}
