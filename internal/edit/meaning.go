package edit

import (
	"slices"
	"strconv"

	"plimsoll/internal/yaml"
)

// placed returns a tree with a value at a path; the given tree stays as it is.
func placed(n *yaml.Node, path []string, v rendered) *yaml.Node {
	return changed(n, path, func(*yaml.Node) *yaml.Node { return v.node })
}

// appended returns a tree with an item at the end of the list at a path.
func appended(n *yaml.Node, path []string, v rendered) *yaml.Node {
	return changed(n, path, func(list *yaml.Node) *yaml.Node {
		out := &yaml.Node{Kind: yaml.List, Tag: yaml.TagList}
		if list != nil {
			*out = *list
		}
		out.Items = append(slices.Clip(out.Items), v.node)
		return out
	})
}

func changed(n *yaml.Node, path []string, f func(*yaml.Node) *yaml.Node) *yaml.Node {
	if len(path) == 0 {
		return f(n)
	}
	out := &yaml.Node{Kind: yaml.Map, Tag: yaml.TagMap}
	if n != nil {
		*out = *n
	}
	if out.Kind == yaml.List {
		out.Items = slices.Clone(out.Items)
		if i, err := strconv.Atoi(path[0]); err == nil && i >= 0 && i < len(out.Items) {
			out.Items[i] = changed(out.Items[i], path[1:], f)
		}
		return out
	}
	out.Pairs = slices.Clone(out.Pairs)
	for i, p := range out.Pairs {
		if p.Key.Value == path[0] {
			out.Pairs[i].Value = changed(p.Value, path[1:], f)
			return out
		}
	}
	key := &yaml.Node{Kind: yaml.Scalar, Tag: yaml.TagString, Value: path[0]}
	out.Pairs = append(out.Pairs, yaml.Pair{Key: key, Value: changed(nil, path[1:], f)})
	return out
}

// same reports whether two trees mean the same: positions, quotes and the order
// of keys do not count.
func same(a, b *yaml.Node) bool {
	if a.Kind != b.Kind || a.Value != b.Value || len(a.Items) != len(b.Items) || len(a.Pairs) != len(b.Pairs) {
		return false
	}
	if a.Tag != b.Tag && (a.Kind != yaml.Scalar || a.Plain && b.Plain) {
		return false // a value that stood in quotes stays in them
	}
	for i := range a.Items {
		if !same(a.Items[i], b.Items[i]) {
			return false
		}
	}
	of := make(map[string]*yaml.Node, len(b.Pairs))
	for _, p := range b.Pairs {
		of[p.Key.Value] = p.Value
	}
	for _, p := range a.Pairs {
		if v := of[p.Key.Value]; v == nil || !same(p.Value, v) {
			return false
		}
	}
	return true
}
