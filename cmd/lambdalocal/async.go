package main

import (
	"strings"

	"github.com/go-offload/lambda/lambdatest"
)

// functionARNs is how the ARNs of functions of a run begin.
const functionARNs = "arn:aws:lambda:us-east-1:123456789012:function:"

// readAsync reads the settings of asynchronous invocations.
func readAsync(c *lambdatest.AsyncConfig) func(value) error {
	return func(v value) error {
		return settings{
			"retries": func(v value) error {
				c.MaximumRetryAttempts = new(int)
				return number(c.MaximumRetryAttempts)(v)
			},
			"maxAge":          duration(&c.MaximumEventAge),
			"onSuccess":       text(&c.OnSuccess),
			"onFailure":       text(&c.OnFailure),
			"deadLetterQueue": text(&c.DeadLetterQueue),
			"speedup":         fraction(&c.Speedup),
		}.read(v)
	}
}

// resolveAsync puts ARNs in the places of names.
func resolveAsync(c *lambdatest.AsyncConfig, at place, qs *queues) error {
	for _, d := range []struct {
		setting string
		target  *string
	}{{"onSuccess", &c.OnSuccess}, {"onFailure", &c.OnFailure}, {"deadLetterQueue", &c.DeadLetterQueue}} {
		name := *d.target
		function, isFunction := strings.CutPrefix(name, "function:")
		switch {
		case name == "" || strings.HasPrefix(name, "arn:"):
		case isFunction:
			*d.target = functionARNs + function
		default:
			q, ok := qs.find(name)
			if !ok {
				return at.errorf("%s: there is no queue %s; create it, or write function:%s if that is a function", d.setting, name, name)
			}
			*d.target = q.ARN()
		}
	}
	return nil
}
