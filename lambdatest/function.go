package lambdatest

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// URLMode is the invoke mode of a function URL.
type URLMode int

const (
	// Buffered sends the whole response once the runtime has posted it; the function answers with an ordinary
	// payload format 2.0 response. The default.
	Buffered URLMode = iota
	// ResponseStream sends the response as the runtime writes it.
	ResponseStream
)

// String returns AWS's name of the mode.
func (m URLMode) String() string {
	if m == ResponseStream {
		return "RESPONSE_STREAM"
	}
	return "BUFFERED"
}

// Function describes a function to run. Only Package or Command is required.
type Function struct {
	// Name of the function, as in its ARN. Default "function".
	Name string

	// Package is the Go package to build and run: a path relative to Dir ("./testdata/echo") or an import path. It is
	// built with -trimpath -tags lambda.norpc and without cgo, once per process and set of arguments.
	// Exactly one of Package and Command is set.
	Package string
	// Command is a program that is ready to run and its arguments, in any language. A relative program path with a
	// separator in it is relative to Dir; a bare name is looked up in PATH.
	Command []string
	// Dir is where the build and the processes run. Default: the current directory.
	Dir string
	// BuildArgs are further arguments of go build, for example -race (which turns cgo on). A -tags here replaces ours.
	BuildArgs []string

	// Env is added to the environment variables that Lambda sets, and wins over them. The environment of the test
	// process itself is not passed on, except for PATH.
	Env map[string]string
	// Handler is the _HANDLER variable. Default "bootstrap".
	Handler string

	// Timeout of one invocation, from the event to the end of the tail and the extensions. Default 3 s, at most 900 s
	// (5,400 s with EnvironmentConcurrency > 1). Unlike on AWS, any fraction of a second will do.
	Timeout time.Duration
	// InitTimeout bounds the init phase. Default 10 s; with EnvironmentConcurrency > 1 the larger of 130 s and Timeout.
	InitTimeout time.Duration
	// MemorySize in MB, from 128 (the default) to 10,240 (32,768 with EnvironmentConcurrency > 1). It is reported and
	// passed to the function; neither memory nor CPU is limited.
	MemorySize int

	// MaxEnvironments bounds how many environments run at a time, as reserved concurrency does; a request beyond it
	// is throttled (429). Default 10.
	MaxEnvironments int
	// EnvironmentConcurrency above 1 selects the manners of Lambda Managed Instances: AWS_LAMBDA_MAX_CONCURRENCY is
	// set, so many invocations run in one environment at a time, nothing is ever frozen, and extensions may not
	// register for INVOKE. Default 1.
	EnvironmentConcurrency int
	// IdleTimeout shuts down environments (SPINDOWN) that were idle for that long. 0, the default: never.
	IdleTimeout time.Duration
	// Settle is how long after a response a new request waits for that environment to ask for its next event, before
	// another environment is started or the request is throttled. On AWS the way back to the caller takes longer than
	// the runtime needs for that; here a sequential caller would meet the environment between the two. Default 50 ms;
	// negative: do not wait.
	Settle time.Duration

	// StreamBandwidth is how many bytes a second of a streamed response pass after its first 6 MB. The function is held up
	// by it, so that a long response can end in a timeout. 0, the default: 2 MiB, as on AWS. Negative: no limit.
	StreamBandwidth int

	// AllowRecursiveLoop lets the function run more than 16 times in one chain of requests, as Allow does in
	// PutFunctionRecursionConfig. Otherwise the next invocation is refused, or its event given up. The chain is what the
	// X-Amzn-Trace-Id header says, which AWS's SDKs pass on from a function to what it invokes.
	AllowRecursiveLoop bool

	// URLMode is the invoke mode of the function URL.
	URLMode URLMode
	// URLAddr is where the function URL listens. Default "127.0.0.1:0".
	URLAddr string

	// Async says what happens to events of asynchronous invocations.
	Async AsyncConfig
	// SQSEndpoint is the URL of the SQS endpoint that the function's queues are at, such as that of sqstest. Unless Env
	// says otherwise the function gets it as AWS_ENDPOINT_URL_SQS. Default: that of the service's Options.
	SQSEndpoint string

	// Extensions are the commands of external extensions, started before the runtime. An extension must register under
	// the base name of its program, or of one of its arguments (for "node ext.js").
	Extensions [][]string

	// DisableFreeze leaves the processes running between invocations, as other local tools do. For contrast.
	DisableFreeze bool
	// DisableExtensions answers 404 on the whole Extensions API, as an emulator that does not have it.
	DisableExtensions bool

	// Output receives what the processes print and the START, END and REPORT lines. Writes are serialised; a Write
	// that blocks holds up the environment, and must not call back into the Lambda. Default: only Lambda.Logs keeps them.
	Output io.Writer
}

var functionName = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,64}$`)

// withDefaults returns a checked copy with every default filled in.
func (f Function) withDefaults() (Function, error) {
	f.Command = slices.Clone(f.Command)
	f.BuildArgs = slices.Clone(f.BuildArgs)
	if f.Name == "" {
		f.Name = "function"
	}
	if !functionName.MatchString(f.Name) {
		return f, fmt.Errorf("function name %q: use 1 to 64 letters, digits, - and _", f.Name)
	}
	if (f.Package == "") == (len(f.Command) == 0) {
		return f, errors.New("set exactly one of Function.Package and Function.Command")
	}
	if len(f.Command) > 0 && f.Command[0] == "" {
		return f, errors.New("the first element of Function.Command is empty")
	}
	for i, ext := range f.Extensions {
		if len(ext) == 0 || ext[0] == "" {
			return f, fmt.Errorf("extension %d of Function.Extensions has no program", i)
		}
	}
	if len(f.Extensions) > maxExtensions {
		return f, fmt.Errorf("%d extensions, the Extensions API takes %d", len(f.Extensions), maxExtensions)
	}
	if f.Handler == "" {
		f.Handler = "bootstrap"
	}
	if f.EnvironmentConcurrency == 0 {
		f.EnvironmentConcurrency = 1
	}
	if f.Timeout == 0 {
		f.Timeout = defaultTimeout
	}
	if f.InitTimeout == 0 {
		f.InitTimeout = defaultInitTimeout
		if f.managed() {
			f.InitTimeout = max(minManagedInit, f.Timeout)
		}
	}
	if f.MemorySize == 0 {
		f.MemorySize = defaultMemorySize
	}
	if f.MaxEnvironments == 0 {
		f.MaxEnvironments = defaultMaxEnvironments
	}
	if f.Settle == 0 {
		f.Settle = defaultSettle
	}
	if f.StreamBandwidth == 0 {
		f.StreamBandwidth = streamBandwidth
	}
	if f.URLAddr == "" {
		f.URLAddr = "127.0.0.1:0"
	}
	f.Async = f.Async.withDefaults()
	return f, f.check()
}

func (f Function) check() error {
	longest, largest := maxTimeout, maxMemorySize
	if f.managed() {
		longest, largest = maxManagedTimeout, maxManagedMemorySize
	}
	for _, bound := range []struct {
		name          string
		value, lo, hi int64
		unit          string
	}{
		{"Timeout", f.Timeout.Milliseconds(), 1, longest.Milliseconds(), " ms"},
		{"InitTimeout", f.InitTimeout.Milliseconds(), 1, maxManagedTimeout.Milliseconds(), " ms"},
		{"MemorySize", int64(f.MemorySize), minMemorySize, int64(largest), " MB"},
		{"MaxEnvironments", int64(f.MaxEnvironments), 1, maxEnvironmentLimit, ""},
		{"EnvironmentConcurrency", int64(f.EnvironmentConcurrency), 1, maxConcurrencyLimit, ""},
		{"IdleTimeout", f.IdleTimeout.Milliseconds(), 0, int64(1<<63-1) / int64(time.Millisecond), " ms"},
	} {
		if bound.value < bound.lo || bound.value > bound.hi {
			return fmt.Errorf("function field %s is %d%s, want %d to %d%s", bound.name, bound.value, bound.unit, bound.lo, bound.hi, bound.unit)
		}
	}
	if f.URLMode != Buffered && f.URLMode != ResponseStream {
		return fmt.Errorf("function field URLMode is %d, want Buffered or ResponseStream", int(f.URLMode))
	}
	if err := checkEndpoint(f.SQSEndpoint); err != nil {
		return fmt.Errorf("function field SQSEndpoint: %w", err)
	}
	if err := f.Async.check(f.SQSEndpoint); err != nil {
		return err
	}
	for name := range f.Env {
		if name == "" || strings.ContainsAny(name, "=\x00") {
			return fmt.Errorf("function field Env has the name %q, which no environment variable can have", name)
		}
	}
	return nil
}

// managed tells whether the function runs as on Lambda Managed Instances.
func (f Function) managed() bool { return f.EnvironmentConcurrency > 1 }

// resolve finds the program of a command as the child process will, so that a wrong path fails at Deploy and not at
// the first invocation.
func resolve(dir string, command []string) ([]string, error) {
	program := command[0]
	if strings.ContainsRune(program, filepath.Separator) && !filepath.IsAbs(program) {
		program = filepath.Join(dir, program)
	}
	path, err := exec.LookPath(program)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("command %q: %w; make it executable (chmod +x)", command[0], err)
	case errors.Is(err, exec.ErrNotFound) && isFile(filepath.Join(dir, program)):
		return nil, fmt.Errorf("command %q: %w; the one in %s is ./%s", command[0], err, dir, program)
	case err != nil:
		return nil, fmt.Errorf("command %q: %w", command[0], err)
	}
	if path, err = filepath.Abs(path); err != nil {
		return nil, fmt.Errorf("command %q: %w", command[0], err)
	}
	return append([]string{path}, command[1:]...), nil
}

func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && !info.IsDir()
}

func arn(name string) string {
	return "arn:aws:lambda:" + defaultRegion + ":" + accountID + ":function:" + name
}
