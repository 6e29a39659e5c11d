package kube

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/shared"
	"plimsoll/internal/snapshot"
)

// place is an address or a name at which the API server is said to be.
type place struct{ source, host string }

// places are all of them: what the server advertises, what kubeconfigs and the API
// name, and the addresses of its own machine when it listens on all.
func places(c *comp) []place {
	var out []place
	add := func(source, host string) {
		if host = strings.Trim(host, "[]"); host != "" && !slices.Contains(out, place{source, host}) {
			out = append(out, place{source, host})
		}
	}
	add("--advertise-address", c.flag("advertise-address", "").value)
	bind := c.flag("bind-address", "0.0.0.0").value
	if a, err := netip.ParseAddr(bind); err == nil && a.IsUnspecified() {
		for _, n := range nodesOf(c.p) {
			if n.Host == c.Host {
				for _, a := range n.Addresses {
					add("address of "+n.Name, a)
				}
			}
		}
	} else {
		add("--bind-address", bind)
	}
	for i := range c.p.Snapshot.Kubeconfigs {
		k := &c.p.Snapshot.Kubeconfigs[i]
		for _, s := range k.Servers {
			if u, err := url.Parse(s); k.Cluster == c.Scope && err == nil {
				add("kubeconfig "+k.Path, u.Hostname())
			}
		}
	}
	for i := range c.p.Snapshot.Clusters {
		if cl := &c.p.Snapshot.Clusters[i]; cl.Scope == c.Scope {
			for _, e := range cl.Endpoints {
				add(e.Source, e.Host)
			}
		}
	}
	return out
}

// resolved returns the addresses that a name was found to have.
func resolved(c *comp, name string) []string {
	var out []string
	for i := range c.p.Snapshot.Clusters {
		if cl := &c.p.Snapshot.Clusters[i]; cl.Scope == c.Scope {
			for _, e := range cl.Endpoints {
				if e.Host == name {
					out = append(out, e.Addresses...)
				}
			}
		}
	}
	return out
}

var shared64 = netip.MustParsePrefix("100.64.0.0/10")

// privateAddress reports whether nobody outside reaches an address.
func privateAddress(s string) (private, ok bool) {
	a, err := netip.ParseAddr(s)
	if err != nil {
		return false, false
	}
	a = a.Unmap().WithZone("")
	return a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || shared64.Contains(a), true
}

func private(c *comp) check.Verdict {
	if f := c.flag("advertise-address", ""); f.missing != "" && len(places(c)) == 0 {
		v, _ := f.unknown()
		return v
	}
	var public, open shared.Hits
	seen := 0
	for _, p := range places(c) {
		addresses := []string{p.host}
		if _, ok := privateAddress(p.host); !ok {
			if p.host == "localhost" {
				seen++
				continue
			}
			if addresses = resolved(c, p.host); len(addresses) == 0 {
				open.Add(ev(p.source, p.host))
			}
		}
		for _, a := range addresses {
			seen++
			if inside, ok := privateAddress(a); !ok {
				open.Add(ev(p.source, a))
			} else if !inside {
				public.Add(ev(p.source, a))
			}
		}
	}
	switch {
	case public.Any():
		return public.Failed("the API server has addresses outside the private ranges")
	case open.Any():
		return check.Undecided(snapshot.ReasonUnresolved, "what some names lead to is not in the evidence", open.Evidence...)
	case seen == 0:
		return check.Undecided(snapshot.ReasonPartial, "no address of the API server is in the evidence")
	}
	return check.Passed("every address of the API server is private", ev("addresses and names", seen))
}

// restricted judges an endpoint that is not proved private by what limits it.
func restricted(c *comp, v check.Verdict) check.Verdict {
	networks, declared := c.p.List("declared_networks")
	if declared && len(networks) > 0 {
		e := append(v.Evidence, ev("declared networks", strings.Join(networks, ", ")))
		if slices.Contains(networks, "0.0.0.0/0") || slices.Contains(networks, "::/0") {
			return check.Failed("the declared networks are everybody's", e...)
		}
		return check.Passed("the provider admits declared networks only", e...)
	}
	if n := c.p.Snapshot.NodeOf(c.Scope, c.Host); n != nil && n.Firewall.Known() && n.Firewall.V == "open" && v.Status == check.Fail {
		return check.Failed("the endpoint is not private, and no rule of the machine limits who reaches it", append(v.Evidence, ev("packet filter of "+n.Name, n.Firewall.V))...)
	}
	return check.Undecided(snapshot.ReasonNotCollected, "the endpoint is not proved private, and which networks rules or a provider admit is not in the evidence", v.Evidence...)
}
