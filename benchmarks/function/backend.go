package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"

	"github.com/go-offload/lambda/benchmarks/wire"
)

// envBackend is the URL of the service that the tasks of a failing workload call; the
// local stack has one. Without it a task fails by its own count of attempts, which
// does not see those that Lambda repeats.
const envBackend = "BENCHMARK_BACKEND"

// fails reports whether an attempt is to fail.
func fails(in wire.TaskInput, attempt int) bool {
	url := os.Getenv(envBackend)
	if in.FailOneIn == 0 || url == "" {
		return in.Fails(attempt)
	}
	in.Pad = ""
	body, err := json.Marshal(in)
	if err != nil {
		return true
	}
	res, err := http.Post(url, "application/json", bytes.NewReader(body)) //nolint:noctx // the benchmark's own service; a task ends only by itself
	if err != nil {
		return true
	}
	_, _ = io.Copy(io.Discard, res.Body) // so that the connection is used again
	_ = res.Body.Close()
	return res.StatusCode != http.StatusOK
}
