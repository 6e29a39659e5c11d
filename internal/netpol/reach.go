package netpol

import (
	"net/netip"
	"strconv"

	"plimsoll/internal/snapshot"
)

// Port is where traffic goes.
type Port struct {
	Protocol string // empty: TCP
	Number   uint16
}

// End is the other end of traffic: a pod, or an address outside the cluster.
type End struct {
	Pod  *Pod
	Addr netip.Addr
}

// To is the end that a pod is.
func To(p *Pod) End { return End{Pod: p} }

// At is the end that an address is.
func At(a netip.Addr) End { return End{Addr: a} }

// AdmitsFrom reports whether the policies of a pod let traffic from somewhere in at
// a port; nil: at some port.
func (set *Set) AdmitsFrom(p *Pod, from End, port *Port) Answer {
	return set.admits(p, Ingress, from, port)
}

// LetsOut reports whether the policies of a pod let traffic out to somewhere at a
// port; nil: at some port.
func (set *Set) LetsOut(p *Pod, to End, port *Port) Answer { return set.admits(p, Egress, to, port) }

// Reaches reports whether one pod reaches another at a port: it is let out, and let
// in.
func (set *Set) Reaches(from, to *Pod, port Port) Answer {
	return min(set.LetsOut(from, To(to), &port), set.AdmitsFrom(to, To(from), &port))
}

func (set *Set) admits(p *Pod, d Direction, other End, port *Port) Answer {
	if p.HostNetwork {
		return Yes
	}
	if p.Unsure || len(set.Foreign(p)) > 0 {
		return Maybe
	}
	sure, maybe := set.Selecting(p, d)
	admitted := unsure(No, d == Ingress && other.Pod != nil && other.Pod.HostNetwork) // the node that a pod is on always reaches it
	for _, i := range sure {
		admitted = or(admitted, set.byPolicy(i, p, d, other, port))
	}
	if len(sure) == 0 {
		admitted = Yes // unless one of those isolates it that may
		for _, i := range maybe {
			admitted = min(admitted, or(Maybe, set.byPolicy(i, p, d, other, port)))
		}
		return admitted
	}
	for _, i := range maybe {
		admitted = or(admitted, min(Maybe, set.byPolicy(i, p, d, other, port)))
	}
	return admitted
}

// byPolicy reports whether a rule of a policy that selects p admits traffic.
func (set *Set) byPolicy(i int, p *Pod, d Direction, other End, port *Port) Answer {
	policy := &set.s.NetworkPolicies[i]
	target := other.Pod // whose names of ports count
	if d == Ingress {
		target = p
	}
	out := No
	for _, r := range rules(policy, d) {
		out = or(out, min(set.peers(&r, policy.Namespace, other), ports(r.Ports, target, port)))
	}
	return out
}

func (set *Set) peers(r *snapshot.PolicyRule, home string, other End) Answer {
	if len(r.Peers) == 0 {
		return Yes
	}
	out := No
	for i := range r.Peers {
		out = or(out, set.peer(&r.Peers[i], home, other))
	}
	return out
}

func (set *Set) peer(peer *snapshot.PolicyPeer, home string, other End) Answer {
	if peer.CIDR != "" {
		if other.Pod != nil {
			return Maybe // plugins differ in whether blocks of addresses are about pods
		}
		return block(peer, other.Addr)
	}
	if other.Pod == nil {
		return No
	}
	out := unsure(Yes, other.Pod.HostNetwork || other.Pod.Unsure) // a pod with its node's address is mostly taken for the node
	if peer.Namespaces != nil {
		out = min(out, matches(peer.Namespaces, set.space(other.Pod.Namespace)))
	} else if other.Pod.Namespace != home {
		return No
	}
	if peer.Pods != nil {
		out = min(out, matches(peer.Pods, other.Pod.labels()))
	}
	return out
}

// block reports whether a block of addresses has one, and no exception takes it
// out.
func block(peer *snapshot.PolicyPeer, a netip.Addr) Answer {
	in := within(peer.CIDR, a)
	for _, e := range peer.Except {
		in = min(in, within(e, a).not())
	}
	return in
}

func within(cidr string, a netip.Addr) Answer {
	p, err := netip.ParsePrefix(cidr)
	switch {
	case err != nil || !a.IsValid():
		return Maybe
	case p.Masked().Contains(a.Unmap()):
		return Yes
	}
	return No
}

func allAddresses(cidr string) bool {
	p, err := netip.ParsePrefix(cidr)
	return err == nil && p.Bits() == 0
}

// ports reports whether a list of ports has one; none has every one.
func ports(list []snapshot.PolicyPort, target *Pod, port *Port) Answer {
	if len(list) == 0 {
		return Yes
	}
	out := No
	for _, p := range list {
		out = or(out, onPort(p, target, port))
	}
	return out
}

func onPort(p snapshot.PolicyPort, target *Pod, port *Port) Answer {
	if port != nil && protocol(p.Protocol) != protocol(port.Protocol) {
		return No
	}
	if p.Port == "" {
		return Yes
	}
	n, err := strconv.ParseUint(p.Port, 10, 16)
	if err != nil {
		return byName(p, target, port)
	}
	last := max(uint16(n), uint16(min(max(p.End, 0), maxPort)))
	if port == nil || uint16(n) <= port.Number && port.Number <= last {
		return Yes
	}
	return No
}

const maxPort = 65535

// byName looks a name up among the ports of the pod that traffic goes to. An address
// has none.
func byName(p snapshot.PolicyPort, target *Pod, port *Port) Answer {
	if target == nil {
		return No
	}
	for _, c := range target.Ports {
		if c.Name == p.Port && protocol(c.Protocol) == protocol(p.Protocol) && (port == nil || int32(port.Number) == c.Port) {
			return Yes
		}
	}
	return No
}

func protocol(p string) string {
	if p == "" {
		return "TCP"
	}
	return p
}
