package kubeobj

import (
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plimsoll/internal/snapshot"
)

// policyKinds do the like of a network policy; only that they are there is known.
// The value is the plugin or API that they belong to.
var policyKinds = map[string]string{
	"cilium.io/CiliumNetworkPolicy":                       "cilium",
	"cilium.io/CiliumClusterwideNetworkPolicy":            "cilium",
	"crd.projectcalico.org/NetworkPolicy":                 "calico",
	"crd.projectcalico.org/GlobalNetworkPolicy":           "calico",
	"projectcalico.org/NetworkPolicy":                     "calico",
	"projectcalico.org/GlobalNetworkPolicy":               "calico",
	"crd.antrea.io/NetworkPolicy":                         "antrea",
	"crd.antrea.io/ClusterNetworkPolicy":                  "antrea",
	"policy.networking.k8s.io/AdminNetworkPolicy":         "api",
	"policy.networking.k8s.io/ClusterNetworkPolicy":       "api",
	"policy.networking.k8s.io/BaselineAdminNetworkPolicy": "api",
}

// otherPolicy takes a network policy of another kind.
func (b *Builder) otherPolicy(gk, kind string, o map[string]any, m *metav1.ObjectMeta, from Origin) bool {
	if policyKinds[gk] == "" {
		return false
	}
	p := snapshot.NetworkPolicy{Scope: b.Scope, Kind: kind, Namespace: m.Namespace, Name: objectName(m), UID: string(m.UID), Owner: owner(m), Loc: from.Loc}
	p.Ingress = dig(o, "spec.ingress") != nil || dig(o, "spec.ingressDeny") != nil
	p.Egress = dig(o, "spec.egress") != nil || dig(o, "spec.egressDeny") != nil
	for _, t := range list(dig(o, "spec.types")) {
		p.Ingress = p.Ingress || t == "Ingress"
		p.Egress = p.Egress || t == "Egress"
	}
	b.out.NetworkPolicies = append(b.out.NetworkPolicies, p)
	return true
}

// routeKinds lead traffic to services by the Gateway API or a mesh.
var routeKinds = []string{
	"gateway.networking.k8s.io/Gateway", "gateway.networking.k8s.io/HTTPRoute", "gateway.networking.k8s.io/GRPCRoute", "gateway.networking.k8s.io/TLSRoute",
	"gateway.networking.k8s.io/TCPRoute", "gateway.networking.k8s.io/UDPRoute", "networking.istio.io/Gateway", "networking.istio.io/VirtualService",
	"traefik.io/IngressRoute", "traefik.containo.us/IngressRoute", "route.openshift.io/Route", "projectcontour.io/HTTPProxy",
}

// gateway takes gateways and routes.
func (b *Builder) gateway(gk, kind string, o map[string]any, m *metav1.ObjectMeta, from Origin) bool {
	if !slices.Contains(routeKinds, gk) {
		return false
	}
	g := snapshot.Ingress{
		Scope: b.Scope, Kind: kind, Namespace: m.Namespace, Name: objectName(m), UID: string(m.UID), Class: text(o, "spec.gatewayClassName"),
		Annotations: tamed(m.Annotations, rulesListener), Loc: from.Loc,
	}
	for _, path := range []string{"spec.hostnames.*", "spec.hosts.*", "spec.listeners.*.hostname", "spec.servers.*.hosts.*", "spec.host", "spec.virtualhost.fqdn"} {
		for _, h := range reachAll(o, path) {
			if s, ok := h.value.(string); ok {
				g.Hosts = append(g.Hosts, s)
			}
		}
	}
	for _, path := range []string{"spec.rules.*.backendRefs.*.name", "spec.http.*.route.*.destination.host", "spec.routes.*.services.*.name", "spec.to.name"} {
		for _, v := range reachAll(o, path) {
			if s, ok := v.value.(string); ok {
				g.Backends = append(g.Backends, s)
			}
		}
	}
	for _, l := range reachAll(o, "spec.listeners.*") {
		if tls := dig(l.value, "tls"); tls != nil {
			t := snapshot.IngressTLS{Secret: text(tls, "certificateRefs.0.name")}
			if h := text(l.value, "hostname"); h != "" {
				t.Hosts = []string{h}
			}
			g.TLS = append(g.TLS, t)
		}
	}
	for _, l := range reachAll(o, "spec.servers.*") {
		if tls := dig(l.value, "tls"); tls != nil {
			g.TLS = append(g.TLS, snapshot.IngressTLS{Hosts: strs(dig(l.value, "hosts")), Secret: text(tls, "credentialName")})
		}
	}
	if tls := dig(o, "spec.tls"); tls != nil {
		g.TLS = append(g.TLS, snapshot.IngressTLS{Hosts: slices.Clone(g.Hosts), Secret: text(tls, "secretName")})
	}
	g.Hosts, g.Backends = sortedSet(g.Hosts), sortedSet(g.Backends)
	b.out.Ingresses = append(b.out.Ingresses, g)
	return true
}

func strs(v any) []string {
	var out []string
	for _, s := range list(v) {
		if s, ok := s.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// engines enforce policies of their own kinds, by the group of these.
var engines = map[string]string{
	"kyverno.io": "kyverno", "policies.kyverno.io": "kyverno", "templates.gatekeeper.sh": "gatekeeper", "constraints.gatekeeper.sh": "gatekeeper",
	"policies.kubewarden.io": "kubewarden", "jspolicy.com": "jspolicy",
}

// enginePolicy takes a policy of an engine that is known.
func (b *Builder) enginePolicy(gk, kind string, o map[string]any, m *metav1.ObjectMeta, from Origin) bool {
	group, _, _ := strings.Cut(gk, "/")
	engine := engines[group]
	if engine == "" || !strings.Contains(kind, "Policy") && group != "constraints.gatekeeper.sh" {
		return false
	}
	p := snapshot.AdmissionPolicy{Scope: b.Scope, Kind: kind, Namespace: m.Namespace, Name: objectName(m), UID: string(m.UID), Loc: from.Loc}
	switch engine {
	case "kyverno":
		action := strings.ToLower(text(o, "spec.validationFailureAction"))
		p.Enforced = action == "enforce"
		for _, a := range reachAll(o, "spec.rules.*.validate.failureAction") {
			s, _ := a.value.(string)
			p.Enforced = p.Enforced || strings.EqualFold(s, "enforce")
		}
		for _, a := range strs(dig(o, "spec.validationActions")) {
			p.Enforced = p.Enforced || a == "Deny"
		}
		p.Fail = text(o, "spec.failurePolicy") != "Ignore"
		for _, k := range []string{"spec.rules.*.match.any.*.resources.kinds.*", "spec.rules.*.match.all.*.resources.kinds.*", "spec.rules.*.match.resources.kinds.*"} {
			for _, v := range reachAll(o, k) {
				if s, ok := v.value.(string); ok {
					p.Rules = append(p.Rules, snapshot.WebhookRule{Resources: []string{s}})
				}
			}
		}
	case "gatekeeper":
		action := text(o, "spec.enforcementAction")
		p.Enforced = action == "" || action == "deny"
		for _, v := range list(dig(o, "spec.match.kinds")) {
			p.Rules = append(p.Rules, snapshot.WebhookRule{Groups: strs(dig(v, "apiGroups")), Resources: strs(dig(v, "kinds"))})
		}
	default:
		p.Enforced = text(o, "spec.mode") != "monitor"
	}
	b.out.AdmissionPolicies = append(b.out.AdmissionPolicies, p)
	return true
}
