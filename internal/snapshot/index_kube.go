package snapshot

import (
	"cmp"
	"slices"
)

// kubeIndex is where the subjects of clusters are. Each list goes with the list of
// the snapshot that it is named after.
type kubeIndex struct {
	nodes, namespaces, accounts, roles, bindings []int
	workloads, live                              []int // of the template, and of pods that differ from it or -1
	policies, services, ingresses                []int
	secrets, configMaps, webhooks, admission     []int
	namespaceAt, accountAt, nodeAt               map[[3]string]int // scope, namespace, name -> position in the snapshot's list
	podClasses                                   []PodClass
	workloadOf                                   []int // subjects from the first workload on -> position in Workloads
	firstWorkload                                int   // subject
	unread                                       bool  // some specification was not understood in full
}

// PodClass is a set of workloads that no check of a pod specification can tell
// apart: same scope, namespace, kind and specification.
type PodClass struct {
	Scope     string
	Namespace int    // position in Namespaces, -1 when it is not known
	In        string // name of the namespace
	Spec      int
	Kind      string // of the workloads
	Live      bool   // pods that run with another specification than their template has
	Static    bool
	Dormant   bool
	Inferred  bool
	Invalid   string
	Members   []int // subjects, ascending
}

// addCluster adds what clusters hold. What encloses comes first.
func (x *Index) addCluster() {
	s, k := x.Snapshot, &x.kube
	k.namespaceAt, k.accountAt, k.nodeAt = make(map[[3]string]int), make(map[[3]string]int), make(map[[3]string]int)
	keys := newKeyed(len(s.Workloads))
	named := func(kind Kind, of, scope, namespace, name, uid string, loc *Location, around []int) int {
		key := of + "/" + name
		if namespace != "" {
			key = namespace + "/" + key
		}
		if loc != nil && uid == "" {
			uid = loc.File
		}
		shown := name
		if namespace != "" {
			shown = namespace + "/" + name
		}
		return x.add(Subject{Kind: kind, Scope: scope, Key: keys.key(scope, key, uid), Name: shown, UID: uid, Loc: loc}, around)
	}
	for i := range s.Nodes {
		n := &s.Nodes[i]
		k.nodeAt[[3]string{n.Scope, "", n.Name}] = i
		k.nodes = append(k.nodes, named(KindNode, "Node", n.Scope, "", n.Name, n.UID, nil, x.scope(n.Scope)))
	}
	for i := range s.Namespaces {
		n := &s.Namespaces[i]
		k.namespaceAt[[3]string{n.Scope, "", n.Name}] = i
		k.namespaces = append(k.namespaces, named(KindNamespace, "Namespace", n.Scope, "", n.Name, n.UID, n.Loc, x.scope(n.Scope)))
	}
	for i := range s.ServiceAccounts {
		a := &s.ServiceAccounts[i]
		k.accountAt[[3]string{a.Scope, a.Namespace, a.Name}] = i
		k.accounts = append(k.accounts, named(KindServiceAccount, "ServiceAccount", a.Scope, a.Namespace, a.Name, a.UID, a.Loc, x.in(a.Scope, a.Namespace)))
	}
	x.addAccess(named)
	x.addObjects(named)
	x.addWorkloads(named)
	x.classifyPods()
}

// namer adds a subject that has a kind in the API, a namespace or none, and a name.
type namer func(kind Kind, of, scope, namespace, name, uid string, loc *Location, around []int) int

func (x *Index) addAccess(named namer) {
	s, k := x.Snapshot, &x.kube
	for i := range s.Roles {
		r := &s.Roles[i]
		k.roles = append(k.roles, named(KindRole, clusterWide(r.Namespace, "Role"), r.Scope, r.Namespace, r.Name, r.UID, r.Loc, x.in(r.Scope, r.Namespace)))
	}
	for i := range s.Bindings {
		b := &s.Bindings[i]
		k.bindings = append(k.bindings, named(KindBinding, clusterWide(b.Namespace, "RoleBinding"), b.Scope, b.Namespace, b.Name, b.UID, b.Loc, x.in(b.Scope, b.Namespace)))
	}
}

func clusterWide(namespace, kind string) string {
	if namespace == "" {
		return "Cluster" + kind
	}
	return kind
}

func (x *Index) addObjects(named namer) {
	s, k := x.Snapshot, &x.kube
	for i := range s.NetworkPolicies {
		p := &s.NetworkPolicies[i]
		k.policies = append(k.policies, named(KindNetworkPolicy, p.Kind, p.Scope, p.Namespace, p.Name, p.UID, p.Loc, x.in(p.Scope, p.Namespace)))
	}
	for i := range s.Services {
		v := &s.Services[i]
		k.services = append(k.services, named(KindService, "Service", v.Scope, v.Namespace, v.Name, v.UID, v.Loc, x.in(v.Scope, v.Namespace)))
	}
	for i := range s.Ingresses {
		g := &s.Ingresses[i]
		k.ingresses = append(k.ingresses, named(KindService, g.Kind, g.Scope, g.Namespace, g.Name, g.UID, g.Loc, x.in(g.Scope, g.Namespace)))
	}
	for i := range s.Secrets {
		v := &s.Secrets[i]
		k.secrets = append(k.secrets, named(KindSecret, "Secret", v.Scope, v.Namespace, v.Name, v.UID, v.Loc, x.in(v.Scope, v.Namespace)))
	}
	for i := range s.ConfigMaps {
		m := &s.ConfigMaps[i]
		k.configMaps = append(k.configMaps, named(KindConfigMap, "ConfigMap", m.Scope, m.Namespace, m.Name, m.UID, m.Loc, x.in(m.Scope, m.Namespace)))
	}
	for i := range s.Webhooks {
		w := &s.Webhooks[i]
		name := w.Object
		if w.Name != "" {
			name += "/" + w.Name
		}
		k.webhooks = append(k.webhooks, named(KindWebhook, w.Kind, w.Scope, "", name, w.UID, w.Loc, x.scope(w.Scope)))
	}
	for i := range s.AdmissionPolicies {
		p := &s.AdmissionPolicies[i]
		k.admission = append(k.admission, named(KindWebhook, p.Kind, p.Scope, p.Namespace, p.Name, p.UID, p.Loc, x.in(p.Scope, p.Namespace)))
	}
}

// addWorkloads adds each workload, and behind it the pods that run with another
// specification than its template has.
func (x *Index) addWorkloads(named namer) {
	s, k := x.Snapshot, &x.kube
	k.firstWorkload, k.workloadOf = len(x.Subjects), make([]int, 0, len(s.Workloads))
	for i := range s.Workloads {
		w := &s.Workloads[i]
		around := x.in(w.Scope, w.Namespace)
		if a, ok := k.accountAt[[3]string{w.Scope, w.Namespace, s.PodSpecs[w.Spec].ServiceAccount}]; ok {
			around = append(around, k.accounts[a])
		}
		self := named(KindPodSpec, w.Kind, w.Scope, w.Namespace, w.Name, w.UID, w.Loc, around)
		k.workloads = append(k.workloads, self)
		k.workloadOf = append(k.workloadOf, i)
		live := -1
		if len(w.Live) > 0 {
			live = x.add(Subject{
				Kind: KindPodSpec, Scope: w.Scope, Key: x.Subjects[self].Key + "/pods", Name: x.Subjects[self].Name + " (its pods)", UID: w.UID,
			}, slices.Clone(around))
			k.workloadOf = append(k.workloadOf, i)
		}
		k.live = append(k.live, live)
	}
}

// in returns a fresh list with the subjects around an object of a namespace, of
// which that of the namespace comes first where it is there.
func (x *Index) in(scope, namespace string) []int {
	if i, ok := x.kube.namespaceAt[[3]string{scope, "", namespace}]; ok {
		return []int{x.kube.namespaces[i]}
	}
	return x.scope(scope)
}

// classifyPods groups the workloads. One whose pods run with several further
// specifications is in a class for each.
func (x *Index) classifyPods() {
	type key struct {
		scope, kind, in, invalid        string
		namespace, spec                 int
		live, static, dormant, inferred bool
	}
	s, k := x.Snapshot, &x.kube
	at := make(map[key]int)
	k.podClasses = nil
	k.unread = slices.ContainsFunc(s.PodSpecs, func(p PodSpec) bool { return len(p.Unread) > 0 })
	put := func(id key, subject int) {
		j, ok := at[id]
		if !ok {
			j = len(k.podClasses)
			at[id] = j
			k.podClasses = append(k.podClasses, PodClass{
				Scope: id.scope, Namespace: id.namespace, In: id.in, Spec: id.spec, Kind: id.kind, Live: id.live,
				Static: id.static, Dormant: id.dormant, Inferred: id.inferred, Invalid: id.invalid,
			})
		}
		k.podClasses[j].Members = append(k.podClasses[j].Members, subject)
	}
	for i := range s.Workloads {
		w := &s.Workloads[i]
		id := key{
			scope: w.Scope, kind: w.Kind, in: w.Namespace, invalid: w.Invalid, namespace: x.NamespaceAt(w.Scope, w.Namespace), spec: w.Spec,
			static: w.Static, dormant: w.Dormant, inferred: w.Inferred,
		}
		put(id, k.workloads[i])
		id.live = true
		for _, spec := range w.Live {
			id.spec = spec
			put(id, k.live[i])
		}
	}
	slices.SortStableFunc(k.podClasses, func(a, b PodClass) int { return cmp.Compare(a.Members[0], b.Members[0]) })
}

// PodClasses returns the classes of pod specifications, in the order of their
// first member.
func (x *Index) PodClasses() []PodClass { return x.kube.podClasses }

// PodsUnread reports whether any specification of pods was not understood in full.
func (x *Index) PodsUnread() bool { return x.kube.unread }

// Workload returns the position in Workloads of what a subject stands for, its
// template or its pods; -1 when it is no workload.
func (x *Index) Workload(subject int) int {
	if i := subject - x.kube.firstWorkload; i >= 0 && i < len(x.kube.workloadOf) {
		return x.kube.workloadOf[i]
	}
	return -1
}

// NamespaceAt returns the position in Namespaces, or -1.
func (x *Index) NamespaceAt(scope, name string) int {
	if i, ok := x.kube.namespaceAt[[3]string{scope, "", name}]; ok {
		return i
	}
	return -1
}

// AccountAt returns the position in ServiceAccounts, or -1.
func (x *Index) AccountAt(scope, namespace, name string) int {
	if i, ok := x.kube.accountAt[[3]string{scope, namespace, name}]; ok {
		return i
	}
	return -1
}

// NodeAt returns the position in Nodes, or -1.
func (x *Index) NodeAt(scope, name string) int {
	if i, ok := x.kube.nodeAt[[3]string{scope, "", name}]; ok {
		return i
	}
	return -1
}

// WorkloadSubject returns the subject of Workloads[i]'s template.
func (x *Index) WorkloadSubject(i int) int { return x.kube.workloads[i] }

// LiveSubject returns the subject of Workloads[i]'s pods that run with another
// specification than its template has, or -1 when none do.
func (x *Index) LiveSubject(i int) int { return x.kube.live[i] }

// NodeSubject returns the subject of Nodes[i].
func (x *Index) NodeSubject(i int) int { return x.kube.nodes[i] }

// NamespaceSubject returns the subject of Namespaces[i].
func (x *Index) NamespaceSubject(i int) int { return x.kube.namespaces[i] }

// AccountSubject returns the subject of ServiceAccounts[i].
func (x *Index) AccountSubject(i int) int { return x.kube.accounts[i] }

// RoleSubject returns the subject of Roles[i].
func (x *Index) RoleSubject(i int) int { return x.kube.roles[i] }

// BindingSubject returns the subject of Bindings[i].
func (x *Index) BindingSubject(i int) int { return x.kube.bindings[i] }

// PolicySubject returns the subject of NetworkPolicies[i].
func (x *Index) PolicySubject(i int) int { return x.kube.policies[i] }

// KubeServiceSubject returns the subject of Services[i].
func (x *Index) KubeServiceSubject(i int) int { return x.kube.services[i] }

// IngressSubject returns the subject of Ingresses[i].
func (x *Index) IngressSubject(i int) int { return x.kube.ingresses[i] }

// SecretSubject returns the subject of Secrets[i].
func (x *Index) SecretSubject(i int) int { return x.kube.secrets[i] }

// ConfigMapSubject returns the subject of ConfigMaps[i].
func (x *Index) ConfigMapSubject(i int) int { return x.kube.configMaps[i] }

// WebhookSubject returns the subject of Webhooks[i].
func (x *Index) WebhookSubject(i int) int { return x.kube.webhooks[i] }

// AdmissionSubject returns the subject of AdmissionPolicies[i].
func (x *Index) AdmissionSubject(i int) int { return x.kube.admission[i] }
