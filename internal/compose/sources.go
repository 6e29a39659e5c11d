package compose

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/compose-spec/compose-go/v2/consts"

	"plimsoll/internal/yaml"
)

// sources holds the files of one project. It is the library's ResourceLoader
// too: every extended or included file passes through it before it is read.
type sources struct {
	Options
	content map[string][]byte
	trees   map[string][]*yaml.Node // documents by path
	dirs    map[string]string       // directory that a file's relative paths start at
	order   []string                // paths, in the order they were read
	raw     map[string]string       // what Dir is asked for -> directory
	env     envGuard

	nodes, extends int
	services       int
	last           string // the file that was loaded last
	vars           *variables
}

func newSources(o Options) *sources {
	s := &sources{
		Options: o, content: make(map[string][]byte), trees: make(map[string][]*yaml.Node),
		dirs: make(map[string]string), raw: make(map[string]string),
	}
	s.vars = newVariables()
	return s
}

// add reads and checks one compose file whose relative paths start at dir.
func (s *sources) add(path, dir string) error {
	if _, ok := s.trees[path]; ok {
		return nil
	}
	if len(s.trees) == maxFiles {
		return refuse(path, nil, "is not read: the project has more than %d files", maxFiles)
	}
	data, err := s.Read(path, maxBytes)
	if err != nil {
		return refuse(path, nil, "%v", err)
	}
	docs, err := yaml.ParseAll(data, path, yaml.Limits{Bytes: maxBytes, Nodes: maxNodes})
	if err != nil {
		return err
	}
	if len(docs) == 0 {
		return refuse(path, nil, "is empty")
	}
	s.content[path], s.trees[path], s.order = data, docs, append(s.order, path)
	if _, ok := s.dirs[path]; !ok {
		s.dirs[path] = dir
	}
	for _, d := range docs {
		if d.Kind != yaml.Map {
			return refuse(path, d, "is %s; a compose file is a mapping with the key services", yaml.Describe(d))
		}
		s.vars.learn(d)
		if long := overlong(d); long != nil {
			return refuse(path, long, "is longer than can be judged: at most %d entries, and %d bytes in one value", maxEntries, maxText)
		}
		s.nodes += count(d)
		s.services += len(d.Get("services").Entries())
		for _, svc := range d.Get("services").Entries() {
			if svc.Value.Get("extends") != nil {
				s.extends++
			}
		}
		if err := s.includes(path, d.Get("include")); err != nil {
			return err
		}
	}
	if s.nodes > maxNodes || s.extends*s.nodes > maxCopies || s.services > maxServices {
		return refuse(path, nil, "makes the project larger than can be judged: %d services, %d values, %d extensions; at most %d services and %d values are",
			s.services, s.nodes, s.extends, maxServices, maxNodes)
	}
	return nil
}

// includes notes what the entries of include say about their files.
func (s *sources) includes(path string, list *yaml.Node) error {
	if list == nil {
		return nil
	}
	for _, item := range list.Items {
		paths := item
		if item.Kind == yaml.Map {
			paths = item.Get("path")
		}
		names := texts(paths)
		if len(names) == 0 {
			continue
		}
		dir := filepath.Dir(s.abs(path, names[0]))
		if n := item.Get("project_directory"); n != nil {
			if strings.Contains(n.Value, "$") {
				return refuse(path, n, "project_directory holds a variable; such an include is not followed")
			}
			dir = s.abs(path, n.Value)
			s.raw[n.Value] = dir
		}
		for _, name := range names {
			s.dirs[s.abs(path, name)] = dir
		}
		for _, f := range texts(item.Get("env_file")) {
			if strings.Contains(f, "$") {
				return refuse(path, item, "env_file of an include holds a variable; such an include is not followed")
			}
			if f == "/dev/null" {
				continue
			}
			if _, err := s.envFile(s.abs(path, f), true); err != nil {
				return refuse(path, item, "%v", err)
			}
		}
	}
	return nil
}

// abs resolves a path that a file names.
func (s *sources) abs(file, name string) string {
	if filepath.IsAbs(name) {
		return filepath.Clean(name)
	}
	return filepath.Join(s.dirs[file], name)
}

// Accept takes every reference, so that none is read unseen.
func (s *sources) Accept(string) bool { return true }

// Load checks the file that extends or include names, and returns its path.
func (s *sources) Load(ctx context.Context, ref string) (string, error) {
	from, _ := ctx.Value(consts.ComposeFileKey{}).(string)
	if strings.Contains(ref, "://") || strings.HasPrefix(ref, "git@") || strings.HasPrefix(ref, "oci:") {
		return "", refuse(from, nil, "names a file on another machine, which is not fetched")
	}
	path := s.abs(from, ref)
	// A file that an extended file extends in turn is named as it stands there,
	// while the library still speaks of the first file.
	if s.last != "" && s.last != from && s.namesInExtends(s.last, ref) {
		other := s.abs(s.last, ref)
		if other != path && s.namesInExtends(from, ref) {
			return "", refuse(from, nil, "extends %s, and so does %s, from another folder; which is meant cannot be told here", yaml.Quote(ref), yaml.Quote(s.last))
		}
		path = other
	}
	dir, ok := s.dirs[path]
	if !ok {
		dir = filepath.Dir(path)
	}
	if err := s.add(path, dir); err != nil {
		return "", err
	}
	// The library reads .env beside an included file by itself.
	if _, err := s.envFile(filepath.Join(dir, ".env"), false); err != nil {
		return "", refuse(path, nil, "%v", err)
	}
	s.last, s.raw[ref] = path, dir
	return path, nil
}

// Dir returns the directory of a reference that was just loaded.
func (s *sources) Dir(ref string) string {
	if d, ok := s.raw[ref]; ok {
		return d
	}
	if d, ok := s.dirs[ref]; ok {
		return d
	}
	return filepath.Dir(ref)
}

// namesInExtends reports whether a service of the file extends from ref.
func (s *sources) namesInExtends(file, ref string) bool {
	for _, d := range s.trees[file] {
		for _, svc := range d.Get("services").Entries() {
			if n := svc.Value.Get("extends").Get("file"); n != nil && n.Value == ref {
				return true
			}
		}
	}
	return false
}

// overlong returns the first value that is too long, or nil.
func overlong(n *yaml.Node) *yaml.Node {
	if len(n.Value) > maxText || len(n.Items) > maxEntries || len(n.Pairs) > maxEntries {
		return n
	}
	for _, c := range n.Items {
		if l := overlong(c); l != nil {
			return l
		}
	}
	for _, p := range n.Pairs {
		if len(p.Key.Value) > maxText {
			return p.Key
		}
		if l := overlong(p.Value); l != nil {
			return l
		}
	}
	return nil
}

func count(n *yaml.Node) int {
	total := 1
	for _, c := range n.Items {
		total += count(c)
	}
	for _, p := range n.Pairs {
		total += 1 + count(p.Value)
	}
	return total
}

// texts returns a scalar, or the scalars of a list.
func texts(n *yaml.Node) []string {
	switch {
	case n == nil:
		return nil
	case n.Kind == yaml.Scalar && !n.IsNull():
		return []string{n.Value}
	}
	var out []string
	for _, i := range n.Items {
		if i.Kind == yaml.Scalar {
			out = append(out, i.Value)
		}
	}
	return out
}
