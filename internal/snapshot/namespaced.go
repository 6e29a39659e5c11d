package snapshot

import (
	"slices"
	"strings"
)

// namespaceItem begins the item of a part that was read in one namespace.
const namespaceItem = "namespace/"

// NamespaceItem is the item of a part that was read in one namespace. A part that
// is observed in part only, and has such items, was read in these namespaces and in
// no other.
func NamespaceItem(name string) string { return namespaceItem + name }

// KindItem is the item of a part that is observed in part only, and of which all
// subjects of a kind were seen.
func KindItem(k Kind) string { return "kind/" + string(k) }

// SeenAll reports whether a part of a scope that is observed in part only has all
// subjects of a kind.
func (s *Snapshot) SeenAll(scope string, p Part, k Kind) bool {
	return slices.ContainsFunc(s.Parts, func(st PartStatus) bool {
		return st.Scope == scope && st.Part == p && st.State == Observed && st.Item == KindItem(k)
	})
}

// SeenIn lists the namespaces that a part of a scope was read in; whole says that
// it was read in all of them.
func (s *Snapshot) SeenIn(scope string, p Part) (namespaces map[string]bool, whole bool) {
	st := s.Part(scope, p)
	if st.State != Observed || st.Reason != ReasonPartial {
		return nil, st.State == Observed
	}
	for _, st := range s.Parts {
		if ns, ok := strings.CutPrefix(st.Item, namespaceItem); ok && st.Scope == scope && st.Part == p && st.State == Observed {
			if namespaces == nil {
				namespaces = make(map[string]bool)
			}
			namespaces[ns] = true
		}
	}
	return namespaces, namespaces == nil
}

// NamespaceOf returns the namespace of an object of a cluster; "" for what has
// none. A namespace is inside itself.
func (x *Index) NamespaceOf(subject int) string {
	s := &x.Subjects[subject]
	first, rest, ok := strings.Cut(s.Key, "/")
	switch {
	case s.Kind == KindNamespace:
		return s.Name
	case !ok || !strings.Contains(rest, "/") || first == "" || first[0] >= 'A' && first[0] <= 'Z':
		return "" // a key begins with the namespace, else with the kind, which is capitalised
	}
	return first
}
