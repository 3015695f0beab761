package cost

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
)

// Kind groups the lines of a bill.
type Kind string

// The kinds of lines.
const (
	KindGateway     Kind = "gateway"      // API Gateway requests
	KindRequests    Kind = "requests"     // Lambda invocations
	KindAsyncChunks Kind = "async-chunks" // asynchronous events above 256 KB
	KindResponse    Kind = "response"     // duration up to the response
	KindTail        Kind = "tail"         // duration after the response, and of functions nobody waits for
	KindRetries     Kind = "retries"      // duration of tasks tried again in process
	KindInit        Kind = "init"         // duration of init phases
	KindWorker      Kind = "worker"       // duration of workers
	KindProvisioned Kind = "provisioned"  // provisioned concurrency, used or not
	KindStorage     Kind = "storage"      // ephemeral storage above 512 MB
	KindSend        Kind = "send"         // SQS requests that send
	KindReceive     Kind = "receive"      // SQS requests that receive messages
	KindDelete      Kind = "delete"       // SQS requests that delete
	KindPoll        Kind = "poll"         // SQS requests that return nothing, and poller units
	KindStreamed    Kind = "streamed"     // streamed bytes beyond 6 MB
	KindLogs        Kind = "logs"         // log bytes
	KindExtra       Kind = "extra"        // the caller's own lines
)

// Item is one line of a bill: Quantity units at Price are Amount.
type Item struct {
	Kind     Kind     `json:"kind"`
	Label    string   `json:"label"`
	Meter    Meter    `json:"meter,omitempty"`
	Unit     string   `json:"unit"`
	Quantity Quantity `json:"quantity"` // a month
	Price    USD      `json:"price"`    // of one unit
	Amount   USD      `json:"amount"`   // exact, not rounded to cents
	Source   string   `json:"source"`
	// Note says what is uncertain or modelled about the line.
	Note string `json:"note,omitempty"`
}

func (i Item) of(q rat, price USD, detail string) Item {
	if detail != "" {
		i.Label += " (" + detail + ")"
	}
	i.Quantity, i.Price, i.Amount = Quantity{q}, price, USD{q.mul(price.v)}
	return i
}

// Bill is what a contestant costs for a month. Lines of zero units are left
// out.
type Bill struct {
	Contestant Contestant `json:"contestant"`
	AsOf       string     `json:"asOf"`
	Region     string     `json:"region"`
	Items      []Item     `json:"items"`
	// Notes are things the sum does not show, such as tasks that are lost.
	Notes []string `json:"notes,omitempty"`
}

// Total is the exact sum of the lines. An invoice may differ by a cent for
// each line, which AWS rounds.
func (b Bill) Total() USD {
	var sum USD
	for _, i := range b.Items {
		sum = sum.Add(i.Amount)
	}
	return sum
}

// Sum adds up the lines of the given kinds.
func (b Bill) Sum(kinds ...Kind) USD {
	var sum USD
	for _, i := range b.Items {
		if slices.Contains(kinds, i.Kind) {
			sum = sum.Add(i.Amount)
		}
	}
	return sum
}

// Units adds up the quantities of the lines of one kind.
func (b Bill) Units(kind Kind) Quantity {
	var sum rat
	for _, i := range b.Items {
		if i.Kind == kind {
			sum = sum.add(i.Quantity.v)
		}
	}
	return Quantity{sum}
}

// String is a table for a terminal.
func (b Bill) String() string {
	var out strings.Builder // its writes do not fail
	tw := tabwriter.NewWriter(&out, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, i := range b.Items {
		_, _ = fmt.Fprintf(tw, "%s\t%s %s\t%s\t\n", i.Label, i.Quantity, i.Unit, i.Amount)
	}
	_, _ = fmt.Fprintf(tw, "%s, %s, prices of %s\t\t%s\t\n", b.Contestant, b.Region, b.AsOf, b.Total())
	_ = tw.Flush()
	for _, n := range b.Notes {
		fmt.Fprintf(&out, "  note: %s\n", n)
	}
	return out.String()
}
