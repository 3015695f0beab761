package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/go-offload/lambda/lambdatest"
)

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

// patience is how long the end may take before what is left is killed: the longest shutdown phase of Lambda, and
// another second for invocations that are open.
const patience = 3 * time.Second

// run is the program. It returns its exit code after the first signal, or when it cannot start.
func run(ctx context.Context, args []string, stdout, stderr io.Writer, signals <-chan os.Signal) int {
	o, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitOK
	case err != nil:
		return exitUsage
	}
	if err := serve(ctx, o, stdout, signals); err != nil {
		_, _ = fmt.Fprintln(stderr, "lambdalocal:", err)
		return exitFailed
	}
	return exitOK
}

// serve runs the function until the first signal.
func serve(ctx context.Context, o options, stdout io.Writer, signals <-chan os.Signal) error {
	service, err := lambdatest.New(&lambdatest.Options{Addr: o.listen}) //nolint:contextcheck // lives until Close
	if err != nil {
		return err
	}
	defer func() { _ = service.Close() }()
	l, err := service.Deploy(ctx, o.function)
	if err != nil {
		return err
	}
	screen := newConsole(stdout, colours(stdout))
	l.Subscribe(screen.show)
	screen.greet(l, o.function.URLMode)

	<-signals
	screen.say("ending; interrupt again to kill")
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	go func() {
		select {
		case <-signals:
			cancel()
		case <-ctx.Done():
		}
	}()
	if err := l.Shutdown(ctx); err != nil {
		screen.say("killed what was left")
	}
	l.Close()
	<-screen.closed
	return nil
}
