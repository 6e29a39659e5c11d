package snapshot

import (
	"math/bits"
	"slices"
)

// CapNames are the kernel's capabilities by number, without the CAP_ prefix
// (include/uapi/linux/capability.h, Linux 6.x).
var CapNames = []string{
	"CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP",
	"LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER",
	"SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE",
	"SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP",
	"MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF",
	"CHECKPOINT_RESTORE",
}

// DefaultCaps are the 14 capabilities that Docker and containerd grant a
// container unless told otherwise (moby oci/caps/defaults.go).
var DefaultCaps = []string{
	"AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "NET_RAW",
	"SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
}

// AllCaps is the mask of every known capability.
const AllCaps = uint64(1)<<41 - 1

// CapMask turns names into a mask; an unknown name is ignored.
func CapMask(names ...string) uint64 {
	var m uint64
	for _, n := range names {
		if i := slices.Index(CapNames, n); i >= 0 {
			m |= 1 << i
		}
	}
	return m
}

// CapList turns a mask into sorted names; bits beyond the table are left out.
func CapList(mask uint64) []string {
	names := make([]string, 0, bits.OnesCount64(mask))
	for i, n := range CapNames {
		if mask&(1<<i) != 0 {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	return names
}

// EffectiveCaps resolves a configuration to the bounding set that the engine
// gives the container. As in moby's oci/caps: ALL in add grants everything but
// what is dropped by name; else ALL in drop leaves only what is added by name;
// else the defaults less the dropped plus the added.
func EffectiveCaps(s *ContainerSpec) uint64 {
	add, drop := CapMask(s.CapAdd...), CapMask(s.CapDrop...)
	switch {
	case s.Privileged:
		return AllCaps
	case slices.Contains(s.CapAdd, "ALL"):
		return AllCaps &^ drop
	case slices.Contains(s.CapDrop, "ALL"):
		return add
	}
	return CapMask(DefaultCaps...)&^drop | add
}
