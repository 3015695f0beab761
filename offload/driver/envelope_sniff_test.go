package driver_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/go-offload/lambda/offload/driver"
)

func TestSniff(t *testing.T) {
	t.Parallel()
	envelope := string(encode(t, full()))
	quoted, err := json.Marshal(envelope)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		event string
		want  bool
	}{
		"ours":                        {envelope, true},
		"ours, indented":              {"\n  " + strings.ReplaceAll(envelope, `,"`, ",\n  \""), true},
		"ours, keys sorted":           {`{"data":{"a":["}",{"b":"\\\""}]},"id":"1","offloadversion":1,"source":"urn:x","specversion":"1.0"}`, true},
		"ours, version first":         {`{"offloadversion":1,"specversion":"1.0"}`, true},
		"ours, cut off":               {envelope[:len(envelope)/2], true},
		"nothing":                     {``, false},
		"null":                        {`null`, false},
		"number":                      {`1`, false},
		"string":                      {string(quoted), false},
		"array of ours":               {`[` + envelope + `]`, false},
		"empty object":                {`{}`, false},
		"API Gateway with ours":       {`{"version":"2.0","routeKey":"$default","body":` + string(quoted) + `}`, false},
		"SQS event of ours":           {`{"Records":[{"body":` + string(quoted) + `}]}`, false},
		"destination record of ours":  {`{"version":"1.0","requestPayload":` + envelope + `}`, false},
		"somebody's CloudEvent":       {`{"specversion":"1.0","id":"1","source":"/x","type":"t","data":{}}`, false},
		"CloudEvent with our data":    {`{"specversion":"1.0","id":"1","source":"/x","type":"t","data":` + envelope + `}`, false},
		"CloudEvent, our text":        {`{"specversion":"1.0","id":"\",\"offloadversion\":1,\"","source":"/x","type":"t"}`, false},
		"CloudEvent, other extension": {`{"specversion":"1.0","comexample":1,"offloadversion":1}`, false},
		"without specversion":         {`{"offloadversion":1,"id":"1"}`, false},
		"version as string":           {`{"specversion":"1.0","offloadversion":"1"}`, false},
		"version as object":           {`{"specversion":"1.0","offloadversion":{"offloadversion":1}}`, false},
		"specversion as number":       {`{"specversion":1.0,"offloadversion":1}`, false},
		"escaped name":                {`{"specversion":"1.0","offloadversio\u006e":1}`, false},
		"unfinished string":           {`{"specversion":"1.0","id":"` + strings.Repeat("x", 1000), false},
		"unfinished nesting":          {`{"specversion":"1.0","data":` + strings.Repeat("[", 1000), false},
		"an object that is too large": {`{"specversion":"1.0","offloadversion":1,"data":"` + strings.Repeat("x", driver.MaxEnvelopeBytes) + `"}`, false},
	} {
		if got := driver.Sniff([]byte(c.event)); got != c.want {
			t.Errorf("%s: Sniff = %t, want %t", name, got, c.want)
		}
	}
}

// The events of AWS services stop Sniff at their first member.
func BenchmarkSniff(b *testing.B) {
	large := `{"version":"2.0","body":"` + strings.Repeat("x", 6<<20) + `"}`
	records := `{"Records":[{"body":"` + strings.Repeat("x", 900_000) + `"}]}`
	foreign := `{"specversion":"1.0","id":"1","source":"/x","type":"t","data":["` + strings.Repeat(`x\n`, 300_000) + `"]}`
	for name, event := range map[string][]byte{
		"envelope":            encode(b, full()),
		"http-6MB":            []byte(large),
		"sqs-900kB":           []byte(records),
		"own-cloudevent-900k": []byte(foreign),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				driver.Sniff(event)
			}
		})
	}
}
