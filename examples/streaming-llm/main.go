// Command streaming-llm shows on this machine an answer that is streamed token by token, and the transcript that is
// saved after it.
//
//	go run ./examples/streaming-llm
//
// It builds the function in the folder function and runs it under a local Lambda that freezes as AWS's does, behind
// a function URL that streams.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

const usage = `Streaming-llm asks a function a question, prints the tokens of the answer as they come,
and tells when the transcript was saved.

Usage: go run ./examples/streaming-llm [flags]

  -strategy NAME  stream (the default) or extension
  -prompt TEXT    the question
  -serve          keep the function URL open for curl instead, until Ctrl-C
  -h              show this text

It needs Go, no account and no Docker.
`

// run is the program. The result is its exit status: 1 if a claim did not hold, 2 for a mistake in the flags, 130
// after Ctrl-C.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("streaming-llm", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // this function reports
	strategy := flags.String("strategy", "stream", "")
	prompt := flags.String("prompt", "What is the answer?", "")
	serving := flags.Bool("serve", false, "")
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		_, _ = io.WriteString(stdout, usage)
		return 0
	case err == nil && flags.NArg() > 0:
		err = fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case err == nil && *strategy != "stream" && *strategy != "extension":
		err = fmt.Errorf("-strategy %q: there are stream and extension", *strategy)
	}
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "streaming-llm: %v\nRun it with -h for help.\n", err)
		return 2
	}

	st, err := newStage(ctx, *strategy)
	if err == nil {
		defer st.close()
		if *serving {
			err = st.serve(ctx, stdout)
		} else {
			err = st.ask(ctx, stdout, *prompt)
		}
	}
	switch {
	case err != nil && ctx.Err() != nil:
		_, _ = fmt.Fprintln(stderr, "streaming-llm: interrupted")
		return 130
	case err != nil:
		_, _ = fmt.Fprintf(stderr, "streaming-llm: %v\n", err)
		return 1
	}
	return 0
}
