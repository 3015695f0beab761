package report

import (
	"fmt"

	"github.com/go-offload/lambda/benchmarks/analysis"
	"github.com/go-offload/lambda/benchmarks/chart"
	"github.com/go-offload/lambda/benchmarks/cost"
)

// The pages that limits and retries are cited from.
var (
	srcQuotas     = &Source{"Lambda quotas", "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"}
	srcRuntime    = &Source{"Building a custom runtime", "https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html"}
	srcExtensions = &Source{"Extensions API", "https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html"}
	srcFreeze     = &Source{"Execution environment lifecycle", "https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html"}
	srcAsync      = &Source{"Asynchronous invocation: errors", "https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html"}
	srcSQS        = &Source{"Lambda with SQS", "https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html"}
	srcSQSErrors  = &Source{"SQS event source: errors", "https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html"}
	srcSQSQuotas  = &Source{"SQS message quotas", "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html"}
	srcStreaming  = &Source{"Response streaming", "https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html"}
	srcAPIGW      = &Source{"API Gateway: asynchronous invocation", "https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-integration-async.html"}
)

// trait is what documents say about a contestant. Deployables are the resources to
// create beside the function and the front it has anyway, and the permissions:
// what stands for "complexity", because it can be counted.
type trait struct {
	deployables string
	permissions string
	limits      Value
	retries     Value
}

func cited(text string, s *Source) Value { return Value{Text: text, Basis: "cited", Source: s} }

func traitOf(c cost.Contestant) trait {
	const timeout = "handler and tasks share the timeout, at most 15 min"
	none := cited("none by Lambda: the caller has its answer", srcFreeze)
	inProcess := Value{Text: "in process, by the library, until the deadline"}
	switch c {
	case cost.Inline:
		return trait{"none", "none", cited(timeout+"; API Gateway waits 29 s (REST) or 30 s (HTTP)", srcQuotas), Value{Text: "the caller's"}}
	case cost.Goroutine:
		return trait{"none", "none", cited("runs only while another event happens to thaw it", srcFreeze), none}
	case cost.APIGatewayAsync:
		return trait{"REST API with a non-proxy integration", "none", cited("event of 1 MB; the client gets a fixed answer", srcAPIGW), cited("twice, after 1 and 2 minutes, the whole event", srcAsync)}
	case cost.Invoke:
		return trait{"on-failure destination", "lambda:InvokeFunction", cited("event of 1 MB; 15 min for each task", srcQuotas), cited("twice, after 1 and 2 minutes", srcAsync)}
	case cost.SQS, cost.SQSAfter:
		return trait{"queue, dead-letter queue, event source mapping", "sqs:SendMessage; the worker: ReceiveMessage, DeleteMessage, GetQueueAttributes, and ChangeMessageVisibility for a backoff", cited("message and batch of 1 MiB; 15 min for each batch", srcSQSQuotas), cited("after a backoff or the visibility timeout, until maxReceiveCount", srcSQSErrors)}
	case cost.Stream:
		return trait{"none", "none", cited(timeout, srcRuntime), inProcess}
	case cost.StreamResponse:
		return trait{"none", "lambda:InvokeFunctionUrl for the caller", cited(timeout+"; 200 MB streamed", srcStreaming), inProcess}
	case cost.ExtensionSQS:
		return trait{"queue, dead-letter queue, event source mapping", "as sqs", cited(timeout+"; what does not fit goes to the queue, 1 MiB", srcSQS), cited("in process, then from the queue", srcSQSErrors)}
	default:
		return trait{"none", "none", cited(timeout, srcExtensions), inProcess}
	}
}

// overview replaces the adjectives of the usual comparison by numbers.
func (b *builder) overview() []Table {
	cells := b.r.Of(b.everyday())
	w := b.priced()
	numbers := Table{
		Title: fmt.Sprintf("Fast, cheap, reliable: in numbers, on “%s”", title(cells[0])),
		Head:  []string{"", "Response, p50 / p99", "Task starts", "Tasks lost", "Dollars a month", "Environments busy"},
	}
	documents := Table{
		Title: "Easy, limited, safe: what there is to create, and what AWS documents",
		Head:  []string{"", "To create beside the function", "Permissions", "Limits", "Retries of a failed task"},
	}
	for _, c := range cells {
		h := c.Histogram()
		trait := traitOf(c.Contestant)
		month := Value{Text: "not possible", Basis: "modelled"}
		if bill, err := cost.Estimate(w, c.Contestant, b.o.Prices); err == nil {
			month.Text = chart.Dollars(bill.Total().Float64())
		}
		response := Value{Text: "no answer", Basis: "measured", Alarm: true}
		if h.Count() > 0 {
			response = Value{Text: fmt.Sprintf("%s / %s", chart.Seconds(h.At(50).Seconds()), chart.Seconds(h.At(99).Seconds())), Basis: "measured"}
		}
		name := Value{Text: string(c.Contestant)}
		numbers.Rows = append(numbers.Rows, []Value{name, response, taskStart(c), lossOf(c), month, busyOf(c)})
		documents.Rows = append(documents.Rows, []Value{name, {Text: trait.deployables}, {Text: trait.permissions}, trait.limits, trait.retries})
	}
	return []Table{numbers, documents}
}

func taskStart(c *analysis.Cell) Value {
	d := c.TaskStart()
	if d == 0 || lost(c) {
		return Value{Text: "not before the next event, if ever", Basis: "measured", Alarm: true}
	}
	return Value{Text: "after " + chart.Seconds(d.Seconds()), Basis: "measured"}
}

func lossOf(c *analysis.Cell) Value {
	if c.TasksLost > 0 {
		return Value{Text: fmt.Sprintf("%d of %d", c.TasksLost, c.TasksDue), Basis: "measured", Alarm: true}
	}
	return Value{Text: fmt.Sprintf("0 of %d", c.TasksDue), Basis: "measured"}
}

func busyOf(c *analysis.Cell) Value {
	rate, front, worker := c.Steady()
	text := fmt.Sprintf("%.2f at %.3g/s", front, rate)
	if worker > 0 {
		text = fmt.Sprintf("%.2f, and %.2f of a worker, at %.3g/s", front, worker, rate)
	}
	return Value{Text: text, Basis: "measured"}
}

// summary is the page in a few sentences.
func (b *builder) summary() []string {
	cells := b.r.Of(b.longest())
	var out []string
	find := func(c cost.Contestant) *analysis.Cell { return b.r.Cell(cells[0].Workload.Name, c) }
	inline, extension := find(cost.Inline), find(cost.Extension)
	task := chart.Seconds(cells[0].Workload.Task.Duration().Seconds())
	if inline != nil && extension != nil && extension.Answered > 0 && inline.Answered > 0 {
		out = append(out, fmt.Sprintf("With %s of work behind the response the client waits %s if the handler does it first, and %s if an extension keeps the environment awake for it (medians).",
			task, chart.Seconds(inline.Median().Value), chart.Seconds(extension.Median().Value)))
	}
	if b.cheaper != "" {
		out = append(out, fmt.Sprintf("In dollars, at %s requests a second with %s for the function and %s for a worker: %s. %s",
			chart.Count(b.o.Rate), megabytes(b.o.MemoryMB), megabytes(b.o.WorkerMemoryMB), b.cheaper, b.sameSize))
	}
	return out
}
