package admission

import (
	"fmt"
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

// of fills in what the checks have in common.
func of(c check.Check) *check.Check {
	c.Subject = snapshot.KindWebhook
	if c.Zone == "" {
		c.Zone = model.ZoneControlPlane
	}
	c.Surface = model.SurfacePolicyEnforcement
	if c.Forms == nil {
		c.Forms = []check.Form{check.Live, check.Manifest}
	}
	c.Needs = append([]snapshot.Part{snapshot.PartClusterAdmission}, c.Needs...)
	return &c
}

// The kinds of objects that decide.
const (
	validating = "ValidatingWebhookConfiguration"
	mutating   = "MutatingWebhookConfiguration"
	definition = "CustomResourceDefinition"
	policyKind = "ValidatingAdmissionPolicy"
)

// hook is a webhook of the scope.
type hook struct {
	*snapshot.Webhook
	subject int
}

// admits reports whether the webhook decides about requests, as opposed to
// converting objects or serving an API.
func (h *hook) admits() bool { return h.Kind == validating || h.Kind == mutating }

func hooks(p *check.Probe) []hook {
	var out []hook
	for i := range p.Snapshot.Webhooks {
		if w := &p.Snapshot.Webhooks[i]; w.Scope == p.Scope.ID {
			out = append(out, hook{w, p.Index.WebhookSubject(i)})
		}
	}
	return out
}

// rule is an admission policy of the scope.
type rule struct {
	*snapshot.AdmissionPolicy
	subject int
}

func policies(p *check.Probe) []rule {
	var out []rule
	for i := range p.Snapshot.AdmissionPolicies {
		if a := &p.Snapshot.AdmissionPolicies[i]; a.Scope == p.Scope.ID {
			out = append(out, rule{a, p.Index.AdmissionSubject(i)})
		}
	}
	return out
}

// denies reports whether a policy turns requests away somewhere.
func (r *rule) denies() bool {
	return r.Enforced || slices.ContainsFunc(r.Bindings, func(b snapshot.AdmissionBinding) bool { return slices.Contains(b.Actions, "Deny") })
}

// guards are parts of the names of programs whose webhooks are there for security.
var guards = []string{
	"kyverno", "gatekeeper", "opa", "kubewarden", "jspolicy", "polaris", "sigstore", "cosign", "connaisseur", "ratify", "portieris", "notation", "trivy",
	"neuvector", "aqua", "twistlock", "prisma", "sysdig", "stackrox", "snyk", "falco", "datree", "k-rail", "image-policy", "imagepolicy", "pod-security", "policy",
}

// security reports whether a webhook is there to keep something out: it is one of a
// program that is known for it, or it validates pods or what makes them.
func (h *hook) security() bool {
	if !h.admits() {
		return false
	}
	if h.known(guards) {
		return true
	}
	return h.Kind == validating && (asked(h.Rules, createPod) || slices.ContainsFunc(makeThrough, func(r request) bool { return asked(h.Rules, r) }))
}

// known reports whether one of some words is a part of a name of the webhook.
func (h *hook) known(list []string) bool {
	names := strings.FieldsFunc(strings.ToLower(h.Object+" "+h.Name+" "+h.Service), func(r rune) bool { return r == ' ' || r == '.' || r == '/' || r == '-' || r == '_' })
	return slices.ContainsFunc(list, func(w string) bool {
		parts := strings.Split(w, "-")
		for i := range names {
			if len(names)-i >= len(parts) && slices.Equal(names[i:i+len(parts)], parts) {
				return true
			}
		}
		return len(w) > 5 && slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(n, w) })
	})
}

// governed lists the namespaces that tenants use: all but those of Kubernetes.
func governed(p *check.Probe) []*snapshot.Namespace {
	var out []*snapshot.Namespace
	for i := range p.Snapshot.Namespaces {
		if n := &p.Snapshot.Namespaces[i]; n.Scope == p.Scope.ID && !n.System() {
			out = append(out, n)
		}
	}
	return out
}

// left lists the namespaces that a selector leaves out.
func left(p *check.Probe, sel *snapshot.Selector, among []*snapshot.Namespace) []string {
	var out []string
	for _, n := range among {
		if labels, _ := labelsOf(p.Snapshot, p.Scope.ID, n.Name); !selects(sel, labels) {
			out = append(out, n.Name)
		}
	}
	return out
}

// few joins the first names of a list.
func few(names []string) string {
	const most = 5
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}

// text shows an expression, the beginning of a long one.
func text(e string) string {
	e = strings.Join(strings.Fields(e), " ")
	const most = 160
	if len(e) > most {
		return strings.ToValidUTF8(e[:most], "") + "…"
	}
	return e
}

func ev(source string, value any) check.Evidence {
	return check.Evidence{Source: source, Value: fmt.Sprint(value)}
}

// conditional is the verdict where expressions decide when a webhook is asked.
func conditional(conditions []string) check.Verdict {
	return check.Undecided(snapshot.ReasonUnresolved, "its match conditions may exempt requests, and what expressions come to is not worked out here", ev("matchConditions", text(strings.Join(conditions, "; "))))
}

// selector shows a selector.
func selector(sel *snapshot.Selector) string {
	var out []string
	for _, p := range sel.Labels {
		out = append(out, p.Key+"="+p.Value)
	}
	for _, e := range sel.Exprs {
		out = append(out, strings.TrimSpace(e.Key+" "+e.Operator+" "+strings.Join(e.Values, ",")))
	}
	if len(out) == 0 {
		return "everything"
	}
	return strings.Join(out, "; ")
}
