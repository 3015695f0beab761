package sqstest_test

import (
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/go-offload/lambda/lambdatest/sqstest"
)

// onSocket is a server on a real socket, where Advance stands for the passing of time.
func onSocket(t *testing.T, opts *sqstest.Options) (env, *sqstest.Server) {
	t.Helper()
	srv := sqstest.Start(t, opts)
	return env{TB: t, client: newClient(srv), pass: srv.Advance}, srv
}

// Through a real socket and in real time. All margins are minutes, so that a slow
// machine cannot change the outcome.
func TestAdvance(t *testing.T) {
	t.Parallel()
	e, _ := onSocket(t, nil)
	url := e.queue("q", attrs{"VisibilityTimeout": "3600"})
	e.send(url, "x")
	first := e.one(url)
	e.send(url, "later", delay(900))
	e.none(url)
	e.pass(15 * time.Minute)
	if m := e.one(url); *m.Body != "later" {
		t.Errorf("received %q, want the delayed message", *m.Body)
	}
	e.pass(45 * time.Minute)
	if again := e.one(url); *again.MessageId != *first.MessageId {
		t.Errorf("received %q, want the first message again", *again.Body)
	}
	fifo := e.fifo("q", nil)
	e.send(fifo, "x", group("g"))
	e.send(fifo, "x", group("g"))
	e.pass(5 * time.Minute)
	e.send(fifo, "x", group("g"))
	e.wantCounts(fifo, 2, 0, 0)
	e.pass(4 * 24 * time.Hour)
	e.wantCounts(fifo, 0, 0, 0)
	e.pass(-time.Hour) // does nothing
	e.wantCounts(url, 0, 0, 0)
}

func TestAdvanceEndsLongPoll(t *testing.T) {
	t.Parallel()
	inBubble(t, nil, func(e env, srv *sqstest.Server) {
		url := e.queue("q", nil)
		e.send(url, "x", delay(900))
		start := time.Now()
		got := make(chan []types.Message)
		go func() { got <- e.receive(url, waiting(20)) }()
		synctest.Wait() // the poll waits
		srv.Advance(15 * time.Minute)
		if messages := <-got; len(messages) != 1 || time.Since(start) != 0 {
			e.Errorf("received %d messages after %v, want the delayed one at once", len(messages), time.Since(start))
		}
	})
}

func TestAdvanceMovesAMoveTask(t *testing.T) {
	t.Parallel()
	e, srv := onSocket(t, nil)
	source, dlq := e.deadLetters(10)
	if _, err := e.startMove(dlq, rate(1)); err != nil {
		t.Fatal(err)
	}
	srv.Advance(time.Minute)
	if _, err := srv.Queue("source").Wait(t.Context(), func(s sqstest.Snapshot) bool { return s.Visible == 10 }); err != nil {
		t.Fatal(err)
	}
	e.wantCounts(source, 10, 0, 0)
}

func TestCloseEndsLongPolls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := sqstest.Start(t, &sqstest.Options{InMemory: true})
		e := env{TB: t, client: newClient(srv)}
		url := e.queue("q", nil)
		start := time.Now()
		done := make(chan struct{})
		go func() {
			defer close(done)
			if messages, err := e.tryReceive(url, waiting(20)); err != nil || len(messages) != 0 {
				t.Errorf("the poll returned %v, %v; want an empty answer", messages, err)
			}
		}()
		synctest.Wait()
		srv.Close()
		<-done
		if took := time.Since(start); took >= time.Second { // the poll would have taken 20
			t.Errorf("closing took %v", took)
		}
		srv.Close() // twice is harmless
		if _, err := e.tryReceive(url); err == nil {
			t.Error("a closed server answers")
		}
	})
}

func TestCloseEndsMoveTasks(t *testing.T) {
	t.Parallel()
	e, srv := onSocket(t, nil)
	_, dlq := e.deadLetters(10)
	if _, err := e.startMove(dlq, rate(1)); err != nil {
		t.Fatal(err)
	}
	srv.Close() // returns, and TestMain finds the task if it goes on
}

func TestClosedServerAnswersOtherMounts(t *testing.T) {
	t.Parallel()
	srv, err := sqstest.New(&sqstest.Options{InMemory: true})
	if err != nil {
		t.Fatal(err)
	}
	front := http.Server{Handler: srv, ReadHeaderTimeout: time.Minute}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error)
	go func() { served <- front.Serve(l) }()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	url := "http://" + l.Addr().String()
	c := newClientOf(url, client)
	if _, err := c.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("q")}); err != nil {
		t.Fatal(err)
	}
	srv.Close()
	_, err = c.ListQueues(t.Context(), &sqs.ListQueuesInput{})
	wantCode(t, err, "ServiceUnavailable")
	front.Close()
	<-served
}

func TestOptions(t *testing.T) {
	t.Parallel()
	e, srv := onSocket(t, &sqstest.Options{Region: "eu-central-1", AccountID: "000000000042"})
	url := e.queue("q", nil)
	if want := srv.URL() + "/000000000042/q"; url != want || srv.Queue("q").URL() != want {
		t.Errorf("queue URL %s, want %s", url, want)
	}
	if want := "arn:aws:sqs:eu-central-1:000000000042:q"; e.arn(url) != want || srv.Queue("q").ARN() != want {
		t.Errorf("ARN %s, want %s", e.arn(url), want)
	}
	if _, err := sqstest.New(&sqstest.Options{AccountID: "me"}); err == nil {
		t.Error("an account ID of me is accepted")
	}
	if _, err := sqstest.New(&sqstest.Options{Listen: "nowhere:port"}); err == nil {
		t.Error("a bad address is accepted")
	}
}

// fakeTB is a test that fails to start a server.
type fakeTB struct {
	testing.TB
	fatal string
}

func (f *fakeTB) Fatalf(format string, _ ...any) { f.fatal = format }

func TestStartFailsTheTest(t *testing.T) {
	t.Parallel()
	tb := &fakeTB{TB: t}
	if srv := sqstest.Start(tb, &sqstest.Options{AccountID: "me"}); srv != nil || tb.fatal == "" {
		t.Errorf("Start returned %v and failed the test with %q", srv, tb.fatal)
	}
}

func TestInFlightLimit(t *testing.T) {
	t.Parallel()
	inBubble(t, &sqstest.Options{MaxInFlight: 3}, func(e env, _ *sqstest.Server) {
		url, fifo := e.queue("q", nil), e.fifo("f", nil)
		for i := range 5 {
			e.send(url, string(rune('a'+i)))
			e.send(fifo, string(rune('a'+i)), group("g"))
		}
		got := e.receive(url)
		if len(got) != 3 {
			e.Fatalf("received %v, want as many as may be in flight", bodies(got))
		}
		_, err := e.tryReceive(url)
		wantType[*types.OverLimit](e, err)
		// Long polls and FIFO queues get no error.
		e.none(url, waiting(1))
		e.wantReceive(fifo, 10, "a b c")
		e.wantReceive(fifo, 10, "")
		e.delete(url, got[0])
		e.one(url)
	})
}
