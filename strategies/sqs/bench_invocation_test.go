//go:build unix

package sqs_test

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/go-offload/lambda/offload"
	"github.com/go-offload/lambda/strategies/sqs"
)

// receipt is a task's input of about 750 bytes.
type receipt struct {
	Order string
	Lines []string
}

var sendReceipt = offload.Define("sqs-bench/send-receipt", func(context.Context, receipt) error { return nil })

const tasksPerInvocation = 100

// contestant is a function that gets a hundred tasks to a queue before it answers.
type contestant struct {
	name     string
	requests int // an invocation
	server   *benchServer
	handler  lambda.Handler
}

// contestants do the same work with the same number of calls in flight, the default of the
// strategy. Those by hand use the SDK as its documentation shows, with its defaults. "by-hand" sends a
// CloudEvent that says what ours does. "by-hand-bare" sends the least with which a worker can do: the
// difference between the two is what a larger message costs in the SDK, about 230 bytes in 1 kB.
func contestants(b *testing.B) []*contestant {
	b.Helper()
	b.Setenv("AWS_REGION", "eu-central-1")
	b.Setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
	b.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	b.Setenv("AWS_SESSION_TOKEN", "token")

	work := receipt{Order: "A-1042"}
	for i := range 8 {
		work.Lines = append(work.Lines, strings.Repeat("x", 80)+strconv.Itoa(i))
	}

	strategy := startBenchServer(b)
	chain := sqs.New(&sqs.Options{QueueURL: strategy.url})
	wrapped, err := offload.Wrap(func(ctx context.Context) error {
		for range tasksPerInvocation {
			if err := offload.After(ctx, sendReceipt.With(work)); err != nil {
				return err
			}
		}
		return nil
	}, offload.WithStrategies(chain), offload.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(chain.Thaw)

	events, bare, singles := startBenchServer(b), startBenchServer(b), startBenchServer(b)
	return []*contestant{
		{"strategy", tasksPerInvocation / 10, strategy, lambda.NewHandler(wrapped)},
		{"by-hand", tasksPerInvocation / 10, events, lambda.NewHandler(sendBatchesByHand(b, events.url, eventByHand(work)))},
		{"by-hand-bare", tasksPerInvocation / 10, bare, lambda.NewHandler(sendBatchesByHand(b, bare.url, jobByHand(work)))},
		{"naive", tasksPerInvocation, singles, lambda.NewHandler(sendSingly(b, singles.url, jobByHand(work)))},
	}
}

func newClientByHand(b *testing.B, url string) *awssqs.Client {
	b.Helper()
	endpoint, _, _ := strings.Cut(url, "/123456789012/")
	return awssqs.New(awssqs.Options{
		Region:       "eu-central-1",
		BaseEndpoint: aws.String(endpoint),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret", SessionToken: "token"}, nil
		}),
	})
}

// encoder makes the body of the i-th message.
type encoder func(i int) any

func (e encoder) body(i int) (*string, error) {
	body, err := json.Marshal(e(i))
	return aws.String(string(body)), err
}

func jobByHand(work receipt) encoder {
	type job struct {
		ID    string
		Type  string
		Time  time.Time
		Input receipt
	}
	return func(i int) any { return job{"job-" + strconv.Itoa(i), "send-receipt", time.Now(), work} }
}

func eventByHand(work receipt) encoder {
	type cloudEvent struct {
		SpecVersion     string    `json:"specversion"`
		ID              string    `json:"id"`
		Source          string    `json:"source"`
		Type            string    `json:"type"`
		Time            time.Time `json:"time"`
		DataContentType string    `json:"datacontenttype"`
		Version         int       `json:"jobversion"`
		Attempt         int       `json:"jobattempt"`
		Hops            int       `json:"jobhops"`
		Data            receipt   `json:"data"`
	}
	return func(i int) any {
		var random [16]byte
		_, _ = rand.Read(random[:])
		return cloudEvent{
			"1.0", hex.EncodeToString(random[:]) + "-" + strconv.Itoa(i), "urn:example:checkout", "send-receipt",
			time.Now(), "application/json", 1, 0, 1, work,
		}
	}
}

func sendBatchesByHand(b *testing.B, url string, encode encoder) func(context.Context) error {
	b.Helper()
	client := newClientByHand(b, url)
	return func(ctx context.Context) error {
		const batch = 10
		errs := make([]error, tasksPerInvocation/batch)
		slots := make(chan struct{}, sqs.DefaultConcurrency)
		var all sync.WaitGroup
		for n := range errs {
			input := &awssqs.SendMessageBatchInput{QueueUrl: aws.String(url)}
			for i := range batch {
				body, err := encode.body(n*batch + i)
				if err != nil {
					return err
				}
				input.Entries = append(input.Entries, types.SendMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), MessageBody: body})
			}
			slots <- struct{}{}
			all.Go(func() {
				defer func() { <-slots }()
				out, err := client.SendMessageBatch(ctx, input)
				if err == nil && len(out.Failed) > 0 {
					err = fmt.Errorf("%d messages failed", len(out.Failed))
				}
				errs[n] = err
			})
		}
		all.Wait()
		for _, err := range errs {
			if err != nil {
				return err
			}
		}
		return nil
	}
}

func sendSingly(b *testing.B, url string, encode encoder) func(context.Context) error {
	b.Helper()
	client := newClientByHand(b, url)
	return func(ctx context.Context) error {
		for i := range tasksPerInvocation {
			body, err := encode.body(i)
			if err != nil {
				return err
			}
			if _, err := client.SendMessage(ctx, &awssqs.SendMessageInput{QueueUrl: aws.String(url), MessageBody: body}); err != nil {
				return err
			}
		}
		return nil
	}
}

// cpuTime is the CPU time of this process: the servers have theirs.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// invoke calls the function as Lambda does.
func (c *contestant) invoke(b *testing.B) {
	b.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if _, err := c.handler.Invoke(ctx, []byte("{}")); err != nil {
		b.Fatal(err)
	}
}

// check fails the benchmark unless the queue got what it should in n invocations since the last.
func (c *contestant) check(b *testing.B, n int, requestsBefore int) (requests int) {
	b.Helper()
	requests, messages := c.server.empty(b)
	if requests-requestsBefore != n*c.requests || messages != n*tasksPerInvocation {
		b.Fatalf("%s: %d messages in %d requests of %d invocations", c.name, messages, requests-requestsBefore, n)
	}
	return requests
}

// emptyEvery is how many invocations fill a queue before it is emptied, outside of the measurement.
const emptyEvery = 50

// BenchmarkInvocation is an invocation that sends a hundred tasks of about 1 kB: with the
// strategy, as one would by hand, and one call after the other without batches.
func BenchmarkInvocation(b *testing.B) {
	for _, c := range contestants(b) {
		b.Run(c.name, func(b *testing.B) {
			c.invoke(b) // opens connections
			requests, _ := c.server.empty(b)
			var cpu time.Duration
			n := 0
			b.ReportAllocs()
			before := cpuTime(b)
			for b.Loop() {
				c.invoke(b)
				if n++; n == emptyEvery {
					b.StopTimer()
					cpu += cpuTime(b) - before
					requests = c.check(b, n, requests)
					n, before = 0, cpuTime(b)
					b.StartTimer()
				}
			}
			cpu += cpuTime(b) - before
			c.check(b, n, requests)
			b.ReportMetric(float64(cpu.Nanoseconds())/float64(b.N), "cpu-ns/op")
		})
	}
}

// BenchmarkInvocationRatio compares what BenchmarkInvocation measures on a machine with other work: each
// round has one invocation of each, in turn, and the medians of the strategy are divided by those of
// "by-hand" and "by-hand-bare".
func BenchmarkInvocationRatio(b *testing.B) {
	all := contestants(b)[:3]
	wall := make([][]time.Duration, len(all))
	cpu := make([][]time.Duration, len(all))
	for _, c := range all {
		c.invoke(b)
		c.server.empty(b)
	}
	round := 0
	for b.Loop() {
		for i := range all {
			at := (round + i) % len(all)
			beginCPU, begin := cpuTime(b), time.Now()
			all[at].invoke(b)
			wall[at] = append(wall[at], time.Since(begin))
			cpu[at] = append(cpu[at], cpuTime(b)-beginCPU)
		}
		if round++; round%emptyEvery == 0 {
			for _, c := range all {
				c.server.empty(b)
			}
		}
	}
	median := func(d []time.Duration) float64 {
		slices.Sort(d)
		return float64(d[len(d)/2])
	}
	b.ReportMetric(median(wall[0])/median(wall[1]), "wall-ratio")
	b.ReportMetric(median(cpu[0])/median(cpu[1]), "cpu-ratio")
	b.ReportMetric(median(wall[0])/median(wall[2]), "wall-ratio-bare")
	b.ReportMetric(median(cpu[0])/median(cpu[2]), "cpu-ratio-bare")
	b.ReportMetric(median(wall[0]), "strategy-ns")
	b.ReportMetric(0, "ns/op") // of all together, which says nothing
}
