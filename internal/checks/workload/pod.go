// Package workload holds the checks of pods and of the templates that pods are made
// of, in a cluster and in manifests alike. suite.go lists them in reading order.
package workload

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/podspec"
	"plimsoll/internal/snapshot"
)

// Forms and parts of most checks here.
var (
	everywhere = []check.Form{check.Live, check.Manifest}
	workloads  = []snapshot.Part{snapshot.PartClusterWorkloads}
)

// pod is a class of pods as a predicate sees it: what its specification comes to.
type pod struct {
	*podspec.Pod
	p *check.Probe
}

// judge asks a predicate once for every class of pods and templates in the scope.
func judge(p *check.Probe, verdict func(*pod) check.Verdict) {
	judgeClasses(p, func(r *reporter, b *pod) { r.report(b.Class, verdict(b), b.Class.Members) })
}

// judgeBy is judge for a question that hangs on more than the specification: those
// of a class are asked together as far as they have the same trait. Trait is asked
// with a position in Workloads.
func judgeBy[T comparable](p *check.Probe, trait func(workload int) T, verdict func(*pod, T) check.Verdict) {
	judgeClasses(p, func(r *reporter, b *pod) {
		var traits []T
		var members [][]int
		for _, m := range b.Class.Members {
			t := trait(p.Index.Workload(m))
			i := slices.Index(traits, t)
			if i < 0 {
				i = len(traits)
				traits, members = append(traits, t), append(members, nil)
			}
			members[i] = append(members[i], m)
		}
		for i, t := range traits {
			r.report(b.Class, verdict(b, t), members[i])
		}
	})
}

// judgeClasses goes through the classes of the scope. Those of which nothing can be
// judged are answered here.
func judgeClasses(p *check.Probe, ask func(*reporter, *pod)) {
	r := reporter{p: p, several: severalRunning(p), worst: make(map[int]worst)}
	for _, of := range podspec.Of(p.Index) {
		cl := of.Class
		switch {
		case cl.Scope != p.Scope.ID:
		case cl.Invalid != "":
			r.report(cl, check.Undecided(snapshot.ReasonUnparsable, "the API server would not take it: "+cl.Invalid), cl.Members)
		case len(of.PodSpec.Containers) == 0:
			r.report(cl, withoutContainers(p, cl), cl.Members)
		default:
			ask(&r, &pod{Pod: of, p: p})
		}
	}
	r.finish()
}

// withoutContainers answers for what names no container itself: an object whose
// operator adds them to its pods, or one that was not read.
func withoutContainers(p *check.Probe, cl *snapshot.PodClass) check.Verdict {
	running := slices.ContainsFunc(cl.Members, func(m int) bool { return p.Index.LiveSubject(p.Index.Workload(m)) < 0 })
	switch {
	case p.Snapshot.PodSpecs[cl.Spec].FirstUnread("containers") != "":
		return p.NotRead()
	case p.Scope.Kind == snapshot.ScopeFiles:
		return check.Undecided(snapshot.ReasonStatic, "it names no container itself; those that are added to its pods show in a cluster only")
	case !cl.Live && !running:
		return check.Inapplicable("it names no container itself; its pods are judged")
	}
	return check.Undecided(snapshot.ReasonPartial, "it names no container, and no pods of it were seen")
}

// reporter reports verdicts and keeps those of subjects that are asked about
// several times: the pods of a workload that run with several specifications.
type reporter struct {
	p       *check.Probe
	several map[int]bool
	worst   map[int]worst
}

type worst struct {
	v       check.Verdict
	dormant bool
}

func (r *reporter) report(cl *snapshot.PodClass, v check.Verdict, members []int) {
	v = worded(cl, v)
	if len(r.several) > 0 && cl.Live {
		var rest []int
		for _, m := range members {
			if !r.several[m] {
				rest = append(rest, m)
				continue
			}
			if have, ok := r.worst[m]; !ok || rank(v.Status) < rank(have.v.Status) {
				r.worst[m] = worst{v, cl.Dormant}
			}
		}
		members = rest
	}
	if len(members) == 0 {
		return
	}
	r.say(worst{v, cl.Dormant}, members)
}

func (r *reporter) say(w worst, members []int) {
	if w.dormant {
		r.p.ReportDormant(w.v, members...)
		return
	}
	r.p.Report(w.v, members...)
}

func (r *reporter) finish() {
	subjects := make([]int, 0, len(r.worst))
	for m := range r.worst {
		subjects = append(subjects, m)
	}
	slices.Sort(subjects)
	for _, m := range subjects {
		r.say(r.worst[m], []int{m})
	}
}

func rank(s check.Status) int {
	return slices.Index([]check.Status{check.Fail, check.Unknown, check.Manual, check.Pass, check.NotApplicable}, s)
}

// severalRunning returns the subjects that stand for pods of several specifications.
func severalRunning(p *check.Probe) map[int]bool {
	type key struct{ scope string }
	return snapshot.Table(p.Index, key{p.Scope.ID}, func(x *snapshot.Index) map[int]bool {
		seen, several := make(map[int]bool), make(map[int]bool)
		for i := range x.PodClasses() {
			cl := &x.PodClasses()[i]
			if !cl.Live || cl.Scope != p.Scope.ID {
				continue
			}
			for _, m := range cl.Members {
				several[m] = seen[m]
				seen[m] = true
			}
		}
		for m, twice := range several {
			if !twice {
				delete(several, m)
			}
		}
		return several
	})
}

// worded adds what a reader must know of the class to a verdict.
func worded(cl *snapshot.PodClass, v check.Verdict) check.Verdict {
	if v.Status != check.Pass && v.Status != check.Fail {
		return v
	}
	if cl.Inferred {
		v.Message += " (its kind is not known; the template was found by its form)"
	}
	if cl.Static && v.Status == check.Fail {
		v = v.Note("a static pod: change its file on the node, since the API shows a mirror of it only")
	}
	return v
}

// onLinux leaves pods for Windows out of a rule that demands settings which Windows
// does not have. A selector of nodes alone does not prove a pod to be for Windows.
func onLinux(verdict func(*pod) check.Verdict) func(*pod) check.Verdict {
	return func(b *pod) check.Verdict {
		if b.OS == podspec.Windows {
			return notOnWindows()
		}
		v := verdict(b)
		if b.OS == podspec.Undecided && v.Status == check.Fail {
			return check.Undecided(snapshot.ReasonUnresolved, "a selector of nodes points to Windows, where it would not apply, and proves nothing; say spec.os.name", v.Evidence...)
		}
		return v
	}
}

// unlessWindows leaves pods for Windows out of a rule that forbids settings which
// Windows does not have, unless they have them.
func unlessWindows(verdict func(*pod) check.Verdict) func(*pod) check.Verdict {
	return func(b *pod) check.Verdict {
		v := verdict(b)
		if b.OS == podspec.Windows && v.Status == check.Pass {
			return notOnWindows()
		}
		return v
	}
}

func notOnWindows() check.Verdict {
	return check.Inapplicable("it is for Windows, which has no such setting", ev("os.name", "windows"))
}

// ev makes one piece of evidence. Sources name fields by their path below the pod's
// specification; see check.
func ev(source string, value any) check.Evidence {
	switch v := value.(type) {
	case string:
		return check.Evidence{Source: source, Value: v}
	case bool:
		return check.Evidence{Source: source, Value: strconv.FormatBool(v)}
	case int64:
		return check.Evidence{Source: source, Value: strconv.FormatInt(v, 10)}
	}
	return check.Evidence{Source: source, Value: fmt.Sprint(value)}
}

const notSet = "not set"

// orNotSet is a value, or the words for none.
func orNotSet(v string) string { return cmp.Or(v, notSet) }

// few joins names, the first ones only where there are many.
func few(names []string) string {
	const most = 10
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return strings.Join(names[:most:most], ", ") + " and " + strconv.Itoa(len(names)-most) + " more"
}
