package cluster

import (
	"plimsoll/internal/check"
)

var tenancy = ofCloud(check.Check{
	ID:    "hostile-multitenancy-isolated",
	Title: "Untrusted tenants are isolated from each other",
	Why: "Containers share a kernel, and namespaces share an API server: neither is a wall against somebody who means harm. Tenants that do not trust each other need clusters, or at least sandboxed node pools, of their own. " +
		"Who the tenants are only people know, so that a record with a date is asked for; answer not-applicable when there is but one.",
	Remedy:   "Give untrusted tenants clusters of their own, or node pools whose runtime class is a sandbox; then answer in plimsoll.yaml under answers with status, owner, date and a note.",
	Severity: check.High, STRIDE: "E",
	Refs:   refs("", "", "C-0242 C-0233", "", ""),
	Params: []check.Param{recordAge()},
	Run: func(p *check.Probe) {
		p.Report(dated(p, "are tenants that do not trust each other on clusters or sandboxed pools of their own?"), p.Self())
	},
})

var secondFactor = ofCloud(check.Check{
	ID:    "cloud-mfa-required",
	Title: "Cloud administrators use a second factor",
	Why: "A password that was fished is the whole cluster when nothing else is asked of who administers it at the provider. " +
		"Accounts of the provider are not asked for, so that a person's record with a date is.",
	Remedy:   "Demand a second factor, resistant to phishing, of every principal that can administer the cluster; then answer in plimsoll.yaml under answers with status, owner, date and a note.",
	Severity: check.Medium, STRIDE: "S",
	Params: []check.Param{recordAge()},
	Run: func(p *check.Probe) {
		v, ok := onCloud(p)
		if ok {
			v = dated(p, "must every principal that can administer the cluster at the provider present a second factor?")
		}
		p.Report(v, p.Self())
	},
})
