package workload

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-offload/lambda/benchmarks/cost"
)

func TestTheSuiteIsSound(t *testing.T) {
	t.Parallel()
	all, err := Standard()
	if err != nil {
		t.Fatal(err)
	}
	shapes, names := map[string]bool{}, map[string]bool{}
	for _, w := range all {
		if names[w.Name] || w.Title == "" || w.About == "" {
			t.Errorf("workload %q is there twice, or says nothing about itself", w.Name)
		}
		names[w.Name], shapes[w.Load.Shape] = true, true
	}
	for _, shape := range []string{Constant, Ramp, Burst} {
		if !shapes[shape] {
			t.Errorf("no workload has the shape %s", shape)
		}
	}
	for _, name := range []string{"order", "long", "slack", "fanout", "payload", "failing", "burst"} {
		if _, err := Named(name); err != nil {
			t.Error(err)
		}
	}
}

const valid = `{"name":"mine","title":"t","about":"a","load":{"shape":"constant","rate":1,"requests":1},
	"handler":{},"tasks":1,"task":{"wait_ms":1},"memory_mb":128,"timeout_ms":1000}`

func TestAFileOfOnesOwn(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "mine.json")
	if err := os.WriteFile(path, []byte(valid), 0o600); err != nil {
		t.Fatal(err)
	}
	if w, err := Named(path); err != nil || w.Name != "mine" {
		t.Errorf("%+v, %v", w, err)
	}
	if _, err := Named("mine"); !errors.Is(err, ErrWorkload) || !strings.Contains(err.Error(), "order") {
		t.Errorf("an unknown name: %v", err)
	}
}

func TestMistakesAreNamed(t *testing.T) {
	t.Parallel()
	for name, change := range map[string][2]string{
		"upper case":       {`"mine"`, `"Mine"`},
		"no rate":          {`"rate":1`, `"rate":0`},
		"unknown shape":    {`"constant"`, `"wavy"`},
		"to of a constant": {`"rate":1,`, `"rate":1,"to":2,`},
		"no requests":      {`"requests":1`, `"requests":0`},
		"little memory":    {`"memory_mb":128`, `"memory_mb":64`},
		"no timeout":       {`"timeout_ms":1000`, `"timeout_ms":0`},
		"negative wait":    {`"wait_ms":1`, `"wait_ms":-1`},
		"unknown field":    {`"handler":{}`, `"handler":{},"speed":1`},
		"contestant":       {`"handler":{}`, `"handler":{},"contestants":["carrier-pigeon"]`},
		"skip":             {`"handler":{}`, `"handler":{},"skip":{"carrier-pigeon":"no"}`},
		"rounds of no one": {`"handler":{}`, `"handler":{},"rounds_of":{"carrier-pigeon":2}`},
		"no rounds":        {`"handler":{}`, `"handler":{},"rounds_of":{"sqs":0}`},
		"trailing object":  {`"timeout_ms":1000}`, `"timeout_ms":1000}{}`},
	} {
		text := strings.Replace(valid, change[0], change[1], 1)
		if text == valid {
			t.Fatalf("%s changes nothing", name)
		}
		if _, err := Parse(strings.NewReader(text)); !errors.Is(err, ErrWorkload) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Parse(strings.NewReader(strings.Repeat(" ", maxFile) + valid)); !errors.Is(err, ErrWorkload) {
		t.Errorf("too long: %v", err)
	}
}

func TestTakesPart(t *testing.T) {
	t.Parallel()
	w := Workload{Skip: map[cost.Contestant]string{cost.Inline: "too slow"}}
	if w.TakesPart(cost.Inline) || !w.TakesPart(cost.Stream) {
		t.Error("skip is not kept to")
	}
	w.Contestants = []cost.Contestant{cost.SQS}
	if w.TakesPart(cost.Stream) || !w.TakesPart(cost.SQS) {
		t.Error("contestants are not kept to")
	}
}

func FuzzParse(f *testing.F) {
	f.Add(valid)
	f.Fuzz(func(t *testing.T, text string) {
		w, err := Parse(strings.NewReader(text))
		if err == nil && w.Check() != nil || err != nil && !errors.Is(err, ErrWorkload) {
			t.Errorf("%+v, %v", w, err)
		}
	})
}
