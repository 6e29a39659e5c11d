package image

import (
	"cmp"
	"maps"
	"path"
	"slices"
	"strings"

	"plimsoll/internal/snapshot"
)

// stack is the layers of one image, lowest first.
type stack struct {
	*scanner
	layers []*layer
}

// visible reports whether a path of layer i is what a container sees there.
func (s *stack) visible(p string, i int) bool {
	for _, above := range s.layers[i+1:] {
		if s.hides(above, p) {
			return false
		}
	}
	return true
}

// hides reports whether a layer replaces or removes what lower ones have at p.
func (s *stack) hides(l *layer, p string) bool {
	h := s.hash(p)
	if has(l.files, h) || has(l.dirs, h) || has(l.hidden, h) {
		return true
	}
	for dir := path.Dir(p); ; dir = path.Dir(dir) {
		h := s.hash(dir)
		if has(l.emptied, h) {
			return true
		}
		if dir == "/" {
			return false
		}
		if has(l.files, h) || has(l.hidden, h) {
			return true
		}
	}
}

// contents works out what the image as a whole holds.
func (s *stack) contents() snapshot.ImageContents {
	out := snapshot.ImageContents{Layers: len(s.layers)}
	programs := make(map[string]bool)
	for i, l := range s.layers {
		out.Entries += l.entries
		out.Bytes += l.unpacked
		out.Dropped += l.dropped
		for _, p := range slices.Sorted(maps.Keys(l.privileged)) {
			if f := l.privileged[p]; s.visible(p, i) {
				f.Layer = i + 1
				out.Privileged = append(out.Privileged, f)
			}
		}
		s.linked(i, &out)
		for _, p := range slices.Sorted(maps.Keys(l.secrets)) {
			f := l.secrets[p]
			f.Layer, f.Deleted = i+1, !s.visible(p, i)
			out.Secrets = append(out.Secrets, f)
		}
		for p := range l.programs {
			if s.visible(p, i) {
				programs[p] = true
			}
		}
	}
	bound(&out, &out.Privileged)
	bound(&out, &out.Secrets)
	slices.SortStableFunc(out.Privileged, func(a, b snapshot.PrivilegedFile) int { return cmp.Compare(a.Path, b.Path) })
	slices.SortStableFunc(out.Secrets, func(a, b snapshot.SecretFile) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Layer, b.Layer))
	})
	out.Programs = slices.Sorted(maps.Keys(programs))
	out.Accounts, out.Packages = s.accounts(), s.packages()
	return out
}

// bound keeps as many of a list as of one layer.
func bound[T any](out *snapshot.ImageContents, list *[]T) {
	if n := len(*list) - maxKept; n > 0 {
		out.Dropped += n
		*list = (*list)[:maxKept]
	}
}

// linked adds the files of a layer that are second names of privileged files
// below it.
func (s *stack) linked(i int, out *snapshot.ImageContents) {
	for _, h := range s.layers[i].hard {
		for j := i - 1; j >= 0; j-- {
			if f, ok := s.layers[j].privileged[h.target]; ok && s.visible(h.path, i) {
				f.Path, f.Layer = h.path, i+1
				out.Privileged = append(out.Privileged, f)
				break
			}
		}
	}
}

// file finds what a container sees at one of the paths of accounts, following
// links. Found is false when there is nothing; known is false when a link leads
// where nothing was kept.
func (s *stack) file(p string) (text []byte, found, known bool) {
	for range maxLinks {
		if dir, ok := s.link("/etc"); ok && strings.HasPrefix(p, "/etc/") {
			p = path.Join(absolute("/", dir), strings.TrimPrefix(p, "/etc"))
			continue
		}
		i := s.top(p)
		if i < 0 {
			return nil, false, true
		}
		if to, ok := s.layers[i].links[p]; ok {
			p = absolute(path.Dir(p), to)
			continue
		}
		text, ok := s.layers[i].texts[p]
		return text, true, ok || accountFile(p) && s.empty(i, p)
	}
	return nil, true, false
}

// empty reports whether a file of accounts that was not kept has no content, as
// opposed to being something else than a file.
func (s *stack) empty(i int, p string) bool {
	_, kept := s.layers[i].texts[p]
	return !kept && s.layers[i].dropped == 0 && has(s.layers[i].files, s.hash(p))
}

func absolute(dir, to string) string {
	if path.IsAbs(to) {
		return path.Clean(to)
	}
	return path.Join("/", dir, to)
}

// top returns the layer whose file is seen at a path, or -1.
func (s *stack) top(p string) int {
	h := s.hash(p)
	for i, l := range slices.Backward(s.layers) {
		if has(l.files, h) {
			if s.visible(p, i) {
				return i
			}
			return -1
		}
	}
	return -1
}

// link returns where a symbolic link leads that a container sees at a path.
func (s *stack) link(p string) (string, bool) {
	i := s.top(p)
	if i < 0 {
		return "", false
	}
	to, ok := s.layers[i].links[p]
	return to, ok
}

func (s *stack) accounts() snapshot.Fact[snapshot.ImageAccounts] {
	passwd, found, known := s.file(passwdFile)
	shadow, _, shadowKnown := s.file(shadowFile)
	switch {
	case !known || !shadowKnown:
		return snapshot.Missing[snapshot.ImageAccounts](snapshot.Failed, snapshot.ReasonUnresolved, passwdFile)
	case !found:
		return snapshot.Missing[snapshot.ImageAccounts](snapshot.Absent, snapshot.ReasonNone, passwdFile)
	}
	return snapshot.Seen(accounts(passwd, shadow), passwdFile)
}

// uid resolves a name, as an engine does when it starts a container.
func (s *stack) uid(name string) snapshot.Fact[int64] {
	passwd, found, known := s.file(passwdFile)
	if n, ok := lookUp(passwd, name); ok && found && known {
		return snapshot.Seen(n, passwdFile)
	}
	return snapshot.Missing[int64](snapshot.Failed, snapshot.ReasonUnresolved, passwdFile)
}

// packages joins the databases that a container sees.
func (s *stack) packages() snapshot.Fact[[]string] {
	var names, sources []string
	unread := ""
	for i, l := range s.layers {
		for _, p := range slices.Sorted(maps.Keys(l.packages)) {
			if !s.visible(p, i) {
				continue
			}
			db := l.packages[p]
			if db.unread {
				unread = p
			}
			names = append(names, db.names...)
			sources = append(sources, path.Dir(p))
		}
	}
	slices.Sort(sources)
	source := strings.Join(slices.Compact(sources), ", ")
	slices.Sort(names)
	switch {
	case unread != "":
		return snapshot.Missing[[]string](snapshot.Failed, snapshot.ReasonNotCollected, unread)
	case source == "":
		return snapshot.Missing[[]string](snapshot.Absent, snapshot.ReasonNone, "databases of apk, dpkg and rpm")
	}
	return snapshot.Seen(slices.Compact(names), source)
}
