package main

import (
	"net/url"
	"strings"

	"github.com/go-offload/lambda/lambdatest"
)

// mapping is an event source mapping to create. Its queue is the name of one of this run, or a URL.
type mapping struct {
	at    place
	queue string
	lambdatest.QueueMapping
}

func readMapping(v value) (mapping, error) {
	m := mapping{at: v.place}
	if v.kind == isText { // a mapping without settings
		m.queue = v.text
		return m, nil
	}
	err := settings{
		"queue":       text(&m.queue),
		"endpoint":    text(&m.Endpoint),
		"batch":       number(&m.BatchSize),
		"window":      duration(&m.BatchWindow),
		"partial":     truth(&m.ReportBatchItemFailures),
		"concurrency": number(&m.MaximumConcurrency),
	}.read(v)
	if err == nil && m.queue == "" {
		err = v.errorf("name the queue")
	}
	return m, err
}

// resolve finds the queue.
func (m mapping) resolve(qs *queues) (lambdatest.QueueMapping, error) {
	out := m.QueueMapping
	if strings.Contains(m.queue, "://") {
		out.QueueURL = m.queue
		if u, err := url.Parse(m.queue); err == nil && out.Endpoint == "" {
			out.Endpoint = u.Scheme + "://" + u.Host // and not that of this run
		}
		return out, nil
	}
	q, ok := qs.find(m.queue)
	if !ok {
		return out, m.at.errorf("there is no queue %s; create it (-queue %s, or in the config file under queues), or give the URL of one elsewhere",
			m.queue, m.queue)
	}
	out.QueueURL, out.Endpoint = q.URL(), qs.endpoint()
	return out, nil
}
