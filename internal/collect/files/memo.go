package files

import (
	"crypto/sha256"
	"slices"
	"strings"
	"sync"

	"plimsoll/internal/compose"
)

// Memo remembers what compose files said between collections of one folder, for
// as long as every file that was read for them holds the same. An edit of one
// file then costs the parsing of its project, not of all.
type Memo struct {
	mu       sync.Mutex
	projects map[string]memory // by folder and files
}

// memory is a parsed project with all that was read for it.
type memory struct {
	reads []reads
	l     loaded
}

// reads is one look at a file and a digest of what was seen, contents or error.
type reads struct {
	path  string
	limit int
	seen  [sha256.Size]byte
}

func digest(b []byte, err error) [sha256.Size]byte {
	if err != nil {
		return sha256.Sum256([]byte("error: " + err.Error()))
	}
	return sha256.Sum256(append([]byte("content: "), b...))
}

// recall returns the project as it was parsed when nothing that was read for it
// differs now.
func (m *Memo) recall(key string, read func(string, int) ([]byte, error)) (loaded, bool) {
	if m == nil {
		return loaded{}, false
	}
	m.mu.Lock()
	known, ok := m.projects[key]
	m.mu.Unlock()
	if !ok {
		return loaded{}, false
	}
	for _, r := range known.reads {
		if digest(read(r.path, r.limit)) != r.seen {
			return loaded{}, false
		}
	}
	return known.l.copied(), true
}

// keep remembers a project. The collector writes into what it is given, so that
// a copy is kept.
func (m *Memo) keep(key string, r []reads, l loaded) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.projects == nil {
		m.projects = make(map[string]memory)
	}
	m.projects[key] = memory{r, l.copied()}
}

// watched returns a reader that notes what was seen.
func watched(read func(string, int) ([]byte, error), into *[]reads) func(string, int) ([]byte, error) {
	return func(path string, limit int) ([]byte, error) {
		b, err := read(path, limit)
		*into = append(*into, reads{path, limit, digest(b, err)})
		return b, err
	}
}

// copied returns the project with copies of what the collector changes.
func (l loaded) copied() loaded {
	if l.project == nil {
		return l
	}
	p := *l.project
	p.Services = slices.Clone(p.Services)
	for i := range p.Services {
		s := &p.Services[i]
		s.Fields = slices.Clone(s.Fields)
		for j := range s.Fields {
			s.Fields[j].Unresolved = slices.Clip(s.Fields[j].Unresolved)
		}
		s.Spec.Mounts, s.Spec.Env, s.Spec.Unread = slices.Clone(s.Spec.Mounts), slices.Clone(s.Spec.Env), slices.Clone(s.Spec.Unread)
	}
	p.Networks = slices.Clone(p.Networks)
	for i, w := range p.Networks {
		if w.Loc != nil {
			loc := *w.Loc
			p.Networks[i].Loc = &loc
		}
	}
	l.project = &p
	return l
}

// memoKey names a project of a folder.
func memoKey(o compose.Options) string { return o.Dir + "\x00" + strings.Join(o.Files, "\x00") }
