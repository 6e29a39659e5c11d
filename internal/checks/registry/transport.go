package registry

import (
	"strings"
	"time"

	"plimsoll/internal/check"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

var tlsOnly = about(check.Check{
	ID:    "registry-tls",
	Title: "The registry is served over valid TLS only",
	Why: "Who stands between a registry that answers in clear, or with a certificate that proves nothing, and its users can hand out another image and keep their logins. " +
		"Plimsoll shakes hands, holds the certificate against the machine's roots and the authority in /etc/docker/certs.d, offers the versions before 1.2, and asks in clear too.",
	Remedy:   "Set http.tls with a certificate that the clients' roots or their certs.d/HOST:PORT/ca.crt vouch for, keep minimumtls at tls1.2 or above, and close the port in clear.",
	Severity: check.High, STRIDE: "STI", Tier: 1,
}, validTLS)

func validTLS(v *view) check.Verdict {
	t := v.api.TLS
	clear := ev("in clear", strings.Join(v.api.Plain, ", "))
	if t == nil {
		return check.Failed("it speaks no TLS", clear)
	}
	evidence := []check.Evidence{ev("TLS", t.Version), ev("certificate until", t.NotAfter.Format(time.DateOnly))}
	switch {
	case len(v.api.Plain) > 0:
		return check.Failed("it answers in clear beside TLS", append(evidence, clear)...)
	case t.Oldest != "":
		return check.Failed("it accepts TLS "+t.Oldest, evidence...)
	case !t.Trusted:
		return check.Failed("its certificate convinces nobody here: "+t.Why, append(evidence, ev("authority in certs.d", t.Pinned))...)
	case t.Version != "1.2" && t.Version != "1.3":
		return check.Undecided(snapshot.ReasonUnresolved, "it speaks a version of TLS that is not known", evidence...)
	}
	return check.Passed("it speaks TLS alone, with a certificate that is trusted", evidence...)
}

var debugClosed = about(check.Check{
	ID:    "registry-debug-endpoint",
	Title: "The registry debug endpoint is closed to the network",
	Why: "The debug server gives metrics, health and profiles of the process, its memory among them, to anyone without a login. " +
		"The configuration says where it listens; without it, only the documented port 5001 was asked, which proves nothing when it is closed.",
	Remedy:   "Remove http.debug, or set http.debug.addr to a loopback address.",
	Severity: check.Medium, STRIDE: "I", Tier: 2,
	Forms: []check.Form{check.Live, check.RegistryYAML},
	Fixes: []check.Fix{{Title: "have the debug server listen on the machine itself alone", Kind: step.FileEdit, Step: hideDebug}},
}, debugUnreachable)

func hideDebug(p *check.Probe, _ int) (step.Step, error) {
	port := ""
	if r := p.Snapshot.Registry(p.Scope.ID); r != nil {
		port = r.Config.V.Debug[strings.LastIndexByte(r.Config.V.Debug, ':')+1:]
	}
	return configure(p, "http.debug.addr", "127.0.0.1:"+port)
}

func debugUnreachable(v *view) check.Verdict {
	d := v.Debug.V
	asked := ev("GET http://"+d.Address+"/debug/health", map[bool]string{true: "answers", false: "nothing answers"}[d.Open])
	switch {
	case v.cfg != nil && v.cfg.Debug == "":
		return check.Passed("it has no debug server", v.setting("http.debug.addr", "unset"))
	case v.cfg != nil && onLoopback(v.cfg.Debug):
		return check.Passed("its debug server listens on the loopback address alone", v.setting("http.debug.addr", v.cfg.Debug))
	case v.cfg != nil:
		return check.Failed("its debug server listens on the network", v.setting("http.debug.addr", v.cfg.Debug))
	case !v.Debug.Known():
		return v.unconfigured("its debug server was not asked for, and its configuration was not seen")
	case d.Open && onLoopback(d.Address):
		return v.unconfigured("its debug server answers on the loopback address; whether it does on others was not seen")
	case d.Open:
		return check.Failed("its debug server answers to anyone", asked)
	}
	u := v.unconfigured("nothing answers at the usual port of the debug server, which may be at another")
	u.Evidence = []check.Evidence{asked}
	return u
}

// onLoopback reports whether an address of host:port is of the loopback device.
func onLoopback(address string) bool {
	host := address
	if i := strings.LastIndexByte(address, ':'); i >= 0 {
		host = address[:i]
	}
	host = strings.Trim(host, "[]")
	return host == "localhost" || host == "::1" || strings.HasPrefix(host, "127.")
}

var consolePrivate = about(check.Check{
	ID:    "registry-ui-not-public",
	Title: "The registry console is not open to the internet",
	Why: "A console has accounts of people, an administrator's among them, and its flaws are found by scanning the internet. " +
		"The address at which it was asked is judged: private and loopback addresses are not of the internet; a gateway that demands a sign-in before it can be declared.",
	Remedy:   "Give the console an address of the internal network, or put it behind a gateway with a sign-in and name the registry in gateways.",
	Severity: check.Medium, STRIDE: "E", Tier: 2,
	Params: []check.Param{{Name: "gateways", Unit: "list", Meaning: "HOST:PORT of registries behind a gateway that demands a sign-in"}},
}, consoleInside)

func consoleInside(v *view) check.Verdict {
	gateways, _ := v.p.List("gateways")
	public := publicOf(v.Addresses)
	switch {
	case !v.Console && v.Sure && v.Product == "distribution":
		return check.Inapplicable("it has no console")
	case !v.Console:
		return check.Undecided(snapshot.ReasonPartial, "its root shows no web page; a console may be elsewhere", status("GET /v2/", v.api.Status))
	case len(v.Addresses) == 0:
		return check.Undecided(snapshot.ReasonPartial, "the addresses of its name were not seen")
	case len(public) == 0:
		return check.Passed("its console has private addresses alone", ev("addresses", strings.Join(v.Addresses, ", ")))
	case has(gateways, v.Address):
		return check.Passed("its console is behind a declared gateway", ev("gateways", v.Address))
	}
	return check.Failed("its console has a public address", ev("addresses", strings.Join(public, ", ")))
}
