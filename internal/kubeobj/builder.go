package kubeobj

import (
	"cmp"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plimsoll/internal/snapshot"
)

// Options say where objects come from.
type Options struct {
	Scope string
	Files bool // objects of files: nothing of them runs, and namespaces may be implied
}

// Origin is where one object of files comes from. The zero value is an object that
// an API server sent.
type Origin struct {
	Loc    *snapshot.Location
	Fields []snapshot.FieldLoc // of a workload
	Render string
	// Anywhere says that who installs the object chooses its namespace, and that of
	// the accounts in it which have none.
	Anywhere bool
	Invalid  string   // why the API server would not take it
	Unread   []string // fields of its pod specification that were not understood, see [snapshot.PodSpec]
}

// Builder fills the rows of one cluster, or of one folder of manifests.
type Builder struct {
	Options
	out snapshot.Snapshot

	specs     specTable
	cands     []candidate
	candOf    map[string]int // UID -> candidate
	links     map[string]link
	pods      []podRec
	owners    []ownerRef
	ownerOf   map[string]int // UID -> owners
	nodeNames []string
	nodeOf    map[string]int
	endpoints map[[2]string]*behind // namespace, service
	bindings  []policyBinding
	kinds     map[[2]string]*snapshot.KindCount
	read      map[string]bool // kinds whose instances' templates were read, by group/kind
}

// NewBuilder returns an empty builder.
func NewBuilder(o Options) *Builder {
	return &Builder{
		Options: o, specs: newSpecTable(), candOf: make(map[string]int), links: make(map[string]link), ownerOf: make(map[string]int),
		nodeOf: make(map[string]int), endpoints: make(map[[2]string]*behind), kinds: make(map[[2]string]*snapshot.KindCount), read: make(map[string]bool),
	}
}

// Add takes one object: a pointer to a type of k8s.io/api, a
// *[CustomResourceDefinition], an *[APIService], a
// *metav1.PartialObjectMetadata, or for every other kind the object as
// map[string]any. It returns false for a type that it does not know. The object may
// be used again afterwards.
func (b *Builder) Add(o any, from Origin) bool {
	for _, add := range []func(any, Origin) bool{b.workload, b.access, b.network, b.service, b.admission, b.limits, b.flow, b.data, b.cluster} {
		if add(o, from) {
			return true
		}
	}
	switch o := o.(type) {
	case *metav1.PartialObjectMetadata:
		b.metadata(o, from)
	case map[string]any:
		b.custom(o, from)
	default:
		return false
	}
	return true
}

// Count names objects of a kind that was seen and not understood.
func (b *Builder) Count(apiVersion, kind string, n int, template bool) {
	k := b.kinds[[2]string{apiVersion, kind}]
	if k == nil {
		k = &snapshot.KindCount{APIVersion: apiVersion, Kind: kind}
		b.kinds[[2]string{apiVersion, kind}] = k
	}
	k.Count += n
	k.Template = k.Template || template
}

// Snapshot returns the rows of everything that was added, sorted, with one Cluster
// row that names what was recognised and what was not understood. It has no scopes
// and no parts. The builder cannot be used afterwards.
func (b *Builder) Snapshot() *snapshot.Snapshot {
	s := &b.out
	b.joinEndpoints()
	b.joinPolicies()
	if b.Files {
		b.implyNamespaces()
	}
	b.sortRows()
	b.joinPods()
	c := snapshot.Cluster{Scope: b.Scope}
	for _, k := range b.kinds {
		c.Unjudged = append(c.Unjudged, *k)
	}
	slices.SortFunc(c.Unjudged, func(x, y snapshot.KindCount) int {
		return cmp.Or(cmp.Compare(x.APIVersion, y.APIVersion), cmp.Compare(x.Kind, y.Kind))
	})
	recognise(s, &c)
	s.Clusters = []snapshot.Cluster{c}
	return s
}

// place orders rows: by namespace, kind and name, and in files by where they are.
func place(namespace, kind, name string, loc *snapshot.Location) snapshot.Location {
	l := snapshot.Location{File: namespace + "\x00" + kind + "\x00" + name + "\x00"}
	if loc != nil {
		l.File, l.Line, l.Column = l.File+loc.File, loc.Line, loc.Column
	}
	return l
}

func sortBy[T any](list []T, at func(*T) snapshot.Location) {
	slices.SortStableFunc(list, func(a, b T) int {
		x, y := at(&a), at(&b)
		return cmp.Or(cmp.Compare(x.File, y.File), cmp.Compare(x.Line, y.Line), cmp.Compare(x.Column, y.Column))
	})
}

func (b *Builder) sortRows() {
	s := &b.out
	type at = snapshot.Location
	sortBy(s.Nodes, func(r *snapshot.Node) at { return place("", "", r.Name, nil) })
	sortBy(s.Namespaces, func(r *snapshot.Namespace) at { return place("", "", r.Name, r.Loc) })
	sortBy(s.ServiceAccounts, func(r *snapshot.ServiceAccount) at { return place(r.Namespace, "", r.Name, r.Loc) })
	sortBy(s.Roles, func(r *snapshot.Role) at { return place(r.Namespace, "", r.Name, r.Loc) })
	sortBy(s.Bindings, func(r *snapshot.Binding) at { return place(r.Namespace, "", r.Name, r.Loc) })
	sortBy(s.CSRs, func(r *snapshot.CSR) at { return place("", "", r.Name, nil) })
	sortBy(s.NetworkPolicies, func(r *snapshot.NetworkPolicy) at { return place(r.Namespace, r.Kind, r.Name, r.Loc) })
	sortBy(s.Services, func(r *snapshot.Service) at { return place(r.Namespace, "", r.Name, r.Loc) })
	sortBy(s.Ingresses, func(r *snapshot.Ingress) at { return place(r.Namespace, r.Kind, r.Name, r.Loc) })
	sortBy(s.Webhooks, func(r *snapshot.Webhook) at { return place(r.Kind, r.Object, r.Name, r.Loc) })
	sortBy(s.AdmissionPolicies, func(r *snapshot.AdmissionPolicy) at { return place(r.Namespace, r.Kind, r.Name, r.Loc) })
	sortBy(s.Quotas, func(r *snapshot.Quota) at { return place(r.Namespace, "", r.Name, r.Loc) })
	sortBy(s.LimitRanges, func(r *snapshot.LimitRange) at { return place(r.Namespace, "", r.Name, r.Loc) })
	sortBy(s.DisruptionBudgets, func(r *snapshot.DisruptionBudget) at { return place(r.Namespace, "", r.Name, r.Loc) })
	sortBy(s.Autoscalers, func(r *snapshot.Autoscaler) at { return place(r.Namespace, "", r.Name, r.Loc) })
	sortBy(s.PriorityClasses, func(r *snapshot.PriorityClass) at { return place("", "", r.Name, r.Loc) })
	sortBy(s.RuntimeClasses, func(r *snapshot.RuntimeClass) at { return place("", "", r.Name, r.Loc) })
	sortBy(s.FlowSchemas, func(r *snapshot.FlowSchema) at { return place("", "", r.Name, nil) })
	sortBy(s.PriorityLevels, func(r *snapshot.PriorityLevel) at { return place("", "", r.Name, nil) })
	sortBy(s.Secrets, func(r *snapshot.Secret) at { return place(r.Namespace, "", r.Name, r.Loc) })
	sortBy(s.ConfigMaps, func(r *snapshot.ConfigMap) at { return place(r.Namespace, "", r.Name, r.Loc) })
	sortBy(s.StorageClasses, func(r *snapshot.StorageClass) at { return place("", "", r.Name, r.Loc) })
	sortBy(s.PersistentVolumes, func(r *snapshot.PersistentVolume) at { return place("", "", r.Name, r.Loc) })
	sortBy(s.Definitions, func(r *snapshot.Definition) at { return place("", "", r.Name, r.Loc) })
	b.markDangling()
}

// Broken adds something that makes pods and of which nothing could be read, so that
// it is unknown rather than forgotten.
func (b *Builder) Broken(apiVersion, kind, namespace, name string, from Origin) {
	w := snapshot.Workload{
		Scope: b.Scope, APIVersion: apiVersion, Kind: kind, Namespace: namespace, Name: cmp.Or(name, "(no name)"), Invalid: from.Invalid, Loc: from.Loc, Render: from.Render,
		Spec: b.specs.intern(snapshot.PodSpec{Unread: []string{snapshot.AllUnread}}),
	}
	b.cands = append(b.cands, candidate{w: w})
}
