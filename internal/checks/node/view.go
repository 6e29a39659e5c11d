// Package node holds the checks of a cluster's nodes: the kubelet by the
// configuration that it really runs with, and the files of the node.
package node

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/kubeflag"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

// kubelet is one kubelet as a predicate sees it.
type kubelet struct {
	*snapshot.Component
	p *check.Probe
}

// judge asks the predicate of every kubelet in the scope.
func judge(p *check.Probe, predicate func(*kubelet) check.Verdict) {
	found := false
	for i := range p.Snapshot.Components {
		c := &p.Snapshot.Components[i]
		if c.Scope != p.Scope.ID || c.Name != snapshot.Kubelet {
			continue
		}
		found = true
		p.Report(decide(&kubelet{c, p}, predicate), p.Index.ComponentSubject(i))
	}
	if !found {
		st := p.Part(snapshot.PartNodeKubelet)
		reason := cmp.Or(st.Reason, snapshot.ReasonFor(st.State), snapshot.ReasonNotCollected)
		p.Report(check.Undecided(reason, cmp.Or(st.Detail, string(snapshot.PartNodeKubelet)+" was "+st.State.String()+": run plimsoll on the nodes")), p.Self())
	}
}

// decide asks, and does not believe a pass that files give which changed after the
// kubelet started: it does not run with them yet.
func decide(k *kubelet, predicate func(*kubelet) check.Verdict) check.Verdict {
	v := predicate(k)
	if k.Kubelet != nil && k.Kubelet.Live.Known() || len(k.Changed) == 0 {
		return v
	}
	note := "changed after the kubelet started, which does not run with it yet: " + strings.Join(k.Changed, ", ")
	if v.Status == check.Pass && restsOnFile(v, k.Changed) {
		return check.Undecided(snapshot.ReasonPartial, "the configuration is right and a restart is pending, so that what runs is not known", v.Evidence...).Note(note)
	}
	return v.Note(note)
}

// restsOnFile reports whether evidence of a verdict is from one of the files, or
// from a default that one of them might have replaced before.
func restsOnFile(v check.Verdict, files []string) bool {
	return slices.ContainsFunc(v.Evidence, func(e check.Evidence) bool {
		return strings.Contains(e.Source, " (default)") || slices.ContainsFunc(files, func(f string) bool { return strings.Contains(e.Source, f) })
	})
}

// setting is one field of the effective configuration. When missing is set it is
// not known.
type setting struct {
	key, value, source string
	missing            snapshot.Reason
	why                string
	pending            string // what the files say, where the kubelet answers otherwise
}

// setting returns what the kubelet itself answers, else what flags and files give
// together. Without the files a flag still decides.
func (k *kubelet) setting(key string) setting {
	s := setting{key: key}
	if k.Kubelet == nil {
		s.missing, s.why = snapshot.ReasonPartial, "its configuration is not in the evidence"
		return s
	}
	merged, ok := snapshot.FieldOf(k.Kubelet.Merged.V, key)
	known := ok && k.Kubelet.Merged.Known()
	if k.Kubelet.Live.Known() {
		live, _ := snapshot.FieldOf(k.Kubelet.Live.V, key)
		s.value, s.source = live.Value, "configz"
		if selfMade(live) { // where none is set the kubelet makes a pair and names it here
			s.value = ""
		}
		if known && !same(merged.Value, s.value) {
			s.pending = merged.Value + " in " + merged.Source
		}
		return s
	}
	flag := kubeflag.KubeletFlag(key)
	if v, set := k.Flag(flag); set && flag != "" && !known {
		s.value, s.source = v, "--"+flag
		return s
	}
	switch {
	case !k.Kubelet.Merged.Known():
		s.missing = cmp.Or(k.Kubelet.Merged.Reason, snapshot.ReasonFor(k.Kubelet.Merged.State), snapshot.ReasonPartial)
		s.why = "its configuration file was not readable: " + k.Kubelet.Merged.State.String()
		if k.Kubelet.Merged.State == snapshot.Absent {
			s.missing, s.why = snapshot.ReasonPartial, "the configuration file that it names does not exist any more"
		}
	case (!ok || merged.Source == kubeflag.SourceDefault) && k.Kubelet.Merged.Reason != snapshot.ReasonNone:
		s.missing, s.why = k.Kubelet.Merged.Reason, cmp.Or(k.Within, "what starts it")+" sets values of its own, which its configuration does not show"
	default:
		s.value, s.source = merged.Value, cmp.Or(merged.Source, kubeflag.SourceDefault)
	}
	return s
}

// selfMade reports whether a setting names the pair that a kubelet made itself.
func selfMade(f snapshot.ConfigField) bool {
	return f.Key == "tlsCertFile" && strings.HasSuffix(f.Value, "/pki/kubelet.crt") || f.Key == "tlsPrivateKeyFile" && strings.HasSuffix(f.Value, "/pki/kubelet.key")
}

// same reports whether two texts of a setting mean the same.
func same(a, b string) bool {
	return a == b || kubeflag.ZeroDuration(a) && kubeflag.ZeroDuration(b)
}

func (s setting) unknown() (check.Verdict, bool) {
	if s.missing == "" {
		return check.Verdict{}, false
	}
	return check.Undecided(s.missing, s.why, s.ev()), true
}

func (s setting) ev() check.Evidence {
	value := s.value
	if s.missing != "" {
		value = "not known"
	} else if value == "" {
		value = "not set"
	}
	return ev(s.key+" ("+cmp.Or(s.source, "not read")+")", value)
}

// with adds to a verdict what waits for a restart.
func (s setting) with(v check.Verdict) check.Verdict {
	if s.pending != "" {
		v = v.Note("a restart is pending: the files give " + s.pending)
	}
	return v
}

func (s setting) bool() (value, ok bool) {
	v, err := strconv.ParseBool(s.value)
	return v, err == nil
}

func (s setting) int() (int64, bool) {
	v, err := strconv.ParseInt(s.value, 10, 64)
	return v, err == nil
}

func (s setting) garbled() check.Verdict {
	return check.Undecided(snapshot.ReasonUnparsable, "the value of "+s.key+" is none that it takes", s.ev())
}

// turned is the verdict on a boolean that must have one value.
func turned(key string, want bool, good, bad string) func(*kubelet) check.Verdict {
	return func(k *kubelet) check.Verdict {
		s := k.setting(key)
		if v, unknown := s.unknown(); unknown {
			return v
		}
		got, ok := s.bool()
		switch {
		case !ok:
			return s.garbled()
		case got != want:
			return s.with(check.Failed(bad, s.ev()))
		}
		return s.with(check.Passed(good, s.ev()))
	}
}

// gate returns whether a feature is on.
func (k *kubelet) gate(name string) (on bool, e check.Evidence, known bool) {
	s := k.setting("featureGates." + name)
	if s.missing != "" {
		return false, s.ev(), false
	}
	fallback, locked, sure := kubeflag.Gate(name, kubeflag.Minor(k.Version))
	if v, ok := s.bool(); ok && !locked {
		return v, s.ev(), true
	}
	return fallback, ev("featureGates."+name, fmt.Sprintf("not set, %v by default in %s", fallback, cmp.Or(k.Version, "releases in use"))), sure
}

func ev(source string, value any) check.Evidence {
	return check.Evidence{Source: source, Value: fmt.Sprint(value)}
}

// row is a check of the kubelet in brief.
type row struct {
	id, title, why, remedy, byHand string
	sev                            check.Severity
	stride                         string
	tier                           int
	n111, n112                     string
	params                         []check.Param
	run                            func(*kubelet) check.Verdict
}

// kubelets makes the checks of the kubelet from rows.
func kubelets(rows []row) []*check.Check {
	out := make([]*check.Check, 0, len(rows))
	for _, r := range rows {
		out = append(out, &check.Check{
			ID: r.id, Title: r.title, Why: r.why, Remedy: r.remedy, ByHand: r.byHand, Severity: r.sev, Subject: snapshot.KindKubelet,
			Zone: model.ZoneNodeRuntime, Surface: model.SurfaceKubeletAPI, STRIDE: r.stride, Tier: cmp.Or(r.tier, 1),
			Refs: check.CISK8s(0, r.n111, r.n112), Forms: []check.Form{check.Live}, Params: r.params,
			Run: func(p *check.Probe) { judge(p, r.run) },
		})
	}
	return out
}
