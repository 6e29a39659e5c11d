package docker

import (
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/shared"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

// boxOf returns a failing container as predicates see it, for a fix.
func boxOf(p *check.Probe, subject int) (*box, error) {
	c, spec, err := target(p, subject)
	if err != nil {
		return nil, err
	}
	return &box{spec: spec, rt: &p.Snapshot.Runtimes[c.Runtime], engine: p.Engine(), host: p.Host(), at: newSite(p)}, nil
}

func refused(why string) (step.Step, error) { return step.Step{}, &step.RefusedError{Why: why} }

// field is change for a part of a field.
func (b *box) field(of, key, to string) step.Change {
	name := snapshot.PartField(of, key)
	f, _ := snapshot.ContainerField(name)
	return step.Change{Field: name, From: f.Get(b.spec), To: to}
}

// asPrivileged refuses a fix for a privileged container: what the check asks for
// holds for none, and one measure, which says so in its name, takes that away.
func (b *box) asPrivileged() error {
	if !b.spec.Privileged {
		return nil
	}
	return &step.RefusedError{
		Why:     "it is privileged, which alone makes it fail; container-not-privileged takes that away, collect again after it",
		Instead: notPrivilegedID,
	}
}

// confine returns the step that makes changes that only a container without
// --privileged profits from.
func (b *box) confine(subject int, set ...step.Change) (step.Step, error) {
	if err := b.asPrivileged(); err != nil {
		return step.Step{}, err
	}
	if len(set) == 0 {
		return refused("its configuration asks for this already, and the kernel shows otherwise; find out what starts it so")
	}
	return recreate(b.at.p, subject, set...)
}

// unprivileged returns the changes that take --privileged away, with what the
// engine wrote into the configuration because of it. It switches the label off
// again where the host's processes or IPC are shared.
func (b *box) unprivileged() []step.Change {
	set := []step.Change{change(b.spec, "HostConfig.Privileged", "false")}
	if slices.Equal(b.spec.Security.SELinux, []string{"disable"}) && b.spec.PidMode != "host" && b.spec.IpcMode != "host" {
		set = append(set, change(b.spec, "HostConfig.SecurityOpt.label", ""))
	}
	if b.spec.Security.AppArmor == "unconfined" {
		set = append(set, change(b.spec, "HostConfig.SecurityOpt.apparmor", "docker-default"))
	}
	return set
}

// losesPrivilege says what the container no longer has without --privileged.
func (b *box) losesPrivilege() string {
	caps := "the engine's own capabilities"
	if len(b.spec.CapDrop) > 0 {
		caps += " less " + firstFew(b.spec.CapDrop)
	}
	if len(b.spec.CapAdd) > 0 {
		caps += ", with " + firstFew(b.spec.CapAdd) + ","
	}
	kept := "no device"
	if len(b.spec.Devices) > 0 {
		var names []string
		for _, d := range b.spec.Devices {
			names = append(names, d.Host)
		}
		kept = "no device but " + firstFew(names)
	}
	return "It keeps " + caps + " and " + kept +
		"; it can no longer mount, load kernel modules, or write to /proc/sys and /sys. What it needs of that is added by name where it is started."
}

// usesPrivilege says, from what was seen of the processes, whether they seem to
// use what the container loses.
func (b *box) usesPrivilege() []string {
	var out []string
	if names := b.running(privilegedPrograms()); names != "" {
		out = append(out, "it runs "+names+", which does not work without what it loses")
	}
	proc := b.proc()
	switch {
	case proc == nil && b.rt.Live():
		out = append(out, "its processes were not readable, so whether they use what it loses is not known")
	case proc == nil:
	case proc.CapEff == 0 && !slices.Contains(proc.UIDs, 0):
		// Nothing in it holds a capability: it loses what it does not use.
	case proc.UID == 0 || slices.Contains(proc.UIDs, 0):
		out = append(out, "processes in it are root and may use any of what it loses; which they do does not show")
	}
	return out
}

// privilegedPrograms are programs that need a container that is all but the host.
func privilegedPrograms() []string {
	return []string{"dockerd", "containerd", "buildkitd", "podman", "crio", "kubelet", "k3s", "systemd", "systemd-udevd", "rpc.nfsd", "multipathd", "iscsid", "falco"}
}

// running names those of the programs that the container was seen to run.
func (b *box) running(programs []string) string {
	proc := b.proc()
	if proc == nil {
		return ""
	}
	var names []string
	for _, p := range proc.Programs {
		if slices.Contains(programs, p) {
			names = append(names, p)
		}
	}
	return firstFew(names)
}

func unprivilege(p *check.Probe, subject int) (step.Step, error) {
	b, err := boxOf(p, subject)
	if err != nil {
		return step.Step{}, err
	}
	if inFile(p) {
		s, err := edited(p, subject, change(b.spec, "HostConfig.Privileged", "false"))
		if err != nil {
			return step.Step{}, err
		}
		s.Warnings = append(s.Warnings, "a program that needs a capability or a device fails; give it that one with cap_add or devices")
		return s, nil
	}
	s, err := recreate(p, subject, b.unprivileged()...)
	if err != nil {
		return step.Step{}, err
	}
	s.Note = b.losesPrivilege()
	s.Warnings = append(s.Warnings, b.usesPrivilege()...)
	return s, nil
}

// dropCaps returns a fix that takes away what makes find say something.
func dropCaps(find func(b *box, held uint64, names []string) []string) func(*check.Probe, int) (step.Step, error) {
	return func(p *check.Probe, subject int) (step.Step, error) {
		b, err := boxOf(p, subject)
		if err != nil {
			return step.Step{}, err
		}
		plain := *b.spec
		plain.Privileged, plain.CapAdd = false, nil
		var set []step.Change
		var lost []string
		for _, c := range b.spec.CapAdd {
			held := snapshot.CapMask(c)
			if c == "ALL" {
				held = snapshot.AllCaps &^ snapshot.CapMask(b.spec.CapDrop...)
			}
			if len(find(b, held, shared.UnknownCaps([]string{c}))) == 0 {
				plain.CapAdd = append(plain.CapAdd, c)
				continue
			}
			set = append(set, b.field("HostConfig.CapAdd[]", c, "false"))
			lost = append(lost, c)
		}
		if more := find(b, snapshot.EffectiveCaps(&plain), nil); len(more) > 0 { // the engine's own that policy does not list
			drop := append(slices.Clone(b.spec.CapDrop), more...)
			slices.Sort(drop)
			set = append(set, change(b.spec, "HostConfig.CapDrop", strings.Join(slices.Compact(drop), ",")))
			lost = append(lost, more...)
		}
		s, err := b.confine(subject, set...)
		if err != nil {
			return step.Step{}, err
		}
		s.Note = "It loses " + firstFew(lost) + ", and what it did with that fails."
		s.Warnings = append(s.Warnings, b.usesCaps(lost)...)
		return s, nil
	}
}

// usesCaps says which of the capabilities the first process holds in effect, and
// which programs need some.
func (b *box) usesCaps(names []string) []string {
	var out []string
	if proc := b.proc(); proc != nil {
		held := snapshot.CapList(proc.CapEff & snapshot.CapMask(names...))
		if slices.Contains(names, "ALL") {
			held = snapshot.CapList(proc.CapEff &^ snapshot.CapMask(snapshot.DefaultCaps...))
		}
		if len(held) > 0 {
			out = append(out, "its first process holds "+firstFew(held)+" in effect")
		}
	}
	needs := map[string][]string{
		"NET_ADMIN": {"openvpn", "wg", "wg-quick", "wireguard-go", "tailscaled", "keepalived", "iptables", "nft", "dnsmasq", "hostapd", "charon"},
		"NET_RAW":   {"tcpdump", "arping", "suricata", "snort", "nmap"}, "SYS_PTRACE": {"strace", "gdb", "dlv", "perf"},
		"SYS_ADMIN": {"rclone", "s3fs", "sshfs", "mount", "dockerd", "buildkitd"}, "SYS_TIME": {"chronyd", "ntpd"},
		"BPF": {"cilium-agent", "bpftrace"}, "SYS_MODULE": {"modprobe", "insmod"},
	}
	for _, c := range names {
		if who := b.running(needs[c]); who != "" {
			out = append(out, "it runs "+who+", which needs "+c)
		}
	}
	return out
}

// privateMode returns a fix that leaves the host's namespace.
func (ns *namespace) private(to, note string, programs ...string) func(*check.Probe, int) (step.Step, error) {
	return func(p *check.Probe, subject int) (step.Step, error) {
		b, err := boxOf(p, subject)
		if err != nil {
			return step.Step{}, err
		}
		if mode := ns.mode(b.spec); strings.HasPrefix(mode, "container:") {
			return refused("it joins the " + ns.noun + " namespace of " + strings.TrimPrefix(mode, "container:") + ", which is the host's; change that one and create both anew")
		} else if mode != "host" {
			return refused("its configuration does not ask for the host's " + ns.noun + " namespace, its process is in it nevertheless; find out what starts it so")
		}
		s, err := recreate(p, subject, change(b.spec, ns.field, to))
		if err != nil {
			return step.Step{}, err
		}
		s.Note = note
		if who := b.running(programs); who != "" {
			s.Warnings = append(s.Warnings, "it runs "+who+", which looks at the host's processes")
		}
		return s, nil
	}
}
