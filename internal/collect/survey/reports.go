package survey

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"plimsoll/internal/collect/scan"
	"plimsoll/internal/snapshot"
)

// reports reads the reports that were given and ties them to images.
func (s *survey) reports() error {
	var files []*scan.File
	for _, name := range s.Reports {
		f, err := s.report(name)
		if err != nil {
			return err
		}
		files = append(files, f)
	}
	if unused := scan.Attach(s.out.Images, files); len(unused) > 0 && s.Note != nil {
		s.Note("no image that was looked at has a digest that these reports name: " + strings.Join(unused, ", "))
	}
	for _, sc := range s.out.Scopes {
		if sc.Kind != snapshot.ScopeEngine && sc.Kind != snapshot.ScopeImages {
			continue
		}
		st := snapshot.PartStatus{
			Scope: sc.ID, Part: snapshot.PartImageEvidence, State: snapshot.Skipped, Reason: snapshot.ReasonNotCollected,
			Detail: "no report of a scanner was given", Grant: "plimsoll assess --report FILE",
		}
		if slices.ContainsFunc(s.out.Images, func(m snapshot.Image) bool { return m.Scope == sc.ID && m.Evidence.Known() }) {
			st = snapshot.PartStatus{Scope: sc.ID, Part: snapshot.PartImageEvidence, State: snapshot.Observed}
		}
		s.out.Parts = append(s.out.Parts, st)
	}
	return nil
}

func (s *survey) report(name string) (*scan.File, error) {
	path := name
	if !filepath.IsAbs(path) {
		path = filepath.Join(s.Dir, path)
	}
	r, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	defer r.Close()
	f, err := scan.Parse(r, filepath.Base(name))
	if err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	return f, nil
}
