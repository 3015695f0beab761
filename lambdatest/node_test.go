package lambdatest_test

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-offload/lambda/lambdatest"
)

func nodejs(t *testing.T) string {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("no node in PATH")
	}
	return node
}

// A runtime in another language, that knows nothing of aws-lambda-go's ways.
func TestNode(t *testing.T) {
	t.Parallel()
	l := lambdatest.Start(t, lambdatest.Function{
		Command: []string{nodejs(t), "testdata/node/bootstrap.js"}, InitTimeout: time.Minute, Timeout: time.Minute,
	})
	type output struct {
		Event map[string]any
		Ticks int
		Node  bool
	}
	res := succeed(t, l, map[string]bool{"tick": true})
	if out := decode[output](t, res.Payload); !out.Node || out.Event["tick"] != true {
		t.Errorf("%s", res.Payload)
	}
	if r := report(t, l, res); r.Duration <= 0 || !r.ColdStart {
		t.Errorf("%+v", r)
	}
	if !l.Environments()[0].Frozen {
		t.Error("not frozen")
	}
	res = invoke(t, l, map[string]string{"fail": "no stock"})
	if f := failed(t, res); f != (failure{"no stock", "TypeError"}) {
		t.Errorf("%+v", f)
	}
	if r := report(t, l, res); r.ErrorType != "Function.TypeError" {
		t.Errorf("%+v", r)
	}
	if n := len(l.Environments()); n != 1 {
		t.Errorf("%d environments", n)
	}
}

// installRIC builds the client in a temporary folder. Newer versions of npm run a package's scripts only when told to,
// older ones do not know the command that tells them.
func installRIC(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	npm := func(args ...string) error {
		cmd := exec.CommandContext(t.Context(), "npm", args...)
		cmd.Dir = folder
		out, err := cmd.CombinedOutput()
		t.Logf("npm %s: %v\n%s", strings.Join(args, " "), err, out)
		return err
	}
	if err := npm("install", "--ignore-scripts", "--no-audit", "--no-fund", "aws-lambda-ric@3.3.0"); err != nil {
		t.Fatal(err)
	}
	_ = npm("install-scripts", "approve", "aws-lambda-ric")
	if err := npm("rebuild", "--foreground-scripts", "aws-lambda-ric"); err != nil {
		t.Fatal(err)
	}
	return folder
}

// AWS's own runtime client for Node.js. Its package builds natively, which takes cmake, autoconf, automake, libtool, a
// C++ compiler and about two minutes, so this is on request only.
func TestNodeRuntimeInterfaceClient(t *testing.T) {
	t.Parallel()
	if os.Getenv("OFFLOAD_TEST_NODE") == "" {
		t.Skip("set OFFLOAD_TEST_NODE=1 to build aws-lambda-ric with npm and run it, " +
			"and OFFLOAD_TEST_NODE_RIC to a folder that has it in node_modules to save the build")
	}
	node := nodejs(t)
	folder := os.Getenv("OFFLOAD_TEST_NODE_RIC")
	if folder == "" {
		folder = installRIC(t)
	}
	handlers, err := filepath.Abs("testdata/noderic")
	if err != nil {
		t.Fatal(err)
	}
	deploy := func(t *testing.T, handler string, mode lambdatest.URLMode) *lambdatest.Lambda {
		t.Helper()
		return lambdatest.Start(t, lambdatest.Function{
			Command: []string{node, filepath.Join(folder, "node_modules/aws-lambda-ric/bin/index.mjs"), handler},
			Dir:     handlers, Handler: handler, URLMode: mode, InitTimeout: time.Minute, Timeout: time.Minute,
		})
	}
	t.Run("buffered", func(t *testing.T) {
		t.Parallel()
		l := deploy(t, "handler.echo", lambdatest.Buffered)
		for range 3 {
			res := succeed(t, l, map[string]int{"n": 1})
			contains(t, string(res.Payload), `"node":true`)
			report(t, l, res)
			if !l.Environments()[0].Frozen {
				t.Error("not frozen")
			}
		}
		res := invoke(t, l, map[string]string{"fail": "no stock"})
		if f := failed(t, res); f != (failure{"no stock", "TypeError"}) {
			t.Errorf("%+v", f)
		}
		if n := len(l.Environments()); n != 1 {
			t.Errorf("%d environments", n)
		}
	})
	t.Run("streamed", func(t *testing.T) {
		t.Parallel()
		l := deploy(t, "handler.stream", lambdatest.ResponseStream)
		page := get(t, newRequest(t, http.MethodGet, l.URL(), ""))
		if page.StatusCode != http.StatusAccepted || string(page.body) != "onetwo" || page.Header.Get("Set-Cookie") != "s=1" {
			t.Errorf("%d %v %s", page.StatusCode, page.Header, page.body)
		}
		res, err := http.DefaultClient.Do(newRequest(t, http.MethodGet, l.URL()+"fail", ""))
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		if body, err := io.ReadAll(res.Body); err == nil || !strings.HasPrefix(string(body), "one") {
			t.Errorf("%q %v: the client must notice the error", body, err)
		}
	})
}
