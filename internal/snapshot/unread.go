package snapshot

import (
	"reflect"
	"slices"
	"strings"
)

// AllUnread in [ContainerSpec].Unread says that nothing of the container was read.
const AllUnread = "*"

// IsSpecPath reports whether path names a field of [ContainerSpec] as JSON
// does: mounts, security, resources.memory.
func IsSpecPath(path string) bool {
	t := reflect.TypeFor[ContainerSpec]()
	for name := range strings.SplitSeq(path, ".") {
		if t.Kind() != reflect.Struct {
			return false
		}
		i := slices.IndexFunc(reflect.VisibleFields(t), func(f reflect.StructField) bool {
			tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			return tag == name && tag != "unread"
		})
		if i < 0 {
			return false
		}
		t = t.Field(i).Type
	}
	return true
}

// FirstUnread returns the first of the fields, by path, that was not read or not
// understood; "" when all were. What lies inside an unread field is unread, and
// so is a field of which a part is.
func (s *ContainerSpec) FirstUnread(paths ...string) string {
	if len(s.Unread) == 0 {
		return ""
	}
	for _, p := range paths {
		if slices.ContainsFunc(s.Unread, func(u string) bool {
			return u == AllUnread || u == p || strings.HasPrefix(p, u+".") || strings.HasPrefix(u, p+".")
		}) {
			return p
		}
	}
	return ""
}
