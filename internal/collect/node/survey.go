package node

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"path"
	"slices"
	"strings"
	"time"

	"plimsoll/internal/collect/host"
	"plimsoll/internal/kubeflag"
	"plimsoll/internal/snapshot"
)

// Collect returns what the machine shows of being a node, as a fragment with a
// scope of its cluster; nil when nothing of Kubernetes runs or is set up on it.
// The host scope of the machine is not in the fragment, and is referred to.
func Collect(ctx context.Context, m *host.Machine, taken time.Time) (*snapshot.Snapshot, error) {
	n := &survey{ctx: ctx, m: m, hostID: m.ScopeID(), certs: make(map[string][]parsed)}
	if err := n.find(); err != nil {
		return nil, err
	}
	if !n.isNode() {
		return nil, nil //nolint:nilnil // nothing is no error
	}
	n.out = &snapshot.Snapshot{Taken: taken.UTC().Truncate(time.Second), Complete: true}
	n.node = snapshot.NodeHost{Host: n.hostID, Distribution: n.distro.name, Managed: n.distro.managed, Store: n.distro.store(n)}
	n.name()
	n.components()
	n.files()
	n.pki()
	n.finish()
	return n.out, ctx.Err()
}

// survey is one look at one machine.
type survey struct {
	ctx    context.Context
	m      *host.Machine
	hostID string
	out    *snapshot.Snapshot
	node   snapshot.NodeHost
	distro *distribution

	programs    []running // of this node, kubelet first
	nested      int       // kubelets inside containers, which are nodes of their own
	denied      int       // processes that could not be looked at
	manifests   []manifest
	manifestErr error

	list  []snapshot.File
	certs map[string][]parsed // path on the machine -> certificates in it
	confs []string            // kubeconfigs, on the machine
	caKey string              // of the cluster's authority
	caDER []byte
	ca    []*x509.Certificate
}

// running is a process of a component.
type running struct {
	host.Program
	name    string // of the component, or of the program that has several inside: k3s, kubelite
	view    host.View
	viewErr error
	flags   raw
}

// hosts are programs that run components inside themselves.
var embedders = []string{"k3s", "kubelite", "rke2"}

// find looks for the processes of the node. Those of nodes inside containers,
// such as kind makes, belong to other clusters.
func (n *survey) find() error {
	all, denied, err := n.m.Programs(n.ctx, slices.Concat(kubeflag.Components, embedders)...)
	if err != nil {
		return err
	}
	n.denied = denied
	least := 0
	for _, p := range all {
		if base(p) == snapshot.Kubelet && (least == 0 || p.Depth < least) {
			least = p.Depth
		}
	}
	var inside []string // control groups of other nodes
	for _, p := range all {
		if base(p) == snapshot.Kubelet && p.Depth > 1 {
			n.nested++
			inside = append(inside, outer(p.Group))
		}
	}
	for _, p := range all {
		if p.Depth > 1 && slices.ContainsFunc(inside, func(g string) bool { return g != "" && strings.HasPrefix(p.Group, g) }) {
			continue
		}
		if base(p) == snapshot.Etcd && !n.kubernetesEtcd(p) {
			continue
		}
		r := running{Program: p, name: base(p)}
		r.view, r.viewErr = n.m.ViewOf(p.PID)
		_, args := kubeflag.Component(p.Argv)
		r.flags = kubeflag.Parse(r.name, args)
		n.programs = append(n.programs, r)
	}
	slices.SortStableFunc(n.programs, func(a, b running) int {
		return cmp.Compare(slices.Index(order, a.name), slices.Index(order, b.name))
	})
	n.programs = slices.CompactFunc(n.programs, func(a, b running) bool { return a.name == b.name }) // the lowest process of each
	n.distro = n.detect()
	return nil
}

// order puts the kubelet first, since what else is asked follows from it.
var order = append([]string{snapshot.Kubelet, "k3s", "kubelite", "rke2", snapshot.APIServer}, kubeflag.Components...)

func base(p host.Program) string {
	first, _, _ := strings.Cut(p.Argv[0], " ")
	return path.Base(first)
}

// outer is the control group of the container that a kubelet runs in: up to the
// first part of the path that has a container's ID.
func outer(group string) string {
	parts := strings.Split(group, "/")
	for i, p := range parts {
		if isContainer(p) {
			return strings.Join(parts[:i+1], "/")
		}
	}
	return group
}

func isContainer(part string) bool {
	digits := 0
	for _, r := range part {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'f' {
			if digits++; digits >= 64 {
				return true
			}
			continue
		}
		digits = 0
	}
	return false
}

// kubernetesEtcd tells the etcd of a cluster from one that something else uses:
// it is named by a static pod or by the API server on this machine.
func (n *survey) kubernetesEtcd(p host.Program) bool {
	args := kubeflag.Parse(snapshot.Etcd, p.Argv[1:])
	if strings.Contains(p.Group, "kubepods") || strings.Contains(raw(args).last("data-dir"), "kube") {
		return true
	}
	for _, file := range []string{"/etc/kubernetes/manifests/kube-apiserver.yaml", "/etc/kubernetes/pki/etcd", "/var/lib/rancher", "/etc/systemd/system/kube-apiserver.service"} {
		if n.m.View().Exists(file) {
			return true
		}
	}
	return false
}

func (n *survey) isNode() bool { return len(n.programs) > 0 || n.distro.present(n) }

func (n *survey) program(name string) *running {
	for i := range n.programs {
		if n.programs[i].name == name {
			return &n.programs[i]
		}
	}
	return nil
}

// name finds the name under which the node is registered: what the kubelet is
// told, else the machine's own.
func (n *survey) name() {
	name := strings.ToLower(n.m.Name())
	if k := n.program(snapshot.Kubelet); k != nil {
		name = cmp.Or(k.flags.last("hostname-override"), name)
	}
	n.node.Name = host.Text(name)
}

// clusterID names the cluster by its authority, which all of its nodes know; the
// API names it better, see [snapshot.Snapshot.Rebase].
func (n *survey) clusterID() string {
	if len(n.caDER) == 0 {
		return "cluster:of:" + n.hostID
	}
	sum := sha256.Sum256(n.caDER)
	return "cluster:ca-" + hex.EncodeToString(sum[:])[:16]
}

// finish gives everything its scopes.
func (n *survey) finish() {
	id := n.clusterID()
	n.out.Scopes = []snapshot.Scope{{ID: id, Kind: snapshot.ScopeCluster, Name: cmp.Or(n.distro.name, "kubernetes") + " cluster of " + n.node.Name, Host: n.hostID, Taken: n.out.Taken}}
	n.node.Scope = id
	n.out.NodeHosts = []snapshot.NodeHost{n.node}
	for i := range n.out.Components {
		c := &n.out.Components[i]
		c.Scope, c.Host, c.Node = id, n.hostID, n.node.Name
	}
	for i := range n.list {
		n.list[i].Cluster = id
	}
	n.out.Files = n.list
	for i := range n.out.Certificates {
		n.out.Certificates[i].Cluster = id
	}
	for i := range n.out.Kubeconfigs {
		n.out.Kubeconfigs[i].Cluster = id
	}
	for i := range n.out.Parts {
		n.out.Parts[i].Scope = id
	}
}

// part adds a line of coverage for the node.
func (n *survey) part(p snapshot.Part, state snapshot.State, reason snapshot.Reason, detail, grant string) {
	n.out.Parts = append(n.out.Parts, snapshot.PartStatus{Part: p, State: state, Reason: reason, Detail: detail, Grant: grant})
}

// Grant is what makes what others may not see visible.
const Grant = "sudo plimsoll assess"

// Reads lists, for people, what the package reads.
func Reads() []string {
	return []string{
		"on a node of a Kubernetes cluster: cmdline, status, stat, cgroup, fd, net and mountinfo of its components' processes, of etcd's environ ETCD_ variables, of programs the version built into them",
		"files that these name, through /proc/PID/root: kubelet configuration and drop-ins, static pods, audit, admission, authentication, authorization and encryption configuration (no keys), certificates",
		"kubeconfigs: how each entry signs in, and when its certificate expires; no token, key or password is kept",
		"PKI folders, network plugin configuration, unit files, runtime sockets, etcd's data folder, cloud configuration: mode, owner, access list; of certificates the subject, names, dates and the hash of the public key",
		"the certificate that the kubelet's and the API server's ports on this machine show to anyone who connects",
		"/proc/sys/net/ipv4/conf/all/route_localnet, addresses of the machine's interfaces",
	}
}
