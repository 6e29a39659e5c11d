package docker

import (
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

var tmpfsNoexec = &check.Check{
	ID:    "container-tmpfs-noexec",
	Title: "Writable scratch space cannot hold programs",
	Why: "A file system in memory is where an intruder puts a program that leaves no trace on disk. The engine mounts each one with noexec, nosuid and nodev, " +
		"and an option exec, suid or dev takes that away. /dev/shm and /dev, which every container has, are the engine's own and not judged.",
	Remedy:   "Leave exec, suid and dev out of --tmpfs. A program that must build and run code in place is better given a volume of its own.",
	Severity: check.Low, Subject: snapshot.KindContainer, Zone: model.ZoneHost, Surface: model.SurfaceInsecureDefaults, STRIDE: "T", Tier: 2,
	Forms: []check.Form{check.Live, check.Compose},
	Needs: []snapshot.Part{snapshot.PartEngineContainers},
	Reads: []string{"tmpfs", "tmpfsOptions"},
	Run:   func(p *check.Probe) { judge(p, holdsNoPrograms) },
	Fixes: []check.Fix{{Title: "take exec, suid and dev out of its tmpfs options", Kind: step.ContainerRecreate, Breaks: true, Step: plainTmpfs}},
}

func holdsNoPrograms(b *box) check.Verdict {
	var h hits
	for _, t := range b.spec.TmpfsOptions {
		if strings.Contains(t.Value, "$") {
			return check.Undecided(snapshot.ReasonUnresolved, "the options of a tmpfs hold a variable that was not resolved", ev("Tmpfs "+t.Key, t.Value))
		}
		if loose := loosened(t.Value); loose != "" {
			h.add("Tmpfs "+t.Key, loose)
		}
	}
	if len(h.evidence) > 0 {
		return h.note(check.Failed("a tmpfs lost options that the engine sets by itself", h.evidence...))
	}
	return check.Passed("every tmpfs keeps noexec, nosuid and nodev", ev("tmpfs mounts", len(b.spec.Tmpfs)))
}

// loosened returns which of exec, suid and dev a list of mount options leaves
// on; the last word on each counts.
func loosened(options string) string {
	on := make(map[string]bool)
	for o := range strings.SplitSeq(options, ",") {
		switch o = strings.TrimSpace(o); o {
		case "exec", "suid", "dev":
			on[o] = true
		case "noexec", "nosuid", "nodev":
			on[strings.TrimPrefix(o, "no")] = false
		case "defaults":
			on["exec"], on["suid"], on["dev"] = true, true, true
		}
	}
	var loose []string
	for _, o := range [...]string{"exec", "suid", "dev"} {
		if on[o] {
			loose = append(loose, o)
		}
	}
	return strings.Join(loose, ", ")
}
