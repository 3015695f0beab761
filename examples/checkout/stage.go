package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"strconv"
	"time"

	"github.com/go-offload/lambda/lambdatest"
	"github.com/go-offload/lambda/lambdatest/sqstest"
)

// function is the import path of the program that both functions run.
const function = "github.com/go-offload/lambda/examples/checkout/function"

// The names of the functions.
const (
	checkoutName = "checkout"
	workerName   = "worker"
)

const (
	checkoutTimeout = 3 * time.Second
	margin          = time.Second // of it, to hand over what is unfinished
	workerTimeout   = 30 * time.Second
	visibility      = 6 * workerTimeout // as AWS advises
	maxReceiveCount = 5
)

// stage is an account in small: two functions of one program, the queue between them with its
// dead-letter queue, and the back office.
type stage struct {
	service    *lambdatest.Service
	queues     *sqstest.Server
	backoffice *backoffice
	checkout   *lambdatest.Lambda
	worker     *lambdatest.Lambda
	mapping    *lambdatest.EventSourceMapping
}

func newStage(ctx context.Context) (_ *stage, err error) {
	if out, err := exec.CommandContext(ctx, "go", "list", function).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("cannot find the function's source from this directory (%w):\n%s\nRun the example inside a clone of the repository, with go in the PATH:\n  cd lambda && go run ./examples/checkout", err, bytes.TrimSpace(out))
	}
	st := &stage{}
	defer func() {
		if err != nil {
			st.close()
		}
	}()
	if st.backoffice, err = newBackoffice(ctx); err != nil {
		return nil, err
	}
	if st.queues, err = sqstest.New(nil); err != nil {
		return nil, err
	}
	url, err := st.createQueue()
	if err != nil {
		return nil, err
	}
	if st.service, err = lambdatest.New(nil); err != nil { // the service lives until close, whatever becomes of ctx
		return nil, err
	}
	if st.checkout, err = st.deploy(ctx, checkoutName, checkoutTimeout, url); err != nil {
		return nil, err
	}
	if st.worker, err = st.deploy(ctx, workerName, workerTimeout, url); err != nil {
		return nil, err
	}
	st.mapping, err = st.worker.MapQueue(ctx, lambdatest.QueueMapping{QueueURL: url, Endpoint: st.queues.URL(), ReportBatchItemFailures: true})
	return st, err
}

// createQueue makes the queue for tasks, with what a queue that is mapped to a function should have.
func (st *stage) createQueue() (url string, err error) {
	if _, err := st.queues.CreateQueue("dead-letters", nil); err != nil {
		return "", err
	}
	redrive, err := json.Marshal(map[string]any{
		"deadLetterTargetArn": st.queues.Queue("dead-letters").ARN(), "maxReceiveCount": maxReceiveCount,
	})
	if err != nil {
		return "", err
	}
	return st.queues.CreateQueue("tasks", map[string]string{
		"VisibilityTimeout": strconv.Itoa(int(visibility.Seconds())), "RedrivePolicy": string(redrive),
	})
}

// deploy starts the program in one of its two roles. They differ in their timeout, and in who calls them.
func (st *stage) deploy(ctx context.Context, name string, timeout time.Duration, queue string) (*lambdatest.Lambda, error) {
	return st.service.Deploy(ctx, lambdatest.Function{
		Name: name, Package: function, Timeout: timeout,
		Env: map[string]string{
			"OFFLOAD_STRATEGY":      "extension,sqs",
			"OFFLOAD_MARGIN":        margin.String(),
			"OFFLOAD_SQS_QUEUE_URL": queue,
			"AWS_ENDPOINT_URL_SQS":  st.queues.URL(),
			"BACKOFFICE_URL":        st.backoffice.url,
		},
	})
}

// loseAnswer makes the queue store the next batch and not say so, as a broken connection does: the sender has to
// send it again, and its tasks are in the queue twice.
func (st *stage) loseAnswer() {
	st.queues.Inject(sqstest.Fault{Action: "SendMessageBatch", Times: 1, DropResponse: true})
}

// settled waits until no invocation is open and the queue is empty.
func (st *stage) settled(ctx context.Context) error {
	if err := st.checkout.WaitIdle(ctx); err != nil {
		return err
	}
	if err := st.mapping.WaitDrained(ctx); err != nil {
		return err
	}
	return st.worker.WaitIdle(ctx)
}

func (st *stage) close() {
	if st.service != nil {
		_ = st.service.Close()
	}
	if st.queues != nil {
		st.queues.Close()
	}
	if st.backoffice != nil {
		st.backoffice.close()
	}
}
