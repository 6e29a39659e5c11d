package edit

import (
	"bytes"
	"strconv"
	"strings"
)

// Object says which object of a stream of manifests is meant, and where in it the
// specification of its pods is.
type Object struct {
	Line int    // a line of the object, from 1
	Root string // path to the specification, a dot behind it: spec.template.spec.
}

// SetManifest returns a stream of YAML documents with one value of a pod
// specification set, by the name and in the form that
// [plimsoll/internal/snapshot.LookupPodField] has for it. Every other byte stays. The
// error is an [*Error], with lines of the whole stream, when the value cannot be
// set by an edit.
func SetManifest(stream []byte, of Object, field, value string) ([]byte, error) {
	start, end := document(stream, of.Line)
	doc, above := stream[start:end], bytes.Count(stream[:start], []byte("\n"))
	if t := bytes.TrimLeft(doc, " \t\r\n"); len(t) > 0 && t[0] == '{' {
		return nil, &Error{Line: of.Line, Why: "the object is written as JSON; change it by hand"}
	}
	m := manifest{doc: doc}
	if err := m.find(of, above); err != nil {
		return nil, below(err, above)
	}
	if err := m.set(field, value); err != nil {
		return nil, below(err, above)
	}
	out := make([]byte, 0, len(stream)+len(m.doc)-len(doc))
	return append(append(append(out, stream[:start]...), m.doc...), stream[end:]...), nil
}

// below moves the place of an error down by the lines above a document.
func below(err error, lines int) error {
	if e, ok := err.(*Error); ok && e.Line > 0 { //nolint:errorlint // the errors of this package are never wrapped
		moved := *e
		moved.Line += lines
		return &moved
	}
	return err
}

// document finds the document of a stream that a line is in. Three dashes at the
// start of a line begin a document, whatever is around them.
func document(stream []byte, line int) (start, end int) {
	at, n := 0, 1
	for at < len(stream) {
		next := len(stream)
		if i := bytes.IndexByte(stream[at:], '\n'); i >= 0 {
			next = at + i + 1
		}
		text := bytes.TrimRight(stream[at:next], " \t\r\n")
		mark := bytes.Equal(text, []byte("---")) || bytes.HasPrefix(text, []byte("--- "))
		switch {
		case mark && n > line:
			return start, at
		case mark:
			start = next
			if !bytes.Equal(text, []byte("---")) && !bytes.HasPrefix(bytes.TrimLeft(text[3:], " "), []byte("#")) {
				start = at // the document begins on the line of its mark
			}
		}
		at, n = next, n+1
	}
	return start, len(stream)
}

// manifest is one object in a document that is being edited.
type manifest struct {
	doc  []byte
	spec []string // path to the pod specification
}

// find goes to the object of a list that the line is in, and to its specification.
func (m *manifest) find(of Object, above int) error {
	var at []string
	for {
		items := append(append([]string{}, at...), "items")
		v, ok, err := LookYAML(m.doc, items)
		if err != nil {
			return err
		}
		if !ok || !v.List {
			break
		}
		found := -1
		for i := range v.Items {
			item, _, err := LookYAML(m.doc, append(items, strconv.Itoa(i)))
			if err == nil && item.Line+above <= of.Line {
				found = i
			}
		}
		if found < 0 {
			break
		}
		at = append(items, strconv.Itoa(found))
	}
	m.spec = append(at, strings.Split(strings.TrimSuffix(of.Root, "."), ".")...)
	if _, ok, err := LookYAML(m.doc, m.spec); err != nil || !ok {
		return &Error{Line: of.Line - above, Why: "the object has no " + strings.TrimSuffix(of.Root, ".") + " here; it comes from elsewhere, change it there"}
	}
	return nil
}

// set sets a field of the pod or of a container.
func (m *manifest) set(field, value string) error {
	path := m.spec
	if rest, inside := strings.CutPrefix(field, "containers["); inside {
		end := strings.LastIndex(rest, "].") // a name may hold anything
		if end < 0 {
			return &Error{Why: field + " names no field of a container"}
		}
		at, err := m.container(rest[:end])
		if err != nil {
			return err
		}
		path, field = at, rest[end+2:]
	}
	path = append(append([]string{}, path...), strings.Split(field, ".")...)
	var out []byte
	var err error
	switch {
	case strings.HasPrefix(field, "securityContext.capabilities."):
		var items []string
		if value != "" {
			items = strings.Split(value, ",")
		}
		out, err = SetListYAML(m.doc, path, items)
	case value == "":
		out, err = RemoveYAML(m.doc, path)
	default:
		out, err = SetYAML(m.doc, path, typed(field, value))
	}
	if err == nil {
		m.doc = out
	}
	return err
}

// container finds a container by name in the lists that a file can have.
func (m *manifest) container(name string) ([]string, error) {
	for _, list := range [...]string{"containers", "initContainers"} {
		at := append(append([]string{}, m.spec...), list)
		v, ok, err := LookYAML(m.doc, at)
		if err != nil {
			return nil, err
		}
		for i := range v.Items {
			item := append(append([]string{}, at...), strconv.Itoa(i))
			if n, has, err := LookYAML(m.doc, append(item, "name")); ok && has && err == nil && n.Text == name {
				return item[:len(at)+1], nil
			}
		}
	}
	return nil, &Error{Why: "the object has no container " + strconv.Quote(name) + " here; it comes from elsewhere, change it there"}
}

// typed is the value as a manifest has it: a truth value, a number of bytes with
// a unit where it is a round one, or text.
func typed(field, value string) any {
	switch {
	case value == "true" || value == "false":
		return value == "true"
	case strings.HasSuffix(field, ".memory") || strings.HasSuffix(field, ".ephemeral-storage"):
		if n, err := strconv.ParseInt(value, 10, 64); err == nil && n > 0 {
			for _, u := range [...]struct {
				suffix string
				size   int64
			}{{"Gi", 1 << 30}, {"Mi", 1 << 20}, {"Ki", 1 << 10}} {
				if n%u.size == 0 {
					return strconv.FormatInt(n/u.size, 10) + u.suffix
				}
			}
			return n
		}
	}
	return value
}
