package kubeobj

import (
	"slices"

	networkingv1 "k8s.io/api/networking/v1"

	"plimsoll/internal/snapshot"
)

// network takes network policies. Those of other kinds come by [Builder.custom].
func (b *Builder) network(o any, from Origin) bool {
	p, ok := o.(*networkingv1.NetworkPolicy)
	if !ok {
		return false
	}
	r := snapshot.NetworkPolicy{
		Scope: b.Scope, Kind: "NetworkPolicy", Namespace: p.Namespace, Name: objectName(&p.ObjectMeta), UID: string(p.UID), Pods: selector(&p.Spec.PodSelector),
		Owner: owner(&p.ObjectMeta), Loc: from.Loc,
	}
	r.Ingress = slices.Contains(p.Spec.PolicyTypes, networkingv1.PolicyTypeIngress)
	r.Egress = slices.Contains(p.Spec.PolicyTypes, networkingv1.PolicyTypeEgress)
	if len(p.Spec.PolicyTypes) == 0 { // as the API server sets them
		r.Ingress, r.Egress = true, len(p.Spec.Egress) > 0
	}
	if r.Ingress {
		for _, v := range p.Spec.Ingress {
			r.In = append(r.In, snapshot.PolicyRule{Peers: peers(v.From), Ports: policyPorts(v.Ports)})
		}
	}
	if r.Egress {
		for _, v := range p.Spec.Egress {
			r.Out = append(r.Out, snapshot.PolicyRule{Peers: peers(v.To), Ports: policyPorts(v.Ports)})
		}
	}
	b.out.NetworkPolicies = append(b.out.NetworkPolicies, r)
	return true
}

func peers(list []networkingv1.NetworkPolicyPeer) []snapshot.PolicyPeer {
	var out []snapshot.PolicyPeer
	for _, p := range list {
		peer := snapshot.PolicyPeer{Namespaces: selectorOrNil(p.NamespaceSelector), Pods: selectorOrNil(p.PodSelector)}
		if p.IPBlock != nil {
			peer.CIDR, peer.Except = p.IPBlock.CIDR, slices.Clone(p.IPBlock.Except)
		}
		out = append(out, peer)
	}
	return out
}

func policyPorts(list []networkingv1.NetworkPolicyPort) []snapshot.PolicyPort {
	var out []snapshot.PolicyPort
	for _, p := range list {
		var v snapshot.PolicyPort
		if p.Protocol != nil {
			v.Protocol = unless(string(*p.Protocol), "TCP")
		}
		if p.Port != nil {
			v.Port = p.Port.String()
		}
		if p.EndPort != nil {
			v.End = *p.EndPort
		}
		out = append(out, v)
	}
	return out
}
