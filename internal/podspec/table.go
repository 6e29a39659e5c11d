package podspec

import (
	"slices"
	"strings"

	"plimsoll/internal/snapshot"
)

// tableKey is the key of the table among those of an index.
type tableKey struct{}

// Of returns what the classes of pod specifications of a snapshot come to, in the
// order of [snapshot.Index.PodClasses]. It is worked out once.
func Of(x *snapshot.Index) []*Pod {
	return snapshot.Table(x, tableKey{}, build)
}

func build(x *snapshot.Index) []*Pod {
	b := builder{x: x, clusters: make(map[string]*surroundings), ranges: make(map[[2]string][]snapshot.LimitRange)}
	for _, l := range x.Snapshot.LimitRanges {
		if l.Type == "Container" {
			at := [2]string{l.Scope, l.Namespace}
			b.ranges[at] = append(b.ranges[at], l)
		}
	}
	classes := x.PodClasses()
	pods := make([]*Pod, len(classes))
	for i := range classes {
		pods[i] = b.pod(&classes[i])
	}
	return pods
}

// surroundings are what all pods of a scope have in common.
type surroundings struct {
	minor    Minor
	runtimes []string
	accounts bool
	file     bool
}

type builder struct {
	x        *snapshot.Index
	clusters map[string]*surroundings
	ranges   map[[2]string][]snapshot.LimitRange // scope and namespace
}

func (b *builder) pod(cl *snapshot.PodClass) *Pod {
	s, at := b.x.Snapshot, b.around(cl.Scope)
	spec := &s.PodSpecs[cl.Spec]
	var ns *snapshot.Namespace
	if cl.Namespace >= 0 {
		ns = &s.Namespaces[cl.Namespace]
	}
	ctx := Context{Minor: at.minor, Standard: StandardOf(ns, at.minor), Runtimes: at.runtimes, Accounts: at.accounts, File: at.file}
	if i := b.x.AccountAt(cl.Scope, cl.In, spec.ServiceAccount); i >= 0 {
		ctx.Account = &s.ServiceAccounts[i]
	}
	if at.file || !cl.Live && !cl.Static && cl.Kind != "Pod" { // pods that are there have what they were given
		ctx.Limits = b.ranges[[2]string{cl.Scope, cl.In}]
	}
	p := New(spec, ctx)
	p.Class = cl
	if p.OS == Undecided {
		p.OS = b.byNodes(cl)
	}
	return p
}

func (b *builder) around(scope string) *surroundings {
	if at := b.clusters[scope]; at != nil {
		return at
	}
	s := b.x.Snapshot
	at := &surroundings{accounts: b.x.Part(scope, snapshot.PartClusterAccounts).State == snapshot.Observed}
	if sc := s.Scope(scope); sc != nil {
		at.file = sc.Kind == snapshot.ScopeFiles
	}
	if c := s.Cluster(scope); c != nil {
		at.minor, _ = ParseMinor(c.Version)
	}
	for i := range s.Nodes {
		family, _, _ := strings.Cut(s.Nodes[i].Runtime, "://")
		if s.Nodes[i].Scope == scope && family != "" && !slices.Contains(at.runtimes, family) {
			at.runtimes = append(at.runtimes, family)
		}
	}
	slices.Sort(at.runtimes)
	b.clusters[scope] = at
	return at
}

// byNodes decides the operating system by the nodes that the pods of a class run
// on. It is asked of few: those whose selector names Windows and who do not say so.
func (b *builder) byNodes(cl *snapshot.PodClass) OS {
	s, of := b.x.Snapshot, ""
	for i := range s.Pods {
		p := &s.Pods[i]
		if p.Spec != cl.Spec || p.Node < 0 || !b.member(cl, p.Workload) {
			continue
		}
		if on := s.Nodes[p.Node].OS; of == "" {
			of = on
		} else if on != of {
			return Undecided
		}
	}
	switch of {
	case "windows":
		return Windows
	case "linux":
		return Linux
	}
	return Undecided
}

func (b *builder) member(cl *snapshot.PodClass, workload int) bool {
	return slices.ContainsFunc(cl.Members, func(m int) bool { return b.x.Workload(m) == workload })
}
