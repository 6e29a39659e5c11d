package snapshot

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// portBinding is where one port of the container, such as 80/tcp, is published:
// ADDRESS:PORT, several separated by commas, in order. An address that was not
// given is 0.0.0.0, which is what the engine makes of it.
func portBinding(key string) Field {
	of := func(p Port) bool { return fmt.Sprintf("%d/%s", p.ContainerPort, p.Proto) == key }
	return Field{
		Path: "ports",
		Get: func(s *ContainerSpec) string {
			var out []string
			for _, p := range s.Ports {
				if of(p) {
					ip, err := netip.ParseAddr(cmp.Or(strings.Trim(p.HostIP, "[]"), "0.0.0.0"))
					if err != nil {
						return ""
					}
					out = append(out, netip.AddrPortFrom(ip, p.HostPort).String())
				}
			}
			slices.Sort(out)
			return strings.Join(out, ",")
		},
		Set: func(s *ContainerSpec, _ *Runtime, v string) error {
			at, err := ParseBindings(v)
			if err != nil {
				return err
			}
			number, proto, _ := strings.Cut(key, "/")
			inside, err := strconv.ParseUint(number, 10, 16)
			if err != nil {
				return fmt.Errorf("port %.40q is no number", key)
			}
			list := without(s.Ports, of)
			for _, a := range at {
				list = append(list, Port{Proto: proto, ContainerPort: uint16(inside), HostIP: a.Addr().String(), HostPort: a.Port()})
			}
			slices.SortFunc(list, func(a, b Port) int {
				return cmp.Or(cmp.Compare(a.ContainerPort, b.ContainerPort), strings.Compare(a.Proto, b.Proto),
					strings.Compare(a.HostIP, b.HostIP), cmp.Compare(a.HostPort, b.HostPort))
			})
			s.Ports = list
			return nil
		},
	}
}

// ParseBindings reads what a port's field holds.
func ParseBindings(v string) ([]netip.AddrPort, error) {
	if v == "" {
		return nil, nil
	}
	var out []netip.AddrPort
	for word := range strings.SplitSeq(v, ",") {
		a, err := netip.ParseAddrPort(word)
		if err != nil || a.Addr().Zone() != "" {
			return nil, fmt.Errorf("binding %.60q is not ADDRESS:PORT", word)
		}
		out = append(out, a)
	}
	return out, nil
}
