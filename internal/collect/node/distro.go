package node

import (
	"path"
	"strings"

	"plimsoll/internal/snapshot"
)

// distribution says where a distribution of Kubernetes keeps what. Processes and
// the flags that they were given decide; these paths are for what no process names.
type distribution struct {
	name    string
	managed bool // a provider runs the control plane

	pki       []string // folders
	manifests string   // static pods; "" when the kubelet's setting alone says
	admin     []string // kubeconfigs of administrators
	cni       string
	etcd      string // data folder
	units     []string
	kubelet   paths // of a kubelet that is part of another program
	proxy     string
	sockets   []string
	cloud     []string
	args      string // folder of files with command lines (microk8s)
	config    string // configuration file of the whole (k3s, rke2)
}

// paths are those of a kubelet.
type paths struct{ dir, kubeconfig, ca string }

const (
	rancher = "/var/lib/rancher"
	snap    = "/var/snap/microk8s/current"
)

var kubeadm = distribution{
	name: "kubeadm", pki: []string{"/etc/kubernetes/pki"}, manifests: "/etc/kubernetes/manifests",
	admin: []string{"/etc/kubernetes/admin.conf", "/etc/kubernetes/super-admin.conf"}, cni: "/etc/cni/net.d", etcd: "/var/lib/etcd",
	units: []string{"kubelet.service"}, cloud: []string{"/etc/kubernetes/azure.json", "/etc/kubernetes/cloud-config"},
}

func rancherOf(name, socket string) distribution {
	data := path.Join(rancher, name)
	return distribution{
		name: name, pki: []string{data + "/server/tls"}, admin: []string{"/etc/rancher/" + name + "/" + name + ".yaml"},
		cni: data + "/agent/etc/cni/net.d", etcd: data + "/server/db/etcd", units: []string{name + ".service", name + "-agent.service", name + "-server.service"},
		kubelet: paths{dir: data + "/agent/etc/kubelet.conf.d", kubeconfig: data + "/agent/kubelet.kubeconfig", ca: data + "/agent/client-ca.crt"},
		proxy:   data + "/agent/kubeproxy.kubeconfig", sockets: []string{socket}, config: "/etc/rancher/" + name + "/config.yaml",
	}
}

// detect recognises the distribution, the more particular ones first: kind and
// minikube are laid out like kubeadm.
func (n *survey) detect() *distribution {
	v := n.m.View()
	d := kubeadm
	switch {
	case n.program("k3s") != nil || v.Exists("/etc/rancher/k3s/k3s.yaml") || v.Exists(rancher+"/k3s/agent"):
		d = rancherOf("k3s", "/run/k3s/containerd/containerd.sock")
	case n.program("rke2") != nil || v.Exists(rancher+"/rke2"):
		d = rancherOf("rke2", "/run/k3s/containerd/containerd.sock")
		d.manifests = rancher + "/rke2/agent/pod-manifests"
	case n.program("kubelite") != nil || v.Exists(snap+"/args"):
		d = distribution{
			name: "microk8s", pki: []string{snap + "/certs"}, admin: []string{snap + "/credentials/client.config"}, cni: snap + "/args/cni-network",
			units: []string{"snap.microk8s.daemon-kubelite.service"}, args: snap + "/args",
			kubelet: paths{kubeconfig: snap + "/credentials/kubelet.config", ca: snap + "/certs/ca.crt"}, proxy: snap + "/credentials/proxy.config",
			sockets: []string{"/var/snap/microk8s/common/run/containerd.sock"},
		}
	case v.Exists("/kind/version") || v.Exists("/kind/kubeadm.conf"):
		d.name = "kind"
	case v.Exists("/var/lib/minikube"):
		d.name, d.pki, d.etcd = "minikube", []string{"/var/lib/minikube/certs"}, "/var/lib/minikube/etcd"
	case v.Exists("/etc/kubernetes/kubelet/config.json") || v.Exists("/etc/kubernetes/kubelet/kubelet-config.json") || v.Exists("/etc/eks"):
		d = distribution{name: "eks", managed: true, cni: "/etc/cni/net.d", units: kubeadm.units, pki: []string{"/etc/kubernetes/pki"}}
	case v.Exists("/home/kubernetes/kubelet-config.yaml"):
		d = distribution{name: "gke", managed: true, cni: "/etc/cni/net.d", units: kubeadm.units, proxy: "/var/lib/kube-proxy/kubeconfig"}
	case v.Exists("/etc/kubernetes/azure.json") && v.Exists("/etc/default/kubelet"):
		d = distribution{name: "aks", managed: true, cni: "/etc/cni/net.d", units: kubeadm.units, pki: []string{"/etc/kubernetes/certs"}, cloud: kubeadm.cloud}
	case !v.Exists("/etc/kubernetes/manifests") && !v.Exists("/var/lib/kubelet/kubeadm-flags.env"):
		d.name = "" // a kubelet that somebody set up by hand; the usual paths are looked at all the same
	}
	if d.name != "kubeadm" && d.name != "" {
		return &d
	}
	for _, f := range []string{"/etc/kubernetes/azure.json"} { // a kubeadm node in a cloud
		if n.m.View().Exists(f) {
			d.cloud = kubeadm.cloud
		}
	}
	return &d
}

// present reports whether a distribution is set up here though nothing of it
// runs: then what is on the disk is evidence, and what would run is not.
func (d *distribution) present(n *survey) bool {
	v := n.m.View()
	for _, f := range []string{d.manifests + "/kube-apiserver.yaml", d.config, d.args + "/kube-apiserver", "/etc/kubernetes/kubelet.conf", "/var/lib/kubelet/config.yaml"} {
		if path.IsAbs(f) && f != "/kube-apiserver.yaml" && f != "/kube-apiserver" && v.Exists(f) {
			return true
		}
	}
	return false
}

// store names the store of the cluster where it is not etcd.
func (d *distribution) store(n *survey) string {
	v := n.m.View()
	switch {
	case d.name == "k3s" && v.Exists(rancher+"/k3s/server/db/state.db") && !v.Exists(rancher+"/k3s/server/db/etcd"):
		return "sqlite"
	case d.name == "microk8s" && v.Exists(snap+"/var/kubernetes/backend"):
		return "dqlite"
	}
	return ""
}

// withinProgram names the program that has a component of this distribution
// inside, and reports whether it runs it in this role.
func (n *survey) withinProgram(component string) (*running, bool) {
	if r := n.program("kubelite"); r != nil {
		return r, n.m.View().Exists(path.Join(n.distro.args, component))
	}
	r := n.program("k3s")
	if r == nil || component == snapshot.CloudController {
		return nil, false
	}
	words := strings.Fields(strings.Join(r.Argv, " "))
	server := len(words) > 1 && words[1] == "server"
	switch component {
	case snapshot.Kubelet, snapshot.KubeProxy:
		return r, true
	case snapshot.Etcd:
		return r, server && n.m.View().Exists(rancher+"/k3s/server/db/etcd")
	}
	return r, server
}
