// Package kube holds the checks of a cluster's components: API server, etcd,
// controller manager, scheduler and kube-proxy, each judged by the command line
// that it really has and the files that it really uses.
package kube

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"plimsoll/internal/check"
	"plimsoll/internal/kubeflag"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

// comp is one component as a predicate sees it.
type comp struct {
	*snapshot.Component
	p *check.Probe
}

// judge asks the predicate of every component of a name in the scope.
func judge(p *check.Probe, name string, predicate func(*comp) check.Verdict) {
	found := false
	for i := range p.Snapshot.Components {
		c := &p.Snapshot.Components[i]
		if c.Scope != p.Scope.ID || c.Name != name {
			continue
		}
		found = true
		p.Report(decide(&comp{c, p}, predicate), p.Index.ComponentSubject(i))
	}
	if !found {
		p.Report(missing(p, name), p.Self())
	}
}

// decide asks once the flags are known, and says what runs on after its manifest
// has changed.
func decide(c *comp, predicate func(*comp) check.Verdict) check.Verdict {
	if !c.Flags.Known() {
		return check.Undecided(cmp.Or(c.Flags.Reason, snapshot.ReasonFor(c.Flags.State), snapshot.ReasonPartial), "its command line was not readable")
	}
	v := predicate(c)
	if c.Manifest != "" && slices.Contains(c.Changed, c.Manifest) {
		v = v.Note("its manifest changed after it started, so that the next start may bring other flags: " + c.Manifest)
	}
	if c.Source == snapshot.FromManifest && c.PID == 0 {
		v = v.Note("no process of it was seen; this is what its manifest says")
	}
	return v
}

// missing is the verdict where no component of a name was seen.
func missing(p *check.Probe, name string) check.Verdict {
	if st := p.Part(snapshot.PartNodeComponents); st.State != snapshot.Observed && st.State != snapshot.Absent {
		return check.Undecided(cmp.Or(st.Reason, snapshot.ReasonFor(st.State)), cmp.Or(st.Detail, string(snapshot.PartNodeComponents)+" was "+st.State.String()+": run plimsoll on a node that runs the "+name))
	}
	nodes := nodesOf(p)
	for _, n := range nodes {
		if n.Managed && name != snapshot.KubeProxy {
			return check.Undecided(snapshot.ReasonProvider, "the provider runs the "+name+" and shows nothing of it on the nodes")
		}
		if n.Store != "" && name == snapshot.Etcd {
			return check.Inapplicable("the cluster keeps its state in " + n.Store)
		}
	}
	if name == snapshot.KubeProxy && len(nodes) > 0 && p.Part(snapshot.PartNodeComponents).Reason == snapshot.ReasonNone {
		return check.Inapplicable("no kube-proxy runs on the nodes that were looked at")
	}
	return check.Undecided(snapshot.ReasonNotCollected, "no "+name+" was seen on the nodes that were looked at; run plimsoll on one that has it")
}

func nodesOf(p *check.Probe) []*snapshot.NodeHost {
	var out []*snapshot.NodeHost
	for i := range p.Snapshot.NodeHosts {
		if n := &p.Snapshot.NodeHosts[i]; n.Scope == p.Scope.ID {
			out = append(out, n)
		}
	}
	return out
}

// components returns those of a name in the scope.
func components(p *check.Probe, name string) []*snapshot.Component {
	var out []*snapshot.Component
	for i := range p.Snapshot.Components {
		if c := &p.Snapshot.Components[i]; c.Scope == p.Scope.ID && c.Name == name {
			out = append(out, c)
		}
	}
	return out
}

// flag is one flag's effective value. When missing is set it is not known.
type flag struct {
	name, value string
	set         bool
	missing     snapshot.Reason
	why         string
}

// flag returns the effective value: that of the last occurrence, else the default.
func (c *comp) flag(name, byDefault string) flag {
	f := flag{name: name, value: byDefault}
	for i := range c.Flags.V {
		o := &c.Flags.V[i]
		if o.Name != name {
			continue
		}
		f.value, f.set, f.missing, f.why = o.Value, true, "", ""
		if o.Hidden != nil {
			f.missing, f.why = snapshot.ReasonPartial, "the value of --"+name+" is concealed, since it may be a secret"
		}
	}
	return c.complete(f)
}

// complete makes a flag unknown that is not set where a program around the
// component sets flags that were not seen.
func (c *comp) complete(f flag) flag {
	if !f.set && c.Flags.Reason != snapshot.ReasonNone {
		f.missing, f.why = c.Flags.Reason, fmt.Sprintf("%s sets flags of its own, which its configuration does not show, and --%s may be one of them", cmp.Or(c.Within, "what starts it"), f.name)
	}
	return f
}

// list returns the values of a flag of which every occurrence adds to the value.
func (c *comp) list(name string, byDefault ...string) ([]string, flag) {
	f := c.flag(name, strings.Join(byDefault, ","))
	values, set := c.FlagList(name)
	if !set {
		return byDefault, f
	}
	f.value = strings.Join(values, ",")
	return values, f
}

func (f flag) unknown() (check.Verdict, bool) {
	if f.missing == "" {
		return check.Verdict{}, false
	}
	return check.Undecided(f.missing, f.why, f.ev()), true
}

func (f flag) ev() check.Evidence {
	switch {
	case f.missing != "" && f.set:
		return ev("--"+f.name, "concealed")
	case f.missing != "":
		return ev("--"+f.name, "not known")
	case f.set && f.value == "":
		return ev("--"+f.name, "empty")
	case f.set:
		return ev("--"+f.name, f.value)
	case f.value == "":
		return ev("--"+f.name, "not set")
	}
	return ev("--"+f.name, "not set, so "+f.value)
}

// bool reads a flag as pflag does.
func (f flag) bool() (value, ok bool) {
	v, err := strconv.ParseBool(f.value)
	return v, err == nil
}

func (f flag) int() (int64, bool) {
	v, err := strconv.ParseInt(f.value, 10, 64)
	return v, err == nil
}

func (f flag) duration() (time.Duration, bool) {
	if f.value == "0" {
		return 0, true
	}
	v, err := time.ParseDuration(f.value)
	return v, err == nil
}

// garbled is the verdict on a value that is none of the flag's type, with which
// the component does not start.
func (f flag) garbled() check.Verdict {
	return check.Undecided(snapshot.ReasonUnparsable, "the value of --"+f.name+" is none that it takes", f.ev())
}

func ev(source string, value any) check.Evidence {
	return check.Evidence{Source: source, Value: fmt.Sprint(value)}
}

// gate returns whether a feature is on for a component and what tells it.
func (c *comp) gate(name string) (on bool, e check.Evidence, known bool) {
	if v, set := c.FlagMap("feature-gates", name); set {
		b, err := strconv.ParseBool(v)
		return b, ev("--feature-gates "+name, v), err == nil
	}
	if c.Flags.Reason != snapshot.ReasonNone {
		return false, ev("--feature-gates "+name, "not known"), false
	}
	on, _, known = kubeflag.Gate(name, kubeflag.Minor(c.Version))
	return on, ev("--feature-gates "+name, fmt.Sprintf("not set, %v by default in %s", on, cmp.Or(c.Version, "releases in use"))), known
}

// turned is the verdict on a boolean flag that must have one value.
func turned(name, byDefault string, want bool, good, bad string) func(*comp) check.Verdict {
	return func(c *comp) check.Verdict {
		f := c.flag(name, byDefault)
		if v, unknown := f.unknown(); unknown {
			return v
		}
		got, ok := f.bool()
		switch {
		case !ok:
			return f.garbled()
		case got != want:
			return check.Failed(bad, f.ev())
		}
		return check.Passed(good, f.ev())
	}
}

// given is the verdict on a flag that must name something.
func given(name, good, bad string) func(*comp) check.Verdict {
	return func(c *comp) check.Verdict {
		f := c.flag(name, "")
		if f.missing != "" && f.set {
			return check.Passed(good, f.ev())
		}
		if v, unknown := f.unknown(); unknown {
			return v
		}
		if f.value == "" {
			return check.Failed(bad, f.ev())
		}
		return check.Passed(good, f.ev())
	}
}

// row is a check of a component in brief.
type row struct {
	id, title, why, remedy, byHand string
	sev                            check.Severity
	stride                         string
	tier                           int
	n111, n112                     string
	surface                        model.Surface // "" is that of the component
	zone                           model.Zone    // "" is the control plane
	params                         []check.Param
	covered                        []string
	run                            func(*comp) check.Verdict
}

// checks makes the checks of a component from rows.
func checks(name string, surface model.Surface, rows []row) []*check.Check {
	out := make([]*check.Check, 0, len(rows))
	for _, r := range rows {
		out = append(out, &check.Check{
			ID: r.id, Title: r.title, Why: r.why, Remedy: r.remedy, ByHand: r.byHand, Severity: r.sev, Subject: snapshot.Kind(name),
			Zone: cmp.Or(r.zone, model.ZoneControlPlane), Surface: cmp.Or(r.surface, surface), STRIDE: r.stride, Tier: cmp.Or(r.tier, 1),
			Refs: check.CISK8s(0, r.n111, r.n112), Forms: []check.Form{check.Live}, Params: r.params, Covered: r.covered,
			Run: func(p *check.Probe) { judge(p, name, r.run) },
		})
	}
	return out
}
