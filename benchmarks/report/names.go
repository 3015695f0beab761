package report

import (
	"strings"

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

// list names contestants in a sentence; some have a comma in their names.
func list(contestants []cost.Contestant) string {
	names := make([]string, len(contestants))
	for i, c := range contestants {
		names[i] = string(c)
	}
	return strings.Join(names, "; ")
}
