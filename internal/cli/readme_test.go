package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"plimsoll/internal/example"
	"plimsoll/internal/golden"
	"plimsoll/internal/snapshot"
)

// TestReadmeScreen: the screen in the README is what the program prints of the
// bundled example on a wide terminal.
func TestReadmeScreen(t *testing.T) {
	s, err := example.Example()
	if err != nil {
		t.Fatal(err)
	}
	var doc bytes.Buffer
	if err := snapshot.Encode(&doc, s); err != nil {
		t.Fatal(err)
	}
	b := newBench(t)
	b.env["COLUMNS"] = "124"
	if err := os.WriteFile(filepath.Join(b.Dir, "example.json"), doc.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	b.do(t, 0, "assess", filepath.Join(b.Dir, "example.json"))
	const path, from, to = "../../README.md", "<!-- screen -->\n```\n", "```\n<!-- end of screen -->"
	readme, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(readme), from)
	shown, after, ended := strings.Cut(rest, to)
	switch {
	case !found || !ended:
		t.Fatalf("README.md has no block between %q and %q", from, to)
	case golden.Updating():
		golden.Write(t, path, []byte(before+from+b.out.String()+to+after))
	case shown != b.out.String():
		t.Errorf("the screen in README.md is not what is printed (go test -update writes it):\n%s", b.out.String())
	}
}
