package main

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-offload/lambda/lambdatest/sqstest"
)

// queue is one to create.
type queue struct {
	at       place
	name     string
	fifo     bool
	dlq      string
	receives int
	// attributes are those that were set, by AWS's names.
	attributes map[string]string
}

// defaultReceives is what AWS advises as the least maxReceiveCount of a queue with an event source mapping.
const defaultReceives = 5

// readQueue reads the settings of a queue.
func readQueue(v value) (*queue, error) {
	q := &queue{at: v.place, attributes: map[string]string{}, receives: defaultReceives}
	seconds := func(attribute string) func(value) error {
		return func(v value) error {
			var d time.Duration
			if err := duration(&d)(v); err != nil {
				return err
			}
			if d%time.Second != 0 || d < 0 {
				return v.errorf("SQS counts in whole seconds; %v has others", d)
			}
			q.attributes[attribute] = strconv.Itoa(int(d / time.Second))
			return nil
		}
	}
	dedup := false
	err := settings{
		"name":         text(&q.name),
		"visibility":   seconds("VisibilityTimeout"),
		"delay":        seconds("DelaySeconds"),
		"retention":    seconds("MessageRetentionPeriod"),
		"wait":         seconds("ReceiveMessageWaitTimeSeconds"),
		"dlq":          text(&q.dlq),
		"receives":     number(&q.receives),
		"fifo":         truth(&q.fifo),
		"contentDedup": truth(&dedup),
	}.read(v)
	if err != nil {
		return nil, err
	}
	if q.name == "" {
		return nil, v.errorf("name the queue")
	}
	if q.fifo = q.fifo || strings.HasSuffix(q.name, fifoSuffix); q.fifo {
		q.name, q.attributes["FifoQueue"] = fifoName(q.name), "true"
		if q.dlq != "" { // a dead-letter queue is of the same kind
			q.dlq = fifoName(q.dlq)
		}
	}
	if dedup {
		q.attributes["ContentBasedDeduplication"] = "true"
	}
	return q, nil
}

const fifoSuffix = ".fifo"

// fifoName is the name of a FIFO queue, which SQS wants to end in .fifo.
func fifoName(name string) string { return strings.TrimSuffix(name, fifoSuffix) + fifoSuffix }

// queues is the SQS endpoint of a run.
type queues struct {
	server *sqstest.Server
	made   map[string]bool
	order  []string
	byName map[string]*queue
}

// startQueues serves an SQS endpoint and creates the queues. Dead-letter queues that nobody described are created too.
func startQueues(addr string, wanted []*queue) (*queues, error) {
	server, err := sqstest.New(&sqstest.Options{Listen: addr})
	if err != nil {
		return nil, err
	}
	qs := &queues{server: server, made: map[string]bool{}, byName: map[string]*queue{}}
	for _, q := range wanted {
		if qs.byName[q.name] != nil {
			err = q.at.errorf("queue %s is described twice; remove one", q.name)
			break
		}
		qs.byName[q.name] = q
	}
	for _, q := range wanted {
		if err == nil {
			err = qs.create(q, nil)
		}
	}
	if err != nil {
		server.Close()
		return nil, err
	}
	return qs, nil
}

// create makes a queue, after its dead-letter queue. The sources are the queues whose dead letters led here.
func (qs *queues) create(q *queue, sources []string) error {
	if qs.made[q.name] {
		return nil
	}
	if slices.Contains(sources, q.name) {
		return q.at.errorf("dead letters of %s come back to it; give the last dead-letter queue no dlq", q.name)
	}
	attributes := maps.Clone(q.attributes)
	if q.dlq != "" {
		dead := qs.byName[q.dlq]
		if dead == nil {
			dead = &queue{at: q.at, name: q.dlq, attributes: map[string]string{}}
			if q.fifo {
				dead.attributes["FifoQueue"] = "true"
			}
		}
		if err := qs.create(dead, append(sources, q.name)); err != nil {
			return err
		}
		policy, err := json.Marshal(map[string]any{"deadLetterTargetArn": qs.server.Queue(q.dlq).ARN(), "maxReceiveCount": q.receives})
		if err != nil { // a string and a number
			return err
		}
		attributes["RedrivePolicy"] = string(policy)
	}
	if _, err := qs.server.CreateQueue(q.name, attributes); err != nil {
		return q.at.errorf("queue %s: %w", q.name, err)
	}
	qs.made[q.name] = true
	qs.order = append(qs.order, q.name)
	return nil
}

// find returns the queue of a name, of which .fifo may be left out.
func (qs *queues) find(name string) (*sqstest.Queue, bool) {
	if qs != nil {
		for _, name := range []string{name, fifoName(name)} {
			if qs.made[name] {
				return qs.server.Queue(name), true
			}
		}
	}
	return nil, false
}

// endpoint is the URL of the endpoint, or nothing.
func (qs *queues) endpoint() string {
	if qs == nil {
		return ""
	}
	return qs.server.URL()
}

func (qs *queues) close() {
	if qs != nil {
		qs.server.Close()
	}
}
