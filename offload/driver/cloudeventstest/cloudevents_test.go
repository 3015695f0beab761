// Package cloudeventstest holds envelopes to what the SDK of the CloudEvents project
// makes of them.
package cloudeventstest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"

	"github.com/go-offload/lambda/offload/driver"
)

func TestSDKReadsEnvelopes(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../testdata/envelope/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files (%v)", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			e, err := driver.Decode(text)
			if err != nil {
				t.Fatal(err)
			}
			var ce event.Event
			if err := json.Unmarshal(text, &ce); err != nil {
				t.Fatalf("the SDK cannot read it: %v", err)
			}
			if err := ce.Validate(); err != nil {
				t.Fatalf("the SDK finds it invalid: %v", err)
			}
			compare(t, ce, e)
		})
	}
}

// What the SDK writes has another order of members, and is an envelope still.
func TestDecodeReadsWhatTheSDKWrites(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../testdata/envelope/signed.json")
	if err != nil {
		t.Fatal(err)
	}
	want, err := driver.Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	var ce event.Event
	if err := json.Unmarshal(text, &ce); err != nil {
		t.Fatal(err)
	}
	rewritten, err := json.MarshalIndent(ce, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if !driver.Sniff(rewritten) {
		t.Errorf("Sniff does not know it: %s", rewritten)
	}
	got, err := driver.Decode(rewritten)
	if err != nil {
		t.Fatalf("%v: %s", err, rewritten)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("\n got %+v\nwant %+v", got, want)
	}
	keys := driver.Keys{Current: []byte("kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk")}
	if err := keys.Verify(got); err != nil {
		t.Errorf("the signature is lost: %v", err)
	}
}

// A program's own CloudEvents go to its handler.
func TestSniffLeavesOthersAlone(t *testing.T) {
	t.Parallel()
	ce := event.New()
	ce.SetID("1")
	ce.SetSource("urn:offload:checkout")
	ce.SetType("offloadversion")
	ce.SetSubject("offloadversion")
	ce.SetExtension("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	if err := ce.SetData(event.ApplicationJSON, map[string]any{"offloadversion": 1, "specversion": "1.0"}); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(ce)
	if err != nil {
		t.Fatal(err)
	}
	if driver.Sniff(text) {
		t.Errorf("taken for an envelope: %s", text)
	}
}

func compare(t *testing.T, ce event.Event, e *driver.Envelope) {
	t.Helper()
	equal := func(what string, got, want any) {
		t.Helper()
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: the SDK reads %#v, want %#v", what, got, want)
		}
	}
	equal("specversion", ce.SpecVersion(), "1.0")
	equal("id", ce.ID(), e.ID)
	equal("source", ce.Source(), e.Source)
	equal("type", ce.Type(), e.Task)
	equal("time", ce.Time().UTC(), e.Time)
	equal("datacontenttype", ce.DataContentType(), event.ApplicationJSON)
	equal("data", string(ce.Data()), string(e.Data))

	extensions := ce.Extensions()
	expect := func(name string, want any, set bool) {
		t.Helper()
		got, ok := extensions[name]
		if ok != set {
			t.Errorf("%s: there is %t, want %t", name, ok, set)
		} else if ok {
			equal(name, got, want)
		}
		delete(extensions, name)
	}
	expect("offloadversion", int32(driver.EnvelopeVersion), true)
	expect("offloadattempt", int32(e.Attempt), true)
	expect("offloadhops", int32(e.Hops), true)
	expect("traceparent", e.TraceParent, e.TraceParent != "")
	expect("offloadnotbefore", e.NotBefore.Format(time.RFC3339Nano), !e.NotBefore.IsZero())
	expect("offloadtimeout", int32(e.Timeout/time.Millisecond), e.Timeout != 0)
	expect("offloadgroup", e.Group, e.Group != "")
	expect("offloaddeduplication", e.Deduplication, e.Deduplication != "")
	expect("offloadsignature", e.Signature, e.Signature != "")
	for name := range extensions {
		t.Errorf("the SDK reads an extension attribute that is none of ours: %s", name)
	}
}
