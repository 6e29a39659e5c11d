package harden

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"plimsoll/internal/step"
)

const (
	headLine   = `{"schema":"plimsoll.journal/v1","id":"0a0b0c0d","tool":"t","started":"2026-11-24T00:00:00Z","endpoint":"e","engine":"E"}` + "\n"
	intentLine = `{"at":"2026-11-24T00:00:01Z","phase":"intent","step":"s1","image":"x.before.json","body":{"id":"s1","kind":"container-update"}}` + "\n"
	doneLine   = `{"at":"2026-11-24T00:00:02Z","phase":"confirmed","step":"s1"}` + "\n"
)

func TestReadJournal(t *testing.T) {
	for _, tc := range []struct {
		name, in string
		phase    Phase
		want     string // part of the error; "" for none
	}{
		{"empty", "", "", ""},
		{"torn header", headLine[:20], "", ""},
		{"header", headLine, "", ""},
		{"whole", headLine + intentLine + doneLine, PhaseConfirmed, ""},
		{"torn last line", headLine + intentLine + doneLine[:30], PhaseIntent, ""},
		{"torn before the newline", headLine + intentLine + strings.TrimSpace(doneLine), PhaseIntent, ""},
		{"garbage in the middle", headLine + "garbage\n" + intentLine, "", "line 2"},
		{"torn in the middle", headLine + intentLine[:30] + "\n" + doneLine, "", "line 2"},
		{"no header", intentLine, "", `schema is ""`},
		{"later schema", strings.Replace(headLine, "/v1", "/v2", 1), "", "this version reads"},
		{"no intent", headLine + doneLine, "", "no intent"},
		{"twice", headLine + intentLine + intentLine, "", "begins twice"},
		{"unknown phase", headLine + intentLine + strings.Replace(doneLine, "confirmed", "bent", 1), "", "not known"},
		{"intent of another", headLine + strings.Replace(intentLine, `"step":"s1"`, `"step":"s2"`, 1), "", "needs the step"},
		{"long line", headLine + strings.Repeat("x", maxLine+2) + "\n", "", "longer than"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			j, err := ReadJournal(strings.NewReader(tc.in))
			if tc.want != "" {
				if !errors.Is(err, ErrJournal) || !strings.Contains(err.Error(), tc.want) {
					t.Fatalf("err = %v, want %q", err, tc.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if tc.phase != "" && (len(j.Entries) != 1 || j.Entries[0].Phase != tc.phase) {
				t.Errorf("entries %+v, want phase %s", j.Entries, tc.phase)
			}
		})
	}
}

func FuzzReadJournal(f *testing.F) {
	f.Add([]byte(headLine + intentLine + doneLine))
	f.Add([]byte(headLine + intentLine + doneLine[:30]))
	f.Add([]byte(headLine + `{"phase":"undoing","step":"s1","swap":{"reverse":true}}` + "\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		j, err := ReadJournal(bytes.NewReader(in))
		if err != nil {
			if !errors.Is(err, ErrJournal) {
				t.Errorf("error of another kind: %v", err)
			}
			return
		}
		again, err := ReadJournal(bytes.NewReader(in[:j.whole]))
		if err != nil || len(again.Entries) != len(j.Entries) {
			t.Errorf("what was read does not read again: %v", err)
		}
		for _, e := range j.Entries {
			if e.Unfinished() && e.InForce() {
				t.Errorf("phase %q is both unfinished and in force", e.Phase)
			}
		}
	})
}

// TestTornLineIsCutBeforeAppending: a journal that ends in half a line must read
// after recovery wrote behind it.
func TestTornLineIsCutBeforeAppending(t *testing.T) {
	f := newFake()
	id := f.add("web", nil)
	o := testOptions(t, f)
	func() {
		defer func() { _ = recover() }()
		armed := o
		armed.AfterPhase = func(_, phase string) {
			if phase == string(PhaseApplied) {
				panic(killed{})
			}
		}
		Apply(t.Context(), armed, []step.Step{memoryStep(id)})
	}()
	all, err := Load(o.State)
	if err != nil || len(all) != 1 {
		t.Fatalf("Load = %v, %v", all, err)
	}
	file, err := os.OpenFile(all[0].Path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	file.WriteString(`{"at":"2026-11-24T00:00`)
	file.Close()
	if out, err := Recover(t.Context(), o); err != nil || len(out) != 1 || out[0].State != StateApplied {
		t.Fatalf("Recover = %+v, %v", out, err)
	}
	if all, err = Load(o.State); err != nil || all[0].Entries[0].Phase != PhaseConfirmed {
		t.Errorf("after recovery: %v", err)
	}
}

func TestRecoverLeavesOtherEnginesAlone(t *testing.T) {
	f := newFake()
	o := testOptions(t, f)
	l, err := lockState(o.State)
	if err != nil {
		t.Fatal(err)
	}
	w, err := newJournal(o.State, Header{Engine: "ELSE", Endpoint: "tcp://far"}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	s := memoryStep("x")
	if err := w.append(Record{Phase: PhaseIntent, Step: s.ID, Body: &s, Image: "i"}); err != nil {
		t.Fatal(err)
	}
	w.close()
	l.Unlock()
	out, err := Recover(t.Context(), o)
	if err != nil || len(out) != 1 || out[0].State != StateIncomplete || !strings.Contains(out[0].Why, "tcp://far") {
		t.Errorf("Recover = %+v, %v", out, err)
	}
}

func TestDiff(t *testing.T) {
	id := "c1"
	hostile := on(id, "web")
	hostile.Key = "name/\x1b[31mweb"
	a := memoryStep(id)
	b := step.New(step.ContainerUpdate, hostile, step.Change{Field: fieldCPUs, From: "0", To: "500000000"})
	b.Warnings = []string{"it may be slower"}
	got := Diff([]step.Step{a, b}, []step.Measure{{ID: "container-memory-limit", Title: "Limit memory", Steps: []step.Step{a}}})
	want := `container-memory-limit: Limit memory
  name/web  HostConfig.Memory         0 (no limit) -> 67108864 (64 MiB)
  name/web  HostConfig.MemorySwap     0 (engine's default) -> 134217728 (128 MiB)
  name/web  HostConfig.RestartPolicy  always -> on-failure:5
    changed in place, the container keeps running
  name/\u001b[31mweb  HostConfig.NanoCpus  0 (no limit) -> 500000000 (0.5 CPUs)
    changed in place, the container keeps running
    warning: it may be slower
`
	if got != want {
		t.Errorf("Diff =\n%s\nwant\n%s", got, want)
	}
}

func TestDiffShowsEveryMeasure(t *testing.T) {
	target := on("c1", "web")
	a := step.New(step.ContainerUpdate, target, step.Change{Field: fieldMemory, From: "0", To: "67108864"})
	b := step.New(step.ContainerUpdate, target, step.Change{Field: fieldRestart, From: "always", To: "on-failure:5"})
	measures := []step.Measure{{ID: "first", Steps: []step.Step{a}}, {ID: "second", Steps: []step.Step{b}}}
	if got := Diff([]step.Step{a, b}, measures); !strings.Contains(got, "second:") {
		t.Errorf("a step is shown under the measure of another field:\n%s", got)
	}
}

func TestReadFieldsIsStrict(t *testing.T) {
	read := func(host map[string]any, fields ...string) (map[string]string, error) {
		raw, err := json.Marshal(map[string]any{"Config": map[string]any{}, "State": map[string]any{}, "HostConfig": host})
		if err != nil {
			t.Fatal(err)
		}
		return ReadFields(raw, fields)
	}
	for field, host := range map[string]map[string]any{
		fieldMemory: {"Memory": "much"}, fieldNoNew: {"SecurityOpt": []string{"no-new-privileges=maybe"}}, fieldCapDrop: {"CapDrop": 7},
	} {
		if got, err := read(host, field); err == nil || !strings.Contains(err.Error(), "not understood") {
			t.Errorf("%v was read as %v, %v", host, got, err)
		}
	}
	got, err := read(map[string]any{"Memory": "much", "CapDrop": []string{"cap_net_raw", "ALL", "NET_RAW"}, "SecurityOpt": []string{"label=disable", "no-new-privileges:false"}},
		fieldCapDrop, fieldNoNew, fieldPids, fieldRestart, "nonsense")
	if err != nil || got[fieldCapDrop] != "ALL,NET_RAW" || got[fieldNoNew] != "false" || got[fieldPids] != "-1" || got[fieldRestart] != "no" || len(got) != 4 {
		t.Errorf("ReadFields = %v, %v", got, err)
	}
}
