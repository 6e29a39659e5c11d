package snapshot

import (
	"cmp"
	"fmt"
	"slices"
)

// nodeLists describes the lists of what nodes show, as [Snapshot.lists] does.
func (s *Snapshot) nodeLists() []list {
	cluster, host := []ScopeKind{ScopeCluster}, []ScopeKind{ScopeHost}
	return []list{
		{"nodeHosts", cluster, len(s.NodeHosts), func(i int) (string, any) { return s.NodeHosts[i].Scope, s.NodeHosts[i].Host }},
		{"components", []ScopeKind{ScopeCluster, ScopeFiles}, len(s.Components), func(i int) (string, any) {
			return s.Components[i].Scope, s.Components[i].key()
		}},
		{"certificates", host, len(s.Certificates), func(i int) (string, any) {
			c := &s.Certificates[i]
			return c.Scope, [4]any{c.Cluster, c.Path, c.In, c.N}
		}},
		{"kubeconfigs", host, len(s.Kubeconfigs), func(i int) (string, any) {
			return s.Kubeconfigs[i].Scope, [2]string{s.Kubeconfigs[i].Cluster, s.Kubeconfigs[i].Path}
		}},
	}
}

// validateNodes checks what points from nodes to clusters and machines.
func (s *Snapshot) validateNodes(scopes map[string]ScopeKind) error {
	machine := func(what string, i int, id string) error {
		if scopes[id] != ScopeHost {
			return fmt.Errorf("snapshot: %s[%d].host is %.100q, want the scope of a host", what, i, id)
		}
		return nil
	}
	cluster := func(what string, i int, id string) error {
		if scopes[id] != ScopeCluster {
			return fmt.Errorf("snapshot: %s[%d].cluster is %.100q, want the scope of a cluster", what, i, id)
		}
		return nil
	}
	for i := range s.NodeHosts {
		if err := machine("nodeHosts", i, s.NodeHosts[i].Host); err != nil {
			return err
		}
	}
	for i := range s.Components {
		c := &s.Components[i]
		if c.Name == "" {
			return fmt.Errorf("snapshot: components[%d] has no name", i)
		}
		if c.Host == "" {
			continue
		}
		if err := machine("components", i, c.Host); err != nil {
			return err
		}
	}
	for i := range s.Files {
		if s.Files[i].Cluster == "" {
			continue
		}
		if err := cluster("files", i, s.Files[i].Cluster); err != nil {
			return err
		}
	}
	for i := range s.Certificates {
		if err := cluster("certificates", i, s.Certificates[i].Cluster); err != nil {
			return err
		}
	}
	for i := range s.Kubeconfigs {
		if err := cluster("kubeconfigs", i, s.Kubeconfigs[i].Cluster); err != nil {
			return err
		}
	}
	return nil
}

// sortNodes puts what nodes show into canonical order.
func (s *Snapshot) sortNodes() {
	slices.SortFunc(s.NodeHosts, func(a, b NodeHost) int { return cmp.Or(cmp.Compare(a.Scope, b.Scope), cmp.Compare(a.Host, b.Host)) })
	slices.SortFunc(s.Components, func(a, b Component) int { return cmp.Or(cmp.Compare(a.Scope, b.Scope), cmp.Compare(a.key(), b.key())) })
	slices.SortFunc(s.Certificates, func(a, b X509) int {
		return cmp.Or(cmp.Compare(a.Scope, b.Scope), cmp.Compare(a.Cluster, b.Cluster), cmp.Compare(a.Path, b.Path), cmp.Compare(a.In, b.In), cmp.Compare(a.N, b.N))
	})
	slices.SortFunc(s.Kubeconfigs, func(a, b Kubeconfig) int {
		return cmp.Or(cmp.Compare(a.Scope, b.Scope), cmp.Compare(a.Cluster, b.Cluster), cmp.Compare(a.Path, b.Path))
	})
}

// addComponents adds the components, inside their cluster and their node's
// machine.
func (x *Index) addComponents() {
	for i := range x.Snapshot.Components {
		c := &x.Snapshot.Components[i]
		around := x.scope(c.Scope)
		if h, ok := x.scopes[c.Host]; ok && c.Host != "" {
			around = append(around, h)
		}
		if at, ok := x.kube.nodeAt[[3]string{c.Scope, "", c.Node}]; ok && c.Node != "" {
			around = append(around, x.kube.nodes[at])
		}
		name := c.Name
		if c.Node != "" {
			name += " on " + c.Node
		}
		x.components = append(x.components, x.add(Subject{Kind: Kind(c.Name), Scope: c.Scope, Key: c.key(), Name: name}, around))
	}
}

// ComponentSubject returns the subject of Components[i].
func (x *Index) ComponentSubject(i int) int { return x.components[i] }

// Rebase moves what nodes show from one cluster scope to another: that of the
// same cluster as the API names it. The scope that is left and its part lines go,
// unless the new one has no line of a part; a component that the new scope has of
// the same node from a lesser source gives way.
func (s *Snapshot) Rebase(from, to string) {
	if from == to {
		return
	}
	lesser := func(c *Component) bool { // of those that are there
		return c.Scope == to && slices.ContainsFunc(s.Components, func(d Component) bool {
			return d.Scope == from && d.key() == c.key()
		})
	}
	kept := make([]Component, 0, len(s.Components))
	for i := range s.Components {
		c := s.Components[i]
		if lesser(&c) {
			continue
		}
		if c.Scope == from {
			c.Scope = to
			s.takeLive(to, &c)
		}
		kept = append(kept, c)
	}
	s.Components = kept
	for i := range s.NodeHosts {
		rename(&s.NodeHosts[i].Scope, from, to)
	}
	for i := range s.Files {
		rename(&s.Files[i].Cluster, from, to)
	}
	for i := range s.Certificates {
		rename(&s.Certificates[i].Cluster, from, to)
	}
	for i := range s.Kubeconfigs {
		rename(&s.Kubeconfigs[i].Cluster, from, to)
	}
	s.rebaseParts(from, to)
	s.Scopes = slices.DeleteFunc(s.Scopes, func(sc Scope) bool { return sc.ID == from })
}

func rename(id *string, from, to string) {
	if *id == from {
		*id = to
	}
}

// takeLive keeps what the API showed of a component that a node shows better.
func (s *Snapshot) takeLive(cluster string, c *Component) {
	for i := range s.Components {
		d := &s.Components[i]
		if d.Scope != cluster || d.key() != c.key() || d.Kubelet == nil || c.Kubelet == nil {
			continue
		}
		if !c.Kubelet.Live.Known() && d.Kubelet.Live.Known() {
			k := *c.Kubelet
			k.Live = d.Kubelet.Live
			c.Kubelet = &k
		}
	}
}

func (s *Snapshot) rebaseParts(from, to string) {
	better := func(p PartStatus) bool { // of a whole part that both scopes have
		return s.Part(to, p.Part).State != Observed
	}
	var moved []PartStatus
	for _, p := range s.Parts {
		if p.Scope != from {
			continue
		}
		p.Scope = to
		if p.Item != "" || better(p) {
			moved = append(moved, p)
		}
	}
	s.Parts = slices.DeleteFunc(s.Parts, func(p PartStatus) bool {
		return p.Scope == from || p.Scope == to && p.Item == "" && slices.ContainsFunc(moved, func(m PartStatus) bool { return m.Item == "" && m.Part == p.Part })
	})
	s.Parts = append(s.Parts, moved...)
}
