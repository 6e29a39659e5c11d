// Package bench_test measures the program against its floor: assessing against
// the engine's own API calls, evaluating against decoding. Run it with make
// bench. The ratio is what counts; the times are of this machine at this moment.
//
// A busy machine slows everything, but not evenly. The contenders run in turn,
// and three figures are given of each: the median of its wall times, the least,
// which a quiet moment decides, and the median of the processor time that the
// process itself used, in which others hardly show.
package bench_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// cost is what one run took.
type cost struct{ wall, cpu time.Duration }

// contender is one thing to measure.
type contender struct {
	name  string
	run   func() (cost, error)
	limit float64 // aim: the highest ratio to the first contender; 0 is none
}

// here measures a function of this process.
func here(f func() error) func() (cost, error) {
	return func() (cost, error) {
		start, used := time.Now(), processorTime()
		err := f()
		return cost{time.Since(start), processorTime() - used}, err
	}
}

// result is what a contender took in all rounds.
type result struct {
	name             string
	median, min, cpu time.Duration // cpu is a median too
}

func summarize(name string, costs []cost) result {
	wall, cpu := make([]time.Duration, len(costs)), make([]time.Duration, len(costs))
	for i, c := range costs {
		wall[i], cpu[i] = c.wall, c.cpu
	}
	slices.Sort(wall)
	slices.Sort(cpu)
	return result{name, wall[len(wall)/2], wall[0], cpu[len(cpu)/2]}
}

// compare runs the contenders in turn, reports their ratios to the first, the
// floor, and logs a table of the times.
func compare(b *testing.B, contenders []contender) []result {
	b.Helper()
	costs := make([][]cost, len(contenders))
	for b.Loop() {
		for i, c := range contenders {
			took, err := c.run()
			if err != nil {
				b.Fatalf("%s: %v", c.name, err)
			}
			costs[i] = append(costs[i], took)
		}
	}
	var table strings.Builder
	fmt.Fprintf(&table, "\n%-10s %10s %10s %10s   ratio by median, by least, by processor", "ms", "median", "least", "processor")
	results := make([]result, len(contenders))
	for i, c := range contenders {
		r := summarize(c.name, costs[i])
		results[i] = r
		floor := results[0]
		fmt.Fprintf(&table, "\n%-10s %10.1f %10.1f %10.1f   %.2f  %.2f  %.2f", r.name,
			ms(r.median), ms(r.min), ms(r.cpu), ratio(r.median, floor.median), ratio(r.min, floor.min), ratio(r.cpu, floor.cpu))
		if i == 0 {
			continue
		}
		b.ReportMetric(ratio(r.median, floor.median), r.name+"/"+floor.name)
		if got := min(ratio(r.median, floor.median), ratio(r.min, floor.min)); c.limit > 0 && got > c.limit {
			// A busy machine is no reason to fail: who runs make bench reads it.
			fmt.Fprintf(&table, "   MISSED: the aim is at most %.2f", c.limit)
		}
	}
	b.Log(table.String())
	b.ReportMetric(0, "ns/op") // the sum over all contenders says nothing
	return results
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// ratio is 0 where the floor took no time that could be measured.
func ratio(a, floor time.Duration) float64 {
	if floor == 0 {
		return 0
	}
	return float64(a) / float64(floor)
}
