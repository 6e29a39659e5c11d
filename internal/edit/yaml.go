package edit

import (
	"bytes"
	"errors"
	"slices"
	"strconv"
	"strings"

	"plimsoll/internal/yaml"
)

// SetYAML returns the document with the single value at a path: keys of
// mappings, and positions in lists. Mappings that the path needs are added. The
// value is a string, a boolean or a whole number. Quotes of a value that is
// replaced stay; what is added has the document's own indentation.
//
// The error is an [*Error] when the document cannot be read, when something else
// than a single value stands there, or when the edit would change more than the
// one value: where it is shared through an anchor, or is no plain text.
func SetYAML(doc []byte, path []string, value any) ([]byte, error) {
	d, err := readYAML(doc)
	if err != nil {
		return nil, err
	}
	v, err := scalar(value)
	if err != nil {
		return nil, err
	}
	at := d.walk(path)
	want := func(root *yaml.Node) *yaml.Node { return placed(root, path, v) }
	if len(at.missing) > 0 {
		return d.checked(want, func() ([]byte, error) { return d.insert(at, []string{v.text}) })
	}
	if at.node.Kind != yaml.Scalar || at.node.IsNull() {
		return nil, d.refuse(at.node, "is %s, no single value; change it by hand", yaml.Describe(at.node))
	}
	if at.node.Value == v.node.Value && (at.node.Tag == v.node.Tag || !at.node.Plain) {
		return doc, nil
	}
	return d.checked(want, func() ([]byte, error) { return d.replace(at.node, v) })
}

// AddYAML returns the document with an item in the list at a path, at its end.
// The list, and mappings that the path needs, are added. An item that is there
// already leaves the document as it is. The errors are those of [SetYAML].
func AddYAML(doc []byte, path []string, item string) ([]byte, error) {
	d, err := readYAML(doc)
	if err != nil {
		return nil, err
	}
	v, err := scalar(item)
	if err != nil {
		return nil, err
	}
	at := d.walk(path)
	want := func(root *yaml.Node) *yaml.Node { return appended(root, path, v) }
	if len(at.missing) > 0 {
		return d.checked(want, func() ([]byte, error) { return d.insert(at, []string{"", v.text}) })
	}
	if at.node.Kind != yaml.List {
		return nil, d.refuse(at.node, "is %s, no list; change it by hand", yaml.Describe(at.node))
	}
	if slices.ContainsFunc(at.node.Items, func(i *yaml.Node) bool { return i.Kind == yaml.Scalar && i.Value == item }) {
		return doc, nil
	}
	return d.checked(want, func() ([]byte, error) { return d.addItem(at.node, v.text) })
}

// Value is what stands at a place of a document.
type Value struct {
	Text  string   // of a single value
	Items []string // of a list, those that are single values, "" for others
	Line  int      // from 1
	List  bool
}

// LookYAML returns what stands at a path; ok is false when nothing does.
func LookYAML(doc []byte, path []string) (v Value, ok bool, err error) {
	d, err := readYAML(doc)
	if err != nil {
		return v, false, err
	}
	at := d.walk(path)
	if len(at.missing) > 0 {
		return v, false, nil
	}
	v = Value{Text: at.node.Value, Line: at.node.Line, List: at.node.Kind == yaml.List}
	for _, i := range at.node.Items {
		v.Items = append(v.Items, i.Value)
	}
	return v, true, nil
}

// yamlDoc is a document with where its lines begin.
type yamlDoc struct {
	text  []byte
	root  *yaml.Node
	lines []int
	nl    string
}

func readYAML(doc []byte) (*yamlDoc, error) {
	root, err := yaml.Parse(doc, "", yaml.Limits{})
	if err != nil {
		e := &Error{Why: err.Error()}
		if ye, ok := errors.AsType[*yaml.Error](err); ok {
			e = &Error{Line: ye.Line, Column: ye.Column, Why: ye.Msg}
		}
		return nil, e
	}
	d := &yamlDoc{text: doc, root: root, lines: []int{0}, nl: newline(doc)}
	for i, c := range doc {
		if c == '\n' {
			d.lines = append(d.lines, i+1)
		}
	}
	return d, nil
}

func (d *yamlDoc) refuse(n *yaml.Node, format string, args ...any) *Error {
	e := refuseAt(nil, 0, format, args...)
	e.Line, e.Column = n.Line, n.Col
	return e
}

// checked makes an edit and holds it against what was meant: the one change of
// the document's meaning, with all anchors expanded, and no other.
func (d *yamlDoc) checked(want func(*yaml.Node) *yaml.Node, edit func() ([]byte, error)) ([]byte, error) {
	out, err := edit()
	if err != nil {
		return nil, err
	}
	is, err := yaml.Parse(out, "", yaml.Limits{})
	if err != nil || !same(is, want(d.root)) {
		line := d.firstChange(out)
		return nil, &Error{Line: line, Why: "an edit here would change more than is meant, because the text is shared through an anchor or written in an unusual way; change it by hand"}
	}
	return out, nil
}

// firstChange returns the number of the first line that differs.
func (d *yamlDoc) firstChange(out []byte) int {
	n := 0
	for n < len(out) && n < len(d.text) && out[n] == d.text[n] {
		n++
	}
	return 1 + bytes.Count(out[:n], []byte("\n"))
}

// spot is where a path leads: to a node, or to the innermost one that exists.
type spot struct {
	node    *yaml.Node
	key     *yaml.Node // of the node in its mapping; nil for the root and for items
	missing []string
}

func (d *yamlDoc) walk(path []string) spot {
	at := spot{node: d.root}
	for i, k := range path {
		next := spot{}
		if n, err := strconv.Atoi(k); err == nil && at.node.Kind == yaml.List && n >= 0 && n < len(at.node.Items) {
			next.node = at.node.Items[n]
		}
		for j, p := range at.node.Pairs {
			// A single value that is merged in from elsewhere is not there yet: what the
			// mapping states itself overrides it.
			if p.Key.Value == k && (j < at.node.Own || p.Value.Kind != yaml.Scalar) {
				next.node, next.key = p.Value, p.Key
			}
		}
		if next.node == nil {
			at.missing = path[i:]
			break
		}
		at = next
	}
	return at
}

// offset returns the position of a line and column in bytes; the length when
// there is no such place.
func (d *yamlDoc) offset(line, col int) int {
	if line < 1 || line > len(d.lines) {
		return len(d.text)
	}
	at := d.lines[line-1]
	for ; col > 1 && at < len(d.text); col-- {
		at++
		for at < len(d.text) && d.text[at]&0xc0 == 0x80 { // inside a character
			at++
		}
	}
	return at
}

// lineEnd returns the position of the line ending, or the end, from a position on.
func (d *yamlDoc) lineEnd(at int) int {
	if i := bytes.IndexByte(d.text[at:], '\n'); i >= 0 {
		at += i
		if at > 0 && d.text[at-1] == '\r' {
			at--
		}
		return at
	}
	return len(d.text)
}

// span finds the text of a single value: from start to end without its quotes.
func (d *yamlDoc) span(n *yaml.Node) (start, end int, quote byte, err error) {
	at := d.offset(n.Line, n.Col)
	for at < len(d.text) && (d.text[at] == '&' || d.text[at] == '!') { // an anchor or a tag comes first
		for at < len(d.text) && !isBlank(d.text[at]) {
			at++
		}
		for at < len(d.text) && d.text[at] == ' ' {
			at++
		}
	}
	line := d.text[at:d.lineEnd(at)]
	unusual := d.refuse(n, "is a value over several lines; change it by hand")
	if len(line) == 0 {
		return 0, 0, 0, unusual
	}
	if q := line[0]; q == '"' || q == '\'' {
		for i := 1; i < len(line); i++ {
			switch {
			case q == '"' && line[i] == '\\', q == '\'' && line[i] == q && i+1 < len(line) && line[i+1] == q:
				i++
			case line[i] == q:
				return at + 1, at + i, q, nil
			}
		}
		return 0, 0, 0, unusual
	}
	if !n.Plain || !bytes.HasPrefix(line, []byte(n.Value)) {
		return 0, 0, 0, unusual
	}
	rest := strings.TrimLeft(string(line[len(n.Value):]), " \t")
	if rest != "" && !strings.ContainsRune("#,]}:", rune(rest[0])) {
		return 0, 0, 0, unusual
	}
	return at, at + len(n.Value), 0, nil
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// replace puts another value in the place of one.
func (d *yamlDoc) replace(n *yaml.Node, v rendered) ([]byte, error) {
	start, end, quote, err := d.span(n)
	if err != nil {
		return nil, err
	}
	text := v.text
	if quote != 0 {
		text = v.node.Value
	}
	return splice(d.text, start, end, text), nil
}
