package report

import (
	"bytes"
	"testing"
)

func FuzzParseTerms(f *testing.F) {
	for _, s := range []string{"severity=high+", "check=container-*,zone=host", "project=[", "=", ",,"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		terms, err := ParseTerms(s)
		if err != nil {
			return
		}
		r := filterable()
		before := len(r.Findings)
		Filter{Only: []Terms{terms}}.Apply(r)
		left := len(r.Findings)
		r = filterable()
		Filter{Skip: []Terms{terms}}.Apply(r)
		if left+len(r.Findings) != before {
			t.Errorf("%q: %d shown by only, %d left by skip, of %d", s, left, len(r.Findings), before)
		}
	})
}

func FuzzDecodePlan(f *testing.F) {
	f.Add([]byte(`{"schema":"plimsoll.plan/v1","measures":[{"id":"m","steps":["a"]}],"steps":{"a":{"id":"a"}},"plan":{"choices":[]}}`))
	f.Add([]byte(`{"schema":"plimsoll.plan/v1","measures":[{"disturbs":"none"}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := DecodePlan(b)
		if err != nil {
			return
		}
		var out bytes.Buffer
		if err := EncodePlan(&out, p); err != nil {
			t.Fatal(err)
		}
		if _, err := DecodePlan(out.Bytes()); err != nil {
			t.Errorf("what was written cannot be read: %v", err)
		}
	})
}
