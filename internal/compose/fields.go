package compose

import (
	"cmp"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"plimsoll/internal/snapshot"
	"plimsoll/internal/yaml"
)

// keyField ties keys of a service to the field of a container that they set, as
// evidence names it and as the paths in [snapshot.ContainerSpec]. Where a field
// has several keys, the first that is there counts.
type keyField struct{ field, paths, keys string }

var keyFields = []keyField{
	{"Config.Image", "image", "image"},
	{"Config.User", "user", "user"},
	{"Config.Env", "env", "environment"},
	{"Config.Healthcheck", "health", "healthcheck.disable healthcheck.test healthcheck"},
	{"HostConfig.Privileged", "privileged", "privileged"},
	{"HostConfig.CapAdd", "capAdd", "cap_add"},
	{"HostConfig.CapDrop", "capDrop", "cap_drop"},
	{"HostConfig.SecurityOpt", "security", "security_opt"},
	{"HostConfig.GroupAdd", "groupAdd", "group_add"},
	{"HostConfig.Tmpfs", "tmpfs", "tmpfs"},
	{"HostConfig.Runtime", "runtime", "runtime"},
	{"security_opt", "", "security_opt"},
	{"HostConfig.ReadonlyRootfs", "readonlyRootfs", "read_only"},
	{"HostConfig.Memory", "resources.memory", "deploy.resources.limits.memory mem_limit"},
	{"HostConfig.MemorySwap", "resources.memorySwap", "memswap_limit"},
	{"HostConfig.NanoCpus", "resources.nanoCPUs", "deploy.resources.limits.cpus cpus"},
	{"HostConfig.CpuShares", "resources.cpuShares", "cpu_shares"},
	{"HostConfig.CpuQuota", "resources.cpuQuota", "cpu_quota"},
	{"HostConfig.CpuPeriod", "resources.cpuPeriod", "cpu_period"},
	{"HostConfig.CpusetCpus", "resources.cpusetCPUs", "cpuset"},
	{"HostConfig.PidsLimit", "resources.pidsLimit", "deploy.resources.limits.pids pids_limit"},
	{"HostConfig.RestartPolicy", "restartPolicy", "deploy.restart_policy restart"},
	{"HostConfig.NetworkMode", "networkMode networks", "network_mode networks"},
	{"NetworkSettings.Networks", "networks", "networks"},
	{"HostConfig.PortBindings", "ports", "ports"},
	{"Mounts", "mounts tmpfs", "volumes volumes_from use_api_socket"},
	{"HostConfig.PidMode", "pidMode", "pid"},
	{"HostConfig.IpcMode", "ipcMode", "ipc"},
	{"HostConfig.UTSMode", "utsMode", "uts"},
	{"HostConfig.UsernsMode", "usernsMode", "userns_mode"},
	{"HostConfig.CgroupnsMode", "cgroupMode", "cgroup"},
	{"HostConfig.CgroupParent", "resources.cgroupParent", "cgroup_parent"},
	{"HostConfig.Devices", "devices", "devices"},
	{"HostConfig.DeviceRequests", "deviceRequests", "gpus deploy.resources.reservations.devices"},
	{"HostConfig.DeviceCgroupRules", "deviceRules", "device_cgroup_rules"},
	{"HostConfig.Sysctls", "sysctls", "sysctls"},
	{"HostConfig.Ulimits", "resources.ulimits", "ulimits"},
	{"HostConfig.LogConfig", "logDriver", "logging.driver logging"},
	{"image", "", "image"},
}

// place is a key with its value in a file.
type place struct {
	file string
	pair yaml.Pair
}

func (p place) loc() snapshot.Location {
	return snapshot.Location{File: p.file, Line: p.pair.Key.Line, Column: p.pair.Key.Col}
}

// definitions returns the mappings that make a service, the deciding one first:
// overriding files, included ones, then what each extends.
func (s *sources) definitions(service string) []place {
	var out []place
	name, within := service, ""
	for range maxNesting {
		found := s.named(name, within)
		if len(found) == 0 {
			break
		}
		out = append(out, found...)
		i := slices.IndexFunc(found, func(p place) bool { return p.pair.Value.Get("extends") != nil })
		if i < 0 {
			break
		}
		ext := found[i].pair.Value.Get("extends")
		base := ext
		if ext.Kind == yaml.Map {
			base = ext.Get("service")
		}
		if base == nil {
			break
		}
		if f := ext.Get("file"); f != nil {
			within = filepath.Base(f.Value)
		}
		if base.Value == name && ext.Get("file") == nil {
			break
		}
		name = base.Value
	}
	return out
}

// named returns the definitions of a service in the files, or in those whose
// base name is within.
func (s *sources) named(name, within string) []place {
	var out []place
	for _, file := range slices.Backward(s.order) {
		if within != "" && filepath.Base(file) != within {
			continue
		}
		for _, d := range s.trees[file] {
			for _, p := range d.Get("services").Entries() {
				if p.Key.Value == name {
					out = append(out, place{file, p})
				}
			}
		}
	}
	// Files given by the user come after one another; what they include decides less.
	slices.SortStableFunc(out, func(a, b place) int {
		return cmp.Compare(btoi(!slices.Contains(s.Files, a.file)), btoi(!slices.Contains(s.Files, b.file)))
	})
	return out
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// places returns where a dotted key of a service stands, the deciding place
// first.
func (s *sources) places(defs []place, key string) []place {
	var out []place
	for _, d := range defs {
		at, ok := d, true
		for k := range strings.SplitSeq(key, ".") {
			i := slices.IndexFunc(at.pair.Value.Entries(), func(p yaml.Pair) bool { return p.Key.Value == k })
			if ok = i >= 0; !ok {
				break
			}
			at.pair = at.pair.Value.Pairs[i]
		}
		if ok {
			out = append(out, at)
		}
	}
	return out
}

// fields locates every field that the files set for a service.
func (s *sources) fields(defs []place) []snapshot.FieldLoc {
	var out []snapshot.FieldLoc
	for _, kf := range keyFields {
		f := snapshot.FieldLoc{Field: kf.field, Paths: strings.Fields(kf.paths)}
		for key := range strings.FieldsSeq(kf.keys) {
			if f.Loc.File != "" {
				break
			}
			for i, p := range s.places(defs, key) {
				if i > 0 && p.pair.Value.Kind == yaml.Scalar {
					break // what overrides it counts alone
				}
				if i == 0 {
					f.Loc = p.loc()
				}
				o := s.outcome(p.pair.Value)
				f.Unresolved, f.Defaults = union(f.Unresolved, o.unresolved), union(f.Defaults, o.defaults)
			}
		}
		if f.Loc.File != "" {
			out = append(out, f)
		}
	}
	return out
}

// mountPlaces locates the entries of volumes by what they are mounted on.
func (s *sources) mountPlaces(defs []place, mounts []snapshot.Mount) []snapshot.FieldLoc {
	var out []snapshot.FieldLoc
	for _, at := range s.places(defs, "volumes") {
		for _, item := range at.pair.Value.Items {
			target := item.Value
			if t := item.Get("target"); t != nil {
				target = t.Value
			} else if parts := strings.Split(target, ":"); len(parts) > 1 {
				target = parts[1]
			}
			target = path.Clean(target)
			mounted := slices.ContainsFunc(mounts, func(m snapshot.Mount) bool { return m.Destination == target })
			field := "Mounts " + target
			if mounted && !slices.ContainsFunc(out, func(f snapshot.FieldLoc) bool { return f.Field == field }) {
				out = append(out, snapshot.FieldLoc{Field: field, Loc: snapshot.Location{File: at.file, Line: item.Line, Column: item.Col}})
			}
		}
	}
	return out
}

// envPlaces locates the variables that a service sets itself.
func (s *sources) envPlaces(defs []place) []snapshot.FieldLoc {
	var out []snapshot.FieldLoc
	seen := make(map[string]bool)
	add := func(file string, key *yaml.Node, name string) {
		if name = "Config.Env " + name; !seen[name] {
			seen[name] = true
			out = append(out, snapshot.FieldLoc{Field: name, Loc: snapshot.Location{File: file, Line: key.Line, Column: key.Col}})
		}
	}
	for _, at := range s.places(defs, "environment") {
		for _, e := range at.pair.Value.Entries() {
			add(at.file, e.Key, e.Key.Value)
		}
		for _, i := range at.pair.Value.Items {
			name, _, _ := strings.Cut(i.Value, "=")
			add(at.file, i, name)
		}
	}
	return out
}

// outcome joins what became of the variables below a node.
func (s *sources) outcome(n *yaml.Node) outcome {
	o := s.vars.results[n.Value]
	if n.Kind != yaml.Scalar {
		o = outcome{}
	}
	for _, i := range n.Items {
		c := s.outcome(i)
		o = outcome{union(o.unresolved, c.unresolved), union(o.defaults, c.defaults)}
	}
	for _, p := range n.Pairs {
		c := s.outcome(p.Value)
		o = outcome{union(o.unresolved, c.unresolved), union(o.defaults, c.defaults)}
	}
	return o
}
