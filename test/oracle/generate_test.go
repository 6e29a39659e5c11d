package oracle

import (
	"fmt"
	"math/rand/v2"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// generator makes pods at random: each field that the standards look at is mostly
// as restricted wants it, sometimes not said, sometimes wrong, in every list of
// containers.
type generator struct{ *rand.Rand }

func (g generator) one(of int) bool { return g.IntN(of) == 0 }

func pick[T any](g generator, from ...T) T { return from[g.IntN(len(from))] }

func ptr[T any](v T) *T { return &v }

// maybe returns nil, or one of some values.
func maybe[T any](g generator, from ...T) *T {
	if i := g.IntN(len(from) + 1); i > 0 {
		return ptr(from[i-1])
	}
	return nil
}

func (g generator) pod() *corev1.Pod {
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{}}}
	p.Spec.SecurityContext = g.podContext()
	if g.one(8) {
		p.Spec.SecurityContext = nil
	}
	if g.one(4) {
		p.Spec.OS = &corev1.PodOS{Name: pick(g, corev1.Linux, corev1.Windows, corev1.Windows)}
	}
	if g.one(12) {
		p.Spec.NodeSelector = map[string]string{"kubernetes.io/os": pick(g, "windows", "linux")}
	}
	p.Spec.HostNetwork, p.Spec.HostPID, p.Spec.HostIPC = g.one(25), g.one(25), g.one(25)
	p.Spec.HostUsers = maybe(g, true, false, false)
	for i := range 1 + g.IntN(2) {
		p.Spec.Containers = append(p.Spec.Containers, g.container(fmt.Sprintf("app%d", i)))
	}
	for i := range g.IntN(3) {
		c := g.container(fmt.Sprintf("init%d", i))
		if g.one(2) {
			c.RestartPolicy = ptr(corev1.ContainerRestartPolicyAlways)
		}
		p.Spec.InitContainers = append(p.Spec.InitContainers, c)
	}
	if g.one(4) {
		c := g.container("debug")
		c.Ports, c.LivenessProbe, c.ReadinessProbe, c.StartupProbe, c.Lifecycle = nil, nil, nil, nil, nil
		p.Spec.EphemeralContainers = []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon(c)}}
	}
	for i := range g.IntN(3) {
		p.Spec.Volumes = append(p.Spec.Volumes, corev1.Volume{Name: fmt.Sprintf("v%d", i), VolumeSource: g.volume()})
	}
	g.annotate(p)
	if s := p.Spec.SecurityContext; s != nil && s.RunAsNonRoot != nil && !*s.RunAsNonRoot && g.one(2) { // overridden everywhere
		for _, list := range [][]corev1.Container{p.Spec.Containers, p.Spec.InitContainers} {
			for i := range list {
				if list[i].SecurityContext == nil {
					list[i].SecurityContext = new(corev1.SecurityContext)
				}
				list[i].SecurityContext.RunAsNonRoot = ptr(true)
			}
		}
	}
	return p
}

func (g generator) podContext() *corev1.PodSecurityContext {
	c := &corev1.PodSecurityContext{RunAsNonRoot: ptr(true), SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}}
	if g.one(5) {
		c.RunAsNonRoot = maybe(g, false)
	}
	if g.one(5) {
		c.SeccompProfile = g.seccomp()
	}
	if g.one(8) {
		c.RunAsUser = maybe(g, int64(0), 1000)
	}
	if g.one(8) {
		c.AppArmorProfile = g.appArmor()
	}
	if g.one(8) {
		c.SELinuxOptions = g.selinux()
	}
	if g.one(15) {
		c.WindowsOptions = &corev1.WindowsSecurityContextOptions{HostProcess: maybe(g, true, false)}
	}
	for g.one(6) {
		c.Sysctls = append(c.Sysctls, corev1.Sysctl{Name: pick(g, "kernel.shm_rmid_forced", "net.ipv4.ip_local_reserved_ports", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_rmem",
			"net.ipv4.tcp_notsent_lowat", "kernel.msgmax", "net.ipv4.ip_unprivileged_port_start", "net.ipv4.tcp_slow_start_after_idle"), Value: "1"})
	}
	return c
}

func (g generator) container(name string) corev1.Container {
	c := corev1.Container{Name: name, Image: "registry.k8s.io/pause", SecurityContext: &corev1.SecurityContext{
		AllowPrivilegeEscalation: ptr(false), Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
	}}
	s := c.SecurityContext
	if g.one(8) {
		s.AllowPrivilegeEscalation = maybe(g, true)
	}
	if g.one(6) {
		s.Capabilities = g.capabilities()
	}
	if g.one(8) {
		s.RunAsNonRoot = maybe(g, true, true, false)
	}
	if g.one(10) {
		s.RunAsUser = maybe(g, int64(0), 7)
	}
	if g.one(8) {
		s.SeccompProfile = g.seccomp()
	}
	if g.one(10) {
		s.AppArmorProfile = g.appArmor()
	}
	if g.one(10) {
		s.SELinuxOptions = g.selinux()
	}
	if g.one(10) {
		s.ProcMount = maybe(g, corev1.DefaultProcMount, corev1.UnmaskedProcMount)
	}
	if g.one(20) {
		s.WindowsOptions = &corev1.WindowsSecurityContextOptions{HostProcess: maybe(g, true, false)}
	}
	if g.one(15) {
		s.Privileged = maybe(g, true, false)
	}
	if g.one(12) {
		c.SecurityContext = nil
	}
	for g.one(4) {
		c.Ports = append(c.Ports, corev1.ContainerPort{ContainerPort: 8080, HostPort: pick(g, int32(0), 0, 0, 80)})
	}
	c.LivenessProbe, c.ReadinessProbe, c.StartupProbe = g.probe(), g.probe(), g.probe()
	if g.one(10) {
		c.Lifecycle = &corev1.Lifecycle{PostStart: g.hook(), PreStop: g.hook()}
	}
	return c
}

func (g generator) capabilities() *corev1.Capabilities {
	names := []corev1.Capability{"ALL", "NET_RAW", "NET_BIND_SERVICE", "CHOWN", "SYS_ADMIN", "all", "cap_chown", "CAP_NET_RAW", "SETPCAP", "sys_time", "MKNOD", ""}
	if g.one(4) {
		return nil
	}
	c := new(corev1.Capabilities)
	for g.one(2) {
		c.Add = append(c.Add, pick(g, names...))
	}
	for !g.one(3) {
		c.Drop = append(c.Drop, pick(g, names...))
	}
	return c
}

func (g generator) seccomp() *corev1.SeccompProfile {
	t := maybe(g, corev1.SeccompProfileTypeRuntimeDefault, corev1.SeccompProfileTypeUnconfined, corev1.SeccompProfileTypeLocalhost, "")
	if t == nil {
		return nil
	}
	return &corev1.SeccompProfile{Type: *t}
}

func (g generator) appArmor() *corev1.AppArmorProfile {
	t := maybe(g, corev1.AppArmorProfileTypeRuntimeDefault, corev1.AppArmorProfileTypeUnconfined, corev1.AppArmorProfileTypeLocalhost, "")
	if t == nil {
		return nil
	}
	return &corev1.AppArmorProfile{Type: *t}
}

func (g generator) selinux() *corev1.SELinuxOptions {
	return &corev1.SELinuxOptions{
		Type: pick(g, "", "container_t", "container_engine_t", "container_kvm_t", "spc_t"), User: pick(g, "", "", "", "system_u"), Role: pick(g, "", "", "", "sysadm_r"),
		Level: pick(g, "", "s0"),
	}
}

func (g generator) probe() *corev1.Probe {
	if !g.one(6) {
		return nil
	}
	h := g.hook()
	return &corev1.Probe{ProbeHandler: corev1.ProbeHandler{Exec: h.Exec, HTTPGet: h.HTTPGet, TCPSocket: h.TCPSocket}}
}

func (g generator) hook() *corev1.LifecycleHandler {
	port := intstr.FromInt32(8080)
	host := pick(g, "", "", "", "127.0.0.1", "other")
	switch g.IntN(3) {
	case 0:
		return &corev1.LifecycleHandler{HTTPGet: &corev1.HTTPGetAction{Host: host, Port: port}}
	case 1:
		return &corev1.LifecycleHandler{TCPSocket: &corev1.TCPSocketAction{Host: host, Port: port}}
	}
	return &corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: []string{"true"}}}
}

func (g generator) volume() corev1.VolumeSource {
	return pick(g,
		corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}, corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "s"}},
		corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "c"}},
		corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{}}, corev1.VolumeSource{Image: &corev1.ImageVolumeSource{Reference: "i"}},
		corev1.VolumeSource{Ephemeral: &corev1.EphemeralVolumeSource{}}, corev1.VolumeSource{CSI: &corev1.CSIVolumeSource{Driver: "d"}},
		corev1.VolumeSource{DownwardAPI: &corev1.DownwardAPIVolumeSource{}}, corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{}},
		corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/etc"}}, corev1.VolumeSource{NFS: &corev1.NFSVolumeSource{Server: "n", Path: "/"}},
		corev1.VolumeSource{GitRepo: &corev1.GitRepoVolumeSource{Repository: "r"}}, corev1.VolumeSource{FlexVolume: &corev1.FlexVolumeSource{Driver: "f"}},
	)
}

func (g generator) annotate(p *corev1.Pod) {
	const appArmor, seccomp = "container.apparmor.security.beta.kubernetes.io/", "container.seccomp.security.alpha.kubernetes.io/"
	if g.one(10) {
		p.Annotations[appArmor+pick(g, "app0", "app0", "init0", "nobody")] = pick(g, "runtime/default", "localhost/x", "unconfined", "")
	}
	if g.one(10) {
		p.Annotations[seccomp+"app0"] = pick(g, "runtime/default", "unconfined", "localhost/x")
	}
}
