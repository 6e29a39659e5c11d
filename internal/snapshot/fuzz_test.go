package snapshot_test

import (
	"bytes"
	"os"
	"testing"

	"plimsoll/internal/checktest"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/snapshot/snapshottest"
)

// FuzzParse: nothing that can be read crashes, changes when it is written and
// read again, or has two subjects with one name.
func FuzzParse(f *testing.F) {
	first, err := os.ReadFile(v1)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(first)
	generated, err := snapshottest.Generate(5, 3, 2)
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []*snapshot.Snapshot{checktest.Minimal(), generated} {
		s.ID = "" // else every change is refused as an edit
		var b bytes.Buffer
		if err := snapshot.Encode(&b, s); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	f.Add([]byte(`{"schema":"plimsoll.snapshot/v1","taken":"2026-11-01T12:00:00Z","scopes":[{"id":"engine:e","kind":"engine"}],` +
		`"networks":[{"scope":"engine:e","name":"a"},{"scope":"engine:e","name":"a","id":"1"}],"images":[{"scope":"engine:e"}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := snapshot.Parse(b)
		if err != nil {
			return
		}
		type name struct {
			kind       snapshot.Kind
			scope, key string
		}
		seen := make(map[name]bool)
		for _, sub := range snapshot.NewIndex(s).Subjects {
			n := name{sub.Kind, sub.Scope, sub.Key}
			if seen[n] {
				t.Errorf("two subjects are %q", n)
			}
			seen[n] = true
		}
		roundTrip(t, s)
	})
}
