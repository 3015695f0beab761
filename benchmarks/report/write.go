package report

import (
	"bytes"
	_ "embed" // the page
	"fmt"
	"html/template"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/go-offload/lambda/benchmarks/chart"
)

//go:embed page.html
var pageHTML string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"css":    func() template.CSS { return template.CSS(chart.CSS(":root")) }, // made of constants
	"keep":   unbroken,
	"breaks": breaks,
	"slug":   func(s string) string { return strings.ReplaceAll(s, " ", "-") },
	"facts": func(p *Page, f Figure) map[string]any {
		return map[string]any{"Page": p, "Figure": f}
	},
}).Parse(pageHTML))

// HTML writes the page: one file that loads nothing.
func (p *Page) HTML(w io.Writer) error {
	var b bytes.Buffer // nothing is written of a page that cannot be made
	if err := page.Execute(&b, p); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// pixels is how many pixels of a PNG are one CSS pixel.
const pixels = 2

// Write makes DIR/index.html, an SVG and a PNG of each figure under its ID, and
// headline.md. Files of an earlier report are replaced, others stay.
func (p *Page) Write(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := create(filepath.Join(dir, "index.html"), p.HTML); err != nil {
		return err
	}
	for _, f := range p.Figures() {
		d := f.Wide().Framed(p.notes(f)...)
		if err := create(filepath.Join(dir, f.ID+".svg"), d.SVG); err != nil {
			return err
		}
		if err := create(filepath.Join(dir, f.ID+".png"), func(w io.Writer) error { return d.PNG(w, pixels, chart.Light()) }); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(dir, "headline.md"), []byte(p.Headline.Markdown), 0o644)
}

// notes are what a figure says when it stands alone.
func (p *Page) notes(f Figure) []string {
	basis := strings.Join(f.Basis, " and ")
	return []string{
		strings.ToUpper(basis[:1]) + basis[1:] + ". " + f.How,
		p.Machine + ". " + p.Versions + ". Made by: " + strings.Join(p.Commands, ", then ") + ".",
	}
}

// number is a number with its unit.
var number = regexp.MustCompile(`(\d) (µs|ms|s|min|h|MB|MiB)\b`)

// unbroken keeps numbers and units on one line.
func unbroken(s string) string { return number.ReplaceAllString(s, "$1\u00a0$2") }

// joint is where a name that is too long for its column may be broken, and hump where a word is
// that has no column wide enough.
var (
	joint = regexp.MustCompile(`([,=:])(\S)`)
	long  = regexp.MustCompile(`[A-Za-z]{20,}`)
	hump  = regexp.MustCompile(`([a-z])([A-Z])`)
)

// breaks lets a name go on in the next line at its joints, not in the middle of a word.
func breaks(s string) template.HTML {
	s = joint.ReplaceAllString(template.HTMLEscapeString(s), "$1<wbr>$2")
	s = long.ReplaceAllStringFunc(s, func(word string) string { return hump.ReplaceAllString(word, "$1<wbr>$2") })
	return template.HTML(s) // escaped, and HTML entities have no joints
}

func create(path string, write func(io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := write(f); err != nil {
		_ = f.Close() // the error of writing says more
		return fmt.Errorf("%s: %w", path, err)
	}
	return f.Close()
}
