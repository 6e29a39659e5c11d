package yaml

import (
	"regexp"
	"strings"
)

// Kind is the shape of a node.
type Kind uint8

// The kinds.
const (
	Scalar Kind = iota + 1
	List
	Map
)

// String names the kind as an error message does.
func (k Kind) String() string {
	switch k {
	case Scalar:
		return "a single value"
	case List:
		return "a list"
	case Map:
		return "a mapping"
	}
	return "nothing"
}

// The tags of plain data, after resolution.
const (
	TagString = "!!str"
	TagInt    = "!!int"
	TagFloat  = "!!float"
	TagBool   = "!!bool"
	TagNull   = "!!null"
	TagList   = "!!seq"
	TagMap    = "!!map"
)

// Node is one value of a document. Aliases and merge keys are expanded; an
// expanded value keeps the position at which it was written.
type Node struct {
	Kind  Kind
	Tag   string // explicit, as in !reset, or resolved by the core schema of YAML 1.2
	Value string // text of a scalar, as written but for quotes and escapes
	Block bool   // a scalar kept line by line, as | does; its first line is the one after Line
	Plain bool   // a scalar without quotes, which other readers may take for a number or a boolean
	Typed bool   // the tag is written out
	Line  int    // from 1
	Col   int    // from 1, in characters

	Items []*Node // of a list
	Pairs []Pair  // of a mapping, in file order; merged pairs come last
	Own   int     // of the pairs, those that the mapping states itself
	Flow  bool    // a list or mapping in brackets
}

// Pair is one entry of a mapping. Keys are scalars and unique.
type Pair struct{ Key, Value *Node }

// Get returns the value of a key, or nil.
func (n *Node) Get(key string) *Node {
	if n == nil {
		return nil
	}
	for _, p := range n.Pairs {
		if p.Key.Value == key {
			return p.Value
		}
	}
	return nil
}

// Entries returns the pairs of a mapping; nil for a node that is missing.
func (n *Node) Entries() []Pair {
	if n == nil {
		return nil
	}
	return n.Pairs
}

// IsNull reports whether the node says that there is no value.
func (n *Node) IsNull() bool { return n.Kind == Scalar && n.Tag == TagNull }

var (
	intPattern   = regexp.MustCompile(`^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$`)
	floatPattern = regexp.MustCompile(`^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$`)
)

// longestNumber bounds the text that is looked at as a number.
const longestNumber = 64

// resolve gives a plain scalar its tag by the core schema of YAML 1.2: yes, no,
// on, off and dates are strings.
func resolve(v string) string {
	switch v {
	case "", "~", "null", "Null", "NULL":
		return TagNull
	case "true", "True", "TRUE", "false", "False", "FALSE":
		return TagBool
	}
	if len(v) > longestNumber || !strings.ContainsAny(v[:1], "-+.0123456789") {
		return TagString
	}
	switch {
	case intPattern.MatchString(v):
		return TagInt
	case floatPattern.MatchString(v):
		return TagFloat
	}
	return TagString
}
