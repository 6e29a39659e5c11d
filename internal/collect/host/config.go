package host

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"plimsoll/internal/snapshot"
)

const defaultConfig = "/etc/docker/daemon.json"

// Config merges the daemon's command line with the configuration file that it
// names or that is the default. When the file exists but cannot be read or
// parsed, the fact is not Observed, since any key may be set there; its value
// still holds the flags and says what became of the file.
func (m *Machine) Config(ctx context.Context, d snapshot.DaemonProcess) snapshot.Fact[snapshot.DaemonConfig] {
	source := proc(d.PID) + "/cmdline"
	if err := ctx.Err(); err != nil {
		return missing[snapshot.DaemonConfig](err, source)
	}
	if path.Base(d.Exe) == "podman" {
		return snapshot.Missing[snapshot.DaemonConfig](snapshot.Skipped, snapshot.ReasonNotCollected, d.Exe)
	}
	b, err := m.read(source, 2*maxText)
	if err == nil && len(b) == 0 {
		err = fs.ErrNotExist // the process ended: a running one has a name
	}
	if err != nil {
		return vanished[snapshot.DaemonConfig](err, source)
	}
	c := parseCmdline(b)
	view, err := m.viewOf(d.PID)
	if err != nil {
		return vanished[snapshot.DaemonConfig](err, proc(d.PID)+"/ns/mnt")
	}
	file := c.configFile
	if file == "" {
		if file, err = m.defaultConfig(d); err != nil {
			return missing[snapshot.DaemonConfig](err, proc(d.PID)+"/environ")
		}
	}
	if !path.IsAbs(file) {
		cwd, err := m.link(proc(d.PID) + "/cwd")
		if err != nil {
			return vanished[snapshot.DaemonConfig](err, proc(d.PID)+"/cwd")
		}
		file = path.Join(cwd, file)
	}
	cfg := snapshot.DaemonConfig{File: text(file)}
	fact := snapshot.Seen(cfg, source+", "+cfg.File)
	values, state, reason := m.readConfig(view, file, d.PID, &fact.V)
	fact.V.FileSeen = state
	fact.V.Settings = merge(c.values, values)
	fact.V.Twice, fact.V.Unknown = misplaced(c.values, values)
	if state != snapshot.Observed && state != snapshot.Absent {
		fact.State, fact.Reason = state, reason
	}
	return fact
}

// readConfig reads the configuration file as the daemon sees it.
func (m *Machine) readConfig(view tree, file string, pid int, c *snapshot.DaemonConfig) (map[string][]string, snapshot.State, snapshot.Reason) {
	p, err := view.find(file)
	if err != nil {
		s, r := outcome(err)
		return nil, s, r
	}
	c.Modified = p.info.ModTime().UTC().Truncate(secondsOnly)
	c.Loaded = slices.ContainsFunc(m.loaded, func(l snapshot.LoadedFile) bool {
		return l.Path == file && l.PID == pid && l.Modified.Equal(p.info.ModTime())
	})
	b, err := view.read(file, maxText)
	if err != nil {
		s, r := outcome(err)
		return nil, s, r
	}
	values, err := parseDaemonJSON(b)
	if err != nil {
		return nil, snapshot.Failed, snapshot.ReasonUnparsable
	}
	return values, snapshot.Observed, snapshot.ReasonNone
}

// viewOf is the file system as a process sees it: the machine's, or, where it
// has a mount namespace of its own (snap, rootless), through its root.
func (m *Machine) viewOf(pid int) (tree, error) {
	theirs, err := m.link(proc(pid) + "/ns/mnt")
	if errors.Is(err, fs.ErrPermission) && m.sameView(pid) {
		return m.tree, nil
	}
	if err != nil {
		return tree{}, err
	}
	ours, err := m.link("/proc/self/ns/mnt")
	if err != nil {
		return tree{}, err
	}
	first, err := m.initial()
	id, idErr := parseNamespace(theirs)
	if theirs == ours && m.root == "" || err == nil && idErr == nil && id == first.mnt {
		return m.tree, nil
	}
	return tree{root: m.root + proc(pid) + "/root", readers: m.readers}, nil
}

// defaultConfig is where a daemon without --config-file looks: below /etc, or,
// when it does not run as root, in its user's configuration folder.
func (m *Machine) defaultConfig(d snapshot.DaemonProcess) (string, error) {
	if d.UID == 0 {
		return defaultConfig, nil
	}
	env, err := m.read(proc(d.PID)+"/environ", 2*maxText)
	switch {
	case err == nil:
		if f := userConfig(string(env)); f != "" {
			return f, nil
		}
	case !errors.Is(err, fs.ErrPermission):
		return "", err
	}
	b, err := m.read("/etc/passwd", maxTable)
	if err != nil {
		return "", err
	}
	for _, u := range parsePasswd(b) {
		if u.uid == d.UID && u.home != "" {
			return u.home + "/.config/docker/daemon.json", nil
		}
	}
	return "", errors.New("the daemon's user " + strconv.FormatInt(d.UID, 10) + " has no home in /etc/passwd")
}

// userConfig finds the configuration file by two variables of an environment;
// it looks at no other.
func userConfig(env string) string {
	home := ""
	for v := range strings.SplitSeq(env, "\x00") {
		if s, ok := strings.CutPrefix(v, "XDG_CONFIG_HOME="); ok && path.IsAbs(s) {
			return s + "/docker/daemon.json"
		}
		if s, ok := strings.CutPrefix(v, "HOME="); ok && path.IsAbs(s) {
			home = s + "/.config/docker/daemon.json"
		}
	}
	return home
}
