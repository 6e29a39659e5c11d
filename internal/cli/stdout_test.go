package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDashIsTheStandardOutput: -o - writes there, whole and alone.
func TestDashIsTheStandardOutput(t *testing.T) {
	for want, args := range map[string][]string{
		`{"schema":"plimsoll.snapshot/v1"`: {"collect"},
		`"schema":"plimsoll.plan/v1"`:      {"plan"},
		`"schema":"plimsoll.report/v1"`:    {"assess", "--format", "json"},
		"plimsoll assess":                  {"assess"},
	} {
		b := newBench(t)
		t.Chdir(b.Dir)
		b.do(t, 0, append(args, "docker", b.state(), "-o", "-")...)
		if got := b.out.String(); !strings.Contains(strings.ReplaceAll(got[:min(200, len(got))], ": ", ":"), want) || strings.Contains(got[1:], "look:") {
			t.Errorf("%q prints\n%.200s", args, got)
		}
		if _, err := os.Stat(filepath.Join(b.Dir, "-")); err == nil {
			t.Errorf("%q writes a file of that name", args)
		}
	}
}
