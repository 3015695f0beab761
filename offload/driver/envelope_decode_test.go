package driver_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/go-offload/lambda/offload/driver"
)

// members are the parts of a valid envelope, one a line, for tests that replace
// one of them.
var members = []string{
	`"specversion":"1.0"`,
	`"offloadversion":1`,
	`"id":"1"`,
	`"source":"urn:offload:f"`,
	`"type":"t"`,
	`"time":"2026-11-22T10:30:00Z"`,
	`"datacontenttype":"application/json"`,
	`"offloadattempt":0`,
	`"offloadhops":1`,
	`"data":{}`,
}

// with returns the envelope in which the member of the same name is replaced; a
// member of a new name is added.
func with(member string) string {
	name, _, _ := strings.Cut(member, ":")
	var result []string
	found := false
	for _, m := range members {
		if strings.HasPrefix(m, name+":") {
			m, found = member, true
		}
		result = append(result, m)
	}
	if !found {
		result = append(result, member)
	}
	return "{" + strings.Join(result, ",") + "}"
}

func TestDecodeTakesAnyOrderAndSpace(t *testing.T) {
	t.Parallel()
	want, err := driver.Decode([]byte("{" + strings.Join(members, ",") + "}"))
	if err != nil {
		t.Fatal(err)
	}
	reversed := make([]string, len(members))
	for i, m := range members {
		reversed[len(members)-1-i] = strings.Replace(m, ":", " :\t", 1)
	}
	got, err := driver.Decode([]byte(" \r\n{\n" + strings.Join(reversed, "\t,\r\n") + "\n}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestDecodeResolvesEscapes(t *testing.T) {
	t.Parallel()
	e, err := driver.Decode([]byte(with(`"type":"\u0061\"\\\/\u00E9\ud83D\uDE00é"`)))
	if err != nil {
		t.Fatal(err)
	}
	if want := `a"\/é😀é`; e.Task != want {
		t.Errorf("Task = %q, want %q", e.Task, want)
	}
}

func TestDecodeTakesOtherTimeZones(t *testing.T) {
	t.Parallel()
	e, err := driver.Decode([]byte(with(`"time":"2026-11-22T10:30:00.5+02:00"`)))
	if err != nil {
		t.Fatal(err)
	}
	if got := e.Time.String(); got != "2026-11-22 08:30:00.5 +0000 UTC" {
		t.Errorf("Time = %s", got)
	}
}

func TestDecodeCompactsData(t *testing.T) {
	t.Parallel()
	e, err := driver.Decode([]byte(with(`"data": { "a b" : [ 1 , "\" \\" ],` + "\n\t" + `"c":"  "}`)))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(e.Data), `{"a b":[1,"\" \\"],"c":"  "}`; got != want {
		t.Errorf("Data = %s, want %s", got, want)
	}
}

func TestDecodeKeepsNothingOfItsInput(t *testing.T) {
	t.Parallel()
	b := encode(t, full())
	e, err := driver.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	clear(b)
	if !reflect.DeepEqual(e, full()) {
		t.Errorf("the envelope changed with the buffer: %+v", e)
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	valid := "{" + strings.Join(members, ",") + "}"
	if _, err := driver.Decode([]byte(valid)); err != nil {
		t.Fatal(err)
	}
	cases := map[string]string{
		"nothing":                    ``,
		"null":                       `null`,
		"array":                      `[` + valid + `]`,
		"string":                     `"specversion offloadversion"`,
		"empty object":               `{}`,
		"byte order mark":            "\ufeff" + valid,
		"two values":                 valid + valid,
		"trailing bytes":             valid + "x",
		"NUL at the end":             valid + "\x00",
		"truncated":                  valid[:len(valid)-1],
		"truncated in a name":        `{"specversion":"1.0","offloadversion":1,"sou`,
		"comma at the end":           strings.TrimSuffix(valid, "}") + ",}",
		"comma at the start":         "{," + valid[1:],
		"two commas":                 strings.Replace(valid, ",", ",,", 1),
		"no comma":                   strings.Replace(valid, `,"id"`, ` "id"`, 1),
		"no colon":                   strings.Replace(valid, `"id":`, `"id" `, 1),
		"name without quotes":        strings.Replace(valid, `"id":`, `id:`, 1),
		"unknown attribute":          with(`"comexample":"x"`),
		"unknown attribute of ours":  with(`"offloadpriority":1`),
		"attribute of CloudEvents":   with(`"subject":"x"`),
		"data_base64":                with(`"data_base64":"e30="`),
		"other case":                 strings.Replace(valid, `"id"`, `"ID"`, 1),
		"escaped name":               strings.Replace(valid, `"id"`, `"\u0069d"`, 1),
		"invalid UTF-8 in data":      with("\"data\":\"\xff\""),
		"invalid UTF-8 in task":      with("\"type\":\"\xc3\x28\""),
		"invalid JSON in data":       with(`"data":{"a":}`),
		"mismatched brackets":        with(`"data":{"a":[1}]`),
		"word as data":               with(`"data":undefined`),
		"number of JavaScript":       with(`"data":NaN`),
		"leading zero in data":       with(`"data":01`),
		"control character in data":  with("\"data\":\"a\x01\""),
		"deep nesting":               with(`"data":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000)),
		"empty value":                with(`"data":`),
		"null ID":                    with(`"id":null`),
		"number as ID":               with(`"id":1`),
		"empty ID":                   with(`"id":""`),
		"escaped to nothing":         with(`"id":"\`),
		"long ID":                    with(`"id":"` + strings.Repeat("x", 101) + `"`),
		"long ID in escapes":         with(`"id":"` + strings.Repeat(`\u0078`, 101) + `"`),
		"very long ID":               with(`"id":"` + strings.Repeat("x", 100_000) + `"`),
		"escaped newline":            with(`"id":"a\nb"`),
		"escaped NUL":                with(`"type":"a\u0000b"`),
		"raw NUL":                    with("\"type\":\"a\x00b\""),
		"raw newline":                with("\"type\":\"a\nb\""),
		"half a surrogate pair":      with(`"type":"\ud83d"`),
		"half a pair and text":       with(`"type":"\ud83d\u0041"`),
		"low half first":             with(`"type":"\ude00\ud83d"`),
		"escape of three digits":     with(`"type":"\u004"`),
		"escape without digits":      with(`"type":"\u00zz"`),
		"unknown escape":             with(`"type":"\x41"`),
		"relative source":            with(`"source":"f"`),
		"other specversion":          with(`"specversion":"0.3"`),
		"number as specversion":      with(`"specversion":1.0`),
		"version 0":                  with(`"offloadversion":0`),
		"version with leading zero":  with(`"offloadversion":01`),
		"negative version":           with(`"offloadversion":-1`),
		"version as string":          with(`"offloadversion":"1"`),
		"version with exponent":      with(`"offloadversion":1e0`),
		"version with fraction":      with(`"offloadversion":1.0`),
		"version above 32 bits":      with(`"offloadversion":2147483648`),
		"version of many digits":     with(`"offloadversion":` + strings.Repeat("9", 10_000)),
		"null version":               with(`"offloadversion":null`),
		"attempt above 32 bits":      with(`"offloadattempt":4294967296`),
		"attempt above 64 bits":      with(`"offloadattempt":18446744073709551616`),
		"attempt -0":                 with(`"offloadattempt":-0`),
		"timeout 0":                  with(`"offloadtimeout":0`),
		"timeout negative":           with(`"offloadtimeout":-1`),
		"timeout above 32 bits":      with(`"offloadtimeout":2147483648`),
		"timeout as a string":        with(`"offloadtimeout":"1s"`),
		"attempt 1.0":                with(`"offloadattempt":1.0`),
		"attempt true":               with(`"offloadattempt":true`),
		"no hops":                    with(`"offloadhops":0`),
		"date as time":               with(`"time":"2026-11-22"`),
		"time without zone":          with(`"time":"2026-11-22T10:30:00"`),
		"time with a comma":          with(`"time":"2026-11-22T10:30:00,5Z"`),
		"ten digits of a second":     with(`"time":"2026-11-22T10:30:00.1234567891Z"`),
		"point without digits":       with(`"time":"2026-11-22T10:30:00.Z"`),
		"lower-case zone":            with(`"time":"2026-11-22T10:30:00z"`),
		"zone of 24 hours":           with(`"time":"2026-11-22T10:30:00+24:00"`),
		"hour of one digit":          with(`"time":"2026-11-22T1:30:00Z"`),
		"hour 24":                    with(`"time":"2026-11-22T24:00:00Z"`),
		"the zero time":              with(`"time":"0001-01-01T00:00:00Z"`),
		"before the year 1 in UTC":   with(`"time":"0001-01-01T00:00:00+02:00"`),
		"after the year 9999 in UTC": with(`"time":"9999-12-31T23:59:59-02:00"`),
		"number as time":             with(`"time":1700000000`),
		"other content type":         with(`"datacontenttype":"text/plain"`),
		"content type and parameter": with(`"datacontenttype":"application/json; charset=utf-8"`),
		"empty group":                with(`"offloadgroup":""`),
		"null group":                 with(`"offloadgroup":null`),
		"space in group":             with(`"offloadgroup":"a b"`),
		"empty signature":            with(`"offloadsignature":""`),
		"other signature":            with(`"offloadsignature":"sha256=00"`),
		"bad trace parent":           with(`"traceparent":"00-1-1-1"`),
		"the zero time, not before":  with(`"offloadnotbefore":"0001-01-01T00:00:00Z"`),
	}
	for i, m := range members {
		name, _, _ := strings.Cut(m, ":")
		rest := append(append([]string{}, members[:i]...), members[i+1:]...)
		cases["without "+name] = "{" + strings.Join(rest, ",") + "}"
		cases["twice "+name] = "{" + strings.Join(members, ",") + "," + m + "}"
	}
	for name, text := range cases {
		e, err := driver.Decode([]byte(text))
		if !errors.Is(err, driver.ErrMalformed) || e != nil {
			t.Errorf("%s: Decode = %+v, %v, want ErrMalformed", name, e, err)
			continue
		}
		if len(err.Error()) > 300 {
			t.Errorf("%s: the error repeats its input: %d bytes", name, len(err.Error()))
		}
	}
}

func TestDecodeRefusesNewerVersions(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"otherwise the same": with(`"offloadversion":2`),
		"other attributes":   `{"specversion":"2.0","offloadversion":2147483647,"offloadpriority":"high"}`,
		"other order":        `{"offloadpriority":[1,{"x":"}"}],"data":"\"","offloadversion":17,"specversion":"1.0"}`,
	} {
		_, err := driver.Decode([]byte(text))
		if !errors.Is(err, driver.ErrVersion) || errors.Is(err, driver.ErrMalformed) {
			t.Errorf("%s: Decode returned %v, want ErrVersion", name, err)
		}
		if !driver.Sniff([]byte(text)) {
			t.Errorf("%s: Sniff sends it to the handler", name)
		}
	}
	_, err := driver.Decode([]byte(with(`"offloadversion":17`)))
	if msg := err.Error(); !strings.Contains(msg, "version 17") || !strings.Contains(msg, "version 1:") {
		t.Errorf("the error does not name both versions: %s", msg)
	}
}

// A hand-written decoder must agree with the one of the standard library about
// what the bytes mean.
func sameMeaning(t *testing.T, b []byte, e *driver.Envelope) {
	t.Helper()
	var m map[string]json.RawMessage
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatalf("Decode accepts what is not JSON (%v): %q", err, b)
	}
	for name, got := range map[string]string{
		"id": e.ID, "source": e.Source, "type": e.Task, "traceparent": e.TraceParent,
		"offloadgroup": e.Group, "offloaddeduplication": e.Deduplication, "offloadsignature": e.Signature,
	} {
		var want string
		if raw, ok := m[name]; ok {
			if err := json.Unmarshal(raw, &want); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		if got != want {
			t.Errorf("%s = %q, encoding/json reads %q", name, got, want)
		}
		delete(m, name)
	}
	for name, got := range map[string]int{
		"offloadattempt": e.Attempt, "offloadhops": e.Hops, "offloadversion": driver.EnvelopeVersion,
	} {
		var want int
		if err := json.Unmarshal(m[name], &want); err != nil || got != want {
			t.Errorf("%s = %d, encoding/json reads %d (%v)", name, got, want, err)
		}
		delete(m, name)
	}
	if raw, ok := m["offloadtimeout"]; ok || e.Timeout != 0 {
		var want int
		if err := json.Unmarshal(raw, &want); err != nil || e.Timeout != time.Duration(want)*time.Millisecond {
			t.Errorf("offloadtimeout = %v, encoding/json reads %d (%v)", e.Timeout, want, err)
		}
		delete(m, "offloadtimeout")
	}
	var got, want bytes.Buffer
	if json.Compact(&got, e.Data) != nil || json.Compact(&want, m["data"]) != nil {
		t.Fatalf("data is not JSON: %q", e.Data)
	}
	if !bytes.Equal(got.Bytes(), e.Data) {
		t.Errorf("data is not compact: %q", e.Data)
	}
	var gotValue, wantValue any
	if errGot, errWant := json.Unmarshal(got.Bytes(), &gotValue), json.Unmarshal(want.Bytes(), &wantValue); (errGot == nil) != (errWant == nil) || !reflect.DeepEqual(gotValue, wantValue) {
		t.Errorf("data = %q, encoding/json reads %q", &got, &want)
	}
	for _, name := range []string{"data", "time", "offloadnotbefore", "specversion", "datacontenttype"} {
		delete(m, name)
	}
	for name := range m {
		t.Errorf("Decode ignores %q", name)
	}
}
