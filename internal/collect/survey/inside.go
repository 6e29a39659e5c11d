package survey

import (
	"os"
	"slices"
	"strings"

	"plimsoll/internal/collect/docker"
	"plimsoll/internal/collect/host"
	"plimsoll/internal/dockerapi"
	"plimsoll/internal/snapshot"
)

// sockets lists the engines' sockets on this machine, by the machine's own paths.
// Inside a container without a view of the machine there is at least the usual
// one, which is then said to be out of reach.
func (s *survey) sockets() []string {
	if s.Root == "" || s.local == nil {
		return dockerapi.LocalSockets(s.Env)
	}
	var out []string
	seen := make(map[docker.Resolved]bool)
	for _, pattern := range dockerapi.SocketPatterns() {
		for _, p := range s.local.Glob(pattern) {
			if r := s.local.Resolve(p); s.local.IsSocket(p) && !seen[r] {
				seen[r] = true
				out = append(out, p)
			}
		}
	}
	if len(out) == 0 {
		return []string{dockerapi.DefaultSocket}
	}
	return out
}

// reach returns an endpoint as this program gets to it.
func (s *survey) reach(e dockerapi.Endpoint) dockerapi.Endpoint { return reach(s.local, s.Root, e) }

// Reach returns the endpoint of an engine as a program gets to it whose machine is
// mounted at root; "" is this machine's.
func Reach(root string, e dockerapi.Endpoint) dockerapi.Endpoint {
	if root == "" {
		return e
	}
	return reach(host.OpenMounted(root), root, e)
}

// reach finds a socket where the machine is mounted, else at its own path, where
// it may be mounted by itself.
func reach(m *host.Machine, root string, e dockerapi.Endpoint) dockerapi.Endpoint {
	if root == "" || m == nil || e.Kind != dockerapi.KindUnix {
		return e
	}
	if at, err := m.Outside(e.Socket); err == nil {
		return e.Through(at)
	}
	if _, err := os.Stat(e.Socket); err == nil {
		return e
	}
	return e.Through(root + e.Socket)
}

// grantMounts gives what a container does not see of its machine the options of
// docker run that would show it; sudo, and running elsewhere, would not help.
func (s *survey) grantMounts() {
	if s.Root == "" || s.local == nil {
		return
	}
	lacking := s.local.Lacking()
	if len(lacking) == 0 {
		return
	}
	grant := "docker run " + strings.Join(lacking, " ")
	for i := range s.out.Parts {
		p := &s.out.Parts[i]
		open := p.State == snapshot.Skipped || p.State == snapshot.Denied || p.State == snapshot.Failed || p.Reason == snapshot.ReasonPartial
		if open && p.Item == "" && (slices.Contains(docker.LocalGrants(), p.Grant) || s.unreached(p)) {
			p.Grant = grant
		}
	}
}

// unreached reports whether a part is of an engine that did not answer at all.
func (s *survey) unreached(p *snapshot.PartStatus) bool {
	e := s.out.Engine(p.Scope)
	return p.Grant == "" && p.State == snapshot.Failed && e != nil && e.Version == "" && e.APIVersion == ""
}
