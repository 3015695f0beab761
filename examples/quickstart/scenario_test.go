package main

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// TestTour plays all four scenarios for real and looks at them without the program's own checks.
func TestTour(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	traces, err := tour(t.Context(), &out, scenarios)
	if err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	if len(traces) != len(scenarios) {
		t.Fatalf("%d scenarios, want %d\n%s", len(traces), len(scenarios), &out)
	}
	for i, tr := range traces {
		if tr.scenario != scenarios[i].name {
			t.Fatalf("scenario %d is %q", i, tr.scenario)
		}
		first := tr.requests[0]
		if len(tr.tasks) != 3 || first.billed <= 0 || first.latency <= 0 {
			t.Errorf("%s: incomplete: %+v", tr.scenario, tr)
		}
		for _, task := range tr.tasks {
			if task.from <= 0 || task.to <= task.from {
				t.Errorf("%s: %s ran from %v to %v", tr.scenario, task.name, task.from, task.to)
			}
			afterResponse, beforeFreeze := task.from >= first.posted, task.to <= first.awake.to
			switch tr.scenario {
			case "naive":
				// One that is quick may be done in time on a machine that is slow to freeze; the slowest is not.
				if task.name == "webhook" && beforeFreeze {
					t.Errorf("naive: %s was done at %v, before the freeze at %v", task.name, task.to, first.awake.to)
				}
			case "inline":
				if task.to > first.posted || !beforeFreeze {
					t.Errorf("inline: %s was done at %v, the response was posted at %v", task.name, task.to, first.posted)
				}
			default:
				if !afterResponse || !beforeFreeze {
					t.Errorf("%s: %s ran from %v to %v; the response was posted at %v, the freeze was at %v",
						tr.scenario, task.name, task.from, task.to, first.posted, first.awake.to)
				}
			}
		}
		if thawed := len(tr.requests) > 1; thawed != (tr.scenario == "naive") {
			t.Errorf("%s took %d requests", tr.scenario, len(tr.requests))
		}
	}
	if strings.Contains(out.String(), "\x1b") {
		t.Error("colours in what is not a terminal")
	}
}

// TestClaims breaks each claim and expects it to be noticed.
func TestClaims(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, scenario string
		spoil          func(*trace)
		want           string
	}{
		{"good", "naive", func(*trace) {}, ""},
		{"good", "inline", func(*trace) {}, ""},
		{"good", "stream", func(*trace) {}, ""},
		{"good", "extension", func(*trace) {}, ""},
		{"no freeze", "naive", func(tr *trace) { tr.requests[0].awake.to = time.Hour }, "did not bite"},
		{"never done", "naive", func(tr *trace) { tr.tasks[2].to = 0 }, "1 tasks are not done"},
		{"late", "inline", func(tr *trace) { tr.tasks[1].to = tr.requests[0].posted + 1 }, "audit-row was not done before the response"},
		{"lost", "stream", func(tr *trace) { tr.tasks[0].to = 0 }, "send-receipt was lost"},
		{"too early", "stream", func(tr *trace) { tr.tasks[2].from = tr.requests[0].posted - 1 }, "webhook started before the response"},
		{"frozen", "extension", func(tr *trace) { tr.requests[0].awake.to = tr.tasks[2].to - 1 }, "webhook was not done before the freeze"},
	} {
		t.Run(test.scenario+" "+test.name, func(t *testing.T) {
			t.Parallel()
			s, _ := scenarioByName(test.scenario)
			tr := synthetic(t, test.scenario)
			test.spoil(&tr)
			err := s.check(tr)
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
}
