package edit

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"plimsoll/internal/yaml"
)

// insert adds what a path misses to the mapping it leads to. value is the single
// value, or for a list an empty text and the item.
func (d *yamlDoc) insert(at spot, value []string) ([]byte, error) {
	m := at.node
	for _, k := range at.missing {
		if !plainKey.MatchString(k) {
			return nil, d.refuse(m, "the key %s cannot be added safely; add it by hand", yaml.Quote(k))
		}
	}
	switch {
	case m.Kind != yaml.Map:
		return nil, d.refuse(m, "is %s, no mapping; change it by hand", yaml.Describe(m))
	case m.Flow:
		return d.insertFlow(m, at.missing, value)
	}
	first := d.offset(m.Line, m.Col)
	if m.Own > 0 {
		first = d.offset(m.Pairs[0].Key.Line, m.Pairs[0].Key.Col)
	}
	indent, ok := d.margin(first)
	if !ok {
		return nil, d.refuse(m, "begins on a line with something else, so that no line can be added; add it by hand")
	}
	unit := "  "
	if at.key != nil && len(indent) >= at.key.Col {
		unit = indent[:len(indent)-at.key.Col+1]
	}
	text := d.block(at.missing, value, indent, unit)
	if p := d.lastPlain(m, indent); p != nil {
		return d.lineAfter(d.offset(p.Value.Line, p.Value.Col), text), nil
	}
	if at.key == nil || at.key.Line >= m.Line {
		return nil, d.refuse(m, "has no line after which a key can be added safely; add it by hand")
	}
	return d.lineAfter(d.offset(at.key.Line, at.key.Col), text), nil
}

var plainKey = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]*$`)

// margin returns the blanks before a position, those that stand for the dash of an
// item included; ok is false when anything else stands there.
func (d *yamlDoc) margin(at int) (string, bool) {
	start := bytes.LastIndexByte(d.text[:at], '\n') + 1
	before := string(d.text[start:at])
	if dashes.MatchString(before) {
		return strings.Repeat(" ", len(before)), true
	}
	return before, strings.Trim(before, " ") == ""
}

var dashes = regexp.MustCompile(`^ *(- +)+$`)

// lastPlain returns the last pair that the mapping states itself whose key
// begins a line and whose value is a single one that ends on that line.
func (d *yamlDoc) lastPlain(m *yaml.Node, indent string) *yaml.Pair {
	for i := m.Own - 1; i >= 0; i-- {
		p := &m.Pairs[i]
		before, ok := d.margin(d.offset(p.Key.Line, p.Key.Col))
		if !ok || before != indent || p.Value.Kind != yaml.Scalar || p.Value.IsNull() || p.Value.Line != p.Key.Line {
			continue
		}
		if _, _, _, err := d.span(p.Value); err == nil {
			return p
		}
	}
	return nil
}

// lineAfter adds lines after the one that a position stands on.
func (d *yamlDoc) lineAfter(at int, lines []string) []byte {
	end := d.lineEnd(at)
	return splice(d.text, end, end, d.nl+strings.Join(lines, d.nl))
}

// block renders keys that lead to a value on lines of their own.
func (d *yamlDoc) block(path, value []string, indent, unit string) []string {
	var lines []string
	for i, k := range path {
		line := indent + k + ":"
		if i == len(path)-1 && value[0] != "" {
			line += " " + value[0]
		}
		lines = append(lines, line)
		if i < len(path)-1 {
			indent += unit
		}
	}
	if value[0] == "" {
		lines = append(lines, indent+d.listIndent(d.root, unit)+"- "+value[1])
	}
	return lines
}

// listIndent returns what the document indents items of a list by, below its
// key.
func (d *yamlDoc) listIndent(n *yaml.Node, unit string) string {
	if found, ok := d.someListIndent(n); ok {
		return found
	}
	return unit
}

func (d *yamlDoc) someListIndent(n *yaml.Node) (string, bool) {
	for _, p := range n.Pairs[:n.Own] {
		if p.Value.Kind == yaml.List && !p.Value.Flow && len(p.Value.Items) > 0 {
			key, ok1 := d.margin(d.offset(p.Key.Line, p.Key.Col))
			dash, ok2 := d.dash(p.Value.Items[0])
			if by, found := strings.CutPrefix(dash, key); ok1 && ok2 && found && strings.Contains(by, "-") {
				return by[:strings.IndexByte(by, '-')], true
			}
		}
		if by, ok := d.someListIndent(p.Value); ok {
			return by, true
		}
	}
	return "", false
}

// dash returns what stands before an item on its line: blanks and the dash.
func (d *yamlDoc) dash(item *yaml.Node) (string, bool) {
	at := d.offset(item.Line, item.Col)
	start := bytes.LastIndexByte(d.text[:at], '\n') + 1
	before := string(d.text[start:at])
	return before, dashOnly.MatchString(before)
}

var dashOnly = regexp.MustCompile(`^ *- +$`)

// insertFlow adds to a mapping in braces.
func (d *yamlDoc) insertFlow(m *yaml.Node, path, value []string) ([]byte, error) {
	text := value[0]
	if text == "" {
		text = "[" + value[1] + "]"
	}
	for i, k := range slices.Backward(path) {
		text = k + ": " + text
		if i > 0 {
			text = "{" + text + "}"
		}
	}
	at := d.offset(m.Line, m.Col)
	if at >= len(d.text) || d.text[at] != '{' {
		return nil, d.refuse(m, "is written in an unusual way; change it by hand")
	}
	return d.open(at, text, len(m.Pairs) == 0), nil
}

// open adds to a list or mapping right after its bracket.
func (d *yamlDoc) open(at int, text string, empty bool) []byte {
	at++
	if !empty {
		text += ", "
		for at < len(d.text) && d.text[at] == ' ' {
			at++
		}
	}
	return splice(d.text, at, at, text)
}

// addItem adds to the end of a list.
func (d *yamlDoc) addItem(list *yaml.Node, text string) ([]byte, error) {
	var last *yaml.Node
	if n := len(list.Items); n > 0 {
		last = list.Items[n-1]
	}
	if list.Flow {
		at := d.offset(list.Line, list.Col)
		if at >= len(d.text) || d.text[at] != '[' {
			return nil, d.refuse(list, "is written in an unusual way; change it by hand")
		}
		if last != nil {
			if _, end, quote, err := d.span(last); err == nil {
				if quote != 0 {
					end++
				}
				return splice(d.text, end, end, ", "+text), nil
			}
		}
		return d.open(at, text, last == nil), nil
	}
	if last == nil {
		return nil, d.refuse(list, "is written in an unusual way; change it by hand")
	}
	before, ok := d.dash(last)
	if _, _, _, err := d.span(last); err != nil || !ok {
		return nil, d.refuse(last, "is no single value on a line of its own, so that no item can be added after it; add it by hand")
	}
	return d.lineAfter(d.offset(last.Line, last.Col), []string{before + text}), nil
}

// rendered is a value as it is written and as it is meant.
type rendered struct {
	text string
	node *yaml.Node
}

var plainText = regexp.MustCompile(`^[A-Za-z0-9_./][A-Za-z0-9_./@+-]*(?::[A-Za-z0-9_./@+-]+)*$`)

// scalar renders a value. Text that other readers would take for something else
// is put in quotes; text that needs escapes is refused.
func scalar(value any) (rendered, error) {
	n := &yaml.Node{Kind: yaml.Scalar, Plain: true}
	switch v := value.(type) {
	case bool:
		n.Tag, n.Value = yaml.TagBool, fmt.Sprint(v)
		return rendered{n.Value, n}, nil
	case int, int64:
		n.Tag, n.Value = yaml.TagInt, fmt.Sprint(v)
		return rendered{n.Value, n}, nil
	case string:
		n.Tag, n.Value = yaml.TagString, v
		if !plainText.MatchString(v) {
			return rendered{}, &Error{Why: "the value " + yaml.Quote(v) + " cannot be written without escapes; change it by hand"}
		}
		if ambiguous.MatchString(v) {
			return rendered{`"` + v + `"`, n}, nil
		}
		return rendered{v, n}, nil
	}
	return rendered{}, &Error{Why: fmt.Sprintf("a value of type %T cannot be written", value)}
}

// ambiguous is text that some reader of YAML takes for a number, a time, a
// boolean or nothing.
var ambiguous = regexp.MustCompile(`(?i)^(?:[0-9+.-][0-9a-fx_.:e+-]*|y|n|yes|no|on|off|true|false|null|nan|inf)$`)
