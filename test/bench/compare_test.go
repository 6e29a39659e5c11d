// Package bench_test measures the program against its floor: collecting against
// the engine's own API calls, evaluating against decoding. Run it with make
// bench. The ratio is what counts; the times are of this machine at this moment.
package bench_test

import (
	"slices"
	"testing"
	"time"
)

// contender is one thing to measure.
type contender struct {
	name  string
	run   func() error
	limit float64 // aim: the highest ratio to the first contender; 0 is none
}

// compare runs the contenders in turn, so that a busy machine slows all of them,
// and reports the median time of each and its ratio to the first, the floor. It
// returns the medians in order.
func compare(b *testing.B, contenders []contender) []time.Duration {
	b.Helper()
	times := make([][]time.Duration, len(contenders))
	for b.Loop() {
		for i, c := range contenders {
			start := time.Now()
			if err := c.run(); err != nil {
				b.Fatalf("%s: %v", c.name, err)
			}
			times[i] = append(times[i], time.Since(start))
		}
	}
	medians := make([]time.Duration, len(contenders))
	for i, c := range contenders {
		slices.Sort(times[i])
		medians[i] = times[i][len(times[i])/2]
		b.ReportMetric(float64(medians[i].Microseconds())/1000, c.name+"-ms")
		if i == 0 {
			continue
		}
		ratio := float64(medians[i]) / float64(medians[0])
		b.ReportMetric(ratio, c.name+"/"+contenders[0].name)
		if c.limit > 0 && ratio > c.limit {
			// A busy machine is no reason to fail: who runs make bench reads it.
			b.Logf("MISSED: %s takes %.2f times as long as %s, the aim is at most %.2f", c.name, ratio, contenders[0].name, c.limit)
		}
	}
	b.ReportMetric(0, "ns/op") // the sum over all contenders says nothing
	return medians
}
