package offload_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/go-offload/lambda/offload"
	"github.com/go-offload/lambda/offload/driver"
)

// post is a sender that keeps what it is sent.
type post struct {
	limits driver.Limits
	refuse func(driver.Message) error // nil: takes everything

	mu      sync.Mutex
	batches [][]driver.Message // each Send
	taken   []driver.Message
}

func (p *post) Name() string                           { return "post" }
func (p *post) Open(context.Context, driver.Env) error { return nil }

func (p *post) Limits() driver.Limits {
	l := p.limits
	l.MessageBytes = 1 << 20
	l.BatchEntries = max(l.BatchEntries, 10)
	return l
}

func (p *post) Send(_ context.Context, batch []driver.Message) []error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.batches = append(p.batches, append([]driver.Message(nil), batch...))
	errs := make([]error, len(batch))
	for i, m := range batch {
		if p.refuse != nil {
			errs[i] = p.refuse(m)
		}
		if errs[i] == nil {
			p.taken = append(p.taken, m)
		}
	}
	return errs
}

// take returns what was sent since the last call.
func (p *post) take() []driver.Message {
	p.mu.Lock()
	defer p.mu.Unlock()
	taken := p.taken
	p.taken = nil
	return taken
}

// keeper runs tasks in its process.
type keeper struct{}

func (*keeper) Name() string                           { return "keeper" }
func (*keeper) Open(context.Context, driver.Env) error { return nil }
func (*keeper) Keep(tail driver.Tail)                  { tail.Run() }

// events records what observers see.
type events struct {
	mu  sync.Mutex
	all []offload.Event
}

func (r *events) Observe(_ context.Context, e offload.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, e)
}

// ends gives the terminal events of a task.
func (r *events) ends(id string) []offload.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	var ends []offload.Event
	for _, e := range r.all {
		if e.Task.ID == id && e.Kind.Terminal() {
			ends = append(ends, e)
		}
	}
	return ends
}

func (r *events) expectEnd(t *testing.T, id string, kind offload.EventKind) {
	t.Helper()
	if ends := r.ends(id); len(ends) != 1 || ends[0].Kind != kind {
		t.Errorf("task %s ended with %v, want one event: %v", id, ends, kind)
	}
}

// function is a wrapped handler, called as aws-lambda-go calls it.
type function struct {
	lambda.Handler
	post   *post
	events *events
}

func wrap(tb testing.TB, p *post, handler any, opts ...offload.Option) *function {
	tb.Helper()
	f := wrapStrategy(tb, p, handler, opts...)
	f.post = p
	return f
}

func wrapStrategy(tb testing.TB, s driver.Strategy, handler any, opts ...offload.Option) *function {
	tb.Helper()
	seen := &events{}
	wrapped, err := offload.Wrap(handler, append([]offload.Option{
		offload.WithStrategies(s),
		offload.WithLogger(slog.New(slog.DiscardHandler)),
		offload.WithObserver(seen),
	}, opts...)...)
	if err != nil {
		tb.Fatal(err)
	}
	return &function{Handler: lambda.NewHandler(wrapped), events: seen}
}

func (f *function) call(ctx context.Context, event []byte) (string, error) {
	ctx = lambdacontext.NewContext(ctx, &lambdacontext.LambdaContext{
		AwsRequestID:       "request-1",
		InvokedFunctionArn: "arn:aws:lambda:eu-central-1:123456789012:function:test",
	})
	out, err := f.Invoke(ctx, event)
	return string(out), err
}

// failures calls the function with an SQS event and returns the messages it reports.
func (f *function) failures(t *testing.T, event []byte) []string {
	t.Helper()
	out, err := f.call(t.Context(), event)
	if err != nil {
		t.Fatal(err)
	}
	var response struct {
		BatchItemFailures []struct{ ItemIdentifier string }
	}
	if err := json.Unmarshal([]byte(out), &response); err != nil || response.BatchItemFailures == nil {
		t.Fatalf("%s: %v", out, err)
	}
	ids := []string{}
	for _, f := range response.BatchItemFailures {
		ids = append(ids, f.ItemIdentifier)
	}
	return ids
}

// noHandler fails the test if it is called.
func noHandler(t *testing.T) any {
	t.Helper()
	return func(_ context.Context, event json.RawMessage) error {
		t.Errorf("the handler was called with %s", event)
		return nil
	}
}

// envelope encodes a task with the ID and the input as JSON.
func envelope(tb testing.TB, task, id, data string, change ...func(*driver.Envelope)) []byte {
	tb.Helper()
	e := driver.Envelope{ID: id, Source: "urn:offload:test", Task: task, Time: time.Now(), Hops: 1, Data: json.RawMessage(data)}
	for _, c := range change {
		c(&e)
	}
	body, err := e.AppendJSON(nil)
	if err != nil {
		tb.Fatal(err)
	}
	return body
}

// message is a record of an SQS event.
type message struct {
	id, body, group string
	receives        int
	receipt         string // "receipt of" the id if empty
	queue           string // the ARN; empty: some queue
}

func sqsEvent(fifo bool, messages ...message) []byte {
	type object = map[string]any
	records := []object{}
	arn := "arn:aws:sqs:eu-central-1:123456789012:tasks"
	if fifo {
		arn += ".fifo"
	}
	for _, m := range messages {
		m.queue = cmp.Or(m.queue, arn)
		m.receipt = cmp.Or(m.receipt, "receipt of "+m.id)
		attributes := object{"ApproximateReceiveCount": strconv.Itoa(max(m.receives, 1)), "SentTimestamp": "1523232000000"}
		if m.group != "" {
			attributes["MessageGroupId"] = m.group
		}
		records = append(records, object{
			"messageId": m.id, "receiptHandle": m.receipt, "body": m.body, "attributes": attributes,
			"messageAttributes": object{}, "md5OfBody": "", "eventSource": "aws:sqs", "eventSourceARN": m.queue, "awsRegion": "eu-central-1",
		})
	}
	event, err := json.Marshal(object{"Records": records})
	if err != nil {
		panic(err)
	}
	return event
}

// work is the input of the tasks below: what to do, and where to note it.
type work struct {
	Test string
	Name string
	Do   string
}

var errWork = errors.New("the work failed")
