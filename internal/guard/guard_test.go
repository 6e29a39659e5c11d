package guard

import (
	"path/filepath"
	"strings"
	"testing"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/workload"
	"plimsoll/internal/golden"
	"plimsoll/internal/policy"
)

// TestWrite holds what is written, for a guard of pods with a policy, in the mode
// that only tells, and for namespaces by label.
func TestWrite(t *testing.T) {
	guards, err := Choose(workload.Guards, "", []string{"pod-high-uid", "pss-sysctls"})
	if err != nil {
		t.Fatal(err)
	}
	sel, err := ParseSelector("team=shop,!legacy,stage!=test,guarded")
	if err != nil {
		t.Fatal(err)
	}
	p := &policy.Policy{Params: map[string]map[string][]string{"pod-high-uid": {"min_uid": {"20000"}}}}
	golden.Compare(t, filepath.Join("testdata", "audit.golden"), []byte(Join(Write(guards, p, Options{Mode: Audit, Namespaces: sel, Minor: 37}))))
	golden.Compare(t, filepath.Join("testdata", "baseline.golden"), []byte(Join(Write(mustLevel(t, "baseline"), nil, Options{Mode: Deny, Namespaces: System, Minor: 30}))))
}

func mustLevel(t *testing.T, level string) []check.Guard {
	t.Helper()
	g, err := Choose(workload.Guards, level, nil)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// TestHostile: values of policy end up as data in an expression, and the document
// stays what it is.
func TestHostile(t *testing.T) {
	hostile := "a') || true || ('\n---\nkind: Secret\u2028\\"
	p := &policy.Policy{Params: map[string]map[string][]string{"dns-policy-tamper": {"allowed_nameservers": {hostile}}}}
	guards, err := Choose(workload.Guards, "", []string{"dns-policy-tamper"})
	if err != nil {
		t.Fatal(err)
	}
	doc := Join(Write(guards, p, Options{Mode: Deny, Namespaces: System, Minor: 37}))
	if strings.Count(doc, "\n---\n") != 1 || strings.Contains(doc, "a')") {
		t.Errorf("the value left its place:\n%s", doc)
	}
}

func TestChoose(t *testing.T) {
	base, strict, all := len(mustLevel(t, "baseline")), len(mustLevel(t, "restricted")), len(mustLevel(t, "all"))
	if base == 0 || strict <= base || all <= strict || all != len(workload.Guards) {
		t.Errorf("baseline has %d, restricted %d, all %d of %d guards", base, strict, all, len(workload.Guards))
	}
	if _, err := Choose(workload.Guards, "", []string{"no-naked-pods"}); err == nil {
		t.Error("a check without a guard is taken")
	}
}

func TestParseSelector(t *testing.T) {
	for _, bad := range []string{"a b", "=x", "a=b c", "a=b\nc", "!", "!a=b", "a=" + strings.Repeat("x", 64), "a in (b)"} {
		if sel, err := ParseSelector(bad); err == nil {
			t.Errorf("%q is taken as %+v", bad, sel)
		}
	}
}

// FuzzParseSelector: whatever is taken, is written as YAML with just those labels.
func FuzzParseSelector(f *testing.F) {
	f.Add("team=shop,!legacy")
	f.Fuzz(func(t *testing.T, s string) {
		sel, err := ParseSelector(s)
		if err != nil {
			return
		}
		doc := Write(workload.Guards[:1], nil, Options{Mode: Deny, Namespaces: sel, Minor: 37})[0]
		if strings.Count(doc.YAML, "\n---\n") != 1 {
			t.Errorf("%q leaves its place", s)
		}
	})
}
