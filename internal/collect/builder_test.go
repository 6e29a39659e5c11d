package collect

import (
	"testing"
	"time"

	"plimsoll/internal/snapshot"
)

func fragment(scope string, memory ...int64) *snapshot.Snapshot {
	f := &snapshot.Snapshot{Complete: true, Scopes: []snapshot.Scope{{ID: scope, Kind: snapshot.ScopeEngine}}}
	f.Runtimes = []snapshot.Runtime{{Status: "running"}}
	for i, m := range memory {
		f.ContainerSpecs = append(f.ContainerSpecs, snapshot.ContainerSpec{Image: "a", Resources: snapshot.Resources{Memory: m}})
		f.Containers = append(f.Containers, snapshot.Container{Scope: scope, Key: "name/" + string(rune('a'+i)), Spec: i})
	}
	return f
}

func TestJoinInternsAcrossEngines(t *testing.T) {
	s := &snapshot.Snapshot{Taken: time.Unix(1, 0).UTC(), Complete: true}
	b := NewBuilder(s)
	if err := b.Join(fragment("engine:a", 1, 2)); err != nil {
		t.Fatal(err)
	}
	if err := b.Join(fragment("engine:b", 2, 3)); err != nil {
		t.Fatal(err)
	}
	if len(s.ContainerSpecs) != 3 || len(s.Runtimes) != 1 {
		t.Errorf("%d specs and %d runtimes, want 3 and 1", len(s.ContainerSpecs), len(s.Runtimes))
	}
	want := []int64{1, 2, 2, 3}
	for i, c := range s.Containers {
		if got := s.ContainerSpecs[c.Spec].Resources.Memory; got != want[i] {
			t.Errorf("container %d has memory %d, want %d", i, got, want[i])
		}
	}
	if err := s.Validate(); err != nil {
		t.Error(err)
	}
}

func TestJoinRefusesTheSameScopeTwice(t *testing.T) {
	s := &snapshot.Snapshot{Complete: true}
	b := NewBuilder(s)
	if err := b.Join(fragment("engine:a", 1)); err != nil {
		t.Fatal(err)
	}
	if err := b.Join(fragment("engine:a", 1)); err == nil {
		t.Error("the same engine was joined twice")
	}
	if len(s.Containers) != 1 {
		t.Errorf("%d containers, want 1", len(s.Containers))
	}
}

func TestJoinIsIncompleteWhenOneFragmentIs(t *testing.T) {
	s := &snapshot.Snapshot{Complete: true}
	b := NewBuilder(s)
	f := fragment("engine:a", 1)
	f.Complete = false
	if err := b.Join(f); err != nil {
		t.Fatal(err)
	}
	if s.Complete {
		t.Error("snapshot is complete although a fragment is not")
	}
}
