package workload

import (
	"fmt"
	"testing"

	"plimsoll/internal/check"
	"plimsoll/internal/checktest"
	"plimsoll/internal/snapshot"
)

// BenchmarkSuite judges workloads of which a tenth have specifications of their
// own. The cost follows those.
func BenchmarkSuite(b *testing.B) {
	for _, workloads := range []int{1_000, 10_000, 100_000} {
		b.Run(fmt.Sprint(workloads), func(b *testing.B) {
			s := checktest.Cluster()
			spec, w := s.PodSpecs[0], s.Workloads[0]
			s.Pods = nil
			for i := range workloads / 10 {
				one := spec
				one.Volumes = []snapshot.PodVolume{{Name: "data", Type: "emptyDir"}, {Name: fmt.Sprint("v", i), Type: "configMap"}}
				one.Containers = append([]snapshot.PodContainer{}, spec.Containers[0], spec.Containers[0])
				s.PodSpecs = append(s.PodSpecs, one)
			}
			for i := range workloads {
				one := w
				one.Name, one.Spec, one.UID = fmt.Sprint("w", i), 1+i%(workloads/10), fmt.Sprint("u", i)
				s.Workloads = append(s.Workloads, one)
			}
			for b.Loop() {
				check.Run(Suite, check.Inputs{Index: snapshot.NewIndex(s), Now: s.Taken})
			}
		})
	}
}
