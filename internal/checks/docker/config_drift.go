package docker

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var daemonConfigDrift = &check.Check{
	ID:    "daemon-config-drift",
	Title: "The running engine matches its configuration file",
	Why: "A file that was edited and never loaded looks like protection and is none; an engine that runs otherwise than its file changes at its next start, on a day nobody chose. " +
		"Each value of the file that GET /info reports is compared with the running one. " +
		"Keys that the engine does not report cannot be compared: when the file was changed after the engine started, they leave the answer open.",
	Remedy:   "Decide which side is right. Correct the file, or bring the engine to it: a reload (SIGHUP) takes debug, live-restore, authorization-plugins, insecure-registries and registry-mirrors, everything else takes a restart.",
	Severity: check.Medium, Subject: snapshot.KindEngine, Zone: model.ZoneHost, Surface: model.SurfaceHostMisconfig, STRIDE: "TR", Tier: 1,
	Forms: []check.Form{check.Live},
	Needs: []snapshot.Part{snapshot.PartEngineInfo, snapshot.PartEngineConfig},
	Run:   func(p *check.Probe) { judgeEngine(p, matchesFile) },
}

func matchesFile(d *daemon) check.Verdict {
	if !d.Config.Known() {
		s := d.setting("")
		return s.undecided()
	}
	c := &d.Config.V
	file := cmp.Or(c.File, "the configuration file")
	switch c.FileSeen {
	case snapshot.Absent:
		return check.Passed("there is no configuration file, the command line is what runs", ev(file, "absent"))
	case snapshot.Failed:
		return check.Undecided(snapshot.ReasonUnparsable, "the configuration file was not understood: the engine runs with an older one and would not start with this", ev(file, "not understood"))
	case snapshot.Denied, snapshot.Skipped:
		return check.Undecided(snapshot.ReasonFor(c.FileSeen), "the configuration file was not readable", ev(file, c.FileSeen))
	case snapshot.Observed:
	}
	var differ, same []check.Evidence
	var keys, silent []string
	for i := range c.Settings {
		s := &c.Settings[i]
		if s.Origin != "file" {
			continue
		}
		r, ok := running(d, s)
		if !ok {
			silent = append(silent, s.Key)
			continue
		}
		pair := []check.Evidence{ev(file+", "+s.Key, listed(s.Values)), ev(r.source, cmp.Or(r.shown, "none"))}
		if r.equal {
			same = append(same, pair...)
			continue
		}
		keys, differ = append(keys, s.Key), append(differ, pair...)
	}
	if len(keys) > 0 {
		return check.Failed("the engine does not run what its file says of "+strings.Join(keys, ", "), differ...)
	}
	return d.unreported(silent, same)
}

// unreported judges a file whose reported keys all agree.
func (d *daemon) unreported(silent []string, evidence []check.Evidence) check.Verdict {
	changed := d.Config.V.Modified
	evidence = append(evidence, ev("file changed at", changed.UTC().Format(time.RFC3339)))
	list := strings.Join(silent, ", ")
	if d.Config.V.Loaded {
		return check.Passed("the engine runs what its file says: plimsoll changed it since the engine started, in keys that it took without a restart", evidence...)
	}
	if !d.Process.Known() || d.Process.V.Started.IsZero() || changed.IsZero() {
		if list == "" {
			return check.Passed("every value of the file is what runs", evidence...)
		}
		return check.Undecided(snapshot.ReasonPartial, "the engine does not report "+list+", and whether the file changed since it started is not known", evidence...)
	}
	evidence = append(evidence, ev("engine started at", d.Process.V.Started.UTC().Format(time.RFC3339)))
	switch later := d.Unread(); {
	case later && list != "":
		return check.Undecided(snapshot.ReasonPartial, "the file changed after the engine started, and the engine does not report "+list, evidence...)
	case later:
		return check.Passed("every value of the file is what runs", evidence...).
			Note("the file changed after the engine started; a key that was removed from it would not show")
	}
	return check.Passed(fmt.Sprintf("the engine runs what its file says; %d keys of it are not reported and older than its start", len(silent)), evidence...)
}
