package cost

import (
	"bytes"
	_ "embed" // the price data
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// Meter names something AWS counts and bills.
type Meter string

// The meters that bills are made of. Duration and provisioned concurrency have
// one for each architecture.
const (
	MeterRequests             Meter = "lambda-requests"
	MeterDurationX86          Meter = "lambda-duration-x86_64"
	MeterDurationARM64        Meter = "lambda-duration-arm64"
	MeterProvisionedX86       Meter = "lambda-provisioned-x86_64"
	MeterProvisionedARM64     Meter = "lambda-provisioned-arm64"
	MeterProvisionedRunsX86   Meter = "lambda-provisioned-duration-x86_64"
	MeterProvisionedRunsARM64 Meter = "lambda-provisioned-duration-arm64"
	MeterStorage              Meter = "lambda-storage"
	MeterStreamedBytes        Meter = "lambda-streamed-bytes"
	MeterSQSStandard          Meter = "sqs-standard"
	MeterSQSFIFO              Meter = "sqs-fifo"
	MeterEventPollerUnits     Meter = "sqs-pollers"
	MeterHTTPAPI              Meter = "apigateway-http"
	MeterRESTAPI              Meter = "apigateway-rest"
	MeterLogs                 Meter = "logs"
	maxPriceData                    = 1 << 20
	maxTiers                        = 100
	unpricedMeterAdvice             = "add it under \"rates\" in the price data"
)

func durationMeter(a Arch) Meter        { return "lambda-duration-" + Meter(a) }
func provisionedMeter(a Arch) Meter     { return "lambda-provisioned-" + Meter(a) }
func provisionedRunsMeter(a Arch) Meter { return "lambda-provisioned-duration-" + Meter(a) }

// Tier is one price step of a Rate.
type Tier struct {
	// UpTo is the unit of the month up to which the price holds, counted from
	// the first unit (free ones included). Zero in the last tier: without end.
	UpTo Quantity `json:"upTo,omitzero"`
	// Price is for Rate.Per units.
	Price USD `json:"price"`
}

// Rate is the price of one meter.
type Rate struct {
	Unit string `json:"unit"`
	// Per is the number of units that a tier's price is for: 1,000,000 for
	// "$0.20 per million".
	Per Quantity `json:"per"`
	// Free is the number of units a month that cost nothing when
	// Prices.FreeTier is set.
	Free   Quantity `json:"free,omitzero"`
	Tiers  []Tier   `json:"tiers"`
	Source string   `json:"source"`
	// Note says what is uncertain about the price; empty = read on an AWS page
	// or in AWS's price list.
	Note string `json:"note,omitempty"`
}

// Prices are the prices of one region at one date.
type Prices struct {
	AsOf   string `json:"asOf"` // YYYY-MM-DD
	Region string `json:"region"`
	// FreeTier applies Rate.Free, once for each meter. Off by default: it belongs
	// to the account, and other functions may have used it up.
	FreeTier bool           `json:"freeTier,omitempty"`
	Rates    map[Meter]Rate `json:"rates"`
}

//go:embed prices/us-east-1.json
var usEast1 []byte

var parseUSEast1 = sync.OnceValues(func() (Prices, error) { return ParsePrices(usEast1) })

// USEast1 returns the prices of US East (N. Virginia) that come with the
// package. The value is the caller's to change.
func USEast1() Prices {
	p, err := parseUSEast1()
	if err != nil {
		panic(err) // embedded data; a test parses it
	}
	return p.clone()
}

// ParsePrices reads price data in the format of prices/us-east-1.json. Unknown
// fields are errors, so that a misspelt tier cannot become a free one. Errors
// wrap ErrPrices.
func ParsePrices(data []byte) (Prices, error) {
	if len(data) > maxPriceData {
		return Prices{}, fmt.Errorf("%w: %d bytes of price data, at most %d are read", ErrPrices, len(data), maxPriceData)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	var p Prices
	if err := dec.Decode(&p); err != nil {
		return Prices{}, fmt.Errorf("%w: %w", ErrPrices, err)
	}
	if dec.More() {
		return Prices{}, fmt.Errorf("%w: something follows the JSON object", ErrPrices)
	}
	return p, p.validate()
}

func (p Prices) clone() Prices {
	p.Rates = maps.Clone(p.Rates)
	for m, r := range p.Rates {
		r.Tiers = slices.Clone(r.Tiers)
		p.Rates[m] = r
	}
	return p
}

// With returns a copy with another rate for one meter.
func (p Prices) With(m Meter, r Rate) Prices {
	p = p.clone()
	if p.Rates == nil {
		p.Rates = make(map[Meter]Rate, 1)
	}
	p.Rates[m] = r
	return p
}

func (p Prices) validate() error {
	if _, err := time.Parse(time.DateOnly, p.AsOf); err != nil {
		return fmt.Errorf("%w: asOf is %q: prices need the date they were read, as 2026-09-19", ErrPrices, p.AsOf)
	}
	for _, m := range slices.Sorted(maps.Keys(p.Rates)) {
		if err := p.Rates[m].validate(); err != nil {
			return fmt.Errorf("%w: rate %q: %w", ErrPrices, m, err)
		}
	}
	return nil
}

func (r Rate) validate() error {
	switch {
	case r.Unit == "":
		return fmt.Errorf("unit is empty")
	case r.Per.v.sign() <= 0:
		return fmt.Errorf("per is %v: it is the number of units the price is for", r.Per)
	case r.Free.v.sign() < 0:
		return fmt.Errorf("free is negative")
	case len(r.Tiers) == 0 || len(r.Tiers) > maxTiers:
		return fmt.Errorf("there are %d tiers: at least 1 and at most %d", len(r.Tiers), maxTiers)
	}
	var below Quantity
	for i, t := range r.Tiers {
		last := i == len(r.Tiers)-1
		switch {
		case t.Price.v.sign() < 0:
			return fmt.Errorf("tier %d has a negative price", i+1)
		case last && t.UpTo.v.sign() != 0:
			return fmt.Errorf("the last tier ends at %v: leave upTo out, it has no end", t.UpTo)
		case !last && t.UpTo.Cmp(below) <= 0:
			return fmt.Errorf("tier %d ends at %v, which is not above %v", i+1, t.UpTo, below)
		}
		below = t.UpTo
	}
	return nil
}

// tab meters the lines of one bill: lines of one meter share tiers and free
// units, in the order in which they are charged.
type tab struct {
	prices Prices
	used   map[Meter]rat
	items  []Item
}

func newTab(p Prices) *tab { return &tab{prices: p, used: make(map[Meter]rat)} }

// charge adds one line for each tier that the quantity touches, and none for a
// quantity of zero.
func (t *tab) charge(m Meter, line Item, q rat) error {
	if q.sign() <= 0 {
		return nil
	}
	r, ok := t.prices.Rates[m]
	if !ok {
		return fmt.Errorf("%w: no rate for %q: %s", ErrPrices, m, unpricedMeterAdvice)
	}
	if err := r.validate(); err != nil {
		return fmt.Errorf("%w: rate %q: %w", ErrPrices, m, err)
	}
	from := t.used[m]
	t.used[m] = from.add(q)

	line.Meter, line.Unit, line.Source, line.Note = m, r.Unit, r.Source, joinNotes(line.Note, r.Note)
	if free := r.Free.v; t.prices.FreeTier && from.cmp(free) < 0 {
		n := least(free.sub(from), q)
		t.items = append(t.items, line.of(n, USD{}, "free tier"))
		from, q = from.add(n), q.sub(n)
	}
	for i, tier := range r.Tiers {
		if q.sign() <= 0 {
			break
		}
		n := q
		if end := tier.UpTo.v; end.sign() != 0 {
			if from.cmp(end) >= 0 {
				continue
			}
			n = least(end.sub(from), q)
		}
		detail := ""
		if i > 0 {
			detail = fmt.Sprintf("tier %d", i+1)
		}
		t.items = append(t.items, line.of(n, USD{tier.Price.v.quo(r.Per.v)}, detail))
		from, q = from.add(n), q.sub(n)
	}
	return nil
}

func least(a, b rat) rat {
	if a.cmp(b) < 0 {
		return a
	}
	return b
}

func joinNotes(notes ...string) string {
	return strings.Join(slices.DeleteFunc(notes, func(s string) bool { return s == "" }), "; ")
}
