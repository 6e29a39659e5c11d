package image

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"

	"plimsoll/internal/snapshot"
)

// fuzzLimits are small, so that what is to be refused is refused soon.
var fuzzLimits = Limits{Entries: 500, JSON: 1 << 16, Held: 1 << 18, Free: 1 << 20, Ratio: 100, Layers: 8, Package: 1 << 16}

// FuzzRead: no archive crashes the reader, and what it reads can be stored.
func FuzzRead(f *testing.F) {
	layers := sampleLayers(f)
	config := configOf(f, map[string]any{"User": "app"}, layers...)
	f.Add(saveOf(f, config, layers...))
	f.Add(gzipped(f, saveOf(f, config, layers...)))
	f.Add(packedLayout(f, layoutOf(f, config, gzipped, layers...)))
	f.Add(packedLayout(f, layoutOf(f, config, zstandard, layers...)))
	f.Fuzz(func(t *testing.T, b []byte) {
		images, err := Read(t.Context(), bytes.NewReader(b), fuzzLimits)
		if err != nil && !errors.Is(err, ErrImage) {
			t.Fatalf("an error that is not of the image: %v", err)
		}
		for _, m := range images {
			if _, err := json.Marshal(m); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// FuzzLayer reads a layer under an honest manifest, where fuzzing the whole would
// rarely get past the digests.
func FuzzLayer(f *testing.F) {
	for _, l := range sampleLayers(f) {
		f.Add(l)
	}
	f.Add(tarOf(f, member{name: "a", text: "x", caps: capsOf(1)}, member{name: "lib/apk/db/installed", text: "P:a\n"}, member{name: "etc/shadow", text: "a::\n"}))
	f.Fuzz(func(t *testing.T, b []byte) {
		s := &stack{scanner: newScanner(&budget{limits: fuzzLimits.filled()})}
		l, _, err := s.blob(bytes.NewReader(b))
		if err != nil {
			if !errors.Is(err, ErrImage) {
				t.Fatalf("an error that is not of the image: %v", err)
			}
			return
		}
		s.layers = []*layer{l, l}
		if c := s.contents(); len(c.Privileged) > maxKept || len(c.Secrets) > maxKept {
			t.Fatalf("%d privileged files and %d secrets are kept", len(c.Privileged), len(c.Secrets))
		}
	})
}

// FuzzStep: a history is reduced to facts, whatever it says.
func FuzzStep(f *testing.F) {
	f.Add("RUN |1 A=b /bin/sh -c apt-get update && x # buildkit")
	f.Add("/bin/sh -c #(nop)  ENV A=b")
	f.Add(`CMD ["a" "--b" "c"]`)
	f.Fuzz(func(t *testing.T, text string) {
		s := Step(text)
		if len(s.Values) > 2*maxStepValues {
			t.Fatalf("%d values", len(s.Values))
		}
		if _, err := json.Marshal(s); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzDescribe reads configuration files.
func FuzzDescribe(f *testing.F) {
	f.Add(configOf(f, map[string]any{"User": "app", "Env": []string{"A=b"}, "Labels": map[string]string{"a": "b"}, "Healthcheck": map[string]any{"Test": []string{"CMD"}}}))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m := new(snapshot.Image)
		if _, ok := describe(m, raw); !ok {
			return
		}
		if _, err := json.Marshal(m); err != nil {
			t.Fatal(err)
		}
	})
}
