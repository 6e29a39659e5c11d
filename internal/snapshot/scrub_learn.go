package snapshot

import (
	"slices"
	"strings"
)

// learn collects the names of hosts, registries and users from the fields that
// hold nothing else.
func (sc *scrubber) learn(s *Snapshot) {
	for _, scope := range s.Scopes {
		if scope.Kind == ScopeEngine || scope.Kind == ScopeHost {
			sc.host(scope.Name)
		}
		sc.url(scope.Target)
	}
	for _, h := range s.Hosts {
		sc.host(h.Name)
		for _, g := range h.Accounts.V.Groups {
			for _, m := range g.Members {
				sc.user(m)
			}
		}
		for _, r := range h.SubIDs.V.Ranges {
			sc.user(r.Owner)
		}
	}
	sc.learnOuter(s)
	sc.learnNodes(s)
	for i := range s.Engines {
		sc.learnEngine(&s.Engines[i])
	}
	for i := range s.Files { // the folder of a registry's certificates has its name
		if _, rest, ok := strings.Cut(s.Files[i].Path, "/certs.d/"); ok && (s.Files[i].Role == RoleRegistryCert || s.Files[i].Role == RoleRegistryKey) {
			sc.url(rest)
		}
	}
	for i := range s.ContainerSpecs {
		sc.registry(s.ContainerSpecs[i].Image)
	}
	sc.learnImages(s.Images)
	sc.learnClusters(s)
	for name := range sc.names {
		sc.order = append(sc.order, name)
	}
	slices.SortFunc(sc.order, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
}

// learnEngine collects the names that an engine, its configuration and its swarm
// have of machines.
func (sc *scrubber) learnEngine(e *Engine) {
	sc.host(e.Name)
	for _, n := range e.Cluster.V.Nodes {
		sc.host(n.Hostname)
	}
	for _, v := range e.Cluster.V.Services {
		sc.registry(v.Image)
	}
	for _, r := range slices.Concat(e.InsecureRegistries, e.Mirrors) {
		sc.url(r)
	}
	for _, set := range e.Config.V.Settings {
		for _, v := range set.Values {
			if strings.Contains(v, "://") || strings.Contains(set.Key, "registr") {
				sc.url(v)
			}
		}
	}
}

// learnImages collects the names of registries and users from images.
func (sc *scrubber) learnImages(images []Image) {
	for i := range images {
		for _, ref := range slices.Concat(images[i].Tags, images[i].Digests) {
			sc.registry(ref)
		}
		if base := images[i].Config.V.BaseName; base != "" {
			sc.registry(base)
		}
		for _, u := range images[i].Contents.V.Accounts.V.Passwordless {
			sc.user(u)
		}
	}
}

// learnOuter collects the names that clients and registries bring.
func (sc *scrubber) learnOuter(s *Snapshot) {
	for i := range s.Clients {
		sc.learnClient(&s.Clients[i])
	}
	for i := range s.Registries {
		sc.learnRegistry(&s.Registries[i])
	}
}

func (sc *scrubber) learnClient(c *Client) {
	sc.user(c.User)
	for _, l := range c.Config.V.Logins {
		sc.url(l.Registry)
	}
	for _, h := range c.Config.V.Helpers {
		sc.url(h.Registry)
	}
	for _, x := range c.Contexts.V {
		sc.url(x.Endpoint)
	}
	for _, v := range c.Vars.V {
		if strings.Contains(v.Endpoint, "://") {
			sc.url(v.Endpoint)
		}
	}
}

func (sc *scrubber) learnRegistry(r *Registry) {
	sc.url(r.Address)
	for _, c := range r.API.V.Challenges {
		sc.url(c.Realm)
		sc.url(c.Service)
	}
}
