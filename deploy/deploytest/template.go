package deploytest

import (
	"fmt"
	"os"
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"
)

// template is a CloudFormation template, with its intrinsic functions as they stand.
type template struct {
	file       string
	root       *yaml.Node
	parameters map[string]bool
	conditions map[string]bool
	resources  map[string]*resource
	outputs    *yaml.Node
}

type resource struct {
	kind       string
	properties *yaml.Node
}

// read parses a template.
func read(file string) (*template, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	t := &template{file: file, root: doc.Content[0], parameters: map[string]bool{}, conditions: map[string]bool{}, resources: map[string]*resource{}}
	t.outputs = get(t.root, "Outputs")
	each(get(t.root, "Parameters"), func(name string, _ *yaml.Node) { t.parameters[name] = true })
	each(get(t.root, "Conditions"), func(name string, _ *yaml.Node) { t.conditions[name] = true })
	each(get(t.root, "Resources"), func(name string, n *yaml.Node) {
		t.resources[name] = &resource{kind: scalar(get(n, "Type")), properties: get(n, "Properties")}
	})
	return t, nil
}

// each calls f for the members of a mapping; nil has none.
func each(n *yaml.Node, f func(key string, value *yaml.Node)) {
	if n == nil || n.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i < len(n.Content); i += 2 {
		f(n.Content[i].Value, n.Content[i+1])
	}
}

// get follows a path of keys; nil if there is no such member.
func get(n *yaml.Node, path ...string) *yaml.Node {
	for _, key := range path {
		var found *yaml.Node
		each(n, func(k string, v *yaml.Node) {
			if k == key {
				found = v
			}
		})
		n = found
	}
	return n
}

func scalar(n *yaml.Node) string {
	if n == nil {
		return ""
	}
	return n.Value
}

// reference is a use of a name.
type reference struct {
	line int
	name string // the logical ID, parameter or pseudo parameter
	attr string // of Fn::GetAtt; empty for Ref
}

var inSub = regexp.MustCompile(`\$\{([^}!]+)\}`)

// references lists what a node refers to.
func references(n *yaml.Node) []reference {
	var all []reference
	add := func(line int, name string) {
		id, attr, _ := strings.Cut(name, ".")
		all = append(all, reference{line, id, attr})
	}
	switch n.Tag {
	case "!Ref":
		add(n.Line, n.Value)
	case "!GetAtt":
		if n.Kind == yaml.ScalarNode {
			add(n.Line, n.Value)
		}
	case "!Sub":
		for _, m := range inSub.FindAllStringSubmatch(n.Value, -1) {
			add(n.Line, m[1])
		}
	}
	for _, c := range n.Content {
		all = append(all, references(c)...)
	}
	return all
}

// list gives the strings of a sequence, or of a scalar as the only one.
func list(n *yaml.Node) []string {
	if n == nil {
		return nil
	}
	if n.Kind == yaml.ScalarNode {
		return []string{n.Value}
	}
	var all []string
	for _, c := range n.Content {
		all = append(all, c.Value)
	}
	return all
}
