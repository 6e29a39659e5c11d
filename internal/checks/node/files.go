package node

import (
	"cmp"
	"fmt"
	"slices"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/shared"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

// guarded is a family of files of a node that only their owner may change or read.
// Each row of the table makes a check of the mode, of the owner, or both.
type guarded struct {
	mode, owner    string // IDs of the checks; "" is none
	what           string // begins the titles
	plural         bool
	closed         string // ends the title of the check of the mode
	whose          string // ends that of the owner; "" is root
	gain           string // what who may change or read it gains, in full sentences
	path           string // for remedies
	none           string // said where a node has no such file
	plane          bool   // belongs to the control plane
	roles          []snapshot.FileRole
	widest         uint32
	zone           model.Zone
	surface        model.Surface
	kept, owned    check.Severity
	keptS, ownedS  string    // STRIDE
	keptAt         [2]string // numbers in CIS 1.11 and 1.12
	ownedAt        [2]string
	covered        []string // of the check of the mode
	tier           int
	rightful       func(*check.Probe, *snapshot.File) (uid, gid int64, v check.Verdict, ok bool) // nil: root
	skip           func(*snapshot.File) bool
	alsoRootsAlone bool // the check of the mode asks for the owner too
}

// guards makes the checks of all rows.
func guards() []*check.Check {
	var out []*check.Check
	for i := range guardedFiles {
		g := &guardedFiles[i]
		if g.mode != "" {
			out = append(out, g.modeCheck())
		}
		if g.owner != "" {
			out = append(out, g.ownerCheck())
		}
	}
	return out
}

func (g *guarded) check(id string, s check.Severity, stride string, at [2]string) *check.Check {
	return &check.Check{
		ID: id, Severity: s, Subject: snapshot.KindNodeFile, Zone: cmp.Or(g.zone, model.ZoneControlPlane), Surface: cmp.Or(g.surface, model.SurfaceConfigurationFiles),
		STRIDE: stride, Tier: cmp.Or(g.tier, 1), Refs: check.CISK8s(0, at[0], at[1]), Forms: []check.Form{check.Live},
	}
}

func (g *guarded) modeCheck() *check.Check {
	c := g.check(g.mode, g.kept, g.keptS, g.keptAt)
	c.Title, c.Covered = g.what+" "+g.closed, g.covered
	c.Why = fmt.Sprintf("%s The mode may have no bit beyond %04o. Bits are tested one by one, setuid, setgid and sticky with them, since a smaller number may open more; an access list entry may give no more than the group has.", g.gain, g.widest)
	c.Remedy = fmt.Sprintf("chmod %04o %s and remove wider access list entries (setfacl -b).", g.widest, g.path)
	c.Run = func(p *check.Probe) {
		g.judge(p, func(f *snapshot.File) check.Verdict {
			v := shared.WithinMode(f, g.widest)
			if v.Status == check.Pass && g.alsoRootsAlone {
				return shared.OwnedBy(f, 0, 0)
			}
			return v
		})
	}
	c.Fixes = []check.Fix{{Title: "narrow its mode", Kind: step.FileAccess, Step: shared.Narrow(func(*snapshot.File) uint32 { return g.widest })}}
	return c
}

func (g *guarded) ownerCheck() *check.Check {
	c := g.check(g.owner, g.owned, g.ownedS, g.ownedAt)
	c.Title = g.what + " belongs to " + cmp.Or(g.whose, "root")
	if g.plural {
		c.Title = g.what + " belong to " + cmp.Or(g.whose, "root")
	}
	c.Why = g.gain + " Its owner may do so whatever the mode says, an access list may let further accounts write, and who can write to a directory above it, or to that of a link on the way, can put another in its place. Owners are compared by number."
	c.Remedy = "chown root:root " + g.path + ", remove entries that give write (setfacl -b), and let only root write to the directories above."
	if g.rightful != nil {
		c.Remedy = "chown " + g.path + " to the account of the process that uses it, remove entries that give write (setfacl -b), and let only root write to the directories above."
	}
	c.Run = func(p *check.Probe) {
		g.judge(p, func(f *snapshot.File) check.Verdict {
			uid, gid, v, ok := g.rightOwner(p, f)
			if !ok {
				return v
			}
			return shared.OwnedBy(f, uid, gid)
		})
	}
	c.Fixes = []check.Fix{{Title: "give it to " + cmp.Or(g.whose, "root"), Kind: step.FileAccess, Step: shared.GiveTo(func(p *check.Probe, f *snapshot.File) (int64, int64) {
		uid, gid, _, _ := g.rightOwner(p, f)
		return uid, gid
	})}}
	return c
}

func (g *guarded) rightOwner(p *check.Probe, f *snapshot.File) (uid, gid int64, v check.Verdict, ok bool) {
	if g.rightful == nil {
		return 0, 0, check.Verdict{}, true
	}
	return g.rightful(p, f)
}

// judge asks a predicate of every file of the row on every node, and says of a
// node without one why.
func (g *guarded) judge(p *check.Probe, verdict func(*snapshot.File) check.Verdict) {
	judgeFiles(p, g.plane, g.none, func(f *snapshot.File) bool { return f.Is(g.roles...) && (g.skip == nil || !g.skip(f)) }, func(_ int, f *snapshot.File) check.Verdict { return verdict(f) })
}

// judgeFiles reports a verdict of every file of the cluster's nodes that is wanted;
// of a node without any it says that there is none, or why that is not known.
func judgeFiles(p *check.Probe, plane bool, none string, wanted func(*snapshot.File) bool, verdict func(int, *snapshot.File) check.Verdict) {
	found := make(map[string]bool)
	for i := range p.Snapshot.Files {
		f := &p.Snapshot.Files[i]
		if f.Cluster != p.Scope.ID || !wanted(f) {
			continue
		}
		found[f.Scope] = true
		v, nothing := shared.UnseenFile(f)
		if !nothing {
			v = verdict(i, f)
		}
		p.Report(v, p.Index.FileSubject(i))
	}
	any := false
	for i := range p.Snapshot.NodeHosts {
		n := &p.Snapshot.NodeHosts[i]
		if n.Scope != p.Scope.ID {
			continue
		}
		any = true
		if !found[n.Host] {
			p.Report(without(p, n, plane, none), cmpSubject(p, n))
		}
	}
	if !any && len(found) == 0 {
		st := p.Part(snapshot.PartNodeFiles)
		p.Report(check.Undecided(cmp.Or(st.Reason, snapshot.ReasonFor(st.State), snapshot.ReasonNotCollected), cmp.Or(st.Detail, string(snapshot.PartNodeFiles)+" was "+st.State.String()+": run plimsoll on the nodes")), p.Self())
	}
}

// cmpSubject is the subject that stands for a node's machine, else the cluster.
func cmpSubject(p *check.Probe, n *snapshot.NodeHost) int {
	if s := p.Index.ScopeSubject(n.Host); s >= 0 {
		return s
	}
	return p.Self()
}

// without is the verdict on a node that has no such file.
func without(p *check.Probe, n *snapshot.NodeHost, plane bool, none string) check.Verdict {
	st := p.Part(snapshot.PartNodeFiles)
	switch {
	case plane && n.Managed:
		return check.Undecided(snapshot.ReasonProvider, "the provider runs the control plane and shows nothing of its files")
	case st.State != snapshot.Observed:
		return check.Undecided(cmp.Or(st.Reason, snapshot.ReasonFor(st.State)), cmp.Or(st.Detail, "the node's files were not looked at"))
	case plane && n.Static.State != snapshot.Observed && n.Static.State != snapshot.Absent && !n.ControlPlane:
		return check.Undecided(cmp.Or(n.Static.Reason, snapshot.ReasonFor(n.Static.State)), "whether the node is one of the control plane could not be seen")
	case plane && !n.ControlPlane:
		return check.Inapplicable("the node is none of the control plane")
	case st.Reason != snapshot.ReasonNone:
		return check.Undecided(st.Reason, cmp.Or(st.Detail, "the node's files were not seen whole"))
	}
	return check.Inapplicable(none)
}

// nodeFiles lists the positions of a node's files that have one of the roles.
func nodeFiles(p *check.Probe, host string, roles ...snapshot.FileRole) []int {
	var out []int
	for i := range p.Snapshot.Files {
		if f := &p.Snapshot.Files[i]; f.Cluster == p.Scope.ID && f.Scope == host && f.Is(roles...) {
			out = append(out, i)
		}
	}
	return out
}

// etcdAccount is whom etcd's data must belong to: the account that etcd runs as.
func etcdAccount(p *check.Probe, f *snapshot.File) (uid, gid int64, v check.Verdict, ok bool) {
	i := slices.IndexFunc(p.Snapshot.Components, func(c snapshot.Component) bool {
		return c.Scope == f.Cluster && c.Host == f.Scope && c.Name == snapshot.Etcd && c.Source == snapshot.FromProcess
	})
	if i >= 0 {
		return p.Snapshot.Components[i].UID, p.Snapshot.Components[i].GID, v, true
	}
	if f.UID == 0 && f.GID == 0 {
		return 0, 0, v, true
	}
	return 0, 0, check.Undecided(snapshot.ReasonPartial, "no etcd runs on the node, so that the account that it runs as is not known", shared.OwnerEvidence(f)), false
}
