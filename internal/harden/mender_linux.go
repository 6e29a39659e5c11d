package harden

import "plimsoll/internal/step"

// mender returns what performs steps of a kind on the machine, or nil.
func (r *runner) mender(k step.Kind) mender {
	switch k {
	case step.FileAccess:
		return fileAccess{}
	case step.DaemonReload:
		return daemonSetting{runner: r}
	case step.DaemonRestart:
		return daemonSetting{runner: r, restart: true}
	case step.AuditRule:
		return auditRule{runner: r}
	case step.ContainerUpdate, step.ContainerRecreate, step.FileEdit, step.WorkloadPatch:
	}
	return nil
}
