package host

import (
	"maps"
	"slices"
)

const (
	maxUIDs  = 64 // distinct users of one container's processes
	unseenID = -1 // stands among them for a process that was not looked at
)

// owners gathers whose the processes of a container are, by the numbers of the
// user namespace that its first process is in.
type owners struct {
	m       *Machine
	userNS  uint64
	uids    map[int64]bool
	partial bool
}

// add looks at one process. Its folder in /proc belongs to its effective user, or
// to root when the kernel keeps its memory to itself, so that only root's need a
// closer look. One that ended does not count.
func (o *owners) add(pid int) {
	info, err := o.m.info(proc(pid))
	if err != nil {
		o.partial = o.partial || !gone(err)
		return
	}
	uid := inodeOf(info).uid
	if uid == 0 || o.m.root != "" { // below a prefix the folder may be a copy
		st, err := o.m.status(pid)
		if err != nil {
			o.partial = o.partial || !gone(err)
			return
		}
		uid = st.uid
	}
	ids, err := o.m.idMap(pid, o.userNS)
	if err != nil {
		o.partial = true
		return
	}
	o.uids[inward(ids, uid)] = true
}

// list returns the users, sorted; the first is unseenID when some are missing.
func (o *owners) list() []int64 {
	out := slices.Sorted(maps.Keys(o.uids))
	if o.partial || len(out) > maxUIDs {
		out = append([]int64{unseenID}, out...)
	}
	return out[:min(len(out), maxUIDs)]
}
