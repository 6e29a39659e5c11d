package image

import (
	"cmp"
	"path"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/snapshot"
)

// view is one image as a predicate sees it.
type view struct {
	*snapshot.Image
	p       *check.Probe
	subject int
}

// judge asks a predicate of every image of an engine, or of those that were
// named; parts must have been read. A check with something to say of Dockerfiles
// hands it over, else they are none of its business.
func judge(p *check.Probe, verdict func(view) check.Verdict, parts ...snapshot.Part) {
	subjects := p.Index.Of(p.Scope.ID, snapshot.KindImage)
	if len(subjects) == 0 {
		if v, ok := p.Need(snapshot.PartImageConfig); !ok {
			p.Report(v, p.Self())
		}
		return
	}
	if v, ok := p.Need(parts...); !ok {
		p.Report(v, p.Self())
		return
	}
	at := 0
	for i := range p.Snapshot.Images {
		if m := &p.Snapshot.Images[i]; m.Scope == p.Scope.ID {
			p.Report(verdict(view{m, p, subjects[at]}), subjects[at])
			at++ // subjects of a kind are in the order of their list
		}
	}
}

func ev(source, value string) check.Evidence { return check.Evidence{Source: source, Value: value} }

// config returns what the configuration says, or the verdict when it is not
// known.
func (v view) config() (*snapshot.ImageConfig, check.Verdict, bool) {
	if !v.Config.Known() {
		return nil, unknown(v.Config.State, v.Config.Reason, "its configuration was not read"), false
	}
	return &v.Config.V, check.Verdict{}, true
}

// contents returns what the layers hold, or the verdict when they were not read.
func (v view) contents() (*snapshot.ImageContents, check.Verdict, bool) {
	if !v.Contents.Known() {
		return nil, unknown(v.Contents.State, v.Contents.Reason, "its layers were not read; plimsoll assess image:REFERENCE reads them"), false
	}
	return &v.Contents.V, check.Verdict{}, true
}

func unknown(s snapshot.State, r snapshot.Reason, message string) check.Verdict {
	return check.Undecided(cmp.Or(r, snapshot.ReasonFor(s), snapshot.ReasonPartial), message)
}

// matches reports whether a name is among patterns, in which * stands for
// anything, slashes included.
func matches(name string, patterns []string) bool {
	for _, p := range patterns {
		if like(name, p) {
			return true
		}
	}
	return false
}

func like(name, pattern string) bool {
	for {
		fixed, rest, star := strings.Cut(pattern, "*")
		if !strings.HasPrefix(name, fixed) {
			return false
		}
		name = name[len(fixed):]
		if !star {
			return name == ""
		}
		if !strings.Contains(rest, "*") {
			return strings.HasSuffix(name, rest)
		}
		next, _, _ := strings.Cut(rest, "*")
		i := strings.Index(name, next)
		if i < 0 {
			return false
		}
		name, pattern = name[i:], rest
	}
}

// base is the last element of a path.
func base(p string) string { return path.Base(p) }
