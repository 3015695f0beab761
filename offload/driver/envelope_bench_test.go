package driver_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/go-offload/lambda/offload/driver"
)

// wire is what a program without a hand-written encoder would marshal.
type wire struct {
	SpecVersion     string          `json:"specversion"`
	Version         int             `json:"offloadversion"`
	ID              string          `json:"id"`
	Source          string          `json:"source"`
	Type            string          `json:"type"`
	Time            time.Time       `json:"time"`
	DataContentType string          `json:"datacontenttype"`
	Attempt         int             `json:"offloadattempt"`
	Hops            int             `json:"offloadhops"`
	TraceParent     string          `json:"traceparent,omitempty"`
	NotBefore       time.Time       `json:"offloadnotbefore,omitzero"`
	Timeout         int             `json:"offloadtimeout,omitempty"`
	Group           string          `json:"offloadgroup,omitempty"`
	Deduplication   string          `json:"offloaddeduplication,omitempty"`
	Signature       string          `json:"offloadsignature,omitempty"`
	Data            json.RawMessage `json:"data"`
}

// sample is an envelope of about 1 kB.
func sample(b *testing.B) *driver.Envelope {
	b.Helper()
	type line struct {
		SKU   string  `json:"sku"`
		Name  string  `json:"name"`
		Count int     `json:"count"`
		Price float64 `json:"price"`
	}
	lines := make([]line, 8)
	for i := range lines {
		lines[i] = line{SKU: "SKU-0001", Name: "A thing with a name", Count: i, Price: 12.5}
	}
	data, err := json.Marshal(map[string]any{"order": "A-1042", "lines": lines})
	if err != nil {
		b.Fatal(err)
	}
	e := full()
	e.Data, e.Signature = data, ""
	return e
}

func BenchmarkEncode(b *testing.B) {
	e := sample(b)
	b.Run("AppendJSON", func(b *testing.B) {
		buffer := make([]byte, 0, 2048)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := e.AppendJSON(buffer); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("json.Marshal", func(b *testing.B) {
		w := wire{
			"1.0", 1, e.ID, e.Source, e.Task, e.Time, "application/json", e.Attempt, e.Hops,
			e.TraceParent, e.NotBefore, int(e.Timeout / time.Millisecond), e.Group, e.Deduplication, e.Signature, e.Data,
		}
		b.ReportAllocs()
		for b.Loop() {
			if _, err := json.Marshal(&w); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	text := encode(b, sample(b))
	b.Run("Decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := driver.Decode(text); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("json.Unmarshal", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var w wire
			if err := json.Unmarshal(text, &w); err != nil {
				b.Fatal(err)
			}
		}
	})
}
