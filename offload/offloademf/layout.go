package offloademf

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"time"
)

// layout is what all lines have in common, encoded once.
type layout struct {
	directive []byte // from the namespace to the beginning of the metrics' definitions
	values    []byte // the dimensions' own members
	counts    [counts][]byte
	times     [times][]byte
}

func newLayout(o *Options) layout {
	names := slices.Sorted(maps.Keys(o.Dimensions))
	sets := [][]string{names}
	if o.ByTask {
		sets = append(sets, append(slices.Clone(names), memberTask))
	}
	var l layout
	l.directive = append(l.directive, `{"Namespace":`...)
	l.directive = append(l.directive, encode(o.Namespace)...)
	l.directive = append(l.directive, `,"Dimensions":`...)
	l.directive = append(l.directive, encode(sets)...)
	l.directive = append(l.directive, `,"Metrics":[`...)
	for _, name := range names {
		l.values = append(l.values, ',')
		l.values = append(l.values, encode(name)...)
		l.values = append(l.values, ':')
		l.values = append(l.values, encode(o.Dimensions[name])...)
	}
	for i := range l.counts {
		l.counts[i] = []byte(`{"Name":"` + metricNames[i] + `","Unit":"Count"}`)
	}
	for i := range l.times {
		l.times[i] = []byte(`{"Name":"` + metricNames[counts+i] + `","Unit":"Milliseconds"}`)
	}
	return l
}

// encode marshals strings and lists of them, which always succeeds.
func encode(v any) []byte {
	out, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return out
}

// render gives the line, with its newline.
func (l *layout) render(k key, of *line) []byte {
	out := make([]byte, 0, 1024)
	out = append(out, `{"_aws":{"Timestamp":`...)
	out = strconv.AppendInt(out, of.at.UnixMilli(), 10)
	out = append(out, `,"CloudWatchMetrics":[`...)
	out = append(out, l.directive...)
	comma := false
	define := func(definition []byte, present bool) {
		if !present {
			return
		}
		if comma {
			out = append(out, ',')
		}
		comma = true
		out = append(out, definition...)
	}
	for i, n := range of.counts {
		define(l.counts[i], n > 0)
	}
	for i, values := range of.times {
		define(l.times[i], len(values) > 0)
	}
	out = append(out, `]}]}`...)
	out = append(out, l.values...)
	if k.task != "" {
		out = append(out, `,"`+memberTask+`":`...)
		out = append(out, encode(k.task)...)
	}
	if k.request != "" {
		out = append(out, `,"`+memberRequest+`":`...)
		out = append(out, encode(k.request)...)
	}
	for i, n := range of.counts {
		if n > 0 {
			out = appendMember(out, metricNames[i])
			out = strconv.AppendInt(out, int64(n), 10)
		}
	}
	for i, values := range of.times {
		if len(values) > 0 {
			out = appendMember(out, metricNames[counts+i])
			out = appendTimes(out, values)
		}
	}
	return append(out, '}', '\n')
}

func appendMember(out []byte, name string) []byte {
	out = append(out, ',', '"')
	out = append(out, name...)
	return append(out, '"', ':')
}

// appendTimes writes milliseconds with three places: a number, or an array of several.
func appendTimes(out []byte, values []time.Duration) []byte {
	if len(values) > 1 {
		out = append(out, '[')
	}
	for i, d := range values {
		if i > 0 {
			out = append(out, ',')
		}
		out = strconv.AppendFloat(out, float64(d.Round(time.Microsecond))/float64(time.Millisecond), 'f', -1, 64)
	}
	if len(values) > 1 {
		out = append(out, ']')
	}
	return out
}
