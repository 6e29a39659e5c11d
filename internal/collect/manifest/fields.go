package manifest

import (
	"strconv"
	"strings"

	"plimsoll/internal/snapshot"
	"plimsoll/internal/yaml"
)

// origin is where an object comes from.
type origin struct {
	at  func(line, col int) snapshot.Location // of a place of the text that was read
	doc *yaml.Node                            // the object as its source has it; nil: the text is the source
	src func(line, col int) snapshot.Location // of a place of the source
}

// origin returns where an object of the stream comes from.
func (r *reader) origin(n *yaml.Node) *origin {
	if r.source != nil {
		if o := r.source(n); o != nil {
			return o
		}
	}
	return &origin{at: r.at}
}

// loc is where the object begins.
func (o *origin) loc(n *yaml.Node) snapshot.Location {
	if o.doc != nil {
		return o.src(o.doc.Line, o.doc.Col)
	}
	return o.at(n.Line, n.Col)
}

// field is where a field is set; ok is false when only the object's place is known.
// Of an object that was built it is that of its source only when that says the
// same.
func (o *origin) field(path string, n *yaml.Node) (at snapshot.Location, ok bool) {
	if n == nil {
		return snapshot.Location{}, false
	}
	if o.doc == nil {
		at := o.at(n.Line, n.Col)
		return at, at.Line > 0
	}
	s := find(o.doc, path)
	if s == nil || s.Kind != n.Kind || s.Value != n.Value {
		return o.src(o.doc.Line, o.doc.Col), false
	}
	return o.src(s.Line, s.Col), true
}

// mostFields bounds how many fields of one object are located.
const mostFields = 1000

// fields says where each field below a pod specification is set, in file order.
func fields(n *yaml.Node, podPath string, from *origin) []snapshot.FieldLoc {
	spec := find(n, podPath)
	if spec == nil {
		return nil
	}
	var out []snapshot.FieldLoc
	var walk func(path string, n *yaml.Node)
	add := func(path string, key, value *yaml.Node) {
		if len(out) >= mostFields {
			return
		}
		at, ok := from.field(path, value)
		if from.doc == nil && key != nil {
			at = from.at(key.Line, key.Col)
			ok = at.Line > 0
		}
		if ok {
			out = append(out, snapshot.FieldLoc{Field: path, Loc: at})
		}
		walk(path, value)
	}
	walk = func(path string, n *yaml.Node) {
		for _, p := range n.Pairs {
			add(path+"."+p.Key.Value, p.Key, p.Value)
		}
		for i, v := range n.Items {
			add(path+"["+strconv.Itoa(i)+"]", nil, v)
		}
	}
	walk(podPath, spec)
	return out
}

// find returns the node at a path such as spec.containers[0].image. Where a list is
// on the way and the path names no item, it is the first that has the rest. nil
// where there is none.
func find(n *yaml.Node, path string) *yaml.Node {
	if n == nil || path == "" {
		return n
	}
	if n.Kind == yaml.List {
		if rest, ok := strings.CutPrefix(path, "["); ok {
			num, rest, _ := strings.Cut(rest, "]")
			if i, err := strconv.Atoi(num); err == nil && i >= 0 && i < len(n.Items) {
				return find(n.Items[i], strings.TrimPrefix(rest, "."))
			}
			return nil
		}
		for _, v := range n.Items {
			if f := find(v, path); f != nil {
				return f
			}
		}
		return nil
	}
	for _, p := range n.Pairs { // a key may hold dots and brackets itself
		rest, ok := strings.CutPrefix(path, p.Key.Value)
		switch {
		case !ok:
		case rest == "":
			return p.Value
		case rest[0] == '.':
			if f := find(p.Value, rest[1:]); f != nil {
				return f
			}
		case rest[0] == '[':
			if f := find(p.Value, rest); f != nil {
				return f
			}
		}
	}
	return nil
}
