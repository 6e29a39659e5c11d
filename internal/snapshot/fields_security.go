package snapshot

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

const (
	unconfined     = "unconfined"
	engineAppArmor = "docker-default" // the profile that the engine loads where its host has AppArmor
	seccompOff     = 0
	seccompFilter  = 2
)

// setPrivileged moves what follows from the flag. The engine states no masks for
// a privileged container and its own for any other; a profile that is named
// beside the flag has its own field.
func setPrivileged(s *ContainerSpec, r *Runtime, v string) error {
	on, err := strconv.ParseBool(v)
	if err != nil {
		return fmt.Errorf("privileged %.40q is neither true nor false", v)
	}
	if on == s.Privileged {
		return nil
	}
	recap(s, r, func() { s.Privileged = on })
	if s.Security.SystemPaths == "" && len(s.Security.Unmasked) == 0 {
		s.Security.Masked = !on
	}
	filter(s, r)
	return nil
}

// filter says what the engine's seccomp filter is to the process. Whether the
// engine has one is judged by what it says of itself.
func filter(s *ContainerSpec, r *Runtime) {
	if !r.Process.Known() {
		return
	}
	r.Process.V.Seccomp = seccompFilter
	if s.Privileged || s.Security.Seccomp == unconfined {
		r.Process.V.Seccomp = seccompOff
	}
}

func setSeccomp(s *ContainerSpec, r *Runtime, v string) error {
	s.Security.Seccomp = v
	filter(s, r)
	return nil
}

// setAppArmor sets the profile as the engine states it; the kernel shows one only
// where it has AppArmor.
func setAppArmor(s *ContainerSpec, r *Runtime, v string) error {
	s.Security.AppArmor = v
	if p := &r.Process.V; r.Process.Known() && p.LSM != "" && !strings.Contains(p.LSM, ":") {
		p.LSM = unconfined
		if v != unconfined {
			p.LSM = v + " (enforce)"
			if v == "" {
				p.LSM = engineAppArmor + " (enforce)"
			}
		}
	}
	return nil
}

// setLabel sets the SELinux options. Which label the engine then gives shows on a
// running container only, of the kind that containers get.
func setLabel(s *ContainerSpec, r *Runtime, v string) error {
	const containers = "system_u:system_r:container_t:s0"
	s.Security.SELinux = nil
	if v != "" {
		s.Security.SELinux = strings.Split(v, ",")
	}
	if p := &r.Process.V; r.Process.Known() && strings.Contains(p.LSM, ":") && v == "" {
		p.LSM, s.Security.ProcessLabel = containers, containers
	}
	return nil
}

// getMasks is default, unconfined, or which of the usual paths are not masked.
func getMasks(s *ContainerSpec) string {
	switch {
	case s.Security.SystemPaths != "":
		return s.Security.SystemPaths
	case len(s.Security.Unmasked) > 0:
		return "without " + strings.Join(s.Security.Unmasked, ",")
	}
	return "default"
}

func setMasks(s *ContainerSpec, _ *Runtime, v string) error {
	sec := &s.Security
	rest, partly := strings.CutPrefix(v, "without ")
	switch {
	case partly:
		sec.SystemPaths, sec.Unmasked = "", strings.Split(rest, ",")
	case v == "default":
		sec.SystemPaths, sec.Unmasked = "", nil
	case v == unconfined:
		sec.SystemPaths, sec.Unmasked = unconfined, slices.Concat(UsualMasks())
	default:
		return fmt.Errorf("masks %.40q are neither default nor unconfined", v)
	}
	sec.Masked = !s.Privileged
	return nil
}

// UsualMasks are the paths of /proc and /sys that every engine since 20.10 hides
// from a container, and those that it leaves readable but not writable. Newer
// engines add further ones.
func UsualMasks() (hidden, readonly []string) {
	hidden = []string{"/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/sched_debug", "/proc/scsi", "/proc/timer_list", "/sys/firmware"}
	readonly = []string{"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"}
	return hidden, readonly
}

// mode is the field of a namespace that is either the host's or not. A mode that
// names another container leaves the kernel's fact alone.
func mode(path string, at func(*ContainerSpec) *string, host func(*Process) *bool) Field {
	return Field{
		Path: path,
		Get:  func(s *ContainerSpec) string { return *at(s) },
		Set: func(s *ContainerSpec, r *Runtime, v string) error {
			*at(s) = v
			if r.Process.Known() && !strings.HasPrefix(v, "container:") {
				*host(&r.Process.V) = v == "host"
			}
			return nil
		},
	}
}

func setOomKill(s *ContainerSpec, _ *Runtime, v string) error {
	off, err := strconv.ParseBool(v)
	if err != nil {
		return fmt.Errorf("OOM killer off %.40q is neither true nor false", v)
	}
	s.Resources.OomKillDisable = off
	return nil
}

// setCgroupParent moves a process to the parent; without one, to the engine's
// own, which is named by its cgroup driver. What limits that one is not known.
func setCgroupParent(s *ContainerSpec, r *Runtime, v string) error {
	s.Resources.CgroupParent = v
	if !r.Cgroup.Known() {
		return nil
	}
	c := &r.Cgroup.V
	switch {
	case v != "":
		c.Path = v
	case strings.HasSuffix(c.Path, ".slice"):
		c.Path = "/system.slice"
	default:
		c.Path = "/docker"
	}
	c.MemoryAncestorMax = -1
	return nil
}

// setUser sets a user by number, UID or UID:GID: what a name stands for is the
// image's matter, and so is the group of a number alone, which counts as 0.
func setUser(s *ContainerSpec, r *Runtime, v string) error {
	number, group, _ := strings.Cut(v, ":")
	uid, err := strconv.ParseInt(number, 10, 64)
	if v != "" && (err != nil || uid < 0) {
		return fmt.Errorf("user %.40q is no number", v)
	}
	gid, err := strconv.ParseInt(group, 10, 64)
	if group != "" && (err != nil || gid < 0) {
		return fmt.Errorf("group of user %.40q is no number", v)
	}
	before := EffectiveCaps(s)
	s.User = v
	r.Account = Fact[int64]{}
	if !r.Process.Known() {
		return nil
	}
	p := &r.Process.V
	shift := p.HostUID - p.UID // ranges are mapped as a whole, groups mostly as users are
	p.UID, p.HostUID, p.CapEff, p.Groups = uid, uid+shift, 0, []int64{gid + shift}
	for _, g := range s.GroupAdd {
		if n, err := strconv.ParseInt(g, 10, 64); err == nil {
			p.Groups = append(p.Groups, n+shift)
		}
	}
	slices.Sort(p.Groups)
	p.Groups = slices.Compact(p.Groups)
	if len(p.UIDs) > 0 {
		p.UIDs = []int64{uid}
	}
	if uid == 0 {
		p.CapEff = before & p.CapBnd
	}
	return nil
}
