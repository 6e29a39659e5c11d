package image

import (
	"encoding/binary"

	"plimsoll/internal/snapshot"
)

// fileCaps names the capabilities that a file gives to whoever runs it, from the
// kernel's extended attribute (linux/capability.h, vfs_cap_data).
func fileCaps(attr string) []string {
	const (
		revisionMask = 0xff000000
		revision1    = 0x01000000
	)
	b := []byte(attr)
	if len(b) < 12 {
		return []string{"not understood"}
	}
	magic := binary.LittleEndian.Uint32(b)
	mask := uint64(binary.LittleEndian.Uint32(b[4:]) | binary.LittleEndian.Uint32(b[8:])) // permitted, inheritable
	if magic&revisionMask != revision1 {
		if len(b) < 20 {
			return []string{"not understood"}
		}
		mask |= uint64(binary.LittleEndian.Uint32(b[12:])|binary.LittleEndian.Uint32(b[16:])) << 32
	}
	if names := snapshot.CapList(mask); len(names) > 0 {
		return names
	}
	return []string{"none"}
}
