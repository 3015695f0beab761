package invoke_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cenkalti/backoff/v4"

	"github.com/go-offload/lambda/offload/driver"
	"github.com/go-offload/lambda/strategies/invoke"
)

func answerError(status int, code string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Amzn-ErrorType", code)
		w.WriteHeader(status)
		json.NewEncoder(w).Encode(map[string]string{"Type": "User", "Message": "the message"})
	}
}

// sendOne sends a message that must fail, and reports whether for good.
func sendOne(ctx context.Context, t *testing.T, s *invoke.Strategy) (permanent bool, err error) {
	t.Helper()
	errs := s.Send(ctx, []driver.Message{message(t, "1", "{}")})
	if len(errs) != 1 || errs[0] == nil {
		t.Fatalf("Send = %v, want an error", errs)
	}
	var p *backoff.PermanentError
	return errors.As(errs[0], &p), errs[0]
}

// A call that fails is tried once, and is permanent if trying again is useless.
func TestFailedCalls(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status    int
		code      string
		permanent bool
		help      string
	}{
		"throttled":            {429, "TooManyRequestsException", false, ""},
		"service":              {500, "ServiceException", false, ""},
		"unavailable":          {503, "ServiceUnavailableException", false, ""},
		"bad gateway, no code": {502, "", false, ""},
		"out of addresses":     {502, "SubnetIPAddressLimitReachedException", false, ""},
		"being updated":        {409, "ResourceConflictException", false, ""},
		"no such function":     {404, "ResourceNotFoundException", true, "no such function"},
		"no permission":        {403, "AccessDeniedException", true, "lambda:InvokeFunction"},
		"too large":            {413, "RequestTooLargeException", true, ""},
		"bad parameter":        {400, "InvalidParameterValueException", true, ""},
		"bad payload":          {400, "InvalidRequestContentException", true, ""},
		"recursive":            {400, "RecursiveInvocationException", true, ""},
		"token expired":        {403, "ExpiredTokenException", true, ""},
		"a new refusal":        {418, "", true, ""},
		"ran at once":          {200, "", true, "202"},
		"did not run":          {204, "", true, "202"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			endpoint, requests := serve(t, answerError(c.status, c.code))
			permanent, err := sendOne(context.Background(), t, open(t, endpoint))
			if permanent != c.permanent {
				t.Errorf("permanent = %t, want %t: %v", permanent, c.permanent, err)
			}
			if !strings.Contains(err.Error(), c.help) || !strings.Contains(err.Error(), "invoke: greeter: ") {
				t.Errorf("the error does not say %q and what was invoked: %v", c.help, err)
			}
			if got := requests.Load(); got != 1 {
				t.Errorf("%d requests, want 1: retries are for package offload", got)
			}
		})
	}
}

// The answer got lost: Lambda may have the event and the sender must assume that it has not.
func TestResponseLost(t *testing.T) {
	t.Parallel()
	endpoint, requests := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		panic(http.ErrAbortHandler)
	})
	if permanent, err := sendOne(context.Background(), t, open(t, endpoint)); permanent {
		t.Errorf("permanent: %v", err)
	}
	if got := requests.Load(); got != 1 {
		t.Errorf("%d requests: the SDK retried by itself", got)
	}
}

func TestNobodyListens(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(nil)
	server.Close()
	if permanent, err := sendOne(context.Background(), t, open(t, server.URL)); permanent {
		t.Errorf("permanent: %v", err)
	}
}

func TestContextEndsTheCall(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	endpoint, _ := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // only then does the server notice that the client is gone
		cancel()
		<-r.Context().Done()
	})
	if permanent, err := sendOne(ctx, t, open(t, endpoint)); permanent || !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want context.Canceled, not permanent", err)
	}
}
