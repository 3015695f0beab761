package analysis

import (
	"cmp"
	"slices"
	"time"

	"github.com/go-offload/lambda/benchmarks/cost"
	"github.com/go-offload/lambda/benchmarks/record"
)

// Results are the numbers of one file.
type Results struct {
	Run   record.Run
	Cut   bool    // the run was interrupted
	Cells []*Cell // workloads in the order of the file, contestants in the order of cost.Contestants
}

// Cell is what one contestant did on one workload, over all measured rounds.
type Cell struct {
	Workload   record.Workload
	Contestant cost.Contestant

	Rounds   []record.Round
	Requests []record.Request // in the order of the file
	// Latencies are those of the requests answered with success, by round.
	Latencies [][]time.Duration
	// Late counts answers after the workload's deadline; none if it has none.
	Late int

	Answered, Errors int
	// Of the tasks that answered requests accepted, TasksFailed had attempts and
	// failed in all of them, and TasksLost never came to an end.
	TasksDue, TasksDone, TasksFailed, TasksLost int
}

// Of groups a file.
func Of(f *record.File) *Results {
	r := &Results{Run: f.Run, Cut: f.Cut}
	type key struct{ workload, contestant string }
	cells := make(map[key]*Cell)
	order := make(map[string]int)
	for i, w := range f.Workloads {
		order[w.Name] = i
	}
	for _, round := range f.Rounds {
		if round.Warmup {
			continue
		}
		k := key{round.Workload, round.Contestant}
		c := cells[k]
		if c == nil {
			w, _ := f.Workload(round.Workload)
			c = &Cell{Workload: w, Contestant: cost.Contestant(round.Contestant)}
			cells[k] = c
			r.Cells = append(r.Cells, c)
		}
		c.addRound(round)
	}
	for _, q := range f.Requests {
		if c := cells[key{q.Workload, q.Contestant}]; c != nil && !q.Warmup {
			c.addRequest(q)
		}
	}
	rank := cost.Contestants()
	slices.SortStableFunc(r.Cells, func(a, b *Cell) int {
		return cmp.Or(
			cmp.Compare(order[a.Workload.Name], order[b.Workload.Name]),
			cmp.Compare(slices.Index(rank, a.Contestant), slices.Index(rank, b.Contestant)),
		)
	})
	return r
}

func (c *Cell) addRound(r record.Round) {
	c.Rounds = append(c.Rounds, r)
	c.Latencies = append(c.Latencies, nil)
	c.TasksDue += r.TasksDue
	c.TasksDone += r.TasksDone
	c.TasksLost += r.TasksLost // those that failed are taken out by addRequest
}

func (c *Cell) addRequest(q record.Request) {
	i := slices.IndexFunc(c.Rounds, func(r record.Round) bool { return r.Round == q.Round })
	if i < 0 { // of a warm-up round
		return
	}
	c.Requests = append(c.Requests, q)
	d, ok := q.Latency()
	if !ok {
		c.Errors++
		return
	}
	c.Answered++
	if failed := failedTasks(&q); failed > 0 {
		c.TasksFailed += failed
		c.TasksLost = max(0, c.TasksLost-failed)
	}
	c.Latencies[i] = append(c.Latencies[i], d)
	if limit := time.Duration(c.Workload.DeadlineMS) * time.Millisecond; limit > 0 && d > limit {
		c.Late++
	}
}

// Workloads are the workloads with results, in the order of the file.
func (r *Results) Workloads() []record.Workload {
	var out []record.Workload
	for _, c := range r.Cells {
		if len(out) == 0 || out[len(out)-1].Name != c.Workload.Name {
			out = append(out, c.Workload)
		}
	}
	return out
}

// Of returns the cells of one workload.
func (r *Results) Of(workload string) []*Cell {
	var out []*Cell
	for _, c := range r.Cells {
		if c.Workload.Name == workload {
			out = append(out, c)
		}
	}
	return out
}

// Cell returns one cell, nil if it was not measured.
func (r *Results) Cell(workload string, c cost.Contestant) *Cell {
	for _, cell := range r.Of(workload) {
		if cell.Contestant == c {
			return cell
		}
	}
	return nil
}

// All are the latencies of all rounds together, ascending.
func (c *Cell) All() []time.Duration {
	all := slices.Concat(c.Latencies...)
	slices.Sort(all)
	return all
}
