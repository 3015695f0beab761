package sqstest_test

import (
	"fmt"
	"time"
)

var fairBehaviours = []behaviour{
	{name: "fair/a noisy tenant lets others pass", run: func(e env) {
		url := e.queue("q", nil)
		for i := range 40 {
			e.send(url, fmt.Sprintf("noisy-%d", i), group("noisy"))
		}
		e.receive(url)
		e.receive(url)
		e.send(url, "quiet", group("quiet"))
		if m := e.one(url, atMost(1)); *m.Body != "quiet" {
			e.Errorf("received %q, want the quiet tenant's message", *m.Body)
		}
		// And there is no limit for the noisy one when nobody else waits.
		if got := e.receive(url); len(got) != 10 {
			e.Errorf("received %d, want 10", len(got))
		}
	}},
	{name: "fair/a tenant is noisy while its messages are in flight", run: func(e env) {
		url := e.queue("q", nil)
		for i := range 20 {
			e.send(url, fmt.Sprintf("noisy-%d", i), group("noisy"))
		}
		e.receive(url, hidden(1))
		e.send(url, "quiet", group("quiet"))
		e.pass(time.Second)
		if m := e.one(url, atMost(1)); *m.Body != "noisy-0" {
			e.Errorf("received %q, want the oldest again", *m.Body)
		}
	}},
	{name: "fair/messages of one group are received in parallel", run: func(e env) {
		url := e.queue("q", nil)
		e.send(url, "1", group("g"))
		e.send(url, "2", group("g"))
		e.one(url, atMost(1))
		e.one(url, atMost(1))
	}},
	{name: "fair/messages without a group keep their place", run: func(e env) {
		url := e.queue("q", nil)
		for i := range 30 {
			e.send(url, fmt.Sprint(i))
		}
		e.receive(url)
		e.send(url, "tenant", group("t"))
		if m := e.one(url, atMost(1)); *m.Body != "10" {
			e.Errorf("received %q, want 10", *m.Body)
		}
	}},
}
