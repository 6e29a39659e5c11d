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
	return ask(p, "does a rule of the provider or the machine limit port 22 to less than the whole internet?",
		"it has a public address, and whether its port 22 is open to the internet was not seen", public...)
}
