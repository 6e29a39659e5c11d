package docker

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/shared"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var dockerGroupMembers = &check.Check{
	ID:    "host-docker-group-members-trusted",
	Title: "Only approved accounts can open the engine socket",
	Why: "Whoever can write to the engine's socket can start a container that mounts the machine's root directory: membership in its group is root without a password and without a trace. " +
		"Every principal that the socket lets in is collected: members of its group, accounts whose primary group it is, access list entries, everyone when the mode says so. " +
		"Each must be on the list that you declare. Without a list the question is open, unless nobody but root gets in.",
	Remedy: "Remove accounts that do not need it (gpasswd -d USER docker), give people sudo rules or a rootless engine of their own instead, " +
		"and declare who remains in the policy as host-docker-group-members-trusted.trusted_members. A numeric entry is declared as it is shown, uid 1001.",
	Severity: check.High, Subject: snapshot.KindHost, Zone: model.ZoneHost, Surface: model.SurfaceClientAuthorization, STRIDE: "E", Tier: 1,
	Refs:   check.CIS(1, "1.2.2", "1.1.2", "1.1.2"),
	Forms:  []check.Form{check.Live},
	Params: []check.Param{{Name: "trusted_members", Unit: "list", Meaning: "accounts that may open the engine socket", Question: true}},
	Run:    judgeMembers,
}

const everyone = "everyone"

// openers collects who can open the sockets of a machine for writing.
type openers struct {
	names    []string // user names, uid N, everyone; with repetitions
	evidence []check.Evidence
	gaps     []string // what was not readable
}

func judgeMembers(p *check.Probe) {
	if len(enginesOn(p)) == 0 {
		p.Report(check.Inapplicable("the machine is no container host"), p.Self())
		return
	}
	var o openers
	for _, i := range sockets(p) {
		o.add(p, &p.Snapshot.Files[i])
	}
	if v, gap := unseenSockets(p); gap {
		if len(o.names) == 0 {
			p.Report(v, p.Self())
			return
		}
		o.gaps = append(o.gaps, v.Message)
	}
	slices.Sort(o.names)
	o.names = slices.Compact(o.names)
	p.Report(o.verdict(p), p.Self())
}

// add collects who can open one socket.
func (o *openers) add(p *check.Probe, f *snapshot.File) {
	if v, bad := unreadable(f); bad {
		if v.Status == check.Unknown {
			o.gaps = append(o.gaps, f.Path+" was not readable")
		}
		return
	}
	at := cmp.Or(f.Real, f.Path)
	o.evidence = append(o.evidence, ev(at, fmt.Sprintf("mode %04o, uid %d, gid %d", f.Mode, f.UID, f.GID)))
	if f.Mode&0o002 != 0 {
		o.names = append(o.names, everyone)
	}
	if f.UID != 0 && engineOf(p, f) == nil {
		// It may be the rootless engine of that account, which gives no root.
		o.gaps = append(o.gaps, "the engine behind "+at+" did not describe itself")
		return
	}
	if f.UID != 0 && f.Mode&0o200 != 0 && !ownEngine(p, f) {
		o.names = append(o.names, fmt.Sprintf("uid %d", f.UID))
	}
	if f.Mode&0o020 != 0 {
		o.members(p, f.GID)
	}
	if !f.ACL.Known() {
		o.gaps = append(o.gaps, "the access list of "+at+" was not readable")
		return
	}
	for _, a := range f.ACL.V {
		if shared.Effective(f, a)&2 == 0 {
			continue
		}
		switch {
		case a.Kind == "user" && a.ID != 0:
			o.names = append(o.names, fmt.Sprintf("uid %d", a.ID))
		case a.Kind == "group":
			o.members(p, a.ID)
		}
	}
}

// members adds the members of a group.
func (o *openers) members(p *check.Probe, gid int64) {
	h := p.Host()
	if h == nil || !h.Accounts.Known() {
		o.gaps = append(o.gaps, fmt.Sprintf("the members of group %d were not readable", gid))
		return
	}
	found := false
	for _, g := range h.Accounts.V.Groups {
		if g.GID != gid {
			continue
		}
		found = true
		shown := listed(g.Members)
		if e := ev("members of group "+g.Name, shown); !slices.Contains(o.evidence, e) {
			o.evidence = append(o.evidence, e)
		}
		for _, m := range g.Members {
			if m != "root" {
				o.names = append(o.names, m)
			}
		}
	}
	if !found {
		o.gaps = append(o.gaps, fmt.Sprintf("group %d is in no file of groups", gid))
	}
	if others := h.Accounts.V.OtherSources; len(others) > 0 {
		o.gaps = append(o.gaps, fmt.Sprintf("group %d may have members in %s", gid, strings.Join(others, ", ")))
	}
}

// ownEngine reports whether the owner of a socket is the account that its
// rootless engine runs as: the engine gives it nothing that it lacks.
func ownEngine(p *check.Probe, f *snapshot.File) bool {
	e := engineOf(p, f)
	return e != nil && e.Rootless && e.Process.Known() && e.Process.V.UID == f.UID
}

func (o *openers) verdict(p *check.Probe) check.Verdict {
	trusted, declared := p.List("trusted_members")
	strangers := slices.DeleteFunc(slices.Clone(o.names), func(n string) bool { return n != everyone && slices.Contains(trusted, n) })
	evidence := o.evidence
	if declared {
		evidence = append(evidence, ev("policy, trusted_members", cmp.Or(strings.Join(trusted, ", "), "nobody")))
	}
	slices.Sort(o.gaps)
	gaps := strings.Join(slices.Compact(o.gaps), "; ")
	switch {
	case slices.Contains(strangers, everyone):
		return check.Failed("every local user can open the engine's socket", evidence...)
	case declared && len(strangers) > 0:
		return check.Failed("not on the list of trusted members: "+strings.Join(strangers, ", "), evidence...)
	case gaps != "":
		return check.Undecided(snapshot.ReasonPartial, "not everyone who can open the socket is known: "+gaps, evidence...)
	case len(strangers) > 0:
		return check.Undecided(snapshot.ReasonUndeclared, "whether "+strings.Join(strangers, ", ")+" may be root through the socket is not declared", evidence...)
	case len(o.names) > 0:
		return check.Passed("only declared accounts can open the engine's socket", evidence...)
	}
	return check.Passed("nobody but root can open the engine's socket", evidence...)
}
