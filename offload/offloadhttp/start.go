package offloadhttp

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"github.com/go-offload/lambda/offload"
	"github.com/go-offload/lambda/offload/internal/initerror"
)

// Start serves HTTP with h, and never returns. In a Lambda function (AWS_LAMBDA_RUNTIME_API is set) it is
// offload.Start for the events of function URLs, API Gateway and Application Load Balancers. Elsewhere it is a
// [Server] that listens on [WithAddr], and exits when it has shut down after SIGTERM or SIGINT; a second signal
// ends it at once.
//
// If the configuration cannot be used, Start logs why, reports it to Lambda as an initialization error, and exits.
func Start(h http.Handler, opts ...Option) {
	if os.Getenv("AWS_LAMBDA_RUNTIME_API") == "" {
		if err := listenAndServe(h, opts); err != nil {
			log.Fatal(err)
		}
		os.Exit(0)
	}
	a, err := newAdapter(h, opts)
	if err != nil {
		log.Print(err) // first, for Lambda ends the environment with the report
		initerror.Report(err)
		os.Exit(1)
	}
	offload.Start(a.handle, a.opts.offload...)
}

// Wrap gives a handler for lambda.StartWithOptions that does what [Start] does in a Lambda function. The notes of
// offload.Wrap apply: it is called once, before lambda.Start, and the result must be passed to lambda.Start itself.
func Wrap(h http.Handler, opts ...Option) (any, error) {
	a, err := newAdapter(h, opts)
	if err != nil {
		return nil, err
	}
	return offload.Wrap(a.handle, a.opts.offload...)
}

func listenAndServe(h http.Handler, opts []Option) error {
	s, err := NewServer(h, opts...)
	if err != nil {
		return err
	}
	signals, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	served := make(chan error, 1)
	go func() { served <- s.ListenAndServe() }()
	select {
	case err := <-served:
		return err
	case <-signals.Done():
	}
	stop() // the second signal has its usual effect
	ctx, cancel := context.WithTimeout(context.Background(), s.opts.drain)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		return fmt.Errorf("offloadhttp: not everything was finished within %v: %w", s.opts.drain, err)
	}
	return nil
}
