package host

import (
	"slices"
	"strings"

	"plimsoll/internal/snapshot"
)

// kernels reads the build of the running kernel and which ones are installed.
func (m *Machine) kernels() (snapshot.Kernels, error) {
	build, err := m.line("/proc/sys/kernel/version")
	if err != nil {
		return snapshot.Kernels{}, err
	}
	k := snapshot.Kernels{Build: text(build)}
	for _, dir := range []string{"/boot", "/lib/modules"} {
		names, err := m.list(dir)
		if err != nil && !gone(err) {
			return k, err
		}
		for _, n := range names {
			release := n
			if dir == "/boot" {
				var ok bool
				if release, ok = strings.CutPrefix(n, "vmlinuz-"); !ok {
					continue
				}
			}
			// Modules alone may remain of a removed package; its list of them goes with it.
			if dir == "/lib/modules" && !m.exists(dir+"/"+n+"/modules.builtin") {
				continue
			}
			if release != "" && release[0] >= '0' && release[0] <= '9' {
				k.Installed = append(k.Installed, text(release))
			}
		}
	}
	slices.Sort(k.Installed)
	k.Installed = slices.Compact(k.Installed)
	return k, nil
}
