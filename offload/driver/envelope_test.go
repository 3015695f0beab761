package driver_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/go-offload/lambda/offload/driver"
)

var update = flag.Bool("update", false, "write the golden files anew")

// plain has the required attributes only, full has all.
func plain() *driver.Envelope {
	return &driver.Envelope{
		ID:     "01JD7ZK3N5T8Q2W4E6R8Y0V1XB",
		Source: "arn:aws:lambda:eu-central-1:123456789012:function:checkout:live",
		Task:   "send-receipt",
		Time:   time.Date(2026, 11, 22, 10, 30, 0, 123456789, time.UTC),
		Data:   json.RawMessage(`{"order":"A-1042","lines":[1,2.50,-3e2],"note":null}`),
		Hops:   1,
	}
}

func full() *driver.Envelope {
	e := plain()
	e.Attempt = 2
	e.Hops = 3
	e.TraceParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	e.NotBefore = time.Date(2026, 11, 22, 11, 0, 0, 0, time.UTC)
	e.Timeout = 1500 * time.Millisecond
	e.Group = "customer-77"
	e.Deduplication = "receipt/A-1042"
	e.Signature = strings.Repeat("0123456789abcdef", 4)
	return e
}

func encode(tb testing.TB, e *driver.Envelope) []byte {
	tb.Helper()
	b, err := e.AppendJSON(nil)
	if err != nil {
		tb.Fatalf("AppendJSON: %v", err)
	}
	return b
}

func golden(tb testing.TB, name string) []byte {
	tb.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "envelope", name+".json"))
	if err != nil {
		tb.Fatal(err)
	}
	return bytes.TrimSuffix(b, []byte("\n"))
}

func signed(tb testing.TB) *driver.Envelope {
	tb.Helper()
	e := full()
	if err := testKeys.Sign(e); err != nil {
		tb.Fatal(err)
	}
	return e
}

// The files are what other programs, and older versions of this one, have on
// their queues: a change here needs a new EnvelopeVersion.
func TestGolden(t *testing.T) {
	t.Parallel()
	escapes := plain()
	escapes.ID = `a"b\c/d`
	escapes.Task = `größe "Ω" \ 収 ` + "\U0001F600"
	escapes.Source = "urn:offload:check%20out"
	escapes.Time = time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", 2*60*60))
	escapes.Data = json.RawMessage("\"\\u003c\ufffe\uffff\ufffd\ufffc😀\"")

	for name, e := range map[string]*driver.Envelope{
		"plain":   plain(),
		"full":    full(),
		"signed":  signed(t),
		"escapes": escapes,
	} {
		got := encode(t, e)
		if *update {
			if err := os.WriteFile(filepath.Join("testdata", "envelope", name+".json"), append(got, '\n'), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if want := golden(t, name); !bytes.Equal(got, want) {
			t.Errorf("%s: the wire format changed\n got %s\nwant %s", name, got, want)
		}
		if !json.Valid(got) {
			t.Errorf("%s: not valid JSON: %s", name, got)
		}
	}
}

func TestEveryFieldSurvives(t *testing.T) {
	t.Parallel()
	for name, e := range map[string]*driver.Envelope{"plain": plain(), "full": full()} {
		got, err := driver.Decode(encode(t, e))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !reflect.DeepEqual(got, e) {
			t.Errorf("%s:\n got %+v\nwant %+v", name, got, e)
		}
	}
}

// A field that is added to the struct and forgotten in the encoder, the decoder or
// the signature fails here.
func TestNoFieldIsForgotten(t *testing.T) {
	t.Parallel()
	value := reflect.ValueOf(*full())
	for i := range value.NumField() {
		field := value.Type().Field(i).Name
		if value.Field(i).IsZero() {
			t.Fatalf("full() does not set %s", field)
		}
		altered := signed(t)
		switch f := reflect.ValueOf(altered).Elem().Field(i); f.Interface().(type) {
		case string:
			f.SetString(alternatives[field])
		case int:
			f.SetInt(f.Int() + 1)
		case time.Duration:
			f.SetInt(f.Int() + int64(time.Millisecond))
		case time.Time:
			f.Set(reflect.ValueOf(f.Interface().(time.Time).Add(time.Nanosecond)))
		case json.RawMessage:
			f.Set(reflect.ValueOf(json.RawMessage(`{"order":"A-1043"}`)))
		default:
			t.Fatalf("%s has a type that this test does not know", field)
		}
		got, err := driver.Decode(encode(t, altered))
		if err != nil {
			t.Fatalf("%s: %v", field, err)
		}
		if !reflect.DeepEqual(got, altered) {
			t.Errorf("%s does not survive the wire", field)
		}
		if err := testKeys.Verify(got); !errors.Is(err, driver.ErrSignature) {
			t.Errorf("with another %s Verify returned %v, want ErrSignature", field, err)
		}
	}
}

var alternatives = map[string]string{
	"ID":            "another",
	"Source":        "urn:offload:another",
	"Task":          "another",
	"TraceParent":   "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00",
	"Group":         "another",
	"Deduplication": "another",
	"Signature":     strings.Repeat("0", 64),
}

func TestAppendJSONAppends(t *testing.T) {
	t.Parallel()
	b, err := plain().AppendJSON([]byte("prefix"))
	if err != nil || string(b) != "prefix"+string(encode(t, plain())) {
		t.Errorf("AppendJSON = %s, %v", b, err)
	}
	broken := plain()
	broken.Hops = 0
	if b, err := broken.AppendJSON([]byte("prefix")); err == nil || string(b) != "prefix" {
		t.Errorf("after an error AppendJSON returned %q, %v", b, err)
	}
}

func TestAppendJSONRefuses(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 513)
	for name, breakIt := range map[string]func(e *driver.Envelope){
		"no ID":                   func(e *driver.Envelope) { e.ID = "" },
		"long ID":                 func(e *driver.Envelope) { e.ID = long[:101] },
		"space in ID":             func(e *driver.Envelope) { e.ID = "a b" },
		"non-ASCII ID":            func(e *driver.Envelope) { e.ID = "é" },
		"DEL in ID":               func(e *driver.Envelope) { e.ID = "a\x7f" },
		"no source":               func(e *driver.Envelope) { e.Source = "" },
		"long source":             func(e *driver.Envelope) { e.Source = "urn:" + long[:509] },
		"relative source":         func(e *driver.Envelope) { e.Source = "checkout" },
		"source without a scheme": func(e *driver.Envelope) { e.Source = ":checkout" },
		"digit before the scheme": func(e *driver.Envelope) { e.Source = "1urn:checkout" },
		"space in source":         func(e *driver.Envelope) { e.Source = "urn:a b" },
		"backslash in source":     func(e *driver.Envelope) { e.Source = `urn:a\b` },
		"bracket in source":       func(e *driver.Envelope) { e.Source = "urn:a[b" },
		"percent at the end":      func(e *driver.Envelope) { e.Source = "urn:a%4" },
		"percent and no digits":   func(e *driver.Envelope) { e.Source = "urn:%\x10\x11" },
		"no task":                 func(e *driver.Envelope) { e.Task = "" },
		"long task":               func(e *driver.Envelope) { e.Task = long[:257] },
		"NUL in task":             func(e *driver.Envelope) { e.Task = "a\x00b" },
		"C1 control in task":      func(e *driver.Envelope) { e.Task = "a\u0085b" },
		"noncharacter in task":    func(e *driver.Envelope) { e.Task = "a\ufdd0b" },
		"last of a plane in task": func(e *driver.Envelope) { e.Task = "a\U0001ffffb" },
		"invalid UTF-8 in task":   func(e *driver.Envelope) { e.Task = "a\xffb" },
		"no time":                 func(e *driver.Envelope) { e.Time = time.Time{} },
		"year 10000":              func(e *driver.Envelope) { e.Time = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
		"year 0":                  func(e *driver.Envelope) { e.Time = time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC) },
		"year 10000 not before":   func(e *driver.Envelope) { e.NotBefore = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
		"negative attempt":        func(e *driver.Envelope) { e.Attempt = -1 },
		"large attempt":           func(e *driver.Envelope) { e.Attempt = math.MaxInt32 + 1 },
		"negative timeout":        func(e *driver.Envelope) { e.Timeout = -time.Millisecond },
		"half a millisecond":      func(e *driver.Envelope) { e.Timeout = 1500 * time.Microsecond },
		"timeout of a month":      func(e *driver.Envelope) { e.Timeout = driver.MaxTimeout + time.Millisecond },
		"no hop":                  func(e *driver.Envelope) { e.Hops = 0 },
		"many hops":               func(e *driver.Envelope) { e.Hops = math.MaxInt32 + 1 },
		"group with a newline":    func(e *driver.Envelope) { e.Group = "a\nb" },
		"long group":              func(e *driver.Envelope) { e.Group = long[:129] },
		"long deduplication":      func(e *driver.Envelope) { e.Deduplication = long[:129] },
		"short signature":         func(e *driver.Envelope) { e.Signature = "00" },
		"upper-case signature":    func(e *driver.Envelope) { e.Signature = strings.Repeat("A", 64) },
		"no data":                 func(e *driver.Envelope) { e.Data = nil },
		"short trace parent":      func(e *driver.Envelope) { e.TraceParent = "00-00" },
		"trace parent of zeros":   func(e *driver.Envelope) { e.TraceParent = "00-" + strings.Repeat("0", 32) + "-00f067aa0ba902b7-01" },
		"parent of zeros": func(e *driver.Envelope) {
			e.TraceParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01"
		},
		"upper-case trace parent": func(e *driver.Envelope) {
			e.TraceParent = "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"
		},
		"trace parent of version 00 with more": func(e *driver.Envelope) {
			e.TraceParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more"
		},
		"trace parent of version ff": func(e *driver.Envelope) {
			e.TraceParent = "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
		},
		"underscores in the trace parent": func(e *driver.Envelope) {
			e.TraceParent = "00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01"
		},
	} {
		e := plain()
		breakIt(e)
		if b, err := e.AppendJSON(nil); !errors.Is(err, driver.ErrMalformed) {
			t.Errorf("%s: AppendJSON = %s, %v, want ErrMalformed", name, b, err)
		}
	}
}

func TestAppendJSONTakesTheExtremes(t *testing.T) {
	t.Parallel()
	e := full()
	e.ID = strings.Repeat("~", driver.MaxIDBytes)
	e.Source = "urn:" + strings.Repeat("x", driver.MaxSourceBytes-4)
	e.Task = strings.Repeat("é", driver.MaxTaskBytes/2)
	e.Time = time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC)
	e.NotBefore = time.Date(1, 1, 1, 0, 0, 0, 1, time.UTC)
	e.Attempt, e.Hops = math.MaxInt32, math.MaxInt32
	e.TraceParent = "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-" + strings.Repeat("x", driver.MaxTraceParentBytes-56)
	e.Timeout = driver.MaxTimeout
	e.Group = strings.Repeat("!", driver.MaxGroupBytes)
	e.Deduplication = strings.Repeat(`"`, driver.MaxDeduplicationBytes)
	e.Data = json.RawMessage("null")
	got, err := driver.Decode(encode(t, e))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, e) {
		t.Errorf(" got %+v\nwant %+v", got, e)
	}
}

func TestSizeLimitIsExact(t *testing.T) {
	t.Parallel()
	e := plain()
	e.Data = json.RawMessage(`""`)
	room := driver.MaxEnvelopeBytes - len(encode(t, e))
	e.Data = json.RawMessage(`"` + strings.Repeat("x", room) + `"`)
	largest := encode(t, e)
	if len(largest) != driver.MaxEnvelopeBytes {
		t.Fatalf("%d bytes", len(largest))
	}
	if _, err := driver.Decode(largest); err != nil {
		t.Errorf("Decode of the largest: %v", err)
	}
	if !driver.Sniff(largest) {
		t.Error("Sniff does not know the largest")
	}
	if _, err := driver.Decode(append(largest, ' ')); !errors.Is(err, driver.ErrTooLarge) {
		t.Errorf("Decode of one byte more = %v, want ErrTooLarge", err)
	}
	e.Data = json.RawMessage(`"` + strings.Repeat("x", room+1) + `"`)
	if _, err := e.AppendJSON(make([]byte, 10)); !errors.Is(err, driver.ErrTooLarge) {
		t.Errorf("AppendJSON of one byte more = %v, want ErrTooLarge", err)
	}
}

// SQS takes the characters of XML 1.0 only: #x9, #xA, #xD, #x20 to #xD7FF,
// #xE000 to #xFFFD and #x10000 to #x10FFFF.
func TestNothingThatSQSRefuses(t *testing.T) {
	t.Parallel()
	var everything strings.Builder
	for r := range rune(0x10ffff + 1) {
		if r < 0x3000 || r > 0xd7f0 && r < 0xe010 || r > 0xfdc0 && r < 0x10010 || r&0xffff > 0xfffc {
			everything.WriteRune(r)
		}
	}
	data, err := json.Marshal(everything.String())
	if err != nil {
		t.Fatal(err)
	}
	e := plain()
	e.Data = data
	b := encode(t, e)
	for i, r := range string(b) {
		if r != '\t' && r != '\n' && r != '\r' && (r < 0x20 || r == 0xfffe || r == 0xffff) {
			t.Fatalf("the body contains %U at byte %d", r, i)
		}
	}
	decoded, err := driver.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	var got string
	if err := json.Unmarshal(decoded.Data, &got); err != nil || got != everything.String() {
		t.Errorf("the data changed on the way (%v)", err)
	}
}
