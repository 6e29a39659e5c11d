package files

import (
	"slices"
	"strings"
	"testing"

	"plimsoll/internal/snapshot"
)

// TestInlineDockerfiles: what a compose file says itself is judged as a
// Dockerfile, at its lines in the compose file.
func TestInlineDockerfiles(t *testing.T) {
	s := collectIn(t, world(t, `
-- compose.yaml --
services:
  block:
    build:
      context: .
      args: {NPM_TOKEN: canary-of-an-argument}
      secrets: [npm]
      dockerfile_inline: | # kept line by line
        # syntax=docker/dockerfile:1
        FROM debian:12 AS build
        ENV MODE=plain

        FROM build
        USER 7
        HEALTHCHECK NONE
  folded:
    build:
      context: .
      dockerfile_inline: >
        FROM debian:12
  quoted:
    build:
      dockerfile_inline: "FROM debian:12\nUSER 9\n"
  open:
    build:
      dockerfile_inline: |
        FROM ${BASE}
  argument:
    build:
      dockerfile_inline: |
        ARG BASE=debian:12
        FROM $${BASE}
  broken:
    build:
      dockerfile_inline: |
        FROM debian:12
        NONSENSE canary
  away:
    build:
      context: https://example.com/x.git
      dockerfile_inline: |
        FROM scratch
secrets: {npm: {file: ./npm}}
-- .env.prod --
A=1
`), ".")
	got := make(map[string]*snapshot.Dockerfile)
	for i := range s.Dockerfiles {
		d := &s.Dockerfiles[i]
		got[strings.TrimPrefix(d.Path, "compose.yaml#")] = d
		if !d.Inline || d.File != "compose.yaml" {
			t.Errorf("%s: inline %v in %s", d.Path, d.Inline, d.File)
		}
	}
	if len(got) != 7 {
		t.Fatalf("Dockerfiles %v", sortedKeys(got))
	}
	b := got["block"]
	if b.Syntax.Line != 8 || b.Stages[0].Line != 9 || b.Stages[0].Vars[0].Line != 10 || b.Stages[1].Line != 12 || b.Stages[1].User.Line != 13 || b.Stages[1].Health.Line != 14 {
		t.Errorf("lines: %+v", b)
	}
	if b.Ignore.Context != "." || !slices.Equal(b.Ignore.Exposed, []string{".env.prod"}) {
		t.Errorf("context: %+v", b.Ignore)
	}
	if l := got["folded"].Stages[0].Line; l != 18 {
		t.Errorf("a folded text begins at line %d", l)
	}
	if q := got["quoted"].Stages[0]; q.Line != 22 || q.User.Line != 22 {
		t.Errorf("a quoted text: %+v", q)
	}
	if o := got["open"].Parsed; o.Known() || o.Reason != snapshot.ReasonUnresolved {
		t.Errorf("a variable without a value: %+v", o)
	}
	if a := got["argument"].Stages[0]; a.Base != "debian:12" || a.Line != 31 {
		t.Errorf("an argument: %+v", a)
	}
	if got["broken"].Parsed.Known() || got["away"].Ignore.State != snapshot.Skipped {
		t.Errorf("broken %+v, away %+v", got["broken"].Parsed, got["away"].Ignore)
	}
	notes := ""
	for _, p := range s.Parts {
		notes += p.Detail + "\n"
	}
	if !strings.Contains(notes, "compose.yaml:36:1: the instruction NONSENSE is unknown") || strings.Contains(notes, "canary") {
		t.Errorf("the coverage says\n%s", notes)
	}
	c := s.Containers[slices.IndexFunc(s.Containers, func(c snapshot.Container) bool { return c.Name == "block" })]
	if u := at(&c, "Config.User"); u != "compose.yaml:13:1" || s.ContainerSpecs[c.Spec].User != "7" || c.Build.Dockerfile != "compose.yaml#block" {
		t.Errorf("the service's user %q is set at %s, its build %+v", s.ContainerSpecs[c.Spec].User, u, c.Build)
	}
	if b := c.Build; !slices.Equal(b.Secrets, []string{"npm"}) || len(b.Args) != 1 || b.Args[0].Line != 5 {
		t.Errorf("build: %+v", b)
	}
}
