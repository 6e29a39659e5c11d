package cluster

import (
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

// bound is something that a quota should bound, and the keys that do.
type bound struct {
	what string
	keys []string
}

var (
	computeBounds = []bound{
		{"requests.cpu", words("requests.cpu", "cpu")},
		{"requests.memory", words("requests.memory", "memory")},
		{"limits.cpu", words("limits.cpu")},
		{"limits.memory", words("limits.memory")},
		{"pods", words("pods", "count/pods")},
	}
	countBounds = []bound{
		{"count/secrets", words("count/secrets", "secrets")},
		{"count/configmaps", words("count/configmaps", "configmaps")},
		{"count/jobs.batch", words("count/jobs.batch")},
		{"pods", words("pods", "count/pods")},
	}
	exposureBounds = []bound{
		{"services.loadbalancers", words("services.loadbalancers")},
		{"services.nodeports", words("services.nodeports")},
	}
)

// bounded judges whether the quotas of a namespace bound everything. One with scopes
// is for some pods only. What files do not define may be in the cluster.
func (s *space) bounded(bounds []bound) check.Verdict {
	var quotas []*snapshot.Quota
	scoped := false
	for i := range s.p.Snapshot.Quotas {
		q := &s.p.Snapshot.Quotas[i]
		if q.Scope != s.Scope || q.Namespace != s.Name {
			continue
		}
		if len(q.Scopes) > 0 {
			scoped = true
			continue
		}
		quotas = append(quotas, q)
	}
	var missing []string
	var have []check.Evidence
	for _, b := range bounds {
		e, ok := boundBy(quotas, b)
		if !ok {
			missing = append(missing, b.what)
			continue
		}
		have = append(have, e)
	}
	var out check.Verdict
	switch {
	case len(missing) == 0:
		return check.Passed("a quota bounds "+what(bounds), have...)
	case inFiles(s.p):
		return check.Undecided(snapshot.ReasonStatic, "no quota in the files bounds "+few(missing)+" in it; one in the cluster may", have...)
	case len(quotas) == 0:
		out = check.Failed("it has no quota for all of its pods")
	default:
		out = check.Failed("no quota bounds "+few(missing), have...)
	}
	if scoped {
		out = out.Note("a quota with scopes bounds some pods only and was left aside")
	}
	return out
}

func boundBy(quotas []*snapshot.Quota, b bound) (check.Evidence, bool) {
	for _, q := range quotas {
		for _, h := range q.Hard {
			if slices.Contains(b.keys, h.Key) {
				return at(ev("ResourceQuota "+q.Name+" "+h.Key, h.Value), q.Loc), true
			}
		}
	}
	return check.Evidence{}, false
}

func what(bounds []bound) string {
	var out []string
	for _, b := range bounds {
		out = append(out, b.what)
	}
	return strings.Join(out[:len(out)-1], ", ") + " and " + out[len(out)-1]
}

var resourceQuota = ofNamespace(check.Check{
	ID:    "resource-quota-per-namespace",
	Title: "Every tenant namespace has a resource quota",
	Why: "Without a quota one namespace can take the memory, the processors and the places for pods of all: a program that scales out of control, or an attacker who mines, starves the rest. " +
		"Quotas of a namespace add up; one with scopes is for some pods only and does not count.",
	Remedy: "Create a ResourceQuota whose spec.hard has requests.cpu, requests.memory, limits.cpu, limits.memory and pods. Give the namespace a LimitRange with defaults first: " +
		"pods that do not say what they need are refused where a quota asks for it.",
	Severity: check.Medium, Zone: model.ZoneControlPlane, Surface: model.SurfacePolicyEnforcement, STRIDE: "D", Tier: 1,
	Refs:  refs("", "", "", "KSV-0040", ""),
	Needs: parts(snapshot.PartClusterQuotas),
	Run: func(p *check.Probe) {
		judgeTenants(p, func(s *space) check.Verdict { return s.bounded(computeBounds) })
	},
})

var objectCountQuota = ofNamespace(check.Check{
	ID:    "apiserver-object-count-quota",
	Title: "Object counts per namespace are bounded",
	Why: "Whoever may create secrets, config maps or jobs can fill etcd with them until the API server takes no more writes, for everyone. A quota on their number ends that at one namespace. " +
		"Custom resources that are made in numbers need a key of their own, count/RESOURCE.GROUP; which those are is not judged.",
	Remedy:   "Create a ResourceQuota whose spec.hard has count/secrets, count/configmaps, count/jobs.batch and pods.",
	Severity: check.Medium, Zone: model.ZoneControlPlane, Surface: model.SurfaceAPIEndpoint, STRIDE: "D", Tier: 2,
	Needs: parts(snapshot.PartClusterQuotas),
	Run:   func(p *check.Probe) { judgeTenants(p, func(s *space) check.Verdict { return s.bounded(countBounds) }) },
})

var exposureQuota = ofNamespace(check.Check{
	ID:       "namespace-lb-quota",
	Title:    "Load balancers per namespace are limited",
	Why:      "Each service of the type LoadBalancer costs money and opens a way in from outside, and node ports are few and shared by all. A quota leaves a namespace as many as it should have, none for most.",
	Remedy:   "Create a ResourceQuota whose spec.hard has services.loadbalancers and services.nodeports, \"0\" where nothing should be reached from outside.",
	Severity: check.Medium, Zone: model.ZoneCloud, Surface: model.SurfacePolicyEnforcement, STRIDE: "D", Tier: 2,
	Needs: parts(snapshot.PartClusterQuotas),
	Run: func(p *check.Probe) {
		judgeTenants(p, func(s *space) check.Verdict { return s.bounded(exposureBounds) })
	},
})

var limitRange = ofNamespace(check.Check{
	ID:    "limit-range-per-namespace",
	Title: "Every tenant namespace has default limits",
	Why: "A container that says nothing of memory may take all that its node has, and its neighbours are killed first. A LimitRange of the type Container gives those that say nothing a limit and a request; " +
		"entries of the types Pod and PersistentVolumeClaim set no defaults for containers. Pods that were there before it keep what they have.",
	Remedy:   "Create a LimitRange with an entry of the type Container that has default.memory and defaultRequest.memory and defaultRequest.cpu.",
	Severity: check.Medium, Zone: model.ZoneControlPlane, Surface: model.SurfacePolicyEnforcement, STRIDE: "D", Tier: 1,
	Refs:  refs("", "", "", "KSV-0039", ""),
	Needs: parts(snapshot.PartClusterQuotas),
	Run:   func(p *check.Probe) { judgeTenants(p, (*space).limited) },
})

// limited judges the defaults that a namespace gives containers.
func (s *space) limited() check.Verdict {
	var others []check.Evidence
	for i := range s.p.Snapshot.LimitRanges {
		l := &s.p.Snapshot.LimitRanges[i]
		if l.Scope != s.Scope || l.Namespace != s.Name {
			continue
		}
		if l.Type == "Container" && l.Default.Memory != nil && (l.Request.Memory != nil || l.Request.CPU != nil) {
			return check.Passed("containers that say nothing get a limit and a request", at(ev("LimitRange "+l.Name, "memory "+amount(*l.Default.Memory)), l.Loc))
		}
		others = append(others, at(ev("LimitRange "+l.Name, "type "+l.Type), l.Loc))
	}
	switch {
	case inFiles(s.p):
		return check.Undecided(snapshot.ReasonStatic, "no LimitRange in the files gives its containers defaults; one in the cluster may", some(others)...)
	case len(others) > 0:
		return check.Failed("its limit ranges give containers no memory limit", some(others)...)
	}
	return check.Failed("it has no limit range")
}

// amount shows bytes as manifests write them.
func amount(n int64) string {
	for _, u := range [...]struct {
		size int64
		name string
	}{{1 << 30, "Gi"}, {1 << 20, "Mi"}, {1 << 10, "Ki"}} {
		if n >= u.size && n%u.size == 0 {
			return itoa(n/u.size) + u.name
		}
	}
	return itoa(n)
}
