package kubeobj

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"plimsoll/internal/snapshot"
)

func podSecurity(c *corev1.PodSecurityContext) snapshot.SecurityContext {
	if c == nil {
		return snapshot.SecurityContext{}
	}
	s := snapshot.SecurityContext{
		NonRoot: c.RunAsNonRoot, User: c.RunAsUser, Group: c.RunAsGroup, FSGroup: c.FSGroup, Supplemental: slices.Clone(c.SupplementalGroups),
		Seccomp: seccomp(c.SeccompProfile), AppArmor: appArmor(c.AppArmorProfile), SELinux: selinux(c.SELinuxOptions), HostProcess: hostProcess(c.WindowsOptions),
	}
	for _, v := range c.Sysctls {
		s.Sysctls = append(s.Sysctls, snapshot.Pair{Key: v.Name, Value: v.Value})
	}
	// The API server adds an empty context to every pod that has none.
	s.Context = c.SELinuxOptions != nil || c.WindowsOptions != nil || c.RunAsUser != nil || c.RunAsGroup != nil || c.RunAsNonRoot != nil ||
		len(c.SupplementalGroups) > 0 || c.SupplementalGroupsPolicy != nil || c.FSGroup != nil || len(c.Sysctls) > 0 ||
		c.FSGroupChangePolicy != nil || c.SeccompProfile != nil || c.AppArmorProfile != nil || c.SELinuxChangePolicy != nil
	return s
}

func containerSecurity(c *corev1.SecurityContext) snapshot.SecurityContext {
	if c == nil {
		return snapshot.SecurityContext{}
	}
	s := snapshot.SecurityContext{
		Privileged: c.Privileged, Escalation: c.AllowPrivilegeEscalation, NonRoot: c.RunAsNonRoot, User: c.RunAsUser, Group: c.RunAsGroup,
		ReadonlyRootfs: c.ReadOnlyRootFilesystem, Seccomp: seccomp(c.SeccompProfile), AppArmor: appArmor(c.AppArmorProfile),
		SELinux: selinux(c.SELinuxOptions), HostProcess: hostProcess(c.WindowsOptions),
	}
	if c.ProcMount != nil {
		s.ProcMount = unless(string(*c.ProcMount), string(corev1.DefaultProcMount))
	}
	if c.Capabilities != nil {
		s.CapAdd, s.CapDrop = words(c.Capabilities.Add), words(c.Capabilities.Drop)
	}
	s.Context = c.Capabilities != nil || c.Privileged != nil || c.SELinuxOptions != nil || c.WindowsOptions != nil || c.RunAsUser != nil ||
		c.RunAsGroup != nil || c.RunAsNonRoot != nil || c.ReadOnlyRootFilesystem != nil || c.AllowPrivilegeEscalation != nil ||
		c.ProcMount != nil || c.SeccompProfile != nil || c.AppArmorProfile != nil
	return s
}

// words turns a list of a type of its own into strings.
func words[T ~string](list []T) []string {
	if len(list) == 0 {
		return nil
	}
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = string(v)
	}
	return out
}

func seccomp(p *corev1.SeccompProfile) *snapshot.Profile {
	if p == nil {
		return nil
	}
	return profile(string(p.Type), p.LocalhostProfile)
}

func appArmor(p *corev1.AppArmorProfile) *snapshot.Profile {
	if p == nil {
		return nil
	}
	return profile(string(p.Type), p.LocalhostProfile)
}

func profile(kind string, file *string) *snapshot.Profile {
	p := &snapshot.Profile{Type: kind}
	if file != nil {
		p.Localhost = *file
	}
	return p
}

func selinux(o *corev1.SELinuxOptions) *snapshot.SELinux {
	if o == nil {
		return nil
	}
	return &snapshot.SELinux{User: o.User, Role: o.Role, Type: o.Type, Level: o.Level}
}

func hostProcess(o *corev1.WindowsSecurityContextOptions) *bool {
	if o == nil {
		return nil
	}
	return o.HostProcess
}
