package bench_test

import (
	"bytes"
	"fmt"
	"testing"

	"plimsoll/internal/check"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/snapshot/snapshottest"
	"plimsoll/internal/threat"
)

// evaluateLimit is how much longer than decoding a snapshot its evaluation may take.
const evaluateLimit = 0.5

// suite is every check there is.
var suite []*check.Check

// BenchmarkEvaluate decides findings and threats of snapshots whose containers
// are mostly alike, as on a host that runs replicas, and of the worst case in
// which no two are.
func BenchmarkEvaluate(b *testing.B) {
	for _, containers := range []int{1000, 10000} {
		for _, specs := range []int{50, containers} {
			b.Run(fmt.Sprintf("containers=%d/specs=%d", containers, specs), func(b *testing.B) {
				doc := encoded(b, containers, specs)
				s, err := snapshot.Parse(doc)
				if err != nil {
					b.Fatal(err)
				}
				compare(b, []contender{
					{name: "decode", run: func() error { _, err := snapshot.Parse(doc); return err }},
					{name: "evaluate", run: func() error { return evaluate(s) }, limit: evaluateLimit},
				})
				b.ReportMetric(float64(len(doc))/(1<<20), "MB")
			})
		}
	}
}

func evaluate(s *snapshot.Snapshot) error {
	x := snapshot.NewIndex(s)
	findings := check.Run(suite, check.Inputs{Index: x, Now: s.Taken})
	results := threat.Evaluate(threat.Inputs{Index: x, Suite: suite, Findings: findings, Now: s.Taken})
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
