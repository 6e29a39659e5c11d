package node

import (
	"cmp"
	"path"
	"regexp"
	"slices"
	"strings"

	"plimsoll/internal/collect/host"
	"plimsoll/internal/snapshot"
)

const (
	maxFiles = 4096 // files of a node that are described
	maxDepth = 4    // folders below a PKI folder
)

// files describes what decides over the node as files of the machine. What a
// process or a configuration names is listed though it is absent; usual places
// only when they exist.
func (n *survey) files() {
	n.manifestFiles()
	n.componentFiles()
	for _, f := range n.distro.admin {
		n.usual(f, snapshot.RoleAdminKubeconfig)
		n.conf(f)
	}
	for _, home := range n.m.UserHomes() {
		f := path.Join(home, ".kube/config")
		n.usual(f, snapshot.RoleAdminKubeconfig)
		n.conf(f)
	}
	for _, dir := range n.cniDirs() {
		n.folder(dir, snapshot.RoleCNIConf)
	}
	for _, dir := range n.pkiDirs() {
		n.walk(dir, 0)
	}
	for _, unit := range n.distro.units {
		for _, f := range n.m.UnitFiles(n.hostID, unit, snapshot.RoleKubeletUnit) {
			n.keep(f, snapshot.RoleKubeletUnit)
		}
	}
	for _, f := range n.distro.cloud {
		n.usual(f, snapshot.RoleCloudConfig)
	}
	n.sockets()
	n.surroundings()
	state, reason, detail, grant := snapshot.Observed, snapshot.ReasonNone, "", ""
	for i := range n.list {
		if n.list[i].State == snapshot.Denied {
			reason, detail, grant = snapshot.ReasonPartial, "Some of the node's files may be examined by root only.", Grant
		}
	}
	if n.manifestErr != nil && !host.IsAbsent(n.manifestErr) {
		reason, detail, grant = snapshot.ReasonPartial, "The folder of static pods may be read by root only.", Grant
	}
	n.part(snapshot.PartNodeFiles, state, reason, detail, grant)
}

// add lists a file that something names.
func (n *survey) add(name string, role snapshot.FileRole) {
	if path.IsAbs(name) {
		n.keep(n.m.View().File(n.hostID, path.Clean(name), role), role)
	}
}

// usual lists a file where it is expected, if it is there or may not be seen.
func (n *survey) usual(name string, role snapshot.FileRole) {
	if !path.IsAbs(name) {
		return
	}
	if f := n.m.View().File(n.hostID, name, role); f.State != snapshot.Absent {
		n.keep(f, role)
	}
}

// keep lists a file once, with all of its roles.
func (n *survey) keep(f snapshot.File, role snapshot.FileRole) {
	i := slices.IndexFunc(n.list, func(g snapshot.File) bool { return g.Path == f.Path })
	switch {
	case i >= 0 && !n.list[i].Is(role):
		n.list[i].Also = append(n.list[i].Also, role)
		n.keyOf(&n.list[i], role)
	case i < 0 && len(n.list) < maxFiles:
		f.Role = role
		n.keyOf(&f, role)
		if slices.Contains(digested, role) {
			f.Digest = n.m.View().Digest(f.Path)
		}
		n.list = append(n.list, f)
	}
}

// keyOf notes whose key or certificate a PKI file holds.
func (n *survey) keyOf(f *snapshot.File, role snapshot.FileRole) {
	if role != snapshot.RolePKIKey && role != snapshot.RolePKICert {
		return
	}
	if b, err := n.m.View().Read(f.Path); err == nil {
		f.Key = publicKey(b)
	}
}

// digested are roles of files that hold no secret and that a baseline may be
// declared of.
var digested = []snapshot.FileRole{
	snapshot.RoleAPIServerManifest, snapshot.RoleKCMManifest, snapshot.RoleSchedulerManifest, snapshot.RoleEtcdManifest,
	snapshot.RoleControlPlaneConfig, snapshot.RoleKubeletConfig,
}

var manifestRoles = map[string]snapshot.FileRole{
	snapshot.APIServer: snapshot.RoleAPIServerManifest, snapshot.ControllerManager: snapshot.RoleKCMManifest,
	snapshot.Scheduler: snapshot.RoleSchedulerManifest, snapshot.Etcd: snapshot.RoleEtcdManifest,
}

func (n *survey) manifestFiles() {
	if dir := n.staticDir(); dir != "" {
		n.add(dir, snapshot.RoleStaticPodDir)
	}
	for i := range n.manifests {
		m := &n.manifests[i]
		n.add(m.path, cmp.Or(manifestRoles[m.name], snapshot.RoleStaticManifest))
		if i := slices.IndexFunc(n.list, func(f snapshot.File) bool { return f.Path == host.Text(m.path) }); i >= 0 {
			n.list[i].Pod = host.Text(m.pod)
		}
	}
}

// rolesBy says what the files are that components name.
var rolesBy = map[string]map[string]snapshot.FileRole{
	snapshot.Etcd:              {"--data-dir": snapshot.RoleEtcdData, "data-dir": snapshot.RoleEtcdData, "--config-file": snapshot.RoleEtcdManifest},
	snapshot.Scheduler:         {"--kubeconfig": snapshot.RoleSchedulerConf, "clientConnection.kubeconfig": snapshot.RoleSchedulerConf, "--authentication-kubeconfig": snapshot.RoleSchedulerConf, "--authorization-kubeconfig": snapshot.RoleSchedulerConf, "--config": snapshot.RoleControlPlaneConfig},
	snapshot.ControllerManager: {"--kubeconfig": snapshot.RoleKCMConf, "--authentication-kubeconfig": snapshot.RoleKCMConf, "--authorization-kubeconfig": snapshot.RoleKCMConf, "--cloud-config": snapshot.RoleCloudConfig},
	snapshot.CloudController:   {"--cloud-config": snapshot.RoleCloudConfig},
	snapshot.APIServer: {
		"--cloud-config": snapshot.RoleCloudConfig, "--encryption-provider-config": snapshot.RoleEncryptionConfig, "--audit-policy-file": snapshot.RoleControlPlaneConfig,
		"--admission-control-config-file": snapshot.RoleControlPlaneConfig, "--authentication-config": snapshot.RoleControlPlaneConfig, "--authorization-config": snapshot.RoleControlPlaneConfig,
	},
	snapshot.Kubelet: {
		"--kubeconfig": snapshot.RoleKubeletConf, "--bootstrap-kubeconfig": snapshot.RoleKubeletConf, "--config": snapshot.RoleKubeletConfig, "config-dir file": snapshot.RoleKubeletConfig,
		"authentication.x509.clientCAFile": snapshot.RoleKubeletCA, "tlsPrivateKeyFile": snapshot.RolePKIKey, "tlsCertFile": snapshot.RolePKICert, "--cloud-config": snapshot.RoleCloudConfig,
	},
	snapshot.KubeProxy: {"--kubeconfig": snapshot.RoleProxyConf, "clientConnection.kubeconfig": snapshot.RoleProxyConf},
}

func (n *survey) componentFiles() {
	for i := range n.out.Components {
		c := &n.out.Components[i]
		for _, f := range c.Named {
			role, ok := rolesBy[c.Name][f.By]
			if !ok {
				continue
			}
			name := f.At
			if name == "" && f.State != snapshot.Observed {
				name = f.Path // absent or unreadable: it is listed so
			}
			if name == "" || strings.Contains(name, "/kubelet/pods/") {
				continue // it lives inside the pod
			}
			if f.By == "--bootstrap-kubeconfig" && f.State == snapshot.Absent {
				continue // it is gone once the node has joined, as it should
			}
			n.add(name, role)
			if strings.Contains(f.By, "ubeconfig") {
				n.conf(name)
			}
		}
	}
	n.add(n.distro.kubelet.kubeconfig, snapshot.RoleKubeletConf)
	n.conf(n.distro.kubelet.kubeconfig)
	n.add(n.distro.kubelet.ca, snapshot.RoleKubeletCA)
	n.add(n.distro.proxy, snapshot.RoleProxyConf)
	n.conf(n.distro.proxy)
	n.usual(n.distro.config, snapshot.RoleControlPlaneConfig)
	if c := n.found(snapshot.Etcd); c != nil && c.FileBy("--data-dir") == nil && c.FileBy("data-dir") == nil || c == nil && n.distro.etcd != "" {
		n.usual(cmp.Or(n.distro.etcd, "/var/lib/etcd"), snapshot.RoleEtcdData)
	}
}

func (n *survey) found(name string) *snapshot.Component {
	for i := range n.out.Components {
		if n.out.Components[i].Name == name {
			return &n.out.Components[i]
		}
	}
	return nil
}

// conf notes a kubeconfig to be read.
func (n *survey) conf(name string) {
	if path.IsAbs(name) && !slices.Contains(n.confs, name) {
		n.confs = append(n.confs, name)
	}
}

// folder lists the files of one folder.
func (n *survey) folder(dir string, role snapshot.FileRole) {
	list, err := n.m.View().List(dir)
	if err != nil {
		if !host.IsAbsent(err) {
			n.add(dir, role)
		}
		return
	}
	for _, f := range list {
		if !strings.HasSuffix(f, "/") {
			n.add(path.Join(dir, f), role)
		}
	}
}

// pkiDirs are the folders of what the API server and etcd are given, the usual
// ones of the distribution, and the kubelet's own.
func (n *survey) pkiDirs() []string {
	dirs := slices.Clone(n.distro.pki)
	for i := range n.out.Components {
		c := &n.out.Components[i]
		if !slices.Contains(controlPlane, c.Name) {
			continue
		}
		for _, f := range c.Named {
			if f.At != "" && slices.Contains([]string{"--tls-cert-file", "--client-ca-file", "--etcd-cafile", "--cert-file", "--trusted-ca-file", "--service-account-key-file"}, f.By) {
				dirs = append(dirs, path.Dir(f.At))
			}
		}
	}
	if k := n.program(snapshot.Kubelet); k != nil {
		dirs = append(dirs, cmp.Or(k.flags.last("cert-dir"), path.Join(cmp.Or(k.flags.last("root-dir"), "/var/lib/kubelet"), "pki")))
	}
	slices.Sort(dirs)
	dirs = slices.Compact(dirs)
	return slices.DeleteFunc(dirs, func(d string) bool { // those inside others are walked with them
		return slices.ContainsFunc(dirs, func(e string) bool { return strings.HasPrefix(d, e+"/") }) || d == "/"
	})
}

// walk lists a PKI folder: what a file is, its blocks say.
func (n *survey) walk(dir string, depth int) {
	v := n.m.View()
	list, err := v.List(dir)
	if err != nil {
		if !host.IsAbsent(err) {
			n.add(dir, snapshot.RolePKIDir)
		}
		return
	}
	n.add(dir, snapshot.RolePKIDir)
	for _, f := range list {
		at := path.Join(dir, f)
		if strings.HasSuffix(f, "/") {
			if depth < maxDepth {
				n.walk(at, depth+1)
			}
			continue
		}
		b, err := v.Read(at)
		switch {
		case err != nil && strings.HasSuffix(f, ".key"), err == nil && holdsKey(b):
			n.add(at, snapshot.RolePKIKey)
		case err == nil && len(certificates(b)) > 0, err != nil && (strings.HasSuffix(f, ".crt") || strings.HasSuffix(f, ".pem")):
			n.add(at, snapshot.RolePKICert)
		default:
			n.add(at, snapshot.RolePKIOther)
		}
	}
}

var confDir = regexp.MustCompile(`(?m)^\s*conf_dirs?\s*=\s*\[?\s*['"]([^'"]+)['"]`)

// cniDirs are where the container runtime looks for the network's configuration.
func (n *survey) cniDirs() []string {
	for _, f := range n.m.RuntimeConfigs(n.ctx, strings.TrimPrefix(n.endpoint(), "unix://")) {
		if b, err := n.m.View().Read(f); err == nil {
			if m := confDir.FindSubmatch(b); m != nil && path.IsAbs(string(m[1])) {
				return []string{path.Clean(string(m[1]))}
			}
		}
	}
	return []string{cmp.Or(n.distro.cni, "/etc/cni/net.d")}
}

// endpoint is the runtime that the kubelet speaks to.
func (n *survey) endpoint() string {
	if c := n.found(snapshot.Kubelet); c != nil && c.Kubelet != nil {
		if f, ok := snapshot.FieldOf(c.Kubelet.Merged.V, "containerRuntimeEndpoint"); ok && f.Value != "" {
			return f.Value
		}
	}
	return ""
}

// sockets lists those of container runtimes, the kubelet's own first.
func (n *survey) sockets() {
	if e, ok := strings.CutPrefix(n.endpoint(), "unix://"); ok {
		n.add(e, snapshot.RoleNodeSocket)
	} else if path.IsAbs(n.endpoint()) {
		n.add(n.endpoint(), snapshot.RoleNodeSocket)
	}
	for _, s := range append([]string{"/run/containerd/containerd.sock", "/run/crio/crio.sock", "/run/cri-dockerd.sock", "/run/docker.sock"}, n.distro.sockets...) {
		f := n.m.View().File(n.hostID, s, snapshot.RoleNodeSocket)
		twice := slices.ContainsFunc(n.list, func(g snapshot.File) bool {
			return g.Is(snapshot.RoleNodeSocket) && g.Ino != 0 && g.Ino == f.Ino && g.Dev == f.Dev
		})
		if f.State != snapshot.Absent && !twice {
			n.keep(f, snapshot.RoleNodeSocket)
		}
	}
}

// surroundings reads what the machine does around the node.
func (n *survey) surroundings() {
	const sysctl = "/proc/sys/net/ipv4/conf/all/route_localnet"
	switch v, err := n.m.Tables(sysctl); {
	case err != nil:
		s, r := host.Outcome(err)
		n.node.Forward = snapshot.Missing[bool](s, r, sysctl)
	default:
		n.node.Forward = snapshot.Seen(v == "1", sysctl)
	}
	if list, err := n.m.Addresses(); err == nil {
		for _, a := range list {
			n.node.Addresses = append(n.node.Addresses, a.String())
		}
	}
	n.node.Ports = n.listening()
	n.node.Firewall = n.m.Firewall()
	n.node.Runtime = snapshot.Missing[string](snapshot.Skipped, snapshot.ReasonNotCollected, "the runtime's version")
	if n.endpoint() == "" {
		return
	}
	if v, ok := n.m.RuntimeVersion(n.ctx, strings.TrimPrefix(n.endpoint(), "unix://")); ok {
		n.node.Runtime = snapshot.Seen(v, "built into the program")
	}
}

// listening lists where anything on the machine accepts connections from others.
func (n *survey) listening() snapshot.Fact[[]snapshot.Listening] {
	const source = "/proc/1/net/tcp"
	list, err := n.m.AllPorts()
	if err != nil {
		s, r := host.Outcome(err)
		return snapshot.Missing[[]snapshot.Listening](s, r, source)
	}
	var out []snapshot.Listening
	for _, a := range list {
		if !a.Addr().IsLoopback() {
			out = append(out, snapshot.Listening{Address: a.Addr().String(), Port: a.Port()})
		}
	}
	return snapshot.Seen(out, source)
}
