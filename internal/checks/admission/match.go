package admission

import (
	"slices"
	"strings"

	"plimsoll/internal/snapshot"
)

// request is what admission is asked about.
type request struct{ group, resource, operation string } // pods, pods/exec; CREATE, UPDATE, CONNECT

var (
	createPod   = request{"", "pods", "CREATE"}
	debugPod    = request{"", "pods/ephemeralcontainers", "UPDATE"}
	execPod     = request{"", "pods/exec", "CONNECT"}
	attachPod   = request{"", "pods/attach", "CONNECT"}
	makePod     = []request{createPod, debugPod}
	makeThrough = []request{
		{"apps", "deployments", "CREATE"},
		{"apps", "daemonsets", "CREATE"},
		{"apps", "statefulsets", "CREATE"},
		{"apps", "replicasets", "CREATE"},
		{"batch", "jobs", "CREATE"},
		{"batch", "cronjobs", "CREATE"},
		{"", "replicationcontrollers", "CREATE"},
	}
)

// words says a request for people.
func (r request) words() string { return r.operation + " of " + r.resource }

// asked reports whether rules are about a request. Unlike in roles, pods/* is a
// wildcard here, for pods themselves too.
func asked(rules []snapshot.WebhookRule, r request) bool {
	return slices.ContainsFunc(rules, func(u snapshot.WebhookRule) bool {
		return (len(u.Operations) == 0 || either(u.Operations, r.operation)) && either(u.Groups, r.group) &&
			slices.ContainsFunc(u.Resources, func(s string) bool { return covers(s, r.resource) }) && len(u.Names) == 0
	})
}

// touched reports whether rules name a request for some or all objects.
func touched(rules []snapshot.WebhookRule, r request) bool {
	return slices.ContainsFunc(rules, func(u snapshot.WebhookRule) bool {
		u.Names = nil
		return asked([]snapshot.WebhookRule{u}, r)
	})
}

func either(list []string, v string) bool {
	return slices.Contains(list, v) || slices.Contains(list, "*")
}

func covers(rule, resource string) bool {
	base, sub, _ := strings.Cut(rule, "/")
	of, part, _ := strings.Cut(resource, "/")
	return (base == "*" || base == of) && (sub == "*" || sub == part)
}

// selects reports whether a selector takes labels.
func selects(sel *snapshot.Selector, labels []snapshot.Pair) bool {
	value := func(key string) (string, bool) {
		for _, p := range labels {
			if p.Key == key {
				return p.Value, true
			}
		}
		return "", false
	}
	for _, p := range sel.Labels {
		if v, ok := value(p.Key); !ok || v != p.Value {
			return false
		}
	}
	for _, e := range sel.Exprs {
		v, ok := value(e.Key)
		in := slices.Contains(e.Values, v)
		switch {
		case e.Operator == "In" && (!ok || !in), e.Operator == "NotIn" && ok && in, e.Operator == "Exists" && !ok, e.Operator == "DoesNotExist" && ok:
			return false
		}
	}
	return true
}

// nameLabel is on every namespace, put there by the API server.
const nameLabel = "kubernetes.io/metadata.name"

// labelsOf returns the labels of a namespace. known is false when it was not seen:
// only its name is known then.
func labelsOf(s *snapshot.Snapshot, scope, name string) (labels []snapshot.Pair, known bool) {
	for i := range s.Namespaces {
		if n := &s.Namespaces[i]; n.Scope == scope && n.Name == name && !n.Implied {
			labels, known = n.Labels, true
		}
	}
	if !slices.ContainsFunc(labels, func(p snapshot.Pair) bool { return p.Key == nameLabel }) {
		labels = append(slices.Clone(labels), snapshot.Pair{Key: nameLabel, Value: name})
	}
	return labels, known
}

// byNameOnly reports whether a selector asks for nothing but the name.
func byNameOnly(sel *snapshot.Selector) bool {
	return !slices.ContainsFunc(sel.Labels, func(p snapshot.Pair) bool { return p.Key != nameLabel }) &&
		!slices.ContainsFunc(sel.Exprs, func(e snapshot.NodeDemand) bool { return e.Key != nameLabel })
}
