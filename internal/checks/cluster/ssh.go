package cluster

import (
	"plimsoll/internal/check"
	"plimsoll/internal/snapshot"
)

var sshClosed = ofNode(check.Check{
	ID:    "node-ssh-not-public",
	Title: "SSH to nodes is not open to the internet",
	Why: "SSH on a public address is tried with stolen keys and passwords around the clock, and it is root on the node past the cluster. " +
		"Only nodes with an address outside the private ranges are asked about; for these the machine's listeners and the provider's rules decide.",
	Remedy:   "Remove the public address, limit port 22 to the addresses of administrators in the provider's firewall, or reach nodes by the provider's session service; then answer in plimsoll.yaml under answers.",
	Severity: check.High, STRIDE: "E", Tier: 1,
	Run: func(p *check.Probe) {
		eachNode(p, func(n member) check.Verdict { return judgeSSH(p, n.Node) })
	},
})

func judgeSSH(p *check.Probe, n *snapshot.Node) check.Verdict {
	public := some(publicAddresses(n))
	switch {
	case len(n.Addresses) == 0:
		return check.Undecided(snapshot.ReasonNotCollected, "its object has no addresses")
	case len(public) == 0:
		return check.Passed("it has no public address")
	}
	question, undeclared := "does a rule of the provider or the machine limit port 22 to less than the whole internet?",
		"it has a public address, and whether its port 22 is open to the internet was not seen"
	listens, seen := sshListens(p, n)
	switch firewall := firewallOf(p, n); {
	case seen && len(listens) == 0:
		return check.Passed("nothing on it listens on port 22", public...)
	case seen && firewall == "open":
		if _, answered := p.Answer(); !answered {
			return check.Failed("it takes SSH on a public address, and its packet filter lets everything in", append(public, listens...)...)
		}
	case seen:
		undeclared = "it takes SSH on a public address, and what limits port 22 was not seen"
	}
	return ask(p, question, undeclared, append(public, listens...)...)
}

// sshPort is where SSH is looked for; one elsewhere is not found by its port.
const sshPort = 22

// sshListens finds what listens on the port of SSH, on the machine of a node that
// was looked at.
func sshListens(p *check.Probe, n *snapshot.Node) (found []check.Evidence, seen bool) {
	for i := range p.Snapshot.NodeHosts {
		h := &p.Snapshot.NodeHosts[i]
		if h.Scope != n.Scope || h.Name != n.Name || h.Ports.State != snapshot.Observed {
			continue
		}
		seen = true
		for _, l := range h.Ports.V {
			if l.Port == sshPort {
				found = append(found, ev("listens", l.Address+":22"))
			}
		}
	}
	return some(found), seen
}

// firewallOf says what the packet filter of a node's machine does, "" where it was
// not seen.
func firewallOf(p *check.Probe, n *snapshot.Node) string {
	for i := range p.Snapshot.NodeHosts {
		if h := &p.Snapshot.NodeHosts[i]; h.Scope == n.Scope && h.Name == n.Name && h.Firewall.State == snapshot.Observed {
			return h.Firewall.V
		}
	}
	return ""
}
