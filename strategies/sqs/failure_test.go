package sqs_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/smithy-go"
	"github.com/cenkalti/backoff/v4"

	"github.com/go-offload/lambda/lambdatest/sqstest"
	"github.com/go-offload/lambda/offload/driver"
	"github.com/go-offload/lambda/strategies/sqs"
)

func isPermanent(err error) bool {
	var permanent *backoff.PermanentError
	return errors.As(err, &permanent)
}

// sendTwo sends two messages and expects two errors.
func sendTwo(ctx context.Context, t *testing.T, s *sqs.Strategy) []error {
	t.Helper()
	errs := s.Send(ctx, []driver.Message{message(t, "1"), message(t, "2")})
	if len(errs) != 2 || errs[0] == nil || errs[1] == nil {
		t.Fatalf("Send = %v, want an error for each message", errs)
	}
	return errs
}

// A call that fails as a whole fails each message, is tried once, and is permanent if
// trying again is useless.
func TestFailedCalls(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status    int
		code      string
		permanent bool
		help      string
	}{
		"internal error":         {500, "InternalFailure", false, ""},
		"unavailable":            {503, "ServiceUnavailable", false, ""},
		"bad gateway, no body":   {502, "", false, ""},
		"any 5xx":                {599, "", false, ""},
		"throttled by SQS":       {403, "RequestThrottled", false, ""},
		"throttled by the front": {400, "ThrottlingException", false, ""},
		"throttled by status":    {429, "SomethingNew", false, ""},
		"throttled by the key":   {400, "KmsThrottled", false, ""},
		"request timeout":        {408, "", false, ""},
		"no such queue":          {400, "com.amazonaws.sqs#QueueDoesNotExist", true, "no such queue"},
		"no permission":          {403, "AccessDeniedException", true, "sqs:SendMessage"},
		"no permission, old":     {403, "AccessDenied", true, "sqs:SendMessage"},
		"token expired":          {403, "ExpiredToken", true, ""},
		"bad parameter":          {400, "InvalidParameterValue", true, ""},
		"batch too long":         {400, "BatchRequestTooLong", true, ""},
		"key disabled":           {400, "KmsDisabled", true, ""},
		"a new refusal":          {418, "SomethingNew", true, ""},
		"redirect":               {301, "", true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, requests := scripted(t, answerError(c.status, c.code))
			for _, err := range sendTwo(context.Background(), t, s) {
				if isPermanent(err) != c.permanent {
					t.Errorf("permanent = %t, want %t: %v", !c.permanent, c.permanent, err)
				}
				if !strings.Contains(err.Error(), c.help) || !strings.Contains(err.Error(), "/123456789012/tasks") {
					t.Errorf("the error does not say %q and where: %v", c.help, err)
				}
			}
			if got := requests.Load(); got != 1 {
				t.Errorf("%d requests, want 1: retries are for package offload", got)
			}
		})
	}
}

func TestPartialFailure(t *testing.T) {
	t.Parallel()
	s, _ := scripted(t, func(w http.ResponseWriter, r *http.Request) {
		e := readEntries(r)
		answerResults(w,
			[]result{taken(e[3]), taken(e[0])},
			[]result{
				{ID: "9", Code: "InternalError"}, // an entry that was not in the batch
				{ID: e[4].ID, Code: "RequestThrottled", SenderFault: true},
				{ID: e[1].ID, Code: "InvalidMessageContents", Message: "why", SenderFault: true},
				{ID: e[2].ID, Code: "InternalError"},
			})
	})
	var batch []driver.Message
	for _, id := range []string{"a", "b", "c", "d", "e", "f"} {
		batch = append(batch, message(t, id))
	}
	errs := s.Send(context.Background(), batch)
	if len(errs) != len(batch) {
		t.Fatalf("%d errors for %d messages", len(errs), len(batch))
	}
	type outcome struct {
		code      string
		permanent bool
	}
	want := map[int]outcome{
		1: {"InvalidMessageContents", true},
		2: {"InternalError", false},
		4: {"RequestThrottled", false}, // passes, whoever's fault it is
		5: {"", false},                 // no answer is no success
	}
	for i, err := range errs {
		w, failed := want[i]
		if (err != nil) != failed {
			t.Errorf("message %d: %v, want failed = %t", i, err, failed)
			continue
		}
		var api smithy.APIError
		if failed && w.code != "" && (!errors.As(err, &api) || api.ErrorCode() != w.code) {
			t.Errorf("message %d: %v, want code %s", i, err, w.code)
		}
		if isPermanent(err) != w.permanent {
			t.Errorf("message %d: permanent = %t: %v", i, !w.permanent, err)
		}
	}
}

// An answer that does not name a message is none for it.
func TestIncompleteAnswer(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func(e []entry) (successful, failed []result){
		"nothing":        func([]entry) ([]result, []result) { return nil, nil },
		"the same twice": func(e []entry) ([]result, []result) { return []result{taken(e[0]), taken(e[0])}, nil },
		"refused too": func(e []entry) ([]result, []result) {
			return []result{taken(e[0]), taken(e[1])}, []result{{ID: e[1].ID, Code: "InternalError"}}
		},
	} {
		s, _ := scripted(t, func(w http.ResponseWriter, r *http.Request) {
			successful, failed := answer(readEntries(r))
			answerResults(w, successful, failed)
		})
		errs := s.Send(context.Background(), []driver.Message{message(t, "1"), message(t, "2")})
		if len(errs) != 2 || errs[1] == nil || isPermanent(errs[1]) {
			t.Errorf("%s: Send = %v, want an error for the second message, not permanent", name, errs)
		}
	}
}

// The answer got lost: SQS has the messages and the sender must assume that it does
// not.
func TestResponseLost(t *testing.T) {
	t.Parallel()
	server, queue := newQueue(t, "tasks", nil)
	server.Inject(sqstest.Fault{Action: "SendMessageBatch", DropResponse: true, Times: 1})
	s := open(t, queue.URL(), nil)
	for _, err := range sendTwo(context.Background(), t, s) {
		if isPermanent(err) {
			t.Errorf("permanent: %v", err)
		}
	}
	if got := queue.Snapshot().Total(); got != 2 {
		t.Errorf("%d messages stored, want 2 once: the SDK retried by itself", got)
	}
	send(t, s, message(t, "1"), message(t, "2"))
	if got := queue.Snapshot().Total(); got != 4 {
		t.Errorf("%d messages stored, want 4", got)
	}
}

func TestNobodyListens(t *testing.T) {
	t.Parallel()
	server, queue := newQueue(t, "tasks", nil)
	url := queue.URL()
	server.Close()
	for _, err := range sendTwo(context.Background(), t, open(t, url, nil)) {
		if isPermanent(err) {
			t.Errorf("permanent: %v", err)
		}
	}
}

func TestContextEndsTheCall(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s, _ := scripted(t, func(_ http.ResponseWriter, r *http.Request) {
		readEntries(r) // only then does the server notice that the client is gone
		cancel()
		<-r.Context().Done()
	})
	for _, err := range sendTwo(ctx, t, s) {
		if !errors.Is(err, context.Canceled) || isPermanent(err) {
			t.Errorf("%v, want context.Canceled, not permanent", err)
		}
	}
}

// An answer that is damaged on the way is no success.
func TestWrongChecksum(t *testing.T) {
	t.Parallel()
	s, _ := scripted(t, func(w http.ResponseWriter, r *http.Request) {
		e := readEntries(r)
		answerResults(w, []result{{ID: e[0].ID, MD5: strings.Repeat("0", 32)}, taken(e[1])}, nil)
	})
	sendTwo(context.Background(), t, s)
}
