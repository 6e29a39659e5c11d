package host

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// entry is a key of a TOML file with its tables, and its value when that is a
// string or an array of strings.
type entry struct {
	path    []string
	strings []string
	raw     string // of any other value, without the space around it
}

// scanTOML reads as much of TOML as containerd's configuration needs: table
// headers, bare, quoted and dotted keys, strings and arrays of strings over
// several lines. What it does not understand it passes over to the next line; ok
// is then false.
func scanTOML(s string) (entries []entry, ok bool) {
	t := toml{rest: s}
	ok = utf8.ValidString(s)
	var table []string
	for t.rest != "" && len(entries) < 1<<14 {
		t.skip(" \t\r\n")
		switch {
		case t.rest == "":
			continue
		case t.rest[0] == '#':
		case t.rest[0] == '[':
			t.rest = strings.TrimPrefix(t.rest[1:], "[") // an array of tables is a table here
			path, good := t.keys()
			if good = good && strings.HasPrefix(t.rest, "]"); good {
				table = path
				entries = append(entries, entry{path: path})
			} else {
				table = nil
			}
			ok = ok && good
		default:
			path, good := t.keys()
			if good = good && strings.HasPrefix(t.rest, "="); good {
				t.rest = t.rest[1:]
				e := entry{path: append(append([]string(nil), table...), path...)}
				good = t.value(&e)
				entries = append(entries, e)
			}
			ok = ok && good
		}
		t.line()
	}
	return entries, ok && t.rest == ""
}

// toml is what is left of a file.
type toml struct{ rest string }

func (t *toml) skip(set string) { t.rest = strings.TrimLeft(t.rest, set) }

// line passes over the rest of the line.
func (t *toml) line() { _, t.rest, _ = strings.Cut(t.rest, "\n") }

// blank passes over white space, line ends and comments.
func (t *toml) blank() {
	for t.skip(" \t\r\n"); strings.HasPrefix(t.rest, "#"); t.skip(" \t\r\n") {
		t.line()
	}
}

// keys reads a dotted key and the space after it.
func (t *toml) keys() ([]string, bool) {
	var out []string
	for len(out) < 32 {
		t.skip(" \t")
		var k string
		if strings.HasPrefix(t.rest, `"`) || strings.HasPrefix(t.rest, `'`) {
			var ok bool
			if k, ok = t.str(); !ok {
				return nil, false
			}
		} else {
			n := strings.IndexFunc(t.rest, func(r rune) bool {
				return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_' && r != '-'
			})
			if n <= 0 {
				return nil, false
			}
			k, t.rest = t.rest[:n], t.rest[n:]
		}
		out = append(out, k)
		t.skip(" \t")
		if !strings.HasPrefix(t.rest, ".") {
			return out, true
		}
		t.rest = t.rest[1:]
	}
	return nil, false
}

// str reads a string of one line, or of several within three quotes.
func (t *toml) str() (string, bool) {
	quote := t.rest[:1]
	if long := strings.Repeat(quote, 3); strings.HasPrefix(t.rest, long) {
		s, rest, ok := strings.Cut(t.rest[3:], long)
		if ok {
			t.rest = rest
		}
		return s, ok
	}
	for i := 1; i < len(t.rest) && t.rest[i] != '\n'; i++ {
		switch {
		case t.rest[i] == '\\' && quote == `"`:
			i++
		case t.rest[i] == quote[0]:
			s := t.rest[:i+1]
			t.rest = t.rest[i+1:]
			if quote == `'` {
				return s[1:i], true
			}
			v, err := strconv.Unquote(s) // the escapes of TOML are Go's
			return v, err == nil
		}
	}
	return "", false
}

// value reads a value of any kind; ok is false when its end was not found.
func (t *toml) value(e *entry) bool {
	t.skip(" \t")
	switch {
	case strings.HasPrefix(t.rest, `"`), strings.HasPrefix(t.rest, `'`):
		s, ok := t.str()
		e.strings = []string{s}
		return ok
	case strings.HasPrefix(t.rest, "["):
		t.rest = t.rest[1:]
		e.strings = []string{}
		for {
			t.blank()
			switch {
			case strings.HasPrefix(t.rest, "]"):
				t.rest = t.rest[1:]
				return true
			case strings.HasPrefix(t.rest, ","):
				t.rest = t.rest[1:]
			case strings.HasPrefix(t.rest, `"`), strings.HasPrefix(t.rest, `'`):
				s, ok := t.str()
				if !ok || len(e.strings) >= 1<<10 {
					return false
				}
				e.strings = append(e.strings, s)
			default:
				return t.other()
			}
		}
	}
	raw, _, _ := strings.Cut(t.rest, "\n")
	raw, _, _ = strings.Cut(raw, "#")
	e.raw = strings.TrimSpace(raw)
	return !strings.HasPrefix(e.raw, "{")
}

// other passes over an array of anything else, whose brackets balance.
func (t *toml) other() bool {
	depth := 1
	for i := 0; i < len(t.rest); i++ {
		switch t.rest[i] {
		case '[':
			depth++
		case ']':
			if depth--; depth == 0 {
				t.rest = t.rest[i+1:]
				return true
			}
		}
	}
	return false
}
