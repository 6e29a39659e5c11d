package snapshot

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// addresses replaces IP addresses wherever they stand in s.
func (sc *scrubber) addresses(s string) string {
	var b strings.Builder
	last := 0
	for _, m := range addressLike.FindAllStringIndex(s, -1) {
		if m[0] > 0 && wordByte(s[m[0]-1]) || m[1] < len(s) && wordByte(s[m[1]]) {
			continue
		}
		b.WriteString(s[last:m[0]])
		b.WriteString(sc.address(s[m[0]:m[1]]))
		last = m[1]
	}
	return b.String() + s[last:]
}

// address replaces one token that may be an address, with or without a port.
func (sc *scrubber) address(tok string) string {
	core := strings.TrimRight(tok, ".:")
	tail := tok[len(core):]
	if a, err := netip.ParseAddr(tok); err == nil {
		return sc.standIn(a)
	}
	if a, err := netip.ParseAddr(core); err == nil {
		return sc.standIn(a) + tail
	}
	if p, err := netip.ParseAddrPort(core); err == nil {
		return sc.standIn(p.Addr()) + ":" + strconv.Itoa(int(p.Port())) + tail
	}
	return tok
}

// standIn maps an address to another of its class.
func (sc *scrubber) standIn(a netip.Addr) string {
	if a.IsLoopback() || a.IsUnspecified() {
		return a.String()
	}
	if s, ok := sc.addrs[a]; ok {
		return s
	}
	prefix := classPrefix(a)
	s := sc.fresh(prefix, func(n int) string {
		if a.Is4() {
			return fmt.Sprintf("%s.%d.%d", prefix, n>>8&0xff, n&0xff)
		}
		return fmt.Sprintf("%s::%x", prefix, n)
	})
	sc.addrs[a] = s
	return s
}

// classPrefix is the block that stands for the class of an address.
func classPrefix(a netip.Addr) string {
	four := a.Is4()
	switch {
	case a.IsPrivate() && four:
		return "10.99"
	case a.IsPrivate():
		return "fd00"
	case a.IsLinkLocalUnicast() && four:
		return "169.254"
	case a.IsLinkLocalUnicast():
		return "fe80"
	case a.IsMulticast() && four:
		return "239.0"
	case a.IsMulticast():
		return "ff05"
	case four:
		return "198.18"
	}
	return "2001:db8"
}
