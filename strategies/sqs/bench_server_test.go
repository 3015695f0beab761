package sqs_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/go-offload/lambda/lambdatest/sqstest"
)

// envBenchServer turns the test binary into the endpoint of a benchmark: in a process of its own, its
// CPU time is nobody's.
const envBenchServer = "SQS_BENCH_SERVER"

// serveBench serves one queue until its standard input ends. Every line there is answered with
// the counts so far, and empties the queue.
func serveBench() {
	server, err := sqstest.New(nil)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer server.Close()
	url, err := server.CreateQueue("tasks", nil)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(url)
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		s := server.Queue("tasks").Snapshot()
		server.Advance(5 * 24 * time.Hour) // beyond the retention
		fmt.Println(s.Requests["SendMessageBatch"].Calls+s.Requests["SendMessage"].Calls, s.Total())
	}
}

// benchServer is the endpoint of one benchmark.
type benchServer struct {
	url string
	in  io.Writer
	out *bufio.Reader
}

func startBenchServer(b *testing.B) *benchServer {
	b.Helper()
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), envBenchServer+"=1")
	command.Stderr = os.Stderr
	in, err := command.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := command.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = in.Close()
		if err := command.Wait(); err != nil {
			b.Error(err)
		}
	})
	s := &benchServer{in: in, out: bufio.NewReader(out)}
	if _, err := fmt.Fscanln(s.out, &s.url); err != nil {
		b.Fatal(err)
	}
	return s
}

// empty deletes the messages and gives the requests since the start, and the messages since the
// last call.
func (s *benchServer) empty(b *testing.B) (requests, messages int) {
	b.Helper()
	if _, err := fmt.Fprintln(s.in); err != nil {
		b.Fatal(err)
	}
	if _, err := fmt.Fscanln(s.out, &requests, &messages); err != nil {
		b.Fatal(err)
	}
	return requests, messages
}
