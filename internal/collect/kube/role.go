package kube

import (
	"fmt"
	"slices"
	"strings"

	"plimsoll/internal/kubeapi"
	"plimsoll/internal/snapshot"
)

// roleName is what the role is called.
const roleName = "plimsoll-read"

// Role writes the ClusterRole, as YAML, that lets its holder collect every part
// of a cluster: what all clusters have, and of custom kinds those that it serves.
// It is read only. Kubernetes has no right to see that a secret is there without the
// right to read it, which the text says.
func Role(c *snapshot.Cluster, definitions []snapshot.Definition) string {
	var b strings.Builder
	b.WriteString("# Lets its holder see everything that plimsoll judges of a cluster through its API, and change nothing.\n" +
		"apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: " + roleName + "\nrules:\n")
	groups, order := make(map[string][]string), []string(nil)
	add := func(group, plural string) {
		if groups[group] == nil {
			order = append(order, group)
		}
		if !slices.Contains(groups[group], plural) {
			groups[group] = append(groups[group], plural)
		}
	}
	for _, r := range standard() {
		if r.kind != "Secret" {
			add(r.group, r.plural)
		}
	}
	for _, t := range custom(served(c), templatesOf(definitions)) {
		add(t.group, t.plural)
	}
	slices.Sort(order)
	for _, g := range order {
		writeRule(&b, []string{g}, groups[g], "list")
	}
	b.WriteString("# The cluster's identity, its authority and where its API server answers.\n")
	writeRule(&b, []string{coreGroup}, []string{"namespaces", "configmaps"}, "get")
	writeRule(&b, []string{"discovery.k8s.io"}, []string{"endpointslices"}, "get")
	b.WriteString("# Names, types and ages of secrets. Plimsoll asks for no values, but Kubernetes has no right to list secrets\n" +
		"# without them: leave this rule out where that is too much, and what hangs on secrets is unknown.\n")
	writeRule(&b, []string{coreGroup}, []string{"secrets"}, "list")
	return b.String()
}

func writeRule(b *strings.Builder, groups, resources []string, verb string) {
	quoted := make([]string, len(groups))
	for i, g := range groups {
		quoted[i] = fmt.Sprintf("%q", g)
	}
	fmt.Fprintf(b, "- apiGroups: [%s]\n  resources: [%s]\n  verbs: [%s]\n", strings.Join(quoted, ", "), strings.Join(resources, ", "), verb)
}

// served are the resources that the evidence of a cluster says are served.
func served(c *snapshot.Cluster) []kubeapi.Resource {
	if c == nil {
		return nil
	}
	var out []kubeapi.Resource
	for _, r := range c.Served {
		if fit(r.Resource) && fit(r.GroupVersion) {
			out = append(out, kubeapi.Resource{GroupVersion: r.GroupVersion, Kind: r.Kind, Resource: r.Resource, Namespaced: r.Namespaced, List: true})
		}
	}
	return out
}

// fit reports whether a name of a snapshot, which may be a stranger's, can stand
// in YAML as it is.
func fit(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(c rune) bool {
		return c != '.' && c != '-' && c != '/' && (c < '0' || c > '9') && (c < 'a' || c > 'z')
	})
}

func templatesOf(definitions []snapshot.Definition) map[string]bool {
	out := make(map[string]bool)
	for _, d := range definitions {
		out[d.Group+"/"+d.Kind] = d.Template
	}
	return out
}
