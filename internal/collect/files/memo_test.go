package files

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"plimsoll/internal/snapshot"
)

// TestMemo: what is remembered never shows, whichever file changes.
func TestMemo(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"a/compose.yaml":   "services:\n  web:\n    build: .\n    image: ${IMAGE}\n    volumes: ['./data:/data']\n    extends: {file: ../common.yaml, service: base}\n",
		"a/.env":           "IMAGE=a:1\n",
		"a/Dockerfile":     "FROM scratch\nENV A=1\nUSER 7\n",
		"b/compose.yaml":   "services: {db: {image: db}}\nnetworks: {back: {}}\n",
		"common.yaml":      "services: {base: {restart: always}}\n",
		"broken/stack.yml": "services: [\n",
	} {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var memo Memo
	collect := func(m *Memo, instead map[string][]byte) *snapshot.Snapshot {
		t.Helper()
		s, err := Collect(t.Context(), Options{Path: dir, Taken: time.Unix(1, 0).UTC(), Instead: instead, Memo: m})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	for _, instead := range []map[string][]byte{
		nil, nil,
		{"a/.env": []byte("IMAGE=a:2\n")},
		{"a/Dockerfile": []byte("FROM scratch\nENV B=1\nUSER 8\n")},
		{"b/compose.yaml": []byte("services: {db: {image: other}}\n")},
		{"a/compose.yaml": []byte("services: [")},
		nil,
	} {
		if d := cmp.Diff(collect(nil, instead), collect(&memo, instead)); d != "" {
			t.Errorf("with %q in the place of files (-fresh +remembered):\n%s", instead, d)
		}
	}
}

// TestInsteadOfExtended: what others extend or include cannot be tried, and is
// said to be unknown rather than read as it stands on disk.
func TestInsteadOfExtended(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"compose.yaml":      "include: [more.yaml]\nservices:\n  web:\n    extends: {file: common.yaml, service: base}\n",
		"common.yaml":       "services: {base: {image: a, restart: always}}\n",
		"more.yaml":         "services: {inc: {image: b}}\n",
		"compose.other.yml": "services: {other: {image: c}}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		file, content string
		failed        bool
	}{
		{"common.yaml", "services: {base: {image: a, restart: 'no'}}\n", true},
		{"more.yaml", "services: {inc: {image: d}}\n", true},
		{"compose.other.yml", "services: {other: {image: d}}\n", false},
	} {
		s, err := Collect(t.Context(), Options{Path: dir, Taken: time.Unix(1, 0).UTC(), Instead: map[string][]byte{tt.file: []byte(tt.content)}})
		if err != nil {
			t.Fatal(err)
		}
		failed := false
		for _, p := range s.Parts {
			failed = failed || p.State == snapshot.Failed && p.Item == "file/compose.yaml"
		}
		if failed != tt.failed {
			t.Errorf("with %s changed, compose.yaml is not understood: %v, want %v: %+v", tt.file, failed, tt.failed, s.Parts)
		}
	}
}
