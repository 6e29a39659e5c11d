package text

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"plimsoll/internal/example"
	"plimsoll/internal/golden"
)

// TestReadmeScreen: the screen in the README is what assess prints of the
// bundled example on a wide terminal.
func TestReadmeScreen(t *testing.T) {
	s, err := example.Example()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := Assess(&b, result(t, s, nil), Options{Width: 124}); err != nil {
		t.Fatal(err)
	}
	const path, from, to = "../../../README.md", "<!-- screen -->\n```\n", "```\n<!-- end of screen -->"
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
		golden.Write(t, path, []byte(before+from+b.String()+to+after))
	case shown != b.String():
		t.Errorf("the screen in README.md is not what is printed (go test -update writes it):\n%s", b.String())
	}
}
