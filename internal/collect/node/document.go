package node

import (
	"strings"

	"plimsoll/internal/collect/host"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/yaml"
)

// document is a configuration file, or the reason why there is none to read.
type document struct {
	root   *yaml.Node
	state  snapshot.State
	reason snapshot.Reason
}

// read parses a file as YAML, which JSON is too. What is wrong with it is not
// repeated anywhere: an error may quote it.
func read(v host.View, name string) document {
	b, err := v.Read(name)
	if err != nil {
		s, r := host.Outcome(err)
		return document{state: s, reason: r}
	}
	return parse(b)
}

func parse(b []byte) document {
	root, err := yaml.Parse(b, "", yaml.Limits{})
	if err != nil || root == nil || root.Kind != yaml.Map {
		return document{state: snapshot.Failed, reason: snapshot.ReasonUnparsable}
	}
	return document{root: root, state: snapshot.Observed}
}

func (d document) ok() bool { return d.state == snapshot.Observed }

// fact is a fact of what a document says, or why it says nothing.
func fact[T any](d document, v T, source string) snapshot.Fact[T] {
	if !d.ok() {
		return snapshot.Missing[T](d.state, d.reason, source)
	}
	return snapshot.Seen(v, source)
}

// at follows keys into a document; nil where one is missing.
func at(n *yaml.Node, keys ...string) *yaml.Node {
	for _, k := range keys {
		if n == nil || n.Kind != yaml.Map {
			return nil
		}
		n = n.Get(k)
	}
	return n
}

// word returns a scalar as text, "" for anything else.
func word(n *yaml.Node, keys ...string) string {
	n = at(n, keys...)
	if n == nil || n.Kind != yaml.Scalar || n.IsNull() {
		return ""
	}
	return host.Text(n.Value)
}

// items returns the members of a list.
func items(n *yaml.Node, keys ...string) []*yaml.Node {
	n = at(n, keys...)
	if n == nil || n.Kind != yaml.List {
		return nil
	}
	return n.Items
}

// wordList returns the scalars of a list.
func wordList(n *yaml.Node, keys ...string) []string {
	var out []string
	for _, i := range items(n, keys...) {
		if w := word(i); w != "" || i.Kind == yaml.Scalar {
			out = append(out, w)
		}
	}
	return out
}

// flatten returns those fields of a configuration that keep knows, by path. Lists
// of scalars are one text with commas.
func flatten(n *yaml.Node, keep func(path string) bool) map[string]string {
	out := make(map[string]string)
	flattenInto(out, n, "", keep, 0)
	return out
}

func flattenInto(out map[string]string, n *yaml.Node, prefix string, keep func(string) bool, depth int) {
	if n == nil || depth > 8 || len(out) > 4096 {
		return
	}
	switch n.Kind {
	case yaml.Map:
		for _, p := range n.Entries() {
			name := p.Key.Value
			if prefix != "" {
				name = prefix + "." + name
			}
			flattenInto(out, p.Value, name, keep, depth+1)
		}
	case yaml.List:
		if keep(prefix) {
			out[prefix] = strings.Join(wordList(n), ",")
		}
	case yaml.Scalar:
		if !n.IsNull() && keep(prefix) {
			out[prefix] = host.Text(n.Value)
		}
	}
}
