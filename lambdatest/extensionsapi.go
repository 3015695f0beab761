package lambdatest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	extensionPrefix = "/2020-01-01/extension/"

	headerExtensionName    = "Lambda-Extension-Name"
	headerExtensionID      = "Lambda-Extension-Identifier"
	headerExtensionEventID = "Lambda-Extension-Event-Identifier"
	headerExtensionError   = "Lambda-Extension-Function-Error-Type"
	headerExtensionFeature = "Lambda-Extension-Accept-Feature"
)

// extension is a registered extension: one of the function's own process (internal) or a process of its own.
// Everything is guarded by the sandbox's mutex.
type extension struct {
	id       string
	name     string
	external bool
	process  *process // of an external one
	invoke   bool     // subscribed to INVOKE
	shutdown bool     // subscribed to SHUTDOWN

	asked     bool        // has asked for its first event
	busy      bool        // was told of the open invocation and has not asked for the next event since
	waiter    chan []byte // capacity 1; set while it waits for an event
	pending   [][]byte    // events it has not fetched yet
	exitError string      // reported by exit/error
}

// deliver hands over an event, now or when the extension asks.
func (x *extension) deliver(event []byte) {
	if x.waiter != nil {
		x.waiter <- event
		x.waiter = nil
		return
	}
	x.pending = append(x.pending, event)
}

type tracing struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

type extensionEvent struct {
	EventType          string   `json:"eventType"`
	DeadlineMs         int64    `json:"deadlineMs"`
	RequestID          string   `json:"requestId,omitempty"`
	InvokedFunctionArn string   `json:"invokedFunctionArn,omitempty"`
	Tracing            *tracing `json:"tracing,omitempty"`
	ShutdownReason     string   `json:"shutdownReason,omitempty"`
}

func (e extensionEvent) encode() []byte {
	b, err := json.Marshal(e)
	if err != nil { // strings and numbers marshal
		return []byte(`{}`)
	}
	return b
}

func shutdownEvent(reason string, deadline time.Time) []byte {
	return extensionEvent{EventType: "SHUTDOWN", ShutdownReason: reason, DeadlineMs: deadline.UnixMilli()}.encode()
}

// tellExtensions sends INVOKE, external extensions first, as AWS does: before the runtime gets the event.
func (sb *sandbox) tellExtensions(inv *invocation) {
	var event []byte
	for _, external := range []bool{true, false} {
		for _, x := range sb.extensions {
			if !x.invoke || x.external != external {
				continue
			}
			if event == nil {
				event = extensionEvent{
					EventType: "INVOKE", DeadlineMs: inv.deadline.UnixMilli(), RequestID: inv.id,
					InvokedFunctionArn: inv.invokedARN, Tracing: &tracing{Type: "X-Amzn-Trace-Id", Value: inv.traceID},
				}.encode()
			}
			x.busy = true
			x.deliver(event)
		}
	}
}

func (sb *sandbox) serveExtension(w http.ResponseWriter, r *http.Request, action string) {
	switch {
	case r.Method == http.MethodPost && action == "register":
		sb.serveRegister(w, r)
	case r.Method == http.MethodGet && action == "event/next":
		sb.serveExtensionNext(w, r)
	case r.Method == http.MethodPost && (action == "init/error" || action == "exit/error"):
		sb.serveExtensionError(w, r, action == "init/error")
	default:
		http.NotFound(w, r)
	}
}

type registration struct {
	Events            []string `json:"events"`
	ConfigurationKeys []string `json:"configurationKeys"`
}

// parseRegistration reads the body of a registration.
func parseRegistration(body []byte) (registration, error) {
	var reg registration
	if err := json.Unmarshal(body, &reg); err != nil {
		return reg, err
	}
	if len(reg.ConfigurationKeys) > 0 {
		return reg, fmt.Errorf("configurationKeys are deprecated; use environment variables instead")
	}
	return reg, nil
}

// checkEvents returns why an extension may not have an event, or "".
func checkEvents(events []string, external, managed bool) string {
	for _, e := range events {
		switch {
		case e != "INVOKE" && e != "SHUTDOWN":
			return e + ": InvalidEventType"
		case managed && !external:
			return e + ": No events allowed for internal extensions"
		case managed && e == "INVOKE":
			return e + ": InvokeEventNotSupported"
		case !external && e == "SHUTDOWN":
			return e + ": ShutdownEventNotSupportedForInternalExtension"
		}
	}
	return ""
}

func (sb *sandbox) serveRegister(w http.ResponseWriter, r *http.Request) {
	name := r.Header.Get(headerExtensionName)
	if name == "" {
		refuse(w, http.StatusForbidden, "Extension.InvalidExtensionName", "Empty extension name")
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxControlBody))
	var reg registration
	if err == nil {
		reg, err = parseRegistration(body)
	}
	if err != nil {
		refuse(w, http.StatusForbidden, "InvalidRequestFormat", err.Error())
		return
	}
	x := &extension{
		id: newUUID(), name: name,
		invoke: slices.Contains(reg.Events, "INVOKE"), shutdown: slices.Contains(reg.Events, "SHUTDOWN"),
	}
	if errorType, message := sb.register(x, reg.Events); errorType != "" {
		refuse(w, http.StatusForbidden, errorType, message)
		return
	}
	answer := map[string]string{
		"functionName": sb.fn.Name, "functionVersion": functionVersion, "handler": sb.fn.Handler,
	}
	for feature := range strings.SplitSeq(r.Header.Get(headerExtensionFeature), ",") {
		if strings.TrimSpace(feature) == "accountId" {
			answer["accountId"] = accountID
		}
	}
	b, err := json.Marshal(answer)
	if err != nil { // a map of strings marshals
		b = nil
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set(headerExtensionID, x.id)
	_, _ = w.Write(b)
}

func (sb *sandbox) register(x *extension, events []string) (errorType, message string) {
	sb.mu.Lock()
	defer sb.mu.Unlock()
	x.process = sb.external(x.name)
	x.external = x.process != nil
	if problem := checkEvents(events, x.external, sb.fn.managed()); problem != "" {
		return "Extension.InvalidEventType", problem
	}
	for _, other := range sb.extensions {
		if other.name == x.name {
			return "Extension.InvalidExtensionState",
				fmt.Sprintf("State transition from Registered to Registered failed for extension %s. Error: name is taken", x.name)
		}
	}
	switch {
	case sb.asked || sb.phase != phaseInit:
		return "Extension.RegistrationClosed", "Extension registration closed already"
	case len(sb.extensions) >= maxExtensions:
		return "Extension.TooManyExtensions", fmt.Sprintf("Extension limit (%d) reached", maxExtensions)
	}
	sb.extensions = append(sb.extensions, x)
	sb.advance()
	return "", ""
}

// external returns the process of the external extension that registers under a name. On AWS that is its file name;
// here an interpreter's argument counts as well ("node ext.js").
func (sb *sandbox) external(name string) *process {
	for i, command := range sb.fn.Extensions {
		if i >= len(sb.externals) {
			break
		}
		for _, element := range command {
			if filepath.Base(element) == name && !sb.registered(sb.externals[i]) {
				return sb.externals[i]
			}
		}
	}
	return nil
}

func (sb *sandbox) registered(p *process) bool {
	return slices.ContainsFunc(sb.extensions, func(x *extension) bool { return x.process == p })
}

// identify finds the extension that sent a request. The caller holds mu.
func (sb *sandbox) identify(w http.ResponseWriter, r *http.Request) *extension {
	id := r.Header.Get(headerExtensionID)
	switch {
	case id == "":
		refuse(w, http.StatusForbidden, "Extension.MissingExtensionIdentifier", "Missing "+headerExtensionID+" header")
		return nil
	case !isUUID(id):
		refuse(w, http.StatusForbidden, "Extension.InvalidExtensionIdentifier", "Invalid "+headerExtensionID)
		return nil
	}
	for _, x := range sb.extensions {
		if x.id == id {
			return x
		}
	}
	refuse(w, http.StatusForbidden, "Extension.UnknownExtensionIdentifier", "Unknown extension "+id)
	return nil
}

// serveExtensionNext: the extension is done with the last event and wants the next.
func (sb *sandbox) serveExtensionNext(w http.ResponseWriter, r *http.Request) {
	sb.mu.Lock()
	x := sb.identify(w, r)
	if x == nil {
		sb.mu.Unlock()
		return
	}
	x.asked = true
	waiter := make(chan []byte, 1)
	if len(x.pending) > 0 { // it has not seen the open invocation yet, so it is not done with it
		waiter <- x.pending[0]
		x.pending = x.pending[1:]
	} else {
		x.waiter = waiter
		x.busy = false
	}
	if sb.phase == phaseInit {
		sb.advance()
	} else {
		sb.advanceInvocation()
	}
	sb.mu.Unlock()

	select {
	case event := <-waiter:
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set(headerExtensionEventID, newUUID())
		_, _ = w.Write(event)
	case <-r.Context().Done():
		sb.mu.Lock()
		defer sb.mu.Unlock()
		if x.waiter == waiter {
			x.waiter = nil
			return
		}
		select {
		case event := <-waiter: // it was on its way to a connection that is gone
			x.pending = append([][]byte{event}, x.pending...)
		default:
		}
	}
}

// serveExtensionError: the extension gives up, before the first event (initialising) or later.
func (sb *sandbox) serveExtensionError(w http.ResponseWriter, r *http.Request, initialising bool) {
	sb.mu.Lock()
	defer sb.mu.Unlock()
	x := sb.identify(w, r)
	if x == nil {
		return
	}
	errorType := r.Header.Get(headerExtensionError)
	if errorType == "" {
		refuse(w, http.StatusForbidden, "Extension.MissingHeader", headerExtensionError+" not found")
		return
	}
	if initialising && x.asked {
		refuse(w, http.StatusForbidden, "Extension.InvalidExtensionState",
			fmt.Sprintf("State transition from Ready to InitError failed for extension %s. Error: the init phase is over", x.name))
		return
	}
	accepted(w) // first: the sandbox goes down with it
	_ = http.NewResponseController(w).Flush()
	f := &fault{errorType: errExtensionExit, message: "extension " + x.name + " reported " + errorType}
	if initialising {
		f.errorType = errExtensionInit
	}
	x.exitError = errorType
	sb.crash(f, f.message)
}

// extensionFault describes the end of an external extension that should have gone on.
func (sb *sandbox) extensionFault(p *process) *fault {
	for _, x := range sb.extensions {
		if x.process == p && x.exitError != "" {
			return &fault{errorType: errExtensionExit, message: "extension " + x.name + " reported " + x.exitError}
		}
	}
	return &fault{errorType: errExtensionCrash, message: "extension " + p.name + " exited: " + p.state.String()}
}
