package docker

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"
)

// Bounds of what is kept of one answer. What is cut off is noted as unread, so
// that no check passes on the rest.
const (
	maxText  = 4096  // bytes of a path, reference or name
	maxShort = 256   // bytes of a word: a driver, a mode
	maxList  = 10000 // entries of a list
)

// unread collects the names of fields that were not understood or cut.
type unread struct{ names []string }

func (u *unread) add(name string) {
	if !slices.Contains(u.names, name) {
		u.names = append(u.names, name)
	}
}

// sorted returns the names, nil when there is none.
func (u *unread) sorted() []string {
	slices.Sort(u.names)
	return u.names
}

// object is a JSON object whose fields are decoded one by one, so that one
// field in an unknown form does not lose the others.
type object struct {
	fields map[string]json.RawMessage
	prefix string // "HostConfig."
	bad    *unread
}

// parseObject splits raw into fields; ok is false when it is no object.
func parseObject(raw []byte, prefix string, bad *unread) (o object, ok bool) {
	o = object{prefix: prefix, bad: bad}
	err := json.Unmarshal(raw, &o.fields)
	return o, err == nil && o.fields != nil
}

// child returns a nested object; ok is false when it is missing or none.
func (o object) child(name string) (object, bool) {
	return parseObject(o.fields[name], o.prefix+name+".", o.bad)
}

// read decodes a field into dst. A missing or null field leaves dst alone; one
// of another form is noted.
func (o object) read(name string, dst any) {
	raw, ok := o.fields[name]
	if !ok {
		return
	}
	if err := json.Unmarshal(raw, dst); err != nil {
		o.bad.add(o.prefix + name)
	}
}

// text reads a string of at most limit bytes.
func (o object) text(name string, limit int) string {
	var s string
	o.read(name, &s)
	return o.cut(name, s, limit)
}

// cut makes foreign text valid and bounds it, noting a loss under name.
func (o object) cut(name, s string, limit int) string {
	t, whole := bounded(s, limit)
	if !whole {
		o.bad.add(o.prefix + name)
	}
	return t
}

// texts reads a list of strings.
func (o object) texts(name string, limit int) []string {
	var list []string
	o.read(name, &list)
	list = capped(o, name, list)
	for i, s := range list {
		list[i] = o.cut(name, s, limit)
	}
	return list
}

// capped bounds a list, noting a loss.
func capped[T any](o object, name string, list []T) []T {
	if len(list) > maxList {
		o.bad.add(o.prefix + name)
		list = list[:maxList]
	}
	if len(list) == 0 {
		return nil
	}
	return list
}

// bounded returns valid UTF-8 of at most limit bytes, and whether it is all.
func bounded(s string, limit int) (string, bool) {
	s = strings.ToValidUTF8(s, string(utf8.RuneError))
	if len(s) <= limit {
		return s, true
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit], false
}

// short is bounded for words of evidence whose end does not matter.
func short(s string, limit int) string {
	s, _ = bounded(s, limit)
	return s
}
