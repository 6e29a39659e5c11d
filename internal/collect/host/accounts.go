package host

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"plimsoll/internal/snapshot"
)

// maxMembers bounds what is kept of one group.
const maxMembers = 10_000

// account is a line of /etc/passwd.
type account struct {
	name     string
	uid, gid int64
	home     string
}

// parsePasswd reads /etc/passwd; lines that are not of its form are left out.
func parsePasswd(b []byte) []account {
	var out []account
	for l := range bytes.Lines(b) {
		f := strings.Split(strings.TrimSpace(string(l)), ":")
		if len(f) < 7 || f[0] == "" {
			continue
		}
		uid, err := strconv.ParseUint(f[2], 10, 32)
		gid, gerr := strconv.ParseUint(f[3], 10, 32)
		if err == nil && gerr == nil {
			out = append(out, account{text(f[0]), int64(uid), int64(gid), f[5]})
		}
	}
	return out
}

// parseGroup reads /etc/group; lines that are not of its form are left out.
func parseGroup(b []byte) []snapshot.Group {
	var out []snapshot.Group
	for l := range bytes.Lines(b) {
		f := strings.Split(strings.TrimSpace(string(l)), ":")
		if len(f) < 4 || f[0] == "" {
			continue
		}
		gid, err := strconv.ParseUint(f[2], 10, 32)
		if err != nil {
			continue
		}
		g := snapshot.Group{Name: text(f[0]), GID: int64(gid)}
		for m := range strings.SplitSeq(f[3], ",") {
			if m = strings.TrimSpace(m); m != "" {
				g.Members = append(g.Members, text(m))
			}
		}
		out = append(out, g)
	}
	return out
}

// parseSwitch returns the sources of users and groups in nsswitch.conf beside
// the local files, sorted. Without the file the C libraries use files alone.
func parseSwitch(b []byte) []string {
	var out []string
	for l := range bytes.Lines(b) {
		s, _, _ := strings.Cut(string(l), "#")
		db, sources, ok := strings.Cut(s, ":")
		switch strings.TrimSpace(db) {
		case "passwd", "group", "initgroups", "passwd_compat", "group_compat":
		default:
			ok = false
		}
		if !ok {
			continue
		}
		action := false // inside [NOTFOUND=return]
		for w := range strings.FieldsSeq(strings.NewReplacer("[", " [ ", "]", " ] ").Replace(sources)) {
			switch w {
			case "[":
				action = true
			case "]":
				action = false
			case "files", "systemd", "compat":
			default:
				if !action {
					out = append(out, text(w))
				}
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// accounts gathers the groups that can open a socket of an engine or runtime,
// group 0 and any named docker, with listed members and users whose primary
// group they are.
func (m *Machine) accounts(ctx context.Context, sockets []string) (snapshot.Accounts, error) {
	var a snapshot.Accounts
	b, err := m.read("/etc/group", maxTable)
	if err != nil {
		return a, err
	}
	groups := parseGroup(b)
	nis := bytes.HasPrefix(b, []byte("+")) || bytes.Contains(b, []byte("\n+"))
	if b, err = m.read("/etc/passwd", maxTable); err != nil {
		return a, err
	}
	users := parsePasswd(b)
	nis = nis || bytes.HasPrefix(b, []byte("+")) || bytes.Contains(b, []byte("\n+"))
	b, err = m.read("/etc/nsswitch.conf", maxText)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return a, err
	}
	a.OtherSources = parseSwitch(b)
	if nis && !slices.Contains(a.OtherSources, "nis") { // a line of + includes the network's accounts
		a.OtherSources = append(a.OtherSources, "nis")
		slices.Sort(a.OtherSources)
	}
	wanted := map[int64]bool{0: true}
	for _, w := range wellKnown {
		sockets = append(slices.Clip(sockets), w.path)
	}
	for _, s := range sockets {
		if p, err := m.find(strings.TrimPrefix(s, "unix://")); err == nil {
			wanted[inodeOf(p.info).gid] = true
		}
	}
	for _, g := range groups {
		if err := ctx.Err(); err != nil {
			return a, err
		}
		if !wanted[g.GID] && g.Name != "docker" {
			continue
		}
		for _, u := range users {
			if u.gid == g.GID {
				g.Members = append(g.Members, u.name)
			}
		}
		slices.Sort(g.Members)
		g.Members = slices.Compact(g.Members)
		g.Members = g.Members[:min(len(g.Members), maxMembers)]
		a.Groups = append(a.Groups, g)
	}
	return a, nil
}
