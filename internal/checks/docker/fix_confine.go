package docker

import (
	"plimsoll/internal/check"
	"plimsoll/internal/step"
)

// defaultSeccomp goes back to the engine's own profile.
func defaultSeccomp(p *check.Probe, subject int) (step.Step, error) {
	b, err := boxOf(p, subject)
	if err != nil {
		return step.Step{}, err
	}
	own := b.spec.Security.Seccomp
	switch {
	case b.spec.Privileged:
		return step.Step{}, b.asPrivileged()
	case own != "" && own != "unconfined" && own != "builtin" && own != "default":
		return refused("it brings a profile of its own, " + own + "; put it on the policy list, or start the container without it")
	case b.engineProfile(nil).Status != check.Pass:
		return refused("the engine's own profile would not confine it either; see daemon-seccomp-default-profile")
	}
	var set []step.Change
	if own == "unconfined" {
		set = append(set, change(b.spec, "HostConfig.SecurityOpt.seccomp", ""))
	}
	s, err := b.confine(subject, set...)
	if err != nil {
		return step.Step{}, err
	}
	s.Note = "System calls that the engine's profile refuses (mount, keyctl, bpf, perf_event_open and the like) fail in it."
	if who := b.running([]string{"strace", "gdb", "perf", "bpftrace", "chrome", "chromium", "buildkitd", "dockerd"}); who != "" {
		s.Warnings = append(s.Warnings, "it runs "+who+", which makes calls that the profile may refuse")
	}
	return s, nil
}

// defaultAppArmor goes back to the engine's own profile.
func defaultAppArmor(p *check.Probe, subject int) (step.Step, error) {
	b, err := boxOf(p, subject)
	if err != nil {
		return step.Step{}, err
	}
	_, used := (&daemon{Engine: b.engine}).securityOption("apparmor")
	switch profile := b.spec.Security.AppArmor; {
	case b.spec.Privileged:
		return step.Step{}, b.asPrivileged()
	case !used:
		return refused("the engine does not use the AppArmor of its host, so no container is confined; install apparmor_parser and restart the engine")
	case profile != "unconfined":
		return refused("it names the profile " + orDefault(profile) + ", which is not in force; load it in enforce mode on the host")
	}
	s, err := recreate(p, subject, change(b.spec, "HostConfig.SecurityOpt.apparmor", "docker-default"))
	if err != nil {
		return step.Step{}, err
	}
	s.Note = "It can no longer mount, write to most of /proc and /sys, or trace processes outside."
	return s, nil
}

// defaultLabel lets the engine label it.
func defaultLabel(p *check.Probe, subject int) (step.Step, error) {
	b, err := boxOf(p, subject)
	if err != nil {
		return step.Step{}, err
	}
	_, used := (&daemon{Engine: b.engine}).securityOption("selinux")
	switch {
	case b.spec.Privileged:
		return step.Step{}, b.asPrivileged()
	case b.host == nil || b.host.SELinux != "enforcing":
		return refused("SELinux of the host does not enforce; switch it to enforcing first")
	case !used:
		return refused("the engine does not use SELinux (selinux-enabled), so no container gets a label")
	case b.spec.PidMode == "host" || b.spec.IpcMode == "host":
		return refused("the engine labels no container that shares the host's processes or IPC; give it its own first")
	case len(b.spec.Security.SELinux) == 0:
		return refused("it asks for no label of its own, and the engine gives it none of a container; see its runtime")
	}
	s, err := b.confine(subject, change(b.spec, "HostConfig.SecurityOpt.label", ""))
	if err != nil {
		return step.Step{}, err
	}
	if len(b.spec.Mounts) > 0 {
		s.Warnings = append(s.Warnings, "host directories that it mounts must carry a label for containers (the mount option z or Z), or it cannot read them")
	}
	return s, nil
}

// restoreMasks lets the engine hide what it hides by itself.
func restoreMasks(p *check.Probe, subject int) (step.Step, error) {
	b, err := boxOf(p, subject)
	if err != nil {
		return step.Step{}, err
	}
	var set []step.Change
	if c := change(b.spec, "HostConfig.MaskedPaths", "default"); c.From != c.To {
		set = append(set, c)
	}
	s, err := b.confine(subject, set...)
	if err == nil {
		s.Note = "It can no longer read /proc/kcore, /proc/keys, /sys/firmware and the like, or write to /proc/sys; containers inside it cannot mount a /proc of their own."
	}
	return s, err
}

// ownGroups takes away powerful groups that were added.
func ownGroups(p *check.Probe, subject int) (step.Step, error) {
	b, err := boxOf(p, subject)
	if err != nil {
		return step.Step{}, err
	}
	sockets, _ := socketGroups(p)
	var set []step.Change
	for _, g := range b.spec.GroupAdd {
		if n, known := groupNumber(g); known && groupName(n, sockets) != "" {
			set = append(set, b.field("HostConfig.GroupAdd[]", g, "false"))
		}
	}
	if proc := b.proc(); proc != nil {
		for _, g := range proc.Groups {
			if groupName(g, sockets) != "" && !b.addsGroup(g) && proc.UID != 0 {
				return refused("its process is in " + groupName(g, sockets) + " by the accounts of its image; change them there")
			}
		}
	}
	s, err := b.confine(subject, set...)
	if err == nil {
		s.Note = "Files and sockets that it opened through the group are closed to it."
	}
	return s, err
}
