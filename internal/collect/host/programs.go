package host

import (
	"path"
	"slices"
	"strings"

	"plimsoll/internal/snapshot"
)

// Programs describes the programs that an engine starts containers with. One
// that is not found is listed as absent.
func (m *Machine) Programs(names []string) []snapshot.File {
	scope, _ := m.scope()
	var out []snapshot.File
	for _, name := range names {
		where := m.program(name)
		if !slices.ContainsFunc(out, func(f snapshot.File) bool { return f.Path == text(where) }) {
			out = append(out, m.file(scope, where, snapshot.RoleRuntime))
		}
	}
	return out
}

// program finds a program as the engine and containerd do: by its path, else by
// its name in the directories that services are given. io.containerd.NAME.VERSION
// is the shim containerd-shim-NAME-VERSION.
func (m *Machine) program(name string) string {
	if path.IsAbs(name) {
		return path.Clean(name)
	}
	if kind, ok := strings.CutPrefix(name, "io.containerd."); ok {
		name = "containerd-shim-" + strings.ReplaceAll(kind, ".", "-")
	}
	name = path.Base(path.Clean(name))
	for _, dir := range []string{"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"} {
		if m.exists(path.Join(dir, name)) {
			return path.Join(dir, name)
		}
	}
	return path.Join("/usr/bin", name)
}
