package zeroloss

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/go-offload/lambda/lambdatest"
	"github.com/go-offload/lambda/lambdatest/sqstest"
)

const (
	// A task is cancelled 1 s after the event and given up after 1.5 s; that leaves half a second to hand it over, also
	// through a queue that has a bad moment.
	functionTimeout = 2 * time.Second
	margin          = time.Second

	visibility  = 30 * time.Second // nobody waits for it, see drain
	redelivery  = time.Hour        // more than visibility and any backoff
	maxReceives = 6
	perRequest  = 20 // tasks
	clients     = 6
)

// site is the program twice, as the function that answers and as the worker of its queue, and somebody who breaks things.
type site struct {
	t       *testing.T
	front   *lambdatest.Lambda
	worker  *lambdatest.Lambda
	server  *sqstest.Server
	tasks   *sqstest.Queue
	dead    *sqstest.Queue
	journal string

	mu     sync.Mutex
	rng    *rand.Rand
	killed int
}

func newSite(t *testing.T, chain string, seed uint64) *site {
	t.Helper()
	s := &site{t: t, journal: filepath.Join(t.TempDir(), "journal"), rng: rand.New(rand.NewPCG(seed, 2))}
	s.server = sqstest.Start(t, &sqstest.Options{Seed: seed})
	s.tasks, s.dead = s.server.Queue("tasks"), s.server.Queue("dead")
	s.createQueues()

	service, err := lambdatest.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { service.Close() })
	deploy := func(name string) *lambdatest.Lambda {
		l, err := service.Deploy(t.Context(), lambdatest.Function{
			Name: name, Package: "./testdata/function", Timeout: functionTimeout,
			Env: map[string]string{
				"OFFLOAD_STRATEGY": chain, "OFFLOAD_MARGIN": margin.String(), "OFFLOAD_SQS_QUEUE_URL": s.tasks.URL(),
				"AWS_ENDPOINT_URL_SQS": s.server.URL(), "JOURNAL": s.journal,
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	s.front, s.worker = deploy("front"), deploy("worker")
	if _, err := s.worker.MapQueue(t.Context(), lambdatest.QueueMapping{
		QueueURL: s.tasks.URL(), Endpoint: s.server.URL(), ReportBatchItemFailures: true, MaximumConcurrency: clients,
	}); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *site) createQueues() {
	s.t.Helper()
	redrive, err := json.Marshal(map[string]any{"deadLetterTargetArn": s.dead.ARN(), "maxReceiveCount": maxReceives})
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.server.CreateQueue("dead", nil); err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.server.CreateQueue("tasks", map[string]string{
		"VisibilityTimeout": strconv.Itoa(int(visibility.Seconds())), "RedrivePolicy": string(redrive),
	}); err != nil {
		s.t.Fatal(err)
	}
}

// breakQueue makes every twentieth request fail, whoever makes it, and loses answers to requests that took effect.
func (s *site) breakQueue() {
	for _, fault := range []sqstest.Fault{
		{Probability: 0.025, Failure: sqstest.ServiceUnavailable},
		{Probability: 0.025, Failure: sqstest.RequestThrottled},
		{Probability: 0.02, Latency: 50 * time.Millisecond},
		{Probability: 0.03, Action: "SendMessageBatch", DropResponse: true},
		{Probability: 0.03, Action: "SendMessageBatch", Entries: &sqstest.EntryFault{Probability: 0.3}},
		{Probability: 0.02, Action: "DeleteMessageBatch", DropResponse: true},
		{Probability: 0.01, Action: "ReceiveMessage", DropResponse: true},
		{Probability: 0.01, Action: "ReceiveMessage", Duplicate: true},
	} {
		s.server.Inject(fault)
	}
}

// breakWorkers kills a worker at work with every fiftieth batch.
func (s *site) breakWorkers() (stop func()) {
	return s.worker.Subscribe(func(e lambdatest.Event) {
		if e.Kind == lambdatest.EventBatchStart && s.chance(0.02) {
			s.killOne(s.worker)
		}
	})
}

// draw is for decisions that are to be the same with the same seed.
func (s *site) draw() float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rng.Float64()
}

func (s *site) chance(p float64) bool { return s.draw() < p }

// killOne sends SIGKILL to a sandbox that is at work.
func (s *site) killOne(l *lambdatest.Lambda) {
	var busy []string
	for _, env := range l.Environments() {
		if env.State == lambdatest.StateRunning || env.State == lambdatest.StateTail {
			busy = append(busy, env.ID)
		}
	}
	if len(busy) > 0 {
		s.kill(l, busy[int(s.draw()*float64(len(busy)))])
	}
}

func (s *site) kill(l *lambdatest.Lambda, environment string) {
	if l.KillEnvironment(environment) {
		s.mu.Lock()
		s.killed++
		s.mu.Unlock()
	}
}

// answer is what a client got: a response that reached it.
type answer struct {
	request  string
	accepted []string
}

// send is a client: it defers tasks, and kills the sandbox that took them every twentieth time, before or after the answer.
func (s *site) send(tasks []work) (answer, bool) {
	payload, err := json.Marshal(map[string]any{"tasks": tasks})
	if err != nil {
		s.t.Error(err)
		return answer{}, false
	}
	if s.chance(0.03) {
		stop := time.AfterFunc(time.Duration(s.draw()*float64(3*time.Millisecond)), func() { s.killOne(s.front) })
		defer stop.Stop()
	}
	res, err := s.front.Invoke(s.t.Context(), payload)
	for ; errors.Is(err, lambdatest.ErrThrottled); res, err = s.front.Invoke(s.t.Context(), payload) {
		<-time.After(20 * time.Millisecond) // every sandbox is in its tail
	}
	if err != nil || res.FunctionError != "" {
		return answer{}, false
	}
	if s.chance(0.03) {
		s.kill(s.front, res.EnvironmentID)
	}
	var response struct{ Accepted []string }
	if err := json.Unmarshal(res.Payload, &response); err != nil {
		s.t.Errorf("%v in %s", err, res.Payload)
		return answer{}, false
	}
	return answer{res.RequestID, response.Accepted}, true
}

// run sends all tasks, and returns what was answered when nothing is under way any more.
func (s *site) run(tasks []work) []answer {
	s.breakQueue()
	stop := s.breakWorkers()
	var mu sync.Mutex
	var answers []answer
	requests := make(chan []work)
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			for tasks := range requests {
				if a, ok := s.send(tasks); ok {
					mu.Lock()
					answers = append(answers, a)
					mu.Unlock()
				}
			}
		})
	}
	for ; len(tasks) > 0; tasks = tasks[min(perRequest, len(tasks)):] {
		requests <- tasks[:min(perRequest, len(tasks))]
	}
	close(requests)
	all.Wait()
	s.drain(s.t.Context())
	stop()
	return answers
}

// drain waits until the queue is empty. When nobody has done anything for a while, messages whose visibility timeout
// runs are made visible: that is a redelivery at the worst, as SQS has them too.
func (s *site) drain(ctx context.Context) {
	const quiet = 300 * time.Millisecond
	if err := s.front.WaitIdle(ctx); err != nil {
		s.t.Fatal(err)
	}
	last, since := s.progress(), time.Now()
	for deadline := time.Now().Add(2 * time.Minute); ; <-time.After(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatalf("the queue is not empty: %+v", s.tasks.Counts())
		}
		if now := s.progress(); now != last {
			last, since = now, time.Now()
			continue
		}
		if time.Since(since) < quiet {
			continue
		}
		if s.tasks.Counts().Total() == 0 {
			return
		}
		s.server.Advance(redelivery)
		since = time.Now()
	}
}

// progress is different after anything has happened.
type progress struct {
	counts sqstest.Counts
	busy   int
	calls  int
}

func (s *site) progress() progress {
	p := progress{counts: s.tasks.Counts()}
	for _, env := range s.worker.Environments() {
		if env.State != lambdatest.StateIdle && env.State != lambdatest.StateCold {
			p.busy++
		}
		p.calls += env.Invocations
	}
	return p
}
