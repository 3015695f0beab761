package cost

import (
	"math"
	"time"
)

// Chunks in which payloads are metered.
const (
	chunk64KB      = 64 << 10
	asyncFreeBytes = 256 << 10 // the first request of an asynchronous event covers this much
	httpAPIStep    = 512 << 10
	restStreamStep = 10 << 20
	streamFree     = 6 << 20
	gigabyte       = 1 << 30
	sqsBatch       = 10 // entries of one SendMessageBatch, messages of one receive or delete
	maxMessage     = 1 << 20
	asyncRetries   = 2 // MaximumRetryAttempts of asynchronous invocations
	longPoll       = 20 * time.Second
)

// usage is what a contestant does with a workload.
type usage struct {
	requests rat
	seconds  rat // of the month
	front    load
	worker   load

	gateway  rat // API Gateway requests
	chunks   rat // extra requests of large asynchronous events
	streamed rat // bytes beyond 6 MB

	sends, receives, deletes, empty rat // SQS requests
	logs                            rat // bytes
	failed                          rat // tasks that failed for good
}

// measure works out a normalised workload that fits (see obstacles).
func measure(w Workload, c Contestant, clk *clock) usage {
	u := usage{requests: w.monthly(), seconds: seconds(w.Month)}
	u.front, u.worker = frontLoad(w, c, clk), workerLoad(w, c, clk)
	u.front.invocations = u.requests.mul(u.front.perRequest)
	u.worker.invocations = u.requests.mul(u.worker.perRequest)

	u.gateway = gatewayRequests(w, c).mul(u.requests)
	u.chunks = asyncChunks(w, c).mul(u.requests)
	if extra := w.ResponseBytes - streamFree; c == StreamResponse && extra > 0 {
		u.streamed = u.requests.mul(whole(extra))
	}
	if c.queues() {
		u.queueCalls(w, c)
	}
	u.logs = logBytes(w, c, u)
	u.failed = u.requests.mul(whole(int64(w.Tasks))).mul(power(w.FailureRate, taskAttempts(w, c)))
	return u
}

// monthly is the number of client requests a month.
func (w Workload) monthly() rat {
	if len(w.Traffic) == 0 {
		return whole(w.Requests)
	}
	var total rat
	w.eachStep(func(rate rat, d time.Duration) { total = total.add(rate.mul(seconds(d))) })
	return total
}

// eachStep calls f with the rate and the time a month spends at it, for each
// step of the curve. A curve that does not divide the month is cut at its end.
func (w Workload) eachStep(f func(rate rat, d time.Duration)) {
	if len(w.Traffic) == 0 {
		f(whole(w.Requests).quo(seconds(w.Month)), w.Month)
		return
	}
	// A curve as long as the month or longer is cut; adding up stops there because
	// its full length may not fit into a Duration.
	var cycle time.Duration
	for _, s := range w.Traffic {
		if cycle += s.For; cycle >= w.Month {
			break
		}
	}
	times, rest := int64(0), w.Month
	if cycle < w.Month {
		times, rest = int64(w.Month/cycle), w.Month%cycle
	}
	for _, s := range w.Traffic {
		part := min(rest, s.For)
		rest -= part
		f(decimal(s.Rate), time.Duration(times*int64(s.For))+part)
	}
}

// messages is the number of tasks of a request that reach the queue.
func messages(w Workload, c Contestant) rat {
	n := whole(int64(w.Tasks))
	if c != ExtensionSQS {
		return n
	}
	failed := power(w.FailureRate, w.Retries+1)
	return n.mul(failed.add(whole(1).sub(failed).mul(decimal(w.Spill))))
}

// taskAttempts is how often a task is tried at most before it has failed for
// good. ExtensionSQS tries in process and then again from the queue.
func taskAttempts(w Workload, c Contestant) int {
	switch c {
	case Goroutine:
		return 1
	case Invoke, APIGatewayAsync:
		return min(w.Retries, asyncRetries) + 1
	case ExtensionSQS:
		return 2 * (w.Retries + 1)
	default:
		return w.Retries + 1
	}
}

// power is f to the n, kept to twelve places.
func power(f float64, n int) rat { return decimal(math.Pow(f, float64(n))) }

// attempts is the expected number of tries of something that fails with share f
// and is tried again up to n times.
func attempts(f float64, n int) rat {
	sum, p := 1.0, f
	for range n {
		sum += p
		p *= f
	}
	return decimal(sum)
}

// retryRounds is the expected number of additional rounds that a request spends
// on tasks that are tried again in process. Tasks that run side by side are
// retried side by side, so a round takes as long as its unluckiest task: the
// expected maximum of the attempts, not their sum.
func retryRounds(w Workload) rat {
	extra := 0.0
	full, rest := w.Tasks/w.AtOnce, w.Tasks%w.AtOnce
	p := 1.0
	for range w.Retries {
		p *= w.FailureRate
		extra += float64(full) * (1 - math.Pow(1-p, float64(w.AtOnce)))
		extra += 1 - math.Pow(1-p, float64(rest))
	}
	return decimal(extra)
}

// chunks is the number of started steps of n bytes, and at least one.
func chunks(n, step int64) int64 { return max(1, (n+step-1)/step) }

// gatewayRequests is the number of API Gateway requests for one of the client.
func gatewayRequests(w Workload, c Contestant) rat {
	front := w.Front
	if c == APIGatewayAsync {
		front = RESTAPI // the only front with this integration
	}
	switch {
	case front == HTTPAPI:
		return whole(chunks(w.RequestBytes+w.ResponseBytes, httpAPIStep))
	case front == RESTAPI && c == StreamResponse:
		return whole(chunks(w.ResponseBytes, restStreamStep))
	case front == RESTAPI:
		return whole(1)
	default:
		return rat{}
	}
}

// asyncChunks is the number of requests that a request's asynchronous events
// are billed for, beyond the invocations themselves: one for each started 64 KB
// above 256 KB. They are counted once for each event; whether a retry is metered
// again was not found.
func asyncChunks(w Workload, c Contestant) rat {
	extra := func(bytes int64) int64 {
		if bytes <= asyncFreeBytes {
			return 0
		}
		return chunks(bytes-asyncFreeBytes, chunk64KB)
	}
	switch c {
	case Invoke:
		return whole(int64(w.Tasks) * extra(w.TaskBytes))
	case APIGatewayAsync:
		return whole(extra(w.RequestBytes))
	default:
		return rat{}
	}
}

// sendBatch is how many messages one SendMessageBatch carries: ten or 1 MiB,
// whichever is reached first.
func sendBatch(w Workload) int {
	if w.TaskBytes == 0 {
		return sqsBatch
	}
	return max(1, min(sqsBatch, int(maxMessage/w.TaskBytes)))
}

// queueCalls counts SQS requests. A call is billed as one request for each
// started 64 KB of what it carries.
func (u *usage) queueCalls(w Workload, c Contestant) {
	sent := u.requests.mul(messages(w, c))
	if c == ExtensionSQS {
		// What spills does so when it fails or when time is up, one by one.
		u.sends = sent.mul(whole(chunks(w.TaskBytes, chunk64KB)))
	} else {
		size := sendBatch(w)
		n := int64(w.Tasks/size) * chunks(int64(size)*w.TaskBytes, chunk64KB)
		if rest := w.Tasks % size; rest > 0 {
			n += chunks(int64(rest)*w.TaskBytes, chunk64KB)
		}
		u.sends = u.requests.mul(whole(n))
	}

	batches := u.worker.invocations
	b := int64(w.Queue.Batch)
	full, rest := b/sqsBatch, b%sqsBatch
	per := full * chunks(sqsBatch*w.TaskBytes, chunk64KB)
	ok := whole(full).mul(whole(1).sub(power(w.FailureRate, sqsBatch)))
	if rest > 0 {
		per += chunks(rest*w.TaskBytes, chunk64KB)
		ok = ok.add(whole(1).sub(power(w.FailureRate, int(rest))))
	}
	u.receives = batches.mul(whole(per))
	u.deletes = batches.mul(ok) // a batch in which all failed deletes nothing
	u.empty = emptyPolls(w, u.worker.perRequest.float())
}

// emptyPolls is the expected number of long polls a month that return nothing.
// Batches reach each poller at random with rate r; a poll ends with the first or
// after 20 s. One that began when the last ended is empty with probability
// exp(-20r), which gives r/(exp(20r)-1) a second, and one in 20 s when idle.
func emptyPolls(w Workload, perRequest float64) rat {
	var total rat
	pollers := float64(w.Queue.Pollers)
	w.eachStep(func(rate rat, d time.Duration) {
		r := rate.float() * perRequest / pollers
		perSecond := 1 / longPoll.Seconds()
		if x := r * longPoll.Seconds(); x > 1e-9 {
			perSecond = r / math.Expm1(x)
		}
		total = total.add(decimal(pollers * perSecond).mul(seconds(d)))
	})
	return total
}

func logBytes(w Workload, c Contestant, u usage) rat {
	runs := u.front.invocations.add(u.worker.invocations)
	total := runs.mul(whole(w.Logs.Invocation))
	total = total.add(u.front.invocations.mul(whole(w.Logs.Handler)))

	tasks := u.requests.mul(whole(int64(w.Tasks)))
	var tries rat
	switch {
	case c == Goroutine:
		// Frozen with the environment: they log nothing that can be counted on.
	case c == APIGatewayAsync:
		tries = u.front.invocations.mul(whole(int64(w.Tasks)))
	case c == Invoke:
		tries = u.worker.invocations
	case c.sends():
		tries = u.worker.invocations.mul(whole(int64(w.Queue.Batch)))
	default:
		tries = tasks.mul(attempts(w.FailureRate, w.Retries))
		if c == ExtensionSQS {
			tries = tries.add(u.worker.invocations.mul(whole(int64(w.Queue.Batch))))
		}
	}
	return total.add(tries.mul(whole(w.Logs.Task)))
}
