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

// covered is what counts of the mounts of a process: whether each point refuses
// writes. A later mount on the same point covers an earlier one.
type covered map[string]bool

// parseCovered reads /proc/PID/mountinfo, of which each container has one with
// tens of lines.
func parseCovered(b []byte) covered {
	out := make(covered, bytes.Count(b, []byte("\n")))
	for l := range bytes.Lines(b) {
		left, right, ok := bytes.Cut(bytes.TrimRight(l, "\n"), []byte(" - "))
		var point, options []byte
		for i := 0; i < 6 && ok; i++ {
			var f []byte
			f, left, ok = bytes.Cut(left, []byte(" "))
			switch i {
			case 4:
				point = f
			case 5:
				options, ok = f, true // the line may end here
			}
		}
		_, right, two := bytes.Cut(right, []byte(" "))
		_, super, three := bytes.Cut(right, []byte(" "))
		if !ok || !two || !three {
			continue
		}
		super, _, _ = bytes.Cut(super, []byte(" "))
		out[unescape(string(point))] = has(options, "ro") || has(super, "ro")
	}
	return out
}

// has looks for a word in a list with commas.
func has(list []byte, word string) bool {
	for more := true; more; {
		var w []byte
		if w, list, more = bytes.Cut(list, []byte(",")); string(w) == word {
			return true
		}
	}
	return false
}

// rootReadOnly reports whether the mount on / refuses writes; found is false
// when there is none.
func (c covered) rootReadOnly() (ro, found bool) {
	ro, found = c["/"]
	return ro, found
}

// writableIn lists the mounts that accept writes although they lie inside a
// read-only one: the engine's older way of mounting read-only leaves them so.
// The root and the kernel's own file systems are other checks' business.
func (c covered) writableIn() []string {
	const most = 64
	var out []string
	for point, ro := range c {
		if ro || point == "/" || kernels(point) {
			continue
		}
		for dir := path.Dir(point); dir != "/" && dir != "."; dir = path.Dir(dir) {
			if around, mounted := c[dir]; mounted {
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

// kernels reports whether a mount point is among the kernel's own.
func kernels(point string) bool {
	for _, dir := range []string{"/proc", "/sys", "/dev"} {
		if point == dir || strings.HasPrefix(point, dir+"/") {
			return true
		}
	}
	return false
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
