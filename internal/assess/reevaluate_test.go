package assess

import (
	"maps"
	"reflect"
	"slices"
	"testing"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/docker"
	"plimsoll/internal/checktest"
	"plimsoll/internal/policy"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/snapshot/snapshottest"
)

// values are tried on every field that a step can change; one that the field
// refuses is left out.
var values = []string{
	"0", "-1", "4096", "8388608", "68719476736", "500000000", "true", "false", "", "no", "always", "on-failure:5", "host", "unconfined", "default", "none", "0:0", "1000", "rshared", "1:2", "127.0.0.1:80", "/dev/sda rwm", "ALL", "NET_RAW",
	"CAP_SYS_ADMIN,NET_RAW", "registry.example/shop/web@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
}

// keys are tried on every field that has parts; the mounts and ports are of the
// generated snapshot.
var keys = []string{"SYS_ADMIN", "/var/lib/app", "/etc/app", "/dev/sda", "80/tcp", "8080/tcp", "nofile", "998", "b *:* rwm", "net.ipv4.ip_forward"}

// What is decided again after a simulation must be what a decision of everything
// gives: a check whose verdict moves with a field that its Reads does not name
// fails here.
func TestReevaluate(t *testing.T) {
	large, err := snapshottest.Generate(3, 45, 30)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*snapshot.Snapshot{large, checktest.Minimal()} {
		in := Inputs{Snapshot: s, Suite: docker.Suite, Policy: new(policy.Policy), Now: s.Taken}
		base := Evaluate(in, snapshot.NewIndex(s))
		fields := slices.Collect(maps.Keys(snapshot.ContainerFields))
		for of := range snapshot.ContainerParts {
			for _, key := range keys {
				fields = append(fields, snapshot.PartField(of, key))
			}
		}
		for _, field := range fields {
			for _, v := range values {
				if o := setAll(s, field, v); o != nil {
					x := base.Index.Over(o)
					got, want := reevaluate(in, base, x), Evaluate(in, x)
					same(t, field+" = "+v, verdicts(got.Findings), verdicts(want.Findings))
					if !reflect.DeepEqual(got.Threats, want.Threats) {
						t.Errorf("%s = %s: threats differ from those of a whole decision", field, v)
					}
				}
			}
		}
	}
}

// setAll changes two of three containers, so that classes split.
func setAll(s *snapshot.Snapshot, field, value string) *snapshot.Overlay {
	o := snapshot.NewOverlay(s)
	for i, c := range s.Containers {
		if i%3 != 2 && o.Set(snapshot.KindContainer, c.Scope, c.Key, field, value) != nil {
			return nil
		}
	}
	return o
}

type verdictOf struct {
	check   string
	subject int
}

func verdicts(findings []check.Finding) map[verdictOf]check.Verdict {
	out := make(map[verdictOf]check.Verdict)
	for _, f := range findings {
		for _, m := range f.Members {
			out[verdictOf{f.Check.ID, m}] = f.Verdict
		}
	}
	return out
}

func same(t *testing.T, what string, got, want map[verdictOf]check.Verdict) {
	t.Helper()
	for k, w := range want {
		if g := got[k]; !reflect.DeepEqual(g, w) {
			t.Errorf("%s: %s says of subject %d %+v, want %+v", what, k.check, k.subject, g, w)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%s: %d verdicts, want %d", what, len(got), len(want))
	}
}
