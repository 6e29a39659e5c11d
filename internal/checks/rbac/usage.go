package rbac

import (
	"slices"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/podspec"
	"plimsoll/internal/snapshot"
)

// ofAccount fills in what the checks of service accounts have in common.
func ofAccount(c check.Check) *check.Check {
	c.Subject = snapshot.KindServiceAccount
	if c.Zone == "" {
		c.Zone = model.ZoneControlPlane
	}
	c.Surface, c.Forms = model.SurfaceAccessRights, []check.Form{check.Live, check.Manifest}
	c.Needs = []snapshot.Part{snapshot.PartClusterRBAC, snapshot.PartClusterAccounts, snapshot.PartClusterWorkloads}
	return &c
}

// use is what runs as an account.
type use struct {
	with    []int // subjects of workloads whose pods see a token that the API server takes, ascending
	without []int
	unsure  []int // it was not seen whether they do
}

// users finds what runs as each account of a scope.
func users(p *check.Probe) map[[2]string]*use {
	out := make(map[[2]string]*use)
	at := func(ns, name string) *use {
		k := [2]string{ns, name}
		if out[k] == nil {
			out[k] = new(use)
		}
		return out[k]
	}
	live := make(map[int]bool) // workloads of which a pod was given a token, whatever a new one would be
	for i := range p.Snapshot.Pods {
		if r := &p.Snapshot.Pods[i]; r.Token {
			live[r.Workload] = true
		}
	}
	for _, pod := range podspec.Of(p.Index) {
		if pod.Class.Scope != p.Scope.ID || pod.Class.Static { // a pod in a node's file has no account
			continue
		}
		u, t := at(pod.Class.In, pod.ServiceAccount), pod.Token()
		projected := slices.ContainsFunc(t.Projected, func(j podspec.ProjectedToken) bool { return j.API })
		for _, m := range pod.Class.Members {
			switch {
			case projected, t.Known && t.Mounted, live[p.Index.Workload(m)]:
				u.with = append(u.with, m)
			case !t.Known:
				u.unsure = append(u.unsure, m)
			default:
				u.without = append(u.without, m)
			}
		}
	}
	return out
}

// runs is the evidence of what runs as an account.
func runs(p *check.Probe, subjects []int) []check.Evidence {
	var out []check.Evidence
	for _, m := range subjects[:min(len(subjects), maxNamed)] {
		kind := "workload"
		if w := p.Index.Workload(m); w >= 0 {
			kind = p.Snapshot.Workloads[w].Kind
		}
		out = append(out, check.Evidence{Source: kind, Value: p.Index.Subjects[m].Name})
	}
	if n := len(subjects) - len(out); n > 0 {
		out = append(out, check.Evidence{Source: "and", Value: itoa(n) + " more"})
	}
	return out
}

// judgeAccounts asks the predicate of every account. Verdicts without evidence that
// say the same are one finding.
func judgeAccounts(v *view, predicate func(a *snapshot.ServiceAccount) check.Verdict) {
	type said struct {
		status  check.Status
		reason  snapshot.Reason
		message string
	}
	alike := make(map[said][]int)
	var order []said
	for i := range v.p.Snapshot.ServiceAccounts {
		a := &v.p.Snapshot.ServiceAccounts[i]
		if a.Scope != v.p.Scope.ID {
			continue
		}
		out, subject := predicate(a), v.p.Index.AccountSubject(i)
		if len(out.Evidence)+len(out.Notes) > 0 || out.Severity != 0 {
			v.p.Report(out, subject)
			continue
		}
		k := said{out.Status, out.Reason, out.Message}
		if alike[k] == nil {
			order = append(order, k)
		}
		alike[k] = append(alike[k], subject)
	}
	for _, k := range order {
		v.p.Report(check.Verdict{Status: k.status, Reason: k.reason, Message: k.message}, alike[k]...)
	}
}

// podsListed reports the verdict of a running cluster whose pods were not listed.
func podsListed(p *check.Probe) (check.Verdict, bool) {
	if p.Scope.Kind == snapshot.ScopeFiles {
		return check.Verdict{}, true
	}
	return p.Need(snapshot.PartClusterPods)
}
