package lambdatest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	runtimePrefix    = "/2018-06-01/runtime/"
	invocationPrefix = runtimePrefix + "invocation/"

	headerRequestID     = "Lambda-Runtime-Aws-Request-Id"
	headerAttemptID     = "Lambda-Runtime-Invocation-Id"
	headerDeadline      = "Lambda-Runtime-Deadline-Ms"
	headerARN           = "Lambda-Runtime-Invoked-Function-Arn"
	headerTraceID       = "Lambda-Runtime-Trace-Id"
	headerClientContext = "Lambda-Runtime-Client-Context"
	headerErrorType     = "Lambda-Runtime-Function-Error-Type"
	headerErrorBody     = "Lambda-Runtime-Function-Error-Body"
	headerResponseMode  = "Lambda-Runtime-Function-Response-Mode"
)

// nextWaiter is a runtime that asked for its next event.
type nextWaiter struct {
	event chan *invocation // capacity 1
}

// serve is the endpoint of one sandbox: Runtime API 2018-06-01 and Extensions API 2020-01-01.
func (sb *sandbox) serve(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	if rest, ok := strings.CutPrefix(path, invocationPrefix); ok {
		id, action, _ := strings.Cut(rest, "/")
		switch {
		case r.Method == http.MethodGet && rest == "next":
			sb.serveNext(w, r)
			return
		case r.Method == http.MethodPost && action == "response":
			sb.serveResponse(w, r, id)
			return
		case r.Method == http.MethodPost && action == "error":
			sb.serveError(w, r, id)
			return
		}
	}
	switch {
	case r.Method == http.MethodPost && path == runtimePrefix+"init/error":
		sb.serveInitError(w, r)
	case strings.HasPrefix(path, extensionPrefix) && !sb.fn.DisableExtensions:
		sb.serveExtension(w, r, strings.TrimPrefix(path, extensionPrefix))
	case r.Method == http.MethodPut && (path == "/2022-07-01/telemetry" || path == "/2020-08-15/logs"):
		refuse(w, http.StatusAccepted, "Telemetry.NotSupported", "Telemetry API is not supported")
	default:
		http.NotFound(w, r)
	}
}

// refuse answers in the form of the Runtime and Extensions APIs.
func refuse(w http.ResponseWriter, status int, errorType, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(errorDocument{ErrorMessage: message, ErrorType: errorType}.encode()) // a process that went away is noticed by its exit
}

var acceptedBody = []byte(`{"status":"OK"}` + "\n")

func accepted(w http.ResponseWriter) {
	w.Header()["Content-Type"] = []string{"application/json"}
	w.WriteHeader(http.StatusAccepted)
	_, _ = w.Write(acceptedBody)
}

func invalidTransition(w http.ResponseWriter, what string) {
	refuse(w, http.StatusForbidden, "InvalidStateTransition", what)
}

// serveNext: the runtime is done with the open invocation, if there is one, and wants the next.
func (sb *sandbox) serveNext(w http.ResponseWriter, r *http.Request) {
	sb.mu.Lock()
	if inv := sb.current; inv != nil && sb.phase == phaseInvoke {
		switch inv.progress {
		case delivered:
			sb.mu.Unlock()
			sb.writeEvent(w, inv) // it lost the event, or asks twice: AWS delivers it again
			return
		case uploading:
			sb.mu.Unlock()
			invalidTransition(w, "the response to "+inv.id+" is still being sent")
			return
		case responded:
			if inv.runtimeDone.IsZero() {
				inv.runtimeDone = time.Now()
				sb.event(EventRuntimeDone, inv.id, "")
			}
		}
	}
	waiter := &nextWaiter{event: make(chan *invocation, 1)}
	sb.waiters = append(sb.waiters, waiter)
	sb.asked = true
	if sb.phase == phaseInit {
		sb.advance()
	}
	sb.advanceInvocation()
	if sb.fn.managed() && sb.phase <= phaseIdle {
		sb.env.lambda.pool.offerWorker(sb.env)
	}
	sb.mu.Unlock()

	select {
	case inv := <-waiter.event:
		sb.writeEvent(w, inv)
	case <-r.Context().Done():
		sb.abandon(waiter)
	}
}

// abandon forgets a runtime that closed its connection. An event that was on its way to it is delivered again when it
// asks again.
func (sb *sandbox) abandon(waiter *nextWaiter) {
	sb.mu.Lock()
	defer sb.mu.Unlock()
	for i, other := range sb.waiters {
		if other == waiter {
			sb.waiters = append(sb.waiters[:i:i], sb.waiters[i+1:]...)
			if sb.fn.managed() {
				sb.env.lambda.pool.withdraw(sb.env)
			}
			return
		}
	}
}

func (sb *sandbox) writeEvent(w http.ResponseWriter, inv *invocation) {
	// Assigned directly: the names are canonical already, and this is done for every event.
	h := w.Header()
	h["Content-Type"] = []string{"application/json"}
	h["Content-Length"] = []string{strconv.Itoa(len(inv.payload))}
	h[headerRequestID] = []string{inv.id}
	h[headerAttemptID] = []string{inv.attempt}
	h[headerDeadline] = []string{strconv.FormatInt(inv.deadline.UnixMilli(), 10)}
	h[headerARN] = []string{inv.invokedARN}
	h[headerTraceID] = []string{inv.traceID}
	if inv.clientContext != "" {
		h[headerClientContext] = []string{inv.clientContext}
	}
	_, _ = w.Write(inv.payload)
}

// claim finds the invocation that the runtime reports on and moves it on to uploading. Nil: the request was refused.
func (sb *sandbox) claim(w http.ResponseWriter, r *http.Request, id string) *invocation {
	sb.mu.Lock()
	defer sb.mu.Unlock()
	inv := sb.current
	if sb.fn.managed() {
		inv = sb.running[id]
		if _, late := sb.late[id]; inv == nil && late {
			delete(sb.late, id)
			refuse(w, http.StatusGone, "InvokeTimeout", "the invocation timed out")
			return nil
		}
	}
	switch {
	case inv == nil && sb.phase != phaseInit && !sb.fn.managed() && sb.phase < phaseEnding:
		invalidTransition(w, "no invocation is open")
	case inv == nil || inv.id != id:
		refuse(w, http.StatusBadRequest, "InvalidRequestID", "Invalid request ID")
	case inv.fault != nil:
		refuse(w, http.StatusGone, "InvokeTimeout", "the invocation is over")
	case inv.progress != delivered:
		invalidTransition(w, "a response to "+inv.id+" was received already")
	case r.Header.Get(headerAttemptID) != "" && r.Header.Get(headerAttemptID) != inv.attempt:
		refuse(w, http.StatusBadRequest, "InvalidInvocationId", "Invalid invocation ID")
	default:
		inv.progress = uploading
		inv.responseStart = time.Now()
		return inv
	}
	return nil
}

// serveResponse receives the function's answer.
func (sb *sandbox) serveResponse(w http.ResponseWriter, r *http.Request, id string) {
	inv := sb.claim(w, r, id)
	if inv == nil {
		return
	}
	mode := r.Header.Get(headerResponseMode)
	if mode != "" && mode != "streaming" {
		f := &fault{errorType: errInvalidResponseMode, message: "Invalid response mode: " + mode}
		sb.respond(inv, EventErrorReported, f.errorType, reply{contentType: "application/json", failure: inv.failure(f)})
		refuse(w, http.StatusBadRequest, "InvalidFunctionResponseMode", "Invalid function response mode")
		return
	}
	sb.event(EventResponseStart, inv.id, "")
	trailersCount := inv.streaming || mode == "streaming" || sb.fn.managed()
	u := upload{inv: inv, limit: MaxResponse, trailers: trailersCount, contentType: r.Header.Get("Content-Type")}
	if inv.streaming {
		u.limit = MaxStreamedResponse
		sb.stream(&u, r)
	} else {
		u.collect(r)
	}
	kind, errorType := EventResponseEnd, ""
	if u.failure != nil {
		kind, errorType = EventErrorReported, u.failure.Type
	}
	sb.respond(inv, kind, errorType, u.reply())
	switch {
	case u.tooLarge:
		refuse(w, http.StatusRequestEntityTooLarge, "RequestEntityTooLarge",
			fmt.Sprintf("Exceeded maximum allowed payload size (%d bytes).", u.limit))
	case u.truncated:
		refuse(w, http.StatusBadRequest, "TruncatedHTTPRequest", "HTTP request detected as truncated")
	default:
		accepted(w)
	}
}

// respond moves the invocation on to responded and answers the caller.
func (sb *sandbox) respond(inv *invocation, kind EventKind, errorType string, r reply) {
	sb.mu.Lock()
	defer sb.mu.Unlock()
	if inv.fault != nil { // timed out, or the process died, in the middle of it
		return
	}
	inv.progress = responded
	inv.responseEnd = time.Now()
	inv.errorType = errorType
	sb.event(kind, inv.id, errorType)
	if inv.stream != nil {
		var err error // nil is io.EOF
		if r.failure != nil {
			err = r.failure
		}
		_ = inv.stream.CloseWithError(err)
	}
	sb.env.answeredAt.Store(inv.responseEnd.UnixNano())
	inv.answer(r)
	if sb.fn.managed() {
		sb.closeManaged(inv, nil)
	}
}

// serveError: the function failed and the runtime says how.
func (sb *sandbox) serveError(w http.ResponseWriter, r *http.Request, id string) {
	inv := sb.claim(w, r, id)
	if inv == nil {
		return
	}
	u := upload{inv: inv, limit: MaxResponse}
	u.collect(r)
	if u.failure == nil {
		u.failure = &FunctionError{RequestID: inv.id, Type: errorTypeOf(r.Header.Get(headerErrorType), u.body), Payload: u.body}
	}
	sb.respond(inv, EventErrorReported, u.failure.Type, u.reply())
	accepted(w)
}

// errorTypeOf names an error for reports: aws-lambda-go sends its type in the body only.
func errorTypeOf(header string, body []byte) string {
	if header != "" {
		return reportedErrorType(header)
	}
	var doc errorDocument
	if err := json.Unmarshal(body, &doc); err == nil && doc.ErrorType != "" {
		return doc.ErrorType
	}
	return reportedErrorType("")
}

// serveInitError: the runtime could not initialise.
func (sb *sandbox) serveInitError(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, MaxResponse))
	if err != nil {
		refuse(w, http.StatusBadRequest, "TruncatedHTTPRequest", "HTTP request detected as truncated")
		return
	}
	sb.mu.Lock()
	if sb.phase != phaseInit || sb.asked {
		sb.mu.Unlock()
		invalidTransition(w, "the init phase is over")
		return
	}
	f := &fault{errorType: errorTypeOf(r.Header.Get(headerErrorType), body), message: "init error reported", payload: body}
	accepted(w) // first: the sandbox goes down with it
	_ = http.NewResponseController(w).Flush()
	if sb.initFault == nil {
		sb.initFault = f
	}
	sb.advance()
	sb.mu.Unlock()
}
