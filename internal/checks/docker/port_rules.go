package docker

import (
	"fmt"
	"strconv"
	"strings"

	"plimsoll/internal/snapshot"
)

// portRule is one entry of a list of ports: 8080/tcp, 8080, or web:8080/tcp for
// the container with that name or key only.
type portRule struct {
	container string
	port      uint16
	proto     string
}

// portRules reads a list of policy. An entry that is no port allows nothing.
func portRules(list []string) []portRule {
	rules := make([]portRule, 0, len(list))
	for _, entry := range list {
		var r portRule
		rest := strings.TrimSpace(entry)
		if i := strings.LastIndexByte(rest, ':'); i >= 0 {
			r.container, rest = rest[:i], rest[i+1:]
		}
		number, proto, found := strings.Cut(rest, "/")
		if r.proto = strings.ToLower(proto); !found {
			r.proto = "tcp"
		}
		n, err := strconv.ParseUint(number, 10, 16)
		if err != nil || n == 0 {
			continue
		}
		r.port = uint16(n)
		rules = append(rules, r)
	}
	return rules
}

// named returns the containers that the rules speak of.
func named(rules []portRule) map[string]bool {
	m := make(map[string]bool)
	for _, r := range rules {
		if r.container != "" {
			m[r.container] = true
		}
	}
	return m
}

// allow reports whether a rule covers a port of a container.
func allow(rules []portRule, who snapshot.Subject, port uint16, proto string) bool {
	for _, r := range rules {
		if r.port != port || r.proto != proto {
			continue
		}
		if r.container == "" || who.Key != "" && (r.container == who.Name || r.container == who.Key) {
			return true
		}
	}
	return false
}

// binding writes a published port as docker port does.
func binding(p snapshot.Port) string {
	if p.Routed {
		return fmt.Sprintf("%d/%s at the container's own address", p.ContainerPort, p.Proto)
	}
	host := "a port chosen at start"
	if p.HostPort != 0 {
		host = strconv.Itoa(int(p.HostPort))
	}
	ip := p.HostIP
	if ip == "" {
		ip = "any address"
	}
	return fmt.Sprintf("%d/%s on %s, %s", p.ContainerPort, p.Proto, ip, host)
}
