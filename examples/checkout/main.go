// Command checkout shows on this machine a program that is its own worker.
//
//	go run ./examples/checkout
//
// It builds the program in the folder function, runs it twice under a local Lambda, with a local SQS queue
// between the two, sends an order, and tells what becomes of the three tasks behind it. It fails if
// one of them is lost, or done twice.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

const usage = `Checkout runs one program as two Lambda functions with a queue between them,
sends an order, and tells what becomes of the tasks behind it.

Usage: go run ./examples/checkout [-serve]

  -serve  keep the function URL open for curl instead, until Ctrl-C
  -h      show this text

It needs Go, no account and no Docker.
`

// run is the program. The result is its exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("checkout", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // this function reports
	serving := flags.Bool("serve", false, "")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		_, _ = io.WriteString(stdout, usage)
		return 0
	case err != nil || flags.NArg() > 0:
		_, _ = fmt.Fprintf(stderr, "checkout: unusable arguments %q\nRun it with -h for help.\n", args)
		return 2
	}
	st, err := newStage(ctx)
	if err == nil {
		told := &story{out: stdout}
		told.follow(st.checkout)
		told.follow(st.worker)
		if *serving {
			serve(ctx, stdout, st)
		} else {
			err = demonstrate(ctx, stdout, st, told)
		}
		told.end()
		st.close()
		told.ended.Wait()
	}
	switch {
	case err != nil && ctx.Err() != nil:
		_, _ = fmt.Fprintln(stderr, "checkout: interrupted")
		return 130
	case err != nil:
		_, _ = fmt.Fprintf(stderr, "checkout: %v\n", err)
		return 1
	}
	return 0
}

// order is what is sent, and curl should send.
const order = `{"id":"4711","email":"ada@example.com","cents":4200}`

func serve(ctx context.Context, out io.Writer, st *stage) {
	_, _ = fmt.Fprintf(out, "curl -i %s -d '%s'\n\nCtrl-C ends it.\n\n", st.checkout.URL(), order)
	st.loseAnswer()
	<-ctx.Done()
}

// demonstrate sends one order and looks at the receiving end whether everything was done, once.
func demonstrate(ctx context.Context, out io.Writer, st *stage, told *story) error {
	st.loseAnswer()
	began := time.Now()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, st.checkout.URL(), strings.NewReader(order))
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(resp.Body)
	waited := time.Since(began)
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusCreated {
		return fmt.Errorf("the order was answered with %s: %s", resp.Status, body)
	}
	if err := st.settled(ctx); err != nil {
		return err
	}
	told.end()
	st.close() // the last lines of the log come with the end
	told.ended.Wait()

	_, _ = fmt.Fprintf(out, "\nThe client waited %d ms, a cold start included. At the back office:\n\n", waited.Milliseconds())
	var broken error
	for _, task := range []string{"receipt-4711", "points-4711", "invoice-4711"} {
		e := st.backoffice.effects(task)
		_, _ = fmt.Fprintf(out, "  %-12s  refused %d, done %d, recognised as a repeat %d\n", task, e.refused, e.done, e.repeated)
		if e.done != 1 {
			broken = errors.Join(broken, fmt.Errorf("%s was done %d times, not once", task, e.done))
		}
	}
	if n := st.queues.Queue("dead-letters").Counts().Total(); n > 0 {
		broken = errors.Join(broken, fmt.Errorf("%d tasks ended as dead letters", n))
	}
	return broken
}
