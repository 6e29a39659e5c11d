package host

import (
	"bytes"
	"errors"
	"slices"
	"strings"

	"plimsoll/internal/snapshot"
)

// controllers says which control group controllers are mounted and enabled.
// Version 3 is a hybrid: both versions are mounted, and version 1 limits.
func (m *Machine) controllers() (snapshot.Cgroups, error) {
	var c snapshot.Cgroups
	mounts, err := m.mounts()
	if err != nil {
		return c, err
	}
	var enabled map[string]bool
	v1, v2 := false, false
	for _, mt := range mounts {
		switch mt.kind {
		case "cgroup":
			if enabled == nil {
				b, err := m.read("/proc/cgroups", maxText)
				if err != nil {
					return c, err
				}
				enabled = parseControllers(b)
			}
			for _, o := range mt.super {
				if enabled[o] {
					v1 = true
					c.Controllers = append(c.Controllers, text(o))
				}
			}
		case "cgroup2":
			if mt.root != "/" && v2 {
				continue // a bind mount of a part
			}
			s, err := m.line(mt.point + "/cgroup.controllers")
			if err != nil {
				return c, err
			}
			v2 = true
			for o := range strings.FieldsSeq(s) {
				c.Controllers = append(c.Controllers, text(o))
			}
		}
	}
	switch {
	case v1 && v2:
		c.Version = 3
	case v1:
		c.Version = 1
	case v2:
		c.Version = 2
	default:
		return c, errors.New("no control group file system is mounted")
	}
	slices.Sort(c.Controllers)
	c.Controllers = slices.Compact(c.Controllers)
	return c, nil
}

// parseControllers returns the controllers of /proc/cgroups that are enabled.
func parseControllers(b []byte) map[string]bool {
	out := make(map[string]bool)
	for l := range bytes.Lines(b) {
		f := strings.Fields(string(l))
		if len(f) == 4 && !strings.HasPrefix(f[0], "#") && f[3] == "1" {
			out[f[0]] = true
		}
	}
	return out
}
