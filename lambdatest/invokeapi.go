package lambdatest

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// api is the part of the Lambda API that invokes functions: Invoke (2015-03-31) and InvokeWithResponseStream
// (2021-11-15).
func (s *Service) api() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /2015-03-31/functions/{name}/invocations", s.serveInvoke)
	mux.HandleFunc("POST /2021-11-15/functions/{name}/response-streaming-invocations", s.serveInvokeStream)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		writeAPIError(w, newUUID(), &APIError{
			StatusCode: http.StatusNotFound, Code: "UnknownOperationException",
			Message: r.Method + " " + r.URL.Path + " is not served here", kind: ErrNotFound,
		})
	})
	return mux
}

func writeAPIError(w http.ResponseWriter, requestID string, err error) {
	api := asAPIError(err)
	body := api.body()
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("X-Amzn-Errortype", api.Code)
	h.Set("X-Amzn-Requestid", requestID)
	w.WriteHeader(api.StatusCode)
	_, _ = w.Write(body)
}

// target finds the function of a request: by name, partial or full ARN, with the qualifier $LATEST or none. It returns the ARN that
// the function sees, which has the qualifier if the request has one (recorded on AWS by LocalStack's tests,
// test_introspection_invoke, January 2026).
func (s *Service) target(r *http.Request) (l *Lambda, invoked string, err error) {
	name, qualifier := r.PathValue("name"), r.URL.Query().Get("Qualifier")
	qualified := r.URL.Query().Has("Qualifier")
	parts := strings.Split(name, ":")
	switch {
	case len(parts) == 1:
	case len(parts) <= 2: // name:qualifier
		name, qualifier, qualified = parts[0], parts[1], true
	default: // …:function:name[:qualifier]
		for i, part := range parts {
			if part == "function" && i+1 < len(parts) {
				name = parts[i+1]
				if i+2 < len(parts) {
					qualifier, qualified = parts[i+2], true
				}
				break
			}
		}
	}
	if l = s.lookup(name); l == nil {
		return nil, "", notFound(arn(name))
	}
	if !qualified {
		return l, l.arn, nil
	}
	if qualifier != functionVersion {
		return nil, "", notFound(l.arn + ":" + qualifier)
	}
	return l, l.arn + ":" + qualifier, nil
}

// incoming reads an API request.
func incoming(r *http.Request) (request, error) {
	req := request{id: newUUID(), traceID: r.Header.Get("X-Amzn-Trace-Id")}
	encoded := r.Header.Get("X-Amz-Client-Context")
	if len(encoded) > maxClientContext {
		return req, invalidParameter("Client context must be no larger than %d bytes", maxClientContext)
	}
	if encoded != "" {
		document, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil || !json.Valid(document) {
			return req, invalidParameter("Client context must be a valid Base64-encoded JSON object.")
		}
		req.clientContext = string(document)
	}
	payload, err := readPayload(r)
	req.payload = payload
	return req, err
}

func readPayload(r *http.Request) ([]byte, error) {
	payload, err := readBody(r, MaxPayload)
	if errors.Is(err, ErrTooLarge) {
		err = requestTooLarge()
	}
	return payload, err
}

func (s *Service) serveInvoke(w http.ResponseWriter, r *http.Request) {
	req, err := incoming(r)
	var l *Lambda
	if err == nil {
		l, req.invokedARN, err = s.target(r)
	}
	if err != nil {
		writeAPIError(w, req.id, err)
		return
	}
	switch kind := r.Header.Get("X-Amz-Invocation-Type"); kind {
	case "", "RequestResponse":
		s.invoke(w, r, l, req)
	case "DryRun":
		w.Header().Set("X-Amzn-Requestid", req.id)
		w.WriteHeader(http.StatusNoContent)
	case "Event":
		s.invokeAsync(w, l, req)
	default:
		writeAPIError(w, req.id, invalidParameter("Invalid invocation type: %s", kind))
	}
}

func (s *Service) invoke(w http.ResponseWriter, r *http.Request, l *Lambda, req request) {
	ctx := r.Context()
	tail := r.Header.Get("X-Amz-Log-Type") == "Tail"
	inv, err := l.dispatch(ctx, req)
	if err == nil {
		err = inv.wait(ctx)
	}
	if err == nil && tail {
		err = inv.waitEnd(ctx)
	}
	if err != nil {
		if ctx.Err() == nil { // else nobody is there to read it
			writeAPIError(w, req.id, err)
		}
		return
	}
	body, h := inv.reply.body, w.Header()
	if f := inv.reply.failure; f != nil {
		body = f.Payload
		h["X-Amz-Function-Error"] = []string{unhandled}
	}
	if tail {
		h["X-Amz-Log-Result"] = []string{base64.StdEncoding.EncodeToString([]byte(l.journal.tail(inv.id, maxLogTail)))}
	}
	h["Content-Type"] = []string{"application/json"}
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	h["X-Amz-Executed-Version"] = []string{functionVersion}
	h["X-Amzn-Requestid"] = []string{inv.id}
	h["X-Amzn-Trace-Id"] = []string{inv.traceID}
	_, _ = w.Write(body)
}

// invokeAsync answers as soon as the event is in the queue. What AWS sends in the body of a 202 is not documented; SDKs
// do not look.
func (s *Service) invokeAsync(w http.ResponseWriter, l *Lambda, req request) {
	if req.traceID == "" {
		req.traceID = newTraceID()
	}
	if err := l.async.accept(req); err != nil {
		writeAPIError(w, req.id, err)
		return
	}
	w.Header().Set("X-Amzn-Requestid", req.id)
	w.Header().Set("X-Amzn-Trace-Id", req.traceID)
	w.WriteHeader(http.StatusAccepted)
}

// waitEnd waits for the REPORT line, which is the last of the log that X-Amz-Log-Type: Tail returns.
func (inv *invocation) waitEnd(ctx context.Context) error {
	select {
	case <-inv.ended:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("lambdatest: request %s: %w", inv.id, ctx.Err())
	}
}

func (s *Service) serveInvokeStream(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	req, err := incoming(r)
	req.streaming = true
	var l *Lambda
	if err == nil {
		l, req.invokedARN, err = s.target(r)
	}
	if kind := r.Header.Get("X-Amz-Invocation-Type"); err == nil && kind == "DryRun" {
		w.Header().Set("X-Amzn-Requestid", req.id)
		w.WriteHeader(http.StatusNoContent)
		return
	} else if err == nil && kind != "" && kind != "RequestResponse" {
		err = invalidParameter("Invalid invocation type: %s", kind)
	}
	var inv *invocation
	if err == nil {
		inv, err = l.dispatch(ctx, req)
	}
	if err == nil {
		err = inv.wait(ctx)
	}
	if err != nil {
		if ctx.Err() == nil {
			writeAPIError(w, req.id, err)
		}
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/vnd.amazon.eventstream")
	h.Set("X-Amz-Executed-Version", functionVersion)
	h.Set("X-Amzn-Requestid", inv.id)
	h.Set("X-Amzn-Trace-Id", inv.traceID)
	w.WriteHeader(http.StatusOK)
	out := &eventStream{w: w, flush: http.NewResponseController(w).Flush}
	complete := invokeComplete{}
	if f := out.copy(inv.reply); f != nil {
		complete.ErrorCode, complete.ErrorDetails = f.Type, string(f.Payload)
	}
	if r.Header.Get("X-Amz-Log-Type") == "Tail" {
		if inv.waitEnd(ctx) != nil {
			return
		}
		complete.LogResult = base64.StdEncoding.EncodeToString([]byte(l.journal.tail(inv.id, maxLogTail)))
	}
	out.complete(complete)
}
