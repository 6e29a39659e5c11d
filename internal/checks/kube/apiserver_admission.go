package kube

import (
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

// apiAdmission are the rows about admission plugins.
var apiAdmission = []row{
	{
		id: "apiserver-deny-external-ips", title: "New services cannot claim external IPs", sev: check.Medium, stride: "ST", n111: "1.2.3", n112: "1.2.3",
		why:    "Who may make a service can give it any external IP, and the nodes then send that address's traffic to his pods (CVE-2020-8554). No release repairs it; the plugin or a policy refuses such services.",
		remedy: "Add DenyServiceExternalIPs to --enable-admission-plugins, or bind a policy with the action Deny that refuses spec.externalIPs.",
		run:    externalIPs,
	},
	{
		id: "apiserver-event-rate-limit", title: "Event creation is rate limited", sev: check.Medium, stride: "D", n111: "1.2.9", n112: "1.2.9",
		why:    "Events are written to etcd, and a broken or hostile client can write them without end. The plugin counts only with a configuration that has a limit for the server or for each namespace.",
		remedy: "Enable EventRateLimit and give it limits by --admission-control-config-file.",
		run:    eventLimit,
	},
	{
		id: "apiserver-no-always-admit", title: "The admit-everything plugin is off", sev: check.High, stride: "E", n111: "1.2.10", n112: "1.2.10",
		why:    "AlwaysAdmit answers yes before other plugins were asked.",
		remedy: "Remove AlwaysAdmit from --enable-admission-plugins.",
		run: func(c *comp) check.Verdict {
			on, f, v, ok := plugin(c, "AlwaysAdmit", false)
			switch {
			case !ok:
				return v
			case on:
				return check.Failed("AlwaysAdmit is enabled", f)
			}
			return check.Passed("AlwaysAdmit is not enabled", f)
		},
	},
	{
		id: "apiserver-always-pull-images", title: "Image pulls are re-authorized for every pod", sev: check.Low, stride: "IE", n111: "1.2.11", n112: "1.2.11",
		why:    "An image that is on a node already is used by any pod there that knows its name, whoever may pull it. The plugin makes each pod pull; kubelets that verify credentials for every cached image do the same without it.",
		remedy: "Add AlwaysPullImages to --enable-admission-plugins, or set imagePullCredentialsVerificationPolicy: AlwaysVerify on every kubelet.",
		run:    alwaysPull,
	},
	{
		id: "apiserver-serviceaccount-plugin", title: "The service account plugin is on", sev: check.High, stride: "SE", n111: "1.2.12", n112: "1.2.12",
		why:    "The plugin gives pods their service account and refuses references to accounts and secrets that are not theirs.",
		remedy: "Remove ServiceAccount from --disable-admission-plugins.",
		run:    stays("ServiceAccount"),
	},
	{
		id: "apiserver-namespace-lifecycle-plugin", title: "The namespace lifecycle plugin is on", sev: check.Medium, stride: "T", n111: "1.2.13", n112: "1.2.13",
		why:    "The plugin refuses objects in namespaces that do not exist or are being deleted, and keeps the cluster's own namespaces from deletion.",
		remedy: "Remove NamespaceLifecycle from --disable-admission-plugins.",
		run:    stays("NamespaceLifecycle"),
	},
	{
		id: "apiserver-noderestriction-plugin", title: "Kubelets may change only their own objects", sev: check.High, stride: "E", n111: "1.2.14", n112: "1.2.14",
		why:    "The plugin limits a kubelet to its own node and the pods on it, and keeps it from labels that choose where workloads run. It is not on by default.",
		remedy: "Add NodeRestriction to --enable-admission-plugins.",
		run: func(c *comp) check.Verdict {
			on, f, v, ok := plugin(c, "NodeRestriction", false)
			switch {
			case !ok:
				return v
			case !on:
				return check.Failed("NodeRestriction is not enabled", f)
			}
			return check.Passed("NodeRestriction is enabled", f)
		},
	},
	{
		id: "apiserver-certificate-subject-restriction", title: "Certificate requests for the masters group are refused", sev: check.High, stride: "SE", tier: 2,
		why:    "Three plugins stand between who may make or approve certificate requests and a certificate of the group system:masters, which no role can take back.",
		remedy: "Remove CertificateSubjectRestriction, CertificateApproval and CertificateSigning from --disable-admission-plugins.",
		run:    stays("CertificateSubjectRestriction", "CertificateApproval", "CertificateSigning"),
	},
	{
		id: "psa-exemptions-minimal", title: "Pod security exemptions are minimal", sev: check.Medium, stride: "E", tier: 2, surface: model.SurfacePolicyEnforcement,
		why:    "Who is exempt by user, runtime class or namespace is under no pod security level at all, whatever a namespace's labels say.",
		remedy: "Take the entries out of the exemptions in the PodSecurity configuration, or declare those that must stay as allowed_exemptions.",
		params: []check.Param{{Name: "allowed_exemptions", Unit: "list", Meaning: "exemptions left out of the rule; empty means that nothing is"}},
		run:    exemptions,
	},
}

// plugin reports whether an admission plugin is on.
func plugin(c *comp, name string, byDefault bool) (bool, check.Evidence, check.Verdict, bool) {
	on, f := c.list("enable-admission-plugins")
	off, g := c.list("disable-admission-plugins")
	legacy, h := c.list("admission-control")
	if h.set && h.value != "" { // the older flag lists everything that is on
		return slices.Contains(legacy, name), h.ev(), check.Verdict{}, true
	}
	if slices.Contains(off, name) {
		return false, g.ev(), check.Verdict{}, true
	}
	if slices.Contains(on, name) {
		return true, f.ev(), check.Verdict{}, true
	}
	e := f
	if byDefault {
		e = g
	}
	if v, unknown := e.unknown(); unknown {
		return false, e.ev(), v, false
	}
	return byDefault, e.ev(), check.Verdict{}, true
}

// stays is the verdict on plugins that are on by default.
func stays(names ...string) func(*comp) check.Verdict {
	return func(c *comp) check.Verdict {
		var e check.Evidence
		for _, n := range names {
			on, seen, v, ok := plugin(c, n, true)
			if !ok {
				return v
			}
			if !on {
				return check.Failed(n+" is switched off", seen)
			}
			e = seen
		}
		return check.Passed(strings.Join(names, ", ")+" on, as by default", e)
	}
}

func externalIPs(c *comp) check.Verdict {
	on, e, v, ok := plugin(c, "DenyServiceExternalIPs", false)
	if on {
		return check.Passed("services with external IPs are refused", e)
	}
	for i := range c.p.Snapshot.AdmissionPolicies {
		if p := &c.p.Snapshot.AdmissionPolicies[i]; p.Scope == c.Scope && refusesExternalIPs(p) {
			return check.Passed("a policy refuses services with external IPs", e, ev(p.Kind, p.Name))
		}
	}
	switch _, seen := c.p.Need(snapshot.PartClusterAdmission); {
	case !ok:
		return v
	case !seen:
		return check.Undecided(snapshot.ReasonNotCollected, "the plugin is off, and whether a policy refuses external IPs was not collected ("+string(snapshot.PartClusterAdmission)+")", e)
	}
	return check.Failed("services may claim any external IP", e)
}

// refusesExternalIPs reports whether a policy is in force, for services of every
// namespace, and speaks of their external IPs.
func refusesExternalIPs(p *snapshot.AdmissionPolicy) bool {
	about := slices.ContainsFunc(p.Rules, func(r snapshot.WebhookRule) bool {
		return slices.Contains(r.Resources, "services") || slices.Contains(r.Resources, "*")
	})
	says := slices.ContainsFunc(p.Validations, func(v string) bool { return strings.Contains(v, "externalIPs") })
	force := p.Enforced || slices.ContainsFunc(p.Bindings, func(b snapshot.AdmissionBinding) bool { return slices.Contains(b.Actions, "Deny") })
	return about && says && force && p.Namespace == ""
}

func eventLimit(c *comp) check.Verdict {
	on, e, v, ok := plugin(c, "EventRateLimit", false)
	switch {
	case !ok:
		return v
	case !on:
		return check.Failed("EventRateLimit is not enabled", e)
	}
	f := c.flag("admission-control-config-file", "")
	if f.value == "" || c.API == nil || !c.API.Admission.Known() {
		if f.value == "" {
			return check.Failed("EventRateLimit has no configuration", e, f.ev())
		}
		return unread(c, "admission-control-config-file", e, f.ev())
	}
	for _, p := range c.API.Admission.V {
		if p.Name != "EventRateLimit" {
			continue
		}
		if p.State != snapshot.Observed {
			return check.Undecided(snapshot.ReasonFor(p.State), "the limits of EventRateLimit were not readable", e, ev("configuration", p.File))
		}
		if slices.ContainsFunc(p.EventLimits, func(t string) bool { return t == "Server" || t == "Namespace" }) {
			return check.Passed("events are limited", e, ev("limits", strings.Join(p.EventLimits, ", ")))
		}
		return check.Failed("EventRateLimit limits neither the server nor namespaces", e, ev("limits", strings.Join(p.EventLimits, ", ")))
	}
	return check.Failed("EventRateLimit has no configuration", e, f.ev())
}

func alwaysPull(c *comp) check.Verdict {
	on, e, v, ok := plugin(c, "AlwaysPullImages", false)
	switch {
	case !ok:
		return v
	case on:
		return check.Passed("each pod pulls with its own credentials", e)
	}
	kubelets := components(c.p, snapshot.Kubelet)
	for _, k := range kubelets {
		policy := ""
		if k.Kubelet != nil {
			f, _ := snapshot.FieldOf(k.Kubelet.Merged.V, "imagePullCredentialsVerificationPolicy")
			if live, ok := snapshot.FieldOf(k.Kubelet.Live.V, f.Key); ok && k.Kubelet.Live.Known() {
				f = live
			}
			policy = f.Value
		}
		if policy != "AlwaysVerify" {
			return check.Failed("images on a node may be used by pods that could not pull them", e, ev("imagePullCredentialsVerificationPolicy on "+k.Node, orUnset(policy)))
		}
	}
	if nodes := len(c.p.Snapshot.Nodes); len(kubelets) == 0 || len(kubelets) < nodes || c.p.Part(snapshot.PartClusterNodes).State != snapshot.Observed {
		return check.Undecided(snapshot.ReasonNotCollected, "the plugin is off; whether every kubelet verifies instead was not collected", e)
	}
	return check.Passed("every kubelet verifies credentials for cached images", e)
}

func orUnset(s string) string {
	if s == "" {
		return "not set"
	}
	return s
}

func exemptions(c *comp) check.Verdict {
	f := c.flag("admission-control-config-file", "")
	if v, unknown := f.unknown(); unknown {
		return v
	}
	if f.value == "" {
		return check.Passed("nothing is exempt, since admission has no configuration", f.ev())
	}
	if c.API == nil || !c.API.Admission.Known() {
		return unread(c, "admission-control-config-file", f.ev())
	}
	allowed, _ := c.p.List("allowed_exemptions")
	var found []string
	for _, p := range c.API.Admission.V {
		if p.Name != "PodSecurity" {
			continue
		}
		if p.State != snapshot.Observed || p.Exempt == nil {
			return check.Undecided(snapshot.ReasonFor(p.State), "the configuration of PodSecurity was not readable", f.ev())
		}
		for _, e := range slices.Concat(p.Exempt.Users, p.Exempt.RuntimeClasses, p.Exempt.Namespaces) {
			if !slices.Contains(allowed, e) {
				found = append(found, e)
			}
		}
	}
	if len(found) > 0 {
		return check.Failed("pods are exempt from every security level", ev("PodSecurity exemptions", strings.Join(found, ", ")))
	}
	return check.Passed("nothing is exempt that policy does not allow", f.ev())
}
