package node

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/snapshot"
)

func clientCA(k *kubelet) check.Verdict {
	s := k.setting("authentication.x509.clientCAFile")
	if v, unknown := s.unknown(); unknown {
		return v
	}
	if s.value == "" {
		return s.with(check.Failed("no CA of clients is set", s.ev()))
	}
	f := k.FileBy(s.key)
	switch {
	case f == nil || f.Path != s.value:
		return s.with(check.Passed("a CA of clients is set", s.ev()))
	case f.State == snapshot.Absent:
		return check.Failed("the file of the CA does not exist", s.ev())
	case f.State != snapshot.Observed:
		return check.Undecided(cmp.Or(f.Reason, snapshot.ReasonFor(f.State)), "the file of the CA was not readable", s.ev())
	}
	return s.with(check.Passed("clients are verified by a CA", s.ev()))
}

func readOnlyPort(k *kubelet) check.Verdict {
	s := k.setting("readOnlyPort")
	for _, l := range k.Ports.V {
		if l.Port == 10255 || s.missing == "" && s.value != "0" && strconv.Itoa(int(l.Port)) == s.value {
			return check.Failed("the port is open", s.ev(), ev("socket", fmt.Sprintf("%s:%d", l.Address, l.Port)))
		}
	}
	if v, unknown := s.unknown(); unknown {
		return v
	}
	n, ok := s.int()
	switch {
	case !ok:
		return s.garbled()
	case n != 0:
		return s.with(check.Failed("the port is set to be open", s.ev()))
	}
	return s.with(check.Passed("the port is closed", s.ev()))
}

func hostname(k *kubelet) check.Verdict {
	v, set := k.Flag("hostname-override")
	switch n := k.p.Snapshot.NodeOf(k.Scope, k.Host); {
	case !k.Flags.Known() || !set && k.Flags.Reason != snapshot.ReasonNone:
		return check.Undecided(cmp.Or(k.Flags.Reason, snapshot.ReasonFor(k.Flags.State), snapshot.ReasonPartial), "its command line was not seen whole")
	case !set || v == "":
		return check.Passed("the node has the machine's name", ev("--hostname-override", "not set"))
	case n != nil && n.Managed:
		return check.Passed("the provider sets the name that the cloud knows", ev("--hostname-override", v), ev("distribution", n.Distribution))
	}
	if p, set := k.Flag("cloud-provider"); set && p != "" {
		return check.Passed("the provider sets the name that the cloud knows", ev("--hostname-override", v), ev("--cloud-provider", p))
	}
	return check.Failed("the node is registered under another name than its own", ev("--hostname-override", v))
}

// shown is the verdict where the port does not show a certificate of the cluster,
// or nothing is known of it.
func (k *kubelet) shown(e []check.Evidence) ([]check.Evidence, check.Verdict, bool) {
	if !k.Served.Known() {
		return e, check.Undecided(snapshot.ReasonNotCollected, "which certificate the port shows was not collected", e...), false
	}
	e = append(e, ev("certificate on the port", k.Served.V.Subject+", issued by "+k.Served.V.Issuer))
	if !k.Served.V.Cluster {
		return e, check.Failed("the port shows a certificate that the cluster's CA did not sign", e...), false
	}
	return e, check.Verdict{}, true
}

func servingCert(k *kubelet) check.Verdict {
	cert, key, bootstrap := k.setting("tlsCertFile"), k.setting("tlsPrivateKeyFile"), k.setting("serverTLSBootstrap")
	evidence := []check.Evidence{cert.ev(), key.ev(), bootstrap.ev()}
	for _, s := range []setting{cert, key, bootstrap} {
		if v, unknown := s.unknown(); unknown {
			return v
		}
	}
	asks, _ := bootstrap.bool()
	if (cert.value == "" || key.value == "") && !asks {
		if k.Served.Known() {
			evidence = append(evidence, ev("certificate on the port", k.Served.V.Subject+", issued by "+k.Served.V.Issuer))
		}
		return bootstrap.with(check.Failed("the kubelet signs its certificate itself", evidence...))
	}
	evidence, v, ok := k.shown(evidence)
	if !ok {
		return v
	}
	return bootstrap.with(check.Passed("the port shows a certificate of the cluster's CA", evidence...))
}

func rotateClient(k *kubelet) check.Verdict {
	if conf := k.FileBy("--kubeconfig"); conf != nil {
		for i := range k.p.Snapshot.Kubeconfigs {
			c := &k.p.Snapshot.Kubeconfigs[i]
			if c.Cluster == k.Scope && c.Scope == k.Host && c.Path == conf.At && len(c.Users) > 0 && !slices.ContainsFunc(c.Users, func(u snapshot.KubeconfigUser) bool { return strings.HasPrefix(u.Auth, "certificate") }) {
				return check.Inapplicable("the node signs in without a client certificate", ev(c.Path, c.Users[0].Auth))
			}
		}
	}
	return turned("rotateCertificates", true, "the certificate rotates", "the certificate does not rotate")(k)
}

func rotateServer(k *kubelet) check.Verdict {
	on, gate, known := k.gate("RotateKubeletServerCertificate")
	bootstrap := k.setting("serverTLSBootstrap")
	evidence := []check.Evidence{gate, bootstrap.ev()}
	if v, unknown := bootstrap.unknown(); unknown {
		return v
	}
	asks, _ := bootstrap.bool()
	switch {
	case known && !on:
		return check.Failed("the feature gate is off", evidence...)
	case !asks:
		return bootstrap.with(check.Failed("the kubelet does not ask for serving certificates", evidence...))
	case !known:
		return check.Undecided(snapshot.ReasonPartial, "whether the feature gate is on is not known", evidence...)
	}
	evidence, v, ok := k.shown(evidence)
	if !ok {
		return v
	}
	return bootstrap.with(check.Passed("the certificate is the cluster's, and rotates", evidence...))
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

func ciphers(k *kubelet) check.Verdict {
	suites, least := k.setting("tlsCipherSuites"), k.setting("tlsMinVersion")
	for _, s := range []setting{least, suites} {
		if v, unknown := s.unknown(); unknown {
			return v
		}
	}
	switch {
	case least.value == "VersionTLS13":
		return least.with(check.Passed("TLS 1.3 has no weak suite", least.ev()))
	case least.value == "VersionTLS10" || least.value == "VersionTLS11":
		return least.with(check.Failed("versions before TLS 1.2 are spoken", least.ev()))
	case suites.value == "":
		return suites.with(check.Failed("suites with CBC and SHA-1 are offered, as by default", suites.ev(), least.ev()))
	}
	var weak []string
	for s := range strings.SplitSeq(suites.value, ",") {
		if s = strings.TrimSpace(s); s != "" && !slices.Contains(strong, s) {
			weak = append(weak, s)
		}
	}
	if len(weak) == 0 {
		return suites.with(check.Passed("strong suites alone are offered", suites.ev()))
	}
	v := check.Failed("weak suites are offered", ev("weak among tlsCipherSuites", strings.Join(weak, ", ")))
	if !slices.ContainsFunc(weak, func(s string) bool {
		return !strings.HasPrefix(s, "TLS_RSA_WITH_AES_") || !strings.Contains(s, "_GCM_")
	}) {
		v = v.Note("CIS 1.11 allows them, 1.12 does not")
	}
	return suites.with(v)
}

func addressFilter(k *kubelet) check.Verdict {
	if k.Kubelet == nil || !k.Kubelet.Unit.Known() {
		state, reason := snapshot.Skipped, snapshot.ReasonNotCollected
		if k.Kubelet != nil {
			state, reason = k.Kubelet.Unit.State, k.Kubelet.Unit.Reason
		}
		if state == snapshot.Absent {
			return check.Failed("no unit of systemd starts the kubelet, so that nothing filters by address", ev("units", k.Kubelet.Unit.Source))
		}
		return check.Undecided(cmp.Or(reason, snapshot.ReasonFor(state)), "the kubelet's unit was not readable")
	}
	deny, allow := "", ""
	for _, f := range k.Kubelet.Unit.V {
		switch target := map[string]*string{"IPAddressDeny": &deny, "IPAddressAllow": &allow}[f.Key]; {
		case target == nil:
		case f.Value == "":
			*target = ""
		default:
			*target = strings.TrimSpace(*target + " " + f.Value)
		}
	}
	evidence := []check.Evidence{ev("IPAddressDeny", cmp.Or(deny, "not set")), ev("IPAddressAllow", cmp.Or(allow, "not set"))}
	words := strings.Fields(deny)
	all := slices.Contains(words, "any") || slices.Contains(words, "0.0.0.0/0") && slices.Contains(words, "::/0")
	if !all || allow == "" || slices.Contains(strings.Fields(allow), "any") {
		return check.Failed("the unit does not limit who may speak to the kubelet", evidence...)
	}
	return check.Passed("the unit drops packets of others than the list", evidence...)
}

func debugHandlers(k *kubelet) check.Verdict {
	var evidence []check.Evidence
	open := false
	last := setting{}
	for _, key := range []string{"enableProfilingHandler", "enableDebugFlagsHandler"} {
		s := k.setting(key)
		if v, unknown := s.unknown(); unknown {
			return v
		}
		on, ok := s.bool()
		if !ok {
			return s.garbled()
		}
		evidence, last = append(evidence, s.ev()), s
		open = open || on
	}
	all := k.setting("enableDebuggingHandlers")
	if on, ok := all.bool(); ok && !on && all.missing == "" {
		return all.with(check.Passed("every debug handler is off", all.ev()))
	}
	if open {
		return last.with(check.Failed("handlers that only developers need are on", evidence...))
	}
	return last.with(check.Passed("the profiler and the page of flags are off", evidence...))
}

func reserved(k *kubelet) check.Verdict {
	system, kube, evict := k.setting("systemReserved.memory"), k.setting("kubeReserved.memory"), k.setting("evictionHard.memory.available")
	for _, s := range []setting{system, kube, evict} {
		if v, unknown := s.unknown(); unknown {
			return v
		}
	}
	evidence := []check.Evidence{system.ev(), kube.ev(), evict.ev()}
	none := func(s setting) bool {
		return strings.Trim(s.value, "0") == "" || strings.Trim(s.value, "0%KMGTPEiem") == ""
	}
	switch {
	case none(system) && none(kube):
		return check.Failed("no memory is reserved for the node's own programs", evidence...)
	case none(evict):
		return check.Failed("nothing evicts pods before memory runs out", evidence...)
	}
	return check.Passed("memory is reserved, and pods are evicted before it runs out", evidence...)
}

func logLimits(k *kubelet) check.Verdict {
	size, files := k.setting("containerLogMaxSize"), k.setting("containerLogMaxFiles")
	for _, s := range []setting{size, files} {
		if v, unknown := s.unknown(); unknown {
			return v
		}
	}
	n, ok := files.int()
	switch {
	case !ok:
		return files.garbled()
	case n <= 0 || strings.HasPrefix(size.value, "-") || strings.Trim(size.value, "0KMGTPEiem") == "":
		return check.Failed("container logs are not bounded", size.ev(), files.ev())
	}
	return check.Passed("container logs are bounded", size.ev(), files.ev())
}

var sharedSpace = netip.MustParsePrefix("100.64.0.0/10")

func portReach(k *kubelet) check.Verdict {
	port := k.setting("port")
	if v, unknown := port.unknown(); unknown {
		return v
	}
	if !k.Ports.Known() {
		return check.Undecided(cmp.Or(k.Ports.Reason, snapshot.ReasonFor(k.Ports.State), snapshot.ReasonPartial), "the sockets of the kubelet were not readable", port.ev())
	}
	var addresses, public []string
	for _, l := range k.Ports.V {
		if strconv.Itoa(int(l.Port)) != port.value {
			continue
		}
		if a, err := netip.ParseAddr(l.Address); err == nil && a.IsUnspecified() {
			n := k.p.Snapshot.NodeOf(k.Scope, k.Host)
			if n == nil || len(n.Addresses) == 0 {
				return check.Undecided(snapshot.ReasonPartial, "it listens on every address, and those of the machine are not in the evidence", ev("socket", l.Address+":"+port.value))
			}
			addresses = append(addresses, n.Addresses...)
			continue
		}
		addresses = append(addresses, l.Address)
	}
	if len(addresses) == 0 {
		return check.Undecided(snapshot.ReasonPartial, "the kubelet listened on no port when it was looked at", port.ev())
	}
	for _, s := range addresses {
		a, err := netip.ParseAddr(s)
		if err != nil {
			continue
		}
		a = a.WithZone("")
		if !a.IsPrivate() && !a.IsLoopback() && !a.IsLinkLocalUnicast() && !sharedSpace.Contains(a) {
			public = append(public, s)
		}
	}
	if n := k.p.Snapshot.NodeOf(k.Scope, k.Host); len(public) > 0 && n != nil && n.Firewall.Known() && n.Firewall.V == "open" {
		return check.Failed("it listens on addresses outside the private ranges, and no rule of the machine limits who reaches it", ev("addresses", strings.Join(public, ", ")), ev("packet filter", n.Firewall.V))
	}
	if len(public) > 0 {
		return check.Undecided(snapshot.ReasonNotCollected, "it listens on addresses outside the private ranges; whether a packet filter limits them is not in the evidence", ev("addresses", strings.Join(public, ", ")))
	}
	return check.Passed("it listens on private addresses only", ev("addresses", strings.Join(addresses, ", ")))
}
