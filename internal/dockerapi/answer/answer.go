// Package answer reads the JSON answers of an engine field by field, bounded
// and without trust: one field in an unknown form does not lose the others, and
// is noted, so that nobody takes its zero value for what the engine said.
package answer

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"
)

// Bounds of what is kept of one answer. What is cut off is noted as unread, so
// that no check passes on the rest.
const (
	MaxText  = 4096  // bytes of a path, reference or name
	MaxShort = 256   // bytes of a word: a driver, a mode
	MaxList  = 10000 // entries of a list
)

// Unread collects the names of fields that were not understood or cut.
type Unread struct{ names []string }

// Add notes a field. Adding it again changes nothing.
func (u *Unread) Add(name string) {
	if !u.Has(name) {
		u.names = append(u.names, name)
	}
}

// Has reports whether a field was noted.
func (u *Unread) Has(name string) bool { return slices.Contains(u.names, name) }

// Len is the number of fields noted.
func (u *Unread) Len() int { return len(u.names) }

// Sorted returns the names, nil when there is none.
func (u *Unread) Sorted() []string { return slices.Sorted(slices.Values(u.names)) }

// Object is a JSON object whose fields are decoded one by one.
type Object struct {
	fields []field
	prefix string // "HostConfig."
	bad    *Unread
}

// Parse splits raw into fields; ok is false when it is no object. The prefix
// goes before the names of fields that are noted in bad.
func Parse(raw []byte, prefix string, bad *Unread) (o Object, ok bool) {
	o = Object{prefix: prefix, bad: bad}
	if json.Valid(raw) {
		o.fields = split(raw)
	}
	return o, o.fields != nil
}

// Child returns a nested object; ok is false when it is missing or none.
func (o Object) Child(name string) (Object, bool) {
	c := Object{fields: split(o.Raw(name)), prefix: o.prefix + name + ".", bad: o.bad}
	return c, c.fields != nil
}

// Raw returns a field as it came, nil when it is missing.
func (o Object) Raw(name string) json.RawMessage {
	for _, f := range slices.Backward(o.fields) { // of a name that stands twice the last counts
		if string(f.name) == name {
			return f.value
		}
	}
	return nil
}

// Empty reports whether there is no field at all.
func (o Object) Empty() bool { return len(o.fields) == 0 }

// Reject notes a field as not understood.
func (o Object) Reject(name string) { o.bad.Add(o.prefix + name) }

// Read decodes a field into dst and reports whether that went well. A missing
// or null field leaves dst alone; one of another form is noted.
func (o Object) Read(name string, dst any) bool {
	raw := o.Raw(name)
	if raw == nil {
		return true
	}
	if simple(raw, dst) {
		return true
	}
	if err := json.Unmarshal(raw, dst); err != nil {
		o.Reject(name)
		return false
	}
	return true
}

// Text reads a string of at most limit bytes.
func (o Object) Text(name string, limit int) string {
	var s string
	o.Read(name, &s)
	return o.Cut(name, s, limit)
}

// Cut makes foreign text valid and bounds it, noting a loss under name.
func (o Object) Cut(name, s string, limit int) string {
	t, whole := bounded(s, limit)
	if !whole {
		o.Reject(name)
	}
	return t
}

// Texts reads a list of strings of at most limit bytes each.
func (o Object) Texts(name string, limit int) []string {
	var list []string
	o.Read(name, &list)
	list = Capped(o, name, list)
	for i, s := range list {
		list[i] = o.Cut(name, s, limit)
	}
	return list
}

// Capped bounds a list at [MaxList], noting a loss under name.
func Capped[T any](o Object, name string, list []T) []T {
	if len(list) > MaxList {
		o.Reject(name)
		list = list[:MaxList]
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

// Short makes words of evidence valid and bounds them where the end does not
// matter.
func Short(s string, limit int) string {
	s, _ = bounded(s, limit)
	return s
}
