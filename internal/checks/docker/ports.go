package docker

import (
	"net/netip"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

const portForm = "; written 8080/tcp, or web:8080/tcp for one container"

var noPrivilegedPorts = &check.Check{
	ID:    "container-no-privileged-host-ports",
	Title: "No privileged host port is published",
	Why: "Clients trust that whoever answers on a low port was started by the administrator: a container that holds 22 or 53 of the host speaks in the host's name. " +
		"The border is the kernel's ip_unprivileged_port_start, 1024 unless it was moved; 1024 itself is no privileged port, which one tool gets wrong.",
	Remedy:   "Publish a higher port, behind a proxy that holds the low one, or put it on the policy list. No measure does this: whoever calls it must learn the new port.",
	Severity: check.Medium, Subject: snapshot.KindContainer, Zone: model.ZoneHost, Surface: model.SurfaceInsecureDefaults, STRIDE: "SE", Tier: 1,
	Refs:  check.CIS(1, "5.7", "5.8", ""),
	Forms: []check.Form{check.Live, check.Compose},
	Needs: []snapshot.Part{snapshot.PartEngineContainers},
	Reads: []string{"ports", "networkMode"},
	Params: []check.Param{{
		Name: "allowed_ports", Unit: "list", Meaning: "host ports left out of the rule, empty means that nothing is" + portForm,
	}},
	Run: func(p *check.Probe) {
		list, _ := p.List("allowed_ports")
		rules := portRules(list)
		judgeNamed(p, named(rules), func(b *box, who snapshot.Subject) check.Verdict { return b.highPorts(rules, who) })
	},
}

var portsBound = &check.Check{
	ID:    "container-ports-bound-to-interface",
	Title: "Published ports are bound to a chosen address",
	Why: "A port published without an address listens on every interface, past the host's own firewall rules, since the engine adds its own in front of them. " +
		"0.0.0.0, :: and nothing mean every interface, unless the network or the engine sets another default. " +
		"In a network with gateway mode routed no address can be chosen: the port is open at the container's own. " +
		"Before engine 28, a port bound to loopback could be reached from machines on the same network segment.",
	Remedy:   "Publish with an address: -p 127.0.0.1:8080:80, or the address of the interface that is meant. The measure binds to the address that you set as bind_address, and to none by itself.",
	Severity: check.Medium, Subject: snapshot.KindContainer, Zone: model.ZoneHost, Surface: model.SurfaceInsecureDefaults, STRIDE: "I", Tier: 1,
	Refs:  check.CIS(1, "5.13", "5.14", ""),
	Forms: []check.Form{check.Live, check.Compose},
	Needs: []snapshot.Part{snapshot.PartEngineContainers},
	Reads: []string{"ports", "networkMode"},
	Params: []check.Param{{
		Name: "allowed_ports", Unit: "list", Meaning: "container and port pairs left out of the rule, by the container's port, empty means that nothing is" + portForm,
	}, bindAddress},
	Run: func(p *check.Probe) {
		list, _ := p.List("allowed_ports")
		rules := portRules(list)
		judgeNamed(p, named(rules), func(b *box, who snapshot.Subject) check.Verdict { return b.boundPorts(rules, who) })
	},
	Fixes: []check.Fix{{Title: "bind its ports to the address of the policy", Kind: step.ContainerRecreate, Step: bindPorts}},
}

var onlyNeededPorts = &check.Check{
	ID:    "container-only-needed-ports",
	Title: "Only declared ports are published",
	Why: "Every published port is a door that somebody must watch. Which ones are needed no tool can know, so the question goes to the policy: " +
		"what is on the list was meant, what is not was forgotten. A container that publishes nothing needs no list.",
	Remedy:   "List the ports that are meant, as container-only-needed-ports.allowed_ports, and publish no other. The measure takes the others away once the list exists.",
	Severity: check.Medium, Subject: snapshot.KindContainer, Zone: model.ZoneHost, Surface: model.SurfaceInsecureDefaults, STRIDE: "I", Tier: 1,
	Refs:  check.CIS(1, "5.8", "5.9", ""),
	Forms: []check.Form{check.Live, check.Compose},
	Needs: []snapshot.Part{snapshot.PartEngineContainers},
	Reads: []string{"ports", "networkMode"},
	Params: []check.Param{{
		Name: "allowed_ports", Unit: "list", Meaning: "ports that are meant to be published, by the container's port" + portForm, Question: true,
	}},
	Run: func(p *check.Probe) {
		list, declared := p.List("allowed_ports")
		rules := portRules(list)
		judgeNamed(p, named(rules), func(b *box, who snapshot.Subject) check.Verdict { return b.neededPorts(rules, declared, who) })
	},
	Fixes: []check.Fix{{Title: "publish declared ports only", Kind: step.ContainerRecreate, Step: unpublish}},
}

// published returns the ports that a container publishes, or the verdict that
// it publishes none or that this is not known.
func (b *box) published() ([]snapshot.Port, check.Verdict) {
	mode := b.spec.NetworkMode
	if b.spec.FirstUnread("networkMode") != "" {
		return nil, b.at.p.NotUnderstood("networkMode") // it decides whether bindings count
	}
	switch network := netNamespace.own(b); {
	case mode == "host", network.Status == check.Fail:
		// Rules of published ports say nothing of what listens on the host itself.
		return nil, check.Inapplicable("it is in the host's network, where what it listens on is open without being published; container-no-host-network judges that",
			ev("HostConfig.NetworkMode", orDefault(mode)))
	case network.Status == check.Unknown:
		return nil, network
	case mode == "none" || strings.HasPrefix(mode, "container:"):
		return nil, check.Passed("no port is published", ev("HostConfig.NetworkMode", mode))
	case len(b.spec.Ports) == 0:
		return nil, check.Passed("no port is published", ev("HostConfig.PortBindings", "none"))
	}
	return b.spec.Ports, check.Verdict{}
}

const privilegedBelow = 1024

func (b *box) highPorts(rules []portRule, who snapshot.Subject) check.Verdict {
	ports, none := b.published()
	if ports == nil {
		return none
	}
	start, source := privilegedBelow, "default of ip_unprivileged_port_start"
	if b.host != nil && b.host.PortStart > 0 {
		start, source = b.host.PortStart, "net.ipv4.ip_unprivileged_port_start"
	}
	var h hits
	for _, p := range ports {
		if p.HostPort != 0 && int(p.HostPort) < start && !allow(rules, who, p.HostPort, p.Proto) {
			h.add("HostConfig.PortBindings", binding(p))
		}
	}
	border := ev(source, start)
	if len(h.evidence) > 0 {
		return h.note(check.Failed("privileged host ports are published", append(h.evidence, border)...))
	}
	return check.Passed("no privileged host port is published", ev("HostConfig.PortBindings", len(ports)), border)
}

func (b *box) boundPorts(rules []portRule, who snapshot.Subject) check.Verdict {
	ports, none := b.published()
	if ports == nil {
		return none
	}
	fallback, source := b.defaultBinding()
	var h hits
	loopback, routed := false, false
	for _, p := range ports {
		ip := p.HostIP
		if ip == "" {
			ip = fallback
		}
		switch {
		case p.Routed && !allow(rules, who, p.ContainerPort, p.Proto):
			h.add("NetworkSettings.Ports", binding(p))
			routed = true
		case p.Routed:
		case wildcard(ip) && !allow(rules, who, p.ContainerPort, p.Proto):
			h.add("HostConfig.PortBindings", binding(p))
		case isLoopback(ip):
			loopback = true
		}
	}
	v := check.Passed("every published port is bound to a chosen address", ev("HostConfig.PortBindings", len(ports)))
	if len(h.evidence) > 0 {
		how := "ports are published on every interface"
		if routed {
			how = "ports are open to whoever can route to the container"
		}
		v = h.note(check.Failed(how, h.evidence...))
	}
	if fallback != "" {
		v.Evidence = append(v.Evidence, ev(source, fallback))
	}
	if loopback && b.engine != nil {
		if engine, ok := parseVersion(b.engine.Version); ok && !engine.atLeast(28, 0, 0) {
			v = v.Note("before engine 28, ports bound to loopback can be reached from the same network segment; this is engine " + b.engine.Version)
		}
	}
	return v
}

// defaultBinding returns the address that ports published without one get, ""
// where it is every interface.
func (b *box) defaultBinding() (ip, source string) {
	const option = "com.docker.network.bridge.host_binding_ipv4"
	if b.engine == nil {
		return "", ""
	}
	name := b.spec.NetworkMode
	onDefault := name == "" || name == "default" || name == "bridge"
	if onDefault {
		name = "bridge"
	}
	if w := b.at.network(name); w != nil {
		for _, o := range w.Options {
			if o.Key == option && !wildcard(o.Value) {
				return o.Value, "network option " + option
			}
		}
	}
	if onDefault {
		if s := b.at.engine().setting("ip"); s.known() && !wildcard(s.str("")) {
			return s.str(""), "engine's default ip"
		}
	}
	return "", ""
}

func wildcard(ip string) bool {
	if ip == "" {
		return true
	}
	a, err := netip.ParseAddr(strings.Trim(ip, "[]"))
	return err == nil && a.Unmap().IsUnspecified()
}

func isLoopback(ip string) bool {
	a, err := netip.ParseAddr(strings.Trim(ip, "[]"))
	return err == nil && a.Unmap().IsLoopback()
}

func (b *box) neededPorts(rules []portRule, declared bool, who snapshot.Subject) check.Verdict {
	ports, none := b.published()
	if ports == nil {
		return none
	}
	var h hits
	for _, p := range ports {
		if !declared || !allow(rules, who, p.ContainerPort, p.Proto) {
			h.add("HostConfig.PortBindings", binding(p))
		}
	}
	switch {
	case !declared:
		return h.note(check.Undecided(snapshot.ReasonUndeclared, "it publishes ports, and which are meant was not declared", h.evidence...))
	case len(h.evidence) > 0:
		return h.note(check.Failed("ports are published that are not on the declared list", h.evidence...))
	}
	return check.Passed("every published port is on the declared list", ev("HostConfig.PortBindings", len(ports)))
}
