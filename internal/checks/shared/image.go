package shared

import (
	"cmp"
	"slices"
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

// Pin returns a reference with the digest it has by what the user declared, or
// by an engine of the snapshot that holds it under exactly that name; "" when
// neither says. Engines that disagree say nothing.
func Pin(s *snapshot.Snapshot, ref string, declared []string) string {
	bare, _, _ := strings.Cut(ref, "@")
	want := snapshot.ParseReference(ref)
	want.Tag, want.Digest = cmp.Or(want.Tag, "latest"), ""
	for _, d := range declared {
		r := snapshot.ParseReference(d)
		digest := r.Digest
		pinned := r.Pinned()
		if r.Digest, r.Tag = "", cmp.Or(r.Tag, "latest"); pinned && r == want {
			return bare + "@" + digest
		}
	}
	found := ""
	for i := range s.Images {
		m := &s.Images[i]
		named := slices.ContainsFunc(m.Tags, func(t string) bool { r := snapshot.ParseReference(t); r.Digest = ""; return r == want })
		d := DigestFor(ref, m.Digests)
		if !named || d == "" {
			continue
		}
		_, digest, _ := strings.Cut(d, "@")
		if found != "" && found != bare+"@"+digest {
			return ""
		}
		found = bare + "@" + digest
	}
	return found
}

// AskForDigest says how a person finds a digest and hands it to a fix.
func AskForDigest(ref, check string) string {
	return "the digest of " + ref + " is not known here; docker buildx imagetools inspect " + ref + " shows it, --set " +
		check + ".digests=" + ref + "@sha256:DIGEST gives it"
}

// Repository writes out registry and repository of a reference.
func Repository(r snapshot.Reference) string { return strings.ToLower(r.Registry) + "/" + r.Repository }

// Approved reports whether a repository lies in a registry or namespace of a
// list, by whole path elements.
func Approved(name string, allowed []string) bool {
	return slices.ContainsFunc(allowed, func(a string) bool {
		a = strings.Trim(strings.TrimSuffix(a, "/*"), "/")
		return a != "" && (name == a || strings.HasPrefix(name, a+"/"))
	})
}

// floatingTags are tags that are made to be moved.
var floatingTags = []string{"latest", "stable", "edge", "nightly", "main", "master", "dev", "develop", "devel", "canary", "current", "rolling", "lts", "head", "trunk", "snapshot"}

// FloatingTag reports whether a tag is, by its name, one that is moved.
func FloatingTag(tag string) bool { return slices.Contains(floatingTags, strings.ToLower(tag)) }

// FloatingTags lists them.
func FloatingTags() []string { return slices.Clone(floatingTags) }
