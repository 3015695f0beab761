package report

import (
	"github.com/go-offload/lambda/benchmarks/chart"
	"github.com/go-offload/lambda/benchmarks/cost"
)

// role is what becomes of the tasks of a contestant.
func role(c cost.Contestant) chart.Role {
	switch c {
	case cost.Inline:
		return chart.Waits
	case cost.Goroutine:
		return chart.Loses
	case cost.APIGatewayAsync:
		return chart.Gateway
	case cost.Invoke, cost.SQS, cost.SQSAfter:
		return chart.Sends
	case cost.ExtensionSQS:
		return chart.Chains
	default:
		return chart.Keeps
	}
}

// short is the name of a contestant in a figure, where a comma would look like
// the end of it.
func short(c cost.Contestant) string {
	switch c {
	case cost.APIGatewayAsync:
		return "API Gateway async"
	case cost.SQSAfter:
		return "sqs (hand-off after)"
	case cost.StreamResponse:
		return "stream (streamed)"
	case cost.ExtensionSQS:
		return "extension → sqs"
	default:
		return string(c)
	}
}
