package edit_test

import (
	"strings"
	"testing"

	"plimsoll/internal/edit"
)

func TestSetBase(t *testing.T) {
	const to = "a:1@sha256:00"
	for _, tt := range []struct {
		name, doc string
		line      int
		want      string // or the beginning of the error
	}{
		{"plain", "# x\nFROM a:1\nRUN x\n", 2, "# x\nFROM a:1@sha256:00\nRUN x\n"},
		{"flags, a name and CRLF", "from --platform=linux/arm64  a:1  AS b\r\n", 1, "from --platform=linux/arm64  a:1@sha256:00  AS b\r\n"},
		{"already", "FROM a:1@sha256:00", 1, "FROM a:1@sha256:00"},
		{"an argument", "ARG V=1\nFROM a:${V}\n", 2, "error: 2: the base is set by the argument V"},
		{"another", "FROM b:1\n", 1, "error: 1: another image stands there"},
		{"over lines", "FROM \\\n a:1\n", 1, "error: 1: another image stands there"},
		{"no FROM", "RUN x\n", 1, "error: 1: no image stands on the line of FROM"},
		{"too short", "FROM a:1\n", 7, "error: 7: there is no such line"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := edit.SetBase([]byte(tt.doc), tt.line, "a:1", to)
			if err != nil {
				got = []byte("error: " + err.Error())
			}
			if err == nil && string(got) != tt.want || err != nil && !strings.HasPrefix(string(got), tt.want) {
				t.Errorf("SetBase(%q) = %q, want %q", tt.doc, got, tt.want)
			}
		})
	}
}

func FuzzSetBase(f *testing.F) {
	f.Add("FROM a:1\n", 1)
	f.Add("FROM --x=y a:1 AS b\r\nFROM a:1", 2)
	f.Fuzz(func(t *testing.T, doc string, line int) {
		got, err := edit.SetBase([]byte(doc), line, "a:1", "b:2")
		if err != nil {
			return
		}
		old, now := strings.Split(doc, "\n"), strings.Split(string(got), "\n")
		for i := range old {
			if i != line-1 && (len(now) != len(old) || old[i] != now[i]) {
				t.Fatalf("SetBase(%q, %d) = %q", doc, line, got)
			}
		}
	})
}
