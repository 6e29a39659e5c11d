package kube

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"plimsoll/internal/check"
	"plimsoll/internal/snapshot"
)

// etcdRows are the rows about the store of the cluster. A setting is what the
// configuration file says where one is given, else the flag, else ETCD_ variables.
var etcdRows = []row{
	{
		id: "etcd-server-cert", title: "etcd serves clients over TLS", sev: check.High, stride: "SI", n111: "2.1", n112: "2.1",
		why:    "Over an address in clear everyone in between reads every secret of the cluster and may change what is read.",
		remedy: "Set --cert-file and --key-file and use https in --listen-client-urls.",
		byHand: "API servers must speak TLS at the same moment, or the cluster stops.",
		run:    etcdServes,
	},
	{
		id: "etcd-client-cert-auth", title: "etcd demands client certificates", sev: check.Critical, stride: "SE", n111: "2.2", n112: "2.2",
		why:    "Whoever may ask etcd without a certificate reads every secret and writes every right: it knows none of the API server's rules.",
		remedy: "Set --client-cert-auth=true and --trusted-ca-file to a CA of etcd's own.",
		run: func(c *comp) check.Verdict {
			auth, ca := c.etcd("client-cert-auth"), c.etcd("trusted-ca-file")
			if v, unknown := auth.unknown(); unknown {
				return v
			}
			on, _ := strconv.ParseBool(auth.value)
			switch {
			case !on:
				return check.Failed("clients need no certificate", auth.ev())
			case ca.value == "":
				return check.Failed("no CA of clients is set", auth.ev(), ca.ev())
			}
			return check.Passed("clients need a certificate", auth.ev(), ca.ev())
		},
	},
	{
		id: "etcd-no-auto-tls", title: "etcd accepts no self-signed client certificates", sev: check.High, stride: "S", n111: "2.3", n112: "2.3",
		why:    "With auto-tls etcd makes a certificate that no client can verify, so clients learn to verify none.",
		remedy: "Remove --auto-tls.",
		run:    etcdOff("auto-tls", "etcd makes no certificate of its own", "etcd shows clients a certificate that it made itself"),
	},
	{
		id: "etcd-peer-cert", title: "etcd peers talk over TLS", sev: check.High, stride: "SI", n111: "2.4", n112: "2.4",
		why:    "Members copy every secret to each other; in clear, everyone in between reads along or joins in.",
		remedy: "Set --peer-cert-file and --peer-key-file and use https for peers.",
		run: peers(func(c *comp) check.Verdict {
			cert, key := c.etcd("peer-cert-file"), c.etcd("peer-key-file")
			if v, unknown := cert.unknown(); unknown {
				return v
			}
			if cert.value == "" || key.value == "" {
				return check.Failed("peers talk in clear", cert.ev(), key.ev())
			}
			return check.Passed("peers talk over TLS", cert.ev(), key.ev())
		}),
	},
	{
		id: "etcd-peer-client-cert-auth", title: "etcd peers verify each other", sev: check.High, stride: "S", n111: "2.5", n112: "2.5",
		why:    "Without certificates anyone who reaches the peer port may join as a member and receive the whole store.",
		remedy: "Set --peer-client-cert-auth=true and --peer-trusted-ca-file.",
		run: peers(func(c *comp) check.Verdict {
			f := c.etcd("peer-client-cert-auth")
			if v, unknown := f.unknown(); unknown {
				return v
			}
			if on, _ := strconv.ParseBool(f.value); !on {
				return check.Failed("peers need no certificate", f.ev())
			}
			return check.Passed("peers need a certificate", f.ev())
		}),
	},
	{
		id: "etcd-no-peer-auto-tls", title: "etcd peers use no self-signed certificates", sev: check.High, stride: "S", n111: "2.6", n112: "2.6",
		why:    "Certificates that members make themselves prove nothing, so that anyone may be a member.",
		remedy: "Remove --peer-auto-tls.",
		run:    peers(etcdOff("peer-auto-tls", "peers make no certificate of their own", "peers show certificates that they made themselves")),
	},
	{
		id: "etcd-unique-ca", title: "etcd has its own CA", sev: check.Medium, stride: "SE", n111: "2.7", n112: "2.7",
		why:    "Under a shared CA every client certificate of the cluster, each kubelet's too, opens etcd past all rules of the API server. The public keys are compared, so that one CA under two names does not hide.",
		remedy: "Make a CA for etcd, sign the API server's etcd certificate with it, and set --trusted-ca-file.",
		byHand: "Members and API servers must change their certificates together.",
		run:    etcdCAOwn,
	},
	{
		id: "etcd-listen-not-public", title: "etcd is not open to the network without authentication", sev: check.Critical, stride: "I",
		why:     "A listener on every address that asks for no certificate is the whole cluster for whoever finds it; metrics in clear tell what is stored. Real sockets are looked at beside the settings.",
		remedy:  "Listen on the addresses that API servers use, demand certificates there, and keep --listen-metrics-urls on loopback.",
		covered: []string{"etcd-client-cert-auth"},
		run:     etcdOpen,
	},
	{
		id: "etcd-quota-and-compaction", title: "etcd storage is bounded and compacted", sev: check.Medium, stride: "D", tier: 2,
		why:    "At its quota etcd refuses every write. Without compaction old versions fill it; a quota above eight gibibytes is more than etcd is made for.",
		remedy: "Set --quota-backend-bytes between 2 and 8 GiB, leave the API server's compaction on, and watch the size.",
		params: []check.Param{
			{Name: "min_quota", Unit: "gibibytes", Default: []string{"2"}, Meaning: "smallest quota"},
			{Name: "max_quota", Unit: "gibibytes", Default: []string{"8"}, Meaning: "largest quota"},
			{Name: "max_used", Unit: "percent", Default: []string{"80"}, Meaning: "share of the quota in use"},
		},
		run: etcdQuota,
	},
	{
		id: "etcd-backup-encrypted", title: "etcd backups are encrypted", sev: check.High, stride: "I", tier: 2,
		why:    "A snapshot is the whole cluster in one file, secrets included. Where it lies, and who may read it there, no part of the cluster knows.",
		remedy: "Encrypt snapshots, keep the key elsewhere, and answer in plimsoll.yaml under answers with status, owner, date and where.",
		byHand: "Where backups go, and how they are kept, people decide.",
		run:    asked("how are backups of etcd encrypted, and where is the key?"),
	},
	{
		id: "etcd-backup-recent", title: "A recent etcd backup exists", sev: check.Medium, stride: "D", tier: 2,
		why:    "A lost store without a backup is a lost cluster; a backup that was never restored is a hope.",
		remedy: "Take a snapshot every day, restore one every few months, and answer in plimsoll.yaml under answers with status, owner, date and where.",
		byHand: "Where backups go, and whether they can be restored, people know.",
		params: []check.Param{
			{Name: "max_age", Unit: "hours", Default: []string{"24"}, Meaning: "age of the newest snapshot"},
			{Name: "max_restore_age", Unit: "days", Default: []string{"90"}, Meaning: "age of the newest restore record"},
		},
		run: func(c *comp) check.Verdict {
			if a, ok := c.p.Answer(); ok && c.p.Now.Sub(a.Date) > hours(24*min(c.p.Int("max_restore_age"), 36500)) {
				return check.Undecided(snapshot.ReasonUndeclared, "the record of "+a.Date.Format(time.DateOnly)+" is older than policy allows")
			}
			return asked("when was the newest backup of etcd made, and when was one restored?")(c)
		},
	},
	{
		id: "etcd-members-odd-three-or-more", title: "etcd has an odd number of at least three members", sev: check.Medium, stride: "D", tier: 2,
		why:    "With one member the store is gone with its machine; with two, either one stops all writes.",
		remedy: "Run three or five control plane nodes with a member each.",
		byHand: "It takes more machines.",
		run:    members,
	},
}

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
	return check.Undecided(snapshot.ReasonNotCollected, "quota and compaction are right; how much of the quota is in use was not collected", e...)
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
