package stack

import (
	"strconv"
	"strings"
	"time"

	"github.com/go-offload/lambda/benchmarks/record"
)

// parseReport reads Lambda's REPORT line, by the names of its fields: their order has
// changed over the years. ended is when it was logged, the end of the invocation to the
// millisecond. ok is false for other lines.
func parseReport(line string, ended time.Time) (inv record.Invocation, ok bool) {
	rest, found := strings.CutPrefix(strings.TrimSpace(line), "REPORT ")
	if !found {
		return record.Invocation{}, false
	}
	inv.Status = "success"
	for field := range strings.SplitSeq(rest, "\t") {
		name, value, found := strings.Cut(field, ": ")
		if !found {
			continue
		}
		value = strings.TrimSpace(value)
		switch strings.TrimSpace(name) {
		case "RequestId":
			inv.RequestID = value
		case "Duration":
			inv.DurationMS = number(value, " ms")
		case "Billed Duration":
			inv.BilledMS = int64(number(value, " ms"))
		case "Init Duration":
			inv.InitMS, inv.Cold = number(value, " ms"), true
		case "Max Memory Used":
			inv.MemoryMB = int(number(value, " MB"))
		case "Status":
			inv.Status = value
		}
	}
	inv.FrozeNS = ended.UnixNano()
	inv.StartNS = inv.FrozeNS - int64(inv.DurationMS*float64(time.Millisecond))
	return inv, inv.RequestID != ""
}

// number reads a value without its unit; what is none is 0.
func number(value, unit string) float64 {
	n, err := strconv.ParseFloat(strings.TrimSuffix(value, unit), 64)
	if err != nil || n < 0 || n > 1e12 {
		return 0
	}
	return n
}
