package report

import (
	"errors"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"

	"github.com/go-offload/lambda/benchmarks/analysis"
	"github.com/go-offload/lambda/benchmarks/chart"
	"github.com/go-offload/lambda/benchmarks/cost"
)

// ErrEmpty is wrapped for a file without a measured round.
var ErrEmpty = errors.New("report: nothing was measured")

// Options are what the file does not say.
type Options struct {
	Prices cost.Prices // zero = cost.USEast1
	// MemoryMB is the memory of the function in the modelled costs, 0 = 1,024, and
	// WorkerMemoryMB that of a worker which is a function of its own, 0 = 256.
	MemoryMB       int
	WorkerMemoryMB int
	// Rate is the traffic of the modelled costs in requests a second; 0 = 10.
	Rate float64
	// Command is what makes this report from the file.
	Command string
}

// The scenario of the modelled costs. The memory that a workload was measured with
// says how much the machine could run at once, not what a function needs.
const (
	defaultMemoryMB       = 1024
	defaultWorkerMemoryMB = 256
	defaultRate           = 10
)

func (o Options) normal() Options {
	if o.Prices.Rates == nil {
		o.Prices = cost.USEast1()
	}
	if o.WorkerMemoryMB == 0 {
		o.WorkerMemoryMB = defaultWorkerMemoryMB
	}
	if o.MemoryMB == 0 {
		o.MemoryMB = defaultMemoryMB
	}
	if o.Rate == 0 {
		o.Rate = defaultRate
	}
	if o.Command == "" {
		o.Command = "go run ./benchmarks report"
	}
	return o
}

// drawer is a chart that can be laid out for a width.
type drawer interface {
	Draw(width float64) *chart.Drawing
}

// Figure is one chart with what a reader needs to use it.
type Figure struct {
	ID    string // of the element, and the name of its files
	Title string
	How   string // how to read it, in a sentence or two
	// Basis is how the numbers came about: "measured", "modelled", or both.
	Basis []string
	// Facts are sentences that the figure shows, such as break-even points.
	Facts []string
	// Sources are where modelled or cited numbers come from.
	Sources []Source
	// Numbers are the figure as a table, for those who do not see it.
	Numbers *Table

	chart drawer
}

// Widths of the drawings in CSS pixels: for a desktop, for a tablet, and for a
// phone of 390 less the margins.
const (
	wide   = 820
	medium = 620
	narrow = 350
)

// Wide is the figure laid out for a desktop.
func (f Figure) Wide() *chart.Drawing { return f.chart.Draw(wide) }

// HTML is all layouts as elements; the style of the page shows one.
func (f Figure) HTML() (template.HTML, error) {
	var b strings.Builder
	for _, v := range []struct {
		class string
		d     *chart.Drawing
	}{{"wide", f.Wide()}, {"medium", f.chart.Draw(medium)}, {"narrow", f.chart.Draw(narrow)}} {
		b.WriteString(`<div class="` + v.class + `">`)
		if err := v.d.Inline(&b); err != nil {
			return "", err
		}
		b.WriteString("</div>")
	}
	return template.HTML(b.String()), nil // chart escapes every text
}

// Source is where a number comes from. An empty URL is a source that has none.
type Source struct{ Name, URL string }

// Table is a small table.
type Table struct {
	Title string
	Head  []string
	Rows  [][]Value
}

// Value is a cell of a table.
type Value struct {
	Text   string
	Basis  string // "measured", "modelled", "cited", or empty
	Source *Source
	Alarm  bool
}

// Page is the report before it is written.
type Page struct {
	Title    string
	Summary  []string // the answer in sentences
	Losses   []Loss
	Late     string    // which of the contestants in Losses finished the rest by luck
	Failures []Failure // tasks that failed in all of their attempts
	Headline Headline
	Overview []Table
	Sections []Section
	Machine  string
	Versions string
	Commands []string
	Notes    []string // what limits the numbers
	Delays   *Table   // what the network profile added
	Prices   *Table
}

// Section is a group of figures.
type Section struct {
	ID, Title, About string
	Figures          []Figure
}

// Loss is a contestant that lost tasks on a workload.
type Loss struct {
	Contestant, Workload string
	Tasks, Due           int
}

// Failure is a workload some of whose tasks failed, with the contestants that
// failed the same number of them.
type Failure struct {
	Workload    string
	Contestants []string
	Tasks, Due  int
}

// Build makes the page. The error wraps ErrEmpty for a file without rounds; other
// errors are those of the cost model.
func Build(r *analysis.Results, o Options) (*Page, error) {
	if len(r.Cells) == 0 {
		return nil, fmt.Errorf("%w: the file has no complete measured round", ErrEmpty)
	}
	b := &builder{r: r, o: o.normal()}
	p := &Page{Title: "What runs after the response, and what it costs"}
	b.describe(p)
	for _, c := range r.Cells {
		if c.TasksLost > 0 {
			p.Losses = append(p.Losses, Loss{string(c.Contestant), title(c), c.TasksLost, c.TasksDue})
		}
		if c.TasksLost > 0 && c.TasksLost < c.TasksDue && c.Contestant == cost.Goroutine {
			p.Late = string(c.Contestant)
		}
		if c.TasksFailed > 0 {
			p.addFailure(c)
		}
	}
	p.Headline, p.Overview = b.headline(), b.overview()
	for _, section := range []func() (Section, error){b.timelines, b.latencies, b.costs, b.capacity} {
		s, err := section()
		if err != nil {
			return nil, err
		}
		p.Sections = append(p.Sections, s)
	}
	p.Summary = b.summary()
	p.Prices = b.priceTable()
	return p, nil
}

func (p *Page) addFailure(c *analysis.Cell) {
	i := slices.IndexFunc(p.Failures, func(f Failure) bool {
		return f.Workload == title(c) && f.Tasks == c.TasksFailed && f.Due == c.TasksDue
	})
	if i < 0 {
		i = len(p.Failures)
		p.Failures = append(p.Failures, Failure{Workload: title(c), Tasks: c.TasksFailed, Due: c.TasksDue})
	}
	p.Failures[i].Contestants = append(p.Failures[i].Contestants, string(c.Contestant))
}

// Figures are all figures of the page, in its order, the headline first.
func (p *Page) Figures() []Figure {
	out := []Figure{p.Headline.Figure}
	for _, s := range p.Sections {
		out = append(out, s.Figures...)
	}
	return out
}

// builder makes the parts of a page.
type builder struct {
	r *analysis.Results
	o Options

	cheaper  string // the first break-even, in words
	sameSize string // what becomes of it with a worker as large as the function
}

func title(c *analysis.Cell) string {
	if c.Workload.Title != "" {
		return c.Workload.Title
	}
	return c.Workload.Name
}

// describe fills in where and how the numbers came about.
func (b *builder) describe(p *Page) {
	run := b.r.Run
	m := run.Machine
	cpu := m.CPU
	if cpu == "" {
		cpu = "unknown processor"
	}
	p.Machine = fmt.Sprintf("%s, %d cores, %s, %s/%s, kernel %s", cpu, m.Cores, megabytes(m.MemoryMB), m.OS, m.Arch, m.Kernel)
	if m.Awake {
		p.Machine += ", idle processors kept awake"
	}
	p.Versions = fmt.Sprintf("%s, commit %s, %s", run.Go, orUnknown(run.Commit), run.Started.UTC().Format(time.DateOnly))
	p.Commands = []string{strings.Join(run.Command, " "), b.o.Command}
	if run.Target == "aws" {
		p.Notes = append(p.Notes, "The functions ran on AWS; task times are those of Lambda's clocks.")
	} else {
		p.Notes = append(p.Notes, "The functions are real binaries under lambdatest, a local Lambda that freezes processes. Nothing here was measured on AWS.")
	}
	switch run.Network.Profile {
	case "loopback":
		p.Notes = append(p.Notes, "Network profile loopback: calls to the queue and to Lambda take a fraction of a millisecond, so the figures show what the code costs, not what a network adds.")
	case "aws":
		p.Notes = append(p.Notes, "Network profile aws: delays drawn from the distributions below were added to the remote calls, so times are modelled, not measured.")
		p.Delays = &Table{Head: []string{"Call", "Median", "99th percentile", "Source"}}
		for _, d := range run.Network.Delays {
			p.Delays.Rows = append(p.Delays.Rows, []Value{{Text: d.Call}, {Text: chart.Seconds(d.P50MS / 1000)}, {Text: chart.Seconds(d.P99MS / 1000)}, {Text: d.Source}})
		}
	}
	if b.r.Cut {
		p.Notes = append(p.Notes, "The run was interrupted: what it left of its last round is not counted.")
	}
	if run.Quick {
		p.Notes = append(p.Notes, "A quick run: few requests, so high percentiles are close to the slowest request.")
	}
	if m.Cores <= 2 {
		p.Notes = append(p.Notes, "Load, local Lambda and functions share the cores of one machine; differences of a few percent are noise.")
	}
}

func orUnknown(s string) string {
	if s == "" {
		return "unknown"
	}
	return s
}

// basis is what the times of measured figures are called.
func (b *builder) basis() []string {
	if b.r.Run.Network.Profile == "aws" {
		return []string{"measured", "modelled network"}
	}
	return []string{"measured"}
}
