package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/go-offload/lambda/lambdatest"
)

// plan is what to run: what the command line and the config file say.
type plan struct {
	listen    string
	sqs       string // address; empty: none, unless there are queues
	queues    []*queue
	functions []*function
}

// function is one to deploy, and what leads to it.
type function struct {
	at       place
	spec     lambdatest.Function
	mappings []mapping
	gateways []lambdatest.Gateway
}

// readConfig reads a config file. Relative directories in it are relative to its own.
func readConfig(name string) (plan, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return plan{}, fmt.Errorf("config file: %w", err)
	}
	return parseConfig(name, data)
}

func parseConfig(name string, data []byte) (plan, error) {
	p := plan{listen: defaultListen}
	v, err := parseDocument(name, data)
	if err != nil {
		return p, err
	}
	err = settings{
		"listen": text(&p.listen),
		"sqs":    text(&p.sqs),
		"queues": list(func(v value) error {
			if v.kind == isText {
				v = value{place: v.place, kind: isObject, fields: []field{{"name", v}}}
			}
			q, err := readQueue(v)
			p.queues = append(p.queues, q)
			return err
		}),
		"functions": list(func(v value) error {
			f, err := readFunction(v, filepath.Dir(name))
			p.functions = append(p.functions, f)
			return err
		}),
	}.read(v)
	if err == nil && len(p.functions) == 0 {
		err = v.errorf("name at least one function under functions")
	}
	return p, err
}

func readFunction(v value, dir string) (*function, error) {
	f := &function{at: v.place}
	s := &f.spec
	err := settings{
		"name":         text(&s.Name),
		"package":      text(&s.Package),
		"command":      texts(&s.Command),
		"dir":          text(&s.Dir),
		"buildArgs":    texts(&s.BuildArgs),
		"env":          variables(&s.Env),
		"handler":      text(&s.Handler),
		"timeout":      duration(&s.Timeout),
		"initTimeout":  duration(&s.InitTimeout),
		"memory":       number(&s.MemorySize),
		"environments": number(&s.MaxEnvironments),
		"concurrency":  number(&s.EnvironmentConcurrency),
		"idle":         duration(&s.IdleTimeout),
		"url":          text(&s.URLAddr),
		"urlMode": func(v value) error {
			if err := (urlMode{&s.URLMode}).Set(v.text); err != nil {
				return v.errorf("%w", err)
			}
			return v.want(isText)
		},
		"extensions": list(func(v value) error {
			var command []string
			err := texts(&command)(v)
			s.Extensions = append(s.Extensions, command)
			return err
		}),
		"noFreeze":     truth(&s.DisableFreeze),
		"noExtensions": truth(&s.DisableExtensions),
		"async":        readAsync(&s.Async),
		"map": list(func(v value) error {
			m, err := readMapping(v)
			f.mappings = append(f.mappings, m)
			return err
		}),
		"gateways": list(func(v value) error {
			g, err := readGateway(v)
			f.gateways = append(f.gateways, g)
			return err
		}),
	}.read(v)
	if err != nil {
		return f, err
	}
	if (s.Package == "") == (len(s.Command) == 0) {
		return f, v.errorf("give it either a command or a package")
	}
	if !filepath.IsAbs(s.Dir) {
		s.Dir = filepath.Join(dir, s.Dir)
	}
	return f, nil
}

var queueReference = regexp.MustCompile(`\{queue:([^{}]*)\}`)

// resolve replaces names of queues, in destinations and, as {queue:NAME}, in environment variables.
func (f *function) resolve(qs *queues) error {
	f.spec.SQSEndpoint = qs.endpoint()
	var missing []string
	env := make(map[string]string, len(f.spec.Env))
	for name, text := range f.spec.Env {
		env[name] = queueReference.ReplaceAllStringFunc(text, func(reference string) string {
			queue := queueReference.FindStringSubmatch(reference)[1]
			if q, ok := qs.find(queue); ok {
				return q.URL()
			}
			missing = append(missing, fmt.Sprintf("environment variable %s: there is no queue %s; create it", name, queue))
			return ""
		})
	}
	f.spec.Env = env
	if len(missing) > 0 {
		return f.at.errorf("%w", errors.New(strings.Join(missing, "; ")))
	}
	return resolveAsync(&f.spec.Async, f.at, qs)
}
