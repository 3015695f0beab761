package cost

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

func TestPricesSaySourceAndDoubt(t *testing.T) {
	t.Parallel()
	p := USEast1()
	for m, r := range p.Rates {
		if r.Source == "" {
			t.Errorf("%s has no source", m)
		}
	}
	for _, m := range []Meter{MeterSQSStandard, MeterSQSFIFO, MeterLogs} { // third parties only
		if p.Rates[m].Note == "" {
			t.Errorf("%s does not say that it is unconfirmed", m)
		}
	}
	for _, m := range []Meter{
		MeterRequests, MeterDurationX86, MeterDurationARM64, MeterProvisionedX86, MeterProvisionedARM64,
		MeterProvisionedRunsX86, MeterProvisionedRunsARM64, MeterStorage, MeterStreamedBytes,
		MeterSQSStandard, MeterSQSFIFO, MeterEventPollerUnits, MeterHTTPAPI, MeterRESTAPI, MeterLogs,
	} {
		if _, ok := p.Rates[m]; !ok {
			t.Errorf("%s has no price", m)
		}
	}
	b := bill(t, golden(), SQS, p)
	for _, i := range b.Items {
		if i.Kind == KindSend && !strings.Contains(i.Note, "third party") {
			t.Errorf("the bill's line does not carry the doubt: %q", i.Note)
		}
	}
}

func TestPricesAreCopies(t *testing.T) {
	t.Parallel()
	a := USEast1()
	a.Rates[MeterRequests].Tiers[0] = Tier{}
	delete(a.Rates, MeterLogs)
	b := USEast1()
	changed := b.With(MeterRequests, a.Rates[MeterRequests])
	if _, ok := b.Rates[MeterLogs]; !ok || b.Rates[MeterRequests].Tiers[0].Price.Cents() != "0.20" {
		t.Error("changing one copy of the prices changed another")
	}
	if changed.Rates[MeterRequests].Tiers[0].Price.Cents() != "0.00" {
		t.Error("With did not change the copy")
	}
}

func TestMissingPrice(t *testing.T) {
	t.Parallel()
	p := USEast1()
	delete(p.Rates, MeterSQSStandard)
	if _, err := Estimate(golden(), SQS, p); !errors.Is(err, ErrPrices) || !strings.Contains(err.Error(), string(MeterSQSStandard)) {
		t.Errorf("want ErrPrices naming the meter, got %v", err)
	}
	if _, err := Estimate(golden(), Stream, p); err != nil {
		t.Errorf("a price that is not needed was asked for: %v", err)
	}
	if _, err := Estimate(golden(), Stream, USEast1().With(MeterRequests, Rate{})); !errors.Is(err, ErrPrices) {
		t.Errorf("an empty rate: want ErrPrices, got %v", err)
	}
}

func TestParsePrices(t *testing.T) {
	t.Parallel()
	const rate = `{"asOf": "2026-01-01", "region": "r", "rates": {"m": %}}`
	for name, c := range map[string]struct{ data, says string }{
		"no date":            {`{"rates": {}}`, "asOf"},
		"misspelt field":     {`{"asOf": "2026-01-01", "rate": {}}`, "rate"},
		"two objects":        {`{"asOf": "2026-01-01"} {}`, "follows"},
		"no unit":            {strings.Replace(rate, "%", `{"per": "1", "tiers": [{"price": "1"}]}`, 1), "unit"},
		"no per":             {strings.Replace(rate, "%", `{"unit": "u", "tiers": [{"price": "1"}]}`, 1), "per"},
		"no tiers":           {strings.Replace(rate, "%", `{"unit": "u", "per": "1"}`, 1), "tiers"},
		"falling tiers":      {strings.Replace(rate, "%", `{"unit": "u", "per": "1", "tiers": [{"upTo": "2", "price": "1"}, {"upTo": "2", "price": "1"}, {"price": "1"}]}`, 1), "tier 2"},
		"tier without end":   {strings.Replace(rate, "%", `{"unit": "u", "per": "1", "tiers": [{"price": "1"}, {"price": "1"}]}`, 1), "tier 1"},
		"an end at the last": {strings.Replace(rate, "%", `{"unit": "u", "per": "1", "tiers": [{"upTo": "5", "price": "1"}]}`, 1), "last tier"},
		"negative price":     {strings.Replace(rate, "%", `{"unit": "u", "per": "1", "tiers": [{"price": "-1"}]}`, 1), "-1"},
		"a float":            {strings.Replace(rate, "%", `{"unit": "u", "per": "1", "tiers": [{"price": 0.2}]}`, 1), "price"},
		"an exponent":        {strings.Replace(rate, "%", `{"unit": "u", "per": "1", "tiers": [{"price": "1e999999999"}]}`, 1), "plain decimal"},
		"a fraction":         {strings.Replace(rate, "%", `{"unit": "u", "per": "1", "tiers": [{"price": "1/0"}]}`, 1), "plain decimal"},
		"an empty price":     {strings.Replace(rate, "%", `{"unit": "u", "per": "1", "tiers": [{"price": ""}]}`, 1), "plain decimal"},
		"41 digits":          {strings.Replace(rate, "%", `{"unit": "u", "per": "1", "tiers": [{"price": "`+strings.Repeat("1", 41)+`"}]}`, 1), "plain decimal"},
		"two dots":           {strings.Replace(rate, "%", `{"unit": "u", "per": "1", "tiers": [{"price": "1.2.3"}]}`, 1), "plain decimal"},
	} {
		_, err := ParsePrices([]byte(c.data))
		if !errors.Is(err, ErrPrices) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: want ErrPrices saying %q, got %v", name, c.says, err)
		}
	}
	if _, err := ParsePrices(make([]byte, 1<<20+1)); !errors.Is(err, ErrPrices) {
		t.Errorf("price data above a megabyte: want ErrPrices, got %v", err)
	}
}

func TestPricesRoundTrip(t *testing.T) {
	t.Parallel()
	data, err := json.Marshal(USEast1())
	if err != nil {
		t.Fatal(err)
	}
	p, err := ParsePrices(data)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := bill(t, golden(), SQS, p).Total(), bill(t, golden(), SQS, USEast1()).Total(); a.Cmp(b) != 0 {
		t.Errorf("after a round trip the bill is %s instead of %s", a, b)
	}
}

// FuzzParsePrices: data from elsewhere gives prices that can be used, or an
// error, and the bill is never negative.
func FuzzParsePrices(f *testing.F) {
	f.Add(usEast1)
	f.Add([]byte(`{"asOf":"2026-01-01","freeTier":true,"rates":{"lambda-requests":{"unit":"u","per":"0.0000001","free":"3","tiers":[{"upTo":"1","price":"9"},{"price":"1"}]}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := ParsePrices(data)
		if err != nil {
			if !errors.Is(err, ErrPrices) {
				t.Errorf("an error of no class: %v", err)
			}
			return
		}
		for _, c := range Contestants() {
			b, err := Estimate(golden(), c, p)
			if err != nil && !errors.Is(err, ErrPrices) {
				t.Errorf("%s: %v", c, err)
			}
			if b.Total().Cmp(USD{}) < 0 {
				t.Errorf("%s costs %s", c, b.Total())
			}
		}
	})
}

func TestMoneyIsPrintedAsPeopleReadIt(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"0": "$0.00", "1": "$1.00", "0.005": "$0.005", "0.0000166667": "$0.0000166667",
		"0.01": "$0.01", "12.345": "$12.35", "12.344999": "$12.34", "1234567.891": "$1234567.89",
	} {
		v, err := ParseUSD(in)
		if err != nil {
			t.Fatal(err)
		}
		if got := v.String(); got != want {
			t.Errorf("%s is printed %s, want %s", in, got, want)
		}
		text, err := v.MarshalText()
		if err != nil || string(text) != in {
			t.Errorf("%s is marshalled %s, %v", in, text, err)
		}
	}
}
