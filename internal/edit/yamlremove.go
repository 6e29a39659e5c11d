package edit

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"plimsoll/internal/yaml"
)

// RemoveYAML returns the document without the key or the item at a path, and
// without the mappings and lists that held nothing else. What is not there leaves
// the document as it is. The errors are those of [SetYAML].
func RemoveYAML(doc []byte, path []string) ([]byte, error) {
	d, err := readYAML(doc)
	if err != nil {
		return nil, err
	}
	at := d.walk(path)
	if len(at.missing) > 0 || len(path) == 0 {
		return doc, nil
	}
	for len(path) > 1 {
		holder := d.walk(path[:len(path)-1]).node
		if len(holder.Pairs)+len(holder.Items) > 1 {
			break
		}
		path = path[:len(path)-1]
	}
	at, holder := d.walk(path), d.walk(path[:len(path)-1])
	want := func(root *yaml.Node) *yaml.Node { return removed(root, path) }
	if holder.node.Flow {
		return nil, d.refuse(holder.node, "is written in brackets; take %s out by hand", path[len(path)-1])
	}
	return d.checked(want, func() ([]byte, error) { return d.cut(at) })
}

// SetListYAML returns the document with the list of single values at a path made
// equal to items: what is missing is added at the end, what is too much is taken
// out. No items take the list away. The errors are those of [SetYAML].
func SetListYAML(doc []byte, path, items []string) ([]byte, error) {
	v, ok, err := LookYAML(doc, path)
	if err != nil {
		return nil, err
	}
	if len(items) == 0 {
		return RemoveYAML(doc, path)
	}
	if ok && v.List {
		d, err := readYAML(doc)
		if err != nil {
			return nil, err
		}
		if list := d.walk(path).node; list.Flow {
			return d.rewriteFlow(list, path, items)
		}
	}
	for i, have := range slices.Backward(v.Items) {
		if !slices.Contains(items, have) {
			if doc, err = RemoveYAML(doc, append(slices.Clone(path), strconv.Itoa(i))); err != nil {
				return nil, err
			}
		}
	}
	for _, item := range items {
		if doc, err = AddYAML(doc, path, item); err != nil {
			return nil, err
		}
	}
	return doc, nil
}

// rewriteFlow replaces a list in brackets on one line.
func (d *yamlDoc) rewriteFlow(list *yaml.Node, path, items []string) ([]byte, error) {
	start := d.offset(list.Line, list.Col)
	line := d.text[start:d.lineEnd(start)]
	end := bytes.IndexByte(line, ']')
	if len(line) == 0 || line[0] != '[' || end < 0 || bytes.ContainsAny(line[:end], "'\"#{") && bytes.ContainsAny(line[:end], "#{") {
		return nil, d.refuse(list, "is a list that cannot be changed safely; change it by hand")
	}
	out := &yaml.Node{Kind: yaml.List, Tag: yaml.TagList}
	var texts []string
	for _, item := range items {
		v, err := scalar(item)
		if err != nil {
			return nil, err
		}
		out.Items, texts = append(out.Items, v.node), append(texts, v.text)
	}
	want := func(root *yaml.Node) *yaml.Node {
		return changed(root, path, func(*yaml.Node) *yaml.Node { return out })
	}
	return d.checked(want, func() ([]byte, error) {
		return splice(d.text, start, start+end+1, "["+strings.Join(texts, ", ")+"]"), nil
	})
}

// cut takes the lines of a key with its value, or of an item, out of the document.
// Comments between it and what follows stay.
func (d *yamlDoc) cut(at spot) ([]byte, error) {
	first := at.node
	if at.key != nil {
		first = at.key
	}
	start := d.offset(first.Line, first.Col)
	lineStart := bytes.LastIndexByte(d.text[:start], '\n') + 1
	before := string(d.text[lineStart:start])
	depth := len(before)
	switch {
	case strings.Trim(before, " ") == "" && at.key != nil:
	case at.key == nil && dashOnly.MatchString(before):
		depth = strings.IndexByte(before, '-')
	default:
		return nil, d.refuse(first, "begins on a line with something else, so that it cannot be taken out safely; take it out by hand")
	}
	end := d.blockEnd(first.Line, depth, at.key != nil && at.node.Kind == yaml.List)
	return splice(d.text, lineStart, end, ""), nil
}

// blockEnd returns where the lines end that belong to what begins on a line with a
// depth: those that are deeper and, below the key of a list, those of its items at
// the same depth.
func (d *yamlDoc) blockEnd(line, depth int, list bool) int {
	last := line // the last line that belongs to it
	for n := line + 1; n <= len(d.lines); n++ {
		start := d.lines[n-1]
		text := string(d.text[start:d.lineEnd(start)])
		rest := strings.TrimLeft(text, " ")
		indent := len(text) - len(rest)
		if rest == "" || rest[0] == '#' {
			continue
		}
		if indent < depth || indent == depth && (!list || rest != "-" && !strings.HasPrefix(rest, "- ")) {
			break
		}
		last = n
	}
	if last < len(d.lines) {
		return d.lines[last]
	}
	return len(d.text)
}

// removed returns a tree without what is at a path.
func removed(n *yaml.Node, path []string) *yaml.Node {
	name := path[len(path)-1]
	return changed(n, path[:len(path)-1], func(m *yaml.Node) *yaml.Node {
		out := *m
		out.Pairs = slices.DeleteFunc(slices.Clone(m.Pairs), func(p yaml.Pair) bool { return p.Key.Value == name })
		if i, err := strconv.Atoi(name); err == nil && m.Kind == yaml.List {
			out.Items = slices.Delete(slices.Clone(m.Items), i, i+1)
		}
		return &out
	})
}
