package podspec

import (
	"slices"
	"strconv"
	"strings"

	"plimsoll/internal/snapshot"
)

// Standard is a level of the Pod Security Standards in one of their versions.
type Standard struct {
	Level   string // privileged, baseline, restricted; empty when the namespace enforces none
	Version Minor  // whose rules count; never 0 but for 1.0
}

// Labels that say what a namespace enforces.
const (
	enforceLabel   = "pod-security.kubernetes.io/enforce"
	enforceVersion = "pod-security.kubernetes.io/enforce-version"
)

// ParseMinor reads the minor version of v1.37.2, 1.29 or v1.30.1+k3s1.
func ParseMinor(version string) (Minor, bool) {
	rest, ok := strings.CutPrefix(strings.TrimPrefix(version, "v"), "1.")
	if !ok {
		return 0, false
	}
	digits := rest
	if i := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' }); i >= 0 {
		digits = rest[:i]
	}
	n, err := strconv.Atoi(digits)
	const most = 1000
	if err != nil || n > most {
		return 0, false
	}
	return Minor(n), true
}

// StandardOf is the standard that counts in a namespace: the version that it pins
// where it enforces a level, else that of the cluster, else the newest known.
func StandardOf(n *snapshot.Namespace, cluster Minor) Standard {
	s := Standard{Version: Newest}
	if cluster > 0 && cluster < Newest {
		s.Version = cluster
	}
	if n == nil {
		return s
	}
	version := ""
	for _, l := range n.Labels {
		switch l.Key {
		case enforceLabel:
			s.Level = l.Value
		case enforceVersion:
			version = l.Value
		}
	}
	if s.Level != "baseline" && s.Level != "restricted" {
		return s
	}
	if m, ok := ParseMinor(version); ok && m < s.Version {
		s.Version = m
	}
	return s
}

// relaxesUserNamespaces is the first version that lets a pod with a user namespace
// of its own be root in it.
const relaxesUserNamespaces Minor = 35

// RootAllowed reports whether the standard that counts leaves it to the pod's user
// namespace that root in it is nobody on the node.
func (p *Pod) RootAllowed() bool {
	return p.HostUsers != nil && !*p.HostUsers && p.Standard.Version >= relaxesUserNamespaces
}

// UnmaskedAllowed reports whether the standard lets the process file system be
// unmasked: in a user namespace, and never at the level restricted.
func (p *Pod) UnmaskedAllowed() bool { return p.RootAllowed() && p.Standard.Level != "restricted" }

// safeSysctls are the kernel settings that the standards leave to pods, with the
// version that each came in.
var safeSysctls = map[string]Minor{
	"kernel.shm_rmid_forced":              0,
	"net.ipv4.ip_local_port_range":        0,
	"net.ipv4.ip_unprivileged_port_start": 0,
	"net.ipv4.ping_group_range":           0,
	"net.ipv4.tcp_syncookies":             0,
	"net.ipv4.ip_local_reserved_ports":    27,
	"net.ipv4.tcp_fin_timeout":            29,
	"net.ipv4.tcp_keepalive_intvl":        29,
	"net.ipv4.tcp_keepalive_probes":       29,
	"net.ipv4.tcp_keepalive_time":         29,
	"net.ipv4.tcp_rmem":                   32,
	"net.ipv4.tcp_wmem":                   32,
	"net.ipv4.tcp_notsent_lowat":          37,
	"net.ipv4.tcp_slow_start_after_idle":  37,
}

// SafeSysctl reports whether the standard leaves a kernel setting to pods.
func (s Standard) SafeSysctl(name string) bool {
	since, ok := safeSysctls[name]
	return ok && s.Version >= since
}

// SafeSELinuxType reports whether the standard leaves a type of SELinux to pods.
func (s Standard) SafeSELinuxType(t string) bool {
	const since Minor = 31
	switch t {
	case "", "container_t", "container_init_t", "container_kvm_t":
		return true
	case "container_engine_t":
		return s.Version >= since
	}
	return false
}

// BaselineCaps are the capabilities that the level baseline lets containers add.
var BaselineCaps = []string{
	"AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP",
	"SETUID", "SYS_CHROOT",
}

// safeVolumes are the types of volumes that the level restricted allows.
var safeVolumes = []string{
	"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected", "secret",
}

// SafeVolume reports whether the level restricted allows a type of volume.
func SafeVolume(kind string) bool { return slices.Contains(safeVolumes, kind) }

// Confined reports whether a profile of seccomp or AppArmor confines.
func Confined(p snapshot.Profile) bool { return p.Type == "RuntimeDefault" || p.Type == "Localhost" }

// ConfinedNote reports whether the annotation of a container's AppArmor profile
// confines.
func ConfinedNote(note string) bool {
	return note == "runtime/default" || strings.HasPrefix(note, "localhost/")
}

// SafeSysctls lists the kernel settings that the standards leave to pods since a
// version, and of 0 those that they always did; sorted.
func SafeSysctls(since Minor) []string {
	var out []string
	for name, m := range safeSysctls {
		if m == since {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// SafeVolumes lists the types of volumes that the level restricted allows.
func SafeVolumes() []string { return slices.Clone(safeVolumes) }
