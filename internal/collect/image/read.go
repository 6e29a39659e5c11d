package image

import (
	"context"
	"io"
	"os"
	"slices"
	"strings"

	"plimsoll/internal/snapshot"
)

// Read reads every image of an archive: a docker save file or stream, or an OCI
// layout in a tar file, packed or not. Layers are not kept.
func Read(ctx context.Context, r io.Reader, limits Limits) ([]snapshot.Image, error) {
	limits = limits.filled()
	s := newScanner(&budget{limits: limits})
	b, err := readBag(ctx, r, s)
	if err != nil {
		return nil, err
	}
	list, err := b.images(ctx, limits)
	if err != nil {
		return nil, err
	}
	return read(ctx, b, s, list)
}

// ReadFolder reads every image of an OCI layout in a folder.
func ReadFolder(ctx context.Context, dir string, limits Limits) ([]snapshot.Image, error) {
	limits = limits.filled()
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }() // it was only read
	f := folder{root}
	top, err := f.index(limits)
	if err != nil {
		return nil, err
	}
	s := newScanner(&budget{limits: limits})
	from := &store{scanner: s, from: f, done: make(map[string]*layer)}
	list, err := resolve(ctx, from, top, limits)
	if err != nil {
		return nil, err
	}
	return read(ctx, from, s, list)
}

// ReadManifest reads the one image that a manifest, or an index of manifests for
// several platforms, names.
func ReadManifest(ctx context.Context, from Opener, digest string, limits Limits) ([]snapshot.Image, error) {
	limits = limits.filled()
	s := newScanner(&budget{limits: limits})
	st := &store{scanner: s, from: from, done: make(map[string]*layer)}
	list, err := resolve(ctx, st, []descriptor{{Digest: digest}}, limits)
	if err != nil {
		return nil, err
	}
	return read(ctx, st, s, list)
}

// read reads the layers of the images that were found.
func read(ctx context.Context, from blobs, s *scanner, list []found) ([]snapshot.Image, error) {
	at := make(map[string]int)
	var out []snapshot.Image
	for _, f := range list {
		id := digestOf(f.config)
		if i, ok := at[id]; ok {
			out[i].Tags = sorted(append(out[i].Tags, f.tags...))
			continue
		}
		m, err := one(ctx, from, s, f, id)
		if err != nil {
			return nil, err
		}
		at[id] = len(out)
		out = append(out, *m)
	}
	return out, nil
}

// one reads the layers of one image.
func one(ctx context.Context, from blobs, s *scanner, f found, id string) (*snapshot.Image, error) {
	m := &snapshot.Image{ID: id, Tags: sorted(f.tags)}
	unread, ok := describe(m, f.config)
	if !ok {
		return nil, bad("the configuration is no JSON object")
	}
	if len(unread) > 0 {
		return nil, bad("the configuration has %s in an unknown form", strings.Join(unread, ", "))
	}
	if want := len(m.Config.V.Layers); want != len(f.layers) {
		return nil, bad("its configuration names %d layers, its manifest %d", want, len(f.layers))
	}
	m.Config.V.Manifest = f.manifest
	st := &stack{scanner: s}
	for _, ref := range f.layers {
		l, err := from.layer(ctx, ref)
		if err != nil {
			return nil, err
		}
		st.layers = append(st.layers, l)
	}
	m.Contents = snapshot.Seen(st.contents(), "layers")
	m.Size = m.Contents.V.Bytes
	if m.UserUID.Reason == snapshot.ReasonNotCollected {
		name, _, _ := strings.Cut(m.User, ":")
		m.UserUID = st.uid(name)
	}
	if f.shows {
		m.Evidence = snapshot.Seen(snapshot.ImageEvidence{}, "index")
	}
	for _, a := range f.attached {
		m.Evidence.V.Attestations = append(m.Evidence.V.Attestations, snapshot.ImageAttestation{Type: a.kind, Digest: a.digest})
	}
	return m, nil
}

func sorted(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}
