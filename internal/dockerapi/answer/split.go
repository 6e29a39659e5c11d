package answer

import (
	"bytes"
	"encoding/json"
	"strconv"
	"unicode/utf8"
)

// field is one of an object's. A name is asked for a few times at most, so that
// looking for it costs less than a table of the names would.
type field struct {
	name  []byte
	value json.RawMessage // never empty
}

// split takes a valid JSON object apart into its fields, without looking into
// them; nil when it is no object. An answer is nested and read field by field:
// the JSON library would check every byte again at each level.
func split(raw []byte) []field {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || raw[0] != '{' {
		return nil
	}
	fields := make([]field, 0, 16)
	for rest := space(raw[1:]); rest[0] != '}'; {
		n := valueEnd(rest)
		name := text(rest[:n])
		rest = space(space(rest[n:])[1:]) // the colon
		n = valueEnd(rest)
		fields = append(fields, field{name, json.RawMessage(rest[:n:n])})
		rest = space(rest[n:])
		if rest[0] == ',' {
			rest = space(rest[1:])
		}
	}
	return fields
}

func space(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t' || b[0] == '\r' || b[0] == '\n') {
		b = b[1:]
	}
	return b
}

// text decodes a JSON string.
func text(quoted []byte) []byte {
	if inner := quoted[1 : len(quoted)-1]; plain(inner) {
		return inner
	}
	var s string
	_ = json.Unmarshal(quoted, &s) // valid, as said
	return []byte(s)
}

// plain reports whether a string stands for itself.
func plain(inner []byte) bool { return bytes.IndexByte(inner, '\\') < 0 && utf8.Valid(inner) }

// valueEnd is the length of the value that b begins with.
func valueEnd(b []byte) int {
	depth := 0
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '"':
			i += stringEnd(b[i:]) - 1
			if depth == 0 {
				return i + 1
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 { // it closes what is around a number or word
				return i
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case ',', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return i
			}
		}
	}
	return len(b)
}

// stringEnd is the length of the string that b begins with.
func stringEnd(b []byte) int {
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(b)
}

// simple decodes the commonest forms of a field; false leaves the field to the
// JSON library, which also words what is wrong with it.
func simple(raw []byte, dst any) bool {
	switch d := dst.(type) {
	case *string:
		if len(raw) < 2 || raw[0] != '"' || !plain(raw[1:len(raw)-1]) {
			return false
		}
		*d = string(raw[1 : len(raw)-1])
	case *bool:
		if raw[0] != 't' && raw[0] != 'f' {
			return false
		}
		*d = raw[0] == 't'
	case *int64:
		n, err := strconv.ParseInt(string(raw), 10, 64)
		if err != nil {
			return false
		}
		*d = n
	case *int:
		n, err := strconv.Atoi(string(raw))
		if err != nil {
			return false
		}
		*d = n
	case *[]string:
		return raw[0] == '[' && texts(raw, d)
	case *map[string]string:
		return raw[0] == '{' && *d == nil && table(raw, d)
	default:
		return string(raw) == "null" // nothing is said
	}
	return true
}

// texts decodes a list of strings that stand for themselves; false where it is
// anything else, and then dst is as it was.
func texts(raw []byte, dst *[]string) bool {
	list := make([]string, 0, 8)
	for rest := space(raw[1:]); rest[0] != ']'; {
		n := valueEnd(rest)
		if rest[0] != '"' || !plain(rest[1:n-1]) {
			return false
		}
		list = append(list, string(rest[1:n-1]))
		rest = space(rest[n:])
		if rest[0] == ',' {
			rest = space(rest[1:])
		}
	}
	*dst = list
	return true
}

// table is texts for an object whose values are strings.
func table(raw []byte, dst *map[string]string) bool {
	fields := split(raw)
	out := make(map[string]string, len(fields))
	for _, f := range fields {
		if v := f.value; v[0] != '"' || !plain(v[1:len(v)-1]) {
			return false
		}
		out[string(f.name)] = string(f.value[1 : len(f.value)-1])
	}
	*dst = out
	return true
}
