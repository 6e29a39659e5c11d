package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"plimsoll/internal/golden"
	"plimsoll/internal/report/markdown"
	"plimsoll/internal/threat"
)

// TestPages holds docs/checks against the checks: -update writes the pages anew
// and removes those of checks that are no more.
func TestPages(t *testing.T) {
	const dir = "../../docs/checks"
	suite := newApp(Stdio{}).suite
	want := map[string]bool{"README.md": true}
	for _, c := range suite {
		var b bytes.Buffer
		if err := markdown.CheckPage(&b, c, threat.Catalogue(), cases(t, c.ID)); err != nil {
			t.Fatal(err)
		}
		want[c.ID+".md"] = true
		golden.Compare(t, filepath.Join(dir, c.ID+".md"), b.Bytes())
		if s := b.String(); strings.Contains(s, ": \n") || strings.Contains(s, "\n\n\n") {
			t.Errorf("%s: a part of the page is empty:\n%s", c.ID, s)
		}
	}
	var index bytes.Buffer
	if err := markdown.CheckIndex(&index, suite); err != nil {
		t.Fatal(err)
	}
	golden.Compare(t, filepath.Join(dir, "README.md"), index.Bytes())
	there, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range there {
		if want[e.Name()] {
			continue
		}
		if !golden.Updating() {
			t.Errorf("%s is the page of no check", e.Name())
		} else if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
			t.Error(err)
		}
	}
}

// cases reads what a check says in its fixtures.
func cases(t *testing.T, id string) (out []markdown.Case) {
	t.Helper()
	files, err := filepath.Glob("../checks/*/testdata/" + id + ".txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		a, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range a.Files {
			name, ok := strings.CutSuffix(f.Name, ".want")
			if !ok {
				continue
			}
			folder, kind, _ := strings.Cut(name, "/")
			if kind != "" {
				name = kind
			}
			verdict := said(string(f.Data), folder)
			out = append(out, markdown.Case{Name: strings.ReplaceAll(name, "-", " "), Verdict: verdict})
		}
	}
	return out
}

// said is the line of findings that the fixture is about: the first with the verdict
// of its folder, where others are said of other subjects.
func said(findings, folder string) string {
	if folder == "na" {
		folder = "not-applicable"
	}
	for line := range strings.Lines(findings) {
		if strings.HasPrefix(line, folder) {
			return strings.TrimSuffix(line, "\n")
		}
	}
	first, _, _ := strings.Cut(findings, "\n")
	return first
}
