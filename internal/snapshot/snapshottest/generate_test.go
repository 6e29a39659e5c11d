package snapshottest

import (
	"bytes"
	"encoding/json"
	"testing"

	"plimsoll/internal/snapshot"
)

func TestGenerate(t *testing.T) {
	for _, c := range []struct{ containers, specs, wantSpecs int }{
		{1, 1, 1}, {1, 50, 1}, {300, 50, 50}, {300, 300, 300},
	} {
		s, err := Generate(1, c.containers, c.specs)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Validate(); err != nil {
			t.Errorf("%d containers, %d specs: %v", c.containers, c.specs, err)
		}
		distinct := make(map[string]bool)
		for i := range s.ContainerSpecs {
			b, err := json.Marshal(&s.ContainerSpecs[i])
			if err != nil {
				t.Fatal(err)
			}
			distinct[string(b)] = true
		}
		if len(s.Containers) != c.containers || len(distinct) != c.wantSpecs {
			t.Errorf("got %d containers with %d distinct specs, want %d with %d", len(s.Containers), len(distinct), c.containers, c.wantSpecs)
		}
	}
}

func TestSameArgumentsSameSnapshot(t *testing.T) {
	ids := make(map[string]bool)
	for range 3 {
		s, err := Generate(7, 40, 10)
		if err != nil {
			t.Fatal(err)
		}
		ids[s.ID] = true
	}
	if len(ids) != 1 {
		t.Errorf("three runs gave %d different snapshots", len(ids))
	}
	other, err := Generate(8, 40, 10)
	if err != nil {
		t.Fatal(err)
	}
	if ids[other.ID] {
		t.Error("another seed gave the same snapshot")
	}
}

func TestDecodes(t *testing.T) {
	s, err := Generate(1, 40, 10)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := snapshot.Encode(&b, s); err != nil {
		t.Fatal(err)
	}
	back, err := snapshot.Parse(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if back.ID != s.ID {
		t.Errorf("ID is %s after decoding, was %s", back.ID, s.ID)
	}
}
