// Command quickstart shows on this machine what offload.After is for.
//
//	go run ./examples/quickstart
//
// It builds the order API in the folder function, runs it under a local Lambda that
// freezes as AWS's does, and sends real HTTP requests to it, with the work behind an
// order done in four ways: left to goroutines, inline, and deferred by the stream and
// the extension strategy. It draws what happened when, and fails if a claim does not hold.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// Exit statuses.
const (
	exitOK      = 0
	exitFailed  = 1
	exitUsage   = 2
	exitStopped = 130 // as a shell reports Ctrl-C
)

const usage = `Quickstart runs an order API under a local Lambda that really freezes, and draws
when the client got its answer, when the work behind it ran, and what was billed.

Usage: go run ./examples/quickstart [flags]

  -strategy LIST  which ways to show, separated by commas
                  (default naive,inline,stream,extension)
  -serve          keep the function URL open for curl instead, until Ctrl-C;
                  -strategy names one way, stream if not given
  -h              show this text

  naive       go func() before the return: the work is frozen half-done
  inline      the work before the response: the client waits for it
  stream      offload.After, OFFLOAD_STRATEGY=stream
  extension   offload.After, OFFLOAD_STRATEGY=extension

It needs Go, no account and no Docker. NO_COLOR turns colours off.
`

// run is the program. The result is its exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("quickstart", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // this function reports
	list := flags.String("strategy", "", "")
	serving := flags.Bool("serve", false, "")
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		_, _ = io.WriteString(stdout, usage)
		return exitOK
	case err == nil && flags.NArg() > 0:
		err = fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	var chosen []scenario
	if err == nil {
		chosen, err = choose(*list, *serving)
	}
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "quickstart: %v\nRun it with -h for help.\n", err)
		return exitUsage
	}

	if *serving {
		err = serve(ctx, stdout, chosen[0])
	} else {
		_, err = tour(ctx, stdout, chosen)
	}
	switch {
	case err != nil && ctx.Err() != nil:
		_, _ = fmt.Fprintln(stderr, "quickstart: interrupted")
		return exitStopped
	case err != nil:
		_, _ = fmt.Fprintf(stderr, "quickstart: %v\n", err)
		return exitFailed
	}
	return exitOK
}

// choose finds the scenarios that the flags name.
func choose(list string, serving bool) ([]scenario, error) {
	if list == "" {
		if serving {
			list = "stream"
		} else {
			return scenarios, nil
		}
	}
	var chosen []scenario
	for name := range strings.SplitSeq(list, ",") {
		s, ok := scenarioByName(strings.TrimSpace(name))
		if !ok {
			return nil, fmt.Errorf("-strategy %q: there are naive, inline, stream and extension", name)
		}
		chosen = append(chosen, s)
	}
	if serving && len(chosen) != 1 {
		return nil, fmt.Errorf("-serve takes one -strategy, not %q", list)
	}
	return chosen, nil
}

// tour plays the scenarios one after the other, draws each, and sums up.
func tour(ctx context.Context, out io.Writer, chosen []scenario) ([]trace, error) {
	screen := newScreen(out)
	st, err := newStage(ctx, screen)
	if err != nil {
		return nil, err
	}
	defer st.close()

	screen.legend()
	var traces []trace
	var broken error
	for i, s := range chosen {
		screen.title(i+1, s)
		tr, err := st.play(ctx, s)
		if err != nil {
			return traces, fmt.Errorf("%s: %w", s.name, err)
		}
		screen.timeline(tr)
		traces = append(traces, tr)
		if err := s.check(tr); err != nil {
			broken = errors.Join(broken, fmt.Errorf("%s: %w", s.name, err))
		}
	}
	screen.summary(traces)
	if broken != nil {
		return traces, fmt.Errorf("this should not have happened, please report it with the output above:\n%w", broken)
	}
	screen.farewell()
	return traces, nil
}
