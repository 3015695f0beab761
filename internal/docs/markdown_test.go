package docs

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// root is the repository.
const root = "../.."

// documents lists the Markdown files of the repository, as slash-separated paths from its root.
func documents(t *testing.T) []string {
	t.Helper()
	var paths []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && (name == "testdata" || name == "node_modules" || strings.HasPrefix(name, ".") && path != root) {
			return filepath.SkipDir
		}
		if strings.HasSuffix(name, ".md") {
			rel, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			paths = append(paths, filepath.ToSlash(rel))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// document is a Markdown file, taken apart as far as the tests need it.
type document struct {
	path   string
	lines  []string // without what is in blocks: those lines are empty
	blocks []block
}

// block is a fenced block of code.
type block struct {
	language    string
	line        int    // of its first line of code, from 1
	code        string // as it stands there
	contextLine int
	context     string // of the <!-- go comment in front of it
}

func read(t *testing.T, path string) document {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(path)))
	if err != nil {
		t.Fatal(err)
	}
	return parse(path, string(text))
}

func parse(path, text string) document {
	doc := document{path: path}
	var open *block
	var context strings.Builder
	inContext, contextLine := false, 0
	for i, line := range strings.Split(text, "\n") {
		kept := ""
		switch trimmed := strings.TrimSpace(line); {
		case inContext:
			if inContext = trimmed != "-->"; inContext {
				context.WriteString(line + "\n")
			}
		case open != nil && trimmed == "```":
			doc.blocks = append(doc.blocks, *open)
			open = nil
			context.Reset()
		case open != nil:
			open.code += line + "\n"
		case strings.HasPrefix(trimmed, "```"):
			open = &block{language: strings.TrimPrefix(trimmed, "```"), line: i + 2, contextLine: contextLine, context: context.String()}
		case trimmed == "<!-- go":
			inContext, contextLine = true, i+2
		default:
			kept = line
		}
		doc.lines = append(doc.lines, kept)
	}
	if open != nil || inContext {
		doc.blocks = append(doc.blocks, block{language: "go", line: len(doc.lines), code: "this block or comment is not closed"})
	}
	return doc
}
