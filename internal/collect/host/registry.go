package host

import (
	"bytes"
	"context"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"plimsoll/internal/snapshot"
)

// registryPrograms are the names of distribution's program.
var registryPrograms = []string{"registry", "docker-registry"}

// Registry finds the registry that listens on a TCP port of the machine, itself
// or in a container that publishes it, and reads its configuration.
func (m *Machine) Registry(ctx context.Context, port uint16) snapshot.Fact[snapshot.RegistryConfig] {
	const source = "processes that listen"
	pids, err := m.pids()
	if err != nil {
		return missing[snapshot.RegistryConfig](err, source)
	}
	var candidates []int
	inside := published{} // address and port in containers
	denied := 0
	for _, pid := range pids {
		if err := ctx.Err(); err != nil {
			return missing[snapshot.RegistryConfig](err, source)
		}
		exe, err := m.exe(pid)
		if err != nil {
			if s, _ := outcome(err); s == snapshot.Denied && pid > 1 {
				denied++
			}
			continue
		}
		switch base := path.Base(exe); {
		case slices.Contains(registryPrograms, base):
			candidates = append(candidates, pid)
		case base == "docker-proxy":
			if b, err := m.read(proc(pid)+"/cmdline", maxText); err == nil {
				inside.add(b, port)
			}
		}
	}
	for _, pid := range candidates {
		if m.listensOn(ctx, pid, port) || m.published(ctx, pid, inside) {
			return m.registryAt(ctx, pid)
		}
	}
	if denied > 0 && len(candidates) == 0 {
		return snapshot.Missing[snapshot.RegistryConfig](snapshot.Denied, snapshot.ReasonDenied, source)
	}
	return snapshot.Missing[snapshot.RegistryConfig](snapshot.Skipped, snapshot.ReasonNotCollected, source)
}

// listensOn reports whether a process of our network listens on a port.
func (m *Machine) listensOn(ctx context.Context, pid int, port uint16) bool {
	return m.sharesNetwork(pid) && m.holds(ctx, pid, port)
}

// holds reports whether a process has a listening socket with the port.
func (m *Machine) holds(ctx context.Context, pid int, port uint16) bool {
	own, err := m.sockets(ctx, pid)
	if err != nil {
		return false
	}
	rows, err := m.daemonTCP(pid)
	return err == nil && slices.ContainsFunc(rows, func(l tcpListener) bool { return own[l.inode] && l.addr.Port() == port })
}

// published are addresses in containers that a port of the machine leads to.
type published map[string]uint16 // IP -> port

// add reads the command line of one docker-proxy.
func (p published) add(cmdline []byte, port uint16) {
	flags := make(map[string]string)
	args := strings.Split(string(cmdline), "\x00")
	for i := 0; i+1 < len(args); i++ {
		if strings.HasPrefix(args[i], "-") {
			flags[strings.TrimLeft(args[i], "-")] = args[i+1]
		}
	}
	to, err := strconv.ParseUint(flags["container-port"], 10, 16)
	if err == nil && flags["host-port"] == strconv.Itoa(int(port)) && flags["container-ip"] != "" {
		p[flags["container-ip"]] = uint16(to)
	}
}

// published reports whether a process listens at one of the addresses inside
// its own network.
func (m *Machine) published(ctx context.Context, pid int, at published) bool {
	if len(at) == 0 {
		return false
	}
	b, err := m.read(proc(pid)+"/net/fib_trie", maxTable)
	if err != nil {
		return false
	}
	for ip, port := range at {
		if bytes.Contains(b, []byte("|-- "+ip+"\n")) && m.holds(ctx, pid, port) {
			return true
		}
	}
	return false
}

// registryAt reads the configuration of a registry's process, as it sees it.
func (m *Machine) registryAt(ctx context.Context, pid int) snapshot.Fact[snapshot.RegistryConfig] {
	type T = snapshot.RegistryConfig
	view, err := m.viewOf(pid)
	if err != nil {
		return vanished[T](err, proc(pid)+"/ns/mnt")
	}
	env, err := m.read(proc(pid)+"/environ", 2*maxText)
	if err != nil {
		return vanished[T](err, proc(pid)+"/environ")
	}
	environ := strings.Split(string(env), "\x00")
	file, err := m.registryConfigPath(pid, environ)
	if err != nil {
		return vanished[T](err, proc(pid)+"/cmdline")
	}
	p, err := view.find(file)
	if err != nil {
		return missing[T](err, text(file))
	}
	b, err := view.read(file, maxText)
	if err != nil {
		return missing[T](err, text(file))
	}
	f, err := parseRegistryFile(b, file, environ)
	if err != nil {
		return snapshot.Missing[T](snapshot.Failed, snapshot.ReasonUnparsable, text(file))
	}
	c := f.facts()
	exe, err := m.exe(pid)
	if err != nil {
		return vanished[T](err, proc(pid)+"/exe")
	}
	st, err := m.status(pid)
	if err != nil {
		return vanished[T](err, proc(pid)+"/status")
	}
	c.Path, c.Exe, c.UID, c.Mode, c.Owner = text(file), text(exe), st.uid, modeOf(p.info.Mode()), inodeOf(p.info).uid
	c.Later = m.changedSince(pid, p.info.ModTime())
	if view == m.tree {
		c.Package = m.Package(ctx, exe)
	}
	if slices.Contains(c.Auth, "htpasswd") {
		c.Htpasswd = readHtpasswd(view, f.text("auth.htpasswd.path"))
	}
	c.Storage = snapshot.Missing[snapshot.Directory](snapshot.Skipped, snapshot.ReasonUndeclared, "storage driver "+c.Driver)
	if c.Driver == "filesystem" {
		c.Storage = folderOf(view, f.folder())
	}
	return snapshot.Seen(c, c.Path)
}

// changedSince reports whether a time is after the start of a process, which the
// kernel tells to a second.
func (m *Machine) changedSince(pid int, at time.Time) bool {
	const coarse = 2 * time.Second
	_, ticks, err := m.stat(pid)
	if err != nil {
		return false
	}
	began, err := m.started(ticks)
	return err == nil && at.After(began.Add(coarse))
}

// registryConfigPath finds the file: the last argument of serve, else the
// variable that names it.
func (m *Machine) registryConfigPath(pid int, environ []string) (string, error) {
	b, err := m.read(proc(pid)+"/cmdline", maxText)
	if err != nil {
		return "", err
	}
	file := ""
	args := strings.Split(strings.TrimRight(string(b), "\x00"), "\x00")
	for _, a := range args[min(1, len(args)):] {
		if a != "serve" && !strings.HasPrefix(a, "-") {
			file = a
		}
	}
	for _, e := range environ {
		if v, ok := strings.CutPrefix(e, "REGISTRY_CONFIGURATION_PATH="); ok && file == "" {
			file = v
		}
	}
	if path.IsAbs(file) {
		return file, nil
	}
	cwd, err := m.link(proc(pid) + "/cwd")
	return path.Join(cwd, file), err
}

// readHtpasswd counts the entries of a password file, and those that are not
// hashed by bcrypt. Nothing else of it is kept.
func readHtpasswd(view tree, name string) snapshot.Fact[snapshot.Htpasswd] {
	p, err := view.find(name)
	if err != nil {
		return missing[snapshot.Htpasswd](err, text(name))
	}
	b, err := view.read(name, maxText)
	if err != nil {
		return missing[snapshot.Htpasswd](err, text(name))
	}
	h := parseHtpasswd(b)
	h.Mode = modeOf(p.info.Mode())
	return snapshot.Seen(h, text(name))
}

func parseHtpasswd(b []byte) snapshot.Htpasswd {
	var h snapshot.Htpasswd
	for l := range bytes.Lines(b) {
		s := strings.TrimSpace(string(l))
		if s == "" || strings.HasPrefix(s, "#") {
			continue
		}
		h.Entries++
		_, hash, _ := strings.Cut(s, ":")
		if !strings.HasPrefix(hash, "$2a$") && !strings.HasPrefix(hash, "$2b$") && !strings.HasPrefix(hash, "$2y$") {
			h.Weak++
		}
	}
	return h
}

func folderOf(view tree, name string) snapshot.Fact[snapshot.Directory] {
	p, err := view.find(name)
	if err != nil {
		return missing[snapshot.Directory](err, text(name))
	}
	n := inodeOf(p.info)
	return snapshot.Seen(snapshot.Directory{Path: text(p.real), Mode: modeOf(p.info.Mode()), UID: n.uid, GID: n.gid}, text(name))
}

// Pins returns the authorities below certs.d for a registry, in PEM, as the
// engine would read them; nil when there are none.
func (m *Machine) Pins(address string) []byte {
	var out []byte
	host, port, _ := strings.Cut(address, ":")
	dirs := []string{address}
	if port == "443" {
		dirs = append(dirs, host)
	}
	for _, d := range dirs {
		if strings.Contains(d, "/") {
			continue
		}
		names, err := m.list("/etc/docker/certs.d/" + d)
		if err != nil {
			continue
		}
		slices.Sort(names)
		for _, n := range names[:min(len(names), 64)] {
			if strings.HasSuffix(n, ".crt") {
				if b, err := m.read("/etc/docker/certs.d/"+d+"/"+n, maxText); err == nil {
					out = append(append(out, b...), '\n')
				}
			}
		}
	}
	return out
}
