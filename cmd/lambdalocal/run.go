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
	service, err := lambdatest.New(&lambdatest.Options{Addr: o.listen})
	if err != nil {
		fmt.Fprintln(stderr, "lambdalocal:", err)
		return exitFailed
	}
	defer func() { _ = service.Close() }()
	l, err := service.Deploy(ctx, o.function)
	if err != nil {
		fmt.Fprintln(stderr, "lambdalocal:", err)
		return exitFailed
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
	return exitOK
}
