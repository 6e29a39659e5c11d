package kube

import (
	"strconv"
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
