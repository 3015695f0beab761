package headerfield

import "testing"

func TestValidName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{"Content-Type": true, "x_1.~!": true, "": false, "a b": false, "a\r\nb": false, "a:b": false, "ä": false, "a\x7f": false} {
		if ValidName(name) != want {
			t.Errorf("%q", name)
		}
	}
}

func TestValue(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{" a\t": "a", "a\r\nSet-Cookie: b": "a  Set-Cookie: b", "ä": "ä"} {
		if got := Value(value); got != want {
			t.Errorf("%q: %q, want %q", value, got, want)
		}
	}
}
