package snapshot

import (
	"reflect"
	"slices"
	"strings"
)

// AllUnread in [ContainerSpec].Unread, or [PodSpec].Unread, says that nothing of it
// was read.
const AllUnread = "*"

// IsSpecPath reports whether path names a field of [ContainerSpec] as JSON
// does: mounts, security, resources.memory.
func IsSpecPath(path string) bool { return isPath(reflect.TypeFor[ContainerSpec](), path, false) }

// IsPodPath reports whether path names a field of [PodSpec], or of what its lists
// hold, as JSON does: hostPID, containers.image, security.seccomp.
func IsPodPath(path string) bool { return isPath(reflect.TypeFor[PodSpec](), path, true) }

func isPath(t reflect.Type, path string, intoLists bool) bool {
	for name := range strings.SplitSeq(path, ".") {
		for intoLists && (t.Kind() == reflect.Slice || t.Kind() == reflect.Pointer) {
			t = t.Elem()
		}
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
func (s *ContainerSpec) FirstUnread(paths ...string) string { return firstUnread(s.Unread, paths) }

// FirstUnread is that of [ContainerSpec]. Paths have no positions: a field that was
// not understood in one container of the pod, containers[2].image, is not
// understood.
func (s *PodSpec) FirstUnread(paths ...string) string {
	if len(s.Unread) == 0 {
		return ""
	}
	unread := make([]string, len(s.Unread))
	for i, u := range s.Unread {
		unread[i] = withoutPositions(u)
	}
	return firstUnread(unread, paths)
}

func firstUnread(unread, paths []string) string {
	if len(unread) == 0 {
		return ""
	}
	for _, p := range paths {
		if slices.ContainsFunc(unread, func(u string) bool {
			return u == AllUnread || u == p || strings.HasPrefix(p, u+".") || strings.HasPrefix(u, p+".")
		}) {
			return p
		}
	}
	return ""
}

// withoutPositions takes what stands in brackets out of a path.
func withoutPositions(path string) string {
	for {
		open := strings.IndexByte(path, '[')
		if open < 0 {
			return path
		}
		end := strings.IndexByte(path[open:], ']')
		if end < 0 {
			return path[:open]
		}
		path = path[:open] + path[open+end+1:]
	}
}
