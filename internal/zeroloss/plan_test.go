package zeroloss

import (
	"fmt"
	"math/rand/v2"
)

// work is the input of a task, as in testdata/function.
type work struct {
	ID    string `json:"id"`
	Do    string `json:"do,omitempty"`
	Until int    `json:"until,omitempty"`
}

// poison is more attempts than a queue makes.
const poison = 1_000_000

// plan says what each task does. here is how many attempts are made before the task leaves the sandbox.
func plan(rng *rand.Rand, n, here int) []work {
	all := make([]work, n)
	for i := range all {
		w := &all[i]
		w.ID = fmt.Sprintf("task-%05d", i)
		switch p := rng.Float64(); {
		case p < 0.010:
			w.Do, w.Until = "fail", poison
		case p < 0.090:
			w.Do, w.Until = "fail", 1 // the first attempt, wherever it is made
		case p < 0.095:
			w.Do, w.Until = "crash", here+1
		case p < 0.097:
			w.Do, w.Until = "listen", 1
		case p < 0.099:
			w.Do, w.Until = "hang", 1
		}
	}
	return all
}
