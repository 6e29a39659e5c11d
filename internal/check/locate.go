package check

import (
	"slices"
	"strings"

	"plimsoll/internal/snapshot"
)

// locate says of evidence about services of compose files and about workloads of
// manifests where the file sets it. Services of equal configuration stand in different places, so that each
// gets a finding of its own then.
func (p *Probe) locate() {
	if p.Scope.Kind != snapshot.ScopeFiles {
		return
	}
	if p.check.Subject == snapshot.KindPodSpec {
		p.locatePods()
		return
	}
	var out []Finding
	for _, f := range p.out {
		placed := slices.ContainsFunc(f.Members, func(m int) bool {
			c := p.Index.Container(m)
			return c != nil && slices.ContainsFunc(f.Evidence, func(e Evidence) bool { return field(c, e.Source) != nil })
		})
		if !placed {
			out = append(out, f)
			continue
		}
		for _, m := range f.Members {
			one := f
			one.Members = []int{m}
			if c := p.Index.Container(m); c != nil {
				one.Verdict = f.placed(c)
			}
			out = append(out, one)
		}
	}
	p.out = out
}

// placed returns the verdict with places, and with notes on variables.
func (v Verdict) placed(c *snapshot.Container) Verdict {
	v.Evidence = slices.Clone(v.Evidence)
	for i := range v.Evidence {
		f := field(c, v.Evidence[i].Source)
		if f == nil || v.Evidence[i].Loc != nil {
			continue
		}
		loc := f.Loc
		v.Evidence[i].Loc = &loc
		if len(f.Unresolved) > 0 {
			v = v.once("no value is known here for " + strings.Join(f.Unresolved, ", "))
		}
		if len(f.Defaults) > 0 {
			v = v.once("by the default that the file gives for " + strings.Join(f.Defaults, ", "))
		}
	}
	return v
}

func (v Verdict) once(note string) Verdict {
	if slices.Contains(v.Notes, note) {
		return v
	}
	return v.Note(note)
}

// field finds the place of a source of evidence: the field itself, one that it
// says more about, as "Mounts /data" does about Mounts, or the field of a path.
func field(c *snapshot.Container, source string) *snapshot.FieldLoc {
	var best *snapshot.FieldLoc
	for i := range c.Fields {
		f := &c.Fields[i]
		if best == nil && slices.Contains(f.Paths, source) {
			best = f
		}
		if rest, ok := strings.CutPrefix(source, f.Field); ok && (rest == "" || rest[0] == ' ') && (best == nil || len(f.Field) > len(best.Field)) {
			best = f
		}
	}
	return best
}
