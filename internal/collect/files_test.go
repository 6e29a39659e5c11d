package collect

import (
	"testing"

	"plimsoll/internal/snapshot"
)

// TestSocketsOfSeveralEnginesAreListedOnce: each engine's collector finds every
// socket of the machine.
func TestSocketsOfSeveralEnginesAreListedOnce(t *testing.T) {
	const host = "host:h"
	out := &snapshot.Snapshot{Complete: true}
	b := NewBuilder(out)
	for _, f := range []struct {
		scope string
		files []snapshot.File
	}{
		{"engine:a", []snapshot.File{{Scope: host, Path: "/run/a.sock", Engine: "engine:a"}, {Scope: host, Path: "/run/b.sock"}}},
		{"engine:b", []snapshot.File{{Scope: host, Path: "/run/a.sock"}, {Scope: host, Path: "/run/b.sock", Engine: "engine:b"}}},
	} {
		fragment := &snapshot.Snapshot{Scopes: []snapshot.Scope{{ID: f.scope, Kind: snapshot.ScopeEngine}}, Files: f.files, Complete: true}
		if err := b.Join(fragment); err != nil {
			t.Fatal(err)
		}
	}
	if len(out.Files) != 2 || out.Files[0].Engine != "engine:a" || out.Files[1].Engine != "engine:b" {
		t.Errorf("files %+v", out.Files)
	}
}
