package docker

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/shared"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

// guarded is a family of files that only root may own and change. Each row of
// the table makes two checks, file-NAME-owner and file-NAME-mode.
type guarded struct {
	name       string
	what       string // begins the titles
	closed     string // ends the title of the check of the mode
	gain       string // what who may change or read it gains, in full sentences
	path       string // for remedies
	none       string // said when there is no such file
	roles      []snapshot.FileRole
	part       snapshot.Part
	configured bool // the engine's configuration names the file
	mode       uint32
	keyMode    uint32 // of files with the role of a registry's key; 0 is mode
	surface    model.Surface
	owned      check.Severity
	kept       check.Severity
	level      int
	ownedAt    [2]string // numbers in CIS 1.2.0 and 1.6.0
	keptAt     [2]string
}

// fileModes makes the checks of all rows.
func fileModes() []*check.Check {
	var out []*check.Check
	for i := range guardedFiles {
		g := &guardedFiles[i]
		out = append(out, g.ownerCheck(), g.modeCheck())
	}
	return out
}

func (g *guarded) ownerCheck() *check.Check {
	c := g.check("owner", g.owned, g.ownedAt)
	c.Title = g.what + " belongs to root"
	if strings.HasSuffix(g.what, "certificates") {
		c.Title = g.what + " belong to root"
	}
	c.Why = g.gain + " Its owner may do so whatever the mode says, an access list may let further accounts write, " +
		"and who can write to a directory above it, or to that of a link on the way, can put another in its place."
	c.Remedy = "chown root:root " + g.path + ", remove entries that give write (setfacl -b), and let only root write to the directories above."
	c.Run = func(p *check.Probe) { g.judge(p, rootsAlone) }
	c.Fixes = []check.Fix{{Title: "give it to root", Kind: step.FileAccess, Step: giveToRoot}}
	return c
}

func (g *guarded) modeCheck() *check.Check {
	c := g.check("mode", g.kept, g.keptAt)
	c.Title = g.what + " " + g.closed
	modes := fmt.Sprintf("%04o", g.mode)
	if g.keyMode != 0 {
		modes += fmt.Sprintf(" (%04o for keys)", g.keyMode)
	}
	c.Why = g.gain + " The mode may have no bit beyond " + modes + ". Bits are tested one by one, setuid, setgid and sticky with them, since a smaller number may open more; " +
		"an access list entry may give no more than the group has."
	c.Remedy = "chmod " + modes + " " + g.path + " and remove wider access list entries (setfacl -b)."
	c.Run = func(p *check.Probe) { g.judge(p, g.within) }
	c.Fixes = []check.Fix{{Title: "narrow its mode", Kind: step.FileAccess, Step: shared.Narrow(g.widest)}}
	return c
}

func (g *guarded) check(suffix string, s check.Severity, at [2]string) *check.Check {
	c := &check.Check{
		ID: "file-" + g.name + "-" + suffix, Severity: s, Subject: snapshot.KindHostFile, Zone: model.ZoneHost, Surface: g.surface, STRIDE: "TE", Tier: 1,
		Refs:  check.CIS(g.level, at[0], at[1], ""),
		Forms: []check.Form{check.Live},
	}
	if g.part == snapshot.PartHostFiles {
		c.Needs = []snapshot.Part{g.part}
	}
	return c
}

// judge asks a predicate of every file of the row.
func (g *guarded) judge(p *check.Probe, verdict func(*snapshot.File) check.Verdict) {
	found := 0
	for _, i := range filesOf(p, g.roles...) {
		f := &p.Snapshot.Files[i]
		if f.Role == snapshot.RoleRuntimeSocket && !isContainerdSocket(f) {
			continue
		}
		found++
		v, nothing := shared.UnseenFile(f)
		if !nothing {
			v = verdict(f)
		}
		p.Report(v, p.Index.FileSubject(i))
	}
	if g.part != snapshot.PartHostFiles {
		if v, gap := unseenFiles(p, g.part, g.configured, g.roles); gap {
			p.Report(v, p.Self())
			return
		}
	}
	if found == 0 {
		p.Report(check.Inapplicable(g.none), p.Self())
	}
}

func isContainerdSocket(f *snapshot.File) bool {
	return strings.HasPrefix(path.Base(f.Path), "containerd")
}

// rootsAlone judges owner, group, access list and the directories above.
func rootsAlone(f *snapshot.File) check.Verdict { return shared.OwnedBy(f, 0, 0) }

func (g *guarded) within(f *snapshot.File) check.Verdict { return shared.WithinMode(f, g.widest(f)) }

// widest is the mode that a file of the row may have at most.
func (g *guarded) widest(f *snapshot.File) uint32 {
	if f.Role == snapshot.RoleRegistryKey {
		return g.keyMode
	}
	return g.mode
}

var fileDataRootMode = &check.Check{
	ID:    "file-docker-data-root-mode",
	Title: "The engine data root is closed to other users",
	Why: "Below the data root lie the files of every container, with their setuid programs and whatever secrets they keep. " +
		"A root that others can list or write gives local accounts all of it (CVE-2021-41091). Bits beyond 0711 are tested one by one on it and on containerd's root, which must belong to root and have no access list entry for anyone else.",
	Remedy:   "chown root the directory, chmod 0710 it, and remove access list entries (setfacl -b).",
	Severity: check.High, Subject: snapshot.KindHostFile, Zone: model.ZoneHost, Surface: model.SurfaceInsecureDefaults, STRIDE: "I", Tier: 2,
	Forms: []check.Form{check.Live},
	Run: func(p *check.Probe) {
		g := guarded{roles: dataRoots, part: snapshot.PartEngineFiles, none: "no engine on the machine has a data root"}
		g.judge(p, closedDataRoot)
	},
	Fixes: []check.Fix{{Title: "close it to other users", Kind: step.FileAccess, Step: closeDataRoot}},
}

// dataRoots are the roles of directories that hold the containers' files.
var dataRoots = []snapshot.FileRole{snapshot.RoleDataRoot, snapshot.RoleContainerdRoot}

func closedDataRoot(f *snapshot.File) check.Verdict {
	if f.UID != 0 {
		return check.Failed(fmt.Sprintf("it belongs to uid %d", f.UID), shared.OwnerEvidence(f))
	}
	v := shared.WithinMode(f, 0o711)
	if v.Status == check.Pass {
		i := slices.IndexFunc(f.ACL.V, func(a snapshot.ACL) bool { return a.Kind != "mask" && a.ID != 0 && shared.Effective(f, a) != 0 })
		if i >= 0 {
			a := f.ACL.V[i]
			who := fmt.Sprintf("%s %d", a.Kind, a.ID)
			return check.Failed("the access list lets "+who+" in", append(v.Evidence, ev("access list, "+who, shared.Rights(shared.Effective(f, a))))...)
		}
	}
	v.Evidence = append(v.Evidence, shared.OwnerEvidence(f))
	return v
}
