package host

import (
	"errors"
	"strings"

	"plimsoll/internal/snapshot"
)

var errNoMount = errors.New("no mounted file system holds the path")

// volume says what a data root lies on, by the mounts that the process of the
// given number sees; 0 is the machine's.
func (m *Machine) volume(f *snapshot.File, view tree, pid int) {
	if f == nil || f.State != snapshot.Observed {
		return
	}
	mounts, err := m.mounts()
	source := "/proc/self/mountinfo"
	device := rootDevice(mounts)
	if err == nil && view != m.tree {
		source = proc(pid) + "/mountinfo"
		var b []byte
		b, err = m.read(source, maxTable)
		mounts = parseMounts(b)
	}
	if err != nil {
		f.Volume = missing[snapshot.Filesystem](err, source)
		return
	}
	mt := holding(mounts, f.Real)
	if mt == nil || device == "" {
		f.Volume = missing[snapshot.Filesystem](errNoMount, source)
		return
	}
	v := snapshot.Filesystem{Mount: text(mt.point), Device: text(mt.device), RootDevice: text(device), Type: text(mt.kind)}
	if err := space(view.root+f.Real, &v); err != nil {
		f.Volume = missing[snapshot.Filesystem](err, "statfs "+f.Real)
		return
	}
	f.Volume = snapshot.Seen(v, source+", statfs "+f.Real)
}

// holding returns the mount that a path without symbolic links is on, or nil. A
// later mount on the same point covers an earlier one.
func holding(mounts []mount, real string) *mount {
	var best *mount
	for i := range mounts {
		mt := &mounts[i]
		if below(real, mt.point) && (best == nil || len(mt.point) >= len(best.point)) {
			best = mt
		}
	}
	return best
}

// below reports whether a path is a directory or in it.
func below(p, dir string) bool {
	return p == dir || dir == "/" || strings.HasPrefix(p, dir+"/")
}

func rootDevice(mounts []mount) string {
	if mt := holding(mounts, "/"); mt != nil {
		return mt.device
	}
	return ""
}
