package yaml

import (
	"fmt"
	"strings"

	goyaml "go.yaml.in/yaml/v4"
)

// expander turns the library's tree into ours: aliases and merge keys are
// resolved, keys checked, and everything counted.
type expander struct {
	limits Limits
	shift  int // lines before the text
	nodes  int
	active map[*goyaml.Node]bool // anchored nodes being expanded, to see one inside itself
}

func (x *expander) at(n *goyaml.Node, format string, a ...any) *Error {
	return &Error{Line: n.Line + x.shift, Column: n.Column, Msg: fmt.Sprintf(format, a...)}
}

func (x *expander) document(raw *goyaml.Node) (*Node, *Error) {
	if raw.Kind == goyaml.DocumentNode {
		if len(raw.Content) == 0 {
			return &Node{Kind: Scalar, Tag: TagNull, Plain: true, Line: max(raw.Line, 1) + x.shift, Col: max(raw.Column, 1)}, nil
		}
		raw = raw.Content[0]
	}
	return x.node(raw, 1)
}

func (x *expander) node(raw *goyaml.Node, depth int) (*Node, *Error) {
	for raw.Kind == goyaml.AliasNode {
		if raw.Alias == nil || x.active[raw.Alias] {
			return nil, x.at(raw, "the alias %s stands inside the value it names", Quote("*"+raw.Value))
		}
		raw = raw.Alias
	}
	if x.nodes++; x.nodes > x.limits.Nodes {
		e := tooMany(x.limits)
		e.Line, e.Column = raw.Line+x.shift, raw.Column
		return nil, e
	}
	if depth > x.limits.Depth {
		return nil, x.at(raw, "%s", tooDeep(x.limits))
	}
	n := &Node{Line: raw.Line + x.shift, Col: raw.Column}
	if raw.Style&goyaml.TaggedStyle != 0 {
		n.Tag, n.Typed = raw.Tag, true
	}
	switch raw.Kind {
	case goyaml.ScalarNode:
		x.scalar(n, raw)
		return n, nil
	case goyaml.SequenceNode:
		return n, x.list(n, raw, depth)
	case goyaml.MappingNode:
		return n, x.mapping(n, raw, depth)
	default:
		return nil, x.at(raw, "is not valid YAML: a value is expected here")
	}
}

func (x *expander) scalar(n *Node, raw *goyaml.Node) {
	const quoted = goyaml.DoubleQuotedStyle | goyaml.SingleQuotedStyle | goyaml.LiteralStyle | goyaml.FoldedStyle
	n.Kind, n.Value, n.Plain = Scalar, raw.Value, raw.Style&quoted == 0
	n.Block = raw.Style&goyaml.LiteralStyle != 0
	switch {
	case n.Tag != "":
	case n.Plain:
		n.Tag = resolve(n.Value)
	default:
		n.Tag = TagString
	}
}

func (x *expander) list(n *Node, raw *goyaml.Node, depth int) *Error {
	n.Kind, n.Flow = List, raw.Style&goyaml.FlowStyle != 0
	if n.Tag == "" {
		n.Tag = TagList
	}
	x.active[raw] = true
	defer delete(x.active, raw)
	for _, c := range raw.Content {
		item, err := x.node(c, depth+1)
		if err != nil {
			return err
		}
		n.Items = append(n.Items, item)
	}
	return nil
}

func (x *expander) mapping(n *Node, raw *goyaml.Node, depth int) *Error {
	n.Kind, n.Flow = Map, raw.Style&goyaml.FlowStyle != 0
	if n.Tag == "" {
		n.Tag = TagMap
	}
	x.active[raw] = true
	defer delete(x.active, raw)
	seen := make(map[string]*Node, len(raw.Content)/2)
	var merges []*Node
	for i := 0; i+1 < len(raw.Content); i += 2 {
		key, err := x.key(raw.Content[i], depth)
		if err != nil {
			return err
		}
		if first := seen[key.Value]; first != nil {
			return x.at(raw.Content[i], "the key %s is given twice, first at line %d column %d; keep one", Quote(key.Value), first.Line, first.Col)
		}
		seen[key.Value] = key
		value, err := x.node(raw.Content[i+1], depth+1)
		if err != nil {
			return err
		}
		if key.Value == "<<" && key.Plain {
			merges = append(merges, value)
			continue
		}
		n.Pairs = append(n.Pairs, Pair{key, value})
	}
	n.Own = len(n.Pairs)
	return x.merge(n, merges, seen)
}

func (x *expander) key(raw *goyaml.Node, depth int) (*Node, *Error) {
	key, err := x.node(raw, depth+1)
	if err != nil {
		return nil, err
	}
	if key.Kind != Scalar || key.IsNull() {
		return nil, x.at(raw, "a key is %s; it must be a word or a string in quotes", strings.Replace(key.Kind.String(), "a single value", "empty", 1))
	}
	return key, nil
}

// merge adds the pairs of << that the mapping does not set itself. The first
// mapping of a list of them wins.
func (x *expander) merge(n *Node, merges []*Node, seen map[string]*Node) *Error {
	for _, m := range merges {
		sources := []*Node{m}
		if m.Kind == List {
			sources = m.Items
		}
		for _, s := range sources {
			if s.Kind != Map {
				return &Error{Line: s.Line, Column: s.Col, Msg: fmt.Sprintf("<< merges %s; it takes a mapping, or a list of mappings", s.Kind)}
			}
			for _, p := range s.Pairs {
				if seen[p.Key.Value] == nil {
					seen[p.Key.Value] = p.Key
					n.Pairs = append(n.Pairs, p)
				}
			}
		}
	}
	return nil
}
