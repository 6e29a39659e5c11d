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
		{"common.yaml": []byte("services: {base: {restart: 'no'}}\n")},
		{"b/compose.yaml": []byte("services: {db: {image: other}}\n")},
		{"a/compose.yaml": []byte("services: [")},
		nil,
	} {
		if d := cmp.Diff(collect(nil, instead), collect(&memo, instead)); d != "" {
			t.Errorf("with %q in the place of files (-fresh +remembered):\n%s", instead, d)
		}
	}
}
