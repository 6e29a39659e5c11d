package config

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"plimsoll/internal/policy"
)

// fixture returns a file of an archive in testdata.
func fixture(t *testing.T, archive, name string) []byte {
	t.Helper()
	a, err := txtar.ParseFile("testdata/" + archive + ".txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range a.Files {
		if f.Name == name {
			return f.Data
		}
	}
	t.Fatalf("%s has no %s", archive, name)
	return nil
}

func day(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

func TestLoadPolicy(t *testing.T) {
	got, err := LoadPolicy(fixture(t, "policy", "good/full.yaml"), "f", suite())
	if err != nil {
		t.Fatal(err)
	}
	want := &policy.Policy{
		Params: map[string]map[string][]string{
			"container-only-needed-ports": {"allowed_ports": {"web:8080/tcp", "8081", "22:22"}},
			"daemon-default-ulimits":      {"max_nofile": {"1048576"}, "max_locked": {"67108864"}},
			"image-release-tags": {
				"release_tags": {"v*", "[0-9]*"}, "production_selector": {"env=production"}, "max_age": {"30"}, "max_used": {"100"},
				"chance": {"0.5"}, "min_severity": {"critical"}, "needed": {"true"},
			},
		},
		Disabled: map[string]string{"daemon-rootless": "single-tenant build host"},
		Severity: map[string]string{"container-healthcheck-runtime": "low"},
		Answers:  map[string]policy.Answer{"daemon-rootless": {Status: "pass", Owner: "platform@corp", Date: day(2026, 11, 1), Note: "see OPS-12"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestEmptyListIsDeclared(t *testing.T) {
	p, err := LoadPolicy(fixture(t, "policy", "good/empty-list.yaml"), "f", suite())
	if err != nil {
		t.Fatal(err)
	}
	if v, ok := p.Declared("container-only-needed-ports", "allowed_ports"); !ok || len(v) != 0 {
		t.Errorf("declared %v, %v", v, ok)
	}
}

func TestLoadWaivers(t *testing.T) {
	got, err := LoadWaivers(fixture(t, "waivers", "good/full.yaml"), "f", suite(), threats, today)
	if err != nil {
		t.Fatal(err)
	}
	cert := policy.Waiver{
		Check: "file-cert-mode", Name: "/etc/docker/certs.d/*/x", Decision: policy.FalsePositive,
		Reason: "no keys here", Owner: "platform@corp", Expires: day(2026, 1, 1), Line: 11,
	}
	key := cert
	key.Check = "file-key-mode"
	want := policy.Waivers{
		{
			Check: "container-memory-limit", Kind: "docker-container", Name: "batch-*", Zone: "host", Decision: policy.Accepted,
			Reason: "nightly job, cgroup slice caps it", Owner: "platform@corp", Expires: day(2027, 3, 31), Line: 3,
		},
		cert, key,
		{
			Threat: "DKR-REG-S-02", Kind: "docker-engine", Name: "1207", Decision: policy.MitigatedElsewhere,
			Reason: "12", Owner: "platform@corp", Expires: day(2027, 11, 25), Line: 17,
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if w := got.ForCheck("container-memory-limit", "docker-container", "name/batch-7", "batch-7", "host", today); w != &got[0] {
		t.Errorf("the waiver covers %+v", w)
	}
}

func TestReport(t *testing.T) {
	ws := policy.Waivers{
		{Check: "a-b", Name: "old", Expires: day(2026, 11, 23), Line: 3},
		{Check: "a-b", Name: "last day", Expires: day(2026, 11, 24), Line: 9},
		{Check: "a-b", Name: "*-web", Expires: day(2027, 1, 1), Line: 15},
		{Check: "c-d", Name: "one of alias", Expires: day(2027, 1, 1), Line: 21},
		{Check: "e-f", Name: "one of alias", Expires: day(2027, 1, 1), Line: 21},
		{Threat: "DKR-REG-S-02", Name: "\x1b[m", Expires: day(2027, 1, 1), Line: 27},
	}
	used := map[*policy.Waiver]int{&ws[1]: 3, &ws[2]: 4, &ws[4]: 1}
	want := []Note{
		{3, NoteExpired, `the waiver of a-b for "old" expired on 2026-11-23, so what it covered counts again; renew it or remove it`},
		{15, NoteBroad, `the waiver of a-b for "*-web" covered 4 subjects; narrow its scope if that is more than was decided on`},
		{27, NoteUnused, `the waiver of DKR-REG-S-02 for "\x1b[m" covered nothing; correct its scope or remove it`},
	}
	if diff := cmp.Diff(want, Report(ws, used, today, 3)); diff != "" {
		t.Error(diff)
	}
	for _, n := range Report(ws, used, today, 0) {
		if n.Kind == NoteBroad {
			t.Errorf("breadth was judged: %+v", n)
		}
	}
}

func TestSetParam(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want []string
		err  string
	}{
		{"daemon-default-ulimits.max_locked=256m", []string{"268435456"}, ""},
		{"daemon-default-ulimits.max_locked=1GiB", []string{"1073741824"}, ""},
		{"DAEMON-default-ulimits.MAX_locked=0", []string{"0"}, ""},
		{"daemon-default-ulimits.max_locked=9000000t", nil, `--set: daemon-default-ulimits.max_locked is "9000000t"; it takes a size`},
		{"container-only-needed-ports.allowed_ports=web:80/tcp,db:5432", []string{"web:80/tcp", "db:5432"}, ""},
		{"container-only-needed-ports.allowed_ports=a=b", []string{"a=b"}, ""},
		{"container-only-needed-ports.allowed_ports=", []string{}, ""},
		{"container-only-needed-ports.allowed_ports=a,,b", nil, `--set: container-only-needed-ports.allowed_ports is ""; it takes text`},
		{"image-release-tags.needed=true", []string{"true"}, ""},
		{"image-release-tags.max_age=090", nil, `is "090"; a leading zero`},
		{"image-release-tags.max_age", nil, `--set: "image-release-tags.max_age" is not of the form CHECK.PARAM=VALUE`},
		{"max_age=3", nil, "is not of the form CHECK.PARAM=VALUE"},
		{"image-release-tag.max_age=3", nil, "did you mean image-release-tags?"},
		{"image-release-tags.maxage=3", nil, "did you mean max_age?"},
		{"cis-docker-1.2.0/2.8.max_nofile=3", nil, `"cis-docker-1.2.0/2.8" is a number of a benchmark; write the check it stands for: daemon-default-ulimits`},
		{"\x1b[m.x=3", nil, `there is no check "\x1b[m"`},
	} {
		p := &policy.Policy{}
		err := SetParam(p, suite(), tt.in)
		if tt.err != "" {
			if err == nil || !strings.Contains(err.Error(), tt.err) || p.Params != nil {
				t.Errorf("%q: error %v, want %s; policy %v", tt.in, err, tt.err, p)
			}
			continue
		}
		var got []string
		for _, params := range p.Params {
			for _, v := range params {
				got = v
			}
		}
		if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
			t.Errorf("%q: %v %s", tt.in, err, diff)
		}
	}
}

func TestShow(t *testing.T) {
	p := &policy.Policy{}
	must(t, SetParam(p, suite(), "daemon-default-ulimits.max_nofile=5"))
	rows := Show(p, suite())
	if len(rows) != 10 {
		t.Fatalf("%d rows", len(rows))
	}
	want := []ParamRow{
		{"container-only-needed-ports", "allowed_ports", "list", []string{}, Undeclared, "container and port pairs that are needed"},
		{"daemon-default-ulimits", "max_locked", "bytes", []string{"65536"}, Default, "hard limit of locked memory"},
		{"daemon-default-ulimits", "max_nofile", "count", []string{"5"}, Declared, "hard limit of open files"},
		{"image-release-tags", "chance", "fraction", []string{"0.02"}, Default, "share of requests"},
	}
	if diff := cmp.Diff(want, rows[:4]); diff != "" {
		t.Error(diff)
	}
	if got := Show(nil, suite())[2]; got.Origin != Default {
		t.Errorf("without a policy: %+v", got)
	}
}

func TestHostile(t *testing.T) {
	bomb := "schema: plimsoll.policy/v1\nx0: &x0 [a,a,a,a,a,a,a,a]\n"
	for i := 1; i < 9; i++ {
		bomb += fmt.Sprintf("x%d: &x%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*x%d,", i-1), 8), ","))
	}
	long := strings.Repeat("a", 100_000)
	var unknown strings.Builder
	unknown.WriteString("schema: plimsoll.policy/v1\nchecks:\n")
	for i := range 10_000 {
		fmt.Fprintf(&unknown, "  container-memory-%d: {severity: low}\n", i)
	}
	for name, tt := range map[string]struct{ in, want string }{
		"bomb":         {bomb, "holds more than 50000 values"},
		"nesting":      {"checks: " + strings.Repeat("[", 5000), "is nested deeper than 20 levels"},
		"long value":   {"schema: " + long, `schema is "` + strings.Repeat("a", 80) + `"…; this version`},
		"long key":     {"? " + long + "\n: x", `the file has no key "` + strings.Repeat("a", 80) + `"…`},
		"long id":      {"schema: plimsoll.policy/v1\nchecks:\n  ? " + long + "\n  : {severity: low}", "there is no check"},
		"long reason":  {"schema: plimsoll.policy/v1\nchecks:\n  daemon-rootless: {disabled: " + long + "}", "is longer than 1000 characters"},
		"too large":    {strings.Repeat(" ", limits.Bytes+1), "at most 1048576 are read"},
		"many unknown": {unknown.String(), "is not read further: at most 50 errors"},
	} {
		start := time.Now()
		_, err := LoadPolicy([]byte(tt.in), "f", suite())
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %.300v, want %s", name, err, tt.want)
			continue
		}
		legible(t, err)
		if len(err.Error()) > 20_000 || time.Since(start) > time.Minute {
			t.Errorf("%s: %d bytes of errors in %v", name, len(err.Error()), time.Since(start))
		}
	}
}
