package e2e

import (
	"encoding/json"
	"strconv"
	"testing"
	"time"

	"github.com/go-offload/lambda/lambdatest"
	"github.com/go-offload/lambda/lambdatest/sqstest"
	"github.com/go-offload/lambda/offload/driver"
)

// cloud is a function with all that its strategies may need around it: a queue that is mapped to it and has a dead-letter
// queue, and an on-failure destination for what it is invoked with asynchronously. Which of these it uses is up to
// OFFLOAD_STRATEGY.
type cloud struct {
	*function
	*queues
	chain  string
	worker *function // of the queue: the function itself, or another one
}

// queues are an SQS endpoint.
type queues struct {
	server *sqstest.Server
	tasks  *sqstest.Queue
	dead   *sqstest.Queue // dead letters of tasks
	failed *sqstest.Queue // the on-failure destination
}

const (
	// visibility is longer than any function's timeout; nobody waits for it, see settle.
	visibility = 30 * time.Second
	// maxReceives is how often a message is delivered before it is a dead letter.
	maxReceives = 5
)

func newQueues(tb testing.TB, fifo bool) *queues {
	tb.Helper()
	server := sqstest.Start(tb, nil)
	suffix, attributes := "", map[string]string{}
	if fifo {
		suffix, attributes["FifoQueue"] = ".fifo", "true"
	}
	create := func(name string, attributes map[string]string) *sqstest.Queue {
		if _, err := server.CreateQueue(name, attributes); err != nil {
			tb.Fatal(err)
		}
		return server.Queue(name)
	}
	q := &queues{server: server, dead: create("dead"+suffix, attributes), failed: create("failed", nil)}
	redrive, err := json.Marshal(map[string]any{"deadLetterTargetArn": q.dead.ARN(), "maxReceiveCount": maxReceives})
	if err != nil {
		tb.Fatal(err)
	}
	attributes["VisibilityTimeout"], attributes["RedrivePolicy"] = strconv.Itoa(int(visibility.Seconds())), string(redrive)
	q.tasks = create("tasks"+suffix, attributes)
	return q
}

// around adds the environment of a function that uses the queues.
func (q *queues) around(c config) config {
	env := map[string]string{"OFFLOAD_SQS_QUEUE_URL": q.tasks.URL(), "AWS_ENDPOINT_URL_SQS": q.server.URL()}
	for k, v := range c.Env {
		env[k] = v
	}
	c.Env, c.SQSEndpoint = env, q.server.URL()
	c.Async = lambdatest.AsyncConfig{OnFailure: q.failed.ARN(), Speedup: 10_000} // a minute between two attempts is 6 ms
	return c
}

// mapTo makes a function the worker of the queue.
func (q *queues) mapTo(tb testing.TB, f *function) {
	tb.Helper()
	_, err := f.MapQueue(tb.Context(), lambdatest.QueueMapping{
		QueueURL: q.tasks.URL(), Endpoint: q.server.URL(), ReportBatchItemFailures: true,
	})
	if err != nil {
		tb.Fatal(err)
	}
}

// newCloud starts testdata/function as its own worker.
func newCloud(tb testing.TB, chain string, c config) *cloud {
	tb.Helper()
	q := newQueues(tb, c.fifo)
	c.strategy = chain
	f := start(tb, q.around(c))
	q.mapTo(tb, f)
	return &cloud{function: f, queues: q, chain: chain, worker: f}
}

// newCloudAndWorker starts the program twice: once with the handler, once with StartWorker and without a strategy.
func newCloudAndWorker(tb testing.TB, chain string, c config) *cloud {
	tb.Helper()
	q := newQueues(tb, c.fifo)
	c.strategy = chain
	c = q.around(c)
	c.Env["OFFLOAD_INVOKE_FUNCTION"] = "worker"
	f := start(tb, c)
	worker := start(tb, q.around(config{beside: f, start: "worker", Function: lambdatest.Function{Name: "worker"}}))
	q.mapTo(tb, worker)
	return &cloud{function: f, queues: q, chain: chain, worker: worker}
}

// settle waits until nothing is under way any more: neither an invocation nor an event or a message that will be tried
// again. What waits for its visibility timeout has it cut short.
func (c *cloud) settle(tb testing.TB) {
	tb.Helper()
	eventually(tb, "nothing is under way", func() bool {
		for _, f := range []*function{c.function, c.worker} {
			if err := f.WaitIdle(tb.Context()); err != nil {
				tb.Fatal(err)
			}
		}
		if err := c.Service().WaitAsyncIdle(tb.Context()); err != nil {
			tb.Fatal(err)
		}
		messages := c.tasks.Snapshot().Messages
		if c.allFailed(messages) {
			c.server.Advance(time.Hour) // more than that, and than any backoff
		}
		return len(messages) == 0
	})
}

// allFailed reports whether nobody works on the messages: each was given back as often as it was received, or
// waits behind one of its group that was.
func (c *cloud) allFailed(messages []sqstest.Message) bool {
	givenBack := map[string]int{}
	for _, e := range c.worker.Events() {
		if e.Kind == lambdatest.EventBatchEnd {
			for _, id := range e.Batch.Failed {
				givenBack[id]++
			}
		}
	}
	locked := map[string]bool{}
	for _, m := range messages {
		if m.State == sqstest.InFlight && givenBack[m.ID] != m.Receives {
			return false
		}
		locked[m.GroupID] = locked[m.GroupID] || m.State == sqstest.InFlight
	}
	for _, m := range messages {
		if m.State != sqstest.InFlight && (m.GroupID == "" || !locked[m.GroupID]) {
			return false
		}
	}
	return len(messages) > 0
}

// deadLetters gives the IDs of the tasks that ended as dead letters, wherever those are for the chain.
func (c *cloud) deadLetters(tb testing.TB) map[string]int {
	tb.Helper()
	ids := map[string]int{}
	for _, m := range c.dead.Snapshot().Messages {
		ids[taskID(tb, []byte(m.Body))]++
	}
	for _, m := range c.failed.Snapshot().Messages {
		var record struct{ RequestPayload json.RawMessage }
		if err := json.Unmarshal([]byte(m.Body), &record); err != nil {
			tb.Fatal(err)
		}
		ids[taskID(tb, record.RequestPayload)]++
	}
	return ids
}

func taskID(tb testing.TB, envelope []byte) string {
	tb.Helper()
	e, err := driver.Decode(envelope)
	if err != nil {
		tb.Fatalf("%v in %s", err, envelope)
	}
	return e.ID
}
