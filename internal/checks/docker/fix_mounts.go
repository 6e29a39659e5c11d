package docker

import (
	"fmt"
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/shared"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

// removeMounts takes the mounts away that the predicate names.
func (b *box) removeMounts(subject int, names func(*snapshot.Mount) bool) (step.Step, error) {
	var set []step.Change
	var what []string
	for i := range b.spec.Mounts {
		m := &b.spec.Mounts[i]
		if !names(m) {
			continue
		}
		set = append(set, b.field("HostConfig.Mounts[]", m.Destination, ""))
		what = append(what, m.Destination)
	}
	if len(set) == 0 {
		return refused("none of its mounts can be named as the cause; see the evidence of the finding")
	}
	s, err := recreate(b.at.p, subject, set...)
	if err != nil {
		return step.Step{}, err
	}
	s.Note = "It finds nothing of the host any more at " + firstFew(what) + "; what it did with that, it can no longer do."
	s.Warnings = append(s.Warnings, b.inUse(what))
	return s, nil
}

// inUse says what is known of whether mounts are used: no evidence shows which
// files a process opens.
func (b *box) inUse(at []string) string {
	text := "it was given " + firstFew(at) + " on purpose, and which files its processes open is not looked at"
	if proc := b.proc(); proc != nil && len(proc.Programs) > 0 {
		text += "; it runs " + firstFew(proc.Programs)
	}
	return text + "; remove it only if you know that it works without"
}

func removeSensitive(p *check.Probe, subject int) (step.Step, error) {
	b, err := boxOf(p, subject)
	if err != nil {
		return step.Step{}, err
	}
	return b.removeMounts(subject, func(m *snapshot.Mount) bool { return b.sensitive(m) })
}

func removeDisguised(p *check.Probe, subject int) (step.Step, error) {
	b, err := boxOf(p, subject)
	if err != nil {
		return step.Step{}, err
	}
	return b.removeMounts(subject, func(m *snapshot.Mount) bool { return m.Type == "volume" && b.sensitive(m) })
}

// sensitive reports whether a mount shows a sensitive directory of the host.
func (b *box) sensitive(m *snapshot.Mount) bool {
	path, _ := b.at.hostPath(m)
	_, _, how := b.at.sensitive(m, path)
	return path != "" && how != ""
}

func removeSocket(p *check.Probe, subject int) (step.Step, error) {
	b, err := boxOf(p, subject)
	if err != nil {
		return step.Step{}, err
	}
	if _, doubt := b.socketMounts(); len(doubt.evidence) > 0 {
		return refused("of another mount it is not known whether it shows a socket: " + doubt.evidence[0].Source)
	}
	s, err := b.removeMounts(subject, func(m *snapshot.Mount) bool {
		one := *b
		spec := *b.spec
		spec.Mounts, one.spec = []snapshot.Mount{*m}, &spec
		shown, _ := one.socketMounts()
		return len(shown.evidence) > 0
	})
	if err != nil {
		return step.Step{}, err
	}
	s.Note = "It can no longer speak to the engine. A program that starts, watches or cleans up containers stops doing so; give such a one a proxy that lets through the few calls it needs."
	return s, nil
}

// bindsReadOnlyStep makes the host's directories read-only.
func bindsReadOnlyStep(p *check.Probe, subject int) (step.Step, error) {
	b, err := boxOf(p, subject)
	if err != nil {
		return step.Step{}, err
	}
	allowed := b.at.list("writable_paths")
	var set []step.Change
	var what []string
	for i := range b.spec.Mounts {
		m := &b.spec.Mounts[i]
		path, _ := b.at.hostPath(m)
		if m.Type != "bind" && path == "" || m.ReadOnly || path != "" && slices.ContainsFunc(allowed, func(dir string) bool { return shared.Within(path, dir) }) {
			continue
		}
		set = append(set, b.field("HostConfig.Mounts[].ReadOnly", m.Destination, "true"))
		what = append(what, m.Destination)
	}
	whole := b.readOnlyThroughout(1).Status == check.Pass
	switch {
	case len(set) == 0:
		return refused("its mounts are read-only, what is mounted below them is not; an engine from 25 on makes that read-only too")
	case b.proc() == nil && !whole:
		return refused("this engine may leave what is mounted below the directory writable, and no process shows it; start it, then collect again")
	case b.proc() != nil && len(b.proc().WritableIn) > 0:
		return refused("this engine leaves what is mounted below a read-only directory writable: " + firstFew(b.proc().WritableIn))
	}
	s, err := recreate(p, subject, set...)
	if err != nil {
		return step.Step{}, err
	}
	s.Note = "It can no longer write to " + firstFew(what) + "; its data belongs in a named volume."
	s.Warnings = append(s.Warnings, "whether it writes there does not show; it fails, or loses data, if it does")
	if !whole {
		s.Warnings = append(s.Warnings, "before engine 25 what is itself mounted below the directory stays writable")
	}
	return s, nil
}

// keepPropagation lets no mount travel back to the host.
func keepPropagation(p *check.Probe, subject int) (step.Step, error) {
	b, err := boxOf(p, subject)
	if err != nil {
		return step.Step{}, err
	}
	var set []step.Change
	for _, m := range b.spec.Mounts {
		if to, ok := map[string]string{"shared": "private", "rshared": "rprivate"}[m.Propagation]; ok {
			set = append(set, b.field("HostConfig.Mounts[].Propagation", m.Destination, to))
		}
	}
	s, err := recreate(p, subject, set...)
	if err != nil {
		return step.Step{}, err
	}
	s.Note = "What it mounts there appears inside only. A program that mounts for others, such as a storage plugin, stops working."
	return s, nil
}

// plainTmpfs takes exec, suid and dev out of the options of memory file systems.
func plainTmpfs(p *check.Probe, subject int) (step.Step, error) {
	b, err := boxOf(p, subject)
	if err != nil {
		return step.Step{}, err
	}
	var set []step.Change
	for _, t := range b.spec.TmpfsOptions {
		if loosened(t.Value) == "" {
			continue
		}
		kept := slices.DeleteFunc(strings.Split(t.Value, ","), func(o string) bool {
			return slices.Contains([]string{"exec", "suid", "dev", "defaults"}, strings.TrimSpace(o))
		})
		set = append(set, b.field("HostConfig.Tmpfs[]", t.Key, strings.Join(kept, ",")))
	}
	s, err := recreate(p, subject, set...)
	if err != nil {
		return step.Step{}, err
	}
	s.Note = "Programs that are put there can no longer be run."
	return s, nil
}

// removeDevices takes away what hands in devices that the policy does not list.
func removeDevices(p *check.Probe, subject int) (step.Step, error) {
	b, err := boxOf(p, subject)
	if err != nil {
		return step.Step{}, err
	}
	allowed := b.at.list("allowed_devices")
	var set []step.Change
	var what []string
	take := func(c step.Change, name string) {
		set, what = append(set, c), append(what, name)
	}
	for _, d := range b.spec.Devices {
		if !slices.Contains(allowed, d.Host) {
			take(b.field("HostConfig.Devices[]", d.Host, ""), d.Host)
		}
	}
	for _, r := range b.spec.DeviceRequests {
		if !slices.Contains(allowed, r) {
			return refused(fmt.Sprintf("it asks for devices by the driver or name %s, which could not be put back; start it without --gpus or --device", r))
		}
	}
	for _, r := range b.spec.DeviceRules {
		if everyDevice(r) && !slices.Contains(allowed, r) {
			take(b.field("HostConfig.DeviceCgroupRules[]", r, "false"), r)
		}
	}
	for i := range b.spec.Mounts {
		m := &b.spec.Mounts[i]
		if path, _ := b.at.hostPath(m); shared.Within(path, "/dev") && !slices.Contains(allowed, path) {
			take(b.field("HostConfig.Mounts[]", m.Destination, ""), m.Destination)
		}
	}
	return b.withoutDevices(subject, set, what)
}

func removeRules(p *check.Probe, subject int) (step.Step, error) {
	b, err := boxOf(p, subject)
	if err != nil {
		return step.Step{}, err
	}
	var set []step.Change
	var what []string
	for _, r := range b.spec.DeviceRules {
		if wildcardRule(r) {
			set, what = append(set, b.field("HostConfig.DeviceCgroupRules[]", r, "false")), append(what, r)
		}
	}
	return b.withoutDevices(subject, set, what)
}

func (b *box) withoutDevices(subject int, set []step.Change, what []string) (step.Step, error) {
	s, err := b.confine(subject, set...)
	if err != nil {
		return step.Step{}, err
	}
	s.Note = "It can no longer open " + firstFew(what) + "."
	s.Warnings = append(s.Warnings, b.inUse(what))
	return s, nil
}
