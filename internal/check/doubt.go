package check

import "plimsoll/internal/snapshot"

// doubt turns a verdict on containers into unknown when it rests on
// configuration that was not understood: absence of evidence is never a pass. A
// failure stands, for a predicate fails on what it saw.
func (p *Probe) doubt(f *Finding) {
	if f.Check.Subject == snapshot.KindPodSpec {
		if p.Index.PodsUnread() && len(f.Check.Reads) > 0 && f.Status != NotApplicable && f.Status != Unknown {
			p.doubtPods(f)
		}
		return
	}
	if f.Check.Subject != snapshot.KindContainer || f.Status == NotApplicable {
		return
	}
	seen := -1
	for _, m := range f.Members {
		c := p.Index.Container(m)
		if c == nil || c.Spec == seen { // the scope itself, or one more of the class
			continue
		}
		seen = c.Spec
		spec := &p.Snapshot.ContainerSpecs[c.Spec]
		switch path := spec.FirstUnread(f.Check.Reads...); {
		case len(spec.Unread) > 0 && spec.Unread[0] == snapshot.AllUnread:
			f.Verdict = p.NotRead()
			return
		case path != "" && f.Status == Pass && !f.Kernel:
			f.Verdict = p.NotUnderstood(path)
			return
		}
	}
}

// doubtPods is doubt for pods and their templates, where a check reads what they
// specify. Subjects of a finding are alike
// but for what of them was read.
func (p *Probe) doubtPods(f *Finding) {
	for _, m := range f.Members {
		at := p.Index.Workload(m)
		if at < 0 {
			continue
		}
		w := &p.Snapshot.Workloads[at]
		specs := w.Live
		if m == p.Index.WorkloadSubject(at) {
			specs = []int{w.Spec}
		}
		for _, s := range specs {
			spec := &p.Snapshot.PodSpecs[s]
			switch path := spec.FirstUnread(f.Check.Reads...); {
			case len(spec.Unread) > 0 && spec.Unread[0] == snapshot.AllUnread:
				f.Verdict = p.NotRead()
				return
			case path != "" && f.Status == Pass:
				f.Verdict = p.NotUnderstood(path)
				return
			}
		}
	}
}

// NotRead is the verdict on a container of which nothing was read. It is failed,
// not unresolved, in a file too: no gate is met by a broken file.
func (p *Probe) NotRead() Verdict {
	if p.Scope.Kind == snapshot.ScopeFiles {
		return Undecided(snapshot.ReasonFailed, "the file could not be understood")
	}
	if p.Scope.Kind == snapshot.ScopeCluster {
		return Undecided(snapshot.ReasonFailed, "the API server's answer for it could not be understood")
	}
	return Undecided(snapshot.ReasonFailed, "the engine did not answer for this container")
}

// NotUnderstood is the verdict when a field of the configuration, by its path in
// [snapshot.ContainerSpec] or [snapshot.PodSpec], has a form that was not
// understood or, in a file, hangs on a variable without a value.
func (p *Probe) NotUnderstood(path string) Verdict {
	if p.Scope.Kind == snapshot.ScopeFiles {
		return Undecided(snapshot.ReasonUnresolved, "the file leaves "+path+" open", Evidence{Source: path, Value: "not resolved"})
	}
	return Undecided(snapshot.ReasonUnparsable, path+" of its configuration was not understood")
}
