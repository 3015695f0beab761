package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/go-offload/lambda/lambdatest"
)

// options is what the command line says.
type options struct {
	listen   string
	function lambdatest.Function
}

const usage = `Usage: lambdalocal [flags] -- program [arguments]
       lambdalocal [flags] -package ./path/of/a/go/package

Runs a Lambda function on this machine: answers when the function has answered, lets the environment run until the
runtime and the extensions ask for their next event, and then really freezes it (SIGSTOP) until the next request.

  aws lambda invoke --endpoint-url http://127.0.0.1:9000 --function-name function --cli-binary-format raw-in-base64-out \
      --payload '{}' /dev/stdout
  curl -d '{}' http://127.0.0.1:9000/2015-03-31/functions/function/invocations

Flags:
`

// assignments is a flag of the form NAME=VALUE that may be given several times.
type assignments map[string]string

func (a assignments) String() string { return "" }

func (a assignments) Set(s string) error {
	name, value, found := strings.Cut(s, "=")
	if !found || name == "" {
		return errors.New("want NAME=VALUE")
	}
	a[name] = value
	return nil
}

// commands is a flag with a command line, split at spaces, that may be given several times.
type commands [][]string

func (c *commands) String() string { return "" }

func (c *commands) Set(s string) error {
	fields := strings.Fields(s)
	if len(fields) == 0 {
		return errors.New("want a command")
	}
	*c = append(*c, fields)
	return nil
}

// urlMode is the flag of the function URL's invoke mode.
type urlMode struct{ mode *lambdatest.URLMode }

func (u urlMode) String() string {
	if u.mode == nil { // the zero value, which package flag makes for its own use
		return ""
	}
	return strings.ToLower(u.mode.String())
}

func (u urlMode) Set(s string) error {
	switch strings.ToUpper(strings.ReplaceAll(s, "-", "_")) {
	case lambdatest.Buffered.String():
		*u.mode = lambdatest.Buffered
	case lambdatest.ResponseStream.String(), "STREAM":
		*u.mode = lambdatest.ResponseStream
	default:
		return errors.New("want buffered or response_stream")
	}
	return nil
}

// parse reads the command line. Errors and, with -h, help are printed to out; the error is flag.ErrHelp for help.
func parse(args []string, out io.Writer) (options, error) {
	o := options{function: lambdatest.Function{Env: map[string]string{}}}
	f := &o.function
	flags := flag.NewFlagSet("lambdalocal", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.Usage = func() {
		_, _ = io.WriteString(out, usage)
		flags.PrintDefaults()
	}
	flags.StringVar(&o.listen, "listen", "127.0.0.1:9000", "`address` of the Lambda API")
	flags.StringVar(&f.URLAddr, "url", "127.0.0.1:0", "`address` of the function URL; port 0 takes a free one")
	flags.Var(urlMode{&f.URLMode}, "url-mode", "invoke `mode` of the function URL: buffered or response_stream")
	flags.StringVar(&f.Name, "name", "function", "`name` of the function")
	flags.StringVar(&f.Package, "package", "", "Go `package` to build and run, instead of a program")
	flags.StringVar(&f.Dir, "dir", "", "`directory` to build and run in")
	flags.StringVar(&f.Handler, "handler", "bootstrap", "value of _HANDLER")
	flags.Var(assignments(f.Env), "env", "environment variable `NAME=VALUE` for the function; may be repeated")
	flags.DurationVar(&f.Timeout, "timeout", 0, "function timeout (default 3s)")
	flags.DurationVar(&f.InitTimeout, "init-timeout", 0, "limit of the init phase (default 10s)")
	flags.IntVar(&f.MemorySize, "memory", 0, "memory size in `MB`, reported and not enforced (default 128)")
	flags.IntVar(&f.MaxEnvironments, "environments", 0, "how `many` environments may run at a time; more requests get 429 (default 10)")
	flags.IntVar(&f.EnvironmentConcurrency, "concurrency", 0, "invocations per environment at a `time`; above 1 as on Lambda Managed Instances, without freezing")
	flags.DurationVar(&f.IdleTimeout, "idle", 0, "shut down environments that were idle for this long (default never)")
	flags.Var((*commands)(&f.Extensions), "extension", "`command` of an external extension; may be repeated")
	flags.BoolVar(&f.DisableFreeze, "no-freeze", false, "leave the processes running between invocations")
	flags.BoolVar(&f.DisableExtensions, "no-extensions", false, "answer 404 on the Extensions API")
	if err := flags.Parse(args); err != nil {
		return o, err // printed already
	}
	f.Command = flags.Args()
	if (f.Package == "") == (len(f.Command) == 0) {
		err := errors.New("name either a program after -- or a -package")
		_, _ = fmt.Fprintf(out, "lambdalocal: %v\n\n", err)
		flags.Usage()
		return o, err
	}
	return o, nil
}
