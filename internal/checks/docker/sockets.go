package docker

import (
	"path"
	"slices"
	"strings"

	"plimsoll/internal/checks/shared"
	"plimsoll/internal/snapshot"
)

// socket is one API socket of an engine or a runtime on the machine.
type socket struct {
	name  string
	real  string   // after symbolic links
	paths []string // every path that leads to it: as named, each link, the end
	nodes []node   // the socket and the directories around it
}

// node identifies a file by what the kernel calls it, so that neither links nor
// other mounts of the same directory hide it.
type node struct{ dev, ino uint64 }

// knownSockets returns the sockets seen on the machine of the scope.
func (s *site) knownSockets() []socket {
	if s.sockets != nil {
		return s.sockets
	}
	s.sockets = []socket{}
	snap, sc := s.p.Snapshot, s.p.Scope
	for i := range snap.Files {
		f := &snap.Files[i]
		if f.Role != snapshot.RoleEngineSocket && f.Role != snapshot.RoleRuntimeSocket {
			continue
		}
		if f.State == snapshot.Absent || f.Engine != sc.ID && (sc.Host == "" || f.Scope != sc.Host) {
			continue
		}
		k := socket{name: f.Path, real: f.Real, paths: append([]string{f.Path}, f.Chain...)}
		if k.real == "" {
			k.real = f.Path
		}
		k.paths = append(k.paths, k.real)
		k.nodes = appendNode(nil, f.Dev, f.Ino)
		for _, d := range f.Parents {
			// A directory around a link to the socket shows the link only, which inside
			// a container leads to a place of its own.
			if f.Real != "" && !shared.Within(f.Real, d.Path) {
				continue
			}
			k.nodes = appendNode(k.nodes, d.Dev, d.Ino)
		}
		s.sockets = append(s.sockets, k)
	}
	for i := range snap.Listeners {
		if l := &snap.Listeners[i]; l.Scope == sc.ID && l.Network == "unix" && strings.HasPrefix(l.Address, "/") {
			p := path.Clean(l.Address)
			s.sockets = append(s.sockets, socket{name: l.Address, real: p, paths: []string{p}})
		}
	}
	return s.sockets
}

func appendNode(nodes []node, dev, ino uint64) []node {
	if dev == 0 && ino == 0 {
		return nodes
	}
	return append(nodes, node{dev, ino})
}

// exposes reports whether a mount of the host path shows the socket inside the
// container: it is the socket, or a directory around it, by inode or by path.
func (k *socket) exposes(m *snapshot.Mount, hostPath string, followed bool) bool {
	if (m.Dev != 0 || m.Ino != 0) && slices.Contains(k.nodes, node{m.Dev, m.Ino}) {
		return true
	}
	if slices.ContainsFunc(m.Shows, func(p string) bool { return shared.Within(k.real, p) }) {
		return true
	}
	if followed {
		// A directory that holds only a link to the socket shows no more than a
		// dangling link, so the end of the chain counts.
		return shared.Within(k.real, hostPath)
	}
	return slices.ContainsFunc(k.paths, func(p string) bool { return shared.Within(p, hostPath) })
}
