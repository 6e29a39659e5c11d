package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"plimsoll/internal/threat"
)

// Exit codes that a gate decides.
const (
	ExitMet    = 0
	ExitFailed = 1
	ExitBlind  = 3
)

// Judge applies a gate to the result and stores the outcome. failOn is empty, a
// band, or new:BAND, which looks only at threats that are not open in the
// baseline, and not as unknown there as [Result.settledUnknown] has it.
// minCoverage is in per cent.
func (r *Result) Judge(failOn string, minCoverage int, baseline *Result) error {
	r.Gate = Gate{FailOn: failOn, MinCoverage: minCoverage, Met: true}
	blind := r.Summary.Coverage < minCoverage
	if blind {
		r.Gate.Why = append(r.Gate.Why, fmt.Sprintf("evidence coverage is %d%% (%d of %d questions), the gate asks for %d%%",
			r.Summary.Coverage, r.Summary.Answered, r.Summary.Questions, minCoverage))
	}
	failed := false
	var open, unseen []string
	if failOn != "" {
		name, onlyNew := strings.CutPrefix(failOn, "new:")
		band, err := threat.ParseBand(name)
		if err != nil {
			return fmt.Errorf("--fail-on %s: %w", failOn, err)
		}
		if onlyNew && baseline == nil {
			return fmt.Errorf("--fail-on %s needs --baseline RESULT to say what is new", failOn)
		}
		known := make(map[string]bool)
		if onlyNew {
			for _, t := range baseline.Threats {
				known[t.ID] = t.Status == threat.Open.String()
			}
		}
		worst := slices.Clone(r.Threats) // first, since a page shows a few
		slices.SortStableFunc(worst, func(x, y Threat) int {
			return cmp.Or(cmp.Compare(y.Risk.Current.Value, x.Risk.Current.Value), cmp.Compare(y.Risk.Inherent.Value, x.Risk.Inherent.Value))
		})
		settled := r.settledUnknown(baseline)
		for _, t := range worst {
			if known[t.ID] {
				continue
			}
			f, u := t.against(band)
			u = u && !settled[t.ID]
			failed, blind = failed || f, blind || u
			switch {
			case f:
				open = append(open, fmt.Sprintf("%s is open at %s", t.ID, t.Risk.Current.Band))
			case u:
				unseen = append(unseen, fmt.Sprintf("%s is unknown and could be open at %s", t.ID, t.Risk.Inherent.Band))
			}
		}
		r.Gate.Why = slices.Concat(open, r.Gate.Why, unseen) // what failed the gate first
	}
	switch {
	case failed:
		r.Gate.Exit, r.Gate.Met = ExitFailed, false
	case blind:
		r.Gate.Exit, r.Gate.Met = ExitBlind, false
	}
	return nil
}

// against says whether the threat fails a gate at the band, or is blind to it.
func (t *Threat) against(band threat.Band) (failed, blind bool) {
	at := func(s Score) bool {
		return threat.Score{Likelihood: s.Likelihood, Impact: s.Impact}.Band() >= band
	}
	return t.Status == threat.Open.String() && at(t.Risk.Current), t.Blind && at(t.Risk.Inherent)
}
