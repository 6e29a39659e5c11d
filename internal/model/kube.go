package model

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"plimsoll/internal/snapshot"
)

// KubePrefix begins the IDs of the elements of clusters.
const KubePrefix = "k8s/"

// kube adds one cluster to a model.
type kube struct {
	*builder
	x *snapshot.Index
	c *snapshot.Cluster
}

// clusters adds every cluster that was looked at.
func (m *Model) clusters(x *snapshot.Index) {
	s := x.Snapshot
	live := slices.DeleteFunc(slices.Clone(s.Clusters), func(c snapshot.Cluster) bool {
		sc := s.Scope(c.Scope)
		return sc == nil || sc.Kind != snapshot.ScopeCluster // what manifests may become is no system
	})
	for i := range live {
		k := kube{builder: &builder{Model: m, s: s, prefix: KubePrefix}, x: x, c: &live[i]}
		if len(live) > 1 {
			k.prefix += k.c.Scope + "/"
		}
		k.controlPlane()
		k.runtime()
		k.callers()
		k.outside()
	}
}

// controlPlane adds the API server and what stands behind it.
func (k *kube) controlPlane() {
	notes := []string{"kubernetes " + k.c.Version}
	if k.c.Distribution != "" {
		notes = append(notes, k.c.Distribution)
	}
	k.element(Element{ID: "kube-apiserver", Kind: Process, Zone: ZoneControlPlane, Name: "kube-apiserver", Count: k.instances(snapshot.APIServer), Notes: notes})
	for _, name := range []string{snapshot.Etcd, snapshot.ControllerManager, snapshot.Scheduler} {
		kind := Process
		if name == snapshot.Etcd {
			kind = Store
		}
		if n := k.instances(name); n > 0 {
			k.element(Element{ID: name, Kind: kind, Zone: ZoneControlPlane, Name: name, Count: n})
		}
	}
	if n := countOf(k.s.Secrets, k.c.Scope, func(s *snapshot.Secret) string { return s.Scope }); n > 0 {
		k.element(Element{ID: "secrets", Kind: Store, Zone: ZoneControlPlane, Name: "secrets", Count: n})
	}
}

func (k *kube) instances(name string) int {
	n := 0
	for i := range k.s.Components {
		if c := &k.s.Components[i]; c.Scope == k.c.Scope && c.Name == name {
			n++
		}
	}
	return n
}

func countOf[T any](list []T, scope string, of func(*T) string) int {
	n := 0
	for i := range list {
		if of(&list[i]) == scope {
			n++
		}
	}
	return n
}

// runtime adds the nodes and what runs on them.
func (k *kube) runtime() {
	nodes, planes := 0, 0
	for i := range k.s.Nodes {
		if n := &k.s.Nodes[i]; n.Scope == k.c.Scope {
			nodes++
			if n.ControlPlane {
				planes++
			}
		}
	}
	if nodes > 0 {
		var notes []string
		if planes > 0 {
			notes = append(notes, strconv.Itoa(planes)+" control plane")
		}
		k.element(Element{ID: "nodes", Kind: Process, Zone: ZoneNodeRuntime, Name: "nodes", Count: nodes, Notes: notes})
		k.flow(Flow{From: "kube-apiserver", To: "nodes", Protocol: "https", Auth: "mutual-tls", Encrypt: true, Crosses: true, Label: "kubelet " + k.kubeletPort()})
	}
	k.simple("namespaces", countOf(k.s.Namespaces, k.c.Scope, func(n *snapshot.Namespace) string { return n.Scope }))
	workloads, pods, privileged, tokens := 0, 0, 0, 0
	for i := range k.s.Workloads {
		if k.s.Workloads[i].Scope == k.c.Scope {
			workloads++
		}
	}
	for i := range k.s.Pods {
		p := &k.s.Pods[i]
		if k.s.Workloads[p.Workload].Scope != k.c.Scope {
			continue
		}
		pods++
		if isPrivileged(&k.s.PodSpecs[p.Spec]) {
			privileged++
		}
		if p.Token {
			tokens++
		}
	}
	k.simple("workloads", workloads)
	if pods == 0 {
		return
	}
	var notes []string
	if privileged > 0 {
		notes = append(notes, strconv.Itoa(privileged)+" privileged")
	}
	k.element(Element{ID: "pods", Kind: Process, Zone: ZoneNodeRuntime, Name: "pods", Count: pods, Notes: notes})
	if tokens > 0 {
		k.flow(Flow{From: "pods", To: "kube-apiserver", Protocol: "https", Auth: "token", Encrypt: true, Crosses: true, Label: fmt.Sprintf("account tokens: %d", tokens)})
	}
}

// simple adds an element that is nothing but a number of things.
func (k *kube) simple(name string, n int) {
	if n > 0 {
		k.element(Element{ID: name, Kind: Store, Zone: ZoneNodeRuntime, Name: name, Count: n})
	}
}

func (k *kube) kubeletPort() string {
	const usual = 10250
	for i := range k.s.Nodes {
		if p := k.s.Nodes[i].KubeletPort; k.s.Nodes[i].Scope == k.c.Scope && p != 0 {
			return strconv.Itoa(int(p))
		}
	}
	return strconv.Itoa(usual)
}

func isPrivileged(s *snapshot.PodSpec) bool {
	return slices.ContainsFunc(s.Containers, func(c snapshot.PodContainer) bool { return c.Security.Privileged != nil && *c.Security.Privileged })
}

// callers adds who calls the API server, and over what.
func (k *kube) callers() {
	people := make(map[string]bool)
	anyone := false
	for i := range k.s.Bindings {
		b := &k.s.Bindings[i]
		if b.Scope != k.c.Scope {
			continue
		}
		for _, s := range b.Subjects {
			if s.Kind != "ServiceAccount" && !strings.HasPrefix(s.Name, "system:") {
				people[s.Name] = true
			}
			// What Kubernetes gives to everyone is its version and health, and kubeadm
			// one object of a namespace.
			anyone = anyone || !b.BuiltIn && b.Namespace == "" && (s.Name == "system:anonymous" || s.Name == "system:unauthenticated")
		}
	}
	client := Element{ID: "client", Kind: External, Zone: ZoneClient, Name: "API clients"}
	if len(people) > 0 {
		client.Notes = []string{fmt.Sprintf("%d users and groups", len(people))}
	}
	k.element(client)
	port := 0
	for _, e := range k.c.Endpoints {
		if port = e.Port; port != 0 {
			break
		}
	}
	f := Flow{From: "client", To: "kube-apiserver", Protocol: "https", Auth: "credentials", Encrypt: true, Crosses: true, Label: "tcp " + strconv.Itoa(port)}
	if anyone {
		f.Auth, f.Label = "none", f.Label+" anonymous"
	}
	k.flow(f)
}

// outside adds the network that reaches services, and the provider.
func (k *kube) outside() {
	balanced, ports, ingresses := 0, 0, 0
	for i := range k.s.Services {
		v := &k.s.Services[i]
		if v.Scope != k.c.Scope {
			continue
		}
		switch v.Type {
		case "LoadBalancer":
			balanced++
		case "NodePort":
			ports++
		default:
			if len(v.ExternalIPs) > 0 {
				ports++
			}
		}
	}
	for i := range k.s.Ingresses {
		if k.s.Ingresses[i].Scope == k.c.Scope {
			ingresses++
		}
	}
	if n := balanced + ports + ingresses; n > 0 {
		k.element(Element{ID: "network", Kind: External, Zone: ZoneClient, Name: "network", Notes: []string{"any address that reaches the nodes"}})
		k.flow(Flow{From: "network", To: "pods", Protocol: "tcp", Auth: "unknown", Crosses: true, Label: fmt.Sprintf("published services: %d", n)})
	}
	if k.c.Provider != "" && k.c.Provider != "kind" {
		k.element(Element{ID: "provider", Kind: External, Zone: ZoneCloud, Name: k.c.Provider})
		k.flow(Flow{From: "nodes", To: "provider", Protocol: "http", Auth: "unknown", Crosses: true, Label: "metadata service"})
	}
}
