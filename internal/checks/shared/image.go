package shared

import (
	"strings"

	"plimsoll/internal/snapshot"
)

// IsImageID reports whether a reference names an image by the engine's own ID,
// whole or shortened to 12 digits and more. Such a reference fixes the content
// on this engine, but no registry knows it.
func IsImageID(ref, imageID string) bool {
	hex, marked := strings.CutPrefix(ref, "sha256:")
	if hex == "" || strings.Trim(hex, "0123456789abcdef") != "" {
		return false
	}
	if len(hex) == 64 {
		return true
	}
	return (marked || len(hex) >= 12) && strings.HasPrefix(strings.TrimPrefix(imageID, "sha256:"), hex)
}

// DigestFor returns the first of an image's repository digests that belongs to
// the repository of ref, or "".
func DigestFor(ref string, digests []string) string {
	want := snapshot.ParseReference(ref)
	for _, d := range digests {
		r := snapshot.ParseReference(d)
		if r.Pinned() && r.Registry == want.Registry && r.Repository == want.Repository {
			return d
		}
	}
	return ""
}
