// Package docker holds the checks of Docker engines, of the host files and
// accounts that guard them, and of containers. suite.go lists them in reading
// order.
package docker

import (
	"fmt"
	"slices"
	"strconv"

	"plimsoll/internal/check"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

// box is a class of containers as a predicate sees it: one configuration and
// one live state, on an engine or in a file.
type box struct {
	spec   *snapshot.ContainerSpec
	rt     *snapshot.Runtime
	engine *snapshot.Engine // nil in a scope of files
	host   *snapshot.Host   // nil when the machine was not looked at
	snap   *snapshot.Snapshot
}

// judge asks a predicate once for every class of containers in the scope.
// Containers kept for a rollback are shown, not judged.
func judge(p *check.Probe, verdict func(*box) check.Verdict) {
	for _, cl := range p.Index.Classes() {
		if cl.Scope != p.Scope.ID {
			continue
		}
		b := &box{
			spec: &p.Snapshot.ContainerSpecs[cl.Spec], rt: &p.Snapshot.Runtimes[cl.Runtime],
			engine: p.Engine(), host: p.Host(), snap: p.Snapshot,
		}
		switch {
		case cl.Kept != "":
			p.Report(check.Inapplicable("kept, stopped, to roll back "+cl.Kept), cl.Members...)
		case slices.Contains(b.spec.Unread, "*"):
			p.Report(check.Undecided(snapshot.ReasonFailed, "the engine did not answer for this container"), cl.Members...)
		case b.dormant():
			p.ReportDormant(verdict(b), cl.Members...)
		default:
			p.Report(verdict(b), cl.Members...)
		}
	}
}

// dormant reports whether the container exists on an engine without a process.
func (b *box) dormant() bool { return b.engine != nil && !b.rt.Live() }

// proc returns what the kernel says of the first process, or nil.
func (b *box) proc() *snapshot.Process {
	if b.rt.Live() && b.rt.Process.Known() {
		return &b.rt.Process.V
	}
	return nil
}

// cgroup returns what the kernel enforces, or nil.
func (b *box) cgroup() *snapshot.Cgroup {
	if b.rt.Live() && b.rt.Cgroup.Known() {
		return &b.rt.Cgroup.V
	}
	return nil
}

// unread reports that a field of the configuration was not understood, so that
// its zero value says nothing.
func (b *box) unread(fields ...string) (check.Verdict, bool) {
	for _, f := range fields {
		if slices.Contains(b.spec.Unread, f) {
			return check.Undecided(snapshot.ReasonUnparsable, "the engine's answer for "+f+" was not understood"), true
		}
	}
	return check.Verdict{}, false
}

// configured marks a verdict that rests on the configuration because a live
// process could not be read.
func (b *box) configured(v check.Verdict) check.Verdict {
	if b.engine != nil && b.rt.Live() {
		return v.Note("configured; the running process was not readable")
	}
	return v
}

func ev(source string, value any) check.Evidence {
	return check.Evidence{Source: source, Value: fmt.Sprint(value)}
}

// target returns what a fix needs of a failing container, or refuses: a
// container that something manages is changed at its source, never fought.
func target(p *check.Probe, subject int) (*snapshot.Container, *snapshot.ContainerSpec, error) {
	c := p.Index.Container(subject)
	if c == nil {
		return nil, nil, &step.Refuse{Why: "it is not a container"}
	}
	if p.Scope.Kind == snapshot.ScopeFiles {
		return nil, nil, &step.Refuse{Why: "it is defined in a file; change it there"}
	}
	if o := c.Owner; o != nil {
		return nil, nil, &step.Refuse{Why: ownerAdvice(o)}
	}
	return c, &p.Snapshot.ContainerSpecs[c.Spec], nil
}

func ownerAdvice(o *snapshot.Owner) string {
	switch o.Kind {
	case "compose":
		where := "its compose file"
		if len(o.Sources) > 0 {
			where = o.Sources[0]
		}
		return "compose manages it: change service " + o.Name + " in " + where + " and run docker compose up -d"
	case "swarm":
		return "swarm manages it: use docker service update " + o.Name
	case "kubernetes":
		return "Kubernetes manages it: change the workload of pod " + o.Name
	}
	return o.Kind + " manages it: change " + o.Name + " there"
}

// change builds one change of a container from what its field holds now.
func change(spec *snapshot.ContainerSpec, field, to string) step.Change {
	return step.Change{Field: field, From: snapshot.ContainerFields[field].Get(spec), To: to}
}

// bytes prints a size in binary units.
func bytes(n int64) string {
	const kib = 1 << 10
	units := [...]string{"B", "KiB", "MiB", "GiB", "TiB"}
	f, i := float64(n), 0
	for f >= kib && i < len(units)-1 {
		f, i = f/kib, i+1
	}
	return strconv.FormatFloat(f, 'f', -1, 64)[:min(6, len(strconv.FormatFloat(f, 'f', -1, 64)))] + " " + units[i]
}
