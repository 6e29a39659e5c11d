package snapshot

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// ContainerParts are the properties of which steps change one part at a time, so
// that steps for several parts do not stand in each other's way. Brackets stand
// where the part's key goes: a capability, the place of a mount, a device. The
// value "" means that there is none; lists whose items say everything by their
// key are "true" and "false".
var ContainerParts = map[string]func(key string) Field{
	"HostConfig.CapAdd[]":             capAdd,
	"HostConfig.GroupAdd[]":           groupAdd,
	"HostConfig.Mounts[]":             mounted,
	"HostConfig.Mounts[].ReadOnly":    mountReadOnly,
	"HostConfig.Mounts[].Propagation": mountPropagation,
	"HostConfig.Devices[]":            device,
	"HostConfig.DeviceCgroupRules[]": member("deviceRules", func(s *ContainerSpec) *[]string { return &s.DeviceRules },
		func(*Runtime, string, bool) {}),
	"HostConfig.Sysctls[]":      pair("sysctls", func(s *ContainerSpec) *[]Pair { return &s.Sysctls }),
	"HostConfig.Tmpfs[]":        pair("tmpfsOptions", func(s *ContainerSpec) *[]Pair { return &s.TmpfsOptions }),
	"HostConfig.Ulimits[]":      ulimit,
	"HostConfig.PortBindings[]": portBinding,
}

// member is one item of a list of words.
func member(path string, at func(*ContainerSpec) *[]string, kernel func(*Runtime, string, bool)) func(string) Field {
	return func(key string) Field {
		return Field{
			Path: path,
			Get:  func(s *ContainerSpec) string { return strconv.FormatBool(slices.Contains(*at(s), key)) },
			Set: func(s *ContainerSpec, r *Runtime, v string) error {
				in, err := strconv.ParseBool(v)
				if err != nil {
					return fmt.Errorf("value %.40q is neither true nor false", v)
				}
				list := without(*at(s), func(x string) bool { return x == key })
				if in {
					list = append(list, key)
					slices.Sort(list)
				}
				*at(s) = list
				kernel(r, key, in)
				return nil
			},
		}
	}
}

// without returns a copy that lacks some items; nil where none is left, as a
// container that never had any.
func without[T any](list []T, is func(T) bool) []T {
	var out []T
	for _, x := range list {
		if !is(x) {
			out = append(out, x)
		}
	}
	return out
}

func capAdd(key string) Field {
	f := member("capAdd", func(s *ContainerSpec) *[]string { return &s.CapAdd }, func(*Runtime, string, bool) {})(key)
	set := f.Set
	f.Set = func(s *ContainerSpec, r *Runtime, v string) (err error) {
		recap(s, r, func() { err = set(s, r, v) })
		return err
	}
	return f
}

// groupAdd takes a group from the process too, where it is a number.
var groupAdd = member("groupAdd", func(s *ContainerSpec) *[]string { return &s.GroupAdd }, func(r *Runtime, key string, in bool) {
	n, err := strconv.ParseInt(key, 10, 64)
	if err != nil || !r.Process.Known() {
		return
	}
	p := &r.Process.V
	p.Groups = without(p.Groups, func(g int64) bool { return g == n })
	if in {
		p.Groups = append(p.Groups, n)
		slices.Sort(p.Groups)
	}
})

// pair is the value of one key.
func pair(path string, at func(*ContainerSpec) *[]Pair) func(string) Field {
	return func(key string) Field {
		return Field{
			Path: path,
			Get: func(s *ContainerSpec) string {
				for _, p := range *at(s) {
					if p.Key == key {
						return p.Value
					}
				}
				return ""
			},
			Set: func(s *ContainerSpec, _ *Runtime, v string) error {
				list := without(*at(s), func(p Pair) bool { return p.Key == key })
				if v != "" {
					list = append(list, Pair{Key: key, Value: v})
					slices.SortFunc(list, func(a, b Pair) int { return strings.Compare(a.Key, b.Key) })
				}
				*at(s) = list
				return nil
			},
		}
	}
}

// findMount returns the mount at a place of the container, or nil.
func findMount(s *ContainerSpec, at string) *Mount {
	for i := range s.Mounts {
		if s.Mounts[i].Destination == at {
			return &s.Mounts[i]
		}
	}
	return nil
}

// mounted is a mount as a whole: TYPE SOURCE OPTIONS, where the source of a volume
// is its name. It can be taken away; only an engine can put it back.
func mounted(at string) Field {
	return Field{
		Path: "mounts",
		Get: func(s *ContainerSpec) string {
			m := findMount(s, at)
			if m == nil {
				return ""
			}
			return m.String()
		},
		Set: func(s *ContainerSpec, r *Runtime, v string) error {
			if v != "" {
				return fmt.Errorf("a mount can be taken away only, not be made %.40q", v)
			}
			s.Mounts = without(s.Mounts, func(m Mount) bool { return m.Destination == at })
			reopen(r, at)
			return nil
		},
	}
}

// String is TYPE SOURCE OPTIONS.
func (m *Mount) String() string {
	source, access := m.Source, "rw"
	if m.Type == "volume" {
		source = m.Volume
	}
	if m.ReadOnly {
		access = "ro"
	}
	if m.Propagation != "" {
		access += "," + m.Propagation
	}
	return m.Type + " " + source + " " + access
}

// reopen forgets what was writable below a place that is no longer read-only.
func reopen(r *Runtime, at string) {
	if r.Process.Known() {
		r.Process.V.WritableIn = without(r.Process.V.WritableIn, func(p string) bool { return p == at || strings.HasPrefix(p, at+"/") })
	}
}

// editMount makes a field of one mount.
func editMount(at string, get func(*Mount) string, set func(*Mount, string) error) Field {
	return Field{
		Path: "mounts",
		Get: func(s *ContainerSpec) string {
			if m := findMount(s, at); m != nil {
				return get(m)
			}
			return ""
		},
		Set: func(s *ContainerSpec, r *Runtime, v string) error {
			s.Mounts = slices.Clone(s.Mounts)
			m := findMount(s, at)
			if m == nil {
				return fmt.Errorf("nothing is mounted at %.100q", at)
			}
			err := set(m, v)
			if !m.ReadOnly {
				reopen(r, at)
			}
			return err
		},
	}
}

func mountReadOnly(at string) Field {
	return editMount(at, func(m *Mount) string { return strconv.FormatBool(m.ReadOnly) }, func(m *Mount, v string) (err error) {
		if m.ReadOnly, err = strconv.ParseBool(v); err != nil {
			return fmt.Errorf("read-only %.40q is neither true nor false", v)
		}
		return nil
	})
}

func mountPropagation(at string) Field {
	return editMount(at, func(m *Mount) string { return m.Propagation }, func(m *Mount, v string) error {
		m.Propagation = v
		return nil
	})
}

// device is a device by its place on the host: where it is inside, and what may
// be done with it.
func device(host string) Field {
	return Field{
		Path: "devices",
		Get: func(s *ContainerSpec) string {
			for _, d := range s.Devices {
				if d.Host == host {
					return d.Container + " " + d.Permissions
				}
			}
			return ""
		},
		Set: func(s *ContainerSpec, _ *Runtime, v string) error {
			list := without(s.Devices, func(d Device) bool { return d.Host == host })
			if v != "" {
				inside, may, ok := strings.Cut(v, " ")
				if !ok {
					return fmt.Errorf("device %.40q is not a path and what is allowed", v)
				}
				list = append(list, Device{Host: host, Container: inside, Permissions: may})
			}
			s.Devices = list
			return nil
		},
	}
}

// ulimit is one limit of processes, SOFT:HARD.
func ulimit(name string) Field {
	return Field{
		Path: "resources.ulimits",
		Get: func(s *ContainerSpec) string {
			for _, u := range s.Resources.Ulimits {
				if u.Name == name {
					return fmt.Sprintf("%d:%d", u.Soft, u.Hard)
				}
			}
			return ""
		},
		Set: func(s *ContainerSpec, r *Runtime, v string) error {
			list := without(s.Resources.Ulimits, func(u Ulimit) bool { return u.Name == name })
			if v == "" {
				s.Resources.Ulimits = list
				return nil
			}
			u, err := ParseUlimit(name, v)
			if err != nil {
				return err
			}
			s.Resources.Ulimits = append(list, u)
			if p := &r.Process.V; r.Process.Known() {
				switch name {
				case "nofile":
					p.Nofile = u.Hard
				case "nproc":
					p.Nproc = u.Hard
				}
			}
			return nil
		},
	}
}

// ParseUlimit reads SOFT:HARD.
func ParseUlimit(name, v string) (Ulimit, error) {
	soft, hard, ok := strings.Cut(v, ":")
	x, err1 := strconv.ParseInt(soft, 10, 64)
	y, err2 := strconv.ParseInt(hard, 10, 64)
	if !ok || err1 != nil || err2 != nil || x < -1 || y < -1 {
		return Ulimit{}, fmt.Errorf("limit of %s %.40q is not SOFT:HARD", name, v)
	}
	return Ulimit{Name: name, Soft: x, Hard: y}, nil
}
