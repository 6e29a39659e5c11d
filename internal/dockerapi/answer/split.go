package answer

import (
	"bytes"
	"encoding/json"
	"strconv"
	"unicode/utf8"
)

// split takes a valid JSON object apart into its fields, without looking into
// them; nil when it is no object. Of a name that stands twice the last counts.
// An answer is nested and read field by field: the JSON library would check every
// byte again at each level.
func split(raw []byte) map[string]json.RawMessage {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || raw[0] != '{' {
		return nil
	}
	fields := make(map[string]json.RawMessage, 16)
	for rest := space(raw[1:]); rest[0] != '}'; {
		n := valueEnd(rest)
		name := text(rest[:n])
		rest = space(space(rest[n:])[1:]) // the colon
		n = valueEnd(rest)
		fields[name] = json.RawMessage(rest[:n:n])
		rest = space(rest[n:])
		if rest[0] == ',' {
			rest = space(rest[1:])
		}
	}
	return fields
}

func space(b []byte) []byte { return bytes.TrimLeft(b, " \t\r\n") }

// text decodes a JSON string.
func text(quoted []byte) string {
	if inner := quoted[1 : len(quoted)-1]; plain(inner) {
		return string(inner)
	}
	var s string
	_ = json.Unmarshal(quoted, &s) // valid, as said
	return s
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

// scalar decodes the commonest forms of a field; false leaves the field to the
// JSON library, which also words what is wrong with it.
func scalar(raw []byte, dst any) bool {
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
	default:
		return string(raw) == "null" // nothing is said
	}
	return true
}
