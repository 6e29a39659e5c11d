package kube

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"plimsoll/internal/snapshot"
)

func part(s *snapshot.Snapshot, p snapshot.Part) snapshot.PartStatus {
	return s.Part(s.Scopes[0].ID, p)
}

func workload(s *snapshot.Snapshot, name string) *snapshot.Workload {
	for i := range s.Workloads {
		if s.Workloads[i].Name == name {
			return &s.Workloads[i]
		}
	}
	return nil
}

func TestCollect(t *testing.T) {
	w := small()
	s := w.collect(t, func(o *Options) {
		o.Resolve = func(_ context.Context, host string) []string { return []string{"of " + host} }
	})
	for _, p := range listParts() {
		if st := part(s, p); st.State != snapshot.Observed && st.State != snapshot.Absent || st.Reason != "" {
			t.Errorf("%s: %+v", p, st)
		}
	}
	if !s.Complete || s.Scopes[0].ID != "cluster:"+uid || s.Scopes[0].Name != "acme" || s.Scopes[0].Remote {
		t.Errorf("scope %+v, complete %v", s.Scopes, s.Complete)
	}
	c := s.Clusters[0]
	if c.Version != "v1.37.2" || c.Distribution != "kubeadm" || c.Provider != "aws" || len(c.CA) != 16 {
		t.Errorf("cluster %+v", c)
	}
	if n := len(c.Endpoints); n != 2 || c.Endpoints[1].Host != "203.0.113.9" || c.Endpoints[1].Addresses[0] != "of 203.0.113.9" {
		t.Errorf("endpoints %+v", c.Endpoints)
	}
	for _, name := range []string{"web", "loose", "roll", "own"} {
		if workload(s, name) == nil {
			t.Errorf("the workload %s is missing", name)
		}
	}
	if v := workload(s, "own"); v != nil && !v.Inferred {
		t.Error("a template of an unknown kind is not marked as inferred")
	}
	if v := s.Secrets; len(v) != 1 || v[0].Type != "Opaque" || len(v[0].Keys) != 0 {
		t.Errorf("secrets %+v", v)
	}
	if len(s.Components) != 1 || s.Components[0].Name != snapshot.APIServer || s.Components[0].Node != "cp1" || s.Components[0].Version != "v1.37.2" || len(s.Components[0].Named) != 1 {
		t.Errorf("components %+v", s.Components)
	}
	if got, _ := s.Components[0].Flag("anonymous-auth"); got != "false" {
		t.Errorf("--anonymous-auth=%s", got)
	}
	scope := s.Scopes[0].ID
	if !s.SeenAll(scope, snapshot.PartNodeComponents, snapshot.KindAPIServer) || s.SeenAll(scope, snapshot.PartNodeComponents, snapshot.KindEtcd) {
		t.Error("which components the mirrors show in full is wrong")
	}
	if slices.ContainsFunc(w.asked, func(r string) bool { return strings.Contains(r, "/colors") }) {
		t.Error("objects were listed of a kind that has nothing to do with pods")
	}
	if st := part(s, snapshot.PartNodeKubelet); st.State != snapshot.Skipped || slices.ContainsFunc(w.asked, func(r string) bool { return strings.Contains(r, "/proxy/") }) {
		t.Errorf("kubelets: %+v", st)
	}
}

// TestForbidden: what is forbidden everywhere is denied, with the rule that would
// grant it to whom the server named.
func TestForbidden(t *testing.T) {
	w := small()
	w.deny = func(path string) bool {
		return strings.HasSuffix(path, "/secrets") || strings.HasSuffix(path, "/clusterroles")
	}
	s := w.collect(t)
	st := part(s, snapshot.PartClusterSecrets)
	const want = "kubectl create clusterrole plimsoll-secrets --verb=list --resource=secrets && kubectl create clusterrolebinding plimsoll-secrets --clusterrole=plimsoll-secrets --serviceaccount=audit:reader"
	if st.State != snapshot.Denied || st.Reason != snapshot.ReasonDenied || st.Grant != want {
		t.Errorf("%+v", st)
	}
	if st := part(s, snapshot.PartClusterRBAC); st.State != snapshot.Denied || !strings.Contains(st.Grant, "--resource=clusterroles.rbac.authorization.k8s.io ") {
		t.Errorf("%+v", st)
	}
	if st := part(s, snapshot.PartClusterPods); st.State != snapshot.Observed || st.Reason != "" {
		t.Errorf("%+v", st)
	}
	if !s.Complete {
		t.Error("a lack of rights is no collection that was cut short")
	}
}

// TestNamespacedRights: who may read one namespace gets that one, named as such.
func TestNamespacedRights(t *testing.T) {
	w := small()
	w.deny = func(path string) bool {
		return !strings.Contains(path, "/namespaces/shop") && path != "/api" && path != "/apis"
	}
	s := w.collect(t)
	st := part(s, snapshot.PartClusterPods)
	if st.State != snapshot.Observed || st.Reason != snapshot.ReasonPartial || !strings.Contains(st.Detail, "in the namespaces shop only") || st.Grant == "" {
		t.Errorf("%+v", st)
	}
	seen, whole := s.SeenIn(s.Scopes[0].ID, snapshot.PartClusterPods)
	if whole || len(seen) != 1 || !seen["shop"] {
		t.Errorf("seen in %v, whole %v", seen, whole)
	}
	if len(s.Pods) != 1 || len(s.Namespaces) != 1 || s.Namespaces[0].Name != "shop" || workload(s, "web") == nil {
		t.Errorf("pods %+v, namespaces %+v", s.Pods, s.Namespaces)
	}
	if st := part(s, snapshot.PartClusterNodes); st.State != snapshot.Denied {
		t.Errorf("%+v", st)
	}
	if st := part(s, snapshot.PartClusterRBAC); st.State != snapshot.Denied {
		t.Errorf("without cluster roles nobody's rights are known: %+v", st)
	}
	if id := s.Scopes[0].ID; !strings.HasPrefix(id, "cluster:ca-") {
		t.Errorf("scope %s", id)
	}
}

// TestSomeNamespaces: with the list of namespaces, those that can be read are found.
func TestSomeNamespaces(t *testing.T) {
	w := small()
	w.deny = func(path string) bool {
		return strings.HasSuffix(path, "/pods") && path != "/api/v1/namespaces/shop/pods" && path != "/api/v1/namespaces/lab/pods"
	}
	s := w.collect(t)
	if seen, whole := s.SeenIn(s.Scopes[0].ID, snapshot.PartClusterPods); whole || len(seen) != 2 {
		t.Errorf("seen in %v, whole %v", seen, whole)
	}
	if len(s.Namespaces) != 3 {
		t.Errorf("namespaces %+v", s.Namespaces)
	}
}

func TestDiscoveryIsForbidden(t *testing.T) {
	w := small()
	w.deny = func(path string) bool { return path == "/api" || path == "/apis" }
	s := w.collect(t)
	if st := part(s, snapshot.PartClusterVersion); st.State != snapshot.Denied || !strings.Contains(st.Grant, "--clusterrole=system:discovery --serviceaccount=audit:reader") {
		t.Errorf("%+v", st)
	}
	if workload(s, "web") == nil {
		t.Error("what every cluster has was not read")
	}
}

// TestUnderstoodInPart: what is served otherwise than understood, or not at all,
// or is broken, is said so.
func TestUnderstoodInPart(t *testing.T) {
	t.Run("a group whose server is down", func(t *testing.T) {
		w := small()
		w.stale = []string{"policy"}
		s := w.collect(t)
		if st := part(s, snapshot.PartClusterQuotas); st.State != snapshot.Failed || !strings.Contains(st.Detail, "API group policy did not answer") || s.Complete {
			t.Errorf("%+v, complete %v", st, s.Complete)
		}
		if st := part(s, snapshot.PartClusterVersion); st.Reason != snapshot.ReasonPartial {
			t.Errorf("%+v", st)
		}
	})
	t.Run("broken objects", func(t *testing.T) {
		w := small()
		w.objects["/api/v1/pods"] = append(w.objects["/api/v1/pods"], object{"metadata": "no mapping"})
		if st := part(w.collect(t), snapshot.PartClusterPods); st.Reason != snapshot.ReasonPartial || !strings.Contains(st.Detail, "1 object") {
			t.Errorf("%+v", st)
		}
	})
	t.Run("secrets without tables", func(t *testing.T) {
		w := small()
		w.answer = func(out http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != "/api/v1/secrets" {
				return false
			}
			if strings.Contains(r.Header.Get("Accept"), "as=Table") {
				out.WriteHeader(http.StatusNotAcceptable)
			}
			return true
		}
		if st := part(w.collect(t), snapshot.PartClusterSecrets); st.State != snapshot.Failed {
			t.Errorf("%+v", st)
		}
	})
	t.Run("a list that begins anew", func(t *testing.T) {
		w, n := small(), 0
		w.answer = func(out http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != "/api/v1/pods" {
				return false
			}
			switch n++; n {
			case 1:
				fmt.Fprint(out, `{"kind":"PodList","metadata":{"continue":"x"},"items":[{"metadata":{"name":"loose","namespace":"lab","uid":"lab-loose"},"spec":{"containers":[{"name":"a","image":"b"}]}}]}`)
				return true
			case 2:
				out.WriteHeader(http.StatusGone)
				fmt.Fprint(out, `{"kind":"Status","code":410,"message":"too old"}`)
				return true
			}
			return false
		}
		s := w.collect(t)
		if st := part(s, snapshot.PartClusterPods); st.Reason != snapshot.ReasonPartial || !strings.Contains(st.Detail, "expired") || len(s.Pods) != 3 {
			t.Errorf("%+v, %d pods", st, len(s.Pods))
		}
	})
}

func TestKubelets(t *testing.T) {
	ask := func(o *Options) { o.Kubelets = true }
	w := small()
	w.answer = func(out http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/api/v1/nodes/cp1/proxy/configz" {
			return false
		}
		fmt.Fprint(out, `{"kubeletconfig":{"readOnlyPort":10255}}`)
		return true
	}
	s := w.collect(t, ask)
	i := slices.IndexFunc(s.Components, func(c snapshot.Component) bool { return c.Name == snapshot.Kubelet })
	if i < 0 || part(s, snapshot.PartNodeKubelet).State != snapshot.Observed {
		t.Fatalf("%+v, %+v", s.Components, part(s, snapshot.PartNodeKubelet))
	}
	if f, ok := snapshot.FieldOf(s.Components[i].Kubelet.Live.V, "readOnlyPort"); !ok || f.Value != "10255" || f.Source != "configz" {
		t.Errorf("%+v", s.Components[i].Kubelet)
	}
	w = small()
	w.deny = func(path string) bool { return strings.Contains(path, "/proxy/") }
	if st := part(w.collect(t, ask), snapshot.PartNodeKubelet); st.State != snapshot.Denied || strings.Contains(st.Grant, "nodes/proxy") {
		t.Errorf("%+v", st)
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	w := small()
	w.answer = func(_ http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/api/v1/pods" {
			cancel()
		}
		return false
	}
	s := Collect(ctx, Options{Client: w.client(t), Parallel: 1, Taken: time.Unix(0, 0)})
	if s.Complete {
		t.Error("an interrupted collection is complete")
	}
	if err := s.Validate(); err != nil {
		t.Error(err)
	}
}

func TestDistribution(t *testing.T) {
	node := func(version, provider string, labels ...string) *snapshot.Snapshot {
		n := snapshot.Node{Kubelet: version, ProviderID: provider}
		for _, l := range labels {
			n.Labels = append(n.Labels, snapshot.Pair{Key: l})
		}
		return &snapshot.Snapshot{Nodes: []snapshot.Node{n}}
	}
	kubeadm := func(s *snapshot.Snapshot) *snapshot.Snapshot {
		s.ConfigMaps = []snapshot.ConfigMap{{Namespace: "kube-system", Name: "kubeadm-config"}}
		return s
	}
	for name, c := range map[string]struct {
		version  string
		s        *snapshot.Snapshot
		want     string
		provider string
	}{
		"k3s":      {"v1.37.2+k3s1", node("v1.37.2+k3s1", "k3s://n"), "k3s", "k3s"},
		"rke2":     {"v1.37.2+rke2r1", node("v1.37.2+rke2r1", ""), "rke2", ""},
		"eks":      {"v1.37.1-eks-1a2b", node("v1.37.1-eks-1a2b", "aws:///eu/i"), "eks", "aws"},
		"eks, old": {"v1.37.1", node("v1.37.1", "aws:///eu/i", "eks.amazonaws.com/nodegroup"), "eks", "aws"},
		"gke":      {"v1.37.1-gke.100", node("v1.37.1-gke.100", "gce://p/z/n"), "gke", "gce"},
		"aks":      {"v1.37.1", node("v1.37.1", "azure:///x", "kubernetes.azure.com/cluster"), "aks", "azure"},
		"kind":     {"v1.37.1", kubeadm(node("v1.37.1", "kind://docker/kind/n")), "kind", "kind"},
		"minikube": {"v1.37.1", kubeadm(node("v1.37.1", "", "minikube.k8s.io/version")), "minikube", ""},
		"kubeadm":  {"v1.37.1", kubeadm(node("v1.37.1", "")), "kubeadm", ""},
		"on EC2":   {"v1.37.1", kubeadm(node("v1.37.1", "aws:///eu/i")), "kubeadm", "aws"},
		"nothing":  {"v1.37.1", node("v1.37.1", ""), "", ""},
	} {
		if got, provider := distribution(c.version, c.s); got != c.want || provider != c.provider {
			t.Errorf("%s: got %q, %q", name, got, provider)
		}
	}
}
