package migrate

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-offload/lambda/internal/leaktest"
	"github.com/go-offload/lambda/lambdatest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// postOffice takes a mail once it is told to, as long as its sender stays on the line. A frozen sender does, and
// reads nothing.
type postOffice struct {
	*httptest.Server
	open  chan struct{}
	taken atomic.Int32
}

func startPostOffice(t *testing.T) *postOffice {
	t.Helper()
	p := &postOffice{open: make(chan struct{})}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil { // only then does the server notice that the client has gone
			return
		}
		select {
		case <-p.open:
		case <-r.Context().Done():
			return
		}
		p.taken.Add(1)
		_, _ = fmt.Fprintln(w, "thank you")
	}))
	t.Cleanup(p.Close)
	return p
}

// signUp runs one of the two functions and signs somebody up. The mail is on its way, or about to be, when the function
// has answered.
func signUp(t *testing.T, pkg string, p *postOffice) (*lambdatest.Lambda, string) {
	t.Helper()
	l := lambdatest.Start(t, lambdatest.Function{
		Package: pkg,
		Timeout: 20 * time.Second,
		Env:     map[string]string{"MAIL_URL": p.URL},
	})
	res, err := l.Invoke(t.Context(), []byte(`{"email":"ada@example.org"}`))
	if err != nil || string(res.Payload) != `"welcome, ada@example.org"` {
		t.Fatalf("%s: %s, %v", pkg, res.Payload, err)
	}
	return l, res.RequestID
}

// Before: the invocation is over and the environment frozen while the mail is not yet sent.
func TestBeforeFreezesTheMail(t *testing.T) {
	t.Parallel()
	p := startPostOffice(t)
	l, id := signUp(t, "./before", p)
	if _, err := l.WaitReport(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if p.taken.Load() != 0 || !l.Environments()[0].Frozen {
		t.Errorf("%d mails taken; frozen: %v", p.taken.Load(), l.Environments()[0].Frozen)
	}
}

// After: the caller has its answer, and the environment is awake until the mail is sent.
func TestAfterSendsTheMail(t *testing.T) {
	t.Parallel()
	p := startPostOffice(t)
	l, id := signUp(t, "./after", p)
	if n := len(l.Reports()); n != 0 {
		t.Error("the invocation is over and the mail not yet sent")
	}
	close(p.open)
	report, err := l.WaitReport(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if p.taken.Load() != 1 || report.Status != "success" {
		t.Errorf("%d mails taken, %+v", p.taken.Load(), report)
	}
}
