package edit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"
)

// SetJSON returns the document, a JSON object, with the value at a path of keys.
// Objects that the path needs are added; a document of nothing but space counts
// as an empty object. What is added has the document's indentation, and nothing
// else changes. A value that is already there leaves the document as it is.
//
// The error is an [*Error] when the document is not such an object, when a key of
// the path leads through something else than an object, stands there twice, or
// differs from one that is there only by case: programs written in Go take those
// for the same.
func SetJSON(doc []byte, path []string, value any) ([]byte, error) {
	if len(path) == 0 {
		return nil, &Error{Why: "the path to the value is empty"}
	}
	for _, key := range path {
		if !utf8.ValidString(key) {
			return nil, &Error{Why: fmt.Sprintf("the key %q is not UTF-8, which JSON cannot hold", key)}
		}
	}
	text, err := compact(value)
	if err != nil {
		return nil, err
	}
	nl := newline(doc)
	if len(bytes.TrimSpace(doc)) == 0 {
		return []byte(nest(path, text, "", "  ", nl, true) + nl), nil
	}
	if err := validJSON(doc); err != nil {
		return nil, err
	}
	obj, err := readObject(doc, skipSpace(doc, 0))
	if err != nil {
		return nil, err
	}
	for {
		m, err := obj.find(doc, path[0])
		if err != nil {
			return nil, err
		}
		if m == nil {
			return obj.add(doc, path, text, nl), nil
		}
		if path = path[1:]; len(path) == 0 {
			return m.replace(doc, text, nl), nil
		}
		if obj, err = readObject(doc, m.value); err != nil {
			return nil, err
		}
	}
}

// compact renders a value without space, and without the escapes that only
// HTML needs.
func compact(value any) (string, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(value); err != nil {
		return "", fmt.Errorf("render the value as JSON: %w", err)
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}

func validJSON(doc []byte) error {
	var v any
	err := json.Unmarshal(doc, &v)
	if err == nil {
		return nil
	}
	at := 0
	if syntax, ok := err.(*json.SyntaxError); ok {
		at = int(syntax.Offset) - 1
	}
	return refuseAt(doc, at, "this is not JSON: %v", err)
}

// object is one object of a document by its positions in bytes.
type object struct {
	open, close int // of the braces
	members     []member
}

type member struct {
	name       string
	key        int // where the name's quote opens
	colon      int // where the text between name and value begins
	value, end int
}

// readObject reads the members of the object at a position of a valid document.
func readObject(doc []byte, at int) (*object, error) {
	if doc[at] != '{' {
		return nil, refuseAt(doc, at, "this is not an object, so no key can be set in it")
	}
	o := &object{open: at}
	at = skipSpace(doc, at+1)
	for doc[at] != '}' {
		m := member{key: at, colon: skipValue(doc, at)}
		if err := json.Unmarshal(doc[m.key:m.colon], &m.name); err != nil {
			return nil, refuseAt(doc, at, "this key is not a string: %v", err)
		}
		m.value = skipSpace(doc, skipSpace(doc, m.colon)+1)
		m.end = skipValue(doc, m.value)
		o.members = append(o.members, m)
		if at = skipSpace(doc, m.end); doc[at] == ',' {
			at = skipSpace(doc, at+1)
		}
	}
	o.close = at
	return o, nil
}

// find returns the member of a name, nil when there is none.
func (o *object) find(doc []byte, name string) (*member, error) {
	var found *member
	for i := range o.members {
		m := &o.members[i]
		if !strings.EqualFold(m.name, name) {
			continue
		}
		if m.name != name {
			return nil, refuseAt(doc, m.key, "the key %q differs from %q only by case; rename it or remove it first", m.name, name)
		}
		if found != nil {
			return nil, refuseAt(doc, m.key, "the key %q stands here for the second time; remove one first", name)
		}
		found = m
	}
	return found, nil
}

// replace returns the document with another value of the member.
func (m *member) replace(doc []byte, text, nl string) []byte {
	var was, will any
	if json.Unmarshal(doc[m.value:m.end], &was) == nil && json.Unmarshal([]byte(text), &will) == nil && reflect.DeepEqual(was, will) {
		return doc
	}
	if bytes.IndexByte(doc[m.value:m.end], '\n') >= 0 {
		text = spread(text, indentOf(doc, m.key), unitOf(doc), nl)
	}
	return splice(doc, m.value, m.end, text)
}

// add returns the document with a new last member that leads down the path, in
// the manner of the member before it.
func (o *object) add(doc []byte, path []string, text, nl string) []byte {
	unit := unitOf(doc)
	if len(o.members) == 0 {
		indent := indentOf(doc, o.open)
		return splice(doc, o.open, o.close+1, nest(path, text, indent, unit, nl, true))
	}
	last := o.members[len(o.members)-1]
	gap := doc[o.open+1 : o.members[0].key]
	lines := bytes.IndexByte(gap, '\n') >= 0
	between := " "
	if len(o.members) > 1 {
		before := doc[o.members[len(o.members)-2].end:last.key]
		between = string(before[bytes.IndexByte(before, ',')+1:])
	} else if lines {
		between = nl + indentOf(doc, last.key)
	} else if bytes.IndexByte(doc[last.colon:last.value], ' ') < 0 {
		between = ""
	}
	colon := string(doc[last.colon:last.value])
	if strings.Contains(colon, "\n") {
		colon = ": "
	}
	body := text
	if len(path) > 1 {
		body = nest(path[1:], text, indentOf(doc, last.key), unit, nl, lines)
	} else if lines {
		body = spread(text, indentOf(doc, last.key), unit, nl)
	}
	key, _ := compact(path[0])
	return splice(doc, last.end, last.end, ","+between+key+colon+body)
}

// nest renders objects down a path that end in a value, on lines of their own or
// on one.
func nest(path []string, text, indent, unit, nl string, lines bool) string {
	for i := len(path) - 1; i >= 0; i-- {
		key, _ := compact(path[i]) // a string renders always
		text = "{" + key + ": " + text + "}"
	}
	if lines {
		return spread(text, indent, unit, nl)
	}
	return text
}

// spread puts compact JSON on lines.
func spread(text, indent, unit, nl string) string {
	var b bytes.Buffer
	if err := json.Indent(&b, []byte(text), indent, unit); err != nil {
		return text
	}
	return strings.ReplaceAll(b.String(), "\n", nl)
}

// unitOf returns what one level of the document is indented by: the blanks
// before its first member, two spaces when it has none.
func unitOf(doc []byte) string {
	start := skipSpace(doc, skipSpace(doc, 0)+1)
	if start < len(doc) && doc[start] == '"' && bytes.IndexByte(doc[:start], '\n') >= 0 {
		outer := indentOf(doc, skipSpace(doc, 0))
		if unit, ok := strings.CutPrefix(indentOf(doc, start), outer); ok && unit != "" {
			return unit
		}
	}
	return "  "
}

// skipSpace returns the position of the first byte from a position on that is
// no space, the length when there is none.
func skipSpace(doc []byte, at int) int {
	for at < len(doc) && strings.IndexByte(" \t\r\n", doc[at]) >= 0 {
		at++
	}
	return at
}

// skipValue returns the position after the value at a position of a valid
// document.
func skipValue(doc []byte, at int) int {
	depth := 0
	for ; at < len(doc); at++ {
		switch doc[at] {
		case '"':
			for at++; doc[at] != '"'; at++ {
				if doc[at] == '\\' {
					at++
				}
			}
		case '{', '[':
			depth++
			continue
		case '}', ']':
			depth--
		case ' ', '\t', '\r', '\n', ',', ':':
			continue
		default:
			for at+1 < len(doc) && strings.IndexByte(" \t\r\n,:]}", doc[at+1]) < 0 {
				at++
			}
		}
		if depth == 0 {
			return at + 1
		}
	}
	return at
}
