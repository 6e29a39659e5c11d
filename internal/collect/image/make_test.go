package image

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// member is one entry of a tar archive under test.
type member struct {
	name, text string
	mode       int64
	kind       byte   // a tar type; 0 is a file, or a folder when the name ends in /
	link       string // of links
	caps       string
}

func tarOf(t testing.TB, members ...member) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, m := range members {
		h := &tar.Header{Name: m.name, Mode: m.mode, Typeflag: m.kind, Linkname: m.link, Size: int64(len(m.text))}
		if h.Mode == 0 {
			h.Mode = 0o644
		}
		if m.kind == 0 && m.name[len(m.name)-1] == '/' {
			h.Typeflag = tar.TypeDir
		}
		if m.caps != "" {
			h.PAXRecords = map[string]string{capAttr: m.caps}
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(m.text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gzipped(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func zstandard(t testing.TB, b []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll(b, nil)
}

func marshal(t testing.TB, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// configOf makes a configuration file for unpacked layers.
func configOf(t testing.TB, config map[string]any, layers ...[]byte) []byte {
	t.Helper()
	ids := []string{}
	for _, l := range layers {
		ids = append(ids, digestOf(l))
	}
	return marshal(t, map[string]any{
		"os": "linux", "architecture": "amd64", "created": "2026-01-02T03:04:05Z", "config": config,
		"rootfs": map[string]any{"type": "layers", "diff_ids": ids}, "history": []any{map[string]string{"created_by": "RUN apt-get update # buildkit"}},
	})
}

// saveOf makes a docker save file of the old form; the manifest comes last.
func saveOf(t testing.TB, config []byte, layers ...[]byte) []byte {
	t.Helper()
	var members []member
	names := []string{}
	for _, l := range layers {
		name := digestOf(l)[7:19] + "/layer.tar"
		names = append(names, name)
		members = append(members, member{name: name, text: string(l)})
	}
	members = append(members, member{name: "c.json", text: string(config)}, member{name: saveFile, text: string(marshal(t, []any{
		map[string]any{"Config": "c.json", "RepoTags": []string{"shop/web:1"}, "Layers": names},
	}))})
	return tarOf(t, members...)
}

// layoutOf makes the blobs and the index of an OCI layout. pack compresses the
// layers.
func layoutOf(t testing.TB, config []byte, pack func(testing.TB, []byte) []byte, layers ...[]byte) map[string][]byte {
	t.Helper()
	files := make(map[string][]byte)
	put := func(b []byte) map[string]any {
		d := digestOf(b)
		files["blobs/sha256/"+d[7:]] = b
		return map[string]any{"digest": d, "size": len(b)}
	}
	stored := []any{}
	for _, l := range layers {
		stored = append(stored, put(pack(t, l)))
	}
	image := put(marshal(t, map[string]any{"schemaVersion": 2, "config": put(config), "layers": stored}))
	image["platform"] = map[string]string{"os": "linux", "architecture": "amd64"}
	statement := put(marshal(t, map[string]any{"config": put([]byte("{}")), "layers": []any{map[string]any{
		"digest": digestOf([]byte("{}")), "annotations": map[string]string{predicate: "https://spdx.dev/Document"},
	}}}))
	statement["annotations"] = map[string]any{refType: "attestation-manifest", refDigest: image["digest"]}
	index := put(marshal(t, map[string]any{"manifests": []any{statement, image}}))
	index["annotations"] = map[string]string{"io.containerd.image.name": "docker.io/shop/web:1"}
	files[layoutFile] = marshal(t, map[string]any{"schemaVersion": 2, "manifests": []any{index}})
	files["oci-layout"] = []byte(`{"imageLayoutVersion":"1.0.0"}`)
	return files
}

func packedLayout(t testing.TB, files map[string][]byte) []byte {
	t.Helper()
	var members []member
	for name, b := range files {
		members = append(members, member{name: name, text: string(b)})
	}
	return tarOf(t, members...)
}
