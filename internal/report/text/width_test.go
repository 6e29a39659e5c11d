package text

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"plimsoll/internal/checks/docker"
	"plimsoll/internal/checktest"
	"plimsoll/internal/collect/survey"
	"plimsoll/internal/example"
	"plimsoll/internal/report"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/threat"
)

// pages prints every page of a result, one after another.
func pages(t *testing.T, s *snapshot.Snapshot, r *report.Result, o Options) string {
	t.Helper()
	var b bytes.Buffer
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(Assess(&b, r, o))
	must(Threats(&b, r, ThreatFilter{}, o))
	must(Plan(&b, r, o))
	editions := Editions(docker.Suite, docker.Planned())
	for _, e := range editions {
		must(BenchHead(&b, editions, e.Name, false, 12, o))
		must(Bench(&b, r, docker.Suite, Pick{Edition: e.Name, All: true}, o))
	}
	for _, c := range docker.Suite {
		must(ExplainCheck(&b, c, r, o))
	}
	for _, th := range threat.Catalogue() {
		must(ExplainThreat(&b, &th, r, o))
	}
	for _, c := range docker.Planned() {
		must(ExplainPlanned(&b, c, o))
	}
	must(Doctor(&b, s, survey.Reads(), survey.Sends(), o))
	changed := *r
	changed.Threats, changed.Findings = nil, nil
	must(Verification(&b, report.Compare(&changed, r, nil), held(r), "proved", o))
	must(r.Judge("low", 100, nil))
	must(Assess(&b, r, o)) // with a gate that is not met
	must(r.Judge("", 0, nil))
	return b.String()
}

// held are values of the result's steps in each state that verify knows.
func held(r *report.Result) []Held {
	var out []Held
	for i := range r.Subjects {
		for field := range snapshot.ContainerFields {
			for _, why := range []string{"", "it takes effect after a restart of the engine, which nobody has asked for yet"} {
				v := Held{Key: r.Subjects[i].Key, Field: field, Want: "1", Got: "1", Why: why, Holds: why == ""}
				out = append(out, v)
				v.Got, v.Holds = "", false
				out = append(out, v)
			}
		}
		if i == 3 {
			break
		}
	}
	return out
}

var style = regexp.MustCompile("\x1b\\[[0-9;]*m")

// TestNoLineIsWiderThanTheTerminal renders every page at the widths people have.
func TestNoLineIsWiderThanTheTerminal(t *testing.T) {
	recorded, err := example.Example()
	if err != nil {
		t.Fatal(err)
	}
	all := []int{60, 80, 100, 120, 200}
	for _, tt := range []struct {
		name   string
		s      *snapshot.Snapshot
		widths []int
	}{
		{"minimal", checktest.Minimal(), all},
		{"example", recorded, all},
		{"long and wide names", shop(t, strings.Repeat("-名前", 40)), all[:1]},
	} {
		r := result(t, tt.s, nil)
		for _, width := range tt.widths {
			for _, o := range []Options{{Width: width}, {Width: width, Color: true}, {Width: width, Plain: true}} {
				for l := range strings.SplitSeq(pages(t, tt.s, r, o), "\n") {
					if o.Color {
						l = style.ReplaceAllString(l, "")
					}
					if n := columns(l); n > width {
						t.Errorf("%s, %+v: a line takes %d columns: %q", tt.name, o, n, l)
					}
				}
			}
		}
	}
}

func TestColumns(t *testing.T) {
	for s, want := range map[string]int{
		"": 0, "web": 3, "é→…": 3, "e\u0301": 1, "名前": 4, "\x1b[31mH\x1b[0m 2": 3, "\U0001f600": 2, "\x1b[": 2,
	} {
		if got := columns(s); got != want {
			t.Errorf("%q takes %d columns, want %d", s, got, want)
		}
	}
	for _, s := range []string{"名前名前", "abcdefgh", "a名b前c名"} {
		for width := range 9 {
			if got := columns(cut(s, width)); got > width {
				t.Errorf("%q cut to %d takes %d", s, width, got)
			}
			if got := columns(pad(s, width)); got != width {
				t.Errorf("%q padded to %d takes %d", s, width, got)
			}
		}
	}
}

// TestFoldLosesNothing: breaking a text changes its spaces only.
func TestFoldLosesNothing(t *testing.T) {
	text := "a container-memory-limit|container-swap-limit 名前 " + strings.Repeat("x", 90) + " \x1b[31mred and more red\x1b[0m end"
	squeeze := func(s string) string { return strings.Join(strings.Fields(s), "") }
	for width := 4; width < 100; width++ {
		lines := fold(text, width)
		if got := squeeze(strings.Join(lines, " ")); got != squeeze(text) {
			t.Errorf("width %d: %q", width, got)
		}
		for _, l := range lines {
			if columns(l) > width {
				t.Errorf("width %d: %q", width, l)
			}
		}
	}
}

// TestCommandsCanBeCopied: a long command goes on after a backslash.
func TestCommandsCanBeCopied(t *testing.T) {
	var b bytes.Buffer
	p := newPage(&b, Options{Width: 60})
	p.command("do it:", "container-memory-limit", "container-restart-policy-bounded", "--apply")
	want := "do it: plimsoll harden container-memory-limit \\\n       container-restart-policy-bounded --apply\n"
	if b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
}
