package docker

import (
	"strconv"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

var daemonDefaultUlimits = &check.Check{
	ID:    "daemon-default-ulimits",
	Title: "Containers get a finite limit of open files by default",
	Why: "A container inherits the engine's limit of open files unless a default or the container sets one. Without a finite limit one process can exhaust the kernel's table of open files for all. " +
		"A default for nofile decides; without one, the hard limit of the engine's own process (LimitNOFILE of its unit) does.",
	Remedy:   "Set \"default-ulimits\": {\"nofile\": {\"Name\": \"nofile\", \"Soft\": 1024, \"Hard\": 65536}} in the engine's configuration file and restart it; new containers get it.",
	Severity: check.Low, Subject: snapshot.KindEngine, Zone: model.ZoneHost, Surface: model.SurfaceInsecureDefaults, STRIDE: "D", Tier: 1,
	Refs:   check.CIS(1, "2.7", "2.8", ""),
	Forms:  []check.Form{check.Live, check.DaemonJSON},
	Needs:  []snapshot.Part{snapshot.PartEngineInfo, snapshot.PartEngineConfig},
	Params: []check.Param{{Name: "max_nofile", Unit: "count", Default: []string{"1048576"}, Meaning: "highest hard limit of open files that is accepted"}},
	Run:    func(p *check.Probe) { judgeEngine(p, limitsOpenFiles) },
	Fixes: []check.Fix{{
		Title: "limit the open files of containers", Kind: step.DaemonRestart,
		Step: configure(step.DaemonRestart, "Containers made from then on open at most 65536 files.", wish{"default-ulimits.nofile", snapshot.UlimitSetting("nofile", "1024", "65536")}),
	}},
}

func limitsOpenFiles(d *daemon) check.Verdict {
	key := d.setting("default-ulimits")
	if !key.known() {
		return key.undecided()
	}
	evidence := []check.Evidence{key.ev()}
	hard, found := int64(0), false
	for _, v := range key.values {
		limit, ok := strings.CutPrefix(v, "nofile=")
		if !ok {
			continue
		}
		if _, h, ok := strings.Cut(limit, ":"); ok {
			limit = h // soft:hard; a single number is both
		}
		n, err := strconv.ParseInt(limit, 10, 64)
		if err != nil {
			return check.Undecided(snapshot.ReasonUnparsable, "the default for nofile was not understood", evidence...)
		}
		hard, found = n, true
	}
	if !found {
		if !d.Process.Known() {
			return check.Undecided(snapshot.ReasonPartial, "no default is set, and the limits of the engine's process were not readable", evidence...)
		}
		hard = d.Process.V.Nofile
		evidence = append(evidence, ev("hard limit of open files of the engine's process", hard))
	}
	switch most := d.p.Int("max_nofile"); {
	case hard < 0:
		return check.Failed("containers may open files without limit by default", evidence...)
	case hard > most:
		return check.Failed("the default limit of open files is above "+strconv.FormatInt(most, 10), evidence...)
	}
	return check.Passed("containers may open "+strconv.FormatInt(hard, 10)+" files by default", evidence...)
}
