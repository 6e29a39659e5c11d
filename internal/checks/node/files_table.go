package node

import (
	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

const (
	manifestGain = "The kubelet runs what stands in the file as it is, past every admission rule and with any rights: who may change it is root on the node and has the cluster. "
	staticNone   = "the node runs none from a manifest"
	node         = model.ZoneNodeRuntime
)

// guardedFiles is the table of a node's files that are judged by mode and owner.
var guardedFiles = []guarded{
	{
		mode: "apiserver-manifest-mode", owner: "apiserver-manifest-owner", what: "The API server manifest", closed: "is private to root",
		gain: manifestGain + "Its flags tell where keys lie.", path: "kube-apiserver.yaml in the static pod folder", none: staticNone, plane: true,
		roles: []snapshot.FileRole{snapshot.RoleAPIServerManifest}, widest: 0o600, kept: check.High, keptS: "TI", owned: check.High, ownedS: "TE",
		keptAt: [2]string{"1.1.1", "1.1.1"}, ownedAt: [2]string{"1.1.2", "1.1.2"},
	},
	{
		mode: "controller-manager-manifest-mode", owner: "controller-manager-manifest-owner", what: "The controller manager manifest", closed: "is private to root",
		gain: manifestGain + "Its flags tell where keys lie.", path: "kube-controller-manager.yaml in the static pod folder", none: staticNone, plane: true,
		roles: []snapshot.FileRole{snapshot.RoleKCMManifest}, widest: 0o600, kept: check.High, keptS: "TI", owned: check.High, ownedS: "TE",
		keptAt: [2]string{"1.1.3", "1.1.3"}, ownedAt: [2]string{"1.1.4", "1.1.4"},
	},
	{
		mode: "scheduler-manifest-mode", owner: "scheduler-manifest-owner", what: "The scheduler manifest", closed: "is private to root",
		gain: manifestGain, path: "kube-scheduler.yaml in the static pod folder", none: staticNone, plane: true,
		roles: []snapshot.FileRole{snapshot.RoleSchedulerManifest}, widest: 0o600, kept: check.High, keptS: "TI", owned: check.High, ownedS: "TE",
		keptAt: [2]string{"1.1.5", "1.1.5"}, ownedAt: [2]string{"1.1.6", "1.1.6"},
	},
	{
		mode: "etcd-manifest-mode", owner: "etcd-manifest-owner", what: "The etcd manifest", closed: "is private to root",
		gain: manifestGain + "What etcd's configuration file says counts too: it can open the store to everyone.", path: "etcd.yaml in the static pod folder, or etcd's configuration file", none: staticNone, plane: true,
		roles: []snapshot.FileRole{snapshot.RoleEtcdManifest}, widest: 0o600, kept: check.High, keptS: "TI", owned: check.High, ownedS: "TE",
		keptAt: [2]string{"1.1.7", "1.1.7"}, ownedAt: [2]string{"1.1.8", "1.1.8"},
	},
	{
		mode: "cni-conf-mode", owner: "cni-conf-owner", what: "Pod network configuration", closed: "is writable by root only",
		gain: "The runtime starts the programs that this configuration names as root for every pod, and some plugins keep credentials in it.", path: "the files in the network plugins' configuration folder", none: "the folder for network configuration has no file",
		roles: []snapshot.FileRole{snapshot.RoleCNIConf}, widest: 0o600, kept: check.Medium, keptS: "TI", owned: check.Medium, ownedS: "TE",
		keptAt: [2]string{"1.1.9", "1.1.9"}, ownedAt: [2]string{"1.1.10", "1.1.10"},
	},
	{
		mode: "etcd-data-dir-mode", owner: "etcd-data-dir-owner", what: "The etcd data directory", closed: "is private", whose: "the etcd account",
		gain: "The files are the whole cluster, every secret with it, in clear unless encryption at rest is set.", path: "the folder of --data-dir", none: "no etcd keeps its data on the node", plane: true,
		roles: []snapshot.FileRole{snapshot.RoleEtcdData}, widest: 0o700, surface: model.SurfaceClusterState, kept: check.High, keptS: "TI", owned: check.High, ownedS: "TE",
		keptAt: [2]string{"1.1.11", "1.1.11"}, ownedAt: [2]string{"1.1.12", "1.1.12"}, rightful: etcdAccount,
	},
	{
		mode: "admin-kubeconfig-mode", owner: "admin-kubeconfig-owner", what: "The administrator kubeconfig", closed: "is private to root",
		gain: "The file holds a credential that may do anything in the cluster; one in the group system:masters cannot be taken back by any rule. Copies in home folders count.", path: "the file and every copy", none: "no such file is on the node", plane: true,
		roles: []snapshot.FileRole{snapshot.RoleAdminKubeconfig}, widest: 0o600, kept: check.High, keptS: "TI", owned: check.High, ownedS: "TE",
		keptAt: [2]string{"1.1.13", "1.1.13"}, ownedAt: [2]string{"1.1.14", "1.1.14"},
	},
	{
		mode: "scheduler-kubeconfig-mode", owner: "scheduler-kubeconfig-owner", what: "The scheduler kubeconfig", closed: "is private to root",
		gain: "Who reads the file decides where pods run, and reads all of them.", path: "the file that the scheduler's --kubeconfig names", none: "no scheduler on the node names one", plane: true,
		roles: []snapshot.FileRole{snapshot.RoleSchedulerConf}, widest: 0o600, kept: check.High, keptS: "TI", owned: check.High, ownedS: "TE",
		keptAt: [2]string{"1.1.15", "1.1.15"}, ownedAt: [2]string{"1.1.16", "1.1.16"},
	},
	{
		mode: "controller-manager-kubeconfig-mode", owner: "controller-manager-kubeconfig-owner", what: "The controller manager kubeconfig", closed: "is private to root",
		gain: "Who reads the file may make tokens of every service account.", path: "the file that the controller manager's --kubeconfig names", none: "no controller manager on the node names one", plane: true,
		roles: []snapshot.FileRole{snapshot.RoleKCMConf}, widest: 0o600, kept: check.High, keptS: "TI", owned: check.High, ownedS: "TE",
		keptAt: [2]string{"1.1.17", "1.1.17"}, ownedAt: [2]string{"1.1.18", "1.1.18"},
	},
	{
		owner: "pki-dir-owner", what: "The cluster PKI directory",
		gain: "Certificates and keys decide who anybody is: who may replace them is the API server, etcd or an administrator. Every folder and file in it is looked at.", path: "-R the PKI folders", none: "no folder with cluster certificates is on the node", plane: true,
		roles: []snapshot.FileRole{snapshot.RolePKIDir, snapshot.RolePKICert, snapshot.RolePKIKey, snapshot.RolePKIOther}, owned: check.High, ownedS: "TE", ownedAt: [2]string{"1.1.19", "1.1.19"},
	},
	{
		mode: "pki-cert-mode", what: "Cluster certificates", closed: "are writable by root only",
		gain: "A CA certificate decides whom the cluster believes. What a file is, its content says, not its name.", path: "the certificates in the PKI folders", none: "no certificate is in the PKI folders", plane: true,
		roles: []snapshot.FileRole{snapshot.RolePKICert}, widest: 0o644, kept: check.Medium, keptS: "T", keptAt: [2]string{"1.1.20", "1.1.20"},
	},
	{
		mode: "pki-key-mode", what: "Cluster private keys", closed: "are readable by root only",
		gain: "Who reads a key is what the certificate says; with a CA's key he is anyone. Every file with a private key counts, the kubelet's with them, whatever its name.", path: "the files with private keys", none: "no private key is on the node", plane: true,
		roles: []snapshot.FileRole{snapshot.RolePKIKey}, widest: 0o600, kept: check.Critical, keptS: "SI", keptAt: [2]string{"1.1.21", "1.1.21"},
	},
	{
		mode: "kubelet-service-mode", owner: "kubelet-service-owner", what: "The kubelet unit file", closed: "is writable by root only",
		gain: "The unit, its drop-ins and the environment files that they name state the command that starts the kubelet, which runs as root.", path: "the unit that starts the kubelet, its drop-ins and environment files", none: "systemd has no unit for the kubelet",
		roles: []snapshot.FileRole{snapshot.RoleKubeletUnit}, widest: 0o600, zone: node, kept: check.Medium, keptS: "TI", owned: check.Medium, ownedS: "TE",
		keptAt: [2]string{"4.1.1", "4.1.1"}, ownedAt: [2]string{"4.1.2", "4.1.2"},
	},
	{
		mode: "kube-proxy-kubeconfig-mode", owner: "kube-proxy-kubeconfig-owner", what: "The kube-proxy kubeconfig", closed: "is private to its owner",
		gain: "The file holds a credential that reads every service and endpoint, and who may change it leads kube-proxy to another API server.", path: "the file that kube-proxy's --kubeconfig or its configuration names", none: "kube-proxy keeps its kubeconfig inside its pod, or does not run",
		roles: []snapshot.FileRole{snapshot.RoleProxyConf}, widest: 0o600, zone: node, surface: model.SurfaceKubeProxy, kept: check.Medium, keptS: "TI", owned: check.Medium, ownedS: "TE",
		keptAt: [2]string{"4.1.3", "4.1.3"}, ownedAt: [2]string{"4.1.4", "4.1.4"}, covered: []string{"kube-proxy-kubeconfig-mode-644"},
	},
	{
		mode: "kube-proxy-kubeconfig-mode-644", what: "The kube-proxy kubeconfig", closed: "is mode 644 or tighter",
		gain: "The file holds a credential, and who may change it leads kube-proxy to another API server. This is the rule of older editions and of those for managed clusters, which let everyone read it; the stricter one is kube-proxy-kubeconfig-mode.", path: "the file that kube-proxy's --kubeconfig or its configuration names", none: "kube-proxy keeps its kubeconfig inside its pod, or does not run",
		roles: []snapshot.FileRole{snapshot.RoleProxyConf}, widest: 0o644, zone: node, surface: model.SurfaceKubeProxy, kept: check.Medium, keptS: "STI",
	},
	{
		mode: "kubelet-kubeconfig-mode", owner: "kubelet-kubeconfig-owner", what: "The kubelet kubeconfig", closed: "is private to root",
		gain: "Who reads the file is the node: he reads the secrets of its pods and answers in its name.", path: "the file that the kubelet's --kubeconfig names", none: "no kubelet on the node names one",
		roles: []snapshot.FileRole{snapshot.RoleKubeletConf}, widest: 0o600, zone: node, kept: check.High, keptS: "TI", owned: check.High, ownedS: "TE",
		keptAt: [2]string{"4.1.5", "4.1.5"}, ownedAt: [2]string{"4.1.6", "4.1.6"},
	},
	{
		mode: "kubelet-client-ca-mode", owner: "kubelet-client-ca-owner", what: "The kubelet client CA", closed: "is writable by root only",
		gain: "Every holder of a certificate of this CA may run commands in the node's containers: who may replace the file issues himself one.", path: "the file of clientCAFile", none: "no kubelet on the node has one",
		roles: []snapshot.FileRole{snapshot.RoleKubeletCA}, widest: 0o644, zone: node, kept: check.Medium, keptS: "T", owned: check.Medium, ownedS: "TE",
		keptAt: [2]string{"4.1.7", "4.1.7"}, ownedAt: [2]string{"4.1.8", "4.1.8"},
	},
	{
		mode: "kubelet-config-file-mode", owner: "kubelet-config-file-owner", what: "The kubelet configuration", closed: "is private to root",
		gain: "The file that --config names, and every drop-in of --config-dir, decide who may run commands on the node and what starts on it.", path: "the file of --config and the drop-ins of --config-dir", none: "no kubelet on the node uses one",
		roles: []snapshot.FileRole{snapshot.RoleKubeletConfig}, widest: 0o600, zone: node, kept: check.High, keptS: "TI", owned: check.High, ownedS: "TE",
		keptAt: [2]string{"4.1.9", "4.1.9"}, ownedAt: [2]string{"4.1.10", "4.1.10"},
	},
	{
		mode: "cloud-config-file-mode", what: "Cloud configuration on nodes", closed: "is private to root",
		gain: "The file often holds a credential of the cloud account, and says which cloud the cluster acts on. It must belong to root too.", path: "the file of --cloud-config, azure.json", none: "no cloud configuration is on the node",
		roles: []snapshot.FileRole{snapshot.RoleCloudConfig}, widest: 0o600, zone: model.ZoneCloud, surface: model.SurfaceCloudLink, kept: check.High, keptS: "I", alsoRootsAlone: true,
	},
}
