package cost

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"
)

// places is the number of decimals kept of a float and of a printed quantity.
const places = 12

// rat is an immutable rational number. The zero value is 0.
type rat struct{ r *big.Rat }

func whole(n int64) rat                { return rat{new(big.Rat).SetInt64(n)} }
func ratio(n, d int64) rat             { return rat{big.NewRat(n, d)} }
func ofInt(n *big.Int) rat             { return rat{new(big.Rat).SetInt(n)} }
func seconds(d time.Duration) rat      { return ratio(int64(d), int64(time.Second)) }
func milliseconds(d time.Duration) rat { return ratio(int64(d), int64(time.Millisecond)) }

// decimal reads a float as the decimal a person wrote: 0.1 is one tenth.
func decimal(f float64) rat {
	r, ok := new(big.Rat).SetString(strconv.FormatFloat(f, 'f', places, 64))
	if !ok { // NaN or infinite: validation refuses those before.
		return rat{}
	}
	return rat{r}
}

func (a rat) get() *big.Rat {
	if a.r == nil {
		return new(big.Rat)
	}
	return a.r
}
func (a rat) add(b rat) rat   { return rat{new(big.Rat).Add(a.get(), b.get())} }
func (a rat) sub(b rat) rat   { return rat{new(big.Rat).Sub(a.get(), b.get())} }
func (a rat) mul(b rat) rat   { return rat{new(big.Rat).Mul(a.get(), b.get())} }
func (a rat) div(n int64) rat { return rat{new(big.Rat).Quo(a.get(), big.NewRat(n, 1))} }
func (a rat) quo(b rat) rat   { return rat{new(big.Rat).Quo(a.get(), b.get())} }
func (a rat) cmp(b rat) int   { return a.get().Cmp(b.get()) }
func (a rat) sign() int       { return a.get().Sign() }
func (a rat) float() float64  { f, _ := a.get().Float64(); return f }

// text is the shortest decimal of at most n places, rounded half away from zero.
func (a rat) text(n int) string {
	s := a.get().FloatString(n)
	if strings.Contains(s, ".") {
		s = strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
	}
	return s
}

// parseDecimal accepts a plain non-negative decimal of up to 40 characters. No
// exponents and no fractions: "1e1000000000" would cost a gigabyte to hold.
func parseDecimal(s string) (rat, error) {
	if s == "" || len(s) > 40 || strings.Trim(s, "0123456789.") != "" {
		return rat{}, fmt.Errorf("%q is not a plain decimal number such as 0.0000166667", s)
	}
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		return rat{}, fmt.Errorf("%q is not a plain decimal number such as 0.0000166667", s)
	}
	return rat{r}, nil
}

// USD is an exact, immutable amount of US dollars. The zero value is no money.
// Compare with Cmp, not with ==.
type USD struct{ v rat }

// ParseUSD reads a plain decimal such as "0.0000166667". It wraps ErrPrices.
func ParseUSD(s string) (USD, error) {
	v, err := parseDecimal(s)
	if err != nil {
		return USD{}, fmt.Errorf("%w: %w", ErrPrices, err)
	}
	return USD{v}, nil
}

// Add returns a + b.
func (a USD) Add(b USD) USD { return USD{a.v.add(b.v)} }

// Sub returns a - b, which may be negative.
func (a USD) Sub(b USD) USD { return USD{a.v.sub(b.v)} }

// Cmp returns -1, 0 or +1 for a < b, a == b and a > b.
func (a USD) Cmp(b USD) int { return a.v.cmp(b.v) }

// Float64 is the nearest float64, for plots.
func (a USD) Float64() float64 { return a.v.float() }

// Cents is the amount to the cent, half a cent rounded away from zero: "12.35".
func (a USD) Cents() string { return a.v.get().FloatString(2) }

// String is the amount to the cent with a dollar sign; amounts below a cent,
// such as unit prices, are given in full.
func (a USD) String() string {
	if a.v.sign() != 0 && a.v.get().Cmp(big.NewRat(1, 100)) < 0 && a.v.get().Cmp(big.NewRat(-1, 100)) > 0 {
		return "$" + a.v.text(places)
	}
	return "$" + a.Cents()
}

// MarshalText gives a plain decimal of at most twelve places.
func (a USD) MarshalText() ([]byte, error) { return []byte(a.v.text(places)), nil }

// UnmarshalText reads what ParseUSD reads.
func (a *USD) UnmarshalText(b []byte) error {
	v, err := ParseUSD(string(b))
	if err == nil {
		*a = v
	}
	return err
}

// Quantity is an exact, immutable number of units: requests, GB-seconds,
// gigabytes. The zero value is none.
type Quantity struct{ v rat }

// ParseQuantity reads a plain decimal. It wraps ErrPrices.
func ParseQuantity(s string) (Quantity, error) {
	v, err := parseDecimal(s)
	if err != nil {
		return Quantity{}, fmt.Errorf("%w: %w", ErrPrices, err)
	}
	return Quantity{v}, nil
}

// Cmp returns -1, 0 or +1 for a < b, a == b and a > b.
func (a Quantity) Cmp(b Quantity) int { return a.v.cmp(b.v) }

// Float64 is the nearest float64, for plots.
func (a Quantity) Float64() float64 { return a.v.float() }

// String is a decimal of at most three places.
func (a Quantity) String() string { return a.v.text(3) }

// grouped prints a number that is not negative with a comma between thousands.
func grouped(number any) string {
	text := fmt.Sprint(number)
	whole, _, _ := strings.Cut(text, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// MarshalText gives a plain decimal of at most twelve places.
func (a Quantity) MarshalText() ([]byte, error) { return []byte(a.v.text(places)), nil }

// UnmarshalText reads what ParseQuantity reads.
func (a *Quantity) UnmarshalText(b []byte) error {
	v, err := ParseQuantity(string(b))
	if err == nil {
		*a = v
	}
	return err
}
