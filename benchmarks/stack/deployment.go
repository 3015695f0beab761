package stack

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"slices"

	"github.com/go-offload/lambda/benchmarks/cost"
)

// Deployment says where the contestants are on AWS. It is a JSON file:
//
//	{"contestants": {
//	  "stream": {"url": "https://….lambda-url.us-east-1.on.aws/", "log_group": "/aws/lambda/bench-stream"},
//	  "sqs": {"url": "…", "log_group": "…", "worker_log_group": "/aws/lambda/bench-worker"}
//	}}
type Deployment struct {
	Contestants map[cost.Contestant]Place `json:"contestants"`
}

// Place is one contestant's part of a Deployment.
type Place struct {
	URL            string `json:"url"`                        // of the function, or of the REST API
	LogGroup       string `json:"log_group"`                  // of the function
	WorkerLogGroup string `json:"worker_log_group,omitempty"` // of the worker, for those who send
}

// ErrDeployment is wrapped by errors about a deployment's file.
var ErrDeployment = errors.New("deployment")

// maxDeployment bounds the file, in bytes.
const maxDeployment = 64 << 10

// ReadDeployment reads the file. The error wraps ErrDeployment, or is the file system's.
func ReadDeployment(path string) (*Deployment, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	raw, err := io.ReadAll(io.LimitReader(f, maxDeployment))
	if err != nil {
		return nil, err
	}
	var d Deployment
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&d); err != nil {
		return nil, fmt.Errorf("%w %s: %w", ErrDeployment, path, err)
	}
	for c, p := range d.Contestants {
		if err := p.check(c); err != nil {
			return nil, fmt.Errorf("%w %s: contestant %q: %w", ErrDeployment, path, c, err)
		}
	}
	if len(d.Contestants) == 0 {
		return nil, fmt.Errorf("%w %s: it names no contestant", ErrDeployment, path)
	}
	return &d, nil
}

func (p Place) check(c cost.Contestant) error {
	if _, err := cost.ParseContestant(string(c)); err != nil {
		return err
	}
	if u, err := url.Parse(p.URL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("url %q is not the URL of a function", p.URL)
	}
	if p.LogGroup == "" {
		return errors.New("log_group is missing: REPORT lines and marks are read from it")
	}
	if sends(c) != (p.WorkerLogGroup != "") {
		return errors.New("worker_log_group is for those who send tasks, and they need it")
	}
	return nil
}

// sends reports whether tasks may run in a worker.
func sends(c cost.Contestant) bool {
	return slices.Contains([]cost.Contestant{cost.Invoke, cost.SQS, cost.SQSAfter, cost.ExtensionSQS}, c)
}

// Names lists the contestants that are deployed, in the order of the reports.
func (d *Deployment) Names() []cost.Contestant {
	return slices.DeleteFunc(cost.Contestants(), func(c cost.Contestant) bool {
		_, there := d.Contestants[c]
		return !there
	})
}
