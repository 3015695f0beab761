package report

import (
	"maps"
	"slices"
	"strings"

	"github.com/go-offload/lambda/benchmarks/chart"
	"github.com/go-offload/lambda/benchmarks/cost"
)

// usedMeters are those that the modelled figures are made of.
var usedMeters = []cost.Meter{cost.MeterRequests, cost.MeterDurationX86, cost.MeterSQSStandard, cost.MeterRESTAPI}

// priceSources name where the prices come from.
func (b *builder) priceSources() []Source {
	seen := make(map[string]bool)
	var out []Source
	for _, m := range usedMeters {
		if s := b.o.Prices.Rates[m].Source; s != "" && !seen[s] {
			seen[s] = true
			out = append(out, Source{Name: s, URL: firstURL(s)})
		}
	}
	return out
}

// firstURL makes a link of a source that begins with a host and a path.
func firstURL(source string) string {
	first, _, _ := strings.Cut(source, " ")
	first = strings.TrimSuffix(first, ",")
	if host, _, ok := strings.Cut(first, "/"); ok && strings.Contains(host, ".") {
		return "https://" + first
	}
	return ""
}

// priceTable lists the prices with what is uncertain about them.
func (b *builder) priceTable() *Table {
	t := &Table{Head: []string{"Meter", "Price", "For", "Source", "Note"}}
	for _, m := range slices.Sorted(maps.Keys(b.o.Prices.Rates)) {
		if !slices.Contains(usedMeters, m) {
			continue
		}
		r := b.o.Prices.Rates[m]
		t.Rows = append(t.Rows, []Value{
			{Text: string(m)},
			{Text: "$" + strings.TrimPrefix(r.Tiers[0].Price.String(), "$")},
			{Text: chart.Count(r.Per.Float64()) + " " + plural(r.Unit, r.Per.Float64())},
			{Text: r.Source, Source: &Source{r.Source, firstURL(r.Source)}},
			{Text: r.Note},
		})
	}
	return t
}

func plural(unit string, n float64) string {
	if n == 1 || unit != "request" {
		return unit
	}
	return unit + "s"
}
