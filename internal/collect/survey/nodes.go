package survey

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"plimsoll/internal/snapshot"
)

// nodeParts are the parts that the machines of a cluster show themselves.
var nodeParts = []snapshot.Part{snapshot.PartNodeComponents, snapshot.PartNodeKubelet, snapshot.PartNodeFiles, snapshot.PartNodePKI}

// nodeLine is what a saved snapshot of one node says of a part.
type nodeLine struct {
	cluster, node string
	snapshot.PartStatus
}

// saved joins evidence that was collected before, such as that of the nodes of a
// cluster. What nodes show of a cluster that was looked at goes with it.
func (s *survey) saved(path string) error {
	f, err := s.Open(path)
	if err != nil {
		return err
	}
	into := make(map[string]string) // scope in the file -> scope that it is a part of
	for i := range f.Scopes {
		id := f.Scopes[i].ID
		to := s.clusterOf(id)
		if f.Scopes[i].Kind != snapshot.ScopeCluster || !strings.HasPrefix(id, byAuthority) {
			continue
		}
		s.keepLines(f, id, cmp.Or(to, id))
		if to != "" { // it goes by a name of its own until it is joined
			own := id + "/" + path
			f.Scopes[i].ID = own
			f.Rebase(id, own)
			into[own] = to
		}
	}
	if err := s.builder.Join(f); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	for own, to := range into {
		s.out.Rebase(own, to)
	}
	return nil
}

// byAuthority begins the scope of a cluster that a node names by its authority.
const byAuthority = "cluster:ca-"

// clusterOf is the scope, by the API, of the cluster that a node names by its
// authority; "" where it was not looked at.
func (s *survey) clusterOf(id string) string {
	for i := range s.out.Clusters {
		if c := &s.out.Clusters[i]; c.CA != "" && byAuthority+c.CA == id {
			return c.Scope
		}
	}
	if s.out.Scope(id) != nil {
		return id
	}
	return ""
}

// keepLines takes what a snapshot says of the parts of nodes aside, to be summed
// up when all nodes are there.
func (s *survey) keepLines(f *snapshot.Snapshot, from, to string) {
	name := from
	for i := range f.NodeHosts {
		if f.NodeHosts[i].Scope == from {
			name = f.NodeHosts[i].Name
		}
	}
	f.Parts = slices.DeleteFunc(slices.Clone(f.Parts), func(p snapshot.PartStatus) bool {
		if p.Scope != from || p.Item != "" || !slices.Contains(nodeParts, p.Part) {
			return false
		}
		s.lines = append(s.lines, nodeLine{to, name, p})
		return true
	})
}

// rebase joins what this machine shows as a node with what the API of its cluster
// shows, and sums up what is known of all nodes.
func (s *survey) rebase() {
	for i := range s.out.Clusters {
		c := &s.out.Clusters[i]
		if from := byAuthority + c.CA; c.CA != "" && from != c.Scope && s.out.Scope(from) != nil {
			s.keepLines(s.out, from, c.Scope)
			s.out.Rebase(from, c.Scope)
			for j := range s.lines {
				if s.lines[j].cluster == from {
					s.lines[j].cluster = c.Scope
				}
			}
		}
	}
	for _, sc := range s.out.Scopes {
		if sc.Kind != snapshot.ScopeCluster || !slices.ContainsFunc(s.lines, func(l nodeLine) bool { return l.cluster == sc.ID }) {
			continue
		}
		for _, p := range nodeParts {
			s.sumUp(sc.ID, p)
		}
	}
}

// sumUp says of a part what the nodes that were looked at show, and which were
// not: the cluster's own line gives way.
func (s *survey) sumUp(cluster string, p snapshot.Part) {
	old := s.out.Part(cluster, p)
	st := snapshot.PartStatus{Scope: cluster, Part: p, State: snapshot.Observed}
	var bad []string
	seen := make(map[string]bool)
	var first *nodeLine
	for i := range s.lines {
		l := &s.lines[i]
		if l.cluster != cluster || l.Part != p {
			continue
		}
		if seen[l.node] = true; l.State != snapshot.Observed || l.Reason != "" {
			bad = append(bad, l.node+": "+l.Detail)
			if first == nil {
				first = l
			}
		}
	}
	if len(seen) == 0 {
		return
	}
	unseen := s.unseen(cluster, p, seen)
	switch {
	case first != nil && len(bad) == len(seen) && first.State != snapshot.Observed:
		st = first.PartStatus
		st.Scope = cluster
	case len(bad) > 0:
		st.Reason, st.Detail, st.Grant = snapshot.ReasonPartial, strings.Join(bad[:min(len(bad), mostNodes)], "; "), first.Grant
	}
	if st.State == snapshot.Observed && len(unseen) > 0 {
		st.Reason = snapshot.ReasonPartial
		st.Detail = strings.TrimPrefix(st.Detail+"; ", "; ") + fmt.Sprintf("%d of %d nodes were looked at; not %s", len(seen), len(seen)+len(unseen), someNodes(unseen))
		st.Grant = "plimsoll assess k8s NODE.json…, with what plimsoll collect host saved on each node"
	}
	if st.State != snapshot.Observed && old.State == snapshot.Observed {
		return // what the API shows is more
	}
	s.out.Parts = slices.DeleteFunc(s.out.Parts, func(x snapshot.PartStatus) bool { return x.Scope == cluster && x.Part == p && x.Item == "" })
	s.out.Parts = append(s.out.Parts, st)
}

const mostNodes = 5 // that are named in a line

func someNodes(names []string) string {
	if len(names) > mostNodes {
		return strings.Join(names[:mostNodes], ", ") + fmt.Sprintf(" and %d more", len(names)-mostNodes)
	}
	return strings.Join(names, ", ")
}

// unseen lists the nodes of a cluster that a part was not seen of. A kubelet that
// answered through the API is seen.
func (s *survey) unseen(cluster string, p snapshot.Part, seen map[string]bool) []string {
	answered := make(map[string]bool)
	for i := range s.out.Components {
		if c := &s.out.Components[i]; c.Scope == cluster && c.Name == snapshot.Kubelet && c.Kubelet != nil && c.Kubelet.Live.Known() {
			answered[c.Node] = true
		}
	}
	var out []string
	for i := range s.out.Nodes {
		n := &s.out.Nodes[i]
		if n.Scope == cluster && !seen[n.Name] && (p != snapshot.PartNodeKubelet || !answered[n.Name]) {
			out = append(out, n.Name)
		}
	}
	return out
}
