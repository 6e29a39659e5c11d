package image

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll/internal/snapshot"
)

var sample = [][]member{
	{{name: "etc/passwd", text: "root:x:0:0::/:/bin/sh\napp:x:7:7::/:/bin/sh\n"}, suid("bin/su"), {name: "app/k", text: key}},
	{{name: "app/.wh.k"}, {name: "bin/sh", text: "x", mode: 0o755}},
}

func sampleLayers(t testing.TB) [][]byte {
	return [][]byte{tarOf(t, sample[0]...), tarOf(t, sample[1]...)}
}

func unpacked(_ testing.TB, b []byte) []byte { return b }

// TestEveryFormSaysTheSame reads one image in all forms.
func TestEveryFormSaysTheSame(t *testing.T) {
	layers := sampleLayers(t)
	config := configOf(t, map[string]any{"User": "app", "Env": []string{"A=b"}, "Labels": map[string]string{"org.opencontainers.image.source": "https://x"}}, layers...)
	save := saveOf(t, config, layers...)
	read := func(b []byte) []snapshot.Image {
		t.Helper()
		got, err := Read(t.Context(), bytes.NewReader(b), Limits{})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	want := read(save)
	m := &want[0]
	if len(want) != 1 || m.ID != digestOf(config) || m.UserUID != snapshot.Seen[int64](7, passwdFile) || len(m.Contents.V.Privileged) != 1 ||
		len(m.Contents.V.Secrets) != 1 || !m.Contents.V.Secrets[0].Deleted || m.Tags[0] != "shop/web:1" || m.Config.V.Steps[0].Run.Updates[0] != "apt" {
		t.Fatalf("docker save: %+v", want)
	}
	alike := func(name string, got []snapshot.Image) {
		t.Helper()
		for i := range got {
			got[i].Tags, got[i].Config.V.Manifest, got[i].Evidence = m.Tags, "", m.Evidence
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-docker save +it):\n%s", name, d)
		}
	}
	alike("packed docker save", read(gzipped(t, save)))
	for name, pack := range map[string]func(testing.TB, []byte) []byte{"plain": unpacked, "gzip": gzipped, "zstd": zstandard} {
		files := layoutOf(t, config, pack, layers...)
		got := read(packedLayout(t, files))
		if a := got[0].Evidence.V.Attestations; len(a) != 1 || a[0].Type != "https://spdx.dev/Document" || got[0].Tags[0] != "docker.io/shop/web:1" {
			t.Errorf("%s: %+v", name, got[0])
		}
		alike(name+" layout in an archive", got)
		dir := t.TempDir()
		for f, b := range files {
			at := filepath.Join(dir, f)
			if err := errors.Join(os.MkdirAll(filepath.Dir(at), 0o755), os.WriteFile(at, b, 0o600)); err != nil {
				t.Fatal(err)
			}
		}
		got, err := ReadFolder(t.Context(), dir, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		alike(name+" layout in a folder", got)
	}
}

// TestSharedLayers are links, in docker save files of older engines.
func TestSharedLayers(t *testing.T) {
	layer := tarOf(t, suid("su"))
	save := tarOf(t,
		member{name: "b/layer.tar", kind: tar.TypeSymlink, link: "../a/layer.tar"}, member{name: "a/layer.tar", text: string(layer)},
		member{name: "c.json", text: string(configOf(t, nil, layer, layer))},
		member{name: saveFile, text: `[{"Config":"c.json","Layers":["a/layer.tar","b/layer.tar"]}]`})
	got, err := Read(t.Context(), bytes.NewReader(save), Limits{})
	if err != nil || got[0].Contents.V.Layers != 2 || got[0].Contents.V.Privileged[0].Layer != 2 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestHostileImages(t *testing.T) {
	good := sampleLayers(t)
	config := configOf(t, nil, good...)
	one := func(members ...member) []byte {
		l := tarOf(t, members...)
		return saveOf(t, configOf(t, nil, l), l)
	}
	layout := func(change func(map[string][]byte)) []byte {
		files := layoutOf(t, config, gzipped, good...)
		change(files)
		return packedLayout(t, files)
	}
	small := Limits{Entries: 100, JSON: 4000, Held: 10_000, Free: 1 << 20, Ratio: 100, Path: 200, Layers: 4}
	zeros := strings.Repeat("\x00", 8<<20)
	bomb := gzipped(t, tarOf(t, member{name: "zeros", text: zeros}))
	many := make([]member, 101)
	for i := range many {
		many[i].name = fmt.Sprint("f", i)
	}
	for name, tt := range map[string]struct {
		image []byte
		want  string
	}{
		"nothing":            {nil, "neither manifest.json nor index.json"},
		"text":               {[]byte("hello, world"), "no archive of an image"},
		"other archive":      {tarOf(t, member{name: "a", text: "b"}), "neither manifest.json nor index.json"},
		"cut":                {saveOf(t, config, good...)[:3000], "ends too early"},
		"gzip bomb":          {tarOf(t, member{name: "a/layer.tar", text: string(bomb)}), "expand to more than 100 times"},
		"zstd bomb":          {tarOf(t, member{name: "l", text: string(zstandard(t, tarOf(t, member{name: "z", text: zeros})))}), "expand to more than 100 times"},
		"packed archive":     {gzipped(t, tarOf(t, member{name: "x", text: "y" + zeros})), "expand to more than 100 times"},
		"upwards":            {one(member{name: "../../etc/cron.d/x", text: "x"}), "leads upwards"},
		"upwards inside":     {one(member{name: "a/../../x", text: "x"}), "leads upwards"},
		"link upwards":       {one(member{name: "a", kind: tar.TypeLink, link: "../../etc/shadow"}), "leads upwards"},
		"long path":          {one(member{name: strings.Repeat("a/", 150), text: ""}), "longer than 200 bytes"},
		"many files":         {one(many...), "more than 100 files"},
		"link loop":          {tarOf(t, member{name: "c.json", kind: tar.TypeSymlink, link: "d.json"}, member{name: "d.json", kind: tar.TypeSymlink, link: "c.json"}, member{name: saveFile, text: `[{"Config":"c.json","Layers":[]}]`}), "does not hold the configuration"},
		"no such layer":      {tarOf(t, member{name: "c.json", text: string(config)}, member{name: saveFile, text: `[{"Config":"c.json","Layers":["../../x","y"]}]`}), "does not hold the layer"},
		"layer is text":      {tarOf(t, member{name: "x", text: "text"}, member{name: "c.json", text: string(configOf(t, nil, good[0]))}, member{name: saveFile, text: `[{"Config":"c.json","Layers":["x"]}]`}), "does not hold the layer"},
		"other layer":        {saveOf(t, configOf(t, nil, good[1], good[0]), good...), "not what the configuration says"},
		"fewer layers":       {saveOf(t, configOf(t, nil, good[0]), good...), "names 1 layers, its manifest 2"},
		"no configuration":   {saveOf(t, []byte(`[]`), good...), "configuration is no JSON"},
		"strange config":     {saveOf(t, marshal(t, map[string]any{"config": map[string]any{"User": 7}, "rootfs": map[string]any{"diff_ids": []string{digestOf(good[0]), digestOf(good[1])}}}), good...), "config.User"},
		"manifest is broken": {tarOf(t, member{name: saveFile, text: `{"a":`}), "no JSON of the expected form"},
		"deep JSON":          {tarOf(t, member{name: saveFile, text: strings.Repeat("[", 3000)}), "no JSON of the expected form"},
		"large JSON":         {tarOf(t, member{name: saveFile, text: "[" + strings.Repeat(" ", 5000) + "]"}), "neither manifest.json"},
		"much JSON":          {tarOf(t, member{name: "a", text: "[" + strings.Repeat(" ", 3000)}, member{name: "b", text: "[" + strings.Repeat(" ", 3000)}, member{name: "c", text: "[" + strings.Repeat(" ", 3000)}, member{name: "d", text: "[" + strings.Repeat(" ", 3000)}), "more than 10000 bytes of manifests"},
		"wrong blob": {layout(func(f map[string][]byte) {
			for n := range f {
				if strings.HasPrefix(n, "blobs/") && packed(f[n]) {
					f[n] = gzipped(t, good[0])
				}
			}
		}), "not what its digest"},
		"missing blob": {layout(func(f map[string][]byte) {
			for n := range f {
				if packed(f[n]) {
					delete(f, n)
				}
			}
		}), "does not hold the layer"},
		"index in itself": {layout(func(f map[string][]byte) {
			f[layoutFile] = []byte(`{"manifests":[{"digest":"sha256:../../../etc/passwd"}]}`)
		}), "no sha256 digest"},
		"empty index": {layout(func(f map[string][]byte) { f[layoutFile] = []byte(`{}`) }), "names no image"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Read(t.Context(), bytes.NewReader(tt.image), small)
			if !errors.Is(err, ErrImage) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one that says %q", err, tt.want)
			}
			if err != nil && len(err.Error()) > 300 {
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
		})
	}
}

func TestFolderIsNotLeft(t *testing.T) {
	layers := sampleLayers(t)
	files := layoutOf(t, configOf(t, nil, layers...), gzipped, layers...)
	dir, outside := t.TempDir(), filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(outside, files[layoutFile], 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, layoutFile)); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadFolder(t.Context(), dir, Limits{}); err == nil || !strings.Contains(err.Error(), "cannot be opened") {
		t.Errorf("a link out of the folder: %v", err)
	}
}

func TestSteps(t *testing.T) {
	for text, want := range map[string]string{
		"":                            " []",
		"# debian.sh --arch 'amd64'":  " [--arch]",
		"/bin/sh -c #(nop)  USER app": "USER []",
		"/bin/sh -c apt-get update":   "RUN [] apt []",
		"RUN /bin/sh -c apt-get update && apt-get install -y curl # buildkit":                "RUN [] apt [{apt 1 [curl] 0 false}]",
		"|2 TOKEN=CANARYx MODE=fast /bin/sh -c apk add --no-cache git":                       "RUN [TOKEN MODE --no-cache]  [{apk 1 [git] 0 false}]",
		"RUN |1 GH=ghp_CANARYCANARYCANARY /bin/bash -o pipefail -c yum makecache # buildkit": "RUN [GH] dnf []",
		"ENV API_KEY=CANARY MODE=\"x\"":                                                      "ENV [API_KEY MODE]",
		"/bin/sh -c #(nop)  ENV PASSWORD CANARY":                                             "ENV [PASSWORD]",
		"RUN /bin/sh -c curl -u bob:CANARY https://x | sh":                                   "RUN [password]  []",
		"RUN /bin/sh -c tool --password CANARY --token=CANARY $X --key $KEY":                 "RUN [--password --token]  []",
		"RUN /bin/sh -c git clone https://bob:CANARY@x/y":                                    "RUN [a word]  []",
		"RUN /bin/sh -c curl -H 'Authorization: Bearer eyJCANARYCANARYCANARY' https://x":     "RUN [a word]  []",
		"COPY file:abc in /app ":                                                             "COPY []",
		"CMD [\"server\" \"--api-key\" \"CANARY\"]":                                          "CMD [--api-key]",
	} {
		s := Step(text)
		var names []string
		for _, v := range s.Values {
			names = append(names, v.Name)
		}
		got := fmt.Sprintf("%s %v", s.Instruction, names)
		if s.Run != nil {
			got += fmt.Sprintf(" %s %v", strings.Join(s.Run.Updates, ","), s.Run.Installs)
		}
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
		if strings.Contains(string(marshal(t, s)), "CANARY") {
			t.Errorf("%q: a value is in %s", text, marshal(t, s))
		}
	}
}
