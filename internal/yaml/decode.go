package yaml

import (
	"fmt"
	"slices"
	"strings"
)

// maxErrors is how many errors of one file are reported. Reading stops there,
// since the suggestion in an error may cost a look at every known name.
const maxErrors = 50

// Decoder walks a tree against what is expected and gathers everything that is
// wrong, so that a person mends a file once. Its methods return the zero value
// where the file is wrong; Errors says at the end whether it was. A nil node is
// one that is missing, which only [Decoder.Required] reports.
type Decoder struct {
	file string
	errs Errors
}

// NewDecoder returns a decoder whose errors name a file.
func NewDecoder(file string) *Decoder { return &Decoder{file: file} }

// Errorf records what is wrong at a node and what would be right.
func (d *Decoder) Errorf(n *Node, format string, a ...any) {
	if d.Full() {
		return
	}
	d.errs = append(d.errs, &Error{File: d.file, Line: n.Line, Column: n.Col, Msg: fmt.Sprintf(format, a...)})
}

// Full reports whether no further error will be shown, so that reading on is
// pointless.
func (d *Decoder) Full() bool { return len(d.errs) >= maxErrors }

// Errors returns what was recorded, in file order.
func (d *Decoder) Errors() Errors {
	out := slices.Clone(d.errs)
	out.sort()
	if d.Full() {
		out = append(out, &Error{File: d.file, Msg: fmt.Sprintf("is not read further: at most %d errors are shown at once", maxErrors)})
	}
	return out
}

// Map returns the pairs of a mapping. what names it in the error, as in
// "checks".
func (d *Decoder) Map(n *Node, what string) []Pair {
	if n == nil {
		return nil
	}
	if n.Kind != Map || n.Tag != TagMap {
		d.Errorf(n, "%s is %s; it takes a mapping of keys to values", what, Describe(n))
		return nil
	}
	return n.Pairs
}

// Fields returns the values of a mapping with a fixed set of keys. An unknown
// key is an error that names the nearest one.
func (d *Decoder) Fields(n *Node, what string, known ...string) map[string]*Node {
	out := make(map[string]*Node, len(known))
	for _, p := range d.Map(n, what) {
		if slices.Contains(known, p.Key.Value) {
			out[p.Key.Value] = p.Value
			continue
		}
		if d.Full() {
			break
		}
		d.Errorf(p.Key, "%s has no key %s; %s", what, Quote(p.Key.Value), suggest(p.Key.Value, known))
	}
	return out
}

// suggest names the nearest of a few names, or all of them.
func suggest(name string, known []string) string {
	if near := Nearest(name, known); near != "" {
		return "did you mean " + near + "?"
	}
	return "it takes " + strings.Join(known, ", ")
}

// Required reports a key that its mapping lacks. example shows what would be
// right.
func (d *Decoder) Required(in *Node, fields map[string]*Node, what, key, example string) *Node {
	if n := fields[key]; n != nil {
		return n
	}
	if in != nil && in.Kind == Map {
		d.Errorf(in, "%s lacks %s; add %s: %s", what, key, key, example)
	}
	return nil
}

// List returns the items of a list.
func (d *Decoder) List(n *Node, what string) []*Node {
	if n == nil {
		return nil
	}
	if n.Kind != List || n.Tag != TagList {
		d.Errorf(n, "%s is %s; it takes a list, and an empty one is []", what, Describe(n))
		return nil
	}
	return n.Items
}

// Text returns a scalar where text is wanted. What other readers of YAML take
// for a boolean or a number (no, 1.20, 22:22, 2027-03-31) is the text that
// stands in the file; a plain true or false is refused, since it is no text to
// anybody.
func (d *Decoder) Text(n *Node, what string) (string, bool) {
	if n == nil {
		return "", false
	}
	if n.Kind == Scalar {
		switch n.Tag {
		case TagString, TagInt, TagFloat:
			return n.Value, true
		case TagBool:
			d.Errorf(n, "%s is %s; it takes text: if you mean the word, put it in quotes", what, n.Value)
			return "", false
		}
	}
	d.Errorf(n, "%s is %s; it takes text", what, Describe(n))
	return "", false
}

// Describe says what a node is, as the subject of "is".
func Describe(n *Node) string {
	switch n.Tag {
	case TagNull:
		return "empty"
	case TagString, TagInt, TagFloat, TagBool:
		return "the single value " + Quote(n.Value)
	case TagList, TagMap:
		return n.Kind.String()
	}
	return "tagged " + Quote(n.Tag)
}
