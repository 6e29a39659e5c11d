package files

import (
	"strings"
	"testing"
	"time"

	"plimsoll/internal/snapshot"
)

// TestCycles: files that name each other are refused with their place, at once.
func TestCycles(t *testing.T) {
	began := time.Now()
	s := collectIn(t, world(t, `
-- a/compose.yaml --
include: [../b/compose.yaml]
services: {a: {image: x}}
-- b/compose.yaml --
include: [../a/compose.yaml]
services: {b: {image: x}}
-- c/compose.yaml --
services:
  one: {image: x, extends: {service: two}}
  two: {image: x, extends: {service: one}}
-- d/compose.yaml --
services: {d: {image: x, extends: {file: ../e/compose.yaml, service: e}}}
-- e/compose.yaml --
services: {e: {image: x, extends: {file: ../d/compose.yaml, service: d}}}
-- f/compose.yaml --
services: {f: {image: x, volumes_from: [g]}, g: {image: x, volumes_from: [f]}}
-- h/Dockerfile --
FROM b AS a
FROM a AS b
FROM b
-- i/Dockerfile --
FROM i AS i
`), ".")
	if d := time.Since(began); d > 10*time.Second {
		t.Errorf("took %v", d)
	}
	failed := ""
	for _, p := range s.Parts {
		if p.State == snapshot.Failed {
			failed += p.Item + " "
			if !strings.Contains(p.Detail, "compose.yaml") {
				t.Errorf("%s: the place is missing: %s", p.Item, p.Detail)
			}
		}
	}
	if failed != "file/a/compose.yaml file/b/compose.yaml file/c/compose.yaml file/d/compose.yaml file/e/compose.yaml " {
		t.Errorf("failed: %s", failed)
	}
	if len(s.Dockerfiles) != 2 || s.Dockerfiles[0].Stages[2].From != 1 {
		t.Errorf("Dockerfiles: %+v", s.Dockerfiles)
	}
}

// TestCopies: what COPY takes of the context is known, and so are the networks
// of a compose file.
func TestCopies(t *testing.T) {
	s := collectIn(t, world(t, `
-- Dockerfile --
FROM debian AS build
COPY --from=busybox /x /x
COPY --chown=1:1 a ${B} ./
FROM debian
COPY . .
-- .env --
A=1
-- compose.yaml --
name: shop
services: {web: {image: x, networks: [back, out]}}
networks:
  back: {driver: overlay, internal: true, driver_opts: {encrypted: "", secret: canary}}
  out: {external: true, name: shared}
`), ".")
	st := s.Dockerfiles[0].Stages
	if len(st[0].Copies) != 2 || !st[0].Copies[1].Unresolved || len(st[1].Copies) != 1 || st[1].Copies[0] != (snapshot.Copy{Source: ".", Line: 5}) {
		t.Errorf("copies %+v", st)
	}
	if len(s.Networks) != 2 {
		t.Fatalf("networks %+v", s.Networks)
	}
	back, out := s.Networks[0], s.Networks[1]
	if back.Name != "shop_back" || back.Driver != "overlay" || len(back.Options) != 1 || !back.Internal || back.Loc.String() != "compose.yaml:4:3" {
		t.Errorf("back: %+v", back)
	}
	if out.Name != "shared" || out.Driver != "" {
		t.Errorf("out: %+v", out)
	}
}
