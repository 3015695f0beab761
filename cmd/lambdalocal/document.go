package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// A value is a piece of configuration and the place that it comes from, so that every complaint can name the place: the
// config file is read into values first, and these into settings. Package json alone does not tell where an unknown
// field is.
type value struct {
	place
	kind   kind
	text   string  // of a text, number or truth
	items  []value // of a list
	fields []field // of an object, in order
	// loose values come from the command line, where everything is text.
	loose bool
}

type field struct {
	name  string
	value value
}

type kind string

const (
	isText   kind = "a string"
	isNumber kind = "a number"
	isTruth  kind = "true or false"
	isNull   kind = "null"
	isList   kind = "a list"
	isObject kind = "an object"
)

// place is where a value is.
type place struct {
	file string // empty on the command line
	line int
	path string // such as functions[1].timeout, or a flag
}

// errorf is fmt.Errorf with the place in front.
func (p place) errorf(format string, args ...any) error {
	where := ""
	if p.path != "" {
		where = p.path + ": "
	}
	if p.file != "" {
		where = fmt.Sprintf("%s:%d: %s", p.file, p.line, where)
	}
	return fmt.Errorf(where+format, args...)
}

const (
	maxDocument = 1 << 20
	maxDepth    = 20
)

// parseDocument reads a JSON document. The name is for its errors.
func parseDocument(name string, data []byte) (value, error) {
	if len(data) > maxDocument {
		return value{}, fmt.Errorf("%s: longer than %d bytes", name, maxDocument)
	}
	p := &documentParser{name: name, data: data, decoder: json.NewDecoder(bytes.NewReader(data))}
	p.decoder.UseNumber()
	v, err := p.value("", 0)
	if err != nil {
		return value{}, err
	}
	if _, err := p.decoder.Token(); !errors.Is(err, io.EOF) {
		return value{}, p.here("").errorf("something follows the document; it must be one JSON object")
	}
	return v, nil
}

type documentParser struct {
	name    string
	data    []byte
	decoder *json.Decoder
	// Lines are counted on from the last place: from the beginning each time would take minutes for a large document.
	offset int64
	lines  int // before offset
}

// here is the place of the token that was read last; no token spans lines.
func (p *documentParser) here(path string) place { return p.at(p.decoder.InputOffset(), path) }

// at is the place of an offset that is not before the last one asked for.
func (p *documentParser) at(offset int64, path string) place {
	offset = max(p.offset, min(offset, int64(len(p.data))))
	p.lines += bytes.Count(p.data[p.offset:offset], []byte("\n"))
	p.offset = offset
	return place{p.name, 1 + p.lines, path}
}

func (p *documentParser) token(path string) (json.Token, error) {
	t, err := p.decoder.Token()
	var syntax *json.SyntaxError
	switch {
	case err == nil:
		return t, nil
	case errors.As(err, &syntax):
		return nil, p.at(syntax.Offset, path).errorf("this is no JSON: %w", err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, p.at(int64(len(p.data)), path).errorf("the JSON document ends too early: a bracket or a quote is not closed")
	}
	return nil, p.here(path).errorf("%w", err)
}

func (p *documentParser) value(path string, depth int) (value, error) {
	t, err := p.token(path)
	if err != nil {
		return value{}, err
	}
	v := value{place: p.here(path)}
	if depth > maxDepth {
		return v, v.errorf("nested more than %d deep", maxDepth)
	}
	switch t := t.(type) {
	case string:
		v.kind, v.text = isText, t
	case json.Number:
		v.kind, v.text = isNumber, t.String()
	case bool:
		v.kind, v.text = isTruth, fmt.Sprint(t)
	case nil:
		v.kind = isNull
	case json.Delim:
		if t == '[' {
			v.kind = isList
			return v, p.list(&v, depth)
		}
		v.kind = isObject
		return v, p.object(&v, depth)
	}
	return v, nil
}

func (p *documentParser) list(v *value, depth int) error {
	for p.decoder.More() {
		item, err := p.value(fmt.Sprintf("%s[%d]", v.path, len(v.items)), depth+1)
		if err != nil {
			return err
		}
		v.items = append(v.items, item)
	}
	_, err := p.token(v.path)
	return err
}

func (p *documentParser) object(v *value, depth int) error {
	for p.decoder.More() {
		t, err := p.token(v.path)
		if err != nil {
			return err
		}
		name, _ := t.(string) // the decoder accepts nothing else here
		path := name
		if v.path != "" {
			path = v.path + "." + name
		}
		item, err := p.value(path, depth+1)
		if err != nil {
			return err
		}
		v.fields = append(v.fields, field{name, item})
	}
	_, err := p.token(v.path)
	return err
}
