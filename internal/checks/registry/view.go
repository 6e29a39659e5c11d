package registry

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

// view is one registry and what is known of its configuration.
type view struct {
	*snapshot.Registry
	p   *check.Probe
	api *snapshot.RegistryAPI
	cfg *snapshot.RegistryConfig // nil when it was not read
}

// about makes a check of the registry by a predicate, and fills in what all of
// them share. It needs the registry's answer where it names nothing else.
func about(c check.Check, predicate func(*view) check.Verdict) *check.Check {
	c.Subject, c.Zone, c.Surface = snapshot.KindRegistry, model.ZoneRegistry, model.SurfaceRegistry
	if c.Forms == nil {
		c.Forms = []check.Form{check.Live}
	}
	if c.Needs == nil {
		c.Needs = []snapshot.Part{snapshot.PartRegistryAPI}
	}
	c.Run = func(p *check.Probe) { judge(p, predicate) }
	return &c
}

// judge asks the predicate of the scope's registry.
func judge(p *check.Probe, predicate func(*view) check.Verdict) {
	r := p.Snapshot.Registry(p.Scope.ID)
	if inFile := p.Scope.Kind == snapshot.ScopeFiles; r == nil || !inFile && !r.API.Known() {
		p.Report(check.Undecided(snapshot.ReasonPartial, "the registry's answer is not in the evidence"), p.Self())
		return
	}
	v := &view{Registry: r, p: p, api: &r.API.V}
	if r.Config.Known() {
		v.cfg = &r.Config.V
	} else if v.inFile() {
		p.Report(p.NotRead(), p.Self())
		return
	}
	out := predicate(v)
	if v.cfg != nil && v.cfg.Later && out.Status == check.Pass && slices.ContainsFunc(out.Evidence, v.fromFile) {
		out = check.Undecided(snapshot.ReasonPartial, "its configuration file was changed after it began, which reads it then only: restart it to have the file in force", out.Evidence...)
	}
	p.Report(out, p.Self())
}

// fromFile reports whether evidence is from the configuration file.
func (v *view) fromFile(e check.Evidence) bool { return strings.HasPrefix(e.Source, v.cfg.Path+": ") }

// unseen is the verdict for a fact that was not observed.
func unseen[T any](f snapshot.Fact[T], message string) check.Verdict {
	return check.Undecided(cmp.Or(f.Reason, snapshot.ReasonFor(f.State), snapshot.ReasonPartial), message)
}

// unconfigured is the verdict where only the configuration could tell.
func (v *view) unconfigured(message string) check.Verdict {
	st := v.p.Part(snapshot.PartRegistryConfig)
	u := unseen(v.Config, message)
	if st.Detail != "" {
		u = u.Note(st.Detail)
	}
	if st.Grant != "" {
		u = u.Note("to see it: " + st.Grant)
	}
	return u
}

// unprobed is the verdict where only a probe could tell.
func (v *view) unprobed(message string) check.Verdict {
	return unseen(v.Probe, message).Note("to see it: plimsoll assess --probe registry:" + v.Address)
}

// open reports whether the configuration demands no login at all.
func (v *view) open() bool { return v.cfg != nil && len(v.cfg.Auth) == 0 }

func (v *view) auth() string {
	if v.open() {
		return "none"
	}
	return strings.Join(v.cfg.Auth, ", ")
}

// inFile reports whether only the configuration file was seen.
func (v *view) inFile() bool { return v.p.Scope.Kind == snapshot.ScopeFiles }

func ev(source string, value any) check.Evidence {
	return check.Evidence{Source: source, Value: fmt.Sprint(value)}
}

// setting is evidence from the configuration file.
func (v *view) setting(key string, value any) check.Evidence {
	e := ev(v.cfg.Path+": "+key, value)
	for i := range v.cfg.Fields {
		if v.cfg.Fields[i].Field == key {
			e.Loc = &v.cfg.Fields[i].Loc
		}
	}
	return e
}

func status(request string, code int) check.Evidence {
	return ev(request, fmt.Sprintf("HTTP %d", code))
}

// refused reports whether a status says that a login is missing.
func refused(code int) bool { return code == 401 || code == 403 }
