package check

import "plimsoll/internal/snapshot"

// doubt turns a verdict on containers into unknown when it rests on
// configuration that was not understood: absence of evidence is never a pass. A
// failure stands, for a predicate fails on what it saw.
func doubt(x *snapshot.Index, f *Finding) {
	if f.Check.Subject != snapshot.KindContainer || f.Status == NotApplicable {
		return
	}
	seen := -1
	for _, m := range f.Members {
		c := x.Container(m)
		if c == nil || c.Spec == seen { // the scope itself, or one more of the class
			continue
		}
		seen = c.Spec
		spec := &x.Snapshot.ContainerSpecs[c.Spec]
		switch path := spec.FirstUnread(f.Check.Reads...); {
		case len(spec.Unread) > 0 && spec.Unread[0] == snapshot.AllUnread:
			f.Verdict = Undecided(snapshot.ReasonFailed, "the engine did not answer for this container")
			return
		case path != "" && f.Status == Pass && !f.Kernel:
			f.Verdict = NotUnderstood(path)
			return
		}
	}
}

// NotUnderstood is the verdict when a field of the configuration has a form that
// was not understood.
func NotUnderstood(path string) Verdict {
	return Undecided(snapshot.ReasonUnparsable, path+" of its configuration was not understood")
}
