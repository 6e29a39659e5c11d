package docker

import (
	"context"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"plimsoll/internal/dockerapi/answer"
	"plimsoll/internal/snapshot"
)

func line(s *snapshot.Snapshot, p snapshot.Part, item string) (snapshot.PartStatus, bool) {
	i := slices.IndexFunc(s.Parts, func(st snapshot.PartStatus) bool { return st.Part == p && st.Item == item })
	if i < 0 {
		return snapshot.PartStatus{}, false
	}
	return s.Parts[i], true
}

// TestOneContainerGoesWrong keeps a good container beside each bad one.
func TestOneContainerGoesWrong(t *testing.T) {
	good := func(edit func(top, host, config map[string]any)) string { return container(t, "bad", edit) }
	tests := []struct {
		name     string
		answer   any
		unread   []string // nil: the container is not in the snapshot
		state    snapshot.State
		complete bool
	}{
		{"garbage", "<html>oops", []string{"*"}, snapshot.Failed, false},
		{"an array", "[]", []string{"*"}, snapshot.Failed, false},
		{"null", "null", []string{"*"}, snapshot.Failed, false},
		{"truncated", good(nil)[:900], []string{"*"}, snapshot.Failed, false},
		{"no host configuration", good(func(top, _, _ map[string]any) { delete(top, "HostConfig") }), []string{"*"}, snapshot.Failed, false},
		{"an error of the engine", status(500, "driver says hunter2"), []string{"*"}, snapshot.Failed, false},
		{"refused by a plugin", status(403, "no"), []string{"*"}, snapshot.Denied, true},
		{"vanished", status(404, "no such container"), nil, snapshot.Absent, true},
		{"one odd number", good(func(_, host, _ map[string]any) { host["Memory"] = "lots" }), []string{"resources.memory"}, snapshot.Observed, true},
		{"huge number", good(func(_, host, _ map[string]any) { host["PidsLimit"] = 1e300 }), []string{"resources.pidsLimit"}, snapshot.Observed, true},
		{"odd environment and ports", good(func(_, host, config map[string]any) {
			config["Env"], host["PortBindings"] = 7, "x"
		}), []string{"env", "ports"}, snapshot.Observed, true},
		{"odd mount", good(func(top, _, _ map[string]any) { top["Mounts"] = []any{7} }), []string{"mounts", "tmpfs"}, snapshot.Observed, true},
		{"no networks", good(func(top, _, _ map[string]any) { top["NetworkSettings"] = 7 }), []string{"networks", "ports"}, snapshot.Observed, true},
		{
			"unknown security option", good(func(_, host, _ map[string]any) { host["SecurityOpt"] = []string{"trust=none"} }),
			[]string{"security"},
			snapshot.Observed, true,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFake(t)
			f.add("aaaa", "good", container(t, "good", nil))
			f.add("bbbb", "bad", tt.answer)
			s := f.collect(Options{})
			raw := seal(t, s)
			if strings.Contains(string(raw), "hunter2") {
				t.Error("the engine's error text is in the snapshot")
			}
			if _, good := find(t, s, "good"); len(good.Unread) > 0 {
				t.Errorf("the good container has unread fields %q", good.Unread)
			}
			if tt.unread == nil {
				if len(s.Containers) != 1 {
					t.Errorf("%d containers, want the good one only", len(s.Containers))
				}
			} else if _, bad := find(t, s, "bad"); !slices.Equal(bad.Unread, tt.unread) {
				t.Errorf("unread %q, want %q", bad.Unread, tt.unread)
			}
			st, ok := line(s, snapshot.PartEngineContainers, "name/bad")
			if !ok || st.State != tt.state {
				t.Errorf("coverage line %+v, want state %s", st, tt.state)
			}
			if s.Complete != tt.complete {
				t.Errorf("complete is %t, want %t", s.Complete, tt.complete)
			}
		})
	}
}

func TestAWholePartGoesWrong(t *testing.T) {
	parts := map[string]snapshot.Part{
		"/version": snapshot.PartEngineInfo, "/info": snapshot.PartEngineInfo, "/containers/json": snapshot.PartEngineContainers,
		"/images/json": snapshot.PartEngineImages, "/networks": snapshot.PartEngineNetworks, "/volumes": snapshot.PartEngineVolumes,
	}
	answers := map[string]any{
		"garbage": "<", "object of nothing": "7", "failure": status(500, "x"), "hole": `[{"Driver":7}]`,
		"cut": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write([]byte("["))
		},
	}
	for path, part := range parts {
		for name, answer := range answers {
			t.Run(name+path, func(t *testing.T) {
				f := newFake(t)
				f.set(path, answer)
				s := f.collect(Options{})
				seal(t, s)
				if st := s.Part(s.Scopes[0].ID, part); st.State != snapshot.Failed || st.Detail == "" {
					t.Errorf("part is %+v, want failed with a sentence", st)
				}
				if s.Complete {
					t.Error("snapshot says that it is complete")
				}
			})
		}
	}
}

func TestRefusedListIsDenied(t *testing.T) {
	f := newFake(t)
	f.set("/containers/json", status(403, "authorization denied by plugin"))
	s := f.collect(Options{})
	st := s.Part(s.Scopes[0].ID, snapshot.PartEngineContainers)
	if st.State != snapshot.Denied || st.Grant == "" {
		t.Errorf("part is %+v, want denied with what grants it", st)
	}
}

// TestEngineDiesInBetween ends the engine after the lists.
func TestEngineDiesInBetween(t *testing.T) {
	f := newFake(t)
	f.add("aaaa", "one", func(http.ResponseWriter, *http.Request) { _ = f.server.Close() })
	f.add("bbbb", "two", func(http.ResponseWriter, *http.Request) { _ = f.server.Close() })
	s := f.collect(Options{})
	seal(t, s)
	if s.Complete || len(s.Containers) != 2 {
		t.Fatalf("complete %t with %d containers, want incomplete with both", s.Complete, len(s.Containers))
	}
	for _, c := range s.Containers {
		if u := s.ContainerSpecs[c.Spec].Unread; !slices.Equal(u, []string{"*"}) {
			t.Errorf("container %s: unread %q", c.Name, u)
		}
	}
	if s.Engines[0].Version == "" {
		t.Error("what was read before is lost")
	}
}

func TestSlowEngineEndsWithTheCallersDeadline(t *testing.T) {
	f := newFake(t)
	hang := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	for _, n := range []string{"a", "b", "c", "d", "e", "f"} {
		f.add(strings.Repeat(n, 4), n, hang)
	}
	c := f.connect()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	start := time.Now()
	s := Collect(ctx, Options{Client: c, Parallel: 2})
	seal(t, s)
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("took %v", d)
	}
	if s.Complete || len(s.Containers) != 6 {
		t.Errorf("complete %t with %d containers, want incomplete with all 6", s.Complete, len(s.Containers))
	}
}

func TestHostileSizes(t *testing.T) {
	f := newFake(t)
	f.add("aaaa", "env", container(t, "env", func(_, _, config map[string]any) {
		config["Env"] = []string{"BIG=" + strings.Repeat("x", 10<<20), strings.Repeat("n", 1<<20) + "=v"}
	}))
	f.add("bbbb", "mounts", container(t, "mounts", func(top, _, _ map[string]any) {
		var list []any
		for i := range 5000 {
			list = append(list, map[string]any{"Type": "bind", "Source": "/s", "Destination": "/d" + strings.Repeat("i", i%7), "RW": true})
		}
		top["Mounts"] = list
	}))
	f.add("cccc", "many", container(t, "many", func(_, _, config map[string]any) {
		config["Env"] = slices.Repeat([]string{"A=b"}, answer.MaxList+1)
	}))
	f.add("dddd", "path", container(t, "path", func(_, host, _ map[string]any) { host["CgroupParent"] = strings.Repeat("é", answer.MaxText) }))
	// Work in proportion to what comes: a time would be the machine's, the bytes
	// asked of memory are the program's. Reading an answer to its end takes most.
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	s := f.collect(Options{})
	runtime.ReadMemStats(&after)
	const came, perByte = 12 << 20, 12
	if asked := after.TotalAlloc - before.TotalAlloc; asked > came*perByte {
		t.Errorf("%d bytes of memory were asked for to read %d", asked, came)
	}
	raw := seal(t, s)
	if len(raw) > 4<<20 {
		t.Errorf("snapshot has %d bytes", len(raw))
	}
	if _, spec := find(t, s, "env"); spec.Env[0].Len != 10<<20 || len(spec.Env[1].Name) > 128 || len(spec.Unread) > 0 {
		t.Errorf("environment %+v, unread %q", spec.Env, spec.Unread)
	}
	if _, spec := find(t, s, "mounts"); len(spec.Mounts) != 5000 || len(spec.Unread) > 0 {
		t.Errorf("%d mounts, unread %q; want all 5000", len(spec.Mounts), spec.Unread)
	}
	if _, spec := find(t, s, "many"); !slices.Equal(spec.Unread, []string{"env"}) {
		t.Errorf("a cut environment is not noted: %q", spec.Unread)
	}
	if _, spec := find(t, s, "path"); !slices.Equal(spec.Unread, []string{"resources.cgroupParent"}) {
		t.Errorf("a cut path is not noted: %q", spec.Unread)
	}
}

func TestHostileText(t *testing.T) {
	f := newFake(t)
	f.add("aaaa", "x", strings.Replace(container(t, "NAME", nil), "/NAME", `/bad\u001b[31m`+"\xff\xfe<b>", 1))
	f.set("/info", strings.Replace(recorded(t, "info"), `"Name": "vm"`, `"Name": "\u001b]0;title\u0007"`, 1))
	f.set("/networks", `[{"Name":"`+"\xff"+`","Id":"n","Driver":"bridge"}]`)
	s := f.collect(Options{})
	raw := string(seal(t, s))
	if strings.ContainsAny(raw, "\x1b\x07") || !utf8.ValidString(raw) {
		t.Error("the snapshot has raw control characters or invalid UTF-8")
	}
	if len(s.Containers) != 1 || !strings.HasPrefix(s.Containers[0].Key, "name/bad") {
		t.Errorf("containers: %+v", s.Containers)
	}
}
