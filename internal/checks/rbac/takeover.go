package rbac

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/shared"
	access "plimsoll/internal/rbac"
	"plimsoll/internal/snapshot"
)

var takeover = ofAccount(check.Check{
	ID:    "rbac-workload-takeover",
	Title: "No pod identity can grow into cluster administration",
	Why: "Whoever gets into a pod has its account's rights, and with some of them becomes another account that has more: by a token, a pod, a role, a webhook. " +
		"The verdict follows such steps until they end in kube-system, whose accounts run the cluster, in every secret, or in administration itself; the message is the way. " +
		"A privileged pod where the pod security level admits one is another way, and the level's checks tell of it.",
	Remedy:   "Take the first right of the way out of the account's role, or limit it to names; put accounts that must administer the cluster on the list in plimsoll.yaml and guard their pods.",
	Severity: check.Critical, STRIDE: "E", Tier: 1,
	Refs: shared.PeerRefs("C-0267 C-0272", "", ""),
	Params: []check.Param{{
		Name: param, Unit: "list", Default: administrators,
		Meaning: "accounts that may reach cluster administration, as system:serviceaccount:NAMESPACE:NAME; * stands for any characters",
	}},
	Run: func(p *check.Probe) {
		v, ok := look(p, param)
		if !ok {
			return
		}
		used := users(p)
		c := v.climb(used)
		judgeAccounts(v, func(a *snapshot.ServiceAccount) check.Verdict {
			return c.judge(a, used[[2]string{a.Namespace, a.Name}])
		})
	},
})

// who is an account, by namespace and name.
type who [2]string

// climber finds out which accounts can become administrators.
type climber struct {
	*view
	roles   []power                       // of each role
	groups  map[snapshot.RBACSubject]held // what the groups have that accounts are in
	has     map[who]map[string]power
	named   map[who][]who    // accounts that it may be by name
	called  map[string][]who // name -> accounts
	secrets map[string][]who // namespace -> accounts whose token is in a secret there
	inPods  map[who]bool     // accounts that pods have a token of

	reached map[who]string // how an account gets there
	next    map[who]who    // whom it becomes on the way
	anyOf   map[string]who // namespace -> an account of it that gets there
	podOf   map[string]who // likewise, of those that pods have a token of
	waiting map[string][]who
	waitFor map[who][]who
}

// climb follows the steps of all accounts to their ends.
func (v *view) climb(used map[[2]string]*use) *climber {
	c := &climber{
		view: v, roles: v.powersOf(), groups: make(map[snapshot.RBACSubject]held), has: make(map[who]map[string]power),
		named: make(map[who][]who), inPods: make(map[who]bool), called: make(map[string][]who), secrets: make(map[string][]who),
		anyOf: make(map[string]who), podOf: make(map[string]who), waiting: make(map[string][]who), waitFor: make(map[who][]who),
		reached: make(map[who]string), next: make(map[who]who),
	}
	var all []who
	for i := range v.p.Snapshot.ServiceAccounts {
		if a := &v.p.Snapshot.ServiceAccounts[i]; a.Scope == v.p.Scope.ID {
			w := who{a.Namespace, a.Name}
			all = append(all, w)
			c.called[a.Name] = append(c.called[a.Name], w)
		}
	}
	for i := range v.p.Snapshot.Secrets {
		if t := &v.p.Snapshot.Secrets[i]; t.Scope == v.p.Scope.ID && t.Account != "" {
			c.secrets[t.Namespace] = append(c.secrets[t.Namespace], who{t.Namespace, t.Account})
		}
	}
	for w, u := range used {
		c.inPods[w] = len(u.with) > 0
	}
	slices.SortFunc(all, func(a, b who) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
	for _, w := range all {
		c.collect(w)
	}
	c.settle(all)
	return c
}

// held is what a subject has: powers by namespace, of which "" is everywhere, and
// accounts that it may be by name.
type held struct {
	powers map[string]power
	named  []who
}

// collect notes the powers of an account, where it has them.
func (c *climber) collect(w who) {
	var own map[string]power
	for i, m := range access.Memberships(access.Account(w[0], w[1])) {
		h, known := c.groups[m]
		if !known {
			h = c.bound(m)
		}
		if i > 0 {
			c.groups[m] = h
		}
		c.named[w] = append(c.named[w], h.named...)
		for ns, p := range h.powers {
			if own == nil {
				own = make(map[string]power)
			}
			own[ns] |= p
		}
	}
	if len(c.named[w]) == 0 {
		delete(c.named, w)
	}
	if own != nil {
		c.has[w] = own
	}
}

// bound joins what the bindings give that name a subject.
func (c *climber) bound(s snapshot.RBACSubject) held {
	var out held
	for _, n := range c.g.BindingsOf(s) {
		t := c.g.Target(n)
		if t < 0 {
			continue
		}
		ns, p := c.g.Binding(n).Namespace, c.roles[t]
		if ns != "" {
			p &^= clusterOnly
		}
		for _, name := range c.view.named(t) {
			out.named = append(out.named, c.accounts(ns, name)...)
		}
		if p != 0 {
			if out.powers == nil {
				out.powers = make(map[string]power)
			}
			out.powers[ns] |= p
		}
	}
	return out
}

// accounts lists the accounts of a name in a namespace, or with "" in all.
func (c *climber) accounts(ns, name string) []who {
	if ns != "" {
		return []who{{ns, name}}
	}
	return c.called[name]
}

// settle follows the steps back from their ends: an account that gets there lets
// those go on that were waiting for it, or for any of its namespace.
func (c *climber) settle(all []who) {
	for _, w := range all {
		for ns := range c.has[w] {
			c.waiting[ns] = append(c.waiting[ns], w)
			for _, to := range c.secrets[ns] {
				c.waitFor[to] = append(c.waitFor[to], w)
			}
		}
		for _, to := range c.named[w] {
			c.waitFor[to] = append(c.waitFor[to], w)
		}
	}
	for queue := all; len(queue) > 0; queue = queue[1:] {
		w := queue[0]
		if _, done := c.reached[w]; done || !c.step(w) {
			continue
		}
		queue = append(queue, c.waitFor[w]...)
		_, anyone := c.anyOf[w[0]]
		_, pod := c.podOf[w[0]]
		if !anyone {
			c.anyOf[w[0]] = w
		}
		if c.inPods[w] && !pod {
			c.podOf[w[0]] = w
		}
		if !anyone || c.inPods[w] && !pod {
			queue = append(queue, c.waiting[w[0]]...)
		}
	}
}

// step looks for a way on from an account.
func (c *climber) step(w who) bool {
	all := c.has[w][""]
	for _, e := range everywhere {
		if all&e.power == e.power {
			c.reached[w] = e.how
			return true
		}
	}
	for _, ns := range slices.Sorted(maps.Keys(c.has[w])) {
		p := c.has[w][ns] | all
		if ns == "" {
			continue
		}
		if c.inside(w, ns, p) {
			return true
		}
	}
	for _, to := range c.named[w] {
		if to != w && c.to(w, to, "may act as the account "+to[0]+"/"+to[1]) {
			return true
		}
	}
	return false
}

// inside looks for a way on through a namespace.
func (c *climber) inside(w who, ns string, p power) bool {
	if p&canMapUsers != 0 {
		c.reached[w] = "may map itself to an administrator in the config map aws-auth"
		return true
	}
	for _, e := range within {
		if p&e.power == e.power && c.any(w, c.anyOf, ns, fmt.Sprintf(e.how, ns)) {
			return true
		}
	}
	if p&canEnterPods != 0 && c.any(w, c.podOf, ns, "may enter pods of "+ns) {
		return true
	}
	if p&canReadSecrets != 0 {
		for _, to := range c.secrets[ns] {
			if to != w && c.to(w, to, "may read the token of "+to[0]+"/"+to[1]+" in a secret") {
				return true
			}
		}
	}
	return false
}

// any takes the first account of a namespace that gets there. Those of kube-system
// run the cluster.
func (c *climber) any(w who, first map[string]who, ns, how string) bool {
	if ns == "kube-system" {
		c.reached[w] = how
		return true
	}
	to, ok := first[ns]
	return ok && c.to(w, to, how)
}

func (c *climber) to(w, to who, how string) bool {
	if _, gets := c.reached[to]; !gets {
		return false
	}
	c.reached[w], c.next[w] = how, to
	return true
}

// way tells the steps of an account in words.
func (c *climber) way(w who) string {
	const most = 4
	var steps []string
	for i := range most {
		steps = append(steps, c.reached[w])
		to, more := c.next[w]
		if !more {
			break
		}
		w = to
		steps[i] += ", and so be " + to[0] + "/" + to[1]
	}
	return strings.Join(steps, ", which ")
}

func (c *climber) judge(a *snapshot.ServiceAccount, u *use) check.Verdict {
	w := who{a.Namespace, a.Name}
	self := access.Account(a.Namespace, a.Name)
	_, reaches := c.reached[w]
	switch {
	case u == nil || len(u.with)+len(u.unsure)+len(u.without) == 0:
		if out, ok := podsListed(c.p); !ok {
			return out
		}
		if c.p.Scope.Kind == snapshot.ScopeFiles {
			return check.Undecided(snapshot.ReasonStatic, "no pod of the files runs as it; whether one of the cluster does, they do not show")
		}
		return check.Passed("no pod runs as it")
	case reaches && c.listed(self):
		return check.Passed("it may reach cluster administration, being on the list")
	case reaches && len(u.with) > 0:
		return check.Failed("it "+c.way(w), append(c.first(self), runs(c.p, u.with)...)...)
	case reaches && len(u.unsure) > 0:
		return check.Undecided(snapshot.ReasonPartial, "it "+c.way(w)+", but whether pods see its token was not seen", c.first(self)...)
	case reaches:
		return check.Passed("it reaches cluster administration, but no pod that runs as it sees a token", c.first(self)...)
	case c.files && c.gaps(self):
		return check.Undecided(snapshot.ReasonUnresolved, "a role that it is bound to is not among the files")
	}
	return check.Passed("what it may do leads to no administrator")
}

// first shows the bindings that give an account the powers it begins with.
func (c *climber) first(s snapshot.RBACSubject) []check.Evidence {
	var out []check.Evidence
	for _, h := range c.grantsOf(s) {
		if c.roles[h.grant.Role] != 0 || len(c.view.named(h.grant.Role)) > 0 {
			out = append(out, check.Evidence{Source: c.binding(h.grant.Binding), Value: c.role(h.grant.Role), Loc: c.g.Binding(h.grant.Binding).Loc})
		}
	}
	return out[:min(len(out), maxNamed)]
}
