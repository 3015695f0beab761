package stack

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"github.com/go-offload/lambda/benchmarks/record"
	"github.com/go-offload/lambda/benchmarks/wire"
)

// Logs is the method of CloudWatch Logs that is used.
type Logs interface {
	FilterLogEvents(ctx context.Context, in *cloudwatchlogs.FilterLogEventsInput, options ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.FilterLogEventsOutput, error)
}

// NewLogs makes the client from the environment and the shared configuration of AWS's
// tools: region, credentials, AWS_ENDPOINT_URL_CLOUDWATCH_LOGS.
func NewLogs(ctx context.Context) (Logs, error) {
	c, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, fmt.Errorf("configuration for CloudWatch Logs: %w", err)
	}
	return cloudwatchlogs.NewFromConfig(c), nil
}

// AWS reads a contestant that is deployed. It has not been run against AWS yet, only
// against stand-ins.
//
// Everything it knows comes from the logs: marks, and Lambda's REPORT lines. So there is no
// count of polls and deletes, no time of the response inside Lambda, and times are those
// of the environments' clocks.
type AWS struct {
	place Place
	logs  Logs
	// Patience is how long after the last news the end of a round is awaited: logs
	// arrive late, and what was lost never does.
	patience time.Duration
	pause    time.Duration // between two looks

	begun time.Time
}

var _ Stack = (*AWS)(nil)

// DefaultPatience is the Patience of a run: CloudWatch Logs takes seconds to show what was
// logged; AWS promises no number.
const DefaultPatience = 90 * time.Second

// NewAWS returns the stack of one contestant. patience is how long the logs may be
// silent before what is missing counts as lost.
func NewAWS(place Place, logs Logs, patience time.Duration) *AWS {
	return &AWS{place: place, logs: logs, patience: patience, pause: min(2*time.Second, patience/10)}
}

// URL implements Stack.
func (a *AWS) URL() string { return a.place.URL }

// Begin implements Stack.
func (a *AWS) Begin(_ context.Context, cold bool) error {
	if cold {
		return fmt.Errorf("a burst from cold: %w: environments that are there cannot be ended", ErrUnsupported)
	}
	a.begun = time.Now()
	return nil
}

// End implements Stack. It looks at the logs until all expected tasks are done and every
// invocation that left a mark has its REPORT, or nothing new has come for long enough.
func (a *AWS) End(ctx context.Context, expect Expected) (Observed, error) {
	news, last := 0, time.Now()
	for {
		o, err := a.read(ctx)
		if err != nil {
			return Observed{}, err
		}
		if complete(&o, expect) {
			return o, nil
		}
		if n := len(o.Marks) + len(o.Invocations); n > news {
			news, last = n, time.Now()
		}
		if time.Since(last) > a.patience {
			return o, nil
		}
		select {
		case <-time.After(a.pause):
		case <-ctx.Done():
			return Observed{}, ctx.Err()
		}
	}
}

// complete reports whether nothing more is to come.
func complete(o *Observed, expect Expected) bool {
	reported := map[string]bool{}
	for i := range o.Invocations {
		reported[o.Invocations[i].RequestID] = true
	}
	handlers, done := map[int]bool{}, map[[2]int]bool{}
	for i := range o.Marks {
		m := &o.Marks[i]
		if !reported[m.RequestID] {
			return false
		}
		switch {
		case m.Round != expect.Round:
		case m.Kind == wire.HandlerMark:
			handlers[m.Seq] = true
		case m.Kind == wire.TaskMark && !m.Failed:
			done[[2]int{m.Seq, m.ID}] = true
		}
	}
	return len(handlers) >= expect.Requests && len(done) >= expect.Tasks
}

// read reads all that was logged since Begin.
func (a *AWS) read(ctx context.Context) (Observed, error) {
	var o Observed
	for _, group := range []struct{ name, function string }{
		{a.place.LogGroup, record.Handler}, {a.place.WorkerLogGroup, record.Worker},
	} {
		if group.name == "" {
			continue
		}
		if err := a.readGroup(ctx, group.name, group.function, &o); err != nil {
			return Observed{}, fmt.Errorf("log group %s: %w", group.name, err)
		}
	}
	sent := record.Queue{}
	for i := range o.Marks {
		if m := &o.Marks[i]; m.Kind == wire.SendMark {
			sent.Send++
			sent.Messages += m.Messages
		}
	}
	if sent.Send > 0 {
		o.Queue = &sent
	}
	return o, nil
}

// maxPages bounds the pages of one read; a page holds up to 1 MB or 10,000 events
// (CloudWatch Logs API reference, FilterLogEvents).
const maxPages = 1000

func (a *AWS) readGroup(ctx context.Context, group, function string, o *Observed) error {
	in := &cloudwatchlogs.FilterLogEventsInput{
		LogGroupName: aws.String(group),
		StartTime:    aws.Int64(a.begun.UnixMilli()),
		// Marks and reports, of all that there is in the log.
		FilterPattern: aws.String(`?"offload-benchmark" ?"REPORT RequestId"`),
	}
	for range maxPages {
		out, err := a.logs.FilterLogEvents(ctx, in)
		if err != nil {
			return err
		}
		for i := range out.Events {
			e := &out.Events[i]
			message := aws.ToString(e.Message)
			if inv, ok := parseReport(message, time.UnixMilli(aws.ToInt64(e.Timestamp))); ok {
				inv.Function, inv.Environment = function, aws.ToString(e.LogStreamName)
				o.Invocations = append(o.Invocations, inv)
				continue
			}
			mark, ok, err := wire.ParseMark([]byte(message))
			if err != nil {
				return err
			}
			if ok {
				o.Marks = append(o.Marks, mark)
			}
		}
		if in.NextToken = out.NextToken; in.NextToken == nil {
			return nil
		}
	}
	return fmt.Errorf("more than %d pages", maxPages)
}

// Close implements Stack.
func (*AWS) Close() error { return nil }
