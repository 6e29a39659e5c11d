package host

import (
	"errors"
	"path"
	"slices"
	"strings"

	"plimsoll/internal/snapshot"
)

// unitDirs are the directories in which systemd looks for units, first match
// first.
var unitDirs = []string{
	"/etc/systemd/system.control", "/run/systemd/system.control", "/run/systemd/transient", "/run/systemd/generator.early",
	"/etc/systemd/system", "/etc/systemd/system.attached", "/run/systemd/system", "/run/systemd/system.attached",
	"/run/systemd/generator", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system", "/run/systemd/generator.late",
}

var errSpecifier = errors.New("the name has a specifier that only systemd resolves")

// unit adds the file that defines a unit, the drop-ins that change it and the
// environment files that they name. A unit that is masked, a link to /dev/null,
// starts nothing and is left out.
func (l *fileList) unit(name string, role snapshot.FileRole) {
	var found []string
	for _, dir := range unitDirs {
		at := path.Join(dir, name)
		p, err := l.view.find(at)
		if gone(err) {
			continue
		}
		if err == nil && p.real == devNull {
			return
		}
		l.add(at, role)
		found = append(found, at)
		break
	}
	if len(found) == 0 {
		return
	}
	kind := strings.TrimPrefix(path.Ext(name), ".")
	found = append(found, l.dropIns(name, kind, role)...)
	var env environmentFiles
	for _, at := range found {
		if b, err := l.view.read(at, maxText); err == nil {
			env.parse(string(b))
		}
	}
	for _, pattern := range env {
		if strings.Contains(pattern, "%") {
			l.unread(pattern, role, errSpecifier)
			continue
		}
		for _, at := range l.view.glob(pattern) {
			l.add(at, role)
		}
	}
}

const devNull = "/dev/null"

// dropIns adds the drop-ins of a unit and of its kind, and returns their paths
// in the order in which systemd reads them. Of those with the same name, the one
// in the first directory holds.
func (l *fileList) dropIns(name, kind string, role snapshot.FileRole) []string {
	at := make(map[string]string) // name of a drop-in -> path, "" when masked
	for _, sub := range []string{name + ".d", kind + ".d"} {
		for _, dir := range unitDirs {
			dir = path.Join(dir, sub)
			names, err := l.view.list(dir)
			if err != nil && !gone(err) {
				l.unread(dir, role, err)
			}
			for _, n := range names {
				if _, hidden := at[n]; hidden || !strings.HasSuffix(n, ".conf") {
					continue
				}
				at[n] = path.Join(dir, n)
				if p, err := l.view.find(at[n]); err == nil && p.real == devNull {
					at[n] = ""
				}
			}
		}
	}
	names := make([]string, 0, len(at))
	for n := range at {
		names = append(names, n)
	}
	slices.Sort(names)
	var out []string
	for _, n := range names {
		if at[n] != "" {
			l.add(at[n], role)
			out = append(out, at[n])
		}
	}
	return out
}

// environmentFiles are the paths that units name, in order.
type environmentFiles []string

// parse takes in one unit file: EnvironmentFile= in any section, lines joined
// by a backslash, an empty value forgetting those before.
func (e *environmentFiles) parse(unit string) {
	unit = strings.ReplaceAll(unit, "\\\n", " ")
	for line := range strings.Lines(unit) {
		key, value, ok := strings.Cut(line, "=")
		if !ok || strings.TrimSpace(key) != "EnvironmentFile" {
			continue
		}
		switch value = strings.TrimPrefix(strings.TrimSpace(value), "-"); {
		case value == "":
			*e = nil
		case path.IsAbs(value) && len(value) <= maxPath && len(*e) < maxImports:
			*e = append(*e, path.Clean(value))
		}
	}
}
