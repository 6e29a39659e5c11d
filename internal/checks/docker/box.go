// Package docker holds the checks of Docker engines, of the host files and
// accounts that guard them, and of containers. suite.go lists them in reading
// order.
package docker

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

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
	at     *site
}

// judge asks a predicate once for every class of containers in the scope.
// Containers kept for a rollback are shown, not judged.
func judge(p *check.Probe, verdict func(*box) check.Verdict) {
	judgeNamed(p, nil, func(b *box, _ snapshot.Subject) check.Verdict { return verdict(b) })
}

// judgeNamed is judge for a rule that policy relaxes for single containers:
// those mentioned by name or key are asked by themselves, the rest of the class
// together, as the zero subject.
func judgeNamed(p *check.Probe, mentioned map[string]bool, verdict func(*box, snapshot.Subject) check.Verdict) {
	at := newSite(p)
	engine, host := p.Engine(), p.Host()
	if engine == nil && !at.file {
		engine = &snapshot.Engine{} // it exists, though nothing is known of it
	}
	b := &box{engine: engine, host: host, at: at} // one for all: a verdict keeps none
	for _, cl := range p.Index.Classes() {
		if cl.Scope != p.Scope.ID {
			continue
		}
		b.spec, b.rt = &p.Snapshot.ContainerSpecs[cl.Spec], &p.Snapshot.Runtimes[cl.Runtime]
		if cl.Kept != "" {
			p.Report(check.Inapplicable("kept, stopped, to roll back "+cl.Kept), cl.Members...)
			continue
		}
		report := p.Report
		if b.dormant() {
			report = p.ReportDormant
		}
		alike := cl.Members
		if len(mentioned) > 0 {
			alike = nil
			for _, m := range cl.Members {
				if who := p.Index.Subjects[m]; mentioned[who.Name] || mentioned[who.Key] {
					report(verdict(b, who), m)
				} else {
					alike = append(alike, m)
				}
			}
		}
		if len(alike) > 0 {
			report(verdict(b, snapshot.Subject{}), alike...)
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

// image returns the image it was made of, or nil when that was not seen.
func (b *box) image() *snapshot.Image {
	return b.at.p.Index.Image(b.at.p.Scope.ID, b.spec.ImageID)
}

// knob names the control group file that a limit was read from, by version.
func (b *box) knob(v1, v2 string) string {
	if b.rt.Cgroup.V.Version == 1 {
		return v1
	}
	return v2
}

// orUnlimited words a kernel limit, of which -1 is none.
func orUnlimited(n int64) string {
	if n < 0 {
		return "unlimited"
	}
	return strconv.FormatInt(n, 10)
}

// unread reports that a field of the configuration was not understood. Only a
// rule that fails where the field is empty asks: a pass is doubted by
// [check.Check].Reads, without asking.
func (b *box) unread(fields ...string) (check.Verdict, bool) {
	if path := b.spec.FirstUnread(fields...); path != "" {
		return b.at.p.NotUnderstood(path), true
	}
	return check.Verdict{}, false
}

// lacks reports that the engine said its kernel cannot enforce something.
// An engine whose answer was not read lacks nothing that is known.
func (b *box) lacks(has bool) bool { return b.at.info && !has }

// configured says in the message of a verdict that it rests on the configuration
// because a live process could not be read.
func (b *box) configured(v check.Verdict) check.Verdict {
	if b.engine != nil && b.rt.Live() && (v.Status == check.Pass || v.Status == check.Fail) {
		return v.AsConfigured()
	}
	return v
}

// ev makes one piece of evidence. It is called for every class by every check,
// so the common types go past fmt.
func ev(source string, value any) check.Evidence {
	var text string
	switch v := value.(type) {
	case string:
		text = v
	case bool:
		text = strconv.FormatBool(v)
	case int64:
		text = strconv.FormatInt(v, 10)
	case int:
		text = strconv.Itoa(v)
	default:
		text = fmt.Sprint(v)
	}
	return check.Evidence{Source: source, Value: text}
}

// target returns what a fix needs of a failing container or service, or refuses.
func target(p *check.Probe, subject int) (*snapshot.Container, *snapshot.ContainerSpec, error) {
	c := p.Index.Container(subject)
	if c == nil {
		return nil, nil, &step.RefusedError{Why: "it is not a container"}
	}
	if inFile(p) {
		return c, &p.Snapshot.ContainerSpecs[c.Spec], nil
	}
	if p.Engine() == nil || p.Part(snapshot.PartEngineInfo).State != snapshot.Observed {
		return nil, nil, &step.RefusedError{Why: "what its engine can do was not read; collect again with access to GET /info"}
	}
	return c, &p.Snapshot.ContainerSpecs[c.Spec], nil
}

func ownerAdvice(p *check.Probe, o *snapshot.Owner, set []step.Change) string {
	switch o.Kind {
	case "compose":
		if len(o.Sources) == 0 {
			return "compose manages it: change service " + o.Name + " in its compose file and run docker compose up -d"
		}
		if p.Scope.Host == "" || !path.IsAbs(o.Sources[0]) { // the file is on another machine, or nobody knows where
			return "compose manages it: change service " + o.Name + " in " + o.Sources[0] + " and run docker compose up -d"
		}
		return "compose manages it: change " + o.Sources[0] + " with plimsoll harden " + p.CheckID() + " --target " + step.Shell(path.Dir(o.Sources[0])) +
			" and run docker compose up -d"
	case "swarm":
		flags := serviceFlags(set)
		if len(flags) == 0 {
			return "swarm manages it, and docker service update has no option for this: change it where service " + o.Name + " is defined"
		}
		return "swarm manages it: use " + strings.Join(slices.Concat([]string{"docker service update"}, flags, []string{step.Shell(o.Name)}), " ")
	case "kubernetes":
		return "Kubernetes manages it: change the workload of pod " + o.Name
	}
	return o.Kind + " manages it: change " + o.Name + " there"
}

// serviceFlags are those of docker service update that make changes, as far as it
// has any: it knows no CPU weight, no swap and no security options.
func serviceFlags(set []step.Change) []string {
	var out []string
	for _, c := range set {
		switch c.Field {
		case "HostConfig.RestartPolicy":
			name, most, _ := strings.Cut(c.To, ":")
			out = append(out, "--restart-condition "+name, "--restart-max-attempts "+cmp.Or(most, "0"), "--restart-window 0s")
		case "HostConfig.Memory":
			out = append(out, "--limit-memory "+c.To)
		case "HostConfig.PidsLimit":
			out = append(out, "--limit-pids "+c.To)
		case "HostConfig.ReadonlyRootfs":
			out = append(out, "--read-only="+c.To)
		case "HostConfig.CapDrop":
			for n := range strings.SplitSeq(c.To, ",") {
				out = append(out, "--cap-drop "+step.Shell(n))
			}
		case "Config.Image":
			out = append(out, "--image "+step.Shell(c.To))
		}
	}
	return out
}

// change builds one change of a container from what its field holds now.
func change(spec *snapshot.ContainerSpec, field, to string) step.Change {
	return step.Change{Field: field, From: snapshot.ContainerFields[field].Get(spec), To: to}
}

// update returns a step that changes a running container in place.
func update(p *check.Probe, subject int, set ...step.Change) (step.Step, error) {
	spec := &p.Snapshot.ContainerSpecs[p.Index.Container(subject).Spec]
	for _, c := range set {
		if spec.FirstUnread(snapshot.ContainerFields[c.Field].Path) != "" {
			return step.Step{}, &step.RefusedError{Why: "what its " + c.Field + " is now was not understood, so it could not be put back"}
		}
	}
	if !slices.ContainsFunc(set, func(c step.Change) bool { return c.From != c.To }) {
		return step.Step{}, &step.RefusedError{Why: "its configuration states this already and the kernel does not enforce it; create the container anew"}
	}
	s := step.New(step.ContainerUpdate, p.Index.Subjects[subject], set...)
	s.Source = source(p, p.Index.Container(subject), set)
	return s, nil
}

// source says where a container that something manages is changed: it is never
// fought. Empty for one that nothing manages.
func source(p *check.Probe, c *snapshot.Container, set []step.Change) string {
	if c.Owner == nil {
		return ""
	}
	return ownerAdvice(p, c.Owner, set)
}

// recreate returns a step that replaces a container by one with changes.
func recreate(p *check.Probe, subject int, set ...step.Change) (step.Step, error) {
	c := p.Index.Container(subject)
	spec := &p.Snapshot.ContainerSpecs[c.Spec]
	if inFile(p) {
		if !slices.ContainsFunc(set, func(c step.Change) bool { return !editable(c.Field) }) {
			return edited(p, subject, set...)
		}
		return step.Step{}, &step.RefusedError{Why: "it is defined in a file; change it there"}
	}
	if len(spec.Unread) > 0 && c.Owner == nil { // what manages it makes it anew
		return step.Step{}, &step.RefusedError{Why: "the engine's answer for " + spec.Unread[0] + " was not understood, so it might be lost; create it anew by hand with the change"}
	}
	if spec.AutoRemove && c.Owner == nil {
		return step.Step{}, &step.RefusedError{Why: "it is removed when it stops (--rm), so that it could not be put back; start it anew with the change"}
	}
	s := step.New(step.ContainerRecreate, p.Index.Subjects[subject], set...)
	s.Source = source(p, c, set)
	if c.Owner == nil && !c.Writable.Known() {
		s.Warnings = append(s.Warnings, step.LayerUnread)
	}
	if len(c.Sharers) > 0 {
		s.Warnings = append(s.Warnings, "joined by "+firstFew(c.Sharers)+", to be created anew afterwards")
	}
	return s, nil
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
