// Package netpol works out what the network policies of a cluster let through, by
// the semantics of networking.k8s.io: a pod that no policy of a direction selects
// lets everything through in that direction, a pod that some select lets through
// what one of their rules admits, and policies add up. Both ends are asked. Pods on
// the network of their node are in no policy. Policies of other kinds, of which only
// that they are there is known, make every answer about the pods that they may
// select a maybe. Whether a network plugin enforces any of it is not asked here.
package netpol

import (
	"slices"

	"plimsoll/internal/snapshot"
)

// Direction of traffic, as a pod sees it.
type Direction uint8

// The directions.
const (
	Ingress Direction = iota
	Egress
)

// Kind is the kind of the policies whose rules are understood.
const Kind = "NetworkPolicy"

// Pod is pods that no policy can tell apart.
type Pod struct {
	Namespace   string
	Labels      []snapshot.Pair
	HostNetwork bool
	Ports       []snapshot.ContainerPort // ports with a name
	Unsure      bool                     // its specification was not understood: it may be on the node's network
	Workloads   []int                    // positions in Workloads, ascending; empty for a pod that is made up
}

// Set is the policies of one scope. It is not changed once it is made.
type Set struct {
	s       *snapshot.Snapshot
	spaces  map[string]labels
	within  map[string][]int // namespace -> positions in NetworkPolicies whose rules are understood
	foreign map[string][]int // namespace -> those of other kinds; "" for such of the whole cluster
	pods    []*Pod
}

// setOf is the key of a scope's set among the tables of an index.
type setOf string

// Of returns the policies of a scope, which all checks share.
func Of(x *snapshot.Index, scope string) *Set {
	set, _ := x.Derived(setOf(scope), func(x *snapshot.Index) any { return New(x.Snapshot, scope) }).(*Set)
	return set
}

// New reads the policies and pods of a scope.
func New(s *snapshot.Snapshot, scope string) *Set {
	set := &Set{s: s, spaces: make(map[string]labels), within: make(map[string][]int), foreign: make(map[string][]int)}
	for i := range s.Namespaces {
		if n := &s.Namespaces[i]; n.Scope == scope {
			set.spaces[n.Name] = spaceLabels(n)
		}
	}
	for i := range s.NetworkPolicies {
		p := &s.NetworkPolicies[i]
		switch {
		case p.Scope != scope:
		case p.Kind == Kind:
			set.within[p.Namespace] = append(set.within[p.Namespace], i)
		default:
			set.foreign[p.Namespace] = append(set.foreign[p.Namespace], i)
		}
	}
	set.addPods(scope)
	return set
}

// spaceLabels are the labels of a namespace. In files one that is only named may
// have any.
func spaceLabels(n *snapshot.Namespace) labels {
	l := labels{pairs: n.Labels}
	if _, has := l.value(nameLabel); has == No && n.Name != "" {
		l.pairs = append(slices.Clip(n.Labels), snapshot.Pair{Key: nameLabel, Value: n.Name})
	}
	if n.Implied {
		l.open = anyKey
	}
	return l
}

func anyKey(string) bool { return true }

// space returns the labels of a namespace, known or not.
func (set *Set) space(name string) labels {
	l, ok := set.spaces[name]
	if !ok {
		return spaceLabels(&snapshot.Namespace{Name: name, Implied: true})
	}
	return l
}

// Pods lists the pods of the scope: of each workload those of its template, and of
// further specifications that pods of it run with.
func (set *Set) Pods() []*Pod { return set.pods }

func (set *Set) addPods(scope string) {
	at := make(map[string]*Pod)
	s := set.s
	for i := range s.Workloads {
		w := &s.Workloads[i]
		if w.Scope != scope || w.Dormant && (w.Kind == "Pod" || w.Kind == "Job") { // it has ended
			continue
		}
		for _, spec := range append([]int{w.Spec}, w.Live...) {
			p := podOf(w, &s.PodSpecs[spec])
			key := p.key()
			have := at[key]
			if have == nil {
				have = p
				at[key] = p
				set.pods = append(set.pods, p)
			}
			if n := len(have.Workloads); n == 0 || have.Workloads[n-1] != i {
				have.Workloads = append(have.Workloads, i)
			}
		}
	}
}

func podOf(w *snapshot.Workload, spec *snapshot.PodSpec) *Pod {
	p := &Pod{Namespace: w.Namespace, Labels: w.Labels, HostNetwork: spec.HostNetwork}
	p.Unsure = w.Invalid != "" || slices.Contains(spec.Unread, "hostNetwork") || slices.Contains(spec.Unread, snapshot.AllUnread)
	for i := range spec.Containers {
		for _, c := range spec.Containers[i].Ports {
			if c.Name != "" {
				p.Ports = append(p.Ports, c)
			}
		}
	}
	return p
}

func (p *Pod) key() string {
	var b []byte
	add := func(s string) { b = append(append(b, s...), 0) }
	add(p.Namespace)
	for _, l := range p.Labels {
		add(l.Key)
		add(l.Value)
	}
	add("")
	for _, c := range p.Ports {
		add(c.Name)
		add(c.Protocol)
		b = append(b, byte(c.Port>>8), byte(c.Port), 0)
	}
	if p.HostNetwork {
		add("host")
	}
	if p.Unsure {
		add("unsure")
	}
	return string(b)
}

// labels of a pod: those that controllers give each pod may be there too.
func (p *Pod) labels() labels { return labels{pairs: p.Labels, open: snapshot.RevisionLabel} }

// Selecting lists the policies that are about a direction of a pod's traffic, as
// positions in NetworkPolicies, and those that may be.
func (set *Set) Selecting(p *Pod, d Direction) (sure, maybe []int) {
	if p.HostNetwork {
		return nil, nil
	}
	for _, i := range set.within[p.Namespace] {
		if !about(&set.s.NetworkPolicies[i], d) {
			continue
		}
		switch unsure(matches(&set.s.NetworkPolicies[i].Pods, p.labels()), p.Unsure) {
		case Yes:
			sure = append(sure, i)
		case Maybe:
			maybe = append(maybe, i)
		case No:
		}
	}
	return sure, maybe
}

func about(p *snapshot.NetworkPolicy, d Direction) bool {
	if d == Ingress {
		return p.Ingress
	}
	return p.Egress
}

// Foreign lists the policies of other kinds that may select a pod, as positions in
// NetworkPolicies.
func (set *Set) Foreign(p *Pod) []int {
	if p.HostNetwork {
		return nil
	}
	out := slices.Clone(set.foreign[""])
	if p.Namespace != "" {
		out = append(out, set.foreign[p.Namespace]...)
	}
	return out
}

// Isolated reports whether some policy is about a direction of a pod's traffic, so
// that only what rules admit gets through. It is never of a pod on its node's
// network.
func (set *Set) Isolated(p *Pod, d Direction) Answer {
	if p.HostNetwork {
		return No
	}
	sure, maybe := set.Selecting(p, d)
	switch {
	case len(sure) > 0:
		return Yes
	case len(maybe) > 0, p.Unsure, len(set.Foreign(p)) > 0:
		return Maybe
	}
	return No
}

// Open lists the policies of a pod that admit everyone on every port, and so take
// back that others isolate it.
func (set *Set) Open(p *Pod, d Direction) (sure, maybe []int) {
	open := func(i int) bool { return len(OpenRules(&set.s.NetworkPolicies[i], d)) == 0 }
	sure, maybe = set.Selecting(p, d)
	return slices.DeleteFunc(sure, open), slices.DeleteFunc(maybe, open)
}

// OpenRules lists the rules of a policy, by their position, that admit everyone on
// every port.
func OpenRules(p *snapshot.NetworkPolicy, d Direction) []int {
	var out []int
	for i, r := range rules(p, d) {
		if len(r.Ports) == 0 && (len(r.Peers) == 0 || slices.ContainsFunc(r.Peers, everyone)) {
			out = append(out, i)
		}
	}
	return out
}

// everyone reports whether a peer is all pods of all namespaces, or all addresses.
func everyone(p snapshot.PolicyPeer) bool {
	if p.CIDR != "" {
		return allAddresses(p.CIDR) && len(p.Except) == 0
	}
	return everything(p.Namespaces) && (p.Pods == nil || everything(p.Pods))
}

func rules(p *snapshot.NetworkPolicy, d Direction) []snapshot.PolicyRule {
	if d == Ingress {
		return p.In
	}
	return p.Out
}
