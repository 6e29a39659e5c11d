package host

import (
	"bytes"
	"path"
	"slices"
	"strings"
)

// mount is what is used of a line of /proc/PID/mountinfo.
type mount struct {
	device      string   // major:minor
	root, point string   // the mounted directory in its file system; where it is mounted
	kind        string   // file system type
	options     []string // of the mount
	super       []string // of the file system
}

// parseMounts reads /proc/PID/mountinfo; a line that is not of its form is left
// out.
func parseMounts(b []byte) []mount {
	var out []mount
	for l := range bytes.Lines(b) {
		left, right, ok := strings.Cut(string(bytes.TrimRight(l, "\n")), " - ")
		f, g := strings.Split(left, " "), strings.Split(right, " ")
		if !ok || len(f) < 6 || len(g) < 3 {
			continue
		}
		out = append(out, mount{
			device: f[2], root: unescape(f[3]), point: unescape(f[4]), kind: g[0],
			options: strings.Split(f[5], ","), super: strings.Split(g[2], ","),
		})
	}
	return out
}

// unescape undoes the kernel's octal escapes of space, tab, newline and \.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(s)
}

// rootReadOnly reports whether the mount on / refuses writes; found is false
// when there is none. A later mount on the same point covers an earlier one.
func rootReadOnly(mounts []mount) (ro, found bool) {
	for _, m := range slices.Backward(mounts) {
		if m.point == "/" {
			return slices.Contains(m.options, "ro") || slices.Contains(m.super, "ro"), true
		}
	}
	return false, false
}

// writableIn lists the mounts that accept writes although they lie inside a
// read-only one: the engine's older way of mounting read-only leaves them so.
// The root and the kernel's own file systems are other checks' business.
func writableIn(mounts []mount) []string {
	const most = 64
	kernels := func(point string) bool {
		for _, dir := range []string{"/proc", "/sys", "/dev"} {
			if point == dir || strings.HasPrefix(point, dir+"/") {
				return true
			}
		}
		return false
	}
	last := make(map[string]bool, len(mounts)) // point -> read-only; a later mount covers an earlier one
	for _, m := range mounts {
		last[m.point] = slices.Contains(m.options, "ro") || slices.Contains(m.super, "ro")
	}
	var out []string
	for point, ro := range last {
		if ro || point == "/" || kernels(point) {
			continue
		}
		for dir := path.Dir(point); dir != "/" && dir != "."; dir = path.Dir(dir) {
			if around, mounted := last[dir]; mounted {
				if around {
					out = append(out, text(point))
				}
				break
			}
		}
	}
	slices.Sort(out)
	return out[:min(len(out), most)]
}

// readMounts returns the machine's mounts, with mount points as paths of the
// tree. Below a prefix the first process's table has them so; our own has the
// prefix in front.
func (m *Machine) readMounts() ([]mount, error) {
	if m.root != "" {
		if b, err := m.read("/proc/1/mountinfo", maxTable); err == nil {
			return parseMounts(b), nil
		}
	}
	b, err := m.read("/proc/self/mountinfo", maxTable)
	if err != nil {
		return nil, err
	}
	mounts := parseMounts(b)
	if m.root == "" {
		return mounts, nil
	}
	var out []mount
	for _, mt := range mounts {
		if inner, ok := strings.CutPrefix(mt.point, m.root); ok && (inner == "" || inner[0] == '/') {
			mt.point = path.Join("/", inner)
			out = append(out, mt)
		}
	}
	return out, nil
}
