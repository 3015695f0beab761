package lambdatest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Lambda is a deployed function. All methods may be called concurrently.
type Lambda struct {
	service  *Service
	fn       Function
	command  []string
	arn      string
	lineage  string // of the function in trace headers
	pool     *pool
	journal  *journal
	async    *asyncQueue
	url      *urlServer
	sources  eventSources
	gateways gateways

	closeOnce sync.Once
	closed    chan struct{}
}

// invoker runs one request. The ways into a function are written against it, so that a queue or a poller fits in front.
type invoker interface {
	// dispatch hands the request to an environment and returns without waiting for the answer. An error means that the
	// function was not invoked.
	dispatch(ctx context.Context, req request) (*invocation, error)
}

var _ invoker = (*Lambda)(nil)

func newLambda(ctx context.Context, s *Service, fn Function, command []string) (*Lambda, error) {
	l := &Lambda{
		service: s, fn: fn, command: command, arn: arn(fn.Name), lineage: lineageHash(arn(fn.Name)),
		journal: newJournal(fn.Name, fn.Output), closed: make(chan struct{}),
	}
	l.pool = &pool{limit: fn.MaxEnvironments, managed: fn.managed(), settle: fn.Settle, idleTimeout: fn.IdleTimeout}
	l.async = newAsyncQueue(l)
	l.pool.create = func() *environment { return newEnvironment(l) }
	var err error
	l.url, err = serveURL(ctx, l)
	return l, err
}

// Name of the function.
func (l *Lambda) Name() string { return l.fn.Name }

// ARN of the function, unqualified, as the function sees it in its events unless the caller of the Lambda API named a version.
func (l *Lambda) ARN() string { return l.arn }

// Service that hosts the function.
func (l *Lambda) Service() *Service { return l.service }

// Endpoint of the Lambda API, see Service.Endpoint.
func (l *Lambda) Endpoint() string { return l.service.Endpoint() }

// URL is the function URL, with a trailing slash.
func (l *Lambda) URL() string { return "http://" + l.url.addr + "/" }

// Result is the outcome of a buffered invocation.
type Result struct {
	StatusCode int // 200, for a function error too
	Payload    []byte
	// FunctionError is empty or "Unhandled": the function reported an error, timed out or died, and Payload is the
	// error document.
	FunctionError   string
	RequestID       string
	EnvironmentID   string
	ExecutedVersion string
	// LogTail is the end of the log of this invocation, at most 4 KB, as it was when the function answered. The END and
	// REPORT lines come later, see WaitReport and Logs.
	LogTail string
}

// Invoke runs the function and returns its response as soon as the runtime has posted it; the invocation itself may go
// on. The error is an *APIError if Lambda refused the request, and the context's if it ended first; the function is
// not interrupted by that, as on AWS.
func (l *Lambda) Invoke(ctx context.Context, payload []byte) (*Result, error) {
	inv, err := l.dispatch(ctx, request{payload: payload})
	if err != nil {
		return nil, err
	}
	return l.result(ctx, inv)
}

// result waits for the answer to a buffered invocation.
func (l *Lambda) result(ctx context.Context, inv *invocation) (*Result, error) {
	if err := inv.wait(ctx); err != nil {
		return nil, err
	}
	res := &Result{
		StatusCode: http.StatusOK, Payload: inv.reply.body, RequestID: inv.id, EnvironmentID: inv.environment.id,
		ExecutedVersion: functionVersion,
	}
	if f := inv.reply.failure; f != nil {
		res.FunctionError, res.Payload = unhandled, f.Payload
	}
	inv.environment.drainOutput()
	res.LogTail = l.journal.tail(inv.id, maxLogTail)
	return res, nil
}

// unhandled is the value of X-Amz-Function-Error for every failed invocation.
const unhandled = "Unhandled"

// wait blocks until the caller can be answered.
func (inv *invocation) wait(ctx context.Context) error {
	select {
	case <-inv.answered:
		return inv.reply.err
	case <-ctx.Done():
		err := fmt.Errorf("lambdatest: request %s: %w", inv.id, ctx.Err())
		inv.abandon(err)
		return err
	}
}

// checkPayload refuses what is not JSON. No payload at all is fine.
func checkPayload(payload []byte) error {
	if len(payload) == 0 || json.Valid(payload) {
		return nil
	}
	var v any
	return invalidPayload(json.Unmarshal(payload, &v))
}

// dispatch implements invoker.
func (l *Lambda) dispatch(ctx context.Context, req request) (*invocation, error) {
	if len(req.payload) > MaxPayload {
		return nil, requestTooLarge()
	}
	if !req.isJSON {
		if err := checkPayload(req.payload); err != nil {
			return nil, err
		}
	}
	if req.invokedARN == "" {
		req.invokedARN = l.arn
	}
	inv := newInvocation(req)
	var before int
	if inv.traceID, before = extendLineage(inv.traceID, l.lineage); before >= maxChain && !l.fn.AllowRecursiveLoop {
		return nil, recursiveLoop()
	}
	for {
		e, err := l.pool.acquire(ctx)
		if err != nil {
			return nil, err
		}
		inv.environment = e
		sb := e.sandbox.Load()
		if sb != nil && sb.begin(inv) {
			return inv, nil
		}
		if sb == nil || !l.fn.managed() {
			go e.start(inv) // the init goes on when the caller has gone
			return inv, nil
		}
		// Its worker, or all of it, went away between the two steps.
		l.pool.leave(e)
		l.pool.done(e)
	}
}

// Events returns what happened so far, oldest first; the newest 65,536 are kept. Log lines are in Logs.
func (l *Lambda) Events() []Event {
	l.journal.mu.Lock()
	defer l.journal.mu.Unlock()
	return l.journal.events.all()
}

// Subscribe calls f for every event from now on, log lines included, in order and never concurrently. A subscriber
// that lags behind by more than 65,536 events loses the rest. Cancel ends the calls, except for one that is under way.
func (l *Lambda) Subscribe(f func(Event)) (cancel func()) { return l.journal.subscribe(f) }

// Reports returns the reports of the invocations that are over, in the order in which they ended; the newest 8,192 are
// kept.
func (l *Lambda) Reports() []Report {
	l.journal.mu.Lock()
	defer l.journal.mu.Unlock()
	return l.journal.reports.all()
}

// WaitReport waits for the end of an invocation. The attempts at an asynchronous one have the same request id: this is
// the newest of those that are over, or the first to end.
func (l *Lambda) WaitReport(ctx context.Context, requestID string) (Report, error) {
	return l.journal.waitReport(ctx, requestID)
}

// WaitIdle waits until no invocation is open: everything is frozen, unless freezing is off. Events that wait in the queue
// of asynchronous invocations do not count, see WaitAsyncIdle.
func (l *Lambda) WaitIdle(ctx context.Context) error { return l.pool.waitQuiet(ctx) }

// Logs returns the newest 32,768 log lines, oldest first.
func (l *Lambda) Logs() []LogLine {
	for _, e := range l.pool.list() {
		e.drainOutput()
	}
	l.journal.mu.Lock()
	defer l.journal.mu.Unlock()
	return l.journal.lines.all()
}

// LogText returns Logs as text, one line each.
func (l *Lambda) LogText() string {
	var b strings.Builder
	for _, line := range l.Logs() {
		b.WriteString(line.Text)
		b.WriteByte('\n')
	}
	return b.String()
}

// Environments describes the environments there are, in the order in which they were created.
func (l *Lambda) Environments() []EnvironmentInfo {
	envs := l.pool.list()
	infos := make([]EnvironmentInfo, 0, len(envs))
	for _, e := range envs {
		infos = append(infos, e.info())
	}
	return infos
}

// Shutdown ends all environments through their shutdown phase, as Lambda does with idle ones (SPINDOWN), each as soon
// as it is idle. The function stays deployed: a later request starts a new environment. If the context ends first, what
// is left is killed and the context's error returned.
func (l *Lambda) Shutdown(ctx context.Context) error { return l.pool.shutdown(ctx) }

// Kill sends SIGKILL to all environments, as if their host had failed: no shutdown phase, open invocations fail, and
// the next request starts a new environment. It does not wait for the end of the processes.
func (l *Lambda) Kill() { l.pool.kill(l.pool.list()) }

// KillEnvironment is Kill for one environment. It returns false if there is none of that id.
func (l *Lambda) KillEnvironment(id string) bool {
	for _, e := range l.pool.list() {
		if e.id == id {
			l.pool.kill([]*environment{e})
			return true
		}
	}
	return false
}

// Close removes the function: further requests get ErrClosed, open ones fail, and all processes are killed; it returns
// when none is left. What was recorded can still be read. Calling it again waits for the first call.
func (l *Lambda) Close() {
	l.closeOnce.Do(func() {
		defer close(l.closed)
		l.sources.close()
		l.async.close()
		l.pool.close()
		l.async.workers.Wait()
		l.stopURL()
		l.gateways.close()
		l.service.forget(l)
		l.journal.close()
	})
	<-l.closed
}

// drainOutput logs what the processes have printed by now.
func (e *environment) drainOutput() {
	if sb := e.sandbox.Load(); sb != nil {
		sb.mu.Lock()
		processes := sb.processes()
		sb.mu.Unlock()
		for _, p := range processes {
			p.output.drain()
		}
	}
}

// print writes lines of the platform to the log.
func (l *Lambda) print(environmentID, requestID string, lines ...string) {
	now := time.Now()
	entries := make([]LogLine, len(lines))
	for i, text := range lines {
		entries[i] = LogLine{Time: now, EnvironmentID: environmentID, RequestID: requestID, Platform: true, Text: text}
	}
	l.journal.log(entries...)
}

func (l *Lambda) printStart(inv *invocation) {
	l.print(inv.environment.id, inv.id, "START RequestId: "+inv.id+" Version: "+functionVersion)
}

func (l *Lambda) printEnd(inv *invocation) {
	l.print(inv.environment.id, inv.id, "END RequestId: "+inv.id, inv.report.String())
}

// printFault writes what the platform has to say about a timeout or a crash.
func (l *Lambda) printFault(inv *invocation) {
	if inv.fault.timeout {
		l.print(inv.environment.id, inv.id,
			inv.end.UTC().Format("2006-01-02T15:04:05.000Z")+" "+inv.id+" "+timeoutText(l.fn.Timeout))
		return
	}
	l.print(inv.environment.id, inv.id,
		"RequestId: "+inv.id+" Error: "+inv.fault.message, inv.fault.errorType)
}
