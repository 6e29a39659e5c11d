package snapshot

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Field reads and writes one property of a container by name. Set changes the
// configuration and, where a kernel fact was observed, the fact that follows
// from it, so that a simulated container looks as the real one will.
type Field struct {
	Path string // of the field in ContainerSpec, as in Unread
	Get  func(*ContainerSpec) string
	Set  func(*ContainerSpec, *Runtime, string) error
}

// ContainerField returns the property with the name: one of [ContainerFields],
// or a part of one of [ContainerParts], written with the part's key in brackets.
func ContainerField(name string) (Field, bool) {
	if f, ok := ContainerFields[name]; ok {
		return f, true
	}
	of, key := SplitField(name)
	part, ok := ContainerParts[of]
	if !ok {
		return Field{}, false
	}
	return part(key), true
}

// SplitField takes the key out of the name of a part's field:
// HostConfig.CapAdd[SYS_ADMIN] is HostConfig.CapAdd[] and SYS_ADMIN. The name of
// another field is returned as it is, without a key.
func SplitField(name string) (of, key string) {
	open, end := strings.IndexByte(name, '['), strings.LastIndexByte(name, ']') // the key of a mount may hold brackets
	if open < 0 || end <= open+1 {
		return name, ""
	}
	return name[:open+1] + name[end:], name[open+1 : end]
}

// PartField names one part of a property: PartField("HostConfig.CapAdd[]",
// "SYS_ADMIN") is HostConfig.CapAdd[SYS_ADMIN].
func PartField(of, key string) string { return strings.Replace(of, "[]", "["+key+"]", 1) }

// ContainerFields are the properties that steps can change, by the engine API's
// names. Values are in the API's units, written in decimal; lists are sorted and
// separated by commas.
var ContainerFields = map[string]Field{
	"HostConfig.Memory": intField("resources.memory",
		func(s *ContainerSpec) *int64 { return &s.Resources.Memory },
		func(c *Cgroup, v int64) { c.MemoryMax = pages(v) }),
	"HostConfig.MemorySwap": intField("resources.memorySwap",
		func(s *ContainerSpec) *int64 { return &s.Resources.MemorySwap },
		func(c *Cgroup, v int64) { c.MemorySwapMax = pages(v) }),
	"HostConfig.NanoCpus": intField("resources.nanoCPUs",
		func(s *ContainerSpec) *int64 { return &s.Resources.NanoCPUs },
		func(c *Cgroup, v int64) { // the engine refuses it beside a period of another length
			c.CPUPeriod = cpuPeriod
			c.CPUQuota = limit(v / (1e9 / cpuPeriod))
		}),
	"HostConfig.CpuShares": intField("resources.cpuShares",
		func(s *ContainerSpec) *int64 { return &s.Resources.CPUShares },
		func(c *Cgroup, v int64) { // version 2 keeps a weight near it: which one is the runtime's choice
			if v == 0 {
				v = 1024
			}
			c.CPUShares = v
		}),
	"HostConfig.PidsLimit":                     {Path: "resources.pidsLimit", Get: getPids, Set: setPids},
	"HostConfig.RestartPolicy":                 {Path: "restartPolicy", Get: func(s *ContainerSpec) string { return s.RestartPolicy.String() }, Set: setRestart},
	"HostConfig.ReadonlyRootfs":                {Path: "readonlyRootfs", Get: func(s *ContainerSpec) string { return strconv.FormatBool(s.ReadonlyRootfs) }, Set: setReadonly},
	"HostConfig.CapDrop":                       {Path: "capDrop", Get: func(s *ContainerSpec) string { return strings.Join(s.CapDrop, ",") }, Set: setCapDrop},
	"HostConfig.SecurityOpt.no-new-privileges": {Path: "security.noNewPrivileges", Get: getNoNewPrivileges, Set: setNoNewPrivileges},
	"HostConfig.Privileged":                    {Path: "privileged", Get: func(s *ContainerSpec) string { return strconv.FormatBool(s.Privileged) }, Set: setPrivileged},
	"HostConfig.SecurityOpt.seccomp":           {Path: "security.seccomp", Get: func(s *ContainerSpec) string { return s.Security.Seccomp }, Set: setSeccomp},
	"HostConfig.SecurityOpt.apparmor":          {Path: "security.appArmor", Get: func(s *ContainerSpec) string { return s.Security.AppArmor }, Set: setAppArmor},
	"HostConfig.SecurityOpt.label":             {Path: "security.selinux", Get: func(s *ContainerSpec) string { return strings.Join(s.Security.SELinux, ",") }, Set: setLabel},
	"HostConfig.MaskedPaths":                   {Path: "security", Get: getMasks, Set: setMasks},
	"HostConfig.PidMode": mode("pidMode", func(s *ContainerSpec) *string { return &s.PidMode },
		func(p *Process) *bool { return &p.HostPid }),
	"HostConfig.IpcMode": mode("ipcMode", func(s *ContainerSpec) *string { return &s.IpcMode },
		func(p *Process) *bool { return &p.HostIpc }),
	"HostConfig.UTSMode": mode("utsMode", func(s *ContainerSpec) *string { return &s.UTSMode },
		func(p *Process) *bool { return &p.HostUts }),
	"HostConfig.OomKillDisable": {Path: "resources.oomKillDisable", Get: func(s *ContainerSpec) string { return strconv.FormatBool(s.Resources.OomKillDisable) }, Set: setOomKill},
	"HostConfig.OomScoreAdj":    intField("resources.oomScoreAdj", func(s *ContainerSpec) *int64 { return &s.Resources.OomScoreAdj }, func(*Cgroup, int64) {}),
	"HostConfig.CgroupParent":   {Path: "resources.cgroupParent", Get: func(s *ContainerSpec) string { return s.Resources.CgroupParent }, Set: setCgroupParent},
	"HostConfig.LogConfig.Type": {
		Path: "logDriver",
		Get:  func(s *ContainerSpec) string { return s.LogDriver },
		Set:  func(s *ContainerSpec, _ *Runtime, v string) error { s.LogDriver = v; return nil },
	},
	"Config.Healthcheck.Test": {
		Path: "health",
		Get:  func(s *ContainerSpec) string { return s.Health.Test },
		Set:  func(s *ContainerSpec, _ *Runtime, v string) error { s.Health.Test = v; return nil },
	},
	"Config.User": {Path: "user", Get: func(s *ContainerSpec) string { return s.User }, Set: setUser},
	"Config.Image": {
		Path: "image",
		Get:  func(s *ContainerSpec) string { return s.Image },
		Set:  func(s *ContainerSpec, _ *Runtime, v string) error { s.Image = v; return nil },
	},
}

const (
	cpuPeriod = 100000 // microseconds; what the engine turns a number of CPUs into a quota of
	pageSize  = 4096   // bytes; the kernel counts memory in pages, which are larger on few machines
)

// pages is limit for memory: the kernel drops what does not fill a page.
func pages(v int64) int64 { return limit(v &^ (pageSize - 1)) }

// limit turns the API's "0 or -1 is none" into the kernel facts' -1.
func limit(v int64) int64 {
	if v <= 0 {
		return -1
	}
	return v
}

func intField(path string, at func(*ContainerSpec) *int64, kernel func(*Cgroup, int64)) Field {
	return Field{
		Path: path,
		Get:  func(s *ContainerSpec) string { return strconv.FormatInt(*at(s), 10) },
		Set: func(s *ContainerSpec, r *Runtime, v string) error {
			n, err := strconv.ParseInt(v, 10, 64)
			if err != nil {
				return fmt.Errorf("value %.40q is not a whole number", v)
			}
			*at(s) = n
			if r.Cgroup.Known() {
				kernel(&r.Cgroup.V, n)
			}
			return nil
		},
	}
}

func getPids(s *ContainerSpec) string {
	if p := s.Resources.PidsLimit; p != nil && *p > 0 {
		return strconv.FormatInt(*p, 10)
	}
	return "-1" // nil, 0 and -1 are one state: unlimited
}

func setPids(s *ContainerSpec, r *Runtime, v string) error {
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil {
		return fmt.Errorf("PIDs limit %.40q is not a whole number", v)
	}
	stored := max(n, 0) // an engine writes 0 for an explicit "no limit"
	s.Resources.PidsLimit = &stored
	if r.Cgroup.Known() {
		r.Cgroup.V.PidsMax = limit(n)
	}
	return nil
}

// String is the form of docker run --restart: no, always, on-failure:5.
func (p RestartPolicy) String() string {
	switch {
	case p.Name == "":
		return "no"
	case p.Name == "on-failure" && p.Max > 0:
		return "on-failure:" + strconv.FormatInt(p.Max, 10)
	}
	return p.Name
}

func setRestart(s *ContainerSpec, _ *Runtime, v string) error {
	name, count, _ := strings.Cut(v, ":")
	p := RestartPolicy{Name: name, Service: s.RestartPolicy.Service}
	if count != "" {
		n, err := strconv.ParseInt(count, 10, 64)
		if err != nil || n < 0 {
			return fmt.Errorf("restart policy %.40q: the count is not a whole number", v)
		}
		p.Max = n
	}
	s.RestartPolicy = p
	return nil
}

func setReadonly(s *ContainerSpec, r *Runtime, v string) error {
	b, err := strconv.ParseBool(v)
	if err != nil {
		return fmt.Errorf("read-only root %.40q is neither true nor false", v)
	}
	s.ReadonlyRootfs = b
	if r.Process.Known() {
		r.Process.V.RootReadOnly = b
	}
	return nil
}

func setCapDrop(s *ContainerSpec, r *Runtime, v string) error {
	recap(s, r, func() {
		s.CapDrop = nil
		if v != "" {
			s.CapDrop = strings.Split(v, ",")
			slices.Sort(s.CapDrop)
		}
	})
	return nil
}

// recap makes an edit and moves the process's capabilities by what it grants and
// takes. The difference alone: the engine may itself lack some of what it should
// grant, and a process without root has none in effect.
func recap(s *ContainerSpec, r *Runtime, edit func()) {
	before := EffectiveCaps(s)
	edit()
	if !r.Process.Known() {
		return
	}
	after, p := EffectiveCaps(s), &r.Process.V
	lost, gained := before&^after, after&^before
	p.CapBnd = p.CapBnd&^lost | gained
	p.CapEff &^= lost
	if p.UID == 0 {
		p.CapEff |= gained
	}
}

func getNoNewPrivileges(s *ContainerSpec) string {
	if s.Security.NoNewPrivileges == nil {
		return ""
	}
	return strconv.FormatBool(*s.Security.NoNewPrivileges)
}

func setNoNewPrivileges(s *ContainerSpec, r *Runtime, v string) error {
	if v == "" {
		s.Security.NoNewPrivileges = nil
		return nil
	}
	b, err := strconv.ParseBool(v)
	if err != nil {
		return fmt.Errorf("no-new-privileges %.40q is neither true nor false", v)
	}
	s.Security.NoNewPrivileges = &b
	if r.Process.Known() {
		r.Process.V.NoNewPriv = b
	}
	return nil
}
