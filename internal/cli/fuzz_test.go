package cli

import (
	"strings"
	"testing"
)

func FuzzDecodeDocument(f *testing.F) {
	for _, s := range []string{
		`{"schema":"plimsoll.snapshot/v1","taken":"2026-11-01T12:00:00Z","scopes":[],"parts":[]}`,
		`{"schema":"plimsoll.report/v1"}`, `{"schema":"plimsoll.plan/v1"}`, `{"schema":1}`, `[`, "\x00", "",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := decodeDocument(b)
		if err != nil && err.Error() == "" {
			t.Error("an error says nothing")
		}
		if err == nil && d.kind() == "" {
			t.Error("a document of no kind")
		}
	})
}

func FuzzParseTarget(f *testing.F) {
	for _, s := range []string{"docker", "docker:x", "host", "-", "", "k8s:", "tcp://u:hunter2@h", "./docker", "\x1b[31m"} {
		f.Add(s)
	}
	a := newApp(Stdio{Dir: f.TempDir()})
	f.Fuzz(func(t *testing.T, s string) {
		_, file, err := a.parseTarget(s)
		if err != nil && (exitCode(err) != exitUsage || strings.ContainsAny(err.Error(), "\x1b\n\r")) {
			t.Errorf("%q: %d %q", s, exitCode(err), err.Error())
		}
		if err != nil && strings.Contains(s, "://") && !strings.HasPrefix(s, "docker:") && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: a password is repeated", s)
		}
		if err == nil && file && s != "-" && strings.Contains(s, "://") {
			t.Errorf("%q is taken for a file", s)
		}
	})
}
