package check

import "plimsoll/internal/snapshot"

// partly takes back what was said on the ground of a part that was read in some
// namespaces only: a verdict on anything else than an object in one of these may
// hang on what was not seen, and so is unknown. That there may be more to judge is said
// of the scope.
func (p *Probe) partly(c *Check) {
	if p.Scope.Kind != snapshot.ScopeCluster {
		return
	}
	for _, part := range c.Needs {
		st := p.Index.Part(p.Scope.ID, part)
		if st.State != snapshot.Observed || st.Reason != snapshot.ReasonPartial || p.Snapshot.SeenAll(p.Scope.ID, part, c.Subject) {
			continue
		}
		v := Undecided(snapshot.ReasonPartial, st.Detail)
		if seen, whole := p.Snapshot.SeenIn(p.Scope.ID, part); !whole {
			p.within(seen, v)
		}
		if !p.said(v) {
			p.Report(v, p.Self())
		}
	}
}

// within makes every verdict one of v but those on objects in namespaces that
// were seen.
func (p *Probe) within(seen map[string]bool, v Verdict) {
	var hidden []int
	kept := p.out[:0]
	for _, f := range p.out {
		var in []int
		for _, m := range f.Members {
			if ns := p.Index.NamespaceOf(m); ns != "" && seen[ns] {
				in = append(in, m)
			} else if f.Status != Unknown {
				hidden = append(hidden, m)
			} else {
				in = append(in, m)
			}
		}
		if f.Members = in; len(in) > 0 {
			kept = append(kept, f)
		}
	}
	p.out = kept
	if len(hidden) > 0 {
		p.Report(v, hidden...)
	}
}

// said reports whether a verdict was said of the scope as a whole.
func (p *Probe) said(v Verdict) bool {
	for i := range p.out {
		f := &p.out[i]
		if f.Status == v.Status && f.Message == v.Message && len(f.Members) > 0 && f.Members[0] == p.Self() {
			return true
		}
	}
	return false
}
