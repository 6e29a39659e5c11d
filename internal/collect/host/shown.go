package host

import (
	"path"
	"slices"
	"strings"
)

// maxShown bounds the other names of one path.
const maxShown = 64

// Shown lists the other paths of the machine that a container sees through a
// directory of it: where a mount on the path, or below it when recursive, comes
// from. A directory without such mounts shows none. real has no symbolic links.
func (m *Machine) Shown(real string, recursive bool) []string {
	table, err := m.origins()
	if err != nil {
		return nil
	}
	shown := make(map[string]bool)
	if at := table.around(real); at != nil {
		table.names(at, path.Join(at.root, strings.TrimPrefix(real, at.point)), shown)
	}
	if recursive {
		for _, mt := range table.below(real) {
			table.names(mt, mt.root, shown)
		}
	}
	delete(shown, real)
	var out []string
	for p := range shown {
		out = append(out, text(p))
	}
	slices.Sort(out)
	return out[:min(len(out), maxShown)]
}

// origins are the machine's mounts by their points and by their file systems.
type origins struct {
	points  []*mount            // sorted by point; of several on one, the last, which covers the others
	devices map[string][]*mount // those that a directory may be said to be of, see [places]
}

// ownRoots are where the kernel's own file systems are, whatever mounts them.
var ownRoots = map[string]string{"proc": "/proc", "sysfs": "/sys", "devtmpfs": "/dev"}

func newOrigins(mounts []mount) *origins {
	o := &origins{devices: make(map[string][]*mount)}
	last := make(map[string]*mount, len(mounts))
	for i := range mounts {
		last[mounts[i].point] = &mounts[i]
	}
	for i := range mounts {
		mt := &mounts[i]
		if last[mt.point] == mt {
			o.points = append(o.points, mt)
			o.devices[mt.device] = append(o.devices[mt.device], mt)
		}
	}
	for device, all := range o.devices {
		o.devices[device] = places(all)
	}
	slices.SortFunc(o.points, func(a, b *mount) int { return strings.Compare(dirKey(a.point), dirKey(b.point)) })
	return o
}

// places are the mounts that a directory of a file system may be said to be of:
// the one of the least root, of several the first, that of the whole machine, and
// subvolumes. Of the others, such as those that a kubelet or systemd makes of
// single folders, nothing comes.
func places(all []*mount) []*mount {
	least := all[0]
	for _, mt := range all {
		if len(mt.root) < len(least.root) {
			least = mt
		}
	}
	return slices.DeleteFunc(all, func(mt *mount) bool { return mt != least && !mt.named() })
}

// named reports whether a mount is a place by itself, whatever else shows its
// file system.
func (mt *mount) named() bool {
	return mt.point == "/" || mt.kind == "btrfs" && slices.Contains(mt.super, "subvol="+mt.root)
}

// dirKey orders a directory before all that lies below it, and that before what
// only begins with its name.
func dirKey(p string) string { return strings.TrimSuffix(p, "/") + "/" }

// around returns the mount that a path lies on.
func (o *origins) around(p string) *mount {
	for {
		key := dirKey(p)
		if i, ok := slices.BinarySearchFunc(o.points, key, func(mt *mount, k string) int { return strings.Compare(dirKey(mt.point), k) }); ok {
			return o.points[i]
		}
		if p == "/" {
			return nil
		}
		p = path.Dir(p)
	}
}

// below returns the mounts below a path.
func (o *origins) below(p string) []*mount {
	key := dirKey(p)
	i, _ := slices.BinarySearchFunc(o.points, key, func(mt *mount, k string) int { return strings.Compare(dirKey(mt.point), k) })
	var out []*mount
	for ; i < len(o.points) && strings.HasPrefix(dirKey(o.points[i].point), key); i++ {
		if o.points[i].point != p {
			out = append(out, o.points[i])
		}
	}
	return out
}

// names adds the paths by which other mounts show a directory of a mount's file
// system, or what lies in it.
func (o *origins) names(mt *mount, dir string, into map[string]bool) {
	if at := ownRoots[mt.kind]; at != "" {
		into[path.Join(at, dir)] = true
	}
	for _, other := range o.devices[mt.device] {
		if other == mt {
			continue
		}
		if rest, ok := inside(dir, other.root); ok {
			into[path.Join(other.point, rest)] = true
		} else if _, ok := inside(other.root, dir); ok {
			into[other.point] = true
		}
	}
}

// inside reports whether a path is dir or lies in it, and returns the rest.
func inside(p, dir string) (rest string, ok bool) {
	if dir == "/" {
		return p, true
	}
	rest, ok = strings.CutPrefix(p, dir)
	return rest, ok && (rest == "" || rest[0] == '/')
}
