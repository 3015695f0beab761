package docs

import (
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/scanner"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// packages are what fragments use without an import, by the name that they use.
var packages = map[string]string{
	"context": "context", "errors": "errors", "fmt": "fmt", "http": "net/http", "json": "encoding/json", "log": "log", "os": "os",
	"slog": "log/slog", "strings": "strings", "sync": "sync", "testing": "testing", "time": "time",

	"offload":      "github.com/go-offload/lambda/offload",
	"driver":       "github.com/go-offload/lambda/offload/driver",
	"offloademf":   "github.com/go-offload/lambda/offload/offloademf",
	"offloadhttp":  "github.com/go-offload/lambda/offload/offloadhttp",
	"offloadtest":  "github.com/go-offload/lambda/offload/offloadtest",
	"offloadotel":  "github.com/go-offload/lambda/offloadotel",
	"stream":       "github.com/go-offload/lambda/strategies/stream",
	"extension":    "github.com/go-offload/lambda/strategies/extension",
	"invoke":       "github.com/go-offload/lambda/strategies/invoke",
	"sqs":          "github.com/go-offload/lambda/strategies/sqs",
	"strategytest": "github.com/go-offload/lambda/strategies/strategytest",
	"lambdatest":   "github.com/go-offload/lambda/lambdatest",
	"sqstest":      "github.com/go-offload/lambda/lambdatest/sqstest",

	"backoff":    "github.com/cenkalti/backoff/v4",
	"events":     "github.com/aws/aws-lambda-go/events",
	"lambda":     "github.com/aws/aws-lambda-go/lambda",
	"otel":       "go.opentelemetry.io/otel",
	"otellambda": "go.opentelemetry.io/contrib/instrumentation/github.com/aws/aws-lambda-go/otellambda",
	"sdktrace":   "go.opentelemetry.io/otel/sdk/trace",
}

// The Go code of the README and of docs compiles.
func TestCodeCompiles(t *testing.T) {
	t.Parallel()
	fset := token.NewFileSet()
	var files []*ast.File
	for _, path := range documents(t) {
		if path != "README.md" && !strings.HasPrefix(path, "docs/") {
			continue
		}
		for _, b := range read(t, path).blocks {
			if b.language != "go" {
				continue
			}
			file, err := goFile(fset, path, b)
			if err != nil {
				t.Error(err)
				continue
			}
			files = append(files, file)
		}
	}
	if len(files) == 0 {
		t.Fatal("no block of Go code was found")
	}
	imports := exported(t, fset, files)
	for _, file := range files {
		for _, err := range check(fset, imports, file) {
			t.Error(err)
		}
	}
}

// The checks above notice what is wrong, and say where.
func TestCodeErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ markdown, want string }{
		"unknown field":     {"```go\nvar c = http.Client{Timeouts: 1}\n```\n", "x.md:2:21: unknown field Timeouts"},
		"unused variable":   {"text\n```go\nx := 1\n```\n", "x.md:3:1: declared and not used: x"},
		"syntax":            {"```go\nif {\n```\n", "x.md:2:"},
		"dots":              {"```go\nx := 1\n…\n```\n", "x.md:3:1: illegal character"},
		"no declaration":    {"<!-- go\nvar a int\n-->\n```go\nmail(a)\n```\n", "x.md:5:1: undefined: mail"},
		"wrong context":     {"<!-- go\nvar a strin\n-->\n```go\n_ = a\n```\n", "undefined: strin"},
		"unused import":     {"```go\npackage main\n\nimport \"os\"\n\nfunc main() {}\n```\n", `x.md:4:8: "os" imported and not used`},
		"block is open":     {"```go\nvar a int\n", "x.md:"},
		"a right fragment":  {"<!-- go\nfunc mail(context.Context) error\n-->\n```go\nif err := mail(ctx); err != nil {\n\treturn\n}\n```\n", ""},
		"right with shadow": {"```go\nfunc f(http interface{ Get(string) error }) error { return http.Get(\"/\") }\n```\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fset := token.NewFileSet()
			doc := parse("x.md", c.markdown)
			file, err := goFile(fset, doc.path, doc.blocks[0])
			errs := []error{err}
			if err == nil {
				errs = check(fset, exported(t, fset, []*ast.File{file}), file)
			}
			if got := fmt.Sprint(errors.Join(errs...)); !strings.Contains(got, c.want) || (c.want == "") != (errors.Join(errs...) == nil) {
				t.Errorf("got %s, want %q", got, c.want)
			}
		})
	}
}

// goFile makes a file of a block, whose positions are those in the document.
func goFile(fset *token.FileSet, path string, b block) (*ast.File, error) {
	position := func(line int) string { return fmt.Sprintf("\n//line %s:%d:1\n", filepath.Base(path), line) } // relative to the directory of path
	at := position(b.line)
	if strings.Contains("\n"+b.code, "\npackage ") {
		return parser.ParseFile(fset, path, at+b.code, parser.SkipObjectResolution)
	}
	body, context := at+b.code, position(max(b.contextLine, 1))+b.context
	declarations, err := withImports(fset, path, body+context) // imports come first
	if err == nil {
		return declarations, nil
	}
	statements, errOfStatements := withImports(fset, path, "func _(ctx context.Context) {\n"+body+"\n}\n"+context)
	if errOfStatements == nil {
		return statements, nil
	}
	// Of the two the one that got further says what is wrong.
	if line(err) > line(errOfStatements) {
		return nil, err
	}
	return nil, errOfStatements
}

// line is the line in the document of a syntax error.
func line(err error) int {
	if list := scanner.ErrorList(nil); errors.As(err, &list) && len(list) > 0 {
		return list[0].Pos.Line
	}
	return 0
}

// withImports parses code, and once more with the imports that it uses.
func withImports(fset *token.FileSet, path, code string) (*ast.File, error) {
	file, err := parser.ParseFile(fset, path, "package p\n"+code, 0)
	if err != nil {
		return nil, err
	}
	unresolved := map[*ast.Ident]bool{}
	for _, id := range file.Unresolved {
		unresolved[id] = true
	}
	used := map[string]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if id, ok := sel.X.(*ast.Ident); ok && unresolved[id] && packages[id.Name] != "" {
				used[id.Name] = packages[id.Name]
			}
		}
		return true
	})
	var imports strings.Builder
	for _, spec := range file.Imports {
		maps.DeleteFunc(used, func(_, path string) bool { return strconv.Quote(path) == spec.Path.Value })
	}
	for _, name := range slices.Sorted(maps.Keys(used)) {
		fmt.Fprintf(&imports, "import %s %q\n", name, used[name])
	}
	return parser.ParseFile(fset, path, "package p\n"+imports.String()+code, parser.SkipObjectResolution)
}

// check type-checks one file as a package of its own.
func check(fset *token.FileSet, imports types.Importer, file *ast.File) []error {
	var errs []error
	conf := types.Config{Importer: imports, Error: func(err error) { errs = append(errs, err) }}
	_, _ = conf.Check("p", fset, []*ast.File{file}, nil) // the errors are those above
	return errs
}

// exported imports what files import, and what that imports, from the export data of the build cache.
func exported(t *testing.T, fset *token.FileSet, files []*ast.File) types.Importer {
	t.Helper()
	args := []string{"list", "-export", "-deps", "-f", "{{.ImportPath}}\t{{.Export}}", "context"}
	for _, file := range files {
		for _, spec := range file.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Contains(args, path) {
				args = append(args, path)
			}
		}
	}
	list := exec.CommandContext(t.Context(), "go", args...)
	work, err := filepath.Abs(filepath.Join(root, "go.work"))
	if err != nil {
		t.Fatal(err)
	}
	list.Dir, list.Env = root, append(os.Environ(), "GOWORK="+work, "GOFLAGS=") // the documentation is about all modules
	list.Stderr = t.Output()
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go %s: %v", strings.Join(args, " "), err)
	}
	exports := map[string]string{}
	for l := range strings.Lines(string(out)) {
		path, export, _ := strings.Cut(strings.TrimSpace(l), "\t")
		exports[path] = export
	}
	return importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) {
		if exports[path] == "" {
			return nil, fmt.Errorf("no export data of %s", path)
		}
		return os.Open(exports[path])
	})
}
