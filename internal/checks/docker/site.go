package docker

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/shared"
	"plimsoll/internal/snapshot"
)

// site is what surrounds the containers of one scope. Its tables are built at
// most once in a run of a check, so that a verdict costs no search.
type site struct {
	p    *check.Probe
	file bool // a scope of files: nothing runs
	info bool // GET /info was read, so that the engine's zero values say something

	parts    map[snapshot.Part]bool
	networks map[string]*snapshot.Network
	keys     map[string]int // key of a container -> position in Snapshot.Containers
	volumes  map[string]*snapshot.Volume
	roots    []string
	sockets  []socket
	lists    map[string][]string
	capTexts map[uint64]string
}

func newSite(p *check.Probe) *site {
	s := &site{
		p: p, file: p.Scope.Kind == snapshot.ScopeFiles,
		lists: make(map[string][]string), parts: make(map[snapshot.Part]bool), capTexts: make(map[uint64]string),
	}
	s.info = p.Engine() != nil && s.observed(snapshot.PartEngineInfo)
	return s
}

// engine returns the scope's engine with its settings, which must be there.
func (s *site) engine() *daemon { return &daemon{Engine: s.p.Engine(), p: s.p, file: s.file} }

// observed reports whether a part of the scope was read.
func (s *site) observed(part snapshot.Part) bool {
	seen, ok := s.parts[part]
	if !ok {
		seen = s.p.Part(part).State == snapshot.Observed
		s.parts[part] = seen
	}
	return seen
}

// list returns a list of policy, read once.
func (s *site) list(param string) []string {
	l, ok := s.lists[param]
	if !ok {
		l, _ = s.p.List(param)
		s.lists[param] = l
	}
	return l
}

// container returns the container with the key, or nil.
func (s *site) container(key string) *snapshot.Container {
	if s.keys == nil {
		s.keys = make(map[string]int)
		for i := range s.p.Snapshot.Containers {
			if c := &s.p.Snapshot.Containers[i]; c.Scope == s.p.Scope.ID {
				s.keys[c.Key] = i
			}
		}
	}
	if i, ok := s.keys[key]; ok {
		return &s.p.Snapshot.Containers[i]
	}
	return nil
}

// network returns the network with the name, or nil.
func (s *site) network(name string) *snapshot.Network {
	if s.networks == nil {
		s.networks = make(map[string]*snapshot.Network)
		for i := range s.p.Snapshot.Networks {
			if w := &s.p.Snapshot.Networks[i]; w.Scope == s.p.Scope.ID {
				s.networks[w.Name] = w
			}
		}
	}
	return s.networks[name]
}

// hostPath returns the path of the host that a mount shows, "" when it shows
// none. Followed says that symbolic links were resolved.
func (s *site) hostPath(m *snapshot.Mount) (p string, followed bool) {
	switch {
	case m.Type == "bind" && m.Resolved == snapshot.Observed && m.Real != "":
		return m.Real, true
	case m.Type == "bind" && m.Source != "":
		return path.Clean(m.Source), false
	case m.Type == "volume":
		// A local volume may be a bind in disguise; any other lives in the data
		// root without showing it.
		if v := s.volume(m.Volume); v != nil && v.Device != "" && m.Resolved == snapshot.Observed && m.Real != "" {
			return m.Real, true
		} else if v != nil && v.Device != "" {
			return path.Join(v.Device, m.Subpath), false
		}
	}
	return "", false
}

func (s *site) volume(name string) *snapshot.Volume {
	if s.volumes == nil {
		s.volumes = make(map[string]*snapshot.Volume)
		for i := range s.p.Snapshot.Volumes {
			if v := &s.p.Snapshot.Volumes[i]; v.Scope == s.p.Scope.ID {
				s.volumes[v.Name] = v
			}
		}
	}
	return s.volumes[name]
}

// veiled reports whether a mount is a named volume of an engine whose volumes
// were not read: it may bind any path of the host.
func (s *site) veiled(m *snapshot.Mount) bool {
	return !s.file && m.Type == "volume" && !s.observed(snapshot.PartEngineVolumes)
}

// sensitiveRoots are the shared ones and the data root of this engine.
func (s *site) sensitiveRoots() []string {
	if s.roots == nil {
		s.roots = shared.SensitiveRoots
		if e := s.p.Engine(); e != nil && strings.HasPrefix(e.RootDir, "/") {
			s.roots = append([]string{path.Clean(e.RootDir)}, s.roots...)
		}
	}
	return s.roots
}

// hits collects evidence of several equal observations: the first few in full,
// the rest as a number, since a container may have thousands of mounts.
type hits struct {
	evidence []check.Evidence
	more     int
}

const maxHits = 8

func (h *hits) add(source string, value any) { h.take(ev(source, value)) }

func (h *hits) take(e check.Evidence) {
	if len(h.evidence) == maxHits {
		h.more++
		return
	}
	h.evidence = append(h.evidence, e)
}

func (h *hits) note(v check.Verdict) check.Verdict {
	if h.more > 0 {
		v = v.Note("and " + strconv.Itoa(h.more) + " more")
	}
	return v
}

// mentions returns the set of container names that a list of policy speaks of.
func mentions(list []string) map[string]bool {
	m := make(map[string]bool, len(list))
	for _, n := range list {
		m[n] = true
	}
	return m
}

// firstFew joins names, at most ten of them.
func firstFew(names []string) string {
	const most = 10
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return strings.Join(slices.Clone(names[:most]), ", ") + " and " + strconv.Itoa(len(names)-most) + " more"
}
