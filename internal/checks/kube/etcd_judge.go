package kube

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/snapshot"
)

// etcd returns an effective setting of etcd by its flag's name.
func (c *comp) etcd(name string) flag {
	f := flag{name: name}
	if file := c.flag("config-file", ""); file.set || c.envFlag("config-file") != "" {
		return c.etcdFile(f)
	}
	if f = c.flag(name, ""); f.set {
		return f
	}
	switch {
	case c.Env.Known():
		for _, v := range c.Env.V {
			if v.Name == name {
				f.value, f.set = v.Value, true
			}
		}
	case c.Env.State != snapshot.Skipped && c.Source == snapshot.FromProcess:
		f.missing, f.why = snapshot.ReasonFor(c.Env.State), "the flag is not set, and the environment of the process was not readable"
	}
	return f
}

func (c *comp) envFlag(name string) string {
	for _, v := range c.Env.V {
		if v.Name == name {
			return v.Value
		}
	}
	return ""
}

// etcdFile looks a setting up in the configuration file, beside which etcd heeds
// no flag.
func (c *comp) etcdFile(f flag) flag {
	if !c.Config.Known() {
		f.missing, f.why = snapshot.ReasonFor(c.Config.State), "the configuration file was not readable"
		if c.Config.Reason != "" {
			f.missing = c.Config.Reason
		}
		return f
	}
	key := f.name
	if rest, ok := strings.CutPrefix(f.name, "peer-"); ok {
		key = "peer-transport-security." + rest
	} else if slices.Contains([]string{"cert-file", "key-file", "client-cert-auth", "trusted-ca-file", "auto-tls"}, f.name) {
		key = "client-transport-security." + f.name
	}
	if s, ok := snapshot.FieldOf(c.Config.V, key); ok {
		f.value, f.set = s.Value, true
	}
	return f
}

func etcdOff(name, good, bad string) func(*comp) check.Verdict {
	return func(c *comp) check.Verdict {
		f := c.etcd(name)
		if v, unknown := f.unknown(); unknown {
			return v
		}
		if on, _ := strconv.ParseBool(f.value); on {
			return check.Failed(bad, f.ev())
		}
		return check.Passed(good, f.ev())
	}
}

// peers asks about members only where there may be several: a store on the only
// control plane node has one.
func peers(ask func(*comp) check.Verdict) func(*comp) check.Verdict {
	return func(c *comp) check.Verdict {
		if f := c.etcd("initial-cluster"); single(c) && f.missing == "" && !strings.Contains(f.value, ",") {
			return check.Inapplicable("etcd has one member", f.ev(), ev("control plane nodes", 1))
		}
		return ask(c)
	}
}

// single reports whether the API shows a single control plane node.
func single(c *comp) bool {
	servers := 0
	for _, n := range c.p.Snapshot.Nodes {
		if n.Scope == c.Scope && n.ControlPlane {
			servers++
		}
	}
	return servers == 1 && c.p.Part(snapshot.PartClusterNodes).State == snapshot.Observed && len(components(c.p, snapshot.Etcd)) == 1
}

func urls(f flag) []string {
	var out []string
	for u := range strings.SplitSeq(f.value, ",") {
		if u = strings.TrimSpace(u); u != "" {
			out = append(out, u)
		}
	}
	return out
}

func etcdServes(c *comp) check.Verdict {
	cert, key, listen := c.etcd("cert-file"), c.etcd("key-file"), c.etcd("listen-client-urls")
	for _, f := range []flag{cert, key, listen} {
		if v, unknown := f.unknown(); unknown {
			return v
		}
	}
	evidence := []check.Evidence{listen.ev(), cert.ev(), key.ev()}
	for _, s := range urls(listen) {
		u, err := url.Parse(s)
		if err != nil {
			return check.Undecided(snapshot.ReasonUnparsable, "an address in listen-client-urls is none", evidence...)
		}
		if u.Scheme == "http" && !loopback(u.Hostname()) {
			return check.Failed("clients are served in clear", evidence...)
		}
	}
	if cert.value == "" || key.value == "" {
		return check.Failed("no certificate is set", evidence...)
	}
	return check.Passed("clients are served over TLS", evidence...)
}

func etcdCAOwn(c *comp) check.Verdict {
	ca := c.etcd("trusted-ca-file")
	if v, unknown := ca.unknown(); unknown {
		return v
	}
	if ca.value == "" {
		return check.Failed("etcd has no CA", ca.ev())
	}
	mine := c.FileBy("--trusted-ca-file")
	if mine == nil {
		mine = c.FileBy("client-transport-security.trusted-ca-file")
	}
	servers := components(c.p, snapshot.APIServer)
	if mine == nil || mine.Key == "" || len(servers) == 0 {
		return check.Undecided(snapshot.ReasonPartial, "etcd's CA, or the one of the API server's clients, was not readable", ca.ev())
	}
	for _, s := range servers {
		theirs := s.FileBy("--client-ca-file")
		if theirs == nil || theirs.Key == "" {
			return check.Undecided(snapshot.ReasonPartial, "the CA of the API server's clients was not readable", ca.ev())
		}
		if theirs.Key == mine.Key {
			return check.Failed("etcd and the API server's clients share a CA", ca.ev(), ev("--client-ca-file of the API server", theirs.Path))
		}
	}
	return check.Passed("etcd has a CA of its own", ca.ev(), ev("hash of its key", mine.Key[:min(12, len(mine.Key))]))
}

func etcdOpen(c *comp) check.Verdict {
	listen, metrics, auth := c.etcd("listen-client-urls"), c.etcd("listen-metrics-urls"), c.etcd("client-cert-auth")
	for _, f := range []flag{listen, metrics, auth} {
		if v, unknown := f.unknown(); unknown {
			return v
		}
	}
	demands, _ := strconv.ParseBool(auth.value)
	evidence := []check.Evidence{listen.ev(), metrics.ev(), auth.ev()}
	for _, s := range urls(listen) {
		if u, err := url.Parse(s); err != nil || !loopback(u.Hostname()) && (!demands || u.Scheme == "http") {
			return check.Failed("clients may come over the network without a certificate", evidence...)
		}
	}
	clear := map[string]bool{}
	for _, s := range urls(metrics) {
		u, err := url.Parse(s)
		if err != nil || u.Scheme == "http" && !loopback(u.Hostname()) {
			return check.Failed("metrics are served in clear over the network", evidence...)
		}
		clear[u.Port()] = u.Scheme == "http"
	}
	for _, l := range c.Ports.V { // what really listens, whatever the settings say
		if a, err := netip.ParseAddr(l.Address); err == nil && !a.IsLoopback() && clear[strconv.Itoa(int(l.Port))] {
			return check.Failed("the port of metrics in clear listens on the network", append(evidence, ev("socket", fmt.Sprintf("%s:%d", l.Address, l.Port)))...)
		}
	}
	return check.Passed("over the network etcd asks for a certificate", evidence...)
}

const gibibyte = 1 << 30

func etcdQuota(c *comp) check.Verdict {
	quota := c.etcd("quota-backend-bytes")
	if v, unknown := quota.unknown(); unknown {
		return v
	}
	bytes := int64(2 * gibibyte)
	if quota.value != "" && quota.value != "0" {
		n, err := strconv.ParseInt(quota.value, 10, 64)
		if err != nil {
			return quota.garbled()
		}
		bytes = n
	}
	e := []check.Evidence{ev("quota-backend-bytes", fmt.Sprintf("%s (%d MiB)", orUnset(quota.value), bytes>>20))}
	if least, most := min(max(c.p.Int("min_quota"), 0), 1<<20)*gibibyte, min(max(c.p.Int("max_quota"), 0), 1<<20)*gibibyte; bytes < least || bytes > most {
		return check.Failed("the quota is outside what policy allows", e...)
	}
	for _, s := range components(c.p, snapshot.APIServer) {
		if v, set := s.Flag("etcd-compaction-interval"); set && (v == "0" || v == "0s") && c.etcd("auto-compaction-retention").value == "" {
			return check.Failed("nothing compacts the store", append(e, ev("--etcd-compaction-interval", v))...)
		}
	}
	if !c.Stored.Known() {
		return check.Undecided(snapshot.ReasonNotCollected, "quota and compaction are right; how much of the quota is in use was not collected", e...)
	}
	used := c.Stored.V / max(bytes/100, 1)
	e = append(e, ev("size of the database", fmt.Sprintf("%d MiB, %d percent of the quota", c.Stored.V>>20, used)))
	if used >= c.p.Int("max_used") {
		return check.Failed("the quota is nearly used up", e...)
	}
	return check.Passed("the store is bounded, compacted and has room", e...)
}

// asked leaves a question to a person.
func asked(question string) func(*comp) check.Verdict {
	return func(c *comp) check.Verdict {
		if _, ok := c.p.Answer(); !ok {
			return check.Undecided(snapshot.ReasonUndeclared, question)
		}
		return check.Verdict{Status: check.Manual, Message: question}
	}
}

func members(c *comp) check.Verdict {
	servers, seen := 0, c.p.Part(snapshot.PartClusterNodes).State == snapshot.Observed
	for _, n := range c.p.Snapshot.Nodes {
		if n.Scope == c.Scope && n.ControlPlane {
			servers++
		}
	}
	f := c.etcd("initial-cluster")
	if f.missing == "" && strings.Contains(f.value, "=") && strings.Count(f.value, ",") == 0 && c.etcd("initial-cluster-state").value != "existing" && (!seen || servers == 1) {
		return check.Failed("etcd began with one member, and nothing shows more", f.ev(), ev("control plane nodes", knownCount(servers, seen)))
	}
	list := components(c.p, snapshot.Etcd)
	if seen && servers > 0 && len(list) == servers { // every control plane node was looked at
		e := ev("nodes with an etcd", len(list))
		switch {
		case len(list) < 3 || len(list)%2 == 0:
			return check.Failed("etcd does not have an odd number of at least three members", e)
		case !allReady(c):
			return check.Failed("a node with a member of etcd is not ready", e)
		}
		return check.Passed("an odd number of members runs on different nodes that are ready", e)
	}
	if seen && servers > 0 && servers%2 == 0 {
		return check.Undecided(snapshot.ReasonNotCollected, "the number of control plane nodes is even; which of them are members of etcd was not collected", ev("control plane nodes", servers))
	}
	return check.Undecided(snapshot.ReasonNotCollected, "which members etcd has, and whether they are healthy, was not collected", f.ev(), ev("control plane nodes", knownCount(servers, seen)))
}

func knownCount(n int, seen bool) string {
	if !seen {
		return "not collected"
	}
	return strconv.Itoa(n)
}

// allReady reports whether every control plane node is ready.
func allReady(c *comp) bool {
	return !slices.ContainsFunc(c.p.Snapshot.Nodes, func(n snapshot.Node) bool { return n.Scope == c.Scope && n.ControlPlane && !n.Ready })
}
