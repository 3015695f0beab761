// Package advice is the two subcommands that apply the cost model to a user's own
// function: cost, with its check against a measurement, and recommend.
package advice

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/go-offload/lambda/benchmarks/analysis"
	"github.com/go-offload/lambda/benchmarks/cost"
	"github.com/go-offload/lambda/benchmarks/record"
	"github.com/go-offload/lambda/benchmarks/workload"
)

// errUsage is wrapped by errors about flags.
var errUsage = errors.New("-h lists the flags")

// input is the workload as flags, or as a file that flags change.
type input struct {
	f      *flag.FlagSet
	load   string // of several workloads in a file
	prices string

	rate, failureRate, coldStarts, spill                 float64
	memory, workerMemory, tasks, atOnce, retries, batch  int
	requestBytes, responseBytes, taskBytes               int64
	handler, task, timeout, init, retryWait, handoffCall time.Duration
	logInvocation, logHandler, logTask                   int64
	arch, front                                          string
	fifo, freeTier                                       bool
	measured                                             *analysis.Results // nil = the workload is made of flags
}

func newInput(name, about string, stderr io.Writer) *input {
	in := &input{f: flag.NewFlagSet(name, flag.ContinueOnError)}
	f := in.f
	f.SetOutput(stderr)
	f.Float64Var(&in.rate, "rate", 10, "`requests` a second, all month")
	f.IntVar(&in.memory, "memory", 1024, "memory of the function in `MB`")
	f.IntVar(&in.workerMemory, "worker-memory", 0, "memory in `MB` of a worker that is a function of its own; 0 = one function is both")
	f.StringVar(&in.arch, "arch", string(cost.X86), "x86_64 or arm64")
	f.DurationVar(&in.handler, "handler", 20*time.Millisecond, "`duration` of the handler without its tasks")
	f.DurationVar(&in.task, "task", 300*time.Millisecond, "`duration` of one task")
	f.IntVar(&in.tasks, "tasks", 1, "tasks that a request defers")
	f.IntVar(&in.atOnce, "at-once", workload.DefaultAtOnce, "tasks at the same time in one environment")
	f.Float64Var(&in.failureRate, "failure-rate", 0, "`share` of attempts that fail, 0 to 1")
	f.IntVar(&in.retries, "retries", 2, "how often a failed task is tried again")
	f.DurationVar(&in.retryWait, "retry-wait", 0, "mean `wait` before a retry in process, which is billed")
	f.Float64Var(&in.spill, "spill", 0, "`share` of tasks that extension,sqs hands to the queue for lack of time")
	f.Int64Var(&in.requestBytes, "request-bytes", 0, "size of a request")
	f.Int64Var(&in.responseBytes, "response-bytes", 0, "size of a response")
	f.Int64Var(&in.taskBytes, "task-bytes", 1000, "size of a task as it travels, envelope included")
	f.DurationVar(&in.timeout, "timeout", cost.MaxTimeout, "timeout of the functions")
	f.DurationVar(&in.init, "init", 0, "`duration` of an init phase")
	f.Float64Var(&in.coldStarts, "cold-starts", 0, "`share` of invocations that begin with an init phase")
	f.DurationVar(&in.handoffCall, "handoff", 8*time.Millisecond, "`duration` of one call that sends tasks")
	f.IntVar(&in.batch, "batch", 1, "messages in a worker's event; 1 is what a quiet queue gives")
	f.BoolVar(&in.fifo, "fifo", false, "a FIFO queue")
	f.StringVar(&in.front, "front", string(cost.FunctionURL), "function-url, http-api or rest-api")
	f.Int64Var(&in.logInvocation, "log-invocation", 0, "`bytes` logged by each invocation")
	f.Int64Var(&in.logHandler, "log-handler", 0, "`bytes` logged by each run of the handler")
	f.Int64Var(&in.logTask, "log-task", 0, "`bytes` logged by each attempt of a task")
	f.BoolVar(&in.freeTier, "free-tier", false, "apply the monthly free tier, as if nothing else of the account used it")
	f.StringVar(&in.prices, "prices", "", "price `file` in the format of benchmarks/cost/prices; default: us-east-1")
	f.StringVar(&in.load, "workload", "", "which workload of a measured file; default: its first")
	f.Usage = func() {
		_, _ = fmt.Fprintln(stderr, about)
		f.PrintDefaults()
	}
	return in
}

// read parses flags and the file, and returns the workload and the prices.
func (in *input) read(args []string) (cost.Workload, cost.Prices, error) {
	if err := in.f.Parse(args); err != nil {
		return cost.Workload{}, cost.Prices{}, err
	}
	if in.f.NArg() > 1 {
		return cost.Workload{}, cost.Prices{}, fmt.Errorf("unexpected argument %q; %w", in.f.Arg(1), errUsage)
	}
	p, err := in.readPrices()
	if err != nil {
		return cost.Workload{}, p, err
	}
	w := in.fromFlags()
	if in.f.NArg() == 1 {
		if w, err = in.fromFile(in.f.Arg(0), w); err != nil {
			return w, p, err
		}
	}
	return w, p, nil
}

func (in *input) readPrices() (cost.Prices, error) {
	p := cost.USEast1()
	if in.prices != "" {
		data, err := os.ReadFile(in.prices)
		if err != nil {
			return p, err
		}
		if p, err = cost.ParsePrices(data); err != nil {
			return p, fmt.Errorf("%s: %w", in.prices, err)
		}
	}
	p.FreeTier = p.FreeTier || in.freeTier
	return p, nil
}

func (in *input) fromFlags() cost.Workload {
	w := cost.Workload{
		Traffic: cost.Constant(in.rate),
		Function: cost.Function{
			MemoryMB: in.memory, Arch: cost.Arch(in.arch), Timeout: in.timeout, Init: in.init, ColdStarts: in.coldStarts,
		},
		Handler: []time.Duration{in.handler}, Task: []time.Duration{in.task}, Tasks: in.tasks, AtOnce: in.atOnce,
		FailureRate: in.failureRate, Retries: in.retries, RetryWait: in.retryWait, Spill: in.spill,
		RequestBytes: in.requestBytes, ResponseBytes: in.responseBytes, TaskBytes: in.taskBytes,
		Front:   cost.Front(in.front),
		Handoff: cost.Handoff{Call: in.handoffCall},
		Queue:   cost.Queue{FIFO: in.fifo, Batch: in.batch},
		Logs:    cost.Logs{Invocation: in.logInvocation, Handler: in.logHandler, Task: in.logTask},
	}
	return in.withWorker(w)
}

func (in *input) withWorker(w cost.Workload) cost.Workload {
	if in.workerMemory > 0 {
		worker := w.Function
		worker.MemoryMB = in.workerMemory
		w.Worker = &worker
	}
	return w
}

// fromFile takes the workload of a file, a workload's or a run's, and the flags
// that were given beside it.
func (in *input) fromFile(path string, flags cost.Workload) (cost.Workload, error) {
	w, err := in.fileWorkload(path)
	if err != nil {
		return w, err
	}
	// The file says nothing about these.
	w.Front, w.Logs, w.Queue, w.Spill, w.Function.Arch = flags.Front, flags.Logs, flags.Queue, flags.Spill, flags.Function.Arch
	given := make(map[string]bool)
	in.f.Visit(func(f *flag.Flag) { given[f.Name] = true })
	for name, set := range map[string]func(){
		"rate":           func() { w.Traffic = flags.Traffic },
		"memory":         func() { w.Function.MemoryMB = flags.Function.MemoryMB },
		"timeout":        func() { w.Function.Timeout = flags.Function.Timeout },
		"init":           func() { w.Function.Init = flags.Function.Init },
		"cold-starts":    func() { w.Function.ColdStarts = flags.Function.ColdStarts },
		"handler":        func() { w.Handler = flags.Handler },
		"task":           func() { w.Task = flags.Task },
		"tasks":          func() { w.Tasks = flags.Tasks },
		"at-once":        func() { w.AtOnce = flags.AtOnce },
		"failure-rate":   func() { w.FailureRate = flags.FailureRate },
		"retries":        func() { w.Retries = flags.Retries },
		"retry-wait":     func() { w.RetryWait = flags.RetryWait },
		"handoff":        func() { w.Handoff = flags.Handoff },
		"request-bytes":  func() { w.RequestBytes = flags.RequestBytes },
		"response-bytes": func() { w.ResponseBytes = flags.ResponseBytes },
		"task-bytes":     func() { w.TaskBytes = flags.TaskBytes },
	} {
		if given[name] {
			set()
		}
	}
	return in.withWorker(w), nil
}

func (in *input) fileWorkload(path string) (cost.Workload, error) {
	if strings.HasSuffix(path, ".json") {
		one, err := workload.Named(path)
		if err != nil {
			return cost.Workload{}, err
		}
		w := analysis.Declared(record.Workload{Workload: one})
		w.Handoff = cost.Handoff{Call: in.handoffCall}
		return w, nil
	}
	file, err := record.Open(path)
	if err != nil {
		return cost.Workload{}, err
	}
	in.measured = analysis.Of(file)
	names := make([]string, 0, len(file.Workloads))
	for _, w := range in.measured.Workloads() {
		names = append(names, w.Name)
	}
	if len(names) == 0 {
		return cost.Workload{}, fmt.Errorf("%s: no round was completed", path)
	}
	if in.load == "" {
		in.load = names[0]
	}
	if !slices.Contains(names, in.load) {
		return cost.Workload{}, fmt.Errorf("%s has no workload %q, but %s", path, in.load, strings.Join(names, ", "))
	}
	return in.measured.Model(in.load)
}
