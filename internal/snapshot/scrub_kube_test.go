package snapshot_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"plimsoll/internal/snapshot"
)

// acme is a cluster whose names stand wherever they can.
func acme() *snapshot.Snapshot {
	const c = "cluster:1111"
	pair := func(k, v string) []snapshot.Pair { return []snapshot.Pair{{Key: k, Value: v}} }
	sel := snapshot.Selector{Labels: pair("app", "ledger")}
	return &snapshot.Snapshot{
		Schema: snapshot.Schema, Taken: time.Unix(0, 0).UTC(), Complete: true,
		Scopes: []snapshot.Scope{{ID: c, Kind: snapshot.ScopeCluster, Name: "acme-prod", Target: "https://api.acme.corp:6443", Taken: time.Unix(0, 0).UTC()}},
		Parts: []snapshot.PartStatus{
			{Scope: c, Part: snapshot.PartClusterPods, State: snapshot.Observed, Reason: snapshot.ReasonPartial, Detail: "read in the namespaces payroll only", Grant: "kubectl create clusterrolebinding x --user=jane"},
			{Scope: c, Part: snapshot.PartClusterPods, Item: snapshot.NamespaceItem("payroll"), State: snapshot.Observed},
			{Scope: c, Part: snapshot.PartNodeKubelet, Item: "Node/gringotts-1", State: snapshot.Failed},
		},
		Clusters: []snapshot.Cluster{{
			Scope: c, Version: "v1.37.2", Endpoints: []snapshot.APIEndpoint{{Source: "kubeconfig", Host: "api.acme.corp", Port: 6443, Addresses: []string{"203.0.113.7"}}},
			Served: []snapshot.APIResource{{GroupVersion: "bank.acme.corp/v1", Kind: "Vault", Resource: "vaults"}},
			CNI:    []snapshot.CNI{{Name: "calico", Policy: "yes", Evidence: "kube-system/DaemonSet/calico-node"}},
		}},
		Nodes:      []snapshot.Node{{Scope: c, Name: "gringotts-1", Labels: []snapshot.Pair{{Key: "bank.acme.corp/zone", Value: "dungeon"}, {Key: "kubernetes.io/hostname", Value: "gringotts-1"}}}},
		Namespaces: []snapshot.Namespace{{Scope: c, Name: "default"}, {Scope: c, Name: "kube-system"}, {Scope: c, Name: "payroll", Labels: pair("pod-security.kubernetes.io/enforce", "restricted")}},
		PodSpecs: []snapshot.PodSpec{
			{ServiceAccount: "teller", RestartPolicy: "Always", PullSecrets: []string{"vaultkey"}, HostAliases: []string{"10.1.2.3=db.acme.corp"}, Containers: []snapshot.PodContainer{{
				Name: "ledger", Kind: snapshot.AppContainer, Image: "reg.acme.corp/bank/ledger:1", Mounts: []snapshot.VolumeMount{{Volume: "gold", Path: "/data"}},
				EnvFrom: []snapshot.EnvSource{{Kind: "secret", Name: "vaultkey"}},
			}}, Volumes: []snapshot.PodVolume{{Name: "gold", Type: "persistentVolumeClaim", Source: "goldclaim"}}},
			{ServiceAccount: "coredns", RestartPolicy: "Always", Containers: []snapshot.PodContainer{{Name: "coredns", Kind: snapshot.AppContainer, Image: "registry.k8s.io/coredns:1"}}},
		},
		Workloads: []snapshot.Workload{
			{Scope: c, Kind: "Deployment", Namespace: "payroll", Name: "ledger", Labels: pair("app", "ledger"), Owner: &snapshot.Owner{Kind: "helm", Name: "payroll/ledger"}},
			{Scope: c, Kind: "Deployment", Namespace: "kube-system", Name: "coredns", Spec: 1},
			{Scope: c, Kind: "Pod", Namespace: "kube-system", Name: "etcd-gringotts-1", Spec: 1, Static: true},
		},
		Pods:            []snapshot.PodRow{{Workload: 0, Name: "ledger-abc-1", IP: "10.1.2.3"}, {Workload: 2, Spec: 1, Name: "etcd-gringotts-1"}},
		ServiceAccounts: []snapshot.ServiceAccount{{Scope: c, Namespace: "payroll", Name: "teller", Secrets: []string{"vaultkey"}}},
		Roles:           []snapshot.Role{{Scope: c, Namespace: "payroll", Name: "counter", Rules: []snapshot.Rule{{Verbs: []string{"get"}, Resources: []string{"secrets"}, Names: []string{"vaultkey"}}}}, {Scope: c, Name: "cluster-admin", BuiltIn: true}},
		Bindings: []snapshot.Binding{
			{Scope: c, Name: "bosses", ClusterRole: true, Role: "cluster-admin", Subjects: []snapshot.RBACSubject{{Kind: "User", Name: "jane@acme.corp"}, {Kind: "Group", Name: "system:masters"}, {Kind: "ServiceAccount", Namespace: "payroll", Name: "teller"}, {Kind: "User", Name: "system:serviceaccount:payroll:teller"}, {Kind: "User", Name: "system:node:gringotts-1"}}},
		},
		CSRs:              []snapshot.CSR{{Scope: c, Name: "csr-1", Requester: "system:node:gringotts-1", User: "jane"}},
		NetworkPolicies:   []snapshot.NetworkPolicy{{Scope: c, Kind: "NetworkPolicy", Namespace: "payroll", Name: "moat", Pods: sel}},
		Services:          []snapshot.Service{{Scope: c, Namespace: "payroll", Name: "ledger", Type: "ClusterIP", Selector: pair("app", "ledger")}},
		Ingresses:         []snapshot.Ingress{{Scope: c, Kind: "Ingress", Namespace: "payroll", Name: "front", Hosts: []string{"pay.acme.corp"}, Backends: []string{"ledger"}, TLS: []snapshot.IngressTLS{{Hosts: []string{"pay.acme.corp"}, Secret: "vaultkey"}}}},
		Webhooks:          []snapshot.Webhook{{Scope: c, Kind: "ValidatingWebhookConfiguration", Object: "goblin", Name: "check.acme.corp", Service: "payroll/ledger"}},
		Autoscalers:       []snapshot.Autoscaler{{Scope: c, Namespace: "payroll", Name: "ledger", Target: "Deployment/ledger"}},
		FlowSchemas:       []snapshot.FlowSchema{{Scope: c, Name: "exempt", BuiltIn: true, Subjects: []string{"Group/system:masters"}}, {Scope: c, Name: "slowlane", Subjects: []string{"ServiceAccount/payroll/teller", "User/jane"}}},
		Secrets:           []snapshot.Secret{{Scope: c, Namespace: "payroll", Name: "vaultkey", Account: "teller"}},
		PersistentVolumes: []snapshot.PersistentVolume{{Scope: c, Name: "goldvolume", Type: "csi", Claim: "payroll/goldclaim"}},
		Definitions:       []snapshot.Definition{{Scope: c, Name: "vaults.bank.acme.corp", Group: "bank.acme.corp", Kind: "Vault"}},
	}
}

func TestScrubCluster(t *testing.T) {
	s := acme()
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	out, err := snapshot.Scrub(s)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := snapshot.Encode(&b, out); err != nil {
		t.Fatal(err)
	}
	all := b.String()
	for _, gone := range []string{
		"acme", "gringotts", "payroll", "ledger", "teller", "vaultkey", "gold", "jane", "moat", "front", "goblin", "counter", "bosses", "dungeon", "slowlane", "203.0.113.7", "10.1.2.3",
	} {
		if at := strings.Index(all, gone); at >= 0 {
			t.Errorf("%q is still there: …%s…", gone, all[max(0, at-80):min(len(all), at+80)])
		}
	}
	for _, kept := range []string{
		`"kube-system"`, `"coredns"`, "system:masters", "cluster-admin", "kube-system/DaemonSet/calico-node", "etcd-host-", "restricted", "registry.k8s.io/coredns:1", `"default"`, "exempt",
	} {
		if !strings.Contains(all, kept) {
			t.Errorf("%s is gone", kept)
		}
	}
	w, svc, pol := out.Workloads[0], out.Services[0], out.NetworkPolicies[0]
	if w.Name != svc.Name || w.Labels[0].Value != svc.Selector[0].Value || w.Labels[0] != pol.Pods.Labels[0] {
		t.Errorf("names do not meet: %+v, %+v, %+v", w.Labels, svc, pol)
	}
	if ns := out.Namespaces[2].Name; w.Namespace != ns || out.Parts[2].Item != snapshot.NamespaceItem(ns) || !strings.Contains(out.Parts[1].Detail, ns) || out.Webhooks[0].Service != ns+"/"+svc.Name {
		t.Errorf("the namespace is not one: %q, %+v, %+v", ns, out.Parts, out.Webhooks)
	}
	if a := out.ServiceAccounts[0]; out.Bindings[0].Subjects[3].Name != "system:serviceaccount:"+a.Namespace+":"+a.Name || out.PodSpecs[0].ServiceAccount != a.Name {
		t.Errorf("the account is not one: %+v, %+v", a, out.Bindings[0])
	}
}
