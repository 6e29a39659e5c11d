package compose

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"

	"plimsoll/internal/snapshot"
)

func (m *mapper) devices(s *snapshot.ContainerSpec) {
	for _, d := range m.svc.Devices {
		if !strings.HasPrefix(d.Source, "/") && strings.Contains(d.Source, "=") {
			s.DeviceRequests = append(s.DeviceRequests, d.Source) // a CDI device has no path
			continue
		}
		s.Devices = append(s.Devices, snapshot.Device{Host: d.Source, Container: cmp.Or(d.Target, d.Source), Permissions: cmp.Or(d.Permissions, "rwm")})
	}
	requests := m.svc.Gpus
	if m.svc.Deploy != nil && m.svc.Deploy.Resources.Reservations != nil {
		requests = slices.Concat(requests, m.svc.Deploy.Resources.Reservations.Devices)
	}
	for _, r := range requests {
		switch {
		case r.Driver == "cdi":
			s.DeviceRequests = append(s.DeviceRequests, r.IDs...)
		case r.Driver != "":
			s.DeviceRequests = append(s.DeviceRequests, r.Driver)
		default:
			s.DeviceRequests = append(s.DeviceRequests, r.Capabilities...)
		}
	}
	if len(m.svc.Gpus) > 0 && len(s.DeviceRequests) == 0 {
		s.DeviceRequests = []string{"gpu"}
	}
	s.DeviceRules = m.svc.DeviceCgroupRules
}

const maxProfile = 1 << 20 // bytes of a seccomp profile

// security reads the options; as in the engine, the last of a kind wins.
func (m *mapper) security(s *snapshot.ContainerSpec) {
	for _, opt := range m.svc.SecurityOpt {
		key, value := opt, ""
		if i := strings.IndexAny(opt, "=:"); i >= 0 {
			key, value = opt[:i], opt[i+1:]
		}
		switch key {
		case "no-new-privileges":
			on, err := strconv.ParseBool(cmp.Or(value, "true"))
			if err != nil {
				m.bad = append(m.bad, "security")
				continue
			}
			s.Security.NoNewPrivileges = &on
		case "writable-cgroups":
			on, err := strconv.ParseBool(cmp.Or(value, "true"))
			if err != nil {
				m.bad = append(m.bad, "security")
				continue
			}
			s.Security.WritableCgroups = on
		case "seccomp":
			s.Security.Seccomp = m.seccomp(value)
		case "apparmor":
			s.Security.AppArmor = value
		case "label":
			s.Security.SELinux = append(s.Security.SELinux, value)
		case "systempaths":
			s.Security.SystemPaths = value
		case "", "credentialspec":
		default:
			m.bad = append(m.bad, "security")
		}
	}
	s.Security.Masked = !s.Privileged && s.Security.SystemPaths == ""
}

// seccomp names a profile as the engine's evidence does: by the digest of its
// canonical text.
func (m *mapper) seccomp(value string) string {
	if value == "" || value == "unconfined" || value == "builtin" {
		return value
	}
	path := value
	if !filepath.IsAbs(path) {
		path = filepath.Join(m.Options.Dir, path)
	}
	data, err := m.Read(path, maxProfile)
	if err == nil {
		dec := json.NewDecoder(bytes.NewReader(data))
		dec.UseNumber()
		var profile any
		canonical := new(bytes.Buffer)
		enc := json.NewEncoder(canonical)
		enc.SetEscapeHTML(false)
		if dec.Decode(&profile) == nil && enc.Encode(profile) == nil {
			sum := sha256.Sum256(bytes.TrimSpace(canonical.Bytes()))
			return "sha256:" + hex.EncodeToString(sum[:])
		}
	}
	m.bad = append(m.bad, "security")
	return ""
}

// networks names the networks as the engine would know them; the one of the
// highest priority is the mode.
func (m *mapper) networks(s *snapshot.ContainerSpec) {
	if m.svc.NetworkMode != "" {
		s.NetworkMode = m.namespace(m.svc.NetworkMode)
		if s.NetworkMode == "bridge" || s.NetworkMode == "default" {
			s.NetworkMode, s.Networks = "bridge", []string{"bridge"}
		}
		return
	}
	for i, key := range m.svc.NetworksByPriority() {
		name := m.p.Name + "_" + key
		if n, ok := m.p.Networks[key]; ok && n.Name != "" {
			name = n.Name
		}
		if i == 0 {
			s.NetworkMode = name
		}
		s.Networks = append(s.Networks, name)
	}
	s.Networks = sorted(s.Networks)
	if len(s.Networks) == 0 {
		s.NetworkMode = "none"
	}
}

func (m *mapper) ports(s *snapshot.ContainerSpec) {
	unsure := slices.Contains(m.bad, "ports")
	for _, p := range m.svc.Ports {
		if p.Target > 65535 || unsure && strconv.Itoa(int(p.Target)) == standInPort {
			continue
		}
		published, err := strconv.ParseUint(p.Published, 10, 16)
		if err != nil || unsure && p.Published == standInPort {
			published = 0 // not given, or a range that the engine chooses from
		}
		s.Ports = append(s.Ports, snapshot.Port{
			Proto: cmp.Or(p.Protocol, "tcp"), ContainerPort: uint16(p.Target), HostIP: p.HostIP, HostPort: uint16(published),
		})
	}
	slices.SortFunc(s.Ports, func(a, b snapshot.Port) int {
		return cmp.Or(cmp.Compare(a.ContainerPort, b.ContainerPort), strings.Compare(a.Proto, b.Proto),
			strings.Compare(a.HostIP, b.HostIP), cmp.Compare(a.HostPort, b.HostPort))
	})
	s.Ports = slices.Compact(s.Ports)
}

// mounts lists what a service sees of the host and of volumes, those of other
// services included.
func (m *mapper) mounts(c *types.ServiceConfig, depth int) []snapshot.Mount {
	var out []snapshot.Mount
	for _, v := range c.Volumes {
		mount := snapshot.Mount{Type: v.Type, Destination: v.Target, ReadOnly: v.ReadOnly}
		switch v.Type {
		case types.VolumeTypeBind, types.VolumeTypeNamedPipe:
			mount.Source = v.Source
			if v.Bind != nil {
				mount.Propagation = v.Bind.Propagation
			}
		case types.VolumeTypeVolume, types.VolumeTypeCluster:
			mount.Volume = v.Source
			if n, ok := m.p.Volumes[v.Source]; ok && n.Name != "" {
				mount.Volume = n.Name
			}
			if v.Volume != nil {
				mount.Subpath = v.Volume.Subpath
			}
		}
		out = append(out, mount)
	}
	if c.UseAPISocket {
		out = append(out, snapshot.Mount{Type: "bind", Source: "/var/run/docker.sock", Destination: "/var/run/docker.sock"})
	}
	for _, f := range c.Secrets {
		if d := m.p.Secrets[f.Source]; d.File != "" {
			out = append(out, fileMount(d.File, cmp.Or(f.Target, f.Source), "/run/secrets"))
		}
	}
	for _, f := range c.Configs {
		if d := m.p.Configs[f.Source]; d.File != "" {
			out = append(out, fileMount(d.File, cmp.Or(f.Target, f.Source), "/"))
		}
	}
	for _, from := range c.VolumesFrom {
		name, mode, _ := strings.Cut(from, ":")
		other, err := m.p.GetService(name)
		m.joins++
		if name == "container" || err != nil || depth == maxNesting || m.joins > maxJoins {
			m.bad = append(m.bad, "mounts")
			continue
		}
		for _, mount := range m.mounts(&other, depth+1) {
			mount.ReadOnly = mount.ReadOnly || mode == "ro"
			out = append(out, mount)
		}
	}
	slices.SortStableFunc(out, func(a, b snapshot.Mount) int {
		return cmp.Or(strings.Compare(a.Destination, b.Destination), strings.Compare(a.Source, b.Source))
	})
	return slices.CompactFunc(out, func(a, b snapshot.Mount) bool { return reflect.DeepEqual(a, b) })
}

// maxJoins is how many volumes_from, followed one after another, are read.
const maxJoins = 256

func fileMount(source, target, dir string) snapshot.Mount {
	if !strings.HasPrefix(target, "/") {
		target = strings.TrimSuffix(dir, "/") + "/" + target
	}
	return snapshot.Mount{Type: "bind", Source: source, Destination: target, ReadOnly: true}
}

func tmpfs(c *types.ServiceConfig, mounts []snapshot.Mount) []string {
	var out []string
	for _, t := range c.Tmpfs {
		path, _, _ := strings.Cut(t, ":")
		out = append(out, path)
	}
	for _, mt := range mounts {
		if mt.Type == "tmpfs" {
			out = append(out, mt.Destination)
		}
	}
	return sorted(out)
}
