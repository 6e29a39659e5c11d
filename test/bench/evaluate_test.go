package bench_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"testing"

	"plimsoll/internal/assess"
	"plimsoll/internal/check"
	"plimsoll/internal/checks/docker"
	"plimsoll/internal/plan"
	"plimsoll/internal/policy"
	"plimsoll/internal/report"
	"plimsoll/internal/report/text"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/snapshot/snapshottest"
	"plimsoll/internal/step"
	"plimsoll/internal/threat"
)

// evaluateLimit is how much of the time of decoding a snapshot its evaluation
// may take.
const evaluateLimit = 0.5

// BenchmarkEvaluate decides findings and threats of snapshots whose containers
// are mostly alike, as on a host that runs replicas, and of the worst case in
// which no two are. The floor is the JSON library; parsing also verifies the ID
// and every reference.
func BenchmarkEvaluate(b *testing.B) {
	onSnapshots(b, func(b *testing.B, doc []byte, s *snapshot.Snapshot) {
		compare(b, []contender{
			{name: "decode", run: here(func() error { return json.Unmarshal(doc, new(snapshot.Snapshot)) })},
			{name: "parse", run: here(func() error { _, err := snapshot.Parse(doc); return err })},
			{name: "evaluate", run: here(func() error { return evaluate(s) }), limit: evaluateLimit},
		})
	})
}

// BenchmarkPlan does what follows on evaluation: it also simulates measures,
// each of which is an evaluation, and makes and prints the result.
func BenchmarkPlan(b *testing.B) {
	onSnapshots(b, func(b *testing.B, doc []byte, s *snapshot.Snapshot) {
		var a *assess.Assessment
		var r *report.Result
		compare(b, []contender{
			{name: "decode", run: here(func() error { return json.Unmarshal(doc, new(snapshot.Snapshot)) })},
			{name: "plan", run: here(func() (err error) { a, err = assess.Assess(inputs(s)); return err })},
			{name: "report", run: here(func() error { r = report.Build(a, "bench", "bench"); return nil })},
			{name: "print", run: here(func() error { return text.Assess(io.Discard, r, text.Options{}) })},
		})
	})
}

func onSnapshots(b *testing.B, run func(b *testing.B, doc []byte, s *snapshot.Snapshot)) {
	for _, containers := range []int{1000, 10000} {
		for _, specs := range []int{50, containers} {
			b.Run(fmt.Sprintf("containers=%d/specs=%d", containers, specs), func(b *testing.B) {
				doc := encoded(b, containers, specs)
				s, err := snapshot.Parse(doc)
				if err != nil {
					b.Fatal(err)
				}
				run(b, doc, s)
				b.ReportMetric(float64(len(doc))/(1<<20), "MB")
			})
		}
	}
}

// inputs are those of the command without options: the plan has three measures.
func inputs(s *snapshot.Snapshot) assess.Inputs {
	return assess.Inputs{
		Snapshot: s, Suite: docker.Suite, Planned: docker.Planned(), Policy: new(policy.Policy), Now: s.Taken,
		Plan: plan.Options{Max: 3, Allow: step.DisturbRecreate},
	}
}

func evaluate(s *snapshot.Snapshot) error {
	x := snapshot.NewIndex(s)
	findings := check.Run(docker.Suite, check.Inputs{Index: x, Policy: new(policy.Policy), Now: s.Taken})
	results := threat.Evaluate(threat.Inputs{Index: x, Suite: docker.Suite, Findings: findings, Now: s.Taken})
	if len(results) == 0 {
		return fmt.Errorf("a snapshot with %d containers has no threat", len(s.Containers))
	}
	return nil
}

func encoded(b *testing.B, containers, specs int) []byte {
	b.Helper()
	s, err := snapshottest.Generate(1, containers, specs)
	if err != nil {
		b.Fatal(err)
	}
	var doc bytes.Buffer
	if err := snapshot.Encode(&doc, s); err != nil {
		b.Fatal(err)
	}
	return doc.Bytes()
}
