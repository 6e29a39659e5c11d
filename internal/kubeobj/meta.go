package kubeobj

import (
	"cmp"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plimsoll/internal/snapshot"
)

func byKey(a, b snapshot.Pair) int { return cmp.Compare(a.Key, b.Key) }

// stamp writes a time; "" when there is none.
func stamp(t metav1.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// owner says who keeps an object up, so that what is changed in the cluster alone
// would be taken back. nil where nothing tells.
func owner(m *metav1.ObjectMeta) *snapshot.Owner {
	l, a := m.Labels, m.Annotations
	named := func(kind, namespace, name string) *snapshot.Owner {
		if namespace != "" {
			name = namespace + "/" + name
		}
		return &snapshot.Owner{Kind: kind, Name: name}
	}
	const argo, instance = "argocd.argoproj.io/tracking-id", "argocd.argoproj.io/instance"
	app, _, _ := strings.Cut(a[argo], ":")
	switch {
	case app != "":
		return named("argocd", "", app)
	case l[instance] != "" || a[instance] != "":
		return named("argocd", "", cmp.Or(l[instance], a[instance]))
	case l["kustomize.toolkit.fluxcd.io/name"] != "":
		return named("flux", l["kustomize.toolkit.fluxcd.io/namespace"], l["kustomize.toolkit.fluxcd.io/name"])
	case l["helm.toolkit.fluxcd.io/name"] != "":
		return named("flux", l["helm.toolkit.fluxcd.io/namespace"], l["helm.toolkit.fluxcd.io/name"])
	case a["meta.helm.sh/release-name"] != "":
		return named("helm", a["meta.helm.sh/release-namespace"], a["meta.helm.sh/release-name"])
	case l["addonmanager.kubernetes.io/mode"] != "":
		return named("addon-manager", "", l["addonmanager.kubernetes.io/mode"])
	}
	if c := controller(m); c != nil && c.Kind != "Node" {
		return named("operator", "", c.Kind+"/"+c.Name)
	}
	return nil
}

// controller returns the reference to what controls the object, or nil.
func controller(m *metav1.ObjectMeta) *metav1.OwnerReference {
	i := slices.IndexFunc(m.OwnerReferences, func(r metav1.OwnerReference) bool { return isTrue(r.Controller) })
	if i < 0 {
		return nil
	}
	return &m.OwnerReferences[i]
}

// selector reduces a label selector. nil selects nothing there, which callers
// treat as their API does.
func selector(s *metav1.LabelSelector) snapshot.Selector {
	if s == nil {
		return snapshot.Selector{}
	}
	out := snapshot.Selector{Labels: pairs(s.MatchLabels)}
	for _, e := range s.MatchExpressions {
		out.Exprs = append(out.Exprs, snapshot.NodeDemand{Key: e.Key, Operator: string(e.Operator), Values: slices.Clone(e.Values)})
	}
	return out
}

// selectorOrNil keeps apart a selector that is not given.
func selectorOrNil(s *metav1.LabelSelector) *snapshot.Selector {
	if s == nil {
		return nil
	}
	out := selector(s)
	return &out
}
