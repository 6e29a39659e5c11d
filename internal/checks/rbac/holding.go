package rbac

import (
	"cmp"
	"slices"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/shared"
	"plimsoll/internal/model"
	access "plimsoll/internal/rbac"
	"plimsoll/internal/snapshot"
)

// row is one right that few should hold. The rows of the table differ in nothing
// but this.
type row struct {
	id, title, why, remedy string
	severity               check.Severity
	stride                 string
	tier                   int
	cis                    string // number in the CIS Kubernetes benchmarks 1.11 and 1.12
	surface                model.Surface
	peers                  [3]string // what Kubescape, Trivy and kube-linter call it

	act    string // what the right lets someone do: read secrets
	rights func(*view) []access.Right
	also   []access.Right                    // the holder needs one of these too, wherever from
	strict check.Severity                    // of a right that is limited to single objects, 0: such a right is fine
	who    func(s snapshot.RBACSubject) bool // who counts; nil: everyone
	more   []string                          // subjects that may hold it beside those that may hold any
	doubt  func(*view) string                // why a failure may be none; nil: never
}

// administrators may hold every right by default. Grants that every new cluster has
// need no place here, see [access.Shipped].
var administrators = []string{access.Masters, "kubeadm:cluster-admins", "system:kube-controller-manager", "system:kube-scheduler"}

// param is the name of the list of subjects that may hold a right.
const param = "allowed_subjects"

func (r *row) check() *check.Check {
	surface := r.surface
	if surface == "" {
		surface = model.SurfaceAccessRights
	}
	return &check.Check{
		ID: r.id, Title: r.title, Why: r.why, Remedy: r.remedy,
		Severity: r.severity, Subject: snapshot.KindRole, Zone: model.ZoneControlPlane, Surface: surface, STRIDE: r.stride, Tier: r.tier,
		Refs:  append(check.CISK8s(1, r.cis, r.cis), shared.PeerRefs(r.peers[0], r.peers[1], r.peers[2])...),
		Forms: []check.Form{check.Live, check.Manifest},
		Needs: []snapshot.Part{snapshot.PartClusterRBAC},
		Params: []check.Param{{
			Name: param, Unit: "list", Default: slices.Concat(administrators, r.more),
			Meaning: "users, groups and accounts that may hold the right, by the name that authentication gives them (system:serviceaccount:NAMESPACE:NAME); * stands for any characters",
		}},
		Run: func(p *check.Probe) {
			if v, ok := look(p, param); ok {
				r.judge(v)
			}
		},
	}
}

// question is a row asked of a scope.
type question struct {
	*row
	*view
	rights  []access.Right
	extents []access.Extent // of each role

	clean, named, unbound, held, unseen, open, half []int // subjects that need no word of their own
	halves                                          int   // holders in files of whom only one of two rights was seen
}

// judge asks every role, and the bindings of roles that Kubernetes makes itself:
// those are not to be changed, so who hands them out answers for it.
func (r *row) judge(v *view) {
	q := &question{row: r, view: v, rights: r.rights(v)}
	q.extents = v.g.Extents(q.rights)
	handed := make(map[int][]holder)
	for i := range v.g.Roles {
		q.role(i, handed)
	}
	q.bindings(handed)
	q.report()
}

func (q *question) role(i int, handed map[int][]holder) {
	role, e := &q.g.Roles[i], q.extents[i]
	_, open := q.g.Rules(i)
	put := func(list *[]int) {
		if role.At >= 0 {
			*list = append(*list, q.p.Index.RoleSubject(role.At))
		}
	}
	if e == access.Named && q.strict == 0 && !open {
		put(&q.named)
		return
	}
	if e == access.None && !open {
		put(&q.clean)
		return
	}
	q.halves = 0
	holders, bound := q.holders(i, open)
	switch {
	case len(holders) == 0 && q.halves > 0:
		put(&q.half)
	case len(holders) == 0 && bound:
		put(&q.held)
	case len(holders) == 0 && q.files && !role.BuiltIn:
		put(&q.unseen)
	case len(holders) == 0:
		put(&q.unbound)
	case e == access.None, e == access.Named && q.strict == 0:
		put(&q.open)
	case role.BuiltIn, role.At < 0:
		put(&q.held)
		for _, h := range holders {
			handed[h.grant.Binding] = append(handed[h.grant.Binding], h)
		}
	default:
		act := q.act
		if e == access.Named {
			act += ", of single objects"
		}
		out := check.Failed("it lets "+names(holders)+" "+act+q.reach(holders), append(q.rules(i, q.rights), q.evidence(holders)...)...)
		q.p.Report(q.finish(out, holders, e), q.p.Index.RoleSubject(role.At))
	}
}

// holders lists who has the right by a role without being on the list; bound says
// that somebody has it at all. What an aggregated role has from one that is not
// Kubernetes' own is that one's doing, what it has from one that is, its own.
func (q *question) holders(role int, open bool) (out []holder, bound bool) {
	builtIn := q.g.Roles[role].BuiltIn
	for _, n := range q.g.Grants(role) {
		if n.Bound != role && builtIn || !open && !q.g.Gives(n, q.rights) {
			continue
		}
		if n.Bound == role && q.explained(role) {
			bound = true
			continue
		}
		for s := range q.g.Subjects(n.Binding) {
			bound = true
			switch {
			case q.approved(n.Binding, s), q.who != nil && !q.who(s):
			case q.also == nil, open, q.g.Has(s, q.also):
				out = append(out, holder{n, s})
			case q.files:
				q.halves++
			}
		}
	}
	return out, bound
}

// explained reports whether an aggregated role has the right from roles that are
// not Kubernetes' own, and from those alone: they are judged themselves.
func (q *question) explained(role int) bool {
	custom := false
	if !q.g.Aggregated(role) {
		return false
	}
	for _, c := range q.g.Contributors(role) {
		if q.g.Aggregated(c) || q.extents[c] == access.None {
			continue
		}
		if q.g.Roles[c].BuiltIn || q.g.Roles[c].At < 0 {
			return false
		}
		custom = true
	}
	return custom
}

// reach says where a right is had. Rights on what is of no namespace, or that count
// in some namespaces only, need no such word.
func (q *question) reach(holders []holder) string {
	if slices.ContainsFunc(q.rights, func(r access.Right) bool { return !r.Cluster && len(r.In) == 0 }) {
		return q.where(holders)
	}
	return ""
}

// finish grades a failure by what is reached, and turns it into a question where
// something else may prevent it.
func (q *question) finish(out check.Verdict, holders []holder, e access.Extent) check.Verdict {
	if q.doubt != nil {
		if why := q.doubt(q.view); why != "" {
			out.Status, out.Reason = check.Unknown, snapshot.ReasonUnresolved
			out.Message += "; " + why
		}
	}
	switch {
	case e == access.Named:
		out = out.At(q.strict)
	case q.confined(holders) && q.severity > check.Low:
		out = out.At(q.severity - 1)
	}
	return remarks(out, holders)
}

// bindings reports the bindings that hand out roles of Kubernetes itself, and in
// files those of roles that are not there.
func (q *question) bindings(handed map[int][]holder) {
	for n, at := range q.g.Bindings {
		if h := handed[n]; h != nil {
			bound := h[0].grant.Bound
			out := check.Failed("it gives "+names(h)+" the "+q.view.role(bound)+", to "+q.act+q.reach(h), q.rules(bound, q.rights)...)
			q.p.Report(q.finish(out, h, q.extents[bound]), q.p.Index.BindingSubject(at))
			continue
		}
		if q.files && q.g.Target(n) < 0 && q.g.Invalid(n) == "" && q.unapproved(n) {
			q.p.Report(check.Undecided(snapshot.ReasonUnresolved, "the role that it names is not among the files"), q.p.Index.BindingSubject(at))
		}
	}
}

// unapproved reports whether a binding has a subject that the list does not have.
func (v *view) unapproved(n int) bool {
	for s := range v.g.Subjects(n) {
		if !v.approved(n, s) {
			return true
		}
	}
	return false
}

func (q *question) report() {
	say := func(members []int, out check.Verdict) {
		if len(members) > 0 {
			q.p.Report(out, members...)
		}
	}
	say(q.clean, check.Passed("it does not let anyone "+q.act))
	say(q.named, check.Passed("it lets nobody "+q.act+" but of single objects that it names"))
	say(q.unbound, check.Passed("it would let someone "+q.act+", but no binding hands it out where that counts"))
	say(q.held, check.Passed("its holders may "+q.act+", or their bindings answer for it"))
	say(q.unseen, check.Undecided(snapshot.ReasonUnresolved, "it lets whoever it is bound to "+q.act+", and the files that were read bind it to nobody"))
	say(q.half, check.Undecided(snapshot.ReasonUnresolved, "it lets its holders "+q.act+" together with another right, and whether they have that is not in the files that were read"))
	say(q.open, check.Undecided(snapshot.ReasonUnresolved, "its rules are put together from other roles by their labels, and the files that were read do not hold all of them"))
}

// rules is the evidence of which rules of a role give a right.
func (v *view) rules(role int, rights []access.Right) []check.Evidence {
	var out []check.Evidence
	rules, _ := v.g.Rules(role)
	for i := range rules {
		if slices.ContainsFunc(rights, func(q access.Right) bool { return q.Extent(&rules[i]) != access.None }) {
			out = append(out, ruleEvidence(i, &rules[i]))
		}
		if len(out) == maxNamed {
			break
		}
	}
	if own := &v.g.Roles[role]; v.g.Aggregated(role) && own.At >= 0 {
		for _, c := range v.g.Contributors(role) {
			if rules, _ := v.g.Rules(c); !v.g.Aggregated(c) && gives(rules, rights) {
				out = append(out, check.Evidence{Source: "contributed by", Value: v.role(c)})
			}
		}
	}
	return out[:min(len(out), maxEvidence)]
}

func gives(rules []snapshot.Rule, rights []access.Right) bool {
	return slices.ContainsFunc(rules, func(u snapshot.Rule) bool {
		return slices.ContainsFunc(rights, func(q access.Right) bool { return q.Extent(&u) != access.None })
	})
}

// ruleEvidence shows a rule as the API has it.
func ruleEvidence(i int, u *snapshot.Rule) check.Evidence {
	what := list(u.Verbs) + " of " + list(u.Resources)
	if groups := slices.DeleteFunc(slices.Clone(u.Groups), func(g string) bool { return g == "" }); len(groups) > 0 {
		what += " in " + list(groups)
	}
	if len(u.Names) > 0 {
		what += " named " + list(u.Names)
	}
	if len(u.URLs) > 0 {
		what = list(u.Verbs) + " of " + list(u.URLs)
	}
	return check.Evidence{Source: "rules[" + itoa(i) + "]", Value: cmp.Or(what, "nothing")}
}
