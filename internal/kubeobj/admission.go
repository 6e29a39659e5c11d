package kubeobj

import (
	"net/url"
	"slices"
	"strings"

	admv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plimsoll/internal/snapshot"
)

// admission takes what decides about requests to the API server.
func (b *Builder) admission(o any, from Origin) bool {
	switch o := o.(type) {
	case *admv1.ValidatingWebhookConfiguration:
		for i := range o.Webhooks {
			h := &o.Webhooks[i]
			b.webhook("ValidatingWebhookConfiguration", &o.ObjectMeta, h.Name, &h.ClientConfig, hookTerms{
				h.FailurePolicy, h.TimeoutSeconds, h.Rules, h.NamespaceSelector, h.ObjectSelector, h.MatchConditions,
			}, from)
		}
	case *admv1.MutatingWebhookConfiguration:
		for i := range o.Webhooks {
			h := &o.Webhooks[i]
			b.webhook("MutatingWebhookConfiguration", &o.ObjectMeta, h.Name, &h.ClientConfig, hookTerms{
				h.FailurePolicy, h.TimeoutSeconds, h.Rules, h.NamespaceSelector, h.ObjectSelector, h.MatchConditions,
			}, from)
		}
	case *admv1.ValidatingAdmissionPolicy:
		p := b.policy("ValidatingAdmissionPolicy", &o.ObjectMeta, o.Spec.FailurePolicy, o.Spec.MatchConstraints, o.Spec.MatchConditions, from)
		for _, v := range o.Spec.Validations {
			p.Validations = append(p.Validations, cutText(v.Expression))
		}
		if o.Status.TypeChecking != nil {
			p.Warnings = len(o.Status.TypeChecking.ExpressionWarnings)
		}
		b.out.AdmissionPolicies = append(b.out.AdmissionPolicies, p)
	case *admv1.MutatingAdmissionPolicy:
		p := b.policy("MutatingAdmissionPolicy", &o.ObjectMeta, o.Spec.FailurePolicy, o.Spec.MatchConstraints, o.Spec.MatchConditions, from)
		b.out.AdmissionPolicies = append(b.out.AdmissionPolicies, p)
	case *admv1.ValidatingAdmissionPolicyBinding:
		b.bindPolicy("ValidatingAdmissionPolicy", o.Spec.PolicyName, &o.ObjectMeta, words(o.Spec.ValidationActions), o.Spec.ParamRef != nil, o.Spec.MatchResources, from)
	case *admv1.MutatingAdmissionPolicyBinding:
		b.bindPolicy("MutatingAdmissionPolicy", o.Spec.PolicyName, &o.ObjectMeta, nil, o.Spec.ParamRef != nil, o.Spec.MatchResources, from)
	default:
		return false
	}
	return true
}

// hookTerms are what both kinds of webhooks have.
type hookTerms struct {
	policy              *admv1.FailurePolicyType
	seconds             *int32
	rules               []admv1.RuleWithOperations
	namespaces, objects *metav1.LabelSelector
	conditions          []admv1.MatchCondition
}

// hookSeconds is how long the API server waits where nothing is said.
const hookSeconds = 10

func (b *Builder) webhook(kind string, m *metav1.ObjectMeta, name string, c *admv1.WebhookClientConfig, t hookTerms, from Origin) {
	w := snapshot.Webhook{
		Scope: b.Scope, Kind: kind, Object: objectName(m), Name: name, UID: string(m.UID), Fail: t.policy == nil || *t.policy == admv1.Fail, Seconds: hookSeconds,
		Namespaces: selector(t.namespaces), Objects: selector(t.objects), Conditions: conditions(t.conditions), Loc: from.Loc,
	}
	if t.seconds != nil {
		w.Seconds = *t.seconds
	}
	for i := range t.rules {
		w.Rules = append(w.Rules, hookRule(&t.rules[i]))
	}
	reach(&w, c)
	b.out.Webhooks = append(b.out.Webhooks, w)
}

// reach notes where a webhook is called.
func reach(w *snapshot.Webhook, c *admv1.WebhookClientConfig) {
	if c == nil {
		return
	}
	w.CA = len(c.CABundle) > 0
	if s := c.Service; s != nil {
		w.Service, w.Port = s.Namespace+"/"+s.Name, 443
		if s.Port != nil {
			w.Port = *s.Port
		}
	}
	if c.URL != nil {
		w.URL = "(not a URL)"
		if u, err := url.Parse(*c.URL); err == nil {
			w.URL = bareURL(u)
		}
	}
}

func hookRule(r *admv1.RuleWithOperations) snapshot.WebhookRule {
	out := snapshot.WebhookRule{
		Groups: slices.Clone(r.APIGroups), Versions: slices.Clone(r.APIVersions), Resources: slices.Clone(r.Resources), Operations: words(r.Operations),
	}
	if r.Scope != nil {
		out.Scope = string(*r.Scope)
	}
	return out
}

func policyRules(list []admv1.NamedRuleWithOperations) []snapshot.WebhookRule {
	var out []snapshot.WebhookRule
	for i := range list {
		r := hookRule(&list[i].RuleWithOperations)
		r.Names = slices.Clone(list[i].ResourceNames)
		out = append(out, r)
	}
	return out
}

func conditions(list []admv1.MatchCondition) []string {
	var out []string
	for _, c := range list {
		out = append(out, cutText(c.Expression))
	}
	return out
}

// longestExpression is how much of a CEL expression is kept.
const longestExpression = 4096

func cutText(s string) string { return s[:min(len(s), longestExpression)] }

func (b *Builder) policy(kind string, m *metav1.ObjectMeta, fail *admv1.FailurePolicyType, match *admv1.MatchResources, when []admv1.MatchCondition, from Origin) snapshot.AdmissionPolicy {
	p := snapshot.AdmissionPolicy{
		Scope: b.Scope, Kind: kind, Name: objectName(m), UID: string(m.UID), Fail: fail == nil || *fail == admv1.Fail, Conditions: conditions(when), Loc: from.Loc,
	}
	if match != nil {
		p.Rules, p.Excluded = policyRules(match.ResourceRules), policyRules(match.ExcludeResourceRules)
		p.Namespaces, p.Objects = selector(match.NamespaceSelector), selector(match.ObjectSelector)
	}
	return p
}

// policyBinding waits for the policy that it puts into force.
type policyBinding struct {
	kind, policy string
	row          snapshot.AdmissionBinding
}

func (b *Builder) bindPolicy(kind, policy string, m *metav1.ObjectMeta, actions []string, params bool, match *admv1.MatchResources, from Origin) {
	r := snapshot.AdmissionBinding{Name: objectName(m), Actions: actions, Params: params, Loc: from.Loc}
	if match != nil {
		r.Namespaces, r.Objects, r.Rules = selector(match.NamespaceSelector), selector(match.ObjectSelector), policyRules(match.ResourceRules)
	}
	b.bindings = append(b.bindings, policyBinding{kind, policy, r})
}

func (b *Builder) joinPolicies() {
	slices.SortStableFunc(b.bindings, func(x, y policyBinding) int { return strings.Compare(x.row.Name, y.row.Name) })
	for _, v := range b.bindings {
		for i := range b.out.AdmissionPolicies {
			if p := &b.out.AdmissionPolicies[i]; p.Kind == v.kind && p.Name == v.policy {
				p.Bindings = append(p.Bindings, v.row)
				break
			}
		}
	}
}
