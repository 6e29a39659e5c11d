package survey

import (
	"context"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"strings"

	"plimsoll/internal/collect/host"
	"plimsoll/internal/collect/registry"
	"plimsoll/internal/snapshot"
)

// Sends lists, for people, what collecting sends beyond reads, with --probe.
func Sends() []string { return registry.Sends() }

// registry asks one registry, and reads its configuration when it runs here.
func (s *survey) registry(ctx context.Context, arg string) error {
	s.say("registry " + arg)
	machine := s.local
	if machine == nil && runtime.GOOS == "linux" {
		machine = host.OpenMounted(s.Root)
	}
	o := registry.Options{Address: arg, Taken: s.Now(), Probe: s.Probe, Say: s.Note, Running: s.running(arg)}
	if machine != nil {
		o.Pins = machine.Pins
	}
	fragment, err := registry.Collect(ctx, o)
	if err != nil {
		return err
	}
	r := &fragment.Registries[0]
	if _, port, err := registry.Address(arg); err == nil && machine != nil && here(r.Addresses) {
		r.Config = machine.Registry(ctx, port)
		if r.Config.Known() { // only distribution has such a program and file
			r.Product, r.Sure = "distribution", true
			fragment.Scopes[0].Host = s.hostID // its process is of this machine
			if _, v, ok := strings.Cut(r.Config.V.Package, " "); ok && r.Version == "" {
				r.Version = v
			}
		}
		configured(fragment)
	}
	return s.builder.Join(fragment)
}

// configured puts into the coverage what became of the configuration.
func configured(f *snapshot.Snapshot) {
	c := &f.Registries[0].Config
	i := slices.IndexFunc(f.Parts, func(p snapshot.PartStatus) bool { return p.Part == snapshot.PartRegistryConfig })
	if i < 0 || c.State == snapshot.Skipped {
		return
	}
	p := &f.Parts[i]
	p.State, p.Reason, p.Detail, p.Grant = c.State, c.Reason, "", ""
	switch c.State {
	case snapshot.Observed:
	case snapshot.Denied:
		p.Detail, p.Grant = "the registry's process or its files may be looked at by root only", "sudo plimsoll assess registry:"+f.Registries[0].Address
	case snapshot.Absent, snapshot.Failed, snapshot.Skipped:
		p.State = snapshot.Failed // its process runs, so that it has one somewhere
		p.Detail = "the registry's configuration was not readable"
		if p.Reason == "" {
			p.Reason = snapshot.ReasonPartial
		}
		if p.Reason == snapshot.ReasonUnparsable {
			p.Detail = "the registry's configuration is no YAML that is understood"
		}
	}
}

// running lists the images in use on the engines of the snapshot that come from
// a registry: repositories and digests.
func (s *survey) running(address string) []snapshot.RegistryImage {
	used := make(map[string]bool)
	for i := range s.out.Containers {
		c := &s.out.Containers[i]
		used[c.Scope+"\x00"+s.out.ContainerSpecs[c.Spec].ImageID] = true
	}
	var out []snapshot.RegistryImage
	for i := range s.out.Images {
		m := &s.out.Images[i]
		if !used[m.Scope+"\x00"+m.ID] {
			continue
		}
		for _, d := range m.Digests {
			name, digest, ok := strings.Cut(d, "@")
			r := snapshot.ParseReference(d)
			if one := (snapshot.RegistryImage{Repo: r.Repository, Digest: digest}); ok && name != "" && same(r.Registry, address) && !slices.Contains(out, one) {
				out = append(out, one)
			}
		}
	}
	return out
}

// same reports whether two names are of one registry: their ports written out.
func same(a, b string) bool {
	ah, ap, aerr := registry.Address(a)
	bh, bp, berr := registry.Address(b)
	return aerr == nil && berr == nil && ah == bh && ap == bp
}

// here reports whether an address is of this machine.
func here(addresses []string) bool {
	own, err := net.InterfaceAddrs()
	return slices.ContainsFunc(addresses, func(a string) bool {
		ip, bad := netip.ParseAddr(a)
		if bad != nil {
			return false
		}
		return ip.IsLoopback() || err == nil && slices.ContainsFunc(own, func(o net.Addr) bool {
			p, err := netip.ParsePrefix(o.String())
			return err == nil && p.Addr() == ip
		})
	})
}
