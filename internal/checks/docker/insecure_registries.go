package docker

import (
	"net/netip"
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

var daemonNoInsecureRegistries = &check.Check{
	ID:    "daemon-no-insecure-registries",
	Title: "No registry may be reached without verified TLS",
	Why: "For a registry marked insecure the engine accepts any certificate, and plain HTTP when TLS fails. Whoever sits on the way answers in its place: " +
		"it reads the credentials and serves an image of its own under the wanted tag. Registries on the loopback address are left out, since nobody sits on that way.",
	Remedy:   "Give the registry a certificate, put its authority into /etc/docker/certs.d/HOST/ca.crt, remove it from insecure-registries and reload the engine (SIGHUP). A digest in the reference protects the image meanwhile, not the credentials.",
	Severity: check.High, Subject: snapshot.KindEngine, Zone: model.ZoneHost, Surface: model.SurfaceRegistry, STRIDE: "ST", Tier: 1,
	Refs:  check.CIS(1, "2.4", "2.5", "2.5"),
	Forms: []check.Form{check.Live, check.DaemonJSON},
	Needs: []snapshot.Part{snapshot.PartEngineInfo},
	Run:   func(p *check.Probe) { judgeEngine(p, verifiesRegistries) },
	Fixes: []check.Fix{{Title: "take remote registries off the list", Kind: step.DaemonReload, Step: trustNone}},
}

func verifiesRegistries(d *daemon) check.Verdict {
	remote := slices.DeleteFunc(slices.Clone(d.InsecureRegistries), loopback)
	shown := "none outside loopback"
	if len(remote) > 0 {
		shown = strings.Join(remote, ", ")
	}
	evidence := d.observed("GET /info RegistryConfig, insecure", shown, "insecure-registries")
	v := check.Passed("no registry outside loopback is insecure", evidence...)
	if len(remote) > 0 {
		v = check.Failed("images may be pulled without verified TLS from "+strings.Join(remote, ", "), evidence...)
	} else if len(evidence) > 1 {
		v = v.Note("from Engine 29.10 an explicit insecure-registries list no longer implies the loopback ranges: name them where a registry on loopback is used")
	}
	for _, m := range d.Mirrors {
		if host, ok := strings.CutPrefix(m, "http://"); ok && !loopback(strings.TrimSuffix(host, "/")) {
			v = v.Note("the mirror " + m + " is addressed without TLS")
		}
	}
	return v
}

// loopback reports whether a host, host:port, address or range lies on the
// loopback interface.
func loopback(registry string) bool {
	if p, err := netip.ParsePrefix(registry); err == nil {
		v4 := netip.MustParsePrefix("127.0.0.0/8")
		return p.Addr().Is4() && p.Bits() >= v4.Bits() && v4.Contains(p.Addr()) ||
			p.Addr() == netip.IPv6Loopback() && p.Bits() == 128
	}
	if ap, err := netip.ParseAddrPort(registry); err == nil {
		return ap.Addr().Unmap().IsLoopback()
	}
	if a, err := netip.ParseAddr(strings.Trim(registry, "[]")); err == nil {
		return a.Unmap().IsLoopback()
	}
	host, _, _ := strings.Cut(registry, ":")
	return host == "localhost"
}
