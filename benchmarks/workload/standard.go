package workload

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
)

//go:embed standard/*.json
var standard embed.FS

// Standard returns the workloads of the suite, in the order in which they are run:
// that of their file names.
func Standard() ([]Workload, error) {
	files, err := fs.Glob(standard, "standard/*.json")
	if err != nil {
		return nil, err
	}
	var all []Workload
	for _, name := range files {
		w, err := parseFile(standard, name)
		if err != nil {
			return nil, err
		}
		all = append(all, w)
	}
	return all, nil
}

// Named returns a workload of the suite by its name, or what a file holds if name
// ends in .json.
func Named(name string) (Workload, error) {
	if strings.HasSuffix(name, ".json") {
		dir, file := path.Split(name)
		if dir == "" {
			dir = "."
		}
		return parseFile(os.DirFS(dir), file)
	}
	all, err := Standard()
	if err != nil {
		return Workload{}, err
	}
	names := make([]string, len(all))
	for i, w := range all {
		if w.Name == name {
			return w, nil
		}
		names[i] = w.Name
	}
	return Workload{}, fmt.Errorf("%w %q: there are %s; your own needs a file that ends in .json", ErrWorkload, name, strings.Join(names, ", "))
}

func parseFile(from fs.FS, name string) (w Workload, err error) {
	f, err := from.Open(name)
	if err != nil {
		return Workload{}, err
	}
	defer func() { _ = f.Close() }()
	if w, err = Parse(f); err != nil {
		return Workload{}, fmt.Errorf("%s: %w", name, err)
	}
	return w, nil
}
