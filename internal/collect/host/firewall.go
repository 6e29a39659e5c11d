package host

import (
	"encoding/binary"
	"strings"

	"plimsoll/internal/snapshot"
)

// chain is what is used of a base chain of nftables.
type chain struct {
	family byte
	hook   uint32
	kind   string // filter, nat, route
	policy uint32 // 0 drops
	uses   uint32 // rules in it, and jumps to it
	based  bool
}

const (
	hookInput = 1 // NF_INET_LOCAL_IN

	familyInet = 1
	familyIPv4 = 2
	familyIPv6 = 10
)

// parseChain reads one chain: a family, two bytes of no interest and a version, then
// attributes of length, kind and content, filled up to multiples of four.
func parseChain(b []byte) (chain, bool) {
	if len(b) < 4 {
		return chain{}, false
	}
	c := chain{family: b[0]}
	eachAttribute(b[4:], func(kind uint16, v []byte) {
		switch {
		case kind == 4: // NFTA_CHAIN_HOOK
			eachAttribute(v, func(kind uint16, v []byte) {
				if kind == 1 && len(v) == 4 { // NFTA_HOOK_HOOKNUM
					c.hook, c.based = binary.BigEndian.Uint32(v), true
				}
			})
		case kind == 5 && len(v) == 4: // NFTA_CHAIN_POLICY
			c.policy = binary.BigEndian.Uint32(v)
		case kind == 6 && len(v) == 4: // NFTA_CHAIN_USE
			c.uses = binary.BigEndian.Uint32(v)
		case kind == 7: // NFTA_CHAIN_TYPE
			c.kind = strings.TrimRight(string(v), "\x00")
		}
	})
	return c, true
}

// eachAttribute walks netlink attributes; what is cut short ends it.
func eachAttribute(b []byte, take func(kind uint16, v []byte)) {
	const nested = 0x3fff // the two highest bits say how the content is made
	for len(b) >= 4 {
		size := int(binary.NativeEndian.Uint16(b))
		if size < 4 || size > len(b) {
			return
		}
		take(binary.NativeEndian.Uint16(b[2:])&nested, b[4:size])
		b = b[min(len(b), (size+3)&^3):]
	}
}

// firewallOf says what base chains do with packets to the machine: drop where the
// default of IPv4 and IPv6 is to, open where there is no rule at all, rules where
// rules decide that were not read.
func firewallOf(chains []chain) string {
	var drops [2]bool
	rules := false
	for _, c := range chains {
		if !c.based || c.hook != hookInput || c.kind != "filter" {
			continue
		}
		if c.policy == 0 {
			drops[0] = drops[0] || c.family == familyInet || c.family == familyIPv4
			drops[1] = drops[1] || c.family == familyInet || c.family == familyIPv6
		}
		rules = rules || c.uses > 0
	}
	switch {
	case drops[0] && drops[1]:
		return "drop"
	case drops[0] || drops[1] || rules:
		return "rules"
	}
	return "open"
}

// Firewall says what the machine's packet filter does with packets to it, as far as
// its chains tell; single rules are not read.
func (m *Machine) Firewall() snapshot.Fact[string] {
	const source = "nftables"
	if !m.ownNetwork() {
		return snapshot.Missing[string](snapshot.Skipped, snapshot.ReasonNotCollected, source)
	}
	chains, err := readChains()
	if err != nil {
		return missing[string](err, source)
	}
	out := firewallOf(chains)
	legacy, err := m.line("/proc/net/ip_tables_names") // tables of the older interface, which only root sees
	switch s, _ := outcome(err); {
	case s == snapshot.Denied:
		return missing[string](err, "/proc/net/ip_tables_names")
	case strings.Contains(legacy, "filter") && out == "open":
		out = "rules"
	}
	return snapshot.Seen(out, source)
}
