package sqstest_test

import (
	"bufio"
	"context"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestFauxqs runs the suite against fauxqs, the npm package that comes nearest to SQS,
// as a second opinion: a behaviour on which two implementations agree is less likely
// to be one author's misreading. Where they differ, the table says why.
func TestFauxqs(t *testing.T) {
	if os.Getenv("OFFLOAD_TEST_FAUXQS") != "1" {
		t.Skip("set OFFLOAD_TEST_FAUXQS=1 to compare with npm's fauxqs 1.9.2 (needs Node 20, npm and its registry; takes about 20 s)")
	}
	url := startFauxqs(t)
	client := &http.Client{Transport: sqsCodes{&http.Transport{MaxIdleConnsPerHost: 16}}}
	t.Cleanup(client.CloseIdleConnections)

	var mu sync.Mutex
	differ := map[string]string{}
	var wg sync.WaitGroup
	places := make(chan struct{}, 16)
	for i, b := range suite() {
		if b.long {
			continue
		}
		wg.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			rec := &recorder{TB: t}
			done := make(chan struct{})
			go func() { // recorder.Fatalf ends this goroutine
				defer close(done)
				defer func() {
					if p := recover(); p != nil { // an answer lacks what the test takes for granted
						rec.Error("panic: ", p)
					}
				}()
				b.run(env{
					TB: rec, client: newClientOf(url, client), prefix: fmt.Sprintf("b%d-", i),
					// Real time, and a little more than asked: both sides have clocks of their own.
					pass: func(d time.Duration) { <-time.After(d + 100*time.Millisecond) },
				})
			}()
			<-done
			if said := rec.said(); said != "" {
				mu.Lock()
				differ[b.name] = said
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for _, name := range slices.Sorted(maps.Keys(differ)) {
		if why := fauxqsDifferences[name]; why != "" {
			t.Logf("%s: %s", name, why)
			continue
		}
		t.Errorf("%s: fauxqs differs, and the table does not say why:\n%s", name, differ[name])
	}
	for _, name := range slices.Sorted(maps.Keys(fauxqsDifferences)) {
		if differ[name] == "" {
			t.Errorf("%s: the table says that fauxqs differs; it does not", name)
		}
	}
}

// startFauxqs installs fauxqs for this test and returns its URL.
func startFauxqs(t *testing.T) string {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("no node in PATH")
	}
	npm, err := exec.LookPath("npm")
	if err != nil {
		t.Skip("no npm in PATH")
	}
	dir := t.TempDir()
	install := exec.CommandContext(t.Context(), npm, "install", "--no-audit", "--no-fund", "--prefix", dir, "fauxqs@1.9.2")
	install.Dir = dir
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("npm install fauxqs: %v\n%s", err, out)
	}
	script := filepath.Join(dir, "serve.mjs")
	// Its other starters listen on every interface.
	const source = `import { buildApp } from "fauxqs";
const app = buildApp({ logger: false });
console.log(await app.listen({ host: "127.0.0.1", port: 0 }));
`
	if err := os.WriteFile(script, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	// Not t.Context, which ends before cleanups: the process must outlive the connections.
	ctx, stop := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, node, script)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		_ = cmd.Wait() // killed, which is the only way it ends
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("fauxqs did not start: %v", err)
	}
	return strings.TrimSpace(line)
}

// sqsCodes corrects the one difference that every error would show: in the
// x-amzn-query-error header fauxqs gives all codes the prefix AWS.SimpleQueueService,
// which SQS gives to some (awsQueryError in the service model) and not to these.
type sqsCodes struct{ *http.Transport }

func (t sqsCodes) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := t.Transport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	code := resp.Header.Get("x-amzn-query-error")
	for _, bare := range []string{"InvalidParameterValue", "MissingParameter"} {
		code = strings.Replace(code, "AWS.SimpleQueueService."+bare+";", bare+";", 1)
	}
	code = strings.Replace(code, "AWS.SimpleQueueService.QueueNameExists;", "QueueAlreadyExists;", 1)
	resp.Header.Set("x-amzn-query-error", code)
	return resp, nil
}

// recorder is a test whose failures are kept instead of reported.
type recorder struct {
	testing.TB
	mu   sync.Mutex
	text []string
}

func (r *recorder) said() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.text, "\n")
}

func (r *recorder) Helper() {}

func (r *recorder) Errorf(format string, args ...any) { r.Error(fmt.Sprintf(format, args...)) }

func (r *recorder) Error(args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.text = append(r.text, fmt.Sprint(args...))
}

func (r *recorder) Fatalf(format string, args ...any) { r.Fatal(fmt.Sprintf(format, args...)) }

func (r *recorder) Fatal(args ...any) {
	r.Error(args...)
	runtime.Goexit()
}
