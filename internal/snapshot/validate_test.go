package snapshot_test

import (
	"slices"
	"strings"
	"testing"

	"plimsoll/internal/checktest"
	"plimsoll/internal/snapshot"
)

func TestValidateChecksEveryList(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*snapshot.Snapshot)
		want   string
	}{
		"nothing":         {func(*snapshot.Snapshot) {}, ""},
		"image nowhere":   {func(s *snapshot.Snapshot) { s.Images[0].Scope = "nowhere" }, `images[0] names the scope "nowhere"`},
		"image on host":   {func(s *snapshot.Snapshot) { s.Images[0].Scope = s.Hosts[0].Scope }, "of a kind in [engine images]"},
		"network nowhere": {func(s *snapshot.Snapshot) { s.Networks[0].Scope = "" }, "networks[0] names the scope"},
		"volume nowhere":  {func(s *snapshot.Snapshot) { s.Volumes = []snapshot.Volume{{Name: "v"}} }, "volumes[0] names the scope"},
		"part nowhere":    {func(s *snapshot.Snapshot) { s.Parts[2].Scope = "nowhere" }, "parts[2] names the scope"},
		"file on engine":  {func(s *snapshot.Snapshot) { s.Files[0].Scope = s.Engines[0].Scope }, "of a kind in [host cluster]"},
		"two engines":     {func(s *snapshot.Snapshot) { s.Engines = append(s.Engines, s.Engines[0]) }, "engines[1] is the second"},
		"two hosts":       {func(s *snapshot.Snapshot) { s.Hosts = append(s.Hosts, s.Hosts[0]) }, "hosts[1] is the second"},
		"two images":      {func(s *snapshot.Snapshot) { s.Images = append(s.Images, s.Images[0]) }, "images[1] is the second"},
		"two networks":    {func(s *snapshot.Snapshot) { s.Networks = append(s.Networks, s.Networks[0]) }, "is the second"},
		"two files":       {func(s *snapshot.Snapshot) { s.Files = append(s.Files, s.Files[0]) }, "is the second"},
		"two containers":  {func(s *snapshot.Snapshot) { s.Containers = append(s.Containers, s.Containers[0]) }, "containers[1] is the second"},
		"two parts":       {func(s *snapshot.Snapshot) { s.Parts = append(s.Parts, s.Parts[0]) }, "is the second"},
		"two remarks on an item": {func(s *snapshot.Snapshot) {
			p := s.Parts[0]
			p.Item = "name/web"
			s.Parts = append(s.Parts, p, p)
		}, ""},
		"two listeners": {func(s *snapshot.Snapshot) {
			l := snapshot.Listener{Scope: s.Engines[0].Scope, Network: "tcp", Address: "::1", Port: 2375}
			s.Listeners = []snapshot.Listener{l, l}
		}, "listeners[1] is the second"},
		"two scopes":       {func(s *snapshot.Snapshot) { s.Scopes = append(s.Scopes, s.Scopes[0]) }, "appears twice"},
		"engine on itself": {func(s *snapshot.Snapshot) { s.Scopes[0].Host = s.Scopes[0].ID }, "scopes[0].host"},
		"file's engine":    {func(s *snapshot.Snapshot) { s.Files[0].Engine = "nobody" }, "files[0].engine"},
		"no key":           {func(s *snapshot.Snapshot) { s.Containers[0].Key = "" }, "has no key"},
		"no spec":          {func(s *snapshot.Snapshot) { s.Containers[0].Spec = 1 }, "containers[0].spec is 1"},
		"no runtime":       {func(s *snapshot.Snapshot) { s.Containers[0].Runtime = -1 }, "containers[0].runtime is -1"},
	} {
		s := checktest.Minimal()
		tt.change(s)
		err := s.Validate()
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: %v, want %q in it", name, err, tt.want)
		}
	}
}

func TestKeysAreStableAndUnique(t *testing.T) {
	const a, b = "sha256:aaaaaaaaaaaaaaaa", "sha256:aaaaaaaaaaaabbbb"
	s := checktest.Minimal()
	scope := s.Engines[0].Scope
	s.Images = []snapshot.Image{
		{Scope: scope, ID: "sha256:1111111111111111", Tags: []string{"web:1", "web:2"}, Digests: []string{"web@sha256:9"}},
		{Scope: scope, ID: "sha256:2222222222222222", Digests: []string{"db@sha256:8"}},
		{Scope: scope, ID: "sha256:3333333333333333"},
		{Scope: scope, ID: a},
		{Scope: scope, ID: b},
	}
	s.Networks = []snapshot.Network{
		{Scope: scope, Name: "shop", ID: "0123456789abcdef"},
		{Scope: scope, Name: "twice", ID: "111111111111ffff"},
		{Scope: scope, Name: "twice", ID: "222222222222ffff"},
	}
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, sub := range snapshot.NewIndex(s).Subjects {
		if sub.Kind == snapshot.KindImage || sub.Kind == snapshot.KindNetwork {
			got = append(got, sub.Key)
		}
	}
	want := []string{
		"image/web:1", "image/db@sha256:8", "image/untagged/333333333333",
		"image/untagged/aaaaaaaaaaaa/aaaaaaaaaaaa", "image/untagged/aaaaaaaaaaaa/aaaaaaaaaaaa/" + b,
		"network/shop", "network/twice/111111111111", "network/twice/222222222222",
	}
	if !slices.Equal(got, want) {
		t.Errorf("keys\n%q, want\n%q", got, want)
	}
}
