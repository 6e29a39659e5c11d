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

func TestSetSyntax(t *testing.T) {
	const to = "docker/dockerfile:1@sha256:00"
	for _, tt := range []struct {
		name, doc string
		line      int
		want      string // "" is refused
	}{
		{"plain", "# syntax=docker/dockerfile:1\nFROM a\n", 1, "# syntax=docker/dockerfile:1@sha256:00\nFROM a\n"},
		{"spaces and CRLF", "#  Syntax = docker/dockerfile:1 \r\nFROM a\r\n", 1, "#  Syntax = docker/dockerfile:1@sha256:00 \r\nFROM a\r\n"},
		{"after another directive", "# escape=`\n// syntax=docker/dockerfile:1\nFROM a", 2, "# escape=`\n// syntax=docker/dockerfile:1@sha256:00\nFROM a"},
		{"another", "# syntax=docker/dockerfile:2\n", 1, ""},
		{"no such line", "# syntax=docker/dockerfile:1\n", 3, ""},
		{"in JSON", "#syntax=docker/dockerfile:1 x\n", 1, ""},
	} {
		got, err := edit.SetSyntax([]byte(tt.doc), tt.line, "docker/dockerfile:1", to)
		if string(got) != tt.want || (err != nil) != (tt.want == "") {
			t.Errorf("%s: SetSyntax = %q, %v", tt.name, got, err)
		}
	}
}

func TestDropOption(t *testing.T) {
	for _, tt := range []struct{ name, doc, want string }{
		{"plain", "FROM a\nRUN curl --insecure https://x -o y\n", "FROM a\nRUN curl https://x -o y\n"},
		{"twice", "FROM a\nRUN curl --insecure x && /usr/bin/curl y --insecure; true\n", "FROM a\nRUN curl x && /usr/bin/curl y; true\n"},
		{"at the end", "FROM a\nRUN curl x --insecure", "FROM a\nRUN curl x"},
		{"over lines", "FROM a\nRUN true && \\\n  curl \\\n    # why\n    --insecure \\\n    x\nRUN curl --insecure z\n", "FROM a\nRUN true && \\\n  curl \\\n    # why\n \\\n    x\nRUN curl --insecure z\n"},
		{"another program too", "FROM a\nRUN curl --insecure x && helm --insecure y\n", ""},
		{"in quotes", "FROM a\nRUN sh -c \"curl --insecure x\"\n", ""},
		{"exec form", "FROM a\nRUN [\"curl\", \"--insecure\"]\n", ""},
		{"with a value", "FROM a\nRUN curl --insecure=yes x\n", ""},
		{"the next instruction", "FROM a\nRUN true\nRUN curl --insecure x\n", ""},
	} {
		got, err := edit.DropOption([]byte(tt.doc), 2, "curl", "--insecure")
		if string(got) != tt.want || (err != nil) != (tt.want == "") {
			t.Errorf("%s: DropOption = %q, %v", tt.name, got, err)
		}
	}
}

func FuzzDropOption(f *testing.F) {
	f.Add("RUN curl --insecure x && \\\n curl --insecure\n", 1)
	f.Fuzz(func(t *testing.T, doc string, line int) {
		got, err := edit.DropOption([]byte(doc), line, "curl", "--insecure")
		if err != nil {
			return
		}
		if strings.Count(string(got), "\n") != strings.Count(doc, "\n") || len(got) >= len(doc) {
			t.Fatalf("DropOption(%q, %d) = %q", doc, line, got)
		}
	})
}
