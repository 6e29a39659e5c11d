package rbac

import (
	"slices"

	"plimsoll/internal/podspec"
	"plimsoll/internal/snapshot"
)

// atLeast reports whether a version is known to be 1.MINOR or newer.
func atLeast(version string, minor int) bool {
	m, ok := podspec.ParseMinor(version)
	return ok && int(m) >= minor
}

// enforced reports whether a policy turns requests away.
func enforced(a *snapshot.AdmissionPolicy) bool {
	return a.Enforced || slices.ContainsFunc(a.Bindings, func(b snapshot.AdmissionBinding) bool { return slices.Contains(b.Actions, "Deny") })
}

// asks reports whether rules are about an operation on a resource.
func asks(rules []snapshot.WebhookRule, group, resource, operation string) bool {
	return slices.ContainsFunc(rules, func(r snapshot.WebhookRule) bool {
		return has(r.Groups, group) && has(r.Resources, resource) && has(r.Operations, operation)
	})
}

// namesNamespaces reports whether rules are about namespaces by name, as those of a
// webhook that protects them are: one that is asked about everything need not be.
func namesNamespaces(rules []snapshot.WebhookRule) bool {
	return slices.ContainsFunc(rules, func(r snapshot.WebhookRule) bool {
		return slices.Contains(r.Resources, "namespaces") && has(r.Groups, "") && has(r.Operations, "UPDATE")
	})
}

func has(list []string, v string) bool {
	return slices.Contains(list, v) || slices.Contains(list, "*") || slices.Contains(list, "*/*")
}
