package text

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"plimsoll/internal/assess"
	"plimsoll/internal/check"
	"plimsoll/internal/checks/docker"
	"plimsoll/internal/checktest"
	"plimsoll/internal/golden"
	"plimsoll/internal/plan"
	"plimsoll/internal/policy"
	"plimsoll/internal/report"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
	"plimsoll/internal/threat"
)

// shop is a host with three containers that are badly run in different ways.
func shop(t *testing.T, hostile string) *snapshot.Snapshot {
	t.Helper()
	s := checktest.Minimal()
	spec, rt := s.ContainerSpecs[0], s.Runtimes[0]
	spec.Image, spec.Resources.Memory, spec.Resources.MemorySwap = "registry.example/shop/web:1", 0, 0
	spec.RestartPolicy = snapshot.RestartPolicy{Name: "always"}
	rt.Cgroup.V.MemoryMax, rt.Cgroup.V.MemorySwapMax = -1, -1
	s.ContainerSpecs = append(s.ContainerSpecs, spec)
	s.Runtimes = append(s.Runtimes, rt)
	for _, name := range []string{"db", "cart"} {
		c := s.Containers[0]
		c.Name, c.Key, c.ID, c.Spec, c.Runtime = name+hostile, "name/"+name+hostile, strings.Repeat("e", 64), 1, 1
		s.Containers = append(s.Containers, c)
	}
	s.ID = ""
	if err := s.Seal(); err != nil {
		t.Fatal(err)
	}
	return s
}

func result(t *testing.T, s *snapshot.Snapshot, ws policy.Waivers) *report.Result {
	t.Helper()
	a, err := assess.Assess(assess.Inputs{
		Snapshot: s, Suite: docker.Suite, Planned: docker.Planned(), Waivers: ws, Now: s.Taken, Plan: plan.Options{Max: 3, Allow: step.DisturbRecreate},
	})
	if err != nil {
		t.Fatal(err)
	}
	r := report.Build(a, "plimsoll test", "test")
	if err := r.Judge("", 0, nil); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestPages(t *testing.T) {
	r := result(t, shop(t, ""), policy.Waivers{{
		Check: "container-restart-policy-bounded", Name: "cart", Decision: policy.Accepted, Owner: "ops@example", Reason: "batch host",
		Expires: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC),
	}})
	find := func(id string) *check.Check {
		for _, c := range docker.Suite {
			if c.ID == id {
				return c
			}
		}
		t.Fatalf("no check %s", id)
		return nil
	}
	pages := map[string]func(*bytes.Buffer) error{
		"assess-120":   func(b *bytes.Buffer) error { return Assess(b, r, Options{Width: 120}) },
		"assess-80":    func(b *bytes.Buffer) error { return Assess(b, r, Options{Width: 80}) },
		"assess-plain": func(b *bytes.Buffer) error { return Assess(b, r, Options{Width: 100, Plain: true}) },
		"threats-open": func(b *bytes.Buffer) error {
			return Threats(b, r, ThreatFilter{Status: "open,accepted"}, Options{Width: 110})
		},
		"bench-120": func(b *bytes.Buffer) error {
			return Bench(b, r, docker.Suite, Pick{Edition: "cis-docker-1.2.0"}, Options{Width: 100})
		},
		"bench-160-all": func(b *bytes.Buffer) error {
			return Bench(b, r, docker.Suite, Pick{Edition: "cis-docker-1.6.0", All: true}, Options{Width: 100})
		},
		"plan": func(b *bytes.Buffer) error { return Plan(b, r, Options{Width: 100}) },
		"explain-check": func(b *bytes.Buffer) error {
			return ExplainCheck(b, find("container-memory-limit"), r, Options{Width: 100})
		},
		"explain-threat": func(b *bytes.Buffer) error {
			for _, th := range threat.Catalogue() {
				if th.ID == "DKR-HST-D-02" {
					return ExplainThreat(b, &th, r, Options{Width: 100})
				}
			}
			return nil
		},
	}
	for name, print := range pages {
		var b bytes.Buffer
		if err := print(&b); err != nil {
			t.Fatal(err)
		}
		golden.Compare(t, filepath.Join("testdata", name+".golden"), b.Bytes())
	}
}

// TestAlikeElementsAreNamed: a list shows the names of the first elements, though
// they are folded, and how many more there are.
func TestAlikeElementsAreNamed(t *testing.T) {
	s := shop(t, "")
	for i := range 7 {
		c := s.Containers[0]
		c.Name = fmt.Sprintf("cart-%d", i)
		c.Key, c.ID = "compose/shop/cart/"+c.Name, fmt.Sprintf("%064x", i)
		s.Containers = append(s.Containers, c)
	}
	r := result(t, s, nil)
	for name, want := range map[string]string{"cart-3": "cart-3: container-memory-limit fail\n", "compose/shop/cart/cart-6": "memory.max=unlimited\n", "": "and 5 more\n"} {
		about := r
		if name != "" {
			about, _ = r.About([]string{name})
		}
		var b bytes.Buffer
		if err := Threats(&b, about, ThreatFilter{Status: "open"}, Options{Width: 110}); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), want) {
			t.Errorf("about %q: %q is not in\n%s", name, want, b.String())
		}
		if name != "" && strings.Contains(b.String(), "db:") {
			t.Errorf("about %q, and yet of db:\n%s", name, b.String())
		}
	}
}

// TestHostileNames: nothing from outside acts on the terminal, in any page.
func TestHostileNames(t *testing.T) {
	r := result(t, shop(t, "\x1b[2J\u202egnp.exe\r\n\u200b\x9b31m<script>"), nil)
	for name, print := range map[string]func(*bytes.Buffer) error{
		"assess":  func(b *bytes.Buffer) error { return Assess(b, r, Options{Width: 120}) },
		"threats": func(b *bytes.Buffer) error { return Threats(b, r, ThreatFilter{}, Options{Width: 120}) },
		"bench": func(b *bytes.Buffer) error {
			return Bench(b, r, docker.Suite, Pick{Edition: "cis-docker-1.2.0", All: true}, Options{})
		},
		"plan":    func(b *bytes.Buffer) error { return Plan(b, r, Options{}) },
		"explain": func(b *bytes.Buffer) error { return ExplainCheck(b, docker.Suite[0], r, Options{}) },
		"JSON":    func(b *bytes.Buffer) error { return report.Encode(b, r) },
		"a plan":  func(b *bytes.Buffer) error { return report.EncodePlan(b, report.NewPlanFile(r)) },
	} {
		var b bytes.Buffer
		if err := print(&b); err != nil {
			t.Fatal(err)
		}
		for _, c := range b.String() {
			if c != '\n' && (unicode.IsControl(c) || unicode.Is(unicode.Cf, c)) {
				t.Errorf("%s prints %U", name, c)
			}
		}
	}
}

func TestResultRoundTrips(t *testing.T) {
	r := result(t, shop(t, ""), nil)
	var a, b bytes.Buffer
	if err := report.Encode(&a, r); err != nil {
		t.Fatal(err)
	}
	back, err := report.Decode(a.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if err := report.Encode(&b, back); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(a.String(), b.String()); d != "" {
		t.Errorf("the result changes when it is read back:\n%s", d)
	}
	if !json.Valid(a.Bytes()) {
		t.Error("the result is not valid JSON")
	}
}

// TestFirstScreenSaysWhatMeasuresCannotDo: of threats that no measure closes, and
// of a measure that closes none.
func TestFirstScreenSaysWhatMeasuresCannotDo(t *testing.T) {
	s, _, err := checktest.Tweak([]byte(`{
		"spec": {"env": [{"name": "DB_PASSWORD", "len": 20, "shape": "secret-name"}],
			"mounts": [{"type": "bind", "source": "/etc", "destination": "/e", "readOnly": true, "resolved": "observed", "real": "/etc"}], "resources": {"nanoCPUs": null, "pidsLimit": null}},
		"runtime": {"cgroup": {"v": {"cpuQuota": -1, "cpuShares": 1024, "pidsMax": -1}}}
	}`))
	if err != nil {
		t.Fatal(err)
	}
	r := result(t, s, nil)
	for i := range r.Threats {
		if th := &r.Threats[i]; th.ID == "DKR-HST-I-02" && len(r.Unhelped(th)) == 0 || th.ID == "DKR-HST-D-03" && len(r.Unhelped(th)) > 0 {
			t.Errorf("of %s no measure helps %q", th.ID, r.Unhelped(th))
		}
	}
	var b bytes.Buffer
	if err := Assess(&b, r, Options{Width: 200}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"no measure closes ", "plimsoll explain DKR-HST-I-02 says how", "plimsoll harden container-no-sensitive-host-mounts:remove", "closes a threat together with container-pids-limit"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is not in\n%s", want, b.String())
		}
	}
	for _, tt := range []struct {
		c    report.Choice
		want string
	}{
		{report.Choice{Removes: 3, Fixes: 1}, ""},
		{report.Choice{Fixes: 2, Lacks: "T also needs c"}, "fixes 2 failing findings; T also needs c"},
		{report.Choice{Fixes: 1}, "fixes 1 failing finding and closes no threat"},
		{report.Choice{Changes: []report.Change{{Threat: "T", Before: "open", After: "accepted", From: 6, To: 6}}}, "fixes 0 failing findings; T open → accepted, risk 6 → 6"},
	} {
		if got := effect(&tt.c); got != tt.want {
			t.Errorf("%+v: %q, want %q", tt.c, got, tt.want)
		}
	}
}

// TestAPlanSaysWhatItCouldNotWeigh: where nothing could be read, a plan of nothing
// is no good news.
func TestAPlanSaysWhatItCouldNotWeigh(t *testing.T) {
	s := checktest.Minimal()
	for i := range s.Parts {
		s.Parts[i].State, s.Parts[i].Reason, s.Parts[i].Grant = snapshot.Denied, snapshot.ReasonDenied, "sudo plimsoll assess"
	}
	r := result(t, s, nil)
	var b bytes.Buffer
	if err := Plan(&b, r, Options{Width: 300}); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("%d of %d questions are unknown", r.Summary.Questions-r.Summary.Answered, r.Summary.Questions)
	if !strings.Contains(b.String(), want) || !strings.Contains(b.String(), "sudo plimsoll assess") {
		t.Errorf("%q and a command are not in\n%s", want, b.String())
	}
}

// TestWeakPassesAreMarked: a pass that no process or kernel confirmed says so
// wherever it is listed.
func TestWeakPassesAreMarked(t *testing.T) {
	denied := `{"runtime": {"process": {"state": "denied", "reason": "denied"}, "cgroup": {"state": "denied", "reason": "denied"}}}`
	for tweak, marked := range map[string]bool{denied: true, "{}": false} {
		s, _, err := checktest.Tweak([]byte(tweak))
		if err != nil {
			t.Fatal(err)
		}
		r := result(t, s, nil)
		var b bytes.Buffer
		if err := Bench(&b, r, docker.Suite, Pick{Edition: "cis-docker-1.2.0"}, Options{Width: 200}); err != nil {
			t.Fatal(err)
		}
		for _, c := range docker.Suite {
			if c.ID == "container-memory-limit" {
				if err := ExplainCheck(&b, c, r, Options{Width: 200}); err != nil {
					t.Fatal(err)
				}
			}
		}
		for _, line := range []string{"[PASS] 5.10 Memory use is limited (configured)\n", "(configured: the running process was not readable)"} {
			if strings.Contains(b.String(), line) != marked {
				t.Errorf("%s: %q is there: %v, want %v", tweak, line, !marked, marked)
			}
		}
	}
}
