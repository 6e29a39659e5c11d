package docker

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/shared"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var subIDsDisjoint = &check.Check{
	ID:    "subid-ranges-disjoint",
	Title: "Subordinate id ranges do not overlap",
	Why: "User namespaces keep containers apart by giving each owner IDs of his own on the host. Where ranges of two owners share an ID, or a range holds the ID of a real account, " +
		"root in one container is, for the kernel, the owner of the other's files or that account. Every line of the file is compared with every other and with the accounts of the machine.",
	Remedy:   "Give each owner a range of his own above every real ID (usermod --add-subuids FIRST-LAST USER), and change the owner of files that lie in the old range.",
	Severity: check.Medium, Subject: snapshot.KindHostFile, Zone: model.ZoneHost, Surface: model.SurfaceIsolation, STRIDE: "E", Tier: 2,
	Forms: []check.Form{check.Live},
	Needs: []snapshot.Part{snapshot.PartHostFiles},
	Run:   judgeSubIDs,
}

func judgeSubIDs(p *check.Probe) {
	for _, i := range filesOf(p, snapshot.RoleSubIDs) {
		f := &p.Snapshot.Files[i]
		v, nothing := shared.UnseenFile(f)
		if !nothing {
			v = disjoint(p, f.Path)
		}
		p.Report(v, p.Index.FileSubject(i))
	}
}

func disjoint(p *check.Probe, file string) check.Verdict {
	h := p.Host()
	if h == nil || !h.SubIDs.Known() {
		st := p.Part(snapshot.PartHostSubIDs)
		return check.Undecided(cmp.Or(st.Reason, snapshot.ReasonFor(st.State), snapshot.ReasonPartial), cmp.Or(st.Detail, "its ranges were not readable"))
	}
	var ranges []snapshot.SubID
	for _, r := range h.SubIDs.V.Ranges {
		if r.File == file {
			ranges = append(ranges, r)
		}
	}
	if len(ranges) == 0 {
		return check.Inapplicable("it has no range")
	}
	slices.SortStableFunc(ranges, func(a, b snapshot.SubID) int { return cmp.Compare(a.Start, b.Start) })
	var found hits
	var failures []string
	widest := &ranges[0] // of those before, the one that reaches furthest
	for i := range ranges {
		r := &ranges[i]
		if len(r.Taken) > 0 {
			failures = append(failures, fmt.Sprintf("the range of %s holds IDs of real accounts", r.Owner))
			found.add("IDs of accounts in "+rangeText(r), ids(r.Taken))
		}
		if i == 0 {
			continue
		}
		if widest.Start+widest.Count > r.Start {
			failures = append(failures, fmt.Sprintf("the ranges of %s and %s overlap", widest.Owner, r.Owner))
			found.add(rangeText(widest), rangeText(r))
		}
		if r.Start+r.Count > widest.Start+widest.Count {
			widest = r
		}
	}
	if len(failures) > 0 {
		return found.note(check.Failed(firstFew(failures), found.evidence...))
	}
	return check.Passed("no range shares an ID with another or with an account", ev("ranges", len(ranges)))
}

func rangeText(r *snapshot.SubID) string {
	return fmt.Sprintf("%s: %d to %d", r.Owner, r.Start, r.Start+r.Count-1)
}

func ids(list []int64) string {
	out := make([]string, len(list))
	for i, n := range list {
		out[i] = strconv.FormatInt(n, 10)
	}
	return strings.Join(out, ", ")
}
