package cluster

import (
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/shared"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

func eachConfigMap(p *check.Probe, predicate func(m *snapshot.ConfigMap) (check.Verdict, bool)) {
	out := gather(p)
	for i := range p.Snapshot.ConfigMaps {
		if m := &p.Snapshot.ConfigMaps[i]; m.Scope == p.Scope.ID {
			if v, ok := predicate(m); ok {
				out.say(v, p.Index.ConfigMapSubject(i))
			}
		}
	}
	out.report()
}

var credentials = &check.Check{
	ID:    "no-credentials-in-configmap",
	Title: "No credential is stored in a config map",
	Why: "Config maps are read by everyone who may look at the namespace, are in every dump and backup, and are never encrypted. " +
		"A value counts when it has the form of a key or an issued token, or its name is that of a secret; values are looked at where they lie and are never kept or shown.",
	Remedy:   "Move the value to a Secret or a store outside, refer to it from the pod, and replace the credential: it has been read.",
	Severity: check.High, Subject: snapshot.KindConfigMap, Zone: model.ZoneNodeRuntime, Surface: model.SurfaceCredentials, STRIDE: "I", Tier: 2,
	Refs: refs("", "", "C-0012", "KSV-0109 KSV-01010", ""), Forms: everywhere, Needs: parts(snapshot.PartClusterConfigMaps),
	Run: func(p *check.Probe) {
		eachConfigMap(p, func(m *snapshot.ConfigMap) (check.Verdict, bool) { return judgeCredentials(m), true })
	},
}

func judgeCredentials(m *snapshot.ConfigMap) check.Verdict {
	var found []check.Evidence
	for _, k := range m.Keys {
		if why := shared.Credential(k); why != "" && !signature(m, k.Name) {
			found = append(found, at(ev("data."+k.Name, why), m.Loc))
		}
	}
	for _, k := range m.Inside {
		key, line, name := inside(k.Name)
		k.Name = name
		if why := shared.Credential(k); why != "" && !placeholder(k) {
			found = append(found, at(ev(strings.TrimSpace("data."+key+" "+line+" "+name), why), m.Loc))
		}
	}
	if len(found) > 0 {
		return check.Failed("it holds what looks like a credential", some(found)...)
	}
	if len(m.Keys) == 0 {
		return check.Passed("it is empty")
	}
	return check.Passed("no value in it looks like a credential")
}

// signature reports whether a key holds one of the signatures of what new nodes are
// told, which are public.
func signature(m *snapshot.ConfigMap, key string) bool {
	return m.Namespace == "kube-public" && m.Name == "cluster-info" && strings.HasPrefix(key, "jws-kubeconfig-")
}

// placeholder reports whether a value inside another is too short for a secret.
func placeholder(k snapshot.Secretish) bool {
	const shortest = 4
	return k.Shape == snapshot.ShapePlain && k.Len < shortest
}

// inside takes the name of a value inside another apart: KEY:line N:NAME.
func inside(name string) (key, line, inner string) {
	i := strings.Index(name, ":line ")
	if i < 0 {
		return name, "", ""
	}
	line, inner, _ = strings.Cut(name[i+1:], ":")
	return name[:i], line, inner
}

var coreDNS = &check.Check{
	ID:       "coredns-matches-baseline",
	Title:    "Cluster DNS settings equal the accepted baseline",
	Why:      "Whoever changes the configuration of the cluster's DNS sends every program of it where they like. What is right only people know: they accept a configuration by its hash, and name the resolvers that it may ask.",
	Remedy:   "Look at kubectl -n kube-system get configmap coredns -o yaml; when it is right, put the hash of the evidence into plimsoll.yaml as the baseline, else put the configuration right and find out who changed it.",
	Severity: check.Medium, Subject: snapshot.KindConfigMap, Zone: model.ZoneNodeRuntime, Surface: model.SurfacePodNetwork, STRIDE: "T", Tier: 2,
	Forms: everywhere, Needs: parts(snapshot.PartClusterConfigMaps),
	Params: []check.Param{
		{Name: "baseline", Unit: "list", Question: true, Meaning: "sha256 of configurations of CoreDNS that were accepted, as the evidence shows it"},
		{Name: "resolvers", Unit: "list", Default: words("/etc/resolv.conf"), Meaning: "resolvers that names outside the cluster may be asked of"},
	},
	Run: func(p *check.Probe) {
		eachConfigMap(p, func(m *snapshot.ConfigMap) (check.Verdict, bool) {
			if m.Namespace != "kube-system" || m.Name != "coredns" {
				return check.Verdict{}, false
			}
			return judgeDNS(p, m), true
		})
	},
}

func judgeDNS(p *check.Probe, m *snapshot.ConfigMap) check.Verdict {
	baseline, declared := p.List("baseline")
	resolvers, named := p.List("resolvers")
	evidence := []check.Evidence{at(ev("sha256", m.Digest), m.Loc)}
	var strange []string
	for _, f := range m.Parsed {
		if f.Key != "forward" {
			continue
		}
		evidence = append(evidence, ev("forward", f.Value))
		to := strings.Fields(f.Value)
		for _, r := range to[min(1, len(to)):] {
			if !slices.Contains(resolvers, r) {
				strange = append(strange, r)
			}
		}
	}
	evidence = some(evidence)
	switch {
	case named && len(strange) > 0:
		return check.Failed("it asks resolvers that are not on the list: "+few(strange), evidence...)
	case !declared:
		return check.Undecided(snapshot.ReasonUndeclared, "no baseline is declared", evidence...)
	case !slices.Contains(baseline, m.Digest):
		return check.Failed("its configuration is none that was accepted", evidence...)
	case len(strange) > 0:
		return check.Failed("its configuration was accepted, but it asks resolvers that are not on the list: "+few(strange), evidence...)
	}
	return check.Passed("its configuration is one that was accepted", evidence...)
}
