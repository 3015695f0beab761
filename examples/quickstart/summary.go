package main

import "fmt"

// summary puts the scenarios side by side.
func (s *screen) summary(traces []trace) {
	columns := [...]int{labelColumns, 10, 34, 10}
	s.line()
	s.line(s.paint(bold, "Summary"))
	s.line()
	s.line(pad("", indentColumns), s.paint(dim, pad("", columns[0])+padLeft("client", columns[1])+"   "+pad("work done", columns[2])+padLeft("billed", columns[3])))
	s.line(pad("", indentColumns), s.paint(dim, pad("", columns[0])+padLeft("waited", columns[1])+"   "+pad("before the freeze", columns[2])+padLeft("", columns[3])))
	for _, tr := range traces {
		first := tr.requests[0]
		work, workColour := fmt.Sprintf("yes, %d of %d", tr.inTime(), len(tr.tasks)), green
		if tr.inTime() < len(tr.tasks) {
			work, workColour = fmt.Sprintf("no, %d of %d", tr.inTime(), len(tr.tasks)), red
			if tr.unfinished() == 0 {
				_, during := tr.lastDone()
				work += fmt.Sprintf("; only when request %d came", during)
			}
		}
		waited := green
		if last, _ := tr.lastDone(); tr.unfinished() == 0 && last <= first.posted {
			waited = red
		}
		s.line(pad("", indentColumns), pad(tr.scenario, columns[0]),
			s.paint(waited, padLeft(millis(first.latency), columns[1])), "   ",
			s.paint(workColour, pad(work, columns[2])),
			s.paint(violet, padLeft(millis(first.billed), columns[3])))
	}
	s.line()
}

// farewell says where to go from here.
func (s *screen) farewell() {
	for _, text := range []string{
		"Read examples/quickstart/function: order.go is the handler, mode.go the ways.",
		"Try it with curl: go run ./examples/quickstart -serve",
	} {
		s.line(s.paint(dim, text))
	}
}
