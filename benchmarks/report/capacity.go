package report

import (
	"fmt"
	"math"
	"time"

	"github.com/go-offload/lambda/benchmarks/analysis"
	"github.com/go-offload/lambda/benchmarks/chart"
	"github.com/go-offload/lambda/benchmarks/cost"
	"github.com/go-offload/lambda/benchmarks/record"
	"github.com/go-offload/lambda/benchmarks/workload"
)

// capacity is environments by request rate, and cold starts under a burst.
func (b *builder) capacity() (Section, error) {
	s := Section{
		ID: "capacity", Title: "What it keeps busy",
		About: "An environment that runs tasks behind its response takes no other event: the traffic that comes meanwhile needs further environments, each with a cold start.",
	}
	for _, figure := range []func() (Figure, bool, error){b.concurrency, b.coldStarts} {
		f, ok, err := figure()
		if err != nil {
			return s, err
		}
		if ok {
			s.Figures = append(s.Figures, f)
		}
	}
	return s, nil
}

func (b *builder) concurrency() (Figure, bool, error) {
	w := b.priced()
	f := Figure{
		ID: "concurrency", Title: "Environments by request rate", Basis: []string{"modelled", "measured"},
		How: "Lines: environments of the function that the client reaches, busy on average, by Little's law with the tail counted. Rings: measured. A ring on its line says that the model holds there.",
		Facts: []string{
			"Tasks that were sent keep environments of a worker busy instead, about as many (see the numbers): they count towards the quota of the account, 1,000 unless raised, but no client waits for them.",
		},
		Sources: []Source{
			{"Lambda quotas", "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"},
			{"Understanding Lambda function scaling", "https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html"},
		},
	}
	curves, err := b.curves(func(c cost.Contestant, x float64) (float64, error) {
		v := w
		v.Traffic = cost.Constant(x)
		capacity, err := cost.Environments(v, c)
		return capacity.Front.Peak, err
	}, 1, 1000)
	if err != nil {
		return f, false, err
	}
	f.Facts = append(f.Facts, curves.merged...)
	l := chart.Lines{
		Title: f.Title, XAxis: "requests a second", YAxis: "environments of the function, busy on average",
		XFormat: chart.Count, YFormat: chart.Count, Series: curves.series,
		Description: "Environments of the function that each contestant keeps busy at rates from 1 to 1,000 requests a second, modelled, with measured points.",
	}
	name := b.everyday()
	f.Numbers = &Table{Head: []string{"", "rate", "function, modelled", "measured", "worker, modelled", "measured"}}
	for _, c := range b.r.Of(name) {
		rate, front, worker := c.Steady()
		l.Points = append(l.Points, chart.Measured{Name: string(c.Contestant), Role: role(c.Contestant), XY: chart.XY{X: rate, Y: front}})
		v := w
		v.Traffic = cost.Constant(rate)
		capacity, err := cost.Environments(v, c.Contestant)
		if err != nil {
			return f, false, err
		}
		f.Numbers.Rows = append(f.Numbers.Rows, []Value{
			{Text: string(c.Contestant)},
			{Text: fmt.Sprintf("%.3g/s", rate)},
			{Text: fmt.Sprintf("%.2f", capacity.Front.Peak), Basis: "modelled"},
			{Text: fmt.Sprintf("%.2f", front), Basis: "measured"},
			{Text: fmt.Sprintf("%.2f", capacity.Worker.Peak), Basis: "modelled"},
			{Text: fmt.Sprintf("%.2f", worker), Basis: "measured"},
		})
	}
	f.chart = l
	return f, true, nil
}

// burst is the workload that begins cold, if there is one.
func (b *builder) burst() (record.Workload, bool) {
	for _, w := range b.r.Workloads() {
		if w.Load.Shape == workload.Burst {
			return w, true
		}
	}
	return record.Workload{}, false
}

func (b *builder) coldStarts() (Figure, bool, error) {
	w, ok := b.burst()
	if !ok {
		return Figure{}, false, nil
	}
	model, err := b.r.Model(w.Name)
	if err != nil {
		model = analysis.Declared(w)
	}
	burst := cost.Burst{Rate: w.Load.Rate, For: time.Duration(float64(w.Load.Requests) / w.Load.Rate * float64(time.Second))}
	f := Figure{
		ID: "cold-starts", Title: fmt.Sprintf("Cold starts under a burst of %d requests", w.Load.Requests), Basis: []string{"measured", "modelled"},
		How: "Solid: environments of the function that had to be started, the mean over rounds. Hatched: what the scaling model says. A client waited for each of them, except with apigateway-async. Ways that keep the environment for their tasks start more of them.",
		Facts: []string{fmt.Sprintf("%d requests at %s a second, no environment there before; the cold starts of workers, for which no client waits, are in the table.",
			w.Load.Requests, chart.Count(w.Load.Rate))},
		Sources: []Source{{"Lambda scaling behavior", "https://docs.aws.amazon.com/lambda/latest/dg/scaling-behavior.html"}},
		Numbers: &Table{Head: []string{"", "of the function", "modelled", "of workers", "modelled", "throttled"}},
	}
	bars := chart.Bars{
		Title: f.Title, Axis: "cold starts of the function, mean of a round", Measured: "measured", Modelled: "modelled",
		Description: "Cold starts of the function for each contestant when traffic begins at once.",
	}
	for _, c := range b.r.Of(w.Name) {
		n := float64(max(len(c.Rounds), 1))
		front, worker := float64(c.Front().ColdStarts)/n, float64(c.Worker().ColdStarts)/n
		bar := chart.Bar{Name: string(c.Contestant), Role: role(c.Contestant), Value: front, Modelled: math.NaN()}
		bar.Note = chart.Count(math.Round(front*10) / 10)
		modelled, modelledWorker := "–", "–"
		if sim, err := cost.SimulateBurst(model, c.Contestant, burst); err == nil {
			bar.Modelled = float64(sim.Front.ColdStarts)
			modelled, modelledWorker = fmt.Sprint(sim.Front.ColdStarts), fmt.Sprint(sim.Worker.ColdStarts)
		}
		bars.Rows = append(bars.Rows, bar)
		f.Numbers.Rows = append(f.Numbers.Rows, []Value{
			{Text: string(c.Contestant)},
			{Text: fmt.Sprintf("%.1f", front), Basis: "measured"},
			{Text: modelled, Basis: "modelled"},
			{Text: fmt.Sprintf("%.1f", worker), Basis: "measured"},
			{Text: modelledWorker, Basis: "modelled"},
			{Text: fmt.Sprint(c.Front().Throttled), Basis: "measured"},
		})
	}
	f.chart = bars
	return f, true, nil
}
