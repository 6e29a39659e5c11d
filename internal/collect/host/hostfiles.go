package host

import (
	"context"

	"plimsoll/internal/snapshot"
)

// HostFiles describes the files that decide how engines on the machine start:
// units, defaults, /etc/docker with the registries' certificates, and the lists
// of subordinate IDs. Fixed paths are listed when they are absent too.
func (m *Machine) HostFiles(ctx context.Context) ([]snapshot.File, snapshot.PartStatus) {
	id, _ := m.scope()
	part := snapshot.PartStatus{Scope: id, Part: snapshot.PartHostFiles, State: snapshot.Observed}
	if err := ctx.Err(); err != nil {
		return nil, unread(part, err, "the engine's files")
	}
	if _, err := m.find("/etc"); err != nil { // below a prefix it may not be mounted, which proves nothing
		if unmounted(err) != nil {
			return nil, unread(part, err, "the engine's files")
		}
		part.State, part.Reason, part.Detail = snapshot.Failed, snapshot.ReasonFailed, "The directory /etc of the machine cannot be seen."
		return nil, part
	}
	l := fileList{view: m.tree, scope: id}
	l.add("/etc/default/docker", snapshot.RoleDefaults)
	l.add("/etc/sysconfig/docker", snapshot.RoleSysconfig)
	l.add("/etc/docker", snapshot.RoleEngineDir)
	l.add(containerdConfig, snapshot.RoleContainerdConfig)
	l.add("/run/containerd", snapshot.RoleRuntimeDir)
	l.add("/etc/subuid", snapshot.RoleSubIDs)
	l.add("/etc/subgid", snapshot.RoleSubIDs)
	l.unit("docker.service", snapshot.RoleServiceUnit)
	l.unit("docker.socket", snapshot.RoleSocketUnit)
	l.certificates("/etc/docker/certs.d", 3)
	for i := range l.files {
		if l.files[i].State == snapshot.Denied {
			part.Reason, part.Grant = snapshot.ReasonPartial, grant
			part.Detail = "Some of the engine's files may be examined by root only."
		}
	}
	return l.files, part
}
