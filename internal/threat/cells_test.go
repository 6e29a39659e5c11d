package threat

import (
	"reflect"
	"testing"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/docker"
	"plimsoll/internal/policy"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/snapshot/snapshottest"
)

// Deciding by cells gives what deciding subject by subject gives.
func TestCells(t *testing.T) {
	for _, size := range [][2]int{{200, 20}, {60, 60}, {30, 2}} {
		s, err := snapshottest.Generate(uint64(size[0]), size[0], size[1])
		if err != nil {
			t.Fatal(err)
		}
		x := snapshot.NewIndex(s)
		findings := check.Run(docker.Suite, check.Inputs{Index: x, Policy: new(policy.Policy), Now: s.Taken})
		in := Inputs{Index: x, Suite: docker.Suite, Findings: findings, Now: s.Taken}
		byCell := newEvaluator(in)
		if size[1] < size[0] && len(byCell.cells) >= len(x.Subjects) {
			t.Errorf("%d cells for %d subjects", len(byCell.cells), len(x.Subjects))
		}
		bySubject := newEvaluator(in)
		bySubject.apart()
		for i := range Catalogue() {
			th := &Catalogue()[i]
			if got, want := byCell.threat(th), bySubject.threat(th); !reflect.DeepEqual(got, want) {
				t.Errorf("%s of %d containers:\n got %+v\nwant %+v", th.ID, size[0], got, want)
			}
		}
	}
}

// apart makes each subject a cell of its own.
func (e *evaluator) apart() {
	self := make([]int, len(e.in.Index.Subjects))
	e.cells, e.kindOf, e.kinds, e.about = nil, nil, nil, nil
	for s := range self {
		self[s] = s
		c := newCell(e.in.Index, s, self)
		c.members = []int{s}
		e.cells, e.kindOf, e.kinds = append(e.cells, c), append(e.kindOf, s), append(e.kinds, c.kind)
	}
	spreadScopes(e.cells)
	for i := range e.in.Findings {
		e.about = append(e.about, e.in.Findings[i].Members)
	}
}
