package driver_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/go-offload/lambda/offload/driver"
)

var (
	testKeys = driver.Keys{Current: bytes.Repeat([]byte("k"), driver.MinKeyBytes)}
	newKeys  = driver.Keys{Current: bytes.Repeat([]byte("n"), driver.MinKeyBytes), Previous: testKeys.Current}
)

func TestVerifySurvivesTheTransport(t *testing.T) {
	t.Parallel()
	e := signed(t)
	b := encode(t, e)
	var indented bytes.Buffer
	if err := json.Indent(&indented, b, " ", "\t"); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{"as sent": b, "indented": indented.Bytes()} {
		got, err := driver.Decode(text)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := testKeys.Verify(got); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The signature of data that is escaped on the wire is that of the data itself.
func TestVerifySurvivesTheEncoding(t *testing.T) {
	t.Parallel()
	e := full()
	e.Data = json.RawMessage(" { \"x y\" : \"\ufffe \uffff\" } ")
	if err := testKeys.Sign(e); err != nil {
		t.Fatal(err)
	}
	got, err := driver.Decode(encode(t, e))
	if err != nil {
		t.Fatal(err)
	}
	if err := testKeys.Verify(got); err != nil {
		t.Error(err)
	}
}

func TestKeyRotation(t *testing.T) {
	t.Parallel()
	old, current := signed(t), full()
	if err := newKeys.Sign(current); err != nil {
		t.Fatal(err)
	}
	if err := newKeys.Verify(old); err != nil {
		t.Errorf("signed with the previous key: %v", err)
	}
	if err := newKeys.Verify(current); err != nil {
		t.Errorf("signed with the current key: %v", err)
	}
	if err := testKeys.Verify(current); !errors.Is(err, driver.ErrSignature) {
		t.Errorf("a key that is not known yet: %v, want ErrSignature", err)
	}
	retired := driver.Keys{Current: newKeys.Current}
	if err := retired.Verify(old); !errors.Is(err, driver.ErrSignature) {
		t.Errorf("a key that was retired: %v, want ErrSignature", err)
	}
}

func TestVerifyRefuses(t *testing.T) {
	t.Parallel()
	e := signed(t)
	for name, c := range map[string]struct {
		signature string
		want      error
	}{
		"none":       {"", driver.ErrUnsigned},
		"zeros":      {strings.Repeat("0", 64), driver.ErrSignature},
		"first half": {e.Signature[:32], driver.ErrSignature},
		"upper case": {strings.ToUpper(e.Signature), driver.ErrSignature},
		"not hex":    {strings.Repeat("z", 64), driver.ErrSignature},
		"with more":  {e.Signature + "00", driver.ErrSignature},
	} {
		altered := *e
		altered.Signature = c.signature
		if err := testKeys.Verify(&altered); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// Moving a character from one field to the next one changes the signature.
func TestFieldsCannotRunIntoEachOther(t *testing.T) {
	t.Parallel()
	a, b := full(), full()
	a.Group, a.Deduplication = "ab", "c"
	b.Group, b.Deduplication = "a", "bc"
	if err := testKeys.Sign(a); err != nil {
		t.Fatal(err)
	}
	b.Signature = a.Signature
	if err := testKeys.Verify(b); !errors.Is(err, driver.ErrSignature) {
		t.Errorf("Verify = %v, want ErrSignature", err)
	}
}

func TestUnusableKeys(t *testing.T) {
	t.Parallel()
	short := bytes.Repeat([]byte("k"), driver.MinKeyBytes-1)
	for name, keys := range map[string]driver.Keys{
		"none":           {},
		"previous only":  {Previous: testKeys.Current},
		"short":          {Current: short},
		"short previous": {Current: testKeys.Current, Previous: short},
	} {
		e := signed(t)
		before := e.Signature
		if err := keys.Sign(e); !errors.Is(err, driver.ErrKey) || e.Signature != before {
			t.Errorf("%s: Sign = %v, want ErrKey", name, err)
		}
		if err := keys.Verify(e); !errors.Is(err, driver.ErrKey) {
			t.Errorf("%s: Verify = %v, want ErrKey", name, err)
		}
		if err := keys.Check(); !errors.Is(err, driver.ErrKey) {
			t.Errorf("%s: Check = %v, want ErrKey", name, err)
		}
	}
}

func TestKeysAreNotPrinted(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("start", "keys", newKeys)
	printed := log.String()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x", "%q"} {
		printed += fmt.Sprintf(verb, newKeys) + fmt.Sprintf(verb, &newKeys) + fmt.Sprintf(verb, []driver.Keys{newKeys})
	}
	for _, secret := range []string{"nnnn", "bm5u", "110 110", "6e6e", "0x6e"} {
		if strings.Contains(printed, secret) {
			t.Errorf("the key shows as %q in %s", secret, printed)
		}
	}
}

func BenchmarkSign(b *testing.B) {
	e := sample(b)
	b.ReportAllocs()
	for b.Loop() {
		if err := testKeys.Sign(e); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	e := sample(b)
	if err := testKeys.Sign(e); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := testKeys.Verify(e); err != nil {
			b.Fatal(err)
		}
	}
}
