package shared

import (
	"slices"
	"strconv"
	"strings"

	"plimsoll/internal/snapshot"
)

// HostControl names the capabilities each of which is enough to take over or
// to read the machine from inside a container.
var HostControl = []string{
	"SYS_ADMIN", "SYS_MODULE", "SYS_PTRACE", "DAC_READ_SEARCH", "NET_ADMIN", "BPF", "PERFMON", "SYS_RAWIO", "SYS_BOOT",
	"MAC_ADMIN", "MAC_OVERRIDE",
}

// CapsBeyond returns the names of the capabilities in held that are not among
// allowed, sorted. A bit without a name is named by its number.
func CapsBeyond(held uint64, allowed []string) []string {
	beyond := held &^ snapshot.CapMask(CapNames(allowed)...)
	names := snapshot.CapList(beyond & snapshot.AllCaps)
	for bit := len(snapshot.CapNames); bit < 64; bit++ {
		if beyond&(1<<bit) != 0 {
			names = append(names, "number "+strconv.Itoa(bit))
		}
	}
	return names
}

// CapsAmong returns those of list that are in held, sorted.
func CapsAmong(held uint64, list []string) []string {
	return snapshot.CapList(held & snapshot.CapMask(list...))
}

// CapNames brings names into the form of the snapshot: upper case, no CAP_.
func CapNames(names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = strings.TrimPrefix(strings.ToUpper(strings.TrimSpace(n)), "CAP_")
	}
	return out
}

// UnknownCaps returns the names that stand for no capability known here.
func UnknownCaps(names []string) []string {
	var unknown []string
	for _, n := range names {
		if n != "ALL" && !slices.Contains(snapshot.CapNames, n) {
			unknown = append(unknown, n)
		}
	}
	return unknown
}
