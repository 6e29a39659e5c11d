package kube

import (
	"cmp"
	"fmt"
	"net/netip"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

// proxyRows are the rows about kube-proxy. With --config the file decides, and its
// own flags are not heeded.
var proxyRows = []row{
	{
		id: "kube-proxy-metrics-localhost", title: "kube-proxy metrics listen on loopback only", sev: check.Medium, stride: "I", n111: "4.3.1", n112: "4.3.1", zone: model.ZoneNodeRuntime,
		why:    "The endpoint asks nobody who he is; it tells about services and, with its profiler and configuration pages, more. The real socket is looked at.",
		remedy: "Set metricsBindAddress to 127.0.0.1:10249, or leave it empty.",
		run:    proxyMetrics,
	},
	{
		id: "kube-proxy-route-localnet", title: "Node-local services are not routed to the network", sev: check.Low, stride: "SI", tier: 2, zone: model.ZoneNodeRuntime,
		why:    "So that node ports answer on loopback too, kube-proxy has the kernel route packets for 127.0.0.0/8 from the network. Services that listen there because nobody else should reach them are then one firewall rule away from neighbours (CVE-2020-8558).",
		remedy: "Set iptables.localhostNodePorts: false, or use the mode nftables, and set net.ipv4.conf.all.route_localnet to 0.",
		run:    routeLocalnet,
	},
}

// proxySetting returns a setting of kube-proxy: of the file when there is one.
func (c *comp) proxySetting(key, name, byDefault string) flag {
	if file := c.flag("config", ""); file.value == "" {
		return c.flag(name, byDefault)
	}
	f := flag{name: name, value: byDefault}
	if !c.Config.Known() {
		f.missing, f.why = cmp.Or(c.Config.Reason, snapshot.ReasonFor(c.Config.State), snapshot.ReasonPartial), "its configuration file was not readable"
		return f
	}
	if s, ok := snapshot.FieldOf(c.Config.V, key); ok && s.Value != "" {
		f.value, f.set = s.Value, true
	}
	return f
}

func proxyMetrics(c *comp) check.Verdict {
	f := c.proxySetting("metricsBindAddress", "metrics-bind-address", "127.0.0.1:10249")
	host, port := f.value, "10249"
	if a, err := netip.ParseAddrPort(f.value); err == nil {
		host, port = a.Addr().String(), fmt.Sprint(a.Port())
	} else if name, after, ok := strings.Cut(f.value, ":"); ok && !strings.Contains(after, ":") {
		host, port = name, after
	}
	for _, l := range c.Ports.V {
		if a, err := netip.ParseAddr(l.Address); err == nil && fmt.Sprint(l.Port) == port && !a.IsLoopback() {
			return check.Failed("metrics are open to the network", f.ev(), ev("socket", fmt.Sprintf("%s:%d", l.Address, l.Port)))
		}
	}
	if v, unknown := f.unknown(); unknown {
		return v
	}
	if !loopback(host) {
		return check.Failed("metrics are set to listen on the network", f.ev())
	}
	return check.Passed("metrics listen on loopback", f.ev())
}

func routeLocalnet(c *comp) check.Verdict {
	local := c.proxySetting("iptables.localhostNodePorts", "iptables-localhost-nodeports", "true")
	mode := c.proxySetting("mode", "proxy-mode", "iptables")
	evidence := []check.Evidence{mode.ev(), local.ev()}
	if n := c.p.Snapshot.NodeOf(c.Scope, c.Host); n != nil && n.Forward.Known() {
		evidence = append(evidence, ev("net.ipv4.conf.all.route_localnet", n.Forward.V))
	}
	for _, f := range []flag{mode, local} {
		if v, unknown := f.unknown(); unknown {
			return v
		}
	}
	if mode.value == "nftables" {
		return check.Passed("the mode nftables does not route loopback", evidence...)
	}
	on, ok := local.bool()
	switch {
	case !ok:
		return local.garbled()
	case on:
		return check.Failed("packets for loopback addresses are routed from the network", evidence...)
	}
	return check.Passed("node ports do not answer on loopback", evidence...)
}
