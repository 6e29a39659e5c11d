package host

import (
	"bytes"
	"context"
	"slices"
	"strconv"
	"strings"

	"plimsoll/internal/snapshot"
)

const (
	maxSubIDs = 10_000 // ranges that are kept
	maxTaken  = 16     // IDs kept of those that accounts have inside one range
)

// parseSubIDs reads /etc/subuid or /etc/subgid; lines that are not of its form
// are left out, as the tools that use the file do.
func parseSubIDs(file string, b []byte) []snapshot.SubID {
	var out []snapshot.SubID
	for l := range bytes.Lines(b) {
		f := strings.Split(strings.TrimSpace(string(l)), ":")
		if len(f) != 3 || f[0] == "" || strings.HasPrefix(f[0], "#") {
			continue
		}
		start, err := strconv.ParseUint(f[1], 10, 32)
		count, cerr := strconv.ParseUint(f[2], 10, 32)
		if err == nil && cerr == nil && count > 0 && len(out) < maxSubIDs {
			out = append(out, snapshot.SubID{File: file, Owner: text(f[0]), Start: int64(start), Count: int64(count)})
		}
	}
	return out
}

// subIDs reads the ranges, and which IDs of accounts lie in them.
func (m *Machine) subIDs(ctx context.Context) (snapshot.SubIDs, error) {
	var s snapshot.SubIDs
	passwd, err := m.read("/etc/passwd", maxTable)
	if err != nil {
		return s, err
	}
	group, err := m.read("/etc/group", maxTable)
	if err != nil {
		return s, err
	}
	var uids, gids []int64
	for _, u := range parsePasswd(passwd) {
		uids = append(uids, u.uid)
	}
	for _, g := range parseGroup(group) {
		gids = append(gids, g.GID)
	}
	for _, f := range []struct {
		name string
		ids  []int64
	}{{"/etc/subuid", uids}, {"/etc/subgid", gids}} {
		if err := ctx.Err(); err != nil {
			return s, err
		}
		b, err := m.read(f.name, maxTable)
		if gone(err) {
			continue
		}
		if err != nil {
			return s, err
		}
		slices.Sort(f.ids)
		ranges := parseSubIDs(f.name, b)
		for i := range ranges {
			r := &ranges[i]
			at, _ := slices.BinarySearch(f.ids, r.Start)
			for ; at < len(f.ids) && f.ids[at] < r.Start+r.Count && len(r.Taken) < maxTaken; at++ {
				r.Taken = append(r.Taken, f.ids[at])
			}
			r.Taken = slices.Compact(r.Taken)
		}
		s.Ranges = append(s.Ranges, ranges...)
	}
	return s, nil
}
