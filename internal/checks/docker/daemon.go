package docker

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"plimsoll/internal/check"
	"plimsoll/internal/snapshot"
)

// daemon is an engine as a predicate sees it.
type daemon struct {
	*snapshot.Engine
	p *check.Probe

	// file says that there is no engine but a daemon.json: the fields hold what an
	// engine without flags would report.
	file bool
}

// judgeEngine asks a predicate once of the scope's engine.
func judgeEngine(p *check.Probe, verdict func(*daemon) check.Verdict) {
	e := p.Engine()
	if e == nil {
		p.Report(check.Undecided(snapshot.ReasonFailed, "the engine did not describe itself"), p.Self())
		return
	}
	if p.Scope.Kind == snapshot.ScopeFiles {
		p.Report(fromFile(p, e, verdict), p.Self())
		return
	}
	p.Report(verdict(&daemon{Engine: e, p: p}), p.Self())
}

// setting is one key of the daemon's effective configuration. When missing is
// set the key could not be read, and its zero value says nothing.
type setting struct {
	key     string
	values  []string
	set     bool
	origin  string // flag, file or ""
	source  string // for evidence
	loc     *snapshot.Location
	missing snapshot.Reason
	why     string
	doubt   []check.Evidence // why what is written may not run
}

// setting looks up what is in force for a key, by its name in the configuration
// file. A file that the engine may not have read leaves every key unknown that
// neither a flag nor what the engine reports settles.
func (d *daemon) setting(key string) setting {
	s := d.written(key)
	if d.file || !s.known() || s.origin == "flag" || !d.Unread() {
		return s
	}
	c := &d.Config.V
	s.missing = snapshot.ReasonPartial
	s.doubt = []check.Evidence{s.ev(), ev("file changed at", stamp(c.Modified)), ev("engine started at", stamp(d.began()))}
	switch now, reported := running(d, &snapshot.Setting{Key: key, Values: s.values}); {
	case reported && now.equal:
		s.missing, s.doubt = "", nil
	case reported:
		s.why = "the engine runs another " + key + " than " + c.File + " says"
	case d.Process.Known():
		s.why = c.File + " changed after the engine started, so which " + key + " it runs with is not known before its next start"
	default:
		s.why = "whether the engine read the present " + c.File + " is not known, and it does not report " + key
	}
	return s
}

// began is when the engine's process started, zero where that was not read.
func (d *daemon) began() time.Time {
	if d.Process.Known() {
		return d.Process.V.Started
	}
	return time.Time{}
}

// stamp prints a time.
func stamp(t time.Time) string {
	if t.IsZero() {
		return "not known"
	}
	return t.UTC().Format(time.RFC3339)
}

// written looks up what the command line and the configuration file say of a key,
// whether the engine read it or not. A file that could not be read leaves every
// key unknown that no flag sets.
func (d *daemon) written(key string) setting {
	s := setting{key: key, source: "effective configuration, " + key}
	if d.file {
		s.source = key
	}
	if !d.Config.Known() {
		st := d.p.Part(snapshot.PartEngineConfig)
		s.missing = cmp.Or(d.Config.Reason, snapshot.ReasonFor(d.Config.State), st.Reason, snapshot.ReasonFor(st.State), snapshot.ReasonPartial)
		s.why = cmp.Or(st.Detail, "the engine's configuration was not readable")
		return s
	}
	c := &d.Config.V
	i := slices.IndexFunc(c.Settings, func(x snapshot.Setting) bool { return x.Key == key })
	if i < 0 {
		switch c.FileSeen {
		case snapshot.Observed, snapshot.Absent:
		case snapshot.Failed:
			s.missing, s.why = snapshot.ReasonUnparsable, "the configuration file "+c.File+" was not understood"
		case snapshot.Denied, snapshot.Skipped:
			s.missing, s.why = snapshot.ReasonFor(c.FileSeen), "the configuration file "+c.File+" was not readable"
		}
		return s
	}
	found := &c.Settings[i]
	s.values, s.set, s.origin, s.loc = found.Values, true, found.Origin, found.Loc
	switch s.origin {
	case "flag":
		s.source = "command line of the engine, " + key
	case "file":
		s.source = c.File + ", " + key
	}
	if d.file {
		s.source = key
	}
	if found.Hidden != nil {
		s.missing, s.why = snapshot.ReasonPartial, "the value of "+key+" may hold a secret and was not kept"
	}
	return s
}

// known reports whether the key was read, be it unset.
func (s *setting) known() bool { return s.missing == "" }

// undecided is the verdict of a check that needs a key that was not read.
func (s *setting) undecided(evidence ...check.Evidence) check.Verdict {
	return check.Undecided(s.missing, s.why, append(slices.Clip(evidence), s.doubt...)...)
}

// ev shows the key as it was read.
func (s *setting) ev() check.Evidence {
	if !s.set {
		return ev(s.source, "not set")
	}
	e := ev(s.source, listed(s.values))
	e.Loc = s.loc
	return e
}

// part shows one value of a list, at the place of the key.
func (s *setting) part(value string) check.Evidence {
	e := ev(s.source, value)
	e.Loc = s.loc
	return e
}

// listed prints the values of a list.
func listed(values []string) string { return cmp.Or(strings.Join(values, ", "), "none") }

// seccompDigest identifies the engine's default seccomp profile where that is a
// file which the engine read; "" else.
func (d *daemon) seccompDigest() string {
	if s := d.setting("seccomp-profile"); !s.known() {
		return ""
	}
	return d.Config.V.Seccomp
}

// str returns a scalar key, or def when it is unset or empty.
func (s *setting) str(def string) string {
	if len(s.values) == 1 {
		return cmp.Or(s.values[0], def)
	}
	return def
}

// boolean returns a boolean key, or def when it is unset. A value that is no
// boolean makes the key missing.
func (s *setting) boolean(def bool) bool {
	if !s.set || !s.known() {
		return def
	}
	b, err := strconv.ParseBool(strings.Join(s.values, ","))
	if err != nil {
		s.missing, s.why = snapshot.ReasonUnparsable, "the value of "+s.key+" is neither true nor false"
		return def
	}
	return b
}

// observed is the evidence of what /info or /version states, followed by what
// is configured for it where that was read and is set. Of a file there is the
// setting alone.
func (d *daemon) observed(source string, running any, key string) []check.Evidence {
	if d.file {
		s := d.written(key)
		return []check.Evidence{s.ev()}
	}
	out := []check.Evidence{ev(source, running)}
	if s := d.written(key); s.known() && s.set {
		out = append(out, s.ev())
	}
	return out
}

// disagrees is the note for an engine that runs otherwise than configured.
const disagrees = "the configuration says otherwise; what runs decides, see daemon-config-drift"

// drifted adds that note when a boolean key is set to another value than runs.
func (d *daemon) drifted(v check.Verdict, running bool, key string) check.Verdict {
	s := d.written(key)
	configured := s.boolean(running)
	if s.known() && configured != running {
		return v.Note(disagrees)
	}
	return v
}

// securityOption finds an option of /info by name and returns its parameters.
func (d *daemon) securityOption(name string) (params map[string]string, ok bool) {
	for _, o := range d.SecurityOptions {
		fields := make(map[string]string)
		for kv := range strings.SplitSeq(o, ",") {
			k, v, _ := strings.Cut(kv, "=")
			fields[k] = v
		}
		if fields["name"] == name {
			return fields, true
		}
	}
	return nil, false
}

// version is the leading part of an engine's version.
type version struct{ major, minor, patch int }

// parseVersion reads 29.1.0, 20.10.24+dfsg1, 28.0.0-rc.1. A missing minor or
// patch is 0.
func parseVersion(s string) (version, bool) {
	var v version
	s, _, _ = strings.Cut(s, "+")
	s, _, _ = strings.Cut(s, "-")
	parts := strings.Split(s, ".")
	for i, dst := range []*int{&v.major, &v.minor, &v.patch} {
		if i >= len(parts) {
			break
		}
		n, err := strconv.Atoi(parts[i])
		if err != nil || n < 0 || (i == 0 && n == 0) {
			return version{}, false
		}
		*dst = n
	}
	return v, true
}

func (v version) atLeast(major, minor, patch int) bool {
	return cmp.Or(cmp.Compare(v.major, major), cmp.Compare(v.minor, minor), cmp.Compare(v.patch, patch)) >= 0
}
