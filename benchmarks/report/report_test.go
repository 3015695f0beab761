package report

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/go-offload/lambda/benchmarks/analysis"
	"github.com/go-offload/lambda/benchmarks/cost"
	"github.com/go-offload/lambda/benchmarks/record"
	"github.com/go-offload/lambda/benchmarks/record/recordtest"
	"github.com/go-offload/lambda/benchmarks/workload"
	"github.com/go-offload/lambda/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

var update = flag.Bool("update", false, "write the golden files")

func build(t *testing.T, f *record.File) (*Page, string) {
	t.Helper()
	p, err := Build(analysis.Of(f), Options{})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := p.HTML(&b); err != nil {
		t.Fatal(err)
	}
	return p, b.String()
}

func TestEveryFigureCanBeReadAndReproduced(t *testing.T) {
	t.Parallel()
	p, html := build(t, recordtest.File(recordtest.Options{}))
	ids := make(map[string]bool)
	for _, f := range p.Figures() {
		if f.How == "" || len(f.Basis) == 0 || f.Numbers == nil || len(f.Numbers.Rows) == 0 {
			t.Errorf("%s: no sentence on how to read it, basis or numbers", f.ID)
		}
		if f.Wide().Marks() == 0 {
			t.Errorf("%s shows nothing", f.ID)
		}
		if ids[f.ID] {
			t.Errorf("%s is there twice", f.ID)
		}
		ids[f.ID] = true
	}
	for _, want := range []string{"headline", "timeline-order", "latency-order", "latency-classic", "cost-by-task", "concurrency", "cold-starts"} {
		if !ids[want] {
			t.Errorf("no figure %s", want)
		}
	}
	captions := regexp.MustCompile(`(?s)<figcaption>.*?</figcaption>`).FindAllString(html, -1)
	if len(captions) != len(p.Figures()) {
		t.Errorf("%d captions", len(captions))
	}
	for _, c := range captions {
		for _, want := range []string{"Made-up CPU, 2 cores", "go1.26.8", "0123456789ab", "go run ./benchmarks run -quick", "go run ./benchmarks report"} {
			if !strings.Contains(c, want) {
				t.Errorf("a caption lacks %q", want)
			}
		}
	}
}

func TestThePageLoadsNothing(t *testing.T) {
	t.Parallel()
	_, html := build(t, recordtest.File(recordtest.Options{Network: "aws"}))
	for _, what := range []string{`<script`, `src=`, `@import`, `url(http`, `<iframe`, `<link rel="stylesheet"`} {
		if strings.Contains(html, what) {
			t.Errorf("the page contains %s", what)
		}
	}
}

func TestWhatIsModelledSaysSo(t *testing.T) {
	t.Parallel()
	p, html := build(t, recordtest.File(recordtest.Options{Network: "aws"}))
	for _, f := range p.Figures() {
		if len(f.Basis) == 1 && f.Basis[0] == "measured" {
			t.Errorf("%s: delays were added, and it says measured", f.ID)
		}
	}
	if strings.Contains(p.Headline.Markdown, "loopback") || !strings.Contains(p.Headline.Markdown, "modelled delays") {
		t.Errorf("the headline hides the delays: %s", p.Headline.Markdown)
	}
	if !strings.Contains(html, "Delays that were added") || !strings.Contains(html, "made up") {
		t.Error("the delays and their sources are missing")
	}
	loop, _ := build(t, recordtest.File(recordtest.Options{}))
	for _, f := range loop.Figures() {
		modelled := strings.HasPrefix(f.ID, "cost") // the only figure without anything measured
		if (f.Basis[0] == "modelled" && len(f.Basis) == 1) != modelled {
			t.Errorf("%s is called %q", f.ID, f.Basis)
		}
		if modelled && len(f.Sources) == 0 {
			t.Errorf("%s has no sources", f.ID)
		}
	}
}

func TestLostTasksComeFirst(t *testing.T) {
	t.Parallel()
	p, html := build(t, recordtest.File(recordtest.Options{}))
	if len(p.Losses) != 3 || p.Losses[0].Contestant != "goroutine" {
		t.Errorf("losses %+v", p.Losses)
	}
	lost, figure := strings.Index(html, "Tasks were lost"), strings.Index(html, "<figure")
	if lost < 0 || lost > figure {
		t.Error("the loss is not above the first figure")
	}
	_, html = build(t, recordtest.File(recordtest.Options{Contestants: []cost.Contestant{cost.Inline, cost.Stream}}))
	if strings.Contains(html, "Tasks were lost") {
		t.Error("nothing was lost, and the page says so")
	}
}

func TestFailuresAreToldOnce(t *testing.T) {
	t.Parallel()
	r := analysis.Of(recordtest.File(recordtest.Options{}))
	workload := r.Workloads()[0].Name
	for i, c := range r.Of(workload) {
		c.TasksFailed = 2 + i/len(cost.Contestants()[1:]) // all but the last fail two
	}
	p, err := Build(r, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(cost.Contestants()); len(p.Failures) != 2 || len(p.Failures[0].Contestants) != n-1 || len(p.Failures[1].Contestants) != 1 || p.Failures[1].Tasks != 3 {
		t.Errorf("%+v", p.Failures)
	}
}

func TestNamesBreakAtTheirJoints(t *testing.T) {
	t.Parallel()
	got, want := breaks(`a, b,response=streamed <"sqs:SendMessage"> ChangeMessageVisibility`),
		`a, b,<wbr>response=<wbr>streamed &lt;&#34;sqs:<wbr>SendMessage&#34;&gt; Change<wbr>Message<wbr>Visibility`
	if string(got) != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestAnswersAfterTheDeadlineAreNamed(t *testing.T) {
	t.Parallel()
	p, html := build(t, recordtest.File(recordtest.Options{}))
	if !strings.Contains(html, "36 of 36 too late") {
		t.Error("inline takes 5 s, the client waits 3, and nothing says so")
	}
	for _, f := range p.Figures() {
		if named := strings.Contains(strings.Join(f.Facts, " "), "client's deadline of 3 s"); named != (f.ID == "latency-classic") {
			t.Errorf("%s: %q", f.ID, f.Facts)
		}
	}
}

func TestTextOfAFileStaysText(t *testing.T) {
	t.Parallel()
	f := recordtest.File(recordtest.Options{})
	const hostile = `<script>alert("x")</script>`
	f.Run.Machine.CPU, f.Run.Command, f.Run.Commit = hostile, []string{hostile}, hostile
	for i := range f.Workloads {
		f.Workloads[i].Title, f.Workloads[i].About = hostile, hostile
	}
	if _, html := build(t, f); strings.Contains(html, "<script") {
		t.Error("text of the file became markup")
	}
}

func TestFilesWithLittleInThem(t *testing.T) {
	t.Parallel()
	if _, err := Build(analysis.Of(&record.File{}), Options{}); !errors.Is(err, ErrEmpty) {
		t.Errorf("an empty file: %v", err)
	}
	// One contestant, none that the model could learn from; and one without answers.
	f := recordtest.File(recordtest.Options{Contestants: []cost.Contestant{cost.SQS, cost.Extension}})
	for i := range f.Requests {
		if q := &f.Requests[i]; q.Contestant == string(cost.SQS) {
			q.DoneNS, q.Status, q.Error, q.Invocations, q.Tasks = 0, 0, "no answer", nil, nil
		}
	}
	p, html := build(t, f)
	if len(p.Figures()) == 0 || !strings.Contains(html, "no answer") {
		t.Error("the contestant without answers is missing")
	}
	// Only a burst: nothing steady to show.
	build(t, recordtest.File(recordtest.Options{Workloads: []workload.Workload{recordtest.Burst()}}))
}

func TestWriteMakesAllFiles(t *testing.T) {
	t.Parallel()
	p, _ := build(t, recordtest.File(recordtest.Options{}))
	dir := filepath.Join(t.TempDir(), "new", "report")
	if err := p.Write(dir); err != nil {
		t.Fatal(err)
	}
	want := []string{"index.html", "headline.md"}
	for _, f := range p.Figures() {
		want = append(want, f.ID+".svg", f.ID+".png")
	}
	for _, name := range want {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	svg, err := os.ReadFile(filepath.Join(dir, "headline.svg"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(svg), "prefers-color-scheme:dark") {
		t.Error("the SVG for a README has one scheme")
	}
}

func TestHeadlineTable(t *testing.T) {
	t.Parallel()
	p, _ := build(t, recordtest.File(recordtest.Options{}))
	path := filepath.Join("testdata", "headline.md")
	if *update {
		if err := os.WriteFile(path, []byte(p.Headline.Markdown), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if p.Headline.Markdown != string(want) {
		t.Errorf("%s is not what it was (run with -update if that is right):\n%s", path, p.Headline.Markdown)
	}
}
