package snapshot

import (
	"cmp"
	"slices"
	"strings"
)

// users returns the scopes of the engines that a registry serves: those of its own
// machine, those with images from it and those that are set up to talk to it.
// What such an engine does on the way to its registries and what the registry does
// make one answer.
func (s *Snapshot) users(sc *Scope) []string {
	r := s.Registry(sc.ID)
	if r == nil {
		return nil
	}
	var out []string
	for i := range s.Scopes {
		e := &s.Scopes[i]
		if e.Kind != ScopeEngine {
			continue
		}
		if sc.Host != "" && e.Host == sc.Host || s.uses(e, r.Address) {
			out = append(out, e.ID)
		}
	}
	return out
}

// uses reports whether an engine names a registry. One on the loopback device is
// each machine's own.
func (s *Snapshot) uses(sc *Scope, address string) bool {
	if host, _ := splitPort(address); host == "" || sc.Remote && loopback(host) {
		return false
	}
	if e := s.Engine(sc.ID); e != nil {
		for _, a := range slices.Concat(e.InsecureRegistries, e.Mirrors) {
			if sameRegistry(a, address) {
				return true
			}
		}
	}
	return slices.ContainsFunc(s.Images, func(m Image) bool {
		return m.Scope == sc.ID && slices.ContainsFunc(m.Digests, func(d string) bool { return sameRegistry(ParseReference(d).Registry, address) })
	})
}

// sameRegistry reports whether a name, as references and settings have it, is of
// the registry at an address with a port.
func sameRegistry(name, address string) bool {
	scheme, rest, ok := strings.Cut(name, "://")
	if !ok {
		scheme, rest = "https", name
	}
	authority, _, _ := strings.Cut(rest, "/")
	host, port := splitPort(authority[strings.LastIndexByte(authority, '@')+1:])
	usual := map[string]string{"https": "443", "http": "80"}[scheme]
	at, atPort := splitPort(address)
	return host != "" && strings.EqualFold(host, at) && cmp.Or(port, usual) == atPort
}

// splitPort divides HOST:PORT; the brackets of an IPv6 address are left out.
func splitPort(s string) (host, port string) {
	if i := strings.LastIndexByte(s, ':'); i >= 0 && !strings.Contains(s[i:], "]") && (s[0] == '[' || strings.Count(s, ":") == 1) {
		s, port = s[:i], s[i+1:]
	}
	return strings.Trim(s, "[]"), port
}

func loopback(host string) bool {
	return host == "localhost" || host == "::1" || strings.HasPrefix(host, "127.")
}
