package docker

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/shared"
	"plimsoll/internal/step"
)

// removeSysctls takes away kernel settings that the policy does not list.
func removeSysctls(p *check.Probe, subject int) (step.Step, error) {
	b, err := boxOf(p, subject)
	if err != nil {
		return step.Step{}, err
	}
	allowed := b.at.list("allowed_keys")
	var set []step.Change
	var what []string
	for _, k := range b.spec.Sysctls {
		if !slices.Contains(allowed, k.Key) {
			set, what = append(set, b.field("HostConfig.Sysctls[]", k.Key, "")), append(what, k.Key)
		}
	}
	s, err := recreate(p, subject, set...)
	if err != nil {
		return step.Step{}, err
	}
	s.Note = firstFew(what) + " go back to the kernel's own values in it."
	return s, nil
}

// setUlimits states the highest limits that the policy lets a process have.
func setUlimits(p *check.Probe, subject int) (step.Step, error) {
	b, err := boxOf(p, subject)
	if err != nil {
		return step.Step{}, err
	}
	var set []step.Change
	for _, name := range [...]string{"nofile", "nproc"} {
		most := p.Int("max_" + name)
		limit, source, _ := b.ulimit(name)
		if most <= 0 || source == "" || limit >= 0 && limit <= most {
			continue
		}
		soft := most
		for _, u := range b.spec.Resources.Ulimits {
			if u.Name == name && u.Soft >= 0 {
				soft = min(soft, u.Soft)
			}
		}
		set = append(set, b.field("HostConfig.Ulimits[]", name, fmt.Sprintf("%d:%d", soft, most)))
	}
	s, err := b.confine(subject, set...)
	if err == nil && b.rt.Live() {
		s.Note = strings.TrimSpace(s.Note + " How many files it has open now is not looked at; it cannot open more than the limit.")
	}
	return s, err
}

// letBeKilled makes the kernel treat it as any other when memory runs out.
func letBeKilled(p *check.Probe, subject int) (step.Step, error) {
	b, err := boxOf(p, subject)
	if err != nil {
		return step.Step{}, err
	}
	var set []step.Change
	if b.spec.Resources.OomScoreAdj < 0 {
		set = append(set, change(b.spec, "HostConfig.OomScoreAdj", "0"))
	}
	plain := *b
	spec := *b.spec
	spec.Resources.OomScoreAdj, plain.spec = 0, &spec
	if mayBeKilled(&plain).Status != check.Pass {
		set = append(set, change(b.spec, "HostConfig.OomKillDisable", "false"))
	}
	s, err := recreate(p, subject, set...)
	if err != nil {
		return step.Step{}, err
	}
	s.Note = "When memory runs out the kernel may end it, as any other."
	return s, nil
}

// ownParent goes back to the engine's own group.
func ownParent(p *check.Probe, subject int) (step.Step, error) {
	b, err := boxOf(p, subject)
	if err != nil {
		return step.Step{}, err
	}
	if slices.Contains(b.at.list("allowed_slices"), b.spec.Resources.CgroupParent) {
		return refused("its parent is on the policy list and has no memory limit; limit the slice")
	}
	s, err := recreate(p, subject, change(b.spec, "HostConfig.CgroupParent", ""))
	if err != nil {
		return step.Step{}, err
	}
	s.Note = "Limits that " + b.spec.Resources.CgroupParent + " has no longer apply to it; its own do."
	return s, nil
}

// keepLogs writes to files of bounded size.
func keepLogs(p *check.Probe, subject int) (step.Step, error) {
	b, err := boxOf(p, subject)
	if err != nil {
		return step.Step{}, err
	}
	s, err := recreate(p, subject, change(b.spec, "HostConfig.LogConfig.Type", "json-file"))
	if err != nil {
		return step.Step{}, err
	}
	s.Note = "What it prints is kept on the host's disk, in three files of at most 10 MB, and may hold what nobody meant to keep."
	return s, nil
}

// imageHealth gives the image's own health test its place back. None is invented.
func imageHealth(p *check.Probe, subject int) (step.Step, error) {
	b, err := boxOf(p, subject)
	if err != nil {
		return step.Step{}, err
	}
	image := b.image()
	if b.spec.Health.Test != "NONE" || image == nil || image.Health == "" || image.Health == "NONE" {
		return refused("its image has no health test either, and only who knows the program can write one; add HEALTHCHECK to the image or --health-cmd where it is started")
	}
	s, err := recreate(p, subject, change(b.spec, "Config.Healthcheck.Test", image.Health))
	if err != nil {
		return step.Step{}, err
	}
	s.Note = "The health test of its image runs again; it was switched off, perhaps because it failed."
	return s, nil
}

// imageUser goes back to the user that the image is made for. None is invented.
func imageUser(p *check.Probe, subject int) (step.Step, error) {
	b, err := boxOf(p, subject)
	if err != nil {
		return step.Step{}, err
	}
	const otherwise = "; give it a USER in its image, or --user where it is started, and the files that it writes to that user"
	image := b.image()
	if image == nil || image.User == "" {
		return refused("its image names no user, and which one the program works as cannot be told" + otherwise)
	}
	uid, name := shared.UID(image.User)
	switch {
	case name != "" && image.User != b.spec.User:
		return refused("its image is made for the user " + name + ", whose number the step would have to state: start it without --user")
	case uid == 0 || image.User == b.spec.User:
		return refused("its image is made for the user " + image.User + ", under which it runs already or which is root" + otherwise)
	}
	s, err := recreate(p, subject, change(b.spec, "Config.User", image.User))
	if err != nil {
		return step.Step{}, err
	}
	s.Note = "It runs as the user of its image and holds no capability. Files in its volumes that root made are closed to it until they are given to that user."
	if len(b.spec.Mounts) > 0 {
		s.Warnings = append(s.Warnings, "whose its files in "+strconv.Itoa(len(b.spec.Mounts))+" mounts are is not looked at")
	}
	return s, nil
}

// bindPorts binds what is published everywhere to the address that policy names.
func bindPorts(p *check.Probe, subject int) (step.Step, error) {
	b, err := boxOf(p, subject)
	if err != nil {
		return step.Step{}, err
	}
	list, _ := p.List("bind_address")
	if len(list) != 1 {
		return refused("which address it should be reached at is yours to say: give --set container-ports-bound-to-interface.bind_address=127.0.0.1, or another, and it is bound to that")
	}
	ip, err := netip.ParseAddr(list[0])
	if err != nil || ip.IsUnspecified() || ip.Zone() != "" {
		return refused("bind_address " + strconv.Quote(list[0]) + " is not an address of one interface")
	}
	allowed, _ := p.List("allowed_ports")
	rules, who := portRules(allowed), p.Index.Subjects[subject]
	bindings := make(map[string][]string)
	var keys []string
	for _, o := range b.spec.Ports {
		key := fmt.Sprintf("%d/%s", o.ContainerPort, o.Proto)
		if wildcard(o.HostIP) && !allow(rules, who, o.ContainerPort, o.Proto) && !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
		at := ip
		if !wildcard(o.HostIP) {
			if at, err = netip.ParseAddr(strings.Trim(o.HostIP, "[]")); err != nil {
				return refused("the address " + strconv.Quote(o.HostIP) + " of a port was not understood")
			}
		}
		bindings[key] = append(bindings[key], netip.AddrPortFrom(at, o.HostPort).String())
	}
	var set []step.Change
	for _, key := range keys {
		slices.Sort(bindings[key])
		set = append(set, b.field("HostConfig.PortBindings[]", key, strings.Join(slices.Compact(bindings[key]), ",")))
	}
	s, err := recreate(p, subject, set...)
	if err != nil {
		return step.Step{}, err
	}
	s.Note = "It answers at " + ip.String() + " only; who reaches it at another address of the machine no longer does."
	return s, nil
}

// unpublish takes away ports that are not on the list of those that are meant.
func unpublish(p *check.Probe, subject int) (step.Step, error) {
	b, err := boxOf(p, subject)
	if err != nil {
		return step.Step{}, err
	}
	list, _ := p.List("allowed_ports")
	rules, who := portRules(list), p.Index.Subjects[subject]
	var set []step.Change
	var what []string
	for _, o := range b.spec.Ports {
		key := fmt.Sprintf("%d/%s", o.ContainerPort, o.Proto)
		if !allow(rules, who, o.ContainerPort, o.Proto) && !slices.Contains(what, key) {
			set, what = append(set, b.field("HostConfig.PortBindings[]", key, "")), append(what, key)
		}
	}
	s, err := recreate(p, subject, set...)
	if err != nil {
		return step.Step{}, err
	}
	s.Note = "The ports " + firstFew(what) + " are no longer published; containers on its networks still reach them."
	if proc := b.proc(); proc != nil {
		for _, o := range b.spec.Ports {
			if slices.Contains(what, fmt.Sprintf("%d/%s", o.ContainerPort, o.Proto)) && slices.Contains(proc.Listening, o.ContainerPort) {
				s.Warnings = append(s.Warnings, "it listens on "+strconv.Itoa(int(o.ContainerPort))+"/"+o.Proto+" now")
			}
		}
	}
	return s, nil
}

var bindAddress = check.Param{Name: "bind_address", Unit: "list", Meaning: "the address that the fix binds published ports to, such as 127.0.0.1; empty: none is chosen and the fix refuses"}
