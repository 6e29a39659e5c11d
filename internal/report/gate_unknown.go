package report

import (
	"slices"

	"plimsoll/internal/check"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/threat"
)

// blindReasons are those for which a threat that is unknown may be open: the
// evidence is there, and was not had.
var blindReasons = []snapshot.Reason{snapshot.ReasonDenied, snapshot.ReasonFailed, snapshot.ReasonPartial}

// settledUnknown returns which of the threats that leave a gate blind were as
// unknown in the baseline, for reasons that no right changes: every finding that
// could keep the threat undecided is partial, was so for the same subject there,
// and nothing was denied. Nothing that is new hides behind such a threat that did
// not before.
func (r *Result) settledUnknown(baseline *Result) map[string]bool {
	if baseline == nil || slices.ContainsFunc(r.Snapshot.Coverage, func(c snapshot.PartStatus) bool { return c.State == snapshot.Denied }) {
		return nil
	}
	partial := make(map[string]bool) // fingerprints
	for _, f := range baseline.Findings {
		if f.Status == check.Unknown.String() && f.Reason == snapshot.ReasonPartial {
			partial[f.Fingerprint] = true
		}
	}
	settled := make(map[string]bool)
	for _, t := range baseline.Threats {
		settled[t.ID] = t.Blind
	}
	fresh := make(map[string]bool) // checks that leave something open which the baseline did not
	for _, f := range r.Findings {
		if f.Status == check.Unknown.String() && slices.Contains(blindReasons, f.Reason) && (f.Reason != snapshot.ReasonPartial || !partial[f.Fingerprint]) {
			fresh[f.Check] = true
		}
	}
	for _, t := range threat.Catalogue() {
		if slices.ContainsFunc(slices.Concat(t.Required...), func(id string) bool { return fresh[id] }) {
			settled[t.ID] = false
		}
	}
	return settled
}
