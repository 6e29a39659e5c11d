package yaml

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// IsJSON reports whether a file begins with an object of JSON; where named, a broken
// one will do. Such a file may hold several values, one behind the other.
func IsJSON(data []byte, named bool) bool {
	data = bytes.TrimLeft(bytes.TrimPrefix(data, bom), " \t\r\n")
	if len(data) == 0 || data[0] != '{' {
		return false
	}
	var first json.RawMessage
	return named || json.NewDecoder(bytes.NewReader(data)).Decode(&first) == nil
}

// ParseJSON reads the values of a file one behind the other, as JSON lines have
// them, and calls f for each, with an error for one that is broken. After a broken
// one it goes on with the next line that begins as a value does.
func ParseJSON(data []byte, file string, limits Limits, f func(*Node, error)) {
	limits = limits.orDefault()
	data = bytes.TrimPrefix(data, bom)
	if len(data) > limits.Bytes {
		f(nil, &Error{File: file, Msg: fmt.Sprintf("has %d bytes; at most %d are read", len(data), limits.Bytes)})
		return
	}
	line := 1
	for len(data) > 0 {
		r := jsonReader{data: data, file: file, limits: limits, line: line}
		r.dec = json.NewDecoder(bytes.NewReader(data))
		r.dec.UseNumber()
		n, err := r.value(1)
		if errors.Is(err, io.EOF) {
			return
		}
		f(n, err)
		end := int(r.dec.InputOffset())
		if err != nil { // how far the broken value goes nobody knows; a line that begins as one does is the next
			skip := len(data) - len(bytes.TrimLeft(data, " \t\r\n"))
			next := bytes.Index(data[skip:], []byte("\n{"))
			if next < 0 {
				return
			}
			end = skip + next + 1
		}
		line += bytes.Count(data[:end], []byte("\n"))
		data = data[end:]
	}
}

// jsonReader turns one value into a tree with positions.
type jsonReader struct {
	data   []byte
	dec    *json.Decoder
	file   string
	limits Limits
	nodes  int

	seen, line, begin int // bytes looked at, the line there, and where it begins
}

// at returns a node for what ends where the decoder is.
func (r *jsonReader) at(width int) *Node {
	start := max(int(r.dec.InputOffset())-width, r.seen)
	for _, c := range r.data[r.seen:start] {
		r.seen++
		if c == '\n' {
			r.line, r.begin = r.line+1, r.seen
		}
	}
	return &Node{Line: r.line, Col: utf8.RuneCount(r.data[r.begin:start]) + 1}
}

func (r *jsonReader) fail(n *Node, msg string) *Error {
	return &Error{File: r.file, Line: n.Line, Column: n.Col, Msg: msg}
}

func (r *jsonReader) token() (json.Token, *Node, error) {
	before := int(r.dec.InputOffset())
	t, err := r.dec.Token()
	if err != nil {
		if errors.Is(err, io.EOF) && before == 0 && r.nodes == 0 {
			return nil, nil, io.EOF
		}
		msg := "is not valid JSON: " + Printable(shorten(err.Error(), 2*quoteLimit))
		return nil, nil, r.fail(r.at(0), msg)
	}
	raw := bytes.TrimLeft(r.data[before:r.dec.InputOffset()], " \t\r\n,:")
	if r.nodes++; r.nodes > r.limits.Nodes {
		return nil, nil, r.fail(r.at(len(raw)), tooMany(r.limits).Msg)
	}
	return t, r.at(len(raw)), nil
}

func (r *jsonReader) value(depth int) (*Node, error) {
	t, n, err := r.token()
	if err != nil {
		return nil, err
	}
	if depth > r.limits.Depth {
		return nil, r.fail(n, tooDeep(r.limits))
	}
	switch t := t.(type) {
	case json.Delim:
		if t == '[' {
			return n, r.list(n, depth)
		}
		return n, r.mapping(n, depth)
	case string:
		n.Kind, n.Tag, n.Value = Scalar, TagString, t
	case json.Number:
		n.Kind, n.Tag, n.Value, n.Plain = Scalar, TagInt, t.String(), true
		if strings.ContainsAny(n.Value, ".eE") {
			n.Tag = TagFloat
		}
	case bool:
		n.Kind, n.Tag, n.Value, n.Plain = Scalar, TagBool, strconv.FormatBool(t), true
	default:
		n.Kind, n.Tag, n.Value, n.Plain = Scalar, TagNull, "null", true
	}
	return n, nil
}

func (r *jsonReader) list(n *Node, depth int) error {
	n.Kind, n.Tag, n.Flow = List, TagList, true
	for r.dec.More() {
		v, err := r.value(depth + 1)
		if err != nil {
			return noEnd(err)
		}
		n.Items = append(n.Items, v)
	}
	_, _, err := r.token()
	return noEnd(err)
}

func (r *jsonReader) mapping(n *Node, depth int) error {
	n.Kind, n.Tag, n.Flow = Map, TagMap, true
	seen := make(map[string]bool)
	for r.dec.More() {
		t, key, err := r.token()
		if err != nil {
			return noEnd(err)
		}
		name, _ := t.(string) // the decoder gives keys as strings
		key.Kind, key.Tag, key.Value = Scalar, TagString, name
		if seen[key.Value] {
			return r.fail(key, "the key "+Quote(key.Value)+" is given twice; keep one")
		}
		seen[key.Value] = true
		v, err := r.value(depth + 1)
		if err != nil {
			return noEnd(err)
		}
		n.Pairs = append(n.Pairs, Pair{key, v})
	}
	n.Own = len(n.Pairs)
	_, _, err := r.token()
	return noEnd(err)
}

// noEnd keeps an end inside of a value apart from that of the file.
func noEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

var float11 = regexp.MustCompile(`^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`)

// AppendJSON writes a tree as JSON. Plain scalars mean what they mean to
// Kubernetes, which reads YAML 1.1: yes and off are booleans, 0400 is octal.
func AppendJSON(dst []byte, n *Node) []byte {
	switch n.Kind {
	case List:
		dst = append(dst, '[')
		for i, v := range n.Items {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = AppendJSON(dst, v)
		}
		return append(dst, ']')
	case Map:
		dst = append(dst, '{')
		for i, p := range n.Pairs {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(appendString(dst, keyText(p.Key)), ':')
			dst = AppendJSON(dst, p.Value)
		}
		return append(dst, '}')
	case Scalar:
	}
	if !n.Plain || n.Typed && n.Tag == TagString {
		return appendString(dst, n.Value)
	}
	if v, ok := scalar11(n.Value); ok {
		return append(dst, v...)
	}
	return appendString(dst, n.Value)
}

// keyText is what a key is in JSON, where each is a string.
func keyText(k *Node) string {
	if k.Plain && !k.Typed && k.Value != "" && strings.ContainsAny(k.Value[:1], "yYnNoO+-.0123456789") {
		if v, ok := scalar11(k.Value); ok && v != "null" {
			return v
		}
	}
	return k.Value
}

// scalar11 returns the JSON of a plain scalar that is no string in YAML 1.1.
func scalar11(v string) (string, bool) {
	switch v {
	case "", "~", "null", "Null", "NULL":
		return "null", true
	case "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON":
		return "true", true
	case "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF":
		return "false", true
	}
	if len(v) > longestNumber || !strings.ContainsAny(v[:1], "-+.0123456789") {
		return "", false
	}
	plain := strings.ReplaceAll(v, "_", "")
	if i, err := strconv.ParseInt(plain, 0, 64); err == nil {
		return strconv.FormatInt(i, 10), true
	}
	if i, err := strconv.ParseUint(plain, 0, 64); err == nil {
		return strconv.FormatUint(i, 10), true
	}
	if float11.MatchString(plain) {
		if f, err := strconv.ParseFloat(plain, 64); err == nil && !math.IsInf(f, 0) {
			return strconv.FormatFloat(f, 'g', -1, 64), true
		}
	}
	return "", false
}

const hexDigits = "0123456789abcdef"

// appendString writes a string of JSON. It is valid UTF-8, since the file is.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	from := 0
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[from:i]...)
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		from = i + 1
	}
	return append(append(dst, s[from:]...), '"')
}
