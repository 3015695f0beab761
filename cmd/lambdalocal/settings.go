package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// settings are the members of an object, each with what takes its value. The config file and the flags that are lists of
// settings are read by the same ones.
type settings map[string]func(value) error

func (s settings) read(v value) error {
	if v.kind != isObject {
		return v.errorf("want an object, this is %s", v.kind)
	}
	seen := map[string]bool{}
	for _, f := range v.fields {
		set := s[f.name]
		switch {
		case set == nil:
			return f.value.errorf("there is no setting of that name; known are %s", strings.Join(slices.Sorted(maps.Keys(s)), ", "))
		case seen[f.name]:
			return f.value.errorf("set twice; remove one")
		}
		seen[f.name] = true
		if err := set(f.value); err != nil {
			return err
		}
	}
	return nil
}

// parseSettings reads the value of a flag: settings separated by commas, of which one without a value is true. If first
// is not empty, the list begins with the value of the setting of that name.
func parseSettings(flag, first, text string) (value, error) {
	v := value{place: place{path: "-" + flag + " " + text}, kind: isObject}
	parts := strings.Split(text, ",")
	if first != "" {
		if parts[0] == "" || strings.Contains(parts[0], "=") {
			return v, fmt.Errorf("want the %s first and then its settings, as in X,setting=value", first)
		}
		v.path = "-" + flag + " " + parts[0]
		v.fields = append(v.fields, looseField(v.place, first, parts[0]))
		parts = parts[1:]
	}
	for _, setting := range parts {
		name, text, found := strings.Cut(setting, "=")
		if !found {
			text = "true"
		}
		at := v.place
		at.path += ": " + name
		v.fields = append(v.fields, looseField(at, name, text))
	}
	return v, nil
}

func looseField(at place, name, text string) field {
	return field{name, value{place: at, kind: isText, text: text, loose: true}}
}

func (v value) want(k kind) error {
	if v.kind == k || v.loose {
		return nil
	}
	return v.errorf("want %s, this is %s", k, v.kind)
}

func text(p *string) func(value) error {
	return func(v value) error {
		*p = v.text
		return v.want(isText)
	}
}

func number(p *int) func(value) error {
	return func(v value) error {
		if err := v.want(isNumber); err != nil {
			return err
		}
		n, err := strconv.Atoi(v.text)
		if err != nil {
			return v.errorf("want a whole number, not %s", v.text)
		}
		*p = n
		return nil
	}
}

func fraction(p *float64) func(value) error {
	return func(v value) error {
		if err := v.want(isNumber); err != nil {
			return err
		}
		n, err := strconv.ParseFloat(v.text, 64)
		if err != nil {
			return v.errorf("want a number, not %s", v.text)
		}
		*p = n
		return nil
	}
}

func truth(p *bool) func(value) error {
	return func(v value) error {
		if err := v.want(isTruth); err != nil {
			return err
		}
		b, err := strconv.ParseBool(v.text)
		if err != nil {
			return v.errorf("want true or false, not %q", v.text)
		}
		*p = b
		return nil
	}
}

func duration(p *time.Duration) func(value) error {
	return func(v value) error {
		if err := v.want(isText); err != nil {
			return v.errorf("want a duration in quotes, such as %q", "30s")
		}
		d, err := time.ParseDuration(v.text)
		if err != nil {
			return v.errorf("%q is no duration; want a number and a unit, such as 500ms, 30s or 5m", v.text)
		}
		*p = d
		return nil
	}
}

// list reads a list, item by item.
func list(item func(value) error) func(value) error {
	return func(v value) error {
		if v.kind != isList {
			return v.errorf("want a list in square brackets, this is %s", v.kind)
		}
		for _, i := range v.items {
			if err := item(i); err != nil {
				return err
			}
		}
		return nil
	}
}

func texts(p *[]string) func(value) error {
	return list(func(v value) error {
		*p = append(*p, v.text)
		return v.want(isText)
	})
}

// variables reads an object of strings.
func variables(p *map[string]string) func(value) error {
	return func(v value) error {
		if v.kind != isObject {
			return v.errorf("want an object of strings, this is %s", v.kind)
		}
		*p = make(map[string]string, len(v.fields))
		for _, f := range v.fields {
			if err := f.value.want(isText); err != nil {
				return err
			}
			if _, taken := (*p)[f.name]; taken {
				return f.value.errorf("set twice; remove one")
			}
			(*p)[f.name] = f.value.text
		}
		return nil
	}
}
