package image

import (
	"archive/tar"
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"path"
	"strings"
)

// bag is an archive of an image, as docker save or an OCI layout in a tar file
// give it, after one pass. The manifest may come last, so layers are read as
// they pass by; which are of the image is known afterwards.
type bag struct {
	small  map[string][]byte
	layers map[string]*layer
	sums   map[string]string // path of a layer -> digest of the stored bytes
	broken map[string]error  // what looked like a layer and was none
	links  map[string]string // equal layers are stored once, and linked
}

const (
	maxBlobs   = 20_000
	layoutFile = "index.json"
	saveFile   = "manifest.json"
)

// readBag reads the archive to its end.
func readBag(ctx context.Context, r io.Reader, s *scanner) (*bag, error) {
	b := &bag{
		small: make(map[string][]byte), layers: make(map[string]*layer), sums: make(map[string]string),
		broken: make(map[string]error), links: make(map[string]string),
	}
	own := &budget{limits: s.budget.limits} // the archive itself may be packed, once more
	outer, err := unpack(bufio.NewReaderSize(&counted{ctx, &counted{ctx, r, own}, s.budget}, readAhead), own)
	if err != nil {
		return nil, err
	}
	defer outer.Close()
	tr := tar.NewReader(outer)
	content := bufio.NewReaderSize(nil, readAhead)
	for n := 0; ; n++ {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return b, nil
		}
		if err != nil {
			if s.budget.failed != nil || errors.Is(err, ErrImage) {
				return nil, cmp.Or(s.budget.failed, err)
			}
			return nil, bad("it is no archive of an image, or ends too early: a docker save file or an OCI layout is expected")
		}
		if n >= maxBlobs {
			return nil, bad("it has more than %d parts", maxBlobs)
		}
		if err := b.take(h, tr, content, s); err != nil {
			return nil, err
		}
	}
}

// take keeps one member of the archive.
func (b *bag) take(h *tar.Header, r io.Reader, content *bufio.Reader, s *scanner) error {
	if len(h.Name) > s.budget.limits.Path {
		return bad("a name in it is longer than %d bytes", s.budget.limits.Path)
	}
	name := path.Clean("/" + h.Name)[1:]
	switch h.Typeflag {
	case tar.TypeSymlink:
		b.links[name] = strings.TrimPrefix(absolute(path.Dir("/"+name), h.Linkname), "/")
		return nil
	case tar.TypeLink:
		b.links[name] = path.Clean("/" + h.Linkname)[1:]
		return nil
	case tar.TypeReg:
	default:
		return nil
	}
	content.Reset(r)
	head, err := content.Peek(int(min(sniffBytes, h.Size)))
	if err != nil {
		return bad("it ends too early")
	}
	if archive(head) {
		l, sum, err := s.blob(content)
		if errors.Is(err, errNoLayer) {
			b.broken[name] = err // it matters only if the image names it
			return nil
		}
		if err != nil {
			return err
		}
		b.layers[name], b.sums[name] = l, sum
		return nil
	}
	if first := bytes.TrimLeft(head, " \t\r\n"); len(first) == 0 || first[0] != '{' && first[0] != '[' || h.Size > s.budget.limits.JSON {
		return nil
	}
	raw, err := io.ReadAll(content)
	if err != nil {
		return bad("it ends too early")
	}
	b.small[name] = raw
	return s.budget.hold(len(raw))
}

// follow resolves links between members; a loop ends in a name that is nothing.
func (b *bag) follow(name string) string {
	for range maxLinks {
		to, ok := b.links[name]
		if !ok {
			return name
		}
		name = to
	}
	return ""
}

func (b *bag) manifest(ctx context.Context, d string) ([]byte, error) { return b.config(ctx, d) }

func (b *bag) config(_ context.Context, d string) ([]byte, error) {
	hex, err := hexOf(d)
	if err != nil {
		return nil, err
	}
	raw, ok := b.small[b.follow("blobs/sha256/"+hex)]
	switch {
	case !ok:
		return nil, bad("it does not hold the blob %.20s…", d)
	case digestOf(raw) != d:
		return nil, bad("a blob is not what its digest %.20s… says", d)
	}
	return raw, nil
}

func (b *bag) layer(_ context.Context, ref string) (*layer, error) {
	name := ref
	if strings.HasPrefix(ref, "sha256:") {
		h, err := hexOf(ref)
		if err != nil {
			return nil, err
		}
		name = "blobs/sha256/" + h
	}
	name = b.follow(path.Clean("/" + name)[1:])
	l, ok := b.layers[name]
	switch {
	case !ok && b.broken[name] != nil:
		return nil, b.broken[name]
	case !ok:
		return nil, bad("it does not hold the layer %.80q", ref)
	case strings.HasPrefix(ref, "sha256:") && b.sums[name] != ref:
		return nil, bad("a layer is not what its digest %.20s… says", ref)
	}
	return l, nil
}

// images lists what the archive holds.
func (b *bag) images(ctx context.Context, limits Limits) ([]found, error) {
	if raw, ok := b.small[layoutFile]; ok {
		m, err := parse[manifest]("index", raw)
		if err != nil {
			return nil, err
		}
		return resolve(ctx, b, m.Manifests, limits)
	}
	raw, ok := b.small[saveFile]
	if !ok {
		return nil, bad("it holds neither manifest.json nor index.json: a docker save file or an OCI layout is expected")
	}
	list, err := parse[[]struct {
		Config   string
		RepoTags []string
		Layers   []string
	}]("manifest", raw)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 || len(list) > maxManifests {
		return nil, bad("its manifest names %d images; 1 to %d are read", len(list), maxManifests)
	}
	var out []found
	for _, m := range list {
		config, ok := b.small[b.follow(path.Clean("/" + m.Config)[1:])]
		if !ok {
			return nil, bad("it does not hold the configuration that its manifest names")
		}
		if len(m.Layers) > limits.Layers {
			return nil, bad("it has %d layers; at most %d are read", len(m.Layers), limits.Layers)
		}
		f := found{config: config, layers: m.Layers}
		for _, t := range m.RepoTags[:min(len(m.RepoTags), maxKept)] {
			if t != "" && len(t) <= maxName {
				f.tags = append(f.tags, t)
			}
		}
		out = append(out, f)
	}
	return out, b.proveUnpacked(out)
}

// proveUnpacked holds the layers of a docker save file, which are stored
// unpacked, against the digests of the configuration.
func (b *bag) proveUnpacked(list []found) error {
	for _, f := range list {
		c, err := parse[struct {
			RootFS struct {
				DiffIDs []string `json:"diff_ids"`
			} `json:"rootfs"`
		}]("configuration", f.config)
		if err != nil {
			return err
		}
		if len(c.RootFS.DiffIDs) != len(f.layers) {
			return bad("its configuration names %d layers, its manifest %d", len(c.RootFS.DiffIDs), len(f.layers))
		}
		for i, ref := range f.layers {
			name := b.follow(path.Clean("/" + ref)[1:])
			if sum, ok := b.sums[name]; ok && !b.layers[name].packed && sum != c.RootFS.DiffIDs[i] {
				return bad("layer %d is not what the configuration says", i+1)
			}
		}
	}
	return nil
}
