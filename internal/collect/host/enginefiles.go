package host

import (
	"context"
	"path"
	"strings"

	"plimsoll/internal/collect/docker"
	"plimsoll/internal/snapshot"
)

// programDirs are searched for a program that is named without a directory.
var programDirs = []string{"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"}

// shims are the programs that stay beside a running container.
var shims = []string{"containerd-shim", "containerd-shim-runc-v1", "containerd-shim-runc-v2"}

// Files describes the files that one engine's behaviour rests on: its
// configuration file and TLS keys, the roots of its data and of its containerd's,
// and the programs of both.
func (m *Machine) Files(ctx context.Context, engineScope string, q docker.FileQuery) ([]snapshot.File, snapshot.PartStatus) {
	part := snapshot.PartStatus{Scope: engineScope, Part: snapshot.PartEngineFiles, State: snapshot.Observed}
	view, err := m.viewOf(q.Process.PID)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, unread(part, err, "the engine's files")
	}
	host, _ := m.scope()
	l := fileList{view: view, scope: host, engine: engineScope}
	if path.IsAbs(q.Process.Exe) {
		l.add(q.Process.Exe, snapshot.RoleEngineBinary)
	} else {
		l.unread(path.Join("/usr/bin", q.Process.Exe), snapshot.RoleEngineBinary, errDenied)
	}
	if q.Config.V.File != "" {
		l.add(q.Config.V.File, snapshot.RoleEngineConfig)
	}
	if q.Config.Known() {
		m.tlsFiles(&l, q)
	}
	if path.IsAbs(q.Root) {
		m.volume(l.add(q.Root, snapshot.RoleDataRoot), view, q.Process.PID)
	}
	for _, r := range q.Runtimes {
		l.program(r, snapshot.RoleRuntimeBinary)
	}
	own, err := m.containerdFiles(ctx, &l, q.Process)
	if err != nil {
		part.Reason, part.Grant = snapshot.ReasonPartial, grant
		part.Detail = "The engine's containerd could not be looked into."
	}
	return append(l.files, own...), part
}

// tlsFiles adds the files that TLS on the engine's TCP socket rests on. Those
// that the configuration does not name are in the daemon's certificate folder.
func (m *Machine) tlsFiles(l *fileList, q docker.FileQuery) {
	c := &q.Config.V
	if !c.Bool("tls", false) && !c.Bool("tlsverify", false) {
		return
	}
	for _, f := range []struct {
		key, name string
		role      snapshot.FileRole
	}{
		{"tlscacert", "ca.pem", snapshot.RoleTLSCA}, {"tlscert", "cert.pem", snapshot.RoleTLSCert}, {"tlskey", "key.pem", snapshot.RoleTLSKey},
	} {
		at := c.String(f.key, "")
		if at == "" {
			dir, err := m.certificateDir(q.Process.PID)
			if err != nil {
				l.unread(path.Join("~/.docker", f.name), f.role, err)
				continue
			}
			at = path.Join(dir, f.name)
		}
		if !path.IsAbs(at) {
			cwd, err := m.link(proc(q.Process.PID) + "/cwd")
			if err != nil {
				l.unread(at, f.role, err)
				continue
			}
			at = path.Join(cwd, at)
		}
		l.add(at, f.role)
	}
}

// certificateDir is where the daemon looks for TLS files without a path: what
// DOCKER_CERT_PATH or DOCKER_CONFIG says, else .docker in its home.
func (m *Machine) certificateDir(pid int) (string, error) {
	b, err := m.read(proc(pid)+"/environ", 2*maxText)
	if err != nil {
		return "", err
	}
	found := make(map[string]string)
	for v := range strings.SplitSeq(string(b), "\x00") {
		for _, name := range []string{"DOCKER_CERT_PATH", "DOCKER_CONFIG", "HOME"} {
			if s, ok := strings.CutPrefix(v, name+"="); ok && path.IsAbs(s) {
				found[name] = s
			}
		}
	}
	for _, name := range []string{"DOCKER_CERT_PATH", "DOCKER_CONFIG"} {
		if found[name] != "" {
			return found[name], nil
		}
	}
	if found["HOME"] == "" {
		return "/root/.docker", nil
	}
	return path.Join(found["HOME"], ".docker"), nil
}

// containerdFiles describes the engine's containerd, in the file system that it
// sees.
func (m *Machine) containerdFiles(ctx context.Context, l *fileList, d snapshot.DaemonProcess) ([]snapshot.File, error) {
	c, err := m.containerd(ctx, d)
	if err != nil {
		l.unread(containerdRoot, snapshot.RoleContainerdRoot, err)
		l.unread("/usr/bin/containerd", snapshot.RoleContainerdBinary, err)
		for _, s := range shims {
			l.program(s, snapshot.RoleShimBinary)
		}
		return nil, err
	}
	own := fileList{view: c.view, scope: l.scope, engine: l.engine}
	root, err := c.dataRoot()
	if err != nil {
		own.unread(root, snapshot.RoleContainerdRoot, err)
	} else {
		m.volume(own.add(root, snapshot.RoleContainerdRoot), c.view, c.pid)
	}
	exe := c.exe
	if exe == "" {
		exe = "containerd"
	}
	own.program(exe, snapshot.RoleContainerdBinary)
	for _, s := range shims {
		if beside := path.Join(path.Dir(exe), s); path.IsAbs(beside) && c.view.exists(beside) {
			s = beside
		}
		own.program(s, snapshot.RoleShimBinary)
	}
	return own.files, nil
}

// program adds a program by its path, or by its name from where programs are.
// One that is in none of them is listed as absent where it would usually be.
func (l *fileList) program(name string, role snapshot.FileRole) {
	if path.IsAbs(name) {
		l.add(name, role)
		return
	}
	if strings.Contains(name, "/") {
		l.unread(name, role, errSpecifier)
		return
	}
	for _, dir := range programDirs {
		if at := path.Join(dir, name); l.view.exists(at) {
			l.add(at, role)
			return
		}
	}
	l.add(path.Join("/usr/bin", name), role)
}
