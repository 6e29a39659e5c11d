package shared

import (
	"cmp"
	"fmt"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/snapshot"
)

func fileEvidence(source, value string) check.Evidence {
	return check.Evidence{Source: source, Value: value}
}

// OwnerEvidence says whose a file is.
func OwnerEvidence(f *snapshot.File) check.Evidence {
	return fileEvidence("owner of "+cmp.Or(f.Real, f.Path), fmt.Sprintf("uid %d, gid %d", f.UID, f.GID))
}

// UnseenFile returns the verdict for a file without anything to judge.
func UnseenFile(f *snapshot.File) (check.Verdict, bool) {
	switch f.State {
	case snapshot.Observed:
		if f.Real == "/dev/null" {
			return check.Inapplicable("it is a link to /dev/null, which holds nothing"), true
		}
		return check.Verdict{}, false
	case snapshot.Absent:
		return check.Inapplicable("the path does not exist"), true
	case snapshot.Denied, snapshot.Failed, snapshot.Skipped:
	}
	return check.Undecided(cmp.Or(f.Reason, snapshot.ReasonFor(f.State)), "it was not readable: "+f.State.String()), true
}

// OwnedBy judges owner, group, access list and the directories above: nobody but
// root and the owner that is right may change the file or replace it.
func OwnedBy(f *snapshot.File, uid, gid int64) check.Verdict {
	evidence := []check.Evidence{OwnerEvidence(f)}
	whose := "root"
	if uid != 0 {
		whose = fmt.Sprintf("uid %d", uid)
	}
	switch {
	case f.UID != uid:
		return check.Failed(fmt.Sprintf("it belongs to uid %d", f.UID), evidence...)
	case f.GID != gid:
		return check.Failed(fmt.Sprintf("its group is gid %d", f.GID), evidence...)
	}
	for _, d := range f.Parents {
		if uid != 0 && d.UID == uid && d.Mode&0o022 == 0 {
			continue
		}
		if why := Replaceable(d); why != "" {
			return check.Failed(why, append(evidence, fileEvidence("directory "+d.Path, fmt.Sprintf("%04o, uid %d, gid %d", d.Mode, d.UID, d.GID)))...)
		}
	}
	for _, a := range f.ACL.V {
		if f.ACL.Known() && a.Kind != "mask" && a.ID != 0 && Effective(f, a)&2 != 0 {
			who := fmt.Sprintf("%s %d", a.Kind, a.ID)
			return check.Failed("the access list lets "+who+" write", append(evidence, fileEvidence("access list, "+who, Rights(Effective(f, a))))...)
		}
	}
	switch {
	case !f.ACL.Known():
		return check.Undecided(cmp.Or(f.ACL.Reason, snapshot.ReasonFor(f.ACL.State), snapshot.ReasonPartial), "it belongs to "+whose+", the access list was not readable", evidence...)
	case len(f.Parents) == 0 && f.Path != "/":
		return check.Undecided(snapshot.ReasonPartial, "it belongs to "+whose+", the directories above it were not readable", evidence...)
	}
	return check.Passed("it and the directories above it belong to "+whose, evidence...)
}

// Replaceable says who beside root may write to a directory, or "".
func Replaceable(d snapshot.Directory) string {
	switch {
	case d.UID != 0:
		return fmt.Sprintf("uid %d owns %s and may replace it", d.UID, d.Path)
	case d.Mode&0o002 != 0:
		return "everyone may put files in " + d.Path
	case d.Mode&0o020 != 0 && d.GID != 0:
		return fmt.Sprintf("group %d may replace it in %s", d.GID, d.Path)
	}
	return ""
}

// WithinMode judges the mode's bits and the access list against a widest mode.
func WithinMode(f *snapshot.File, widest uint32) check.Verdict {
	evidence := []check.Evidence{fileEvidence("mode of "+cmp.Or(f.Real, f.Path), fmt.Sprintf("%04o", f.Mode))}
	if extra := f.Mode &^ widest; extra != 0 {
		return check.Failed(fmt.Sprintf("the mode has bits beyond %04o: %04o", widest, extra), evidence...)
	}
	if !f.ACL.Known() {
		return check.Undecided(cmp.Or(f.ACL.Reason, snapshot.ReasonFor(f.ACL.State), snapshot.ReasonPartial), "the mode is right, the access list was not readable", evidence...)
	}
	group := uint8(widest >> 3 & 7)
	for _, a := range f.ACL.V {
		if a.Kind != "mask" && Effective(f, a)&^group != 0 {
			who := fmt.Sprintf("%s %d", a.Kind, a.ID)
			return check.Failed("the access list gives "+who+" more than the group may have", append(evidence, fileEvidence("access list, "+who, Rights(Effective(f, a))))...)
		}
	}
	return check.Passed(fmt.Sprintf("the mode has no bit beyond %04o", widest), evidence...)
}

// Effective are the rights of an entry of an access list below its mask.
func Effective(f *snapshot.File, a snapshot.ACL) uint8 {
	perm := a.Perm & 7
	for _, m := range f.ACL.V {
		if m.Kind == "mask" {
			perm &= m.Perm
		}
	}
	return perm
}

// Rights prints rwx bits.
func Rights(perm uint8) string {
	var sb strings.Builder
	for i, c := range "rwx" {
		if perm&(4>>i) == 0 {
			c = '-'
		}
		sb.WriteRune(c)
	}
	return sb.String()
}
