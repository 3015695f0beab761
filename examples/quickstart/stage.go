package main

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/go-offload/lambda/lambdatest"
)

// function is the import path of the function that is shown.
const function = "github.com/go-offload/lambda/examples/quickstart/function"

// stage is what the scenarios play on: the local Lambda, the partner that is called,
// and a folder for the audit rows.
type stage struct {
	service *lambdatest.Service
	partner *partner
	dir     string
}

// newStage builds the function and starts everything around it.
func newStage(ctx context.Context, screen *screen) (_ *stage, err error) {
	done := screen.progress("building the function")
	if err := build(ctx); err != nil {
		done(false)
		return nil, err
	}
	done(true)

	st := &stage{}
	defer func() {
		if err != nil {
			st.close()
		}
	}()
	if st.dir, err = os.MkdirTemp("", "quickstart-"); err != nil {
		return nil, err
	}
	if st.partner, err = newPartner(ctx); err != nil {
		return nil, err
	}
	st.service, err = lambdatest.New(nil) // the service lives until close, whatever becomes of ctx
	return st, err
}

// build compiles the function ahead of its deployments, which find it built.
func build(ctx context.Context) error {
	if out, err := exec.CommandContext(ctx, "go", "list", function).CombinedOutput(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("cannot find the function's source from this directory (%w):\n%s\nRun the quickstart inside a clone of the repository, with go in the PATH:\n  cd lambda && go run ./examples/quickstart", err, bytes.TrimSpace(out))
	}
	_, err := lambdatest.Build(ctx, "", function)
	return err
}

// deploy makes the function available with the scenario's environment.
func (st *stage) deploy(ctx context.Context, s scenario) (*lambdatest.Lambda, error) {
	env := maps.Clone(s.env)
	env["AUDIT_FILE"] = st.auditFile(s)
	env["WEBHOOK_URL"] = st.partner.url
	return st.service.Deploy(ctx, lambdatest.Function{
		Name:    "orders-" + s.name,
		Package: function,
		Env:     env,
		Timeout: 10 * time.Second,
	})
}

func (st *stage) auditFile(s scenario) string { return filepath.Join(st.dir, s.name+".log") }

// delivered checks at the receiving ends that the work was really done, once.
func (st *stage) delivered(s scenario, order string) error {
	rows, err := os.ReadFile(st.auditFile(s))
	if err != nil {
		return err
	}
	if n := bytes.Count(rows, []byte("order "+order+" ")); n != 1 {
		return fmt.Errorf("order %s has %d audit rows, not 1", order, n)
	}
	if n := st.partner.received(order); n != 1 {
		return fmt.Errorf("the webhook was called %d times for order %s, not once", n, order)
	}
	return nil
}

// close ends all processes and removes the files.
func (st *stage) close() {
	if st.service != nil {
		_ = st.service.Close()
	}
	if st.partner != nil {
		st.partner.close()
	}
	if st.dir != "" {
		_ = os.RemoveAll(st.dir)
	}
}
