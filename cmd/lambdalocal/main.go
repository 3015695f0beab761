// Command lambdalocal runs any Lambda binary on this machine under a local AWS Lambda that really freezes it.
//
//	go run ./cmd/lambdalocal -listen 127.0.0.1:9000 -timeout 3s -env TABLE=orders -- ./bootstrap
//	go run ./cmd/lambdalocal -package ./examples/quickstart
//
// It serves the Lambda API, so that AWS's command line and SDKs can invoke the function, and the function URL, and
// prints what the function and the platform log and when the environment froze and thawed. Interrupt it once to end it
// through Lambda's shutdown phase, twice to end it at once; no process is left behind either way.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr, signals))
}
