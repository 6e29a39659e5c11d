package netpol

import (
	"slices"

	"plimsoll/internal/snapshot"
)

// labels are labels of a pod or a namespace. open says of a key that is not among
// them whether it may be there all the same.
type labels struct {
	pairs []snapshot.Pair
	open  func(key string) bool
}

func (l labels) value(key string) (v string, has Answer) {
	for _, p := range l.pairs {
		if p.Key == key {
			return p.Value, Yes
		}
	}
	return "", unsure(No, l.open != nil && l.open(key))
}

// matches reports whether a selector takes the labels. An empty one takes all.
func matches(sel *snapshot.Selector, l labels) Answer {
	out := Yes
	for _, want := range sel.Labels {
		v, has := l.value(want.Key)
		if has == Yes && v != want.Value {
			has = No
		}
		out = min(out, has)
	}
	for i := range sel.Exprs {
		out = min(out, satisfies(&sel.Exprs[i], l))
	}
	return out
}

func satisfies(e *snapshot.NodeDemand, l labels) Answer {
	v, has := l.value(e.Key)
	in := has
	if has == Yes && !slices.Contains(e.Values, v) {
		in = No
	}
	switch e.Operator {
	case "In":
		return in
	case "NotIn": // what has no such label is not in it either
		return in.not()
	case "Exists":
		return has
	case "DoesNotExist":
		return has.not()
	}
	return Maybe
}

// nameLabel is the label that the API server gives every namespace.
const nameLabel = "kubernetes.io/metadata.name"

// everything takes all labels.
func everything(sel *snapshot.Selector) bool { return sel != nil && sel.Empty() }
