package snapshot

import "time"

// NodeHost is what a machine shows of being a node of a cluster.
type NodeHost struct {
	Scope        string   `json:"scope"`                  // of the cluster
	Host         string   `json:"host"`                   // scope of the machine
	Name         string   `json:"name"`                   // as the kubelet registers it, as far as the machine shows
	Distribution string   `json:"distribution,omitempty"` // kubeadm, k3s, rke2, microk8s, kind, minikube, eks, gke, aks
	ControlPlane bool     `json:"controlPlane,omitempty"` // a component of the control plane runs on it, or a manifest of one is on it
	Managed      bool     `json:"managed,omitempty"`      // a provider runs the control plane elsewhere
	Store        string   `json:"store,omitempty"`        // another store than etcd: sqlite, dqlite, external-sql
	Addresses    []string `json:"addresses,omitempty"`    // of the machine, loopback left out

	Forward  Fact[bool]        `json:"forward,omitzero"`  // net.ipv4.conf.all.route_localnet
	Runtime  Fact[string]      `json:"runtime,omitzero"`  // the container runtime by its name and version, as far as the machine shows
	Ports    Fact[[]Listening] `json:"ports,omitzero"`    // TCP sockets of the machine that do not listen on loopback
	Firewall Fact[string]      `json:"firewall,omitzero"` // what the packet filter does with packets to the machine: open (nothing filters), drop (by default), rules (that were not read)
	Static   Fact[[]string]    `json:"static,omitzero"`   // manifests in the static pod folder
}

// NodeOf returns what is known of the node on a machine in a cluster, or nil.
func (s *Snapshot) NodeOf(cluster, host string) *NodeHost {
	for i := range s.NodeHosts {
		if n := &s.NodeHosts[i]; n.Scope == cluster && n.Host == host {
			return n
		}
	}
	return nil
}

// X509 is one X.509 certificate in a file of a node. What is secret, the
// private key, is not in it.
type X509 struct {
	Scope   string    `json:"scope"`   // of the machine
	Cluster string    `json:"cluster"` // scope of the cluster
	Path    string    `json:"path"`
	N       int       `json:"n,omitempty"`  // position in the file
	In      string    `json:"in,omitempty"` // of one inside a kubeconfig: the user entry
	Subject string    `json:"subject"`      // common name
	Orgs    []string  `json:"orgs,omitempty"`
	Issuer  string    `json:"issuer"` // common name
	DNS     []string  `json:"dns,omitempty"`
	IPs     []string  `json:"ips,omitempty"`
	From    time.Time `json:"from"`
	Until   time.Time `json:"until"`
	Kind    string    `json:"kind"`             // of the key: RSA 2048, ECDSA P-256, Ed25519
	Key     string    `json:"key"`              // hash of the public key
	Signer  string    `json:"signer,omitempty"` // Key of the certificate in the snapshot that proves to have signed it
	CA      bool      `json:"ca,omitempty"`
	Own     bool      `json:"own,omitempty"` // it signed itself
	Client  bool      `json:"client,omitempty"`
	Server  bool      `json:"server,omitempty"`
}

// Kubeconfig is a client configuration, reduced to how it signs in.
type Kubeconfig struct {
	Scope    string           `json:"scope"`   // of the machine
	Cluster  string           `json:"cluster"` // scope of the cluster
	Path     string           `json:"path"`
	State    State            `json:"state"`
	Reason   Reason           `json:"reason,omitempty"`
	Servers  []string         `json:"servers,omitempty"`
	Insecure bool             `json:"insecure,omitempty"` // an entry does not verify the server
	Users    []KubeconfigUser `json:"users,omitempty"`
}

// KubeconfigUser is one way to sign in. No token, key or password is kept.
type KubeconfigUser struct {
	Name string `json:"name"`
	Auth string `json:"auth"` // certificate, certificate-file, token, token-file, password, exec, provider, none
	File string `json:"file,omitempty"`
	// ServiceAccount says that the token was made for one.
	ServiceAccount bool `json:"serviceAccount,omitempty"`
}

// The roles of a node's files.
const (
	RoleAPIServerManifest  FileRole = "apiserver-manifest"
	RoleKCMManifest        FileRole = "controller-manager-manifest"
	RoleSchedulerManifest  FileRole = "scheduler-manifest"
	RoleEtcdManifest       FileRole = "etcd-manifest"
	RoleStaticManifest     FileRole = "static-manifest" // of any other static pod
	RoleStaticPodDir       FileRole = "static-pod-dir"
	RoleCNIConf            FileRole = "cni-conf"
	RoleEtcdData           FileRole = "etcd-data"
	RoleAdminKubeconfig    FileRole = "admin-kubeconfig"
	RoleSchedulerConf      FileRole = "scheduler-kubeconfig"
	RoleKCMConf            FileRole = "controller-manager-kubeconfig"
	RoleKubeletConf        FileRole = "kubelet-kubeconfig"
	RoleProxyConf          FileRole = "kube-proxy-kubeconfig"
	RolePKIDir             FileRole = "pki-dir"
	RolePKICert            FileRole = "pki-cert"
	RolePKIKey             FileRole = "pki-key"
	RolePKIOther           FileRole = "pki-other"
	RoleKubeletUnit        FileRole = "kubelet-unit"
	RoleKubeletCA          FileRole = "kubelet-client-ca"
	RoleKubeletConfig      FileRole = "kubelet-config"
	RoleCloudConfig        FileRole = "cloud-config"
	RoleNodeSocket         FileRole = "node-runtime-socket"
	RoleEncryptionConfig   FileRole = "encryption-config"
	RoleControlPlaneConfig FileRole = "control-plane-config" // admission, audit, authentication, authorization
)
