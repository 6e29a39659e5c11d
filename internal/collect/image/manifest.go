package image

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"slices"
	"strings"
)

// descriptor points to a blob, as in the OCI image specification.
type descriptor struct {
	MediaType    string            `json:"mediaType"`
	ArtifactType string            `json:"artifactType"`
	Digest       string            `json:"digest"`
	Size         int64             `json:"size"`
	Annotations  map[string]string `json:"annotations"`
	Platform     *struct {
		OS           string `json:"os"`
		Architecture string `json:"architecture"`
		Variant      string `json:"variant"`
	} `json:"platform"`
}

// manifest is a manifest or an index of them.
type manifest struct {
	MediaType string       `json:"mediaType"`
	Config    descriptor   `json:"config"`
	Layers    []descriptor `json:"layers"`
	Manifests []descriptor `json:"manifests"`
}

// digestOf names content by its sha256.
func digestOf(b []byte) string {
	sum := sha256.Sum256(b)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// hexOf returns the digits of a digest, or an error when it is none: it may
// become part of a path.
func hexOf(d string) (string, error) {
	h, ok := strings.CutPrefix(d, "sha256:")
	if !ok || len(h) != sha256.Size*2 || strings.Trim(h, "0123456789abcdef") != "" {
		return "", bad("a manifest names a blob by %.100q, which is no sha256 digest", d)
	}
	return h, nil
}

// blobs is where the parts of an image lie under their digests.
type blobs interface {
	// manifest and config return a small blob, proved to be what its digest says.
	manifest(ctx context.Context, d string) ([]byte, error)
	config(ctx context.Context, d string) ([]byte, error)
	// layer reads a layer, proved to be what its digest says.
	layer(ctx context.Context, d string) (*layer, error)
}

// found is one image, before its layers are read.
type found struct {
	tags     []string
	manifest string // digest of the manifest; empty in a docker save file of old form
	config   []byte
	layers   []string // digests or, in such a file, paths
	attached []attachment
	shows    bool // whatever is attached to it was seen
}

// attachment is a statement that lies beside an image.
type attachment struct{ kind, digest string }

// parse decodes bounded JSON.
func parse[T any](what string, b []byte) (T, error) {
	var v T
	if err := json.Unmarshal(b, &v); err != nil {
		return v, bad("the %s is no JSON of the expected form", what)
	}
	return v, nil
}

const (
	maxManifests = 1000
	refType      = "vnd.docker.reference.type"
	refDigest    = "vnd.docker.reference.digest"
	predicate    = "in-toto.io/predicate-type"
)

// resolve follows an index to the manifests of one platform each.
func resolve(ctx context.Context, from blobs, top []descriptor, limits Limits) ([]found, error) {
	if len(top) > maxManifests {
		return nil, bad("its index has more than %d manifests", maxManifests)
	}
	byDigest := make(map[string]*found)
	var order []string
	for _, d := range top {
		f, err := follow(ctx, from, d, limits, 0)
		if err != nil {
			return nil, err
		}
		if f == nil {
			continue
		}
		if known := byDigest[f.manifest]; known != nil {
			known.tags = append(known.tags, names(d)...)
			continue
		}
		f.tags = names(d)
		byDigest[f.manifest] = f
		order = append(order, f.manifest)
	}
	var out []found
	for _, d := range order {
		out = append(out, *byDigest[d])
	}
	if len(out) == 0 {
		return nil, bad("its index names no image")
	}
	return out, nil
}

// names are what an index calls one of its manifests.
func names(d descriptor) []string {
	for _, key := range []string{"io.containerd.image.name", "org.opencontainers.image.ref.name"} {
		if n := d.Annotations[key]; strings.ContainsAny(n, "/:") && len(n) <= maxName {
			return []string{n}
		}
	}
	return nil
}

const maxName = 512

// follow reads a manifest, or picks one out of an index. Nil is none at all.
func follow(ctx context.Context, from blobs, d descriptor, limits Limits, depth int) (*found, error) {
	const maxDepth = 4
	if depth > maxDepth {
		return nil, bad("its indexes are nested more than %d deep", maxDepth)
	}
	if d.Annotations[refType] != "" {
		return nil, nil // an attestation, not an image
	}
	b, err := from.manifest(ctx, d.Digest)
	if err != nil {
		return nil, err
	}
	m, err := parse[manifest]("manifest", b)
	if err != nil {
		return nil, err
	}
	if len(m.Manifests) > 0 {
		return pick(ctx, from, m.Manifests, limits, depth)
	}
	if len(m.Layers) > limits.Layers {
		return nil, bad("it has %d layers; at most %d are read", len(m.Layers), limits.Layers)
	}
	if m.Config.Digest == "" {
		return nil, bad("the manifest names no configuration")
	}
	if d.ArtifactType != "" || strings.Contains(m.Config.MediaType, "vnd.oci.empty") {
		return nil, nil // an artifact of another kind
	}
	f := &found{manifest: d.Digest}
	if f.config, err = from.config(ctx, m.Config.Digest); err != nil {
		return nil, err
	}
	for _, l := range m.Layers {
		f.layers = append(f.layers, l.Digest)
	}
	return f, nil
}

// preferred are platforms, best first in an index of several.
var preferred = []string{"linux/amd64", "linux/arm64", ""}

// pick chooses the manifest of one platform and notes what is attached to it.
func pick(ctx context.Context, from blobs, list []descriptor, limits Limits, depth int) (*found, error) {
	if len(list) > maxManifests {
		return nil, bad("its index has more than %d manifests", maxManifests)
	}
	for _, want := range preferred {
		for _, d := range list {
			if want != "" && (d.Platform == nil || d.Platform.OS+"/"+d.Platform.Architecture != want) {
				continue
			}
			f, err := follow(ctx, from, d, limits, depth+1)
			if f == nil && err == nil {
				continue
			}
			if err == nil {
				f.attached, f.shows = attached(ctx, from, list, d.Digest), true
			}
			return f, err
		}
	}
	return nil, nil
}

// attached lists the statements that an index holds about one of its manifests.
// What cannot be read is left out: it proves nothing.
func attached(ctx context.Context, from blobs, list []descriptor, about string) []attachment {
	var out []attachment
	for _, d := range list {
		if d.Annotations[refDigest] != about {
			continue
		}
		b, err := from.manifest(ctx, d.Digest)
		if err != nil {
			continue
		}
		m, err := parse[manifest]("attestation", b)
		if err != nil {
			continue
		}
		for _, l := range m.Layers[:min(len(m.Layers), maxKept)] {
			if kind := l.Annotations[predicate]; kind != "" && len(kind) <= maxName && hexOK(l.Digest) {
				out = append(out, attachment{kind, l.Digest})
			}
		}
	}
	slices.SortFunc(out, func(a, b attachment) int { return strings.Compare(a.kind+a.digest, b.kind+b.digest) })
	return out
}

func hexOK(d string) bool {
	_, err := hexOf(d)
	return err == nil
}

// readBlob reads a small blob and proves its digest.
func readBlob(r io.Reader, d string, b *budget) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(r, b.limits.JSON+1))
	switch {
	case err != nil:
		return nil, err
	case int64(len(raw)) > b.limits.JSON:
		return nil, bad("a manifest or configuration is larger than %d bytes", b.limits.JSON)
	case digestOf(raw) != d:
		return nil, bad("a blob is not what its digest %.20s… says", d)
	}
	return raw, b.hold(len(raw))
}
