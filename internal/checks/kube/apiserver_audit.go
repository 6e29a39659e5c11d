package kube

import (
	"fmt"
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/shared"
	"plimsoll/internal/snapshot"
)

// apiAudit are the rows about the record of what was asked.
var apiAudit = []row{
	{
		id: "apiserver-audit-log-path", title: "API audit records are written", sev: check.High, stride: "R", n111: "1.2.16", n112: "1.2.16",
		why:    "Without a backend nothing of what was asked, by whom and from where outlives the request.",
		remedy: "Set --audit-log-path, or --audit-webhook-config-file, and an audit policy.",
		run: func(c *comp) check.Verdict {
			log, hook := c.flag("audit-log-path", ""), c.flag("audit-webhook-config-file", "")
			for _, f := range []flag{log, hook} {
				if f.set && f.value != "" {
					return check.Passed("a backend for audit records is set", f.ev())
				}
			}
			if v, unknown := log.unknown(); unknown {
				return v
			}
			return check.Failed("no audit record is written", log.ev(), hook.ev())
		},
	},
	{
		id: "apiserver-audit-log-maxage", title: "API audit logs are kept for thirty days", sev: check.Medium, stride: "R", n111: "1.2.17", n112: "1.2.17",
		why:    "A break-in is mostly found weeks later. 0, the default, never deletes by age.",
		remedy: "Set --audit-log-maxage to 30 or more, or leave it at 0.",
		params: []check.Param{{Name: "min", Unit: "days", Default: []string{"30"}, Meaning: "days kept"}},
		run:    kept("audit-log-maxage", "days"),
	},
	{
		id: "apiserver-audit-log-maxbackup", title: "Enough rotated audit logs are kept", sev: check.Low, stride: "R", n111: "1.2.18", n112: "1.2.18",
		why:    "Whoever causes enough requests rotates the record of what he did away. 0, the default, keeps all files.",
		remedy: "Set --audit-log-maxbackup to 10 or more, or leave it at 0.",
		params: []check.Param{{Name: "min", Unit: "count", Default: []string{"10"}, Meaning: "files kept"}},
		run:    kept("audit-log-maxbackup", "files"),
	},
	{
		id: "apiserver-audit-log-maxsize", title: "Audit log files are large enough before rotation", sev: check.Low, stride: "RD", n111: "1.2.19", n112: "1.2.19",
		why:    "Small files are rotated away by few requests. Where the flag is not set, files are 100 megabytes.",
		remedy: "Set --audit-log-maxsize to 100 or more, or leave it.",
		params: []check.Param{{Name: "min", Unit: "megabytes", Default: []string{"100"}, Meaning: "size of a file"}},
		run:    kept("audit-log-maxsize", "megabytes"),
	},
	{
		id: "audit-policy-set", title: "An audit policy is in force", sev: check.High, stride: "R", n111: "3.2.1", n112: "3.2.1",
		why:    "Without a policy the API server records nothing, whatever backend is set. The file is read: it has at least one rule that records.",
		remedy: "Write an audit.k8s.io/v1 Policy and set --audit-policy-file.",
		run:    auditPolicySet,
	},
	{
		id: "audit-policy-coverage", title: "The audit policy covers sensitive actions", sev: check.Medium, stride: "R", n111: "3.2.2", n112: "3.2.2",
		why:    "The first rule that matches decides. The policy is asked about requests that matter after a break-in: exec and its like, new pods, changes of roles, approvals of certificates must be recorded; of secrets, config maps and token reviews never the content, which would put secrets into the log.",
		remedy: "Put rules for secrets, configmaps and tokenreviews at level Metadata first, then record writes of pods, roles and bindings, the subresources exec, attach, portforward and proxy, and approvals.",
		run:    auditCoverage,
	},
	{
		id: "apiserver-audit-log-remote", title: "API audit records leave the control plane host", sev: check.Medium, stride: "R", tier: 2,
		why:    "Who takes the machine takes the log with it. A webhook backend, or a shipper that reads the file, puts the record out of reach.",
		remedy: "Set --audit-webhook-config-file, or run a log shipper that reads the audit file on every control plane node.",
		run: func(c *comp) check.Verdict {
			log, hook := c.flag("audit-log-path", ""), c.flag("audit-webhook-config-file", "")
			if hook.set && hook.value != "" {
				return check.Passed("a webhook receives the records", hook.ev())
			}
			for _, f := range []flag{hook, log} {
				if v, unknown := f.unknown(); unknown && !f.set {
					return v
				}
			}
			if log.value == "" {
				return check.Failed("no audit record is written at all", log.ev(), hook.ev())
			}
			return check.Undecided(snapshot.ReasonNotCollected, "no webhook is set; whether a log shipper reads the file is not in the evidence", log.ev(), hook.ev())
		},
	},
}

// kept is the verdict on how much of the log stays.
func kept(name, unit string) func(*comp) check.Verdict {
	return func(c *comp) check.Verdict {
		f, hook := c.flag(name, "0"), c.flag("audit-webhook-config-file", "")
		if hook.set && hook.value != "" {
			return check.Passed("a webhook receives the records", hook.ev())
		}
		if v, unknown := f.unknown(); unknown {
			return v
		}
		n, ok := f.int()
		switch least := c.p.Int("min"); {
		case !ok:
			return f.garbled()
		case n == 0 && name == "audit-log-maxsize":
			return check.Passed("files are 100 megabytes", f.ev())
		case n == 0:
			return check.Passed("nothing is deleted", f.ev())
		case n < least:
			return check.Failed(fmt.Sprintf("%d %s are less than %d", n, unit, least), f.ev())
		}
		return check.Passed("enough is kept", f.ev())
	}
}

// policyFile returns the rules of the audit policy.
func policyFile(c *comp) ([]snapshot.AuditPolicyRule, check.Evidence, check.Verdict, bool) {
	f := c.flag("audit-policy-file", "")
	if v, unknown := f.unknown(); unknown {
		return nil, f.ev(), v, false
	}
	if f.value == "" {
		return nil, f.ev(), check.Failed("no audit policy is set, so nothing is recorded", f.ev()), false
	}
	if c.API == nil || !c.API.Audit.Known() {
		return nil, f.ev(), unread(c, "audit-policy-file", f.ev()), false
	}
	if slices.Contains(c.Changed, f.value) {
		return nil, f.ev(), check.Undecided(snapshot.ReasonPartial, "the policy changed after the API server started, and what it runs with is not known", f.ev()), false
	}
	return c.API.Audit.V, f.ev(), check.Verdict{}, true
}

func auditPolicySet(c *comp) check.Verdict {
	rules, e, v, ok := policyFile(c)
	if !ok {
		return v
	}
	if !slices.ContainsFunc(rules, func(r snapshot.AuditPolicyRule) bool {
		return slices.Contains([]string{"Metadata", "Request", "RequestResponse"}, r.Level)
	}) {
		return check.Failed("no rule of the policy records anything", e, ev("rules", len(rules)))
	}
	return check.Passed("a policy with rules that record is set", e, ev("rules", len(rules)))
}

// request is one that the policy is asked about.
type request struct {
	verb, group, resource string
	most                  string // highest level that is right, "" for any that records
	least                 string
}

const rbacGroup = "rbac.authorization.k8s.io"

var sensitive = []request{
	{"get", "", "secrets", "Metadata", "Metadata"},
	{"create", "", "secrets", "Metadata", "Metadata"},
	{"update", "", "configmaps", "Metadata", "None"},
	{"create", "authentication.k8s.io", "tokenreviews", "Metadata", "None"},
	{"create", "", "pods", "", "Metadata"},
	{"create", "", "pods/exec", "", "Metadata"},
	{"create", "", "pods/attach", "", "Metadata"},
	{"create", "", "pods/portforward", "", "Metadata"},
	{"create", "", "pods/proxy", "", "Metadata"},
	{"create", "", "services/proxy", "", "Metadata"},
	{"create", rbacGroup, "roles", "", "Metadata"},
	{"update", rbacGroup, "clusterroles", "", "Metadata"},
	{"create", rbacGroup, "rolebindings", "", "Metadata"},
	{"create", rbacGroup, "clusterrolebindings", "", "Metadata"},
	{"update", "certificates.k8s.io", "certificatesigningrequests/approval", "", "Metadata"},
}

var levels = []string{"None", "Metadata", "Request", "RequestResponse"}

func auditCoverage(c *comp) check.Verdict {
	rules, e, v, ok := policyFile(c)
	if !ok {
		return v
	}
	var hits shared.Hits
	for _, r := range sensitive {
		level := r.level(rules)
		at := slices.Index(levels, level)
		if at < slices.Index(levels, r.least) || r.most != "" && at > slices.Index(levels, r.most) {
			hits.Add(ev(strings.TrimSpace(r.verb+" "+r.resource), level))
		}
	}
	if hits.Any() {
		return hits.Failed("sensitive requests are not recorded as they should be")
	}
	return check.Passed("sensitive requests are recorded, and of secrets no content", e, ev("rules", len(rules)))
}

// level is what the first rule that matches says, for a user and an object that no
// rule names.
func (r request) level(rules []snapshot.AuditPolicyRule) string {
	for i := range rules {
		if p := &rules[i]; r.matches(p) {
			if !slices.Contains(levels, p.Level) {
				return "None"
			}
			return p.Level
		}
	}
	return "None"
}

func (r request) matches(p *snapshot.AuditPolicyRule) bool {
	if len(p.Users) > 0 || len(p.Groups) > 0 && !slices.Contains(p.Groups, "system:authenticated") || len(p.Namespaces) > 0 {
		return false
	}
	if len(p.Verbs) > 0 && !slices.Contains(p.Verbs, r.verb) {
		return false
	}
	if len(p.Resources) == 0 {
		return len(p.URLs) == 0
	}
	return slices.ContainsFunc(p.Resources, func(g snapshot.AuditResources) bool {
		return g.Group == r.group && len(g.Names) == 0 && (len(g.Resources) == 0 || slices.ContainsFunc(g.Resources, r.named))
	})
}

// named reports whether a resource of a rule means the request's.
func (r request) named(pattern string) bool {
	resource, sub, nested := strings.Cut(r.resource, "/")
	if pattern == "*" || pattern == r.resource {
		return true
	}
	p, psub, pnested := strings.Cut(pattern, "/")
	return nested && pnested && (p == "*" || p == resource) && (psub == "*" || psub == sub)
}
