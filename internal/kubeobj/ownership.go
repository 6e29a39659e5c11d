package kubeobj

import (
	"cmp"
	"reflect"
	"slices"
	"strings"

	"plimsoll/internal/snapshot"
)

// longestChain bounds how far ownership is followed: references may lead in a ring.
const longestChain = 16

// joinPods makes workloads of what is at the top of ownership, and rows of pods.
func (b *Builder) joinPods() {
	tops := make([]int, len(b.owners))
	for i := range b.owners {
		tops[i] = b.top(b.owners[i])
	}
	for i := range b.pods {
		if p := &b.pods[i]; p.owner >= 0 {
			p.cand = tops[p.owner]
		}
	}
	slices.SortFunc(b.pods, func(x, y podRec) int { return cmp.Or(cmp.Compare(x.cand, y.cand), cmp.Compare(x.name, y.name)) })
	b.fillAbsent()
	at := b.keepTops()
	b.rowPods(at)
	b.renumber()
}

// top returns the candidate at the top of what controls an object.
func (b *Builder) top(r ownerRef) int {
	for range longestChain {
		if i, ok := b.candOf[r.uid]; ok {
			p := b.cands[i].parent
			if p == nil || !b.seen(p.uid) {
				return i
			}
			r = *p
		} else if l, ok := b.links[r.uid]; ok {
			l.parent.hash = r.hash
			r = l.parent
		} else {
			break
		}
	}
	return b.absent(r)
}

// seen reports whether an object was read that makes pods.
func (b *Builder) seen(uid string) bool {
	_, cand := b.candOf[uid]
	_, link := b.links[uid]
	return cand || link
}

// absent returns a candidate for an owner that was not read: it may be of a kind
// that is not, or be gone. A ReplicaSet that is gone was that of a Deployment by the
// name that all of them have.
func (b *Builder) absent(r ownerRef) int {
	if name, ok := strings.CutSuffix(r.name, "-"+r.hash); ok && r.hash != "" && r.kind == "ReplicaSet" {
		for i := range b.cands {
			if w := &b.cands[i].w; w.Kind == "Deployment" && w.Namespace == r.namespace && w.Name == name {
				return i
			}
		}
	}
	i := len(b.cands)
	b.candOf[r.uid] = i
	b.cands = append(b.cands, candidate{w: snapshot.Workload{
		Scope: b.Scope, APIVersion: r.apiVersion, Kind: cmp.Or(r.kind, "Pod"), Namespace: r.namespace, Name: cmp.Or(r.name, "(no name)"), UID: r.uid, Spec: -1,
	}})
	return i
}

// fillAbsent takes for the template of an owner that was not read what most of its
// pods have. Pods are sorted.
func (b *Builder) fillAbsent() {
	for from := 0; from < len(b.pods); {
		to := from
		count := make(map[int]int)
		best := b.pods[from].spec
		for ; to < len(b.pods) && b.pods[to].cand == b.pods[from].cand; to++ {
			count[b.pods[to].spec]++
		}
		w := &b.cands[b.pods[from].cand].w
		if w.Spec < 0 {
			for _, p := range b.pods[from:to] {
				if count[p.spec] > count[best] {
					best = p.spec
				}
			}
			w.Spec = best
		}
		from = to
	}
}

// keepTops makes workloads of the candidates that nothing which was read controls,
// and returns where each went, -1 for the others.
func (b *Builder) keepTops() []int {
	at := make([]int, len(b.cands))
	var kept []int
	for i := range b.cands {
		at[i] = -1
		if p := b.cands[i].parent; (p == nil || !b.seen(p.uid) || b.inRing(i)) && b.cands[i].w.Spec >= 0 {
			kept = append(kept, i)
		}
	}
	slices.SortStableFunc(kept, func(x, y int) int {
		v, w := &b.cands[x].w, &b.cands[y].w
		p, q := place(v.Namespace, v.Kind, v.Name, v.Loc), place(w.Namespace, w.Kind, w.Name, w.Loc)
		return cmp.Or(cmp.Compare(p.File, q.File), cmp.Compare(p.Line, q.Line), cmp.Compare(p.Column, q.Column), cmp.Compare(v.APIVersion, w.APIVersion), cmp.Compare(v.UID, w.UID))
	})
	b.out.Workloads = make([]snapshot.Workload, 0, len(kept))
	for _, i := range kept {
		at[i] = len(b.out.Workloads)
		b.out.Workloads = append(b.out.Workloads, b.cands[i].w)
	}
	return at
}

// inRing reports whether the owners of a candidate lead back to it.
func (b *Builder) inRing(i int) bool {
	uid := b.cands[i].w.UID
	for p, n := b.cands[i].parent, 0; p != nil && n < longestChain; n++ {
		if p.uid == uid {
			return true
		}
		if j, ok := b.candOf[p.uid]; ok {
			p = b.cands[j].parent
		} else if l, ok := b.links[p.uid]; ok {
			p = &l.parent
		} else {
			p = nil
		}
	}
	return false
}

// rowPods makes the rows and notes which specifications run beside the template's.
func (b *Builder) rowPods(at []int) {
	nodes := make(map[string]int, len(b.out.Nodes))
	for i := range b.out.Nodes {
		nodes[b.out.Nodes[i].Name] = i
	}
	same := make(map[[2]int]int) // workload and specification -> the template's where only what admission does differs
	for _, p := range b.pods {
		w := at[p.cand]
		if w < 0 {
			continue // of a ring that strangers made
		}
		row := snapshot.PodRow{Workload: w, Name: p.name, Phase: p.phase, Token: p.token, IP: p.ip, Node: -1}
		if p.node >= 0 {
			if n, ok := nodes[b.nodeNames[p.node]]; ok {
				row.Node = n
			}
		}
		k := [2]int{w, p.spec}
		spec, ok := same[k]
		if !ok {
			spec = b.asTemplate(&b.out.Workloads[w], p.spec)
			same[k] = spec
		}
		row.Spec = spec
		if work := &b.out.Workloads[w]; spec != work.Spec && !over(p.phase) && !slices.Contains(work.Live, spec) {
			work.Live = append(work.Live, spec)
		}
		b.out.Pods = append(b.out.Pods, row)
	}
	slices.SortFunc(b.out.Pods, func(x, y snapshot.PodRow) int {
		return cmp.Or(cmp.Compare(x.Workload, y.Workload), cmp.Compare(x.Name, y.Name))
	})
}

// asTemplate returns the template's specification where that of a pod differs only
// by what the API server does to every pod of it, else the pod's.
func (b *Builder) asTemplate(w *snapshot.Workload, spec int) int {
	if spec == w.Spec {
		return spec
	}
	t, p := &b.specs.list[w.Spec], b.specs.list[spec]
	p.NodeName = t.NodeName
	if w.Kind == "DaemonSet" {
		p.Affinity = t.Affinity
	}
	if len(t.PullSecrets) == 0 && len(p.PullSecrets) > 0 && slices.Equal(p.PullSecrets, b.accountPulls(w.Namespace, t.ServiceAccount)) {
		p.PullSecrets = nil
	}
	if t.PriorityClass == "" && slices.ContainsFunc(b.out.PriorityClasses, func(c snapshot.PriorityClass) bool { return c.Default && c.Name == p.PriorityClass }) {
		p.PriorityClass = ""
	}
	given := func(v snapshot.Toleration) bool {
		return strings.HasPrefix(v.Key, "node.kubernetes.io/") && v.Operator == "Exists"
	}
	if slices.Equal(p.Tolerations, slices.DeleteFunc(slices.Clone(t.Tolerations), given)) {
		p.Tolerations = t.Tolerations
	}
	p.Containers = slices.Clone(p.Containers)
	for i := range p.Containers {
		if i < len(t.Containers) { // the API server writes the annotation into the field
			if c, d := &p.Containers[i].Security, &t.Containers[i].Security; c.AppArmorNote != "" && c.AppArmorNote == d.AppArmorNote && d.AppArmor == nil {
				c.AppArmor, c.Context = nil, d.Context
			}
		}
	}
	p.Unread = t.Unread
	if reflect.DeepEqual(p, *t) {
		return w.Spec
	}
	return spec
}

// accountPulls returns the pull secrets that admission gives pods of an account.
func (b *Builder) accountPulls(namespace, name string) []string {
	for i := range b.out.ServiceAccounts {
		if a := &b.out.ServiceAccounts[i]; a.Namespace == namespace && a.Name == name {
			return a.PullSecrets
		}
	}
	return nil
}

// renumber puts specifications in the order in which workloads refer to them, so
// that the order of arrival leaves no trace, and drops those that nobody has.
func (b *Builder) renumber() {
	to := make(map[int]int, len(b.specs.list))
	move := func(spec int) int {
		n, ok := to[spec]
		if !ok {
			n = len(b.out.PodSpecs)
			to[spec] = n
			b.out.PodSpecs = append(b.out.PodSpecs, b.specs.list[spec])
		}
		return n
	}
	for i := range b.out.Workloads {
		b.out.Workloads[i].Spec = move(b.out.Workloads[i].Spec)
	}
	for i := range b.out.Pods {
		b.out.Pods[i].Spec = move(b.out.Pods[i].Spec)
	}
	for i := range b.out.Workloads {
		live := b.out.Workloads[i].Live
		for j := range live {
			live[j] = move(live[j])
		}
		slices.Sort(live)
	}
}
