package report_test

import (
	"bytes"
	"io"
	"testing"

	"plimsoll/internal/checks/docker"
	"plimsoll/internal/report"
	"plimsoll/internal/report/text"
)

// FuzzDecode: no result that can be read crashes a page or changes when it is
// written and read again.
func FuzzDecode(f *testing.F) {
	f.Add(encoded(f, alike(f, 2)))
	f.Add([]byte(`{"schema":"plimsoll.report/v1","checks":{"container-memory-limit":{}},"subjects":[{"key":"a"},{"key":"b","members":["b","d"]}],` +
		`"findings":[{"check":"container-memory-limit","status":"fail","count":2,"subjects":[0,1],"fingerprints":["f","g"]},` +
		`{"check":"container-memory-limit","status":"fail","count":1,"evidence":[],"subjects":[0],"fingerprints":["h"]}],` +
		`"threats":[{"id":"DKR-HST-D-01","status":"open","elements":[{"subject":1,"count":7,"status":"open"}]}],` +
		`"measures":[{"id":"m","steps":[{"subjects":[0],"ids":["i"],"set":[{"field":"x"}]}],"refused":[{"why":"w","subjects":[0]}]}],` +
		`"plan":{"choices":[{"measure":"m"}]},"gate":{"failOn":"high"}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := report.Decode(b)
		if err != nil {
			return
		}
		o := text.Options{Width: 100}
		about, _ := r.About([]string{"a"})
		for _, page := range []error{
			text.Assess(io.Discard, r, o), text.Plan(io.Discard, r, o),
			text.Threats(io.Discard, about, text.ThreatFilter{}, o),
			text.Bench(io.Discard, r, docker.Suite, text.Pick{Edition: "cis-docker-1.6.0", All: true}, o),
			text.ExplainCheck(io.Discard, docker.Suite[0], r, o),
		} {
			if page != nil {
				t.Error(page)
			}
		}
		report.Compare(r, r, nil)
		first := encoded(t, r)
		back, err := report.Decode(first)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		if again := encoded(t, back); !bytes.Equal(first, again) {
			t.Errorf("the bytes change:\n%s%s", first, again)
		}
	})
}
