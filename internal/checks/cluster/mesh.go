package cluster

import (
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var mutualTLS = ofNamespace(check.Check{
	ID:    "service-mesh-mtls",
	Title: "Sensitive service traffic uses mutual TLS",
	Why: "Traffic between pods is in clear and shows no more of its sender than an address: whoever is on a node or on the way reads and forges it. A mesh gives every pod a certificate; only in strict mode does it refuse who has none. " +
		"Which namespaces are sensitive says a label of theirs. That a namespace is in a mesh shows; the mode does not, so that it is asked for.",
	Remedy: "Take the namespace into the mesh (istio-injection=enabled, istio.io/dataplane-mode=ambient or linkerd.io/inject) and set a PeerAuthentication with mode STRICT, or with Linkerd the inbound policy all-authenticated. " +
		"Then answer in plimsoll.yaml under answers with status, owner, date and a note.",
	Severity: check.Medium, Zone: model.ZoneNodeRuntime, Surface: model.SurfacePodNetwork, STRIDE: "SI", Tier: 2,
	Params: []check.Param{{Name: "sensitive_selector", Unit: "list", Default: words("sensitivity=high"), Meaning: "labels, as KEY=VALUE, of namespaces that are sensitive"}},
	Run: func(p *check.Probe) {
		selectors, _ := p.List("sensitive_selector")
		mesh, there := meshOf(p)
		judgeTenants(p, func(s *space) check.Verdict { return s.meshed(selectors, mesh, there) })
	},
})

// meshGroups are the API groups of meshes.
var meshGroups = map[string]string{"security.istio.io": "Istio", "policy.linkerd.io": "Linkerd", "kuma.io": "Kuma", "consul.hashicorp.com": "Consul"}

// meshOf finds the mesh of a cluster.
func meshOf(p *check.Probe) (check.Evidence, bool) {
	for _, r := range cluster(p).Served {
		group, _, _ := strings.Cut(r.GroupVersion, "/")
		if name := meshGroups[group]; name != "" {
			return ev(name, r.GroupVersion), true
		}
	}
	for i := range p.Snapshot.Definitions {
		if d := &p.Snapshot.Definitions[i]; d.Scope == p.Scope.ID && meshGroups[d.Group] != "" {
			return at(ev(meshGroups[d.Group], d.Name), d.Loc), true
		}
	}
	return check.Evidence{}, false
}

// proxies are the containers that a mesh puts beside others.
var proxies = words("istio-proxy", "linkerd-proxy", "kuma-sidecar", "consul-dataplane")

// joins are the labels that take a namespace into a mesh, with the values that do
// not.
var joins = map[string]string{"istio-injection": "disabled", "istio.io/rev": "", "istio.io/dataplane-mode": "none", "linkerd.io/inject": "disabled", "kuma.io/sidecar-injection": "disabled"}

func (s *space) meshed(selectors []string, mesh check.Evidence, there bool) check.Verdict {
	if !slices.ContainsFunc(selectors, func(sel string) bool {
		key, want, _ := strings.Cut(sel, "=")
		v, ok := label(s.Labels, key)
		return ok && (v == want || want == "*")
	}) {
		if !s.defined() {
			return check.Undecided(snapshot.ReasonUnresolved, "no file defines it, so that its labels are not known")
		}
		return check.Inapplicable("no label marks it as sensitive")
	}
	var joined []check.Evidence
	for _, l := range s.Labels {
		if not, ok := joins[l.Key]; ok && l.Value != not {
			joined = append(joined, at(ev("label "+l.Key, l.Value), s.Loc))
		}
	}
	for _, i := range s.workloads {
		w := &s.p.Snapshot.Workloads[i]
		for _, spec := range append([]int{w.Spec}, w.Live...) {
			for _, c := range s.p.Snapshot.PodSpecs[spec].Containers {
				if slices.Contains(proxies, c.Name) && len(joined) == 0 {
					joined = append(joined, at(ev(w.Kind+" "+w.Name, c.Name), w.Loc))
				}
			}
		}
	}
	switch {
	case len(joined) > 0:
		return ask(s.p, "does its mesh refuse, in strict mode, whoever has no certificate?", "the mode of its mesh is not read", joined...)
	case inFiles(s.p):
		return check.Undecided(snapshot.ReasonStatic, "nothing in the files takes it into a mesh")
	case !there:
		return check.Failed("it is marked as sensitive, and the cluster has no mesh")
	}
	return check.Failed("it is marked as sensitive, and is not in the mesh", mesh)
}
