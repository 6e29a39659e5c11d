package docker

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var daemonTCPMutualTLS = &check.Check{
	ID:    "daemon-tcp-requires-mutual-tls",
	Title: "The engine API answers no caller on TCP without a client certificate",
	Why: "Whoever can call the engine's API is root on the machine: one request starts a container with the root file system mounted. " +
		"On TCP only a client certificate tells callers apart; TLS without one hides the call and lets everybody in. Loopback is no protection: " +
		"every local user and every container with the host's network is there, and so is a browser that a web page steers. " +
		"The evidence is what a caller without a certificate got from each listening socket of the engine's process, not what the configuration promises.",
	Remedy: "Remove the tcp address from hosts and reach the engine through ssh (docker context create --docker host=ssh://…). " +
		"Where TCP must stay, set tlsverify with tlscacert, tlscert and tlskey of an authority of its own, and restart the engine.",
	Severity: check.Critical, Subject: snapshot.KindEngine, Zone: model.ZoneHost, Surface: model.SurfaceClientAuthorization, STRIDE: "STIE", Tier: 1,
	Refs:   check.CIS(1, "2.6", "2.7", "2.7"),
	Forms:  []check.Form{check.Live, check.DaemonJSON},
	Needs:  []snapshot.Part{snapshot.PartEngineInfo},
	ByHand: "Certificates come from an authority that somebody must keep, every client needs one, and a mistake locks all of them out; which clients there are does not show on this machine.",
	Run:    func(p *check.Probe) { judgeEngine(p, refusesStrangers) },
}

func refusesStrangers(d *daemon) check.Verdict {
	hosts, tls := d.setting("hosts"), d.setting("tlsverify")
	verify := tls.boolean(false)
	if d.file {
		return asksCallers(hosts, tls, verify)
	}
	var configured []check.Evidence
	if hosts.known() && hosts.set {
		configured = append(configured, hosts.ev())
	}
	if tls.known() && tls.set {
		configured = append(configured, tls.ev())
	}
	open, unprobed, evidence := d.callers()
	evidence = append(evidence, configured...)
	if len(open) > 0 {
		return check.Failed("the API answers without a client certificate on "+strings.Join(open, ", "), evidence...)
	}
	if st := d.p.Part(snapshot.PartEngineListeners); st.State != snapshot.Observed && st.State != snapshot.Absent {
		if hosts.known() && tls.known() && listensOnTCP(hosts.values) && !verify {
			return check.Failed("the engine is configured to listen on TCP without asking for a client certificate", configured...)
		}
		reason := cmp.Or(st.Reason, snapshot.ReasonFor(st.State), snapshot.ReasonPartial)
		return check.Undecided(reason, cmp.Or(st.Detail, "the listening sockets of the engine were not readable"), configured...)
	}
	switch {
	case len(unprobed) > 0:
		return check.Undecided(snapshot.ReasonPartial, "it is not known who is answered on "+strings.Join(unprobed, ", "), evidence...)
	case len(evidence) == len(configured):
		v := check.Passed("the engine has no listener on TCP", append([]check.Evidence{ev("TCP listeners of the engine's process", "none")}, configured...)...)
		if listensOnTCP(hosts.values) {
			v = v.Note("hosts names a TCP address that the engine does not listen on: it may after the next start")
		}
		return v
	}
	return check.Passed("every TCP listener of the API refuses a caller without a client certificate", evidence...)
}

// asksCallers judges a file by itself.
func asksCallers(hosts, tls setting, verify bool) check.Verdict {
	switch {
	case !hosts.known():
		return hosts.undecided()
	case !hosts.set:
		return check.Undecided(snapshot.ReasonStatic, "the file names no address to listen on, so that the command line decides", hosts.ev())
	case !listensOnTCP(hosts.values):
		return check.Passed("it listens on no TCP address", hosts.ev())
	case !tls.known():
		return tls.undecided(hosts.ev())
	case !verify:
		return check.Failed("the engine is configured to listen on TCP without asking for a client certificate", hosts.ev(), tls.ev())
	}
	return check.Passed("it asks every caller on TCP for a client certificate", hosts.ev(), tls.ev())
}

// callers sorts the engine's TCP listeners by what a caller without a client
// certificate got there.
func (d *daemon) callers() (open, unprobed []string, evidence []check.Evidence) {
	got := map[string]string{
		"open": "answered in clear", "tls-open": "answered over TLS without a client certificate",
		"refused": "refused without a client certificate", "none": "not the engine's API",
	}
	for i := range d.p.Snapshot.Listeners {
		l := &d.p.Snapshot.Listeners[i]
		if l.Scope != d.Scope || l.Network == "unix" {
			continue
		}
		at := addressPort(l)
		switch l.API {
		case "open", "tls-open":
			open = append(open, at)
		case "refused", "none":
		default:
			unprobed = append(unprobed, at)
		}
		evidence = append(evidence, ev("GET /_ping on "+at, cmp.Or(got[l.API], "not probed")))
	}
	return open, unprobed, evidence
}

// listensOnTCP reports whether one of the addresses is a TCP one, which an
// address without a scheme is.
func listensOnTCP(hosts []string) bool {
	return slices.ContainsFunc(hosts, func(h string) bool {
		scheme, _, ok := strings.Cut(h, "://")
		return h != "" && (!ok || scheme != "unix" && scheme != "fd" && scheme != "npipe")
	})
}

// addressPort writes an address as programs take it: IPv6 in brackets.
func addressPort(l *snapshot.Listener) string {
	if a, err := netip.ParseAddr(l.Address); err == nil {
		return netip.AddrPortFrom(a, l.Port).String()
	}
	return l.Address + ":" + strconv.Itoa(int(l.Port))
}
