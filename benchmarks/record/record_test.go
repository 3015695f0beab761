package record

import (
	"bytes"
	"compress/gzip"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/go-offload/lambda/benchmarks/workload"
)

var (
	sampleRun = &Run{
		Format: Format, Started: time.Date(2026, 11, 22, 6, 0, 0, 1, time.UTC), Machine: Machine{OS: "linux", Arch: "amd64", Cores: 2},
		Go: "go1.26", Command: []string{"go", "run", "./benchmarks", "run"}, Target: "local", Seed: 7, Rounds: 2,
		Network: Network{Profile: "aws", Delays: []Delay{{Call: "sqs.send", P50MS: 8, P99MS: 30, Source: "somewhere"}}},
	}
	sampleWorkload = &Workload{workload.Workload{
		Name: "order", Load: workload.Load{Shape: workload.Constant, Rate: 5, Requests: 2}, Tasks: 1, MemoryMB: 128, TimeoutMS: 3000,
	}}
	sampleRequest = &Request{
		Workload: "order", Contestant: "stream", Round: 1, IntendedNS: 10, SentNS: 11, FirstByteNS: 20, DoneNS: 30, Status: 200,
		Tasks:       []Task{{ID: 0, StartNS: 31, EndNS: 40, RequestID: "r", Environment: "e", Attempt: 1, Outcome: Done}},
		Invocations: []Invocation{{RequestID: "r", Function: Handler, Environment: "e", StartNS: 12, FrozeNS: 41, BilledMS: 1, Status: "success"}},
	}
	sampleRound = &Round{Workload: "order", Contestant: "stream", Round: 1, Requests: 1, TasksDue: 1, TasksDone: 1}
)

func write(t *testing.T, lines ...Line) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := NewWriter(&b).Write(lines...); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	t.Parallel()
	b := write(t, sampleRun, sampleWorkload, sampleRequest, sampleRound)
	if !bytes.HasPrefix(b, []byte(`{"kind":"run","format":1,`)) {
		t.Errorf("the file begins %.40s", b)
	}
	f, err := Read(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	want := &File{
		Run: *sampleRun, Workloads: []Workload{*sampleWorkload}, Requests: []Request{*sampleRequest},
		Rounds: []Round{*sampleRound}, Size: int64(len(b)),
	}
	if !reflect.DeepEqual(f, want) {
		t.Errorf("read %+v\nwant %+v", f, want)
	}
}

func TestAKilledRunKeepsItsCompleteRounds(t *testing.T) {
	t.Parallel()
	whole := write(t, sampleRun, sampleWorkload, sampleRequest, sampleRound)
	second := *sampleRequest
	second.Round = 2
	for name, rest := range map[string][]byte{
		"within a line":     write(t, &second)[:50],
		"without the round": write(t, &second),
	} {
		f, err := Read(bytes.NewReader(append(bytes.Clone(whole), rest...)))
		if err != nil || !f.Cut || f.Size != int64(len(whole)) || len(f.Requests) != 1 || len(f.Rounds) != 1 {
			t.Errorf("%s: %+v, %v", name, f, err)
		}
	}
}

func TestBadFilesAreRefused(t *testing.T) {
	t.Parallel()
	newer := *sampleRun
	newer.Format++
	wrong := *sampleRound
	wrong.Requests = 5
	foreign := *sampleRequest
	foreign.Contestant = "sqs"
	head := string(write(t, sampleRun, sampleWorkload))
	for name, c := range map[string]struct {
		content string
		want    error
	}{
		"empty":             {"", ErrFormat},
		"no run line":       {string(write(t, sampleWorkload)), ErrFormat},
		"another version":   {string(write(t, &newer)), ErrFormat},
		"not JSON":          {head + "hello\n", ErrLine},
		"unknown kind":      {head + `{"kind":"lap"}` + "\n", ErrLine},
		"unknown field":     {head + `{"kind":"round","speed":9}` + "\n", ErrLine},
		"two objects":       {head + `{"kind":"workload"}{}` + "\n", ErrLine},
		"second run":        {head + string(write(t, sampleRun)), ErrLine},
		"second workload":   {head + string(write(t, sampleWorkload)), ErrLine},
		"count is wrong":    {head + string(write(t, sampleRequest, &wrong)), ErrLine},
		"foreign request":   {head + string(write(t, &foreign, sampleRound)), ErrLine},
		"unknown workload":  {string(write(t, sampleRun, &Round{Workload: "other"})), ErrLine},
		"line without ends": {head + strings.Repeat("x", MaxLine+1), ErrLine},
	} {
		if _, err := Read(strings.NewReader(c.content)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestALineThatCouldNotBeReadIsNotWritten(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := NewWriter(&b).Write(sampleRun, &Request{Error: strings.Repeat("x", MaxLine)}); !errors.Is(err, ErrLine) || b.Len() > 0 {
		t.Errorf("%v, %d bytes written", err, b.Len())
	}
}

func TestOpenReadsCompressedFiles(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "run.ndjson.gz")
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write(write(t, sampleRun, sampleWorkload, sampleRequest, sampleRound))
	z.Close()
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path)
	if err != nil || len(f.Rounds) != 1 {
		t.Errorf("%+v, %v", f, err)
	}
}

func FuzzRead(f *testing.F) {
	var b bytes.Buffer
	if err := NewWriter(&b).Write(sampleRun, sampleWorkload, sampleRequest, sampleRound); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add(b.Bytes()[:b.Len()-9])
	f.Fuzz(func(t *testing.T, content []byte) {
		file, err := Read(bytes.NewReader(content))
		if err != nil {
			if !errors.Is(err, ErrFormat) && !errors.Is(err, ErrLine) {
				t.Errorf("unclassified error %v", err)
			}
			return
		}
		// What was accepted says the same when it is read up to its size again.
		again, err := Read(bytes.NewReader(content[:file.Size]))
		if err != nil || again.Cut || len(again.Requests) != len(file.Requests) || len(again.Rounds) != len(file.Rounds) {
			t.Errorf("again: %+v, %v", again, err)
		}
	})
}
