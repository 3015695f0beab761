package offload_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/go-offload/lambda/offload"
	"github.com/go-offload/lambda/offload/driver"
)

func TestSigning(t *testing.T) {
	t.Parallel()
	oldKey, newKey := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)
	sign := func(key []byte) func(*driver.Envelope) {
		return func(e *driver.Envelope) {
			if err := (driver.Keys{Current: key}).Sign(e); err != nil {
				t.Fatal(err)
			}
		}
	}
	f := wrap(t, &post{}, noHandler(t), offload.WithSigningKeys(driver.Keys{Current: newKey, Previous: oldKey}))
	altered := bytes.Replace(workEnvelope(t, "altered", "", sign(newKey)), []byte(`"offloadattempt":0`), []byte(`"offloadattempt":1`), 1)
	for name, c := range map[string]struct {
		body []byte
		want error
	}{
		"current":  {workEnvelope(t, "current", "", sign(newKey)), nil},
		"previous": {workEnvelope(t, "previous", "", sign(oldKey)), nil},
		"unsigned": {workEnvelope(t, "unsigned", ""), driver.ErrUnsigned},
		"another":  {workEnvelope(t, "another", "", sign(bytes.Repeat([]byte{3}, 32))), driver.ErrSignature},
		"altered":  {altered, driver.ErrSignature},
	} {
		if _, err := f.call(t.Context(), c.body); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		want := []string{}
		if c.want != nil {
			want = []string{"m"}
		}
		if got := f.failures(t, sqsEvent(false, message{id: "m", body: string(c.body)})); !slices.Equal(got, want) {
			t.Errorf("%s: failed %v, want %v", name, got, want)
		}
	}
	ran := doneIn(t)
	slices.Sort(ran)
	if want := []string{"current", "current", "previous", "previous"}; !slices.Equal(ran, want) {
		t.Errorf("ran %v, want %v", ran, want)
	}

	// What leaves is signed with the current key, also on a task's way on.
	if _, err := f.call(t.Context(), workEnvelope(t, "a", "nest", sign(oldKey))); err != nil {
		t.Fatal(err)
	}
	sent, err := driver.Decode(f.post.take()[0].Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := (driver.Keys{Current: newKey}).Verify(sent); err != nil {
		t.Errorf("sent: %v", err)
	}
}

func TestSigningKeysFromEnvironment(t *testing.T) {
	key := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, 32))
	for name, c := range map[string]struct{ current, previous, want string }{
		"none":          {"", "", ""},
		"current":       {key, "", ""},
		"both":          {key, key, ""},
		"only previous": {"", key, "the current key has 0 bytes"},
		"no base64":     {"secret!", "", "OFFLOAD_SIGNING_KEY is not standard base64"},
		"previous":      {key, "secret!", "OFFLOAD_SIGNING_KEY_PREVIOUS is not standard base64"},
		"short":         {"c2hvcnQ=", "", "openssl rand -base64 32"},
	} {
		t.Setenv("OFFLOAD_SIGNING_KEY", c.current)
		t.Setenv("OFFLOAD_SIGNING_KEY_PREVIOUS", c.previous)
		_, err := offload.Wrap(func(context.Context) {}, offload.WithStrategies(&post{}))
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.want != "" && (!errors.Is(err, offload.ErrConfig) || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v, want it to say %q", name, err, c.want)
		case err != nil && strings.Contains(err.Error(), "secret"):
			t.Errorf("%s: the error shows the key: %v", name, err)
		}
	}
}
