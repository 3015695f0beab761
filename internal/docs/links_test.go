package docs

import (
	"fmt"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

var (
	link     = regexp.MustCompile(`!?\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^()\s]*)\)`)
	codeSpan = regexp.MustCompile("`[^`]*`")
	heading  = regexp.MustCompile(`^#{1,6} +(.*?)\s*#*$`)
	testName = regexp.MustCompile(`^(?:Test|Example|Fuzz|Benchmark)\w+$`)
)

// Links inside the repository lead to a file, and to a heading that it has. Links to elsewhere are not followed: tests need
// no network.
func TestLinks(t *testing.T) {
	t.Parallel()
	for _, name := range documents(t) {
		for _, err := range broken(t, read(t, name)) {
			t.Error(err)
		}
	}
}

func TestBrokenLinksAreFound(t *testing.T) {
	t.Parallel()
	for markdown, want := range map[string]string{
		"[a](../README.md)": "",
		"[a](../README.md#honest-limits) and `[b](nowhere)`":               "",
		"```sh\n[a](nowhere)\n```":                                         "",
		"[a](https://example.com/nowhere)":                                 "",
		"# `A` heading, twice\n# A heading twice\n[a](#a-heading-twice-1)": "",
		"[`TestLinks`](../internal/docs/links_test.go)":                    "",
		"text\n[a](nowhere.md)":                                            "docs/x.md:2: nowhere.md: no such file",
		"![a](nowhere.svg)":                                                "docs/x.md:1: nowhere.svg: no such file",
		"[![a](nowhere.svg)](../README.md)":                                "docs/x.md:1: nowhere.svg: no such file",
		"[a](../../elsewhere)":                                             "outside the repository",
		"[a](../README.md#no-such-heading)":                                "no heading",
		"[a](#nowhere)":                                                    "no heading",
		"[`TestNothing`](../internal/docs/links_test.go)":                  "no func TestNothing",
	} {
		got := ""
		for _, err := range broken(t, parse("docs/x.md", markdown)) {
			got += err.Error() + "\n"
		}
		if !strings.Contains(got, want) || (want == "") != (got == "") {
			t.Errorf("%q: got %q, want %q", markdown, got, want)
		}
	}
}

// broken reports the links of a document that lead nowhere.
func broken(t *testing.T, doc document) (errs []error) {
	t.Helper()
	for i, text := range doc.lines {
		for _, target := range targets(text) {
			if err := follow(t, doc, target[0], target[1]); err != nil {
				errs = append(errs, fmt.Errorf("%s:%d: %s: %w", doc.path, i+1, target[1], err))
			}
		}
	}
	return errs
}

// targets lists the text and target of the links in a line, those of images inside links included.
func targets(text string) (found [][2]string) {
	// Links may have code for a text, but what is in code is no link.
	masked := codeSpan.ReplaceAllStringFunc(text, func(s string) string { return strings.NewReplacer("[", " ", "]", " ", "(", " ", ")", " ").Replace(s) })
	for _, m := range link.FindAllStringSubmatch(masked, -1) {
		found = append(found, [2]string{strings.Trim(m[1], "`"), m[2]})
		found = append(found, targets(m[1])...)
	}
	return found
}

func follow(t *testing.T, doc document, text, target string) error {
	t.Helper()
	if strings.Contains(target, ":") {
		_, err := url.Parse(target)
		return err
	}
	file, anchor, _ := strings.Cut(target, "#")
	to := doc
	if file != "" {
		rel := path.Join(path.Dir(doc.path), file)
		if rel == ".." || strings.HasPrefix(rel, "../") {
			return fmt.Errorf("leads outside the repository")
		}
		if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(rel))); err != nil {
			return fmt.Errorf("no such file")
		}
		if strings.HasSuffix(rel, "_test.go") && testName.MatchString(text) {
			return declares(t, rel, text)
		}
		if anchor == "" {
			return nil
		}
		if !strings.HasSuffix(rel, ".md") {
			return fmt.Errorf("a heading of a file that is no Markdown")
		}
		to = read(t, rel)
	}
	if !anchors(to)[anchor] {
		return fmt.Errorf("no heading %q in %s", anchor, to.path)
	}
	return nil
}

// declares holds links to tests to the tests.
func declares(t *testing.T, file, name string) error {
	t.Helper()
	code, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(file)))
	if err != nil {
		return err
	}
	if !strings.Contains(string(code), "\nfunc "+name+"(") {
		return fmt.Errorf("no func %s in %s", name, file)
	}
	return nil
}

// anchors are those that GitHub gives to headings.
func anchors(doc document) map[string]bool {
	found := map[string]bool{}
	for _, text := range doc.lines {
		m := heading.FindStringSubmatch(text)
		if m == nil {
			continue
		}
		var slug strings.Builder
		for _, r := range strings.ToLower(link.ReplaceAllString(m[1], "$1")) {
			switch {
			case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
				slug.WriteRune(r)
			case r == ' ':
				slug.WriteByte('-')
			}
		}
		name := slug.String()
		for n := 1; found[name]; n++ {
			name = fmt.Sprintf("%s-%d", slug.String(), n)
		}
		found[name] = true
	}
	return found
}
