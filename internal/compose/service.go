package compose

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"

	"plimsoll/internal/snapshot"
)

// mapper turns one service into the container that docker compose would create.
type mapper struct {
	*sources
	p   *types.Project
	svc *types.ServiceConfig
	bad []string // paths in the spec that hang on a variable without a value or were not understood

	joins int // volumes_from followed so far
}

// Key returns the key of a service's container.
func Key(project, service string) string { return "compose/" + project + "/" + service }

func (m *mapper) service() Service {
	defs := m.definitions(m.svc.Name)
	out := Service{Name: m.svc.Name, Fields: m.fields(defs)}
	if len(defs) > 0 {
		out.Loc = defs[0].loc()
	}
	for _, f := range out.Fields {
		if len(f.Unresolved) > 0 {
			m.bad = append(m.bad, f.Paths...)
		}
	}
	env := m.environment()
	c := m.svc
	s := &out.Spec
	s.Image, s.User, s.Env = m.image(defs), c.User, env
	s.Args = append(conceal("entrypoint", c.Entrypoint), conceal("cmd", c.Command)...)
	s.Health.Test = healthTest(c.HealthCheck)
	s.Privileged, s.ReadonlyRootfs = c.Privileged, c.ReadOnly
	s.CapAdd, s.CapDrop = capabilities(c.CapAdd), capabilities(c.CapDrop)
	s.GroupAdd = sorted(c.GroupAdd)
	s.PidMode, s.IpcMode, s.UTSMode = m.namespace(c.Pid), m.namespace(c.Ipc), c.Uts
	s.UsernsMode, s.CgroupMode, s.Runtime = c.UserNSMode, c.Cgroup, c.Runtime
	s.Resources, s.RestartPolicy = m.resources(), restartPolicy(c)
	s.LogDriver = c.LogDriver
	if c.Logging != nil {
		s.LogDriver = cmp.Or(c.Logging.Driver, s.LogDriver)
	}
	for _, k := range slices.Sorted(maps.Keys(c.Sysctls)) {
		s.Sysctls = append(s.Sysctls, snapshot.Pair{Key: k, Value: c.Sysctls[k]})
	}
	m.devices(s)
	m.security(s)
	m.networks(s)
	m.ports(s)
	s.Mounts = m.mounts(c, 0)
	s.Tmpfs = tmpfs(c, s.Mounts)
	out.Fields = append(out.Fields, m.mountPlaces(defs, s.Mounts)...)
	out.Fields = append(out.Fields, m.envPlaces(defs)...)
	slices.Sort(m.bad)
	s.Unread = slices.Compact(m.bad)
	out.Build = m.build(defs)
	return out
}

// image returns the reference; one with a variable that has no value as it is
// written, which says so.
func (m *mapper) image(defs []place) string {
	if at := m.places(defs, "image"); len(at) > 0 && len(m.outcome(at[0].pair.Value).unresolved) > 0 {
		return at[0].pair.Value.Value
	}
	return m.svc.Image
}

func conceal(name string, args []string) []snapshot.Secretish {
	var out []snapshot.Secretish
	for i, a := range args {
		out = append(out, snapshot.Conceal(name+"["+strconv.Itoa(i)+"]", a))
	}
	return out
}

// environment joins env files and variables; of the values only shapes stay.
func (m *mapper) environment() []snapshot.Secretish {
	vars := make(map[string]string)
	for _, f := range m.svc.EnvFiles {
		if strings.Contains(f.Path, "$") || f.Path == "" {
			m.bad = append(m.bad, "env")
			continue
		}
		found, err := m.envFile(f.Path, false)
		if err != nil || found == nil && bool(f.Required) {
			m.bad = append(m.bad, "env") // it is often left out of a repository on purpose
		}
		maps.Copy(vars, found)
	}
	for k, v := range m.svc.Environment {
		vars[k] = ""
		if v != nil {
			vars[k] = *v
		}
	}
	var out []snapshot.Secretish
	for i, k := range slices.Sorted(maps.Keys(vars)) {
		name := k
		if strings.ContainsFunc(k, func(r rune) bool { return r <= ' ' || r > '~' || r == '=' }) || len(k) > 128 {
			name = "#" + strconv.Itoa(i) // it is data rather than a name
		}
		out = append(out, snapshot.Conceal(name, vars[k]))
	}
	return out
}

func healthTest(h *types.HealthCheckConfig) string {
	switch {
	case h == nil:
		return ""
	case h.Disable:
		return "NONE"
	case len(h.Test) == 0:
		return ""
	}
	return h.Test[0]
}

func capabilities(list []string) []string {
	var out []string
	for _, c := range list {
		if c != "" {
			out = append(out, strings.TrimPrefix(strings.ToUpper(c), "CAP_"))
		}
	}
	return sorted(out)
}

func sorted(list []string) []string {
	out := slices.Clone(list)
	slices.Sort(out)
	return slices.Compact(out)
}

// namespace turns service:NAME into the key of that service's container.
func (m *mapper) namespace(mode string) string {
	if svc, ok := strings.CutPrefix(mode, types.ServicePrefix); ok {
		return types.ContainerPrefix + Key(m.p.Name, svc)
	}
	return mode
}

// resources follows docker compose: what deploy says overrides the older keys.
func (m *mapper) resources() snapshot.Resources {
	c := m.svc
	r := snapshot.Resources{
		Memory: int64(c.MemLimit), MemorySwap: int64(c.MemSwapLimit), MemoryReservation: int64(c.MemReservation),
		NanoCPUs: int64(float64(c.CPUS)*1e3+0.5) * 1e6, CPUShares: c.CPUShares, CPUQuota: c.CPUQuota, CPUPeriod: c.CPUPeriod, CpusetCPUs: c.CPUSet,
		OomKillDisable: c.OomKillDisable, CgroupParent: c.CgroupParent,
	}
	if c.PidsLimit != 0 {
		r.PidsLimit = &c.PidsLimit
	}
	if c.Deploy != nil {
		if l := c.Deploy.Resources.Limits; l != nil {
			r.Memory = cmp.Or(int64(l.MemoryBytes), r.Memory)
			r.NanoCPUs = cmp.Or(int64(float64(l.NanoCPUs)*1e3+0.5)*1e6, r.NanoCPUs)
			if l.Pids > 0 {
				r.PidsLimit = &l.Pids
			}
		}
		if l := c.Deploy.Resources.Reservations; l != nil {
			r.MemoryReservation = cmp.Or(int64(l.MemoryBytes), r.MemoryReservation)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Ulimits)) {
		if u := c.Ulimits[name]; u != nil {
			l := snapshot.Ulimit{Name: name, Soft: int64(u.Soft), Hard: int64(u.Hard)}
			if u.Single != 0 {
				l.Soft, l.Hard = int64(u.Single), int64(u.Single)
			}
			r.Ulimits = append(r.Ulimits, l)
		}
	}
	return r
}

func restartPolicy(c *types.ServiceConfig) snapshot.RestartPolicy {
	var p snapshot.RestartPolicy
	if c.Restart != "" {
		name, count, _ := strings.Cut(c.Restart, ":")
		n, _ := strconv.ParseInt(count, 10, 64)
		p = snapshot.RestartPolicy{Name: condition(name), Max: n}
	}
	if c.Deploy != nil && c.Deploy.RestartPolicy != nil {
		d := c.Deploy.RestartPolicy
		p = snapshot.RestartPolicy{Name: condition(d.Condition)}
		if d.MaxAttempts != nil {
			p.Max = int64(min(*d.MaxAttempts, 1<<31))
		}
	}
	return p
}

func condition(name string) string {
	switch name {
	case "none", "no":
		return "no"
	case "any", "always":
		return "always"
	}
	return name
}
