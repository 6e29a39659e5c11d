package snapshot

import "strings"

// Reference is an image reference taken apart as the engine reads it.
type Reference struct {
	Registry   string // docker.io when none is written
	Repository string // with library/ for a bare name on Docker Hub
	Tag        string
	Digest     string // algorithm:hex
}

// ParseReference takes an image reference apart. It does not judge characters:
// the engine did.
func ParseReference(ref string) Reference {
	var r Reference
	rest, digest, _ := strings.Cut(ref, "@")
	r.Digest = digest
	if i := strings.LastIndexByte(rest, ':'); i >= 0 && !strings.Contains(rest[i:], "/") {
		rest, r.Tag = rest[:i], rest[i+1:]
	}
	first, path, found := strings.Cut(rest, "/")
	if found && (strings.ContainsAny(first, ".:") || first == "localhost") {
		r.Registry, r.Repository = first, path
	} else {
		r.Registry, r.Repository = "docker.io", rest
	}
	if r.Registry == "index.docker.io" {
		r.Registry = "docker.io"
	}
	if r.Registry == "docker.io" && !strings.Contains(r.Repository, "/") {
		r.Repository = "library/" + r.Repository
	}
	return r
}

// Pinned reports whether the reference names content by a sha256 digest.
func (r Reference) Pinned() bool {
	hex, ok := strings.CutPrefix(r.Digest, "sha256:")
	return ok && len(hex) == 64 && strings.Trim(hex, "0123456789abcdef") == ""
}
