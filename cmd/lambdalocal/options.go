package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/go-offload/lambda/lambdatest"
)

const defaultListen = "127.0.0.1:9000"

const usage = `Usage: lambdalocal [flags] -- program [arguments]
       lambdalocal [flags] -package ./path/of/a/go/package
       lambdalocal -config file.json [-listen address] [-sqs address]

Runs Lambda functions on this machine: answers when the function has answered, lets the environment run until the
runtime and the extensions ask for their next event, and then really freezes it (SIGSTOP) until the next request.

  aws lambda invoke --endpoint-url http://127.0.0.1:9000 --function-name function --cli-binary-format raw-in-base64-out \
      --payload '{}' /dev/stdout
  curl -d '{}' http://127.0.0.1:9000/2015-03-31/functions/function/invocations

With -queue there are SQS queues too, and with -map they invoke the function:

  lambdalocal -sqs 127.0.0.1:9324 -queue orders,dlq=dead -map orders,batch=5 -- ./bootstrap
  aws sqs send-message --endpoint-url http://127.0.0.1:9324 --queue-url http://127.0.0.1:9324/123456789012/orders --message-body hi

"go doc github.com/go-offload/lambda/cmd/lambdalocal" is the manual.

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

// parse reads the command line, and the config file if it names one. Errors and, with -h, help are printed to out; the
// error is flag.ErrHelp for help.
func parse(args []string, out io.Writer) (plan, error) {
	p := plan{}
	one := &function{spec: lambdatest.Function{Env: map[string]string{}}}
	f := &one.spec
	var config string
	flags := flag.NewFlagSet("lambdalocal", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.Usage = func() {} // a mistake is explained, and not buried under all the flags
	help := func() {
		_, _ = io.WriteString(out, usage)
		flags.PrintDefaults()
	}
	flags.StringVar(&config, "config", "", "`file` that describes functions and queues, instead of flags")
	flags.StringVar(&p.listen, "listen", defaultListen, "`address` of the Lambda API")
	flags.StringVar(&f.URLAddr, "url", "127.0.0.1:0", "`address` of the function URL; port 0 takes a free one")
	flags.Var(urlMode{&f.URLMode}, "url-mode", "invoke `mode` of the function URL: buffered or response_stream")
	flags.StringVar(&f.Name, "name", "function", "`name` of the function")
	flags.StringVar(&f.Package, "package", "", "Go `package` to build and run, instead of a program")
	flags.StringVar(&f.Dir, "dir", "", "`directory` to build and run in")
	flags.StringVar(&f.Handler, "handler", "bootstrap", "value of _HANDLER")
	flags.Var(assignments(f.Env), "env", "environment variable `NAME=VALUE` for the function, in which {queue:Q} is the URL of queue Q; may be repeated")
	flags.Func("timeout", "limit of an invocation, a `duration` (default 3s)", loose(duration(&f.Timeout)))
	flags.Func("init-timeout", "limit of the init phase, a `duration` (default 10s)", loose(duration(&f.InitTimeout)))
	flags.Func("memory", "memory size in `MB`, reported and not enforced (default 128)", loose(number(&f.MemorySize)))
	flags.Func("environments", "at most `N` environments run at a time; more requests get 429 (default 10)", loose(number(&f.MaxEnvironments)))
	flags.Func("concurrency", "up to `N` invocations per environment at a time (default 1); above 1 as on Lambda Managed Instances, without freezing", loose(number(&f.EnvironmentConcurrency)))
	flags.Func("idle", "shut down environments that were idle for this `duration` (default never)", loose(duration(&f.IdleTimeout)))
	flags.Var((*commands)(&f.Extensions), "extension", "`command` of an external extension; may be repeated")
	flags.BoolVar(&f.DisableFreeze, "no-freeze", false, "leave the processes running between invocations")
	flags.BoolVar(&f.DisableExtensions, "no-extensions", false, "answer 404 on the Extensions API")
	flags.StringVar(&p.sqs, "sqs", "", "`address` of an SQS endpoint (with -queue default 127.0.0.1:0, a free port)")
	flags.Func("queue", "create the SQS `queue` NAME[,visibility=30s,delay=0s,retention=96h,wait=0s,dlq=NAME,receives=5,fifo,contentDedup]; may be repeated",
		reads("queue", "name", func(v value) error {
			q, err := readQueue(v)
			p.queues = append(p.queues, q)
			return err
		}))
	flags.Func("map", "invoke the function with the messages of a `queue`: NAME or URL[,batch=10,window=0s,partial,concurrency=N,endpoint=URL]; may be repeated",
		reads("map", "queue", func(v value) error {
			m, err := readMapping(v)
			one.mappings = append(one.mappings, m)
			return err
		}))
	flags.Func("gateway", "serve an HTTP front of this `type`: rest, http, async or alb[,addr=127.0.0.1:0,timeout=29s,stage=prod,stream,status=202,multiValueHeaders]; may be repeated",
		reads("gateway", "type", func(v value) error {
			g, err := readGateway(v)
			one.gateways = append(one.gateways, g)
			return err
		}))
	flags.Func("async", "`settings` of asynchronous invocations: retries=2,maxAge=6h,onSuccess=Q,onFailure=Q,deadLetterQueue=Q,speedup=1, where Q is a queue, function:NAME or an ARN",
		func(s string) error {
			v, err := parseSettings("async", "", s)
			if err != nil {
				return err
			}
			return readAsync(&f.Async)(v)
		})
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		help()
		return p, err
	case err != nil: // printed already
		_, _ = fmt.Fprintln(out, hint)
		return p, err
	}
	f.Command = flags.Args()
	if config != "" {
		return withConfig(p, config, flags)
	}
	if (f.Package == "") == (len(f.Command) == 0) {
		err := errors.New("name either a program after -- or a -package, or a -config")
		_, _ = fmt.Fprintf(out, "lambdalocal: %v\n%s\n", err, hint)
		return p, err
	}
	p.functions = []*function{one}
	return p, nil
}

// hint follows what is wrong with a command line.
const hint = "lambdalocal -h lists the flags, with examples."

// loose makes a flag of a setting, for what it says about a value that it does not take.
func loose(set func(value) error) func(string) error {
	return func(s string) error { return set(value{kind: isText, text: s, loose: true}) }
}

// reads makes a flag of something with a name and settings.
func reads(flag, first string, read func(value) error) func(string) error {
	return func(s string) error {
		v, err := parseSettings(flag, first, s)
		if err != nil {
			return err
		}
		return read(v)
	}
}

// errConfig is a config file that cannot be used.
var errConfig = errors.New("bad configuration")

// withConfig reads the config file. Addresses on the command line win over those in it; other flags have no place
// beside it.
func withConfig(p plan, name string, flags *flag.FlagSet) (plan, error) {
	var others []string
	given := map[string]bool{}
	flags.Visit(func(f *flag.Flag) {
		given[f.Name] = true
		if f.Name != "config" && f.Name != "listen" && f.Name != "sqs" {
			others = append(others, "-"+f.Name)
		}
	})
	if flags.NArg() > 0 {
		others = append(others, "a program")
	}
	var c plan
	var err error
	if len(others) > 0 {
		err = fmt.Errorf("-config stands alone, with -listen and -sqs at most; put this into the file: %s", strings.Join(others, ", "))
	} else {
		c, err = readConfig(name)
	}
	if err != nil {
		_, _ = fmt.Fprintf(flags.Output(), "lambdalocal: %v\n", err)
		return c, errors.Join(errConfig, err)
	}
	if given["listen"] {
		c.listen = p.listen
	}
	if given["sqs"] {
		c.sqs = p.sqs
	}
	return c, nil
}
