package chart

import (
	"fmt"
	"image/color"
	"maps"
	"slices"
	"strings"
)

// Scheme gives each role a colour.
type Scheme map[Role]color.RGBA

// Light is the scheme for a light ground, and of every PNG.
func Light() Scheme {
	return Scheme{
		Paper: hex(0xffffff), Ink: hex(0x1b1f24), Muted: hex(0x57606a), Grid: hex(0xdde1e6), Alarm: hex(0xa40e26),
		Waits: hex(0xa86a00), Loses: hex(0xcf1f2e), Gateway: hex(0x6e7781), Sends: hex(0x0b62c4),
		Keeps: hex(0x00875a), Chains: hex(0xb5389b), Handler: hex(0x39424e),
	}
}

// Dark is the scheme for a dark ground.
func Dark() Scheme {
	return Scheme{
		Paper: hex(0x12161c), Ink: hex(0xe8ecf1), Muted: hex(0xa3adb9), Grid: hex(0x2d343e), Alarm: hex(0xff9a91),
		Waits: hex(0xf0a830), Loses: hex(0xff6a5c), Gateway: hex(0x8f99a5), Sends: hex(0x5aa9ff),
		Keeps: hex(0x2fc79a), Chains: hex(0xee8fd2), Handler: hex(0xcbd3dc),
	}
}

func hex(v uint32) color.RGBA {
	return color.RGBA{R: uint8(v >> 16), G: uint8(v >> 8), B: uint8(v), A: 0xff}
}

// variables is the scheme as CSS custom properties.
func (s Scheme) variables() string {
	var b strings.Builder
	for _, role := range slices.Sorted(maps.Keys(s)) {
		c := s[role]
		fmt.Fprintf(&b, "--%s:#%02x%02x%02x;", role, c.R, c.G, c.B)
	}
	return b.String()
}

// CSS is the style of every drawing: both schemes, chosen by the reader's
// prefers-color-scheme, as custom properties of the elements that the selector
// names.
func CSS(selector string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s{%s}\n", selector, Light().variables())
	fmt.Fprintf(&b, "@media (prefers-color-scheme:dark){%s{%s}}\n", selector, Dark().variables())
	b.WriteString("svg.chart text{font-family:" + fonts + "}\n")
	for _, role := range slices.Sorted(maps.Keys(Light())) {
		fmt.Fprintf(&b, ".f-%s{fill:var(--%s)}.s-%s{stroke:var(--%s)}", role, role, role, role)
	}
	return b.String()
}

// fonts are the reader's own: a page without network cannot load any.
const fonts = `system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif`
