package harden

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestJournalLinesAreInert: a hostile name acts on nothing when a person looks at
// a journal, and reads back as it is.
func TestJournalLinesAreInert(t *testing.T) {
	const name = "web\u202egnp.exe\u009b31m"
	path := filepath.Join(t.TempDir(), "x.jsonl")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := &writer{f: f}
	if err := w.line(map[string]string{"name": name}); err != nil {
		t.Fatal(err)
	}
	w.close()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var back map[string]string
	if err := json.Unmarshal(b, &back); err != nil || back["name"] != name || strings.ContainsAny(string(b), "\u202e\u009b") {
		t.Errorf("%q, read back as %q, %v", b, back["name"], err)
	}
}
