package main

import (
	"bytes"
	"errors"
	"io"
	"strings"
)

// results are what the handler returns, by the name in its event.
var results = map[string]func() any{
	"":             func() any { return "ok" },
	"linger":       func() any { return "ok" },
	"struct":       func() any { return order{ID: 4711, Note: "a<b>&c"} },
	"empty-struct": func() any { return struct{}{} },
	"map":          func() any { return map[string]any{} },
	"nil":          func() any { return nil },
	"bytes":        func() any { return []byte{0, 1, 2, 255} },
	"number":       func() any { return 1.5 },
	"reader":       func() any { return strings.NewReader("read me") },
	"empty-reader": func() any { return strings.NewReader("") },
	"typed-reader": func() any { return typed{strings.NewReader("<p>read me</p>")} },
	"json-reader":  func() any { return &described{Reader: strings.NewReader("not sent"), Name: "sent"} },
	"nil-reader":   func() any { return io.Reader(nil) },
	"nil-buffer":   func() any { return (*bytes.Buffer)(nil) },
	"closer":       func() any { return &closer{r: strings.NewReader("closed later")} },
	"close-panics": func() any { return &closer{r: strings.NewReader("panics later"), panics: true} },
	"fails-midway": func() any {
		return io.MultiReader(strings.NewReader("the first half"), failing{})
	},
	"unencodable": func() any { return func() {} },
	"large":       func() any { return strings.Repeat("x", 7<<20) },
}

type order struct {
	ID   int    `json:"id"`
	Note string `json:"note"`
}

// typed is a reader that says what it reads as.
type typed struct{ r io.Reader }

func (t typed) Read(p []byte) (int, error) { return t.r.Read(p) }
func (typed) ContentType() string          { return "text/html" }

// described is a reader that aws-lambda-go encodes, because it has something to say in JSON.
type described struct {
	io.Reader `json:"-"`
	Name      string
}

// closer notes that it was closed.
type closer struct {
	r      io.Reader
	panics bool
}

func (c *closer) Read(p []byte) (int, error) { return c.r.Read(p) }

func (c *closer) Close() error {
	note("", "closed", "", nil)
	if c.panics {
		panic("in Close")
	}
	return nil
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("the second half is lost") }
