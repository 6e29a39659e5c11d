package kube

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"plimsoll/internal/check"
	"plimsoll/internal/snapshot"
)

// apiTLS are the rows about keys, certificates and what is encrypted with them.
var apiTLS = []row{
	{
		id: "apiserver-kubelet-client-cert", title: "The API server presents a client certificate to kubelets", sev: check.High, stride: "ST", n111: "1.2.4", n112: "1.2.4",
		why:    "Kubelets know the API server by this certificate. Without it they must let in whoever asks, or exec and logs fail. The files are read: the certificate is in date and the key is its own.",
		remedy: "Set --kubelet-client-certificate and --kubelet-client-key to a pair that the kubelets' client CA signed.",
		run: func(c *comp) check.Verdict {
			return keyPair(c, "kubelet-client-certificate", "kubelet-client-key", "kubelets cannot tell the API server from anybody else")
		},
	},
	{
		id: "apiserver-kubelet-ca", title: "The API server verifies kubelet certificates", sev: check.Medium, stride: "ST", n111: "1.2.5", n112: "1.2.5",
		why:    "Without a CA the API server takes any certificate for a kubelet's: who stands in between reads logs and the input of exec, and answers in the node's name. The flag alone is not enough: kubelets must show certificates of that CA, or exec and logs break.",
		remedy: "Give kubelets signed serving certificates (serverTLSBootstrap: true, and approve their requests), then set --kubelet-certificate-authority.",
		byHand: "Set before the kubelets have signed certificates, the flag breaks logs, exec and metrics of every node.",
		run:    kubeletCA,
	},
	{
		id: "apiserver-etcd-client-cert", title: "The API server authenticates to etcd with a certificate", sev: check.High, stride: "SI", n111: "1.2.23", n112: "1.2.23",
		why:    "An etcd that lets the API server in without a certificate lets everyone in, and who reaches etcd has every secret and every right of the cluster.",
		remedy: "Set --etcd-certfile and --etcd-keyfile, and --client-cert-auth=true on etcd.",
		run:    etcdPair,
	},
	{
		id: "apiserver-tls-serving-cert", title: "The API server serves a valid certificate", sev: check.High, stride: "SI", n111: "1.2.24", n112: "1.2.24",
		why:    "Without a certificate of its own the API server makes one that no client can verify. The file is read: it is in date, covers the advertised address, is signed by something else than itself, and the key is its own.",
		remedy: "Set --tls-cert-file and --tls-private-key-file to a certificate of the cluster's CA that names the advertised address.",
		run:    servingCert,
	},
	{
		id: "apiserver-client-ca", title: "The API server verifies client certificates", sev: check.High, stride: "S", n111: "1.2.25", n112: "1.2.25",
		why:    "Without a client CA components cannot sign in by certificate, and what replaces it is mostly weaker.",
		remedy: "Set --client-ca-file to the cluster's CA.",
		run:    given("client-ca-file", "client certificates are verified", "no CA for client certificates is set"),
	},
	{
		id: "apiserver-etcd-ca", title: "The API server verifies etcd", sev: check.High, stride: "SI", n111: "1.2.26", n112: "1.2.26",
		why:    "Without the CA the API server would speak to whatever answers at etcd's address and hand it every secret it writes. An address in clear is only tolerable on loopback.",
		remedy: "Set --etcd-cafile and use https addresses in --etcd-servers.",
		run:    etcdCA,
	},
	{
		id: "apiserver-encryption-config-set", title: "Encryption at rest is configured", sev: check.High, stride: "I", n111: "1.2.27", n112: "1.2.27",
		why:    "Without it secrets stand in clear in etcd, its snapshots and its backups.",
		remedy: "Write an EncryptionConfiguration, set --encryption-provider-config, and write all secrets anew.",
		byHand: "The keys must be kept where they survive this machine: lost keys are lost secrets.",
		run: func(c *comp) check.Verdict {
			f := c.flag("encryption-provider-config", "")
			if v, unknown := f.unknown(); unknown {
				return v
			}
			if f.value == "" {
				return check.Failed("what the API server stores is not encrypted", f.ev())
			}
			if c.API == nil || !c.API.Encryption.Known() {
				return unread(c, "encryption-provider-config", f.ev())
			}
			return check.Passed("a configuration of encryption is set and readable", f.ev())
		},
	},
	{
		id: "apiserver-encryption-providers", title: "Secrets are encrypted with a strong provider first", sev: check.High, stride: "I", n111: "1.2.28", n112: "1.2.28",
		why:    "The first provider of the entry that covers secrets writes them; identity in its place writes them in clear. Keys of the file's own providers stand in that file, so nobody else may read it.",
		remedy: "Put kms (v2), secretbox, aescbc or aesgcm before identity in the entry for secrets, write all secrets anew, and chmod 600 the file.",
		byHand: "Existing secrets must be written anew, and the keys kept where they survive this machine.",
		run:    encryptionProviders,
	},
	{
		id: "apiserver-strong-ciphers", title: "The API server offers strong ciphers only", sev: check.Medium, stride: "I", n111: "1.2.29", n112: "1.2.29",
		why:    "Suites with CBC or without forward secrecy can be attacked, or read later with a stolen key. Edition 1.11 still allows CBC, 1.12 does not; with TLS 1.3 as the least version no weak suite is left.",
		remedy: "Set --tls-min-version=VersionTLS12 or higher, and in --tls-cipher-suites ECDHE suites with GCM or CHACHA20 only, or no list at all.",
		run:    ciphers,
	},
}

// certBy returns the first certificate in the file that a flag names.
func certBy(c *comp, name string) *snapshot.X509 {
	f := c.FileBy("--" + name)
	if f == nil || f.At == "" {
		return nil
	}
	for i := range c.p.Snapshot.Certificates {
		x := &c.p.Snapshot.Certificates[i]
		if x.Scope == c.Host && x.Cluster == c.Scope && x.Path == f.At && x.In == "" && x.N == 0 {
			return x
		}
	}
	return nil
}

// keyPair judges a certificate and key by their files.
func keyPair(c *comp, cert, key, bad string) check.Verdict {
	a, b := c.flag(cert, ""), c.flag(key, "")
	for _, f := range []flag{a, b} {
		if v, unknown := f.unknown(); unknown {
			return v
		}
	}
	evidence := []check.Evidence{a.ev(), b.ev()}
	if a.value == "" || b.value == "" {
		return check.Failed(bad, evidence...)
	}
	for _, name := range []string{cert, key} {
		if f := c.FileBy("--" + name); f == nil || f.State != snapshot.Observed {
			return unread(c, name, evidence...)
		}
	}
	fa, fb := c.FileBy("--"+cert), c.FileBy("--"+key)
	if fa.Key == "" || fb.Key == "" {
		return check.Undecided(snapshot.ReasonUnparsable, "the pair was not readable, so that it could not be compared", evidence...)
	}
	if fa.Key != fb.Key {
		return check.Failed("the key is not that of the certificate", evidence...)
	}
	x := certBy(c, cert)
	if x == nil {
		return check.Undecided(snapshot.ReasonPartial, "the pair matches; the certificate's dates are not in the evidence", evidence...)
	}
	evidence = append(evidence, ev(x.Path+": valid until", x.Until.Format(time.DateOnly)))
	if c.p.Now.After(x.Until) || c.p.Now.Before(x.From) {
		return check.Failed("the certificate is out of date", evidence...)
	}
	return check.Passed("a certificate in date and its key are set", evidence...)
}

func kubeletCA(c *comp) check.Verdict {
	f := c.flag("kubelet-certificate-authority", "")
	if v, unknown := f.unknown(); unknown {
		return v
	}
	if f.value == "" {
		return check.Failed("any certificate is taken for a kubelet's", f.ev())
	}
	evidence := []check.Evidence{f.ev()}
	for _, k := range components(c.p, snapshot.Kubelet) {
		if !k.Served.Known() {
			continue
		}
		evidence = append(evidence, ev("certificate that the kubelet on "+k.Node+" shows", k.Served.V.Subject+", issued by "+k.Served.V.Issuer))
		if !k.Served.V.Cluster {
			return check.Failed("a kubelet shows a certificate that the cluster's CA did not sign, so that logs and exec fail there", evidence...)
		}
	}
	if len(evidence) == 1 {
		return check.Undecided(snapshot.ReasonNotCollected, "the CA is set; which certificates the kubelets show was not collected", evidence...)
	}
	return check.Passed("kubelets are verified, and show signed certificates", evidence...)
}

// etcdServers returns the addresses of etcd; ok is false when they are not known.
func etcdServers(c *comp) ([]string, flag) { return c.list("etcd-servers") }

func etcdPair(c *comp) check.Verdict {
	servers, f := etcdServers(c)
	if f.missing == "" && len(servers) > 0 && !slices.ContainsFunc(servers, func(s string) bool { return !localSocket(s) }) {
		return check.Passed("the store is reached by a unix socket of this machine", f.ev())
	}
	v := keyPair(c, "etcd-certfile", "etcd-keyfile", "the API server signs in to etcd with no certificate")
	return v
}

func localSocket(server string) bool {
	return strings.HasPrefix(server, "unix://") || strings.HasPrefix(server, "unixs://")
}

func etcdCA(c *comp) check.Verdict {
	servers, f := etcdServers(c)
	ca := c.flag("etcd-cafile", "")
	if v, unknown := f.unknown(); unknown {
		return v
	}
	if v, unknown := ca.unknown(); unknown {
		return v
	}
	tls := false
	for _, s := range servers {
		u, err := url.Parse(s)
		switch {
		case err != nil:
			return f.garbled()
		case u.Scheme == "https":
			tls = true
		case localSocket(s), loopback(u.Hostname()):
		default:
			return check.Failed("etcd is spoken to in clear over the network", f.ev())
		}
	}
	if len(servers) == 0 {
		return check.Undecided(snapshot.ReasonPartial, "no address of etcd is set", f.ev())
	}
	if tls && ca.value == "" {
		return check.Failed("any certificate is taken for etcd's", f.ev(), ca.ev())
	}
	return check.Passed("etcd is verified", f.ev(), ca.ev())
}

// loopback reports whether a host is this machine and nothing else.
func loopback(h string) bool {
	a, err := netip.ParseAddr(strings.Trim(h, "[]"))
	return h == "localhost" || err == nil && a.IsLoopback()
}

func servingCert(c *comp) check.Verdict {
	cert := c.flag("tls-cert-file", "")
	if sni := c.flag("tls-sni-cert-key", ""); cert.value == "" && sni.set {
		return check.Undecided(snapshot.ReasonPartial, "certificates are set for names only, which are not looked into", sni.ev())
	}
	v := keyPair(c, "tls-cert-file", "tls-private-key-file", "the API server makes a certificate of its own that no client can verify")
	if v.Status != check.Pass {
		return v
	}
	x := certBy(c, "tls-cert-file")
	if x.Own {
		return check.Failed("the certificate signed itself", append(v.Evidence, ev(x.Path+": issuer", x.Issuer))...)
	}
	if address := c.flag("advertise-address", ""); address.value != "" {
		v.Evidence = append(v.Evidence, address.ev(), ev(x.Path+": addresses", strings.Join(x.IPs, ", ")))
		if a, err := netip.ParseAddr(address.value); err == nil && !slices.ContainsFunc(x.IPs, func(s string) bool {
			b, err := netip.ParseAddr(s)
			return err == nil && a.Unmap() == b.Unmap()
		}) {
			return check.Failed("the certificate does not cover the advertised address", v.Evidence...)
		}
	}
	v.Message = "a certificate in date that covers the address is served"
	return v
}

func encryptionProviders(c *comp) check.Verdict {
	f := c.flag("encryption-provider-config", "")
	if v, unknown := f.unknown(); unknown {
		return v
	}
	if f.value == "" {
		return check.Inapplicable("no configuration of encryption is set, which another row says", f.ev())
	}
	if c.API == nil || !c.API.Encryption.Known() {
		return unread(c, "encryption-provider-config", f.ev())
	}
	if n := c.FileBy("--encryption-provider-config"); n != nil && n.State == snapshot.Observed && n.Mode&0o004 != 0 {
		return check.Failed("everyone on the machine may read the keys", f.ev(), ev("mode of "+n.Path, fmt.Sprintf("%04o", n.Mode)))
	}
	for _, r := range c.API.Encryption.V {
		if !slices.ContainsFunc(r.Resources, coversSecrets) {
			continue
		}
		e := ev(f.value+": providers for "+strings.Join(r.Resources, ", "), strings.Join(r.Providers, ", "))
		if len(r.Providers) > 0 && slices.Contains([]string{"kms-v2", "secretbox", "aescbc", "aesgcm"}, r.Providers[0]) {
			return check.Passed("secrets are written with "+r.Providers[0], e)
		}
		if len(r.Providers) > 0 && r.Providers[0] == "identity" {
			return check.Failed("secrets are written in clear: identity comes first", e)
		}
		return check.Failed("the first provider for secrets is none of the strong ones", e)
	}
	return check.Failed("no entry covers secrets", f.ev())
}

func coversSecrets(resource string) bool {
	return slices.Contains([]string{"secrets", "secrets.", "*.", "*.*", "*"}, resource)
}

// strong are the suites with forward secrecy and authenticated encryption.
var strong = func() []string {
	out := []string{"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"}
	for _, k := range []string{"ECDSA", "RSA"} {
		for _, s := range []string{"AES_128_GCM_SHA256", "AES_256_GCM_SHA384", "CHACHA20_POLY1305", "CHACHA20_POLY1305_SHA256"} {
			out = append(out, "TLS_ECDHE_"+k+"_WITH_"+s)
		}
	}
	return out
}()

func ciphers(c *comp) check.Verdict {
	least := c.flag("tls-min-version", "VersionTLS12")
	suites, f := c.list("tls-cipher-suites")
	if v, unknown := least.unknown(); unknown {
		return v
	}
	if v, unknown := f.unknown(); unknown {
		return v
	}
	if least.value == "VersionTLS13" {
		return check.Passed("TLS 1.3 has no weak suite", least.ev())
	}
	if least.value == "VersionTLS10" || least.value == "VersionTLS11" {
		return check.Failed("versions before TLS 1.2 are spoken", least.ev())
	}
	var weak []string
	for _, s := range suites {
		if !slices.Contains(strong, s) {
			weak = append(weak, s)
		}
	}
	if len(weak) == 0 {
		return check.Passed("no weak suite is listed", least.ev(), f.ev())
	}
	v := check.Failed("weak suites are offered", least.ev(), ev("weak among --tls-cipher-suites", strings.Join(weak, ", ")))
	if !slices.ContainsFunc(weak, func(s string) bool { return !strings.Contains(s, "ECDHE") || !strings.Contains(s, "_CBC_") }) {
		v = v.Note("CIS 1.11 allows them, 1.12 does not")
	}
	return v
}
