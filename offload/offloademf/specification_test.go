package offloademf_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// document is a line in the form of the specification. Members that it does not know are an error where the
// specification forbids them.
type document struct {
	metrics    map[string][]float64
	units      map[string]string
	namespace  string
	sets       [][]string
	dimensions map[string]string
	properties map[string]json.RawMessage // everything at the root
}

var (
	namespaceForm = regexp.MustCompile(`^[0-9A-Za-z.\-_/#:]{1,255}$`)
	unitForm      = regexp.MustCompile(`^(Seconds|Microseconds|Milliseconds|Bytes|Kilobytes|Megabytes|Gigabytes|Terabytes|Bits|Kilobits|Megabits|Gigabits|Terabits|Percent|Count|None)$`)
)

// parse holds a line to "Specification: Embedded metric format" (Amazon CloudWatch User Guide) and to the
// rules of the CloudWatch API for what is in it.
func parse(line []byte) (*document, error) {
	if len(line) == 0 || line[len(line)-1] != '\n' || strings.Count(string(line), "\n") != 1 {
		return nil, fmt.Errorf("not one line: %q", line)
	}
	if len(line) > 256<<10 {
		return nil, fmt.Errorf("%d bytes", len(line))
	}
	var root map[string]json.RawMessage
	if err := json.Unmarshal(line, &root); err != nil {
		return nil, err
	}
	type definition struct{ Name, Unit string }
	var meta struct {
		Timestamp         int64
		CloudWatchMetrics []struct {
			Namespace  string
			Dimensions [][]string
			Metrics    []definition
		}
	}
	dec := json.NewDecoder(strings.NewReader(string(root["_aws"])))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&meta); err != nil {
		return nil, fmt.Errorf("_aws: %w", err)
	}
	if at := time.UnixMilli(meta.Timestamp); at.Year() < 2000 || at.Year() > 2100 {
		return nil, fmt.Errorf("timestamp %d is not in milliseconds", meta.Timestamp)
	}
	if len(meta.CloudWatchMetrics) != 1 {
		return nil, fmt.Errorf("%d directives", len(meta.CloudWatchMetrics))
	}
	directive := meta.CloudWatchMetrics[0]
	d := &document{
		metrics: map[string][]float64{}, units: map[string]string{}, namespace: directive.Namespace, sets: directive.Dimensions,
		dimensions: map[string]string{}, properties: root,
	}
	if !namespaceForm.MatchString(directive.Namespace) {
		return nil, fmt.Errorf("namespace %q", directive.Namespace)
	}
	if n := len(directive.Metrics); n < 1 || n > 100 {
		return nil, fmt.Errorf("%d metrics", n)
	}
	if len(directive.Dimensions) < 1 {
		return nil, fmt.Errorf("no dimension set")
	}
	for _, set := range directive.Dimensions {
		if len(set) > 30 {
			return nil, fmt.Errorf("%d dimensions in a set", len(set))
		}
		for _, name := range set {
			var value string
			if err := json.Unmarshal(root[name], &value); err != nil || value == "" || len(value) > 1024 || len(name) > 255 {
				return nil, fmt.Errorf("dimension %q is %s: %w", name, root[name], err)
			}
			d.dimensions[name] = value
		}
	}
	for _, m := range directive.Metrics {
		if _, twice := d.metrics[m.Name]; twice || d.dimensions[m.Name] != "" || m.Name == "" || len(m.Name) > 255 {
			return nil, fmt.Errorf("metric name %q", m.Name)
		}
		if !unitForm.MatchString(m.Unit) {
			return nil, fmt.Errorf("unit %q", m.Unit)
		}
		var one float64
		var many []float64
		if json.Unmarshal(root[m.Name], &one) == nil {
			many = []float64{one}
		} else if err := json.Unmarshal(root[m.Name], &many); err != nil || len(many) < 1 || len(many) > 100 {
			return nil, fmt.Errorf("metric %q is %.80s: %w", m.Name, root[m.Name], err)
		}
		d.metrics[m.Name], d.units[m.Name] = many, m.Unit
	}
	return d, nil
}
