// Package recordtest makes up benchmark files for tests: plausible numbers, the
// same for the same seed, and none of them measured.
package recordtest

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/go-offload/lambda/benchmarks/cost"
	"github.com/go-offload/lambda/benchmarks/record"
	"github.com/go-offload/lambda/benchmarks/workload"
)

// Options say what a file contains. The zero value is a small file of all
// contestants.
type Options struct {
	Seed        uint64
	Rounds      int // 0 = 3
	Workloads   []workload.Workload
	Contestants []cost.Contestant // nil = all
	// Slower multiplies every latency of some contestants.
	Slower map[cost.Contestant]float64
	// Network is the profile; empty = loopback.
	Network string
}

// Order is an API with a short task, Classic one with a task of 5 s, Burst one
// that begins cold.
func Order() workload.Workload {
	return workload.Workload{
		Name: "order", Title: "Order API", About: "A handler of 20 ms that defers one task of 300 ms.",
		Load:    workload.Load{Shape: workload.Constant, Rate: 10, Requests: 40},
		Handler: workload.Work{WaitMS: 20}, Tasks: 1, Task: workload.Work{WaitMS: 300},
		TaskBytes: 500, MemoryMB: 1024, TimeoutMS: 30_000,
	}
}

// Classic is the task of five seconds.
func Classic() workload.Workload {
	w := Order()
	w.Name, w.Title, w.About = "classic", "A task of 5 s", "A handler of 20 ms that defers one task of 5 s."
	w.Load.Rate, w.Load.Requests, w.Task.WaitMS, w.DeadlineMS = 2, 12, 5000, 3000
	return w
}

// Burst is traffic that comes all at once.
func Burst() workload.Workload {
	w := Order()
	w.Name, w.Title, w.About = "burst", "A burst from cold", "All requests within a second, no environment there."
	w.Load = workload.Load{Shape: workload.Burst, Rate: 40, Requests: 40}
	return w
}

// File makes up a file.
func File(o Options) *record.File {
	if o.Rounds == 0 {
		o.Rounds = 3
	}
	if o.Workloads == nil {
		o.Workloads = []workload.Workload{Order(), Classic(), Burst()}
	}
	if o.Contestants == nil {
		o.Contestants = cost.Contestants()
	}
	if o.Network == "" {
		o.Network = "loopback"
	}
	g := &generator{o: o, rnd: rand.New(rand.NewPCG(o.Seed, 1))}
	f := &record.File{Run: record.Run{
		Format: record.Format, Started: time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC),
		Machine: record.Machine{OS: "linux", Arch: "amd64", CPU: "Made-up CPU", Cores: 2, MemoryMB: 4096, Kernel: "6.1"},
		Go:      "go1.26.8", Commit: "0123456789ab", Command: []string{"go", "run", "./benchmarks", "run", "-quick"},
		Network: record.Network{Profile: o.Network}, Target: "local", Seed: o.Seed, Rounds: o.Rounds, Quick: true,
	}}
	if o.Network == "aws" {
		f.Run.Network.Delays = []record.Delay{{Call: "sqs.send", P50MS: 8, P99MS: 30, Source: "made up"}}
	}
	for _, w := range o.Workloads {
		f.Workloads = append(f.Workloads, record.Workload{Workload: w})
		for round := 1; round <= o.Rounds; round++ {
			for _, c := range o.Contestants {
				requests, end := g.round(w, c, round)
				f.Requests, f.Rounds = append(f.Requests, requests...), append(f.Rounds, end)
			}
		}
	}
	return f
}

// Bytes is the file as run writes it.
func Bytes(f *record.File) []byte {
	var b bytes.Buffer
	w := record.NewWriter(&b)
	put := func(l ...record.Line) {
		if err := w.Write(l...); err != nil {
			panic(err) // a bytes.Buffer takes everything
		}
	}
	put(&f.Run)
	for i := range f.Workloads {
		put(&f.Workloads[i])
	}
	for i := range f.Rounds {
		r := &f.Rounds[i]
		for k := range f.Requests {
			if q := &f.Requests[k]; q.Workload == r.Workload && q.Contestant == r.Contestant && q.Round == r.Round {
				put(q)
			}
		}
		put(r)
	}
	return b.Bytes()
}

type generator struct {
	o   Options
	rnd *rand.Rand
	now int64 // where the next round starts
	ids int
}

// around is a duration with the noise of a machine, in nanoseconds.
func (g *generator) around(ms float64) int64 {
	return int64(ms * 1e6 * math.Exp(0.05*math.Abs(g.rnd.NormFloat64())))
}

// fleet hands out environments as Lambda does: an idle one, or a new one.
type fleet struct {
	name string
	free []int64 // when each is free
	sum  record.Fleet
	busy int64
}

func (f *fleet) take(at int64) (env int, cold bool) {
	for i, free := range f.free {
		if free <= at {
			return i, false
		}
	}
	f.free = append(f.free, 0)
	return len(f.free) - 1, true
}

func (f *fleet) invocation(g *generator, function string, at int64, ms float64) record.Invocation {
	env, cold := f.take(at)
	i := record.Invocation{
		RequestID: fmt.Sprintf("request-%d", g.ids), Function: function, Environment: fmt.Sprintf("%s-%d", f.name, env),
		Cold: cold, StartNS: at, DurationMS: ms, MemoryMB: 20, Status: "success",
	}
	g.ids++
	if cold {
		i.InitMS = float64(g.around(6)) / 1e6
		f.sum.ColdStarts++
	}
	i.BilledMS = int64(math.Ceil(ms + i.InitMS))
	i.StartNS += int64(i.InitMS * 1e6)
	i.FrozeNS = i.StartNS + int64(ms*1e6)
	f.free[env] = i.FrozeNS
	f.busy += i.FrozeNS - at
	f.sum.Invocations++
	f.sum.BilledMS += i.BilledMS
	busy := 0
	for _, free := range f.free {
		if free > at {
			busy++
		}
	}
	f.sum.PeakEnvironments = max(f.sum.PeakEnvironments, busy)
	f.sum.Environments = len(f.free)
	return i
}

func (g *generator) round(w workload.Workload, c cost.Contestant, round int) ([]record.Request, record.Round) {
	front, worker := &fleet{name: "handler"}, &fleet{name: "worker"}
	slower := 1.0
	if f, ok := g.o.Slower[c]; ok {
		slower = f
	}
	end := record.Round{Workload: w.Name, Contestant: string(c), Round: round, StartNS: g.now, Modelled: g.o.Network == "aws"}
	var requests []record.Request
	last := g.now
	for seq := range w.Load.Requests {
		intended := g.now + int64(float64(seq)/w.Load.Rate*1e9)
		q := g.request(w, c, intended, slower, front, worker)
		q.Round, q.Seq, q.Modelled = round, seq, end.Modelled
		requests = append(requests, q)
		for _, i := range q.Invocations {
			last = max(last, i.FrozeNS)
		}
		end.LoadEndNS = max(end.LoadEndNS, q.DoneNS)
		end.TasksDue += w.Tasks
		end.TasksDone += len(q.Tasks)
	}
	end.Requests, end.EndNS, end.TasksLost = len(requests), last, end.TasksDue-end.TasksDone
	span := float64(last - g.now)
	front.sum.MeanEnvironments = float64(front.busy) / span
	end.Handler = front.sum
	if worker.sum.Invocations > 0 {
		worker.sum.MeanEnvironments = float64(worker.busy) / span
		end.Worker = &worker.sum
	}
	if n := len(requests); c == cost.SQS || c == cost.SQSAfter {
		end.Queue = &record.Queue{Send: n, Receive: n + 2, Delete: n, EmptyReceive: 2, Messages: n}
	}
	g.now = last + 1e9
	return requests, end
}

// request makes up one request: every contestant spends the same time on its
// handler and tasks, in other places.
func (g *generator) request(w workload.Workload, c cost.Contestant, at int64, slower float64, front, worker *fleet) record.Request {
	handler := float64(w.Handler.Duration().Milliseconds()) * slower
	task := float64(w.Task.Duration().Milliseconds()) * float64(max(1, w.Tasks))
	const overhead, handoff = 1.0, 2.0

	before, tail := handler+overhead, 0.0
	switch c {
	case cost.Inline, cost.APIGatewayAsync:
		before += task
	case cost.Invoke, cost.SQS:
		before += handoff
	case cost.SQSAfter:
		tail = handoff
	case cost.Goroutine:
	default:
		tail = task
	}
	beforeMS := float64(g.around(before)) / 1e6
	i := front.invocation(g, record.Handler, at+300_000, beforeMS+float64(g.around(tail))/1e6)
	i.HandlerStartNS = i.StartNS + 200_000
	i.HandlerEndNS = i.HandlerStartNS + int64(handler*1e6)
	i.ResponseNS = i.StartNS + int64(beforeMS*1e6)
	q := record.Request{
		Workload: w.Name, Contestant: string(c), IntendedNS: at, SentNS: at + 50_000,
		FirstByteNS: i.ResponseNS + 100_000, DoneNS: i.ResponseNS + 150_000, Status: 200, Invocations: []record.Invocation{i},
	}
	if c == cost.APIGatewayAsync {
		q.Status, q.FirstByteNS, q.DoneNS = 202, at+900_000, at+1_000_000
	}
	start, end := i.ResponseNS+100_000, i.FrozeNS
	switch c {
	case cost.Goroutine:
		if g.rnd.IntN(20) > 0 { // a thaw came in time for some
			return q
		}
		start, end = i.FrozeNS+2e9, i.FrozeNS+2e9+int64(task*1e6)
	case cost.Inline, cost.APIGatewayAsync:
		start, end = i.HandlerStartNS+int64(handler*1e6), i.ResponseNS-500_000
	case cost.Invoke, cost.SQS, cost.SQSAfter:
		v := worker.invocation(g, record.Worker, i.ResponseNS+g.around(3), float64(g.around(task))/1e6+0.5)
		q.Invocations = append(q.Invocations, v)
		start, end = v.StartNS+200_000, v.FrozeNS-200_000
	default:
	}
	for id := range w.Tasks {
		q.Tasks = append(q.Tasks, record.Task{
			ID: id, StartNS: start, EndNS: end, RequestID: i.RequestID, Environment: i.Environment, Attempt: 1, Outcome: record.Done,
		})
	}
	return q
}
