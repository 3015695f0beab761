package strategytest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// extensionsAPI is as much of the Extensions API as one extension needs (Lambda Developer
// Guide, "Extensions API"): register and event/next.
type extensionsAPI struct {
	server *httptest.Server
	refuse bool
	ended  <-chan struct{} // closed when the test is over: a strategy waits for its next event for ever

	mu         sync.Mutex
	registered bool
	waiting    int     // requests for an event that were not answered
	events     []event // that were not fetched
	changed    chan struct{}
}

type event struct {
	EventType  string `json:"eventType"`
	DeadlineMS int64  `json:"deadlineMs"`
	RequestID  string `json:"requestId"`
}

// serveExtensions runs the API until the test is over. With refuse set, it answers a
// registration as Lambda does where extensions may not register.
func serveExtensions(t *testing.T, refuse bool) *extensionsAPI {
	t.Helper()
	ended := make(chan struct{})
	api := &extensionsAPI{refuse: refuse, ended: ended, changed: make(chan struct{})}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /2020-01-01/extension/register", api.register)
	mux.HandleFunc("GET /2020-01-01/extension/event/next", api.next)
	api.server = httptest.NewServer(mux)
	t.Cleanup(func() {
		close(ended)
		api.server.Close()
	})
	return api
}

func (api *extensionsAPI) address() string { return strings.TrimPrefix(api.server.URL, "http://") }

func (api *extensionsAPI) register(w http.ResponseWriter, r *http.Request) {
	var body struct{ Events []string }
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil || r.Header.Get("Lambda-Extension-Name") == "" {
		http.Error(w, "a registration needs a name and a list of events", http.StatusBadRequest)
		return
	}
	if api.refuse {
		w.WriteHeader(http.StatusForbidden)
		_, _ = fmt.Fprint(w, `{"errorType":"Extension.RegistrationClosed","errorMessage":"refused"}`)
		return
	}
	api.update(func() { api.registered = len(body.Events) > 0 })
	w.Header().Set("Lambda-Extension-Identifier", "extension-1")
	_, _ = fmt.Fprint(w, `{"functionName":"function","functionVersion":"$LATEST","handler":"bootstrap"}`)
}

// next answers with the next event once there is one.
func (api *extensionsAPI) next(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Lambda-Extension-Identifier") != "extension-1" {
		http.Error(w, "unknown extension", http.StatusForbidden)
		return
	}
	api.update(func() { api.waiting++ })
	var ev event
	answered := api.await(r.Context(), func() bool {
		if len(api.events) == 0 {
			return false
		}
		ev, api.events = api.events[0], api.events[1:]
		api.waiting--
		return true
	})
	if !answered {
		http.Error(w, "the environment is gone", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(ev) // a client that is gone needs no answer
}

// invoke announces an invocation.
func (api *extensionsAPI) invoke(requestID string, deadline time.Time) {
	api.update(func() {
		api.events = append(api.events, event{EventType: "INVOKE", DeadlineMS: deadline.UnixMilli(), RequestID: requestID})
	})
}

// quiet waits until the extension, if there is one, has asked for its next event and there is none.
func (api *extensionsAPI) quiet(ctx context.Context) bool {
	return api.await(ctx, func() bool { return !api.registered || api.waiting > 0 && len(api.events) == 0 })
}

func (api *extensionsAPI) update(change func()) {
	api.mu.Lock()
	defer api.mu.Unlock()
	change()
	close(api.changed)
	api.changed = make(chan struct{})
}

// await waits until condition holds, which may change the state when it does.
func (api *extensionsAPI) await(ctx context.Context, condition func() bool) bool {
	for {
		api.mu.Lock()
		holds, changed := condition(), api.changed
		api.mu.Unlock()
		if holds {
			return true
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		case <-api.ended:
			return false
		}
	}
}
