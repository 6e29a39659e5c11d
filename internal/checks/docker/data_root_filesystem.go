package docker

import (
	"cmp"
	"fmt"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var dataRootFilesystem = &check.Check{
	ID:    "host-data-root-separate-filesystem",
	Title: "Engine data lives on its own filesystem",
	Why: "Images, writable layers and logs of containers grow without asking. On the file system of / they fill the whole machine, and nobody can log in or write a log any more. " +
		"The device of the mount that holds the data root is compared with that of /, so that a bind mount or a subvolume of the same file system does not count. " +
		"With the containerd image store, containerd's root holds the images and is judged too.",
	Remedy:   "Mount a file system of its own on the data root: stop the engine, copy the data, mount, start. Plimsoll never moves data by itself.",
	Severity: check.Medium, Subject: snapshot.KindHost, Zone: model.ZoneHost, Surface: model.SurfaceHostMisconfig, STRIDE: "D", Tier: 1,
	Refs:   check.CIS(1, "1.2.1", "1.1.1", "1.1.1"),
	Forms:  []check.Form{check.Live},
	ByHand: "It stops the engine for as long as copying takes, and needs a device or volume that only a person can choose. Data is never moved automatically.",
	Run: func(p *check.Probe) {
		p.Report(judgeVolumes(p, needsOwnFilesystem, "engine data has file systems of its own", func(f *snapshot.File, v *snapshot.Filesystem) (string, check.Evidence) {
			e := ev("device of "+f.Path, v.Device+" on "+v.Mount+"; / is on "+v.RootDevice)
			if v.Device == v.RootDevice {
				return f.Path + " shares the file system of /", e
			}
			return "", e
		}), p.Self())
	},
}

// needsOwnFilesystem leaves containerd's root out unless an engine keeps its
// images there.
func needsOwnFilesystem(p *check.Probe, f *snapshot.File) bool {
	if f.Role == snapshot.RoleDataRoot {
		return true
	}
	for _, s := range enginesOn(p) {
		if e := p.Snapshot.Engine(s.ID); e != nil && e.ContainerdStore {
			return true
		}
	}
	return false
}

var dataRootSpace = &check.Check{
	ID:    "host-data-root-free-space",
	Title: "The engine data root has free space and inodes",
	Why: "When the file system below the data root is full, containers stop in the middle of a write, databases in them break, and the engine can no longer start or remove any. " +
		"Both the bytes and the inodes that programs without privilege may still use are compared with the floor, for the data root and for containerd's.",
	Remedy:   "Remove unused images, containers and build cache (docker system df shows them), bound the logs, or enlarge the file system.",
	Severity: check.Medium, Subject: snapshot.KindHost, Zone: model.ZoneHost, Surface: model.SurfaceHostMisconfig, STRIDE: "D", Tier: 2,
	Forms:  []check.Form{check.Live},
	Params: []check.Param{{Name: "min_free", Unit: "percent", Default: []string{"15"}, Meaning: "free bytes and free inodes"}},
	Run: func(p *check.Probe) {
		floor := p.Int("min_free")
		all := func(*check.Probe, *snapshot.File) bool { return true }
		p.Report(judgeVolumes(p, all, fmt.Sprintf("at least %d%% are free", floor), func(f *snapshot.File, v *snapshot.Filesystem) (string, check.Evidence) {
			bytes, inodes := percent(v.Free, v.Bytes), percent(v.FreeInodes, v.Inodes)
			if v.Inodes == 0 {
				inodes = 100 // made as they are needed
			}
			e := ev("free at "+f.Path, fmt.Sprintf("%d%% of the bytes, %d%% of the inodes", bytes, inodes))
			if bytes < floor || inodes < floor {
				return fmt.Sprintf("less than %d%% are free at %s", floor, f.Path), e
			}
			return "", e
		}), p.Self())
	},
}

func percent(part, whole int64) int64 {
	if whole <= 0 || part < 0 {
		return 0
	}
	return int64(float64(part) / float64(whole) * 100)
}

// judgeVolumes asks a predicate of what each data root on the machine lies on.
// Its first result says what is wrong.
func judgeVolumes(p *check.Probe, take func(*check.Probe, *snapshot.File) bool, passed string, wrong func(*snapshot.File, *snapshot.Filesystem) (string, check.Evidence)) check.Verdict {
	if len(enginesOn(p)) == 0 {
		return check.Inapplicable("the machine is no container host")
	}
	var evidence []check.Evidence
	var failures []string
	var gap *check.Verdict
	miss := func(reason snapshot.Reason, message string) {
		if gap == nil {
			v := check.Undecided(cmp.Or(reason, snapshot.ReasonPartial), message)
			gap = &v
		}
	}
	roots := 0
	for _, i := range filesOf(p, dataRoots...) {
		f := &p.Snapshot.Files[i]
		if f.State == snapshot.Absent || !take(p, f) {
			continue
		}
		roots++
		if f.State != snapshot.Observed || !f.Volume.Known() || f.Volume.V.Bytes <= 0 {
			miss(cmp.Or(f.Reason, f.Volume.Reason, snapshot.ReasonFor(f.Volume.State)), "what "+f.Path+" lies on was not readable")
			continue
		}
		why, e := wrong(f, &f.Volume.V)
		evidence = append(evidence, e)
		if why != "" {
			failures = append(failures, why)
		}
	}
	if v, unseen := unseenFiles(p, snapshot.PartEngineFiles, false, nil); unseen {
		miss(v.Reason, v.Message)
	}
	switch {
	case len(failures) > 0:
		return check.Failed(firstFew(failures), evidence...)
	case gap != nil:
		gap.Evidence = evidence
		return *gap
	case roots == 0:
		return check.Undecided(snapshot.ReasonUnresolved, "the data root that the engine names was not found on the machine")
	}
	return check.Passed(passed, evidence...)
}
