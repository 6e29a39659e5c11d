package kubeobj

import (
	"path"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"plimsoll/internal/snapshot"
)

// appArmorNote is what the annotation of a container's AppArmor profile begins
// with; its name follows.
const appArmorNote = "container.apparmor.security.beta.kubernetes.io/"

func containers(spec *corev1.PodSpec, annotations map[string]string) []snapshot.PodContainer {
	out := make([]snapshot.PodContainer, 0, len(spec.InitContainers)+len(spec.Containers)+len(spec.EphemeralContainers))
	add := func(c *corev1.Container, kind snapshot.PodContainerKind) {
		r := container(c, kind)
		r.Security.AppArmorNote = annotations[appArmorNote+c.Name]
		if spec.HostNetwork {
			for i := range r.Ports { // the API server publishes them all, whatever is written
				if r.Ports[i].HostPort == 0 {
					r.Ports[i].HostPort = r.Ports[i].Port
				}
			}
		}
		out = append(out, r)
	}
	for i := range spec.InitContainers {
		c, kind := &spec.InitContainers[i], snapshot.InitContainer
		if c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways {
			kind = snapshot.SidecarContainer
		}
		add(c, kind)
	}
	for i := range spec.Containers {
		add(&spec.Containers[i], snapshot.AppContainer)
	}
	for i := range spec.EphemeralContainers {
		c := corev1.Container(spec.EphemeralContainers[i].EphemeralContainerCommon)
		add(&c, snapshot.EphemeralContainer)
	}
	return out
}

func container(c *corev1.Container, kind snapshot.PodContainerKind) snapshot.PodContainer {
	r := snapshot.PodContainer{
		Name: c.Name, Kind: kind, Image: c.Image, PullPolicy: pullPolicy(c), Resources: demands(&c.Resources), Security: containerSecurity(c.SecurityContext),
		Liveness: probe(c.LivenessProbe), Readiness: probe(c.ReadinessProbe), Startup: probe(c.StartupProbe),
	}
	defaultRequests(&r.Resources)
	r.Command, r.Programs = command(c)
	for i := range c.Env {
		r.Env = append(r.Env, variable(&c.Env[i]))
	}
	for _, e := range c.EnvFrom {
		if e.SecretRef != nil {
			r.EnvFrom = append(r.EnvFrom, snapshot.EnvSource{Kind: "secret", Name: e.SecretRef.Name})
		}
		if e.ConfigMapRef != nil {
			r.EnvFrom = append(r.EnvFrom, snapshot.EnvSource{Kind: "configMap", Name: e.ConfigMapRef.Name})
		}
	}
	for _, p := range c.Ports {
		r.Ports = append(r.Ports, snapshot.ContainerPort{
			Port: p.ContainerPort, HostPort: p.HostPort, HostIP: p.HostIP, Protocol: unless(string(p.Protocol), string(corev1.ProtocolTCP)), Name: p.Name,
		})
	}
	for _, m := range c.VolumeMounts {
		v := snapshot.VolumeMount{Volume: m.Name, Path: m.MountPath, ReadOnly: m.ReadOnly, SubPath: m.SubPath + m.SubPathExpr}
		if m.RecursiveReadOnly != nil {
			v.Recursive = string(*m.RecursiveReadOnly)
		}
		if m.MountPropagation != nil {
			v.Propagation = unless(string(*m.MountPropagation), string(corev1.MountPropagationNone))
		}
		r.Mounts = append(r.Mounts, v)
	}
	for _, d := range c.VolumeDevices {
		r.Devices = append(r.Devices, d.Name)
	}
	if l := c.Lifecycle; l != nil {
		r.PostStart, r.PreStop = hook(l.PostStart), hook(l.PreStop)
	}
	return r
}

// pullPolicy is the policy as the API server would store it: one that is not said
// follows from the tag.
func pullPolicy(c *corev1.Container) string {
	if c.ImagePullPolicy != "" || c.Image == "" {
		return string(c.ImagePullPolicy)
	}
	ref := snapshot.ParseReference(c.Image)
	if ref.Digest == "" && (ref.Tag == "" || ref.Tag == "latest") {
		return string(corev1.PullAlways)
	}
	return string(corev1.PullIfNotPresent)
}

// command reduces command and arguments to shapes, and names the programs in them
// that are known.
func command(c *corev1.Container) (shapes []snapshot.Secretish, programs []string) {
	add := func(list []string, name string) {
		for i, w := range list {
			shapes = append(shapes, snapshot.Conceal(name+"["+strconv.Itoa(i)+"]", w))
			for _, p := range programsIn(w) {
				if !slices.Contains(programs, p) {
					programs = append(programs, p)
				}
			}
		}
	}
	add(c.Command, "command")
	add(c.Args, "args")
	slices.Sort(programs)
	return shapes, programs
}

// known are programs whose name in a command tells something. A name is no secret.
var known = map[string]bool{
	"sudo": true, "su": true, "doas": true, "sshd": true, "dropbear": true, "ssh": true, "sh": true, "bash": true, "ash": true, "dash": true, "zsh": true,
	"ksh": true, "busybox": true, "curl": true, "wget": true, "nc": true, "ncat": true, "netcat": true, "socat": true, "nsenter": true, "chroot": true,
	"mount": true, "unshare": true, "docker": true, "dockerd": true, "containerd": true, "ctr": true, "crictl": true, "nerdctl": true, "podman": true,
	"kubectl": true, "helm": true, "python": true, "python3": true, "perl": true, "ruby": true, "node": true, "java": true, "tcpdump": true, "nmap": true,
	"iptables": true, "nft": true, "sysctl": true, "modprobe": true, "insmod": true, "apt": true, "apt-get": true, "apk": true, "yum": true, "dnf": true,
	"pip": true, "pip3": true, "npm": true, "kube-apiserver": true, "kube-controller-manager": true, "kube-scheduler": true, "kube-proxy": true,
	"kubelet": true, "etcd": true, "cloud-controller-manager": true, "systemd": true, "init": true, "telnetd": true, "vncserver": true, "ttyd": true,
}

// scriptWindow bounds how much of one argument is looked at for programs.
const scriptWindow = 16 << 10

// programsIn returns the known programs that an argument names, alone or in a
// script.
func programsIn(arg string) []string {
	if known[path.Base(arg)] && !strings.ContainsAny(arg, " \n\t") {
		return []string{path.Base(arg)}
	}
	if !strings.ContainsAny(arg, " \n\t;|&") {
		return nil
	}
	var out []string
	words := strings.FieldsFunc(arg[:min(len(arg), scriptWindow)], func(r rune) bool { return strings.ContainsRune(" \n\t\r;|&()`'\"{}$<>", r) })
	for _, w := range words {
		if b := path.Base(w); known[b] {
			out = append(out, b)
		}
	}
	return out
}

func variable(e *corev1.EnvVar) snapshot.EnvVar {
	v := snapshot.EnvVar{Secretish: snapshot.Conceal(e.Name, e.Value)}
	if f := e.ValueFrom; f != nil {
		switch {
		case f.SecretKeyRef != nil:
			v.From = &snapshot.EnvSource{Kind: "secret", Name: f.SecretKeyRef.Name, Key: f.SecretKeyRef.Key}
		case f.ConfigMapKeyRef != nil:
			v.From = &snapshot.EnvSource{Kind: "configMap", Name: f.ConfigMapKeyRef.Name, Key: f.ConfigMapKeyRef.Key}
		case f.FieldRef != nil:
			v.From = &snapshot.EnvSource{Kind: "field", Key: f.FieldRef.FieldPath}
		case f.ResourceFieldRef != nil:
			v.From = &snapshot.EnvSource{Kind: "resource", Name: f.ResourceFieldRef.ContainerName, Key: f.ResourceFieldRef.Resource}
		case f.FileKeyRef != nil:
			v.From = &snapshot.EnvSource{Kind: "file", Name: f.FileKeyRef.VolumeName, Key: f.FileKeyRef.Key}
		}
	}
	return v
}

func probe(p *corev1.Probe) *snapshot.Handler {
	if p == nil {
		return nil
	}
	return handler(p.Exec, p.HTTPGet, p.TCPSocket, p.GRPC, nil)
}

func hook(h *corev1.LifecycleHandler) *snapshot.Handler {
	if h == nil {
		return nil
	}
	return handler(h.Exec, h.HTTPGet, h.TCPSocket, nil, h.Sleep)
}

func handler(exec *corev1.ExecAction, http *corev1.HTTPGetAction, tcp *corev1.TCPSocketAction, grpc *corev1.GRPCAction, sleep *corev1.SleepAction) *snapshot.Handler {
	switch {
	case exec != nil:
		return &snapshot.Handler{Kind: "exec"}
	case http != nil:
		return &snapshot.Handler{Kind: "http", Host: http.Host, Port: http.Port.String()}
	case tcp != nil:
		return &snapshot.Handler{Kind: "tcp", Host: tcp.Host, Port: tcp.Port.String()}
	case grpc != nil:
		return &snapshot.Handler{Kind: "grpc", Port: strconv.Itoa(int(grpc.Port))}
	case sleep != nil:
		return &snapshot.Handler{Kind: "sleep"}
	}
	return &snapshot.Handler{}
}
