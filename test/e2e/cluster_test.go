package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"plimsoll/internal/snapshot"
	"plimsoll/test/program"
	"plimsoll/test/testbed"
)

// gathered runs collect and returns the snapshot.
func gathered(t *testing.T, u *program.User, args ...string) *snapshot.Snapshot {
	t.Helper()
	s, err := snapshot.Parse([]byte(u.Want(t, 0, append([]string{"collect"}, args...)...).Out))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// inventory counts what a snapshot has of the namespaces that no other test
// touches meanwhile, and says what became of its parts.
func inventory(s *snapshot.Snapshot, namespaces ...string) map[string]any {
	counts, parts := make(map[string]int), make(map[string]string)
	add := func(what, ns string) {
		if slices.Contains(namespaces, ns) {
			counts[what+" in "+ns]++
		}
	}
	for i := range s.Workloads {
		add("workloads", s.Workloads[i].Namespace)
	}
	for i := range s.Pods {
		add("pods", s.Workloads[s.Pods[i].Workload].Namespace)
	}
	for i := range s.ServiceAccounts {
		add("accounts", s.ServiceAccounts[i].Namespace)
	}
	for i := range s.Secrets {
		add("secrets of type "+s.Secrets[i].Type, s.Secrets[i].Namespace)
	}
	for i := range s.ConfigMaps {
		add("config maps", s.ConfigMaps[i].Namespace)
	}
	for _, p := range s.Parts {
		if strings.HasPrefix(string(p.Part), "cluster.") && p.Item == "" {
			parts[string(p.Part)] = p.State.String() + " " + string(p.Reason)
		}
	}
	return map[string]any{"counts": counts, "parts": parts}
}

const secretManifest = "apiVersion: v1\nkind: Secret\nmetadata: {name: db, namespace: NS}\ntype: example.com/own\nstringData: {password: canary-hunter2-4fT9}\n---\n" +
	"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: NS}\nspec:\n  replicas: 1\n  selector: {matchLabels: {app: web}}\n" +
	"  template:\n    metadata: {labels: {app: web}}\n    spec:\n      schedulerName: none-such\n      containers: [{name: web, image: \"docker.io/testbed/busybox:1\", env: [{name: PASSWORD, value: canary-hunter2-4fT9}]}]\n"

// TestClusterRole: with the role that doctor prints an account sees all that an
// administrator sees, and it grants nothing but reads.
func TestClusterRole(t *testing.T) {
	k := testbed.Cluster(t)
	ns := testbed.Namespace(t)
	testbed.Apply(t, k.Kubeconfig, strings.ReplaceAll(secretManifest, "NS", ns))
	testbed.Kubectl(t, k.Kubeconfig, "wait", "--for=create", "pod", "-l", "app=web", "-n", ns, "--timeout=60s")
	u := program.New(t)
	u.Env = append(u.Env, "KUBECONFIG="+k.SuperAdmin)
	role := u.Want(t, 0, "doctor", "k8s", "--role").Out
	for line := range strings.Lines(role) {
		if verbs, ok := strings.CutPrefix(strings.TrimSpace(line), "verbs: "); ok && verbs != "[list]" && verbs != "[get]" {
			t.Errorf("the role has %s", verbs)
		}
	}
	name := ns + "-read"
	testbed.Apply(t, k.SuperAdmin, strings.Replace(role, "name: plimsoll-read", "name: "+name, 1))
	t.Cleanup(func() {
		if out, err := exec.Command(k.Kubectl, "--kubeconfig", k.SuperAdmin, "delete", "clusterrole,clusterrolebinding", name, "--ignore-not-found").CombinedOutput(); err != nil {
			t.Errorf("remove the role: %v: %s", err, out)
		}
	})
	reader := testbed.ServiceAccount(t, ns, "reader")
	testbed.Kubectl(t, k.SuperAdmin, "create", "clusterrolebinding", name, "--clusterrole="+name, "--serviceaccount="+ns+":reader")
	for _, can := range []string{"create pods", "get secrets", "get nodes/proxy", "delete namespaces", "patch deployments.apps"} {
		words := strings.Fields(can)
		if out, err := testbed.TryKubectl(t, reader, "auth", "can-i", words[0], words[1], "--all-namespaces"); err == nil || strings.TrimSpace(out) != "no" {
			t.Errorf("the role lets its holder %s: %s", can, out)
		}
	}
	all := gathered(t, u, "k8s")
	got := gathered(t, u, "k8s", "--kubeconfig", reader)
	if diff := cmp.Diff(inventory(all, ns, "kube-system"), inventory(got, ns, "kube-system")); diff != "" {
		t.Errorf("an administrator (-) and the role (+):\n%s", diff)
	}
	for _, p := range got.Parts {
		if strings.HasPrefix(string(p.Part), "cluster.") && (p.State != snapshot.Observed && p.State != snapshot.Absent || p.Reason != "") {
			t.Errorf("%+v", p)
		}
	}
	if all.Scopes[0].ID != got.Scopes[0].ID || all.Clusters[0].CA != got.Clusters[0].CA || all.Clusters[0].Distribution != "kubeadm" || all.Clusters[0].Version != k.Version {
		t.Errorf("the cluster is another: %+v, %+v", all.Scopes, got.Scopes)
	}
}

// TestClusterHalfHidden: rights in one namespace show that one, and leave
// everything else unknown.
func TestClusterHalfHidden(t *testing.T) {
	k := testbed.Cluster(t)
	ns := testbed.Namespace(t)
	testbed.Apply(t, k.Kubeconfig, strings.ReplaceAll(secretManifest, "NS", ns))
	reader := testbed.ServiceAccount(t, ns, "reader")
	u := program.New(t)
	r := u.Want(t, 4, "collect", "k8s", "--kubeconfig", reader)
	if !strings.Contains(r.Err, "nothing of the cluster could be read") || !strings.Contains(r.Err, "forbidden") {
		t.Errorf("said: %s", r.Err)
	}
	testbed.Kubectl(t, k.SuperAdmin, "create", "rolebinding", "reader", "--clusterrole=view", "--serviceaccount="+ns+":reader", "-n", ns)
	s := gathered(t, u, "k8s", "--kubeconfig", reader)
	id := s.Scopes[0].ID
	if st := s.Part(id, snapshot.PartClusterPods); st.Reason != snapshot.ReasonPartial || !strings.Contains(st.Detail, ns) || !strings.Contains(st.Grant, "--serviceaccount="+ns+":reader") {
		t.Errorf("%+v", st)
	}
	if seen, whole := s.SeenIn(id, snapshot.PartClusterWorkloads); whole || !seen[ns] || len(seen) != 1 {
		t.Errorf("workloads seen in %v, whole %v", seen, whole)
	}
	for _, p := range []snapshot.Part{snapshot.PartClusterNodes, snapshot.PartClusterSecrets, snapshot.PartClusterRBAC, snapshot.PartClusterAdmission} {
		if st := s.Part(id, p); st.State != snapshot.Denied {
			t.Errorf("%+v", st)
		}
	}
	if len(s.Workloads) == 0 || s.Workloads[0].Namespace != ns {
		t.Errorf("workloads %+v", s.Workloads)
	}
	decodedResult := decoded(t, u.Want(t, 0, "assess", "k8s", "--kubeconfig", reader, "--format", "json"))
	for _, th := range decodedResult.Threats {
		if th.Status == "mitigated" {
			t.Errorf("%s is mitigated although half of the cluster is hidden", th.ID)
		}
	}
}

// TestClusterUnreachable: the code and the sentence of each way not to get there.
func TestClusterUnreachable(t *testing.T) {
	dir := t.TempDir()
	config := func(user, server string) string {
		file := filepath.Join(dir, "config")
		text := "apiVersion: v1\nkind: Config\ncurrent-context: c\ncontexts: [{name: c, context: {cluster: c, user: u}}]\nclusters: [{name: c, cluster: {server: \"" + server + "\"}}]\nusers: [{name: u, user: " + user + "}]\n"
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	u := program.New(t)
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"no kubeconfig":   {[]string{"k8s"}, 2, "no cluster is configured in"},
		"no such context": {[]string{"k8s:other", "--kubeconfig", config("{token: x}", "https://127.0.0.1:1")}, 2, `there is no context "other"; there are: c`},
		"refused":         {[]string{"k8s", "--kubeconfig", config("{token: x}", "https://127.0.0.1:1")}, 4, "connection refused"},
	} {
		t.Run(name, func(t *testing.T) {
			if r := u.Want(t, c.code, append([]string{"assess"}, c.args...)...); !strings.Contains(r.Err, c.says) {
				t.Errorf("said: %s", r.Err)
			}
		})
	}
	exec := "{exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: no-such-plugin}}"
	if r := u.Want(t, 4, "assess", "k8s", "--kubeconfig", config(exec, "https://127.0.0.1:1")); !strings.Contains(r.Err, "no-such-plugin, which is not in PATH") {
		t.Errorf("said: %s", r.Err)
	}
	if r := u.Run(t, "assess", "--kubeconfig", config(exec, "https://127.0.0.1:1"), "--format", "json"); !strings.Contains(r.Err, `the cluster of context "c" was not asked; name it: plimsoll assess k8s`) {
		t.Errorf("without a target it said: %s", r.Err)
	}
}

// TestNodeAgent applies the manifest, fetches the log and joins it with the API:
// what it shows of the node is what a run on the node itself shows.
func TestNodeAgent(t *testing.T) {
	k := testbed.Cluster(t)
	ns := testbed.Namespace(t, "pod-security.kubernetes.io/enforce=privileged")
	u := program.New(t)
	u.Env = append(u.Env, "KUBECONFIG="+k.SuperAdmin)
	manifest := u.Want(t, 0, "doctor", "--node-agent", "--image", "docker.io/testbed/busybox:1").Out
	_, workload, ok := strings.Cut(manifest, "kind: NetworkPolicy")
	if !ok {
		t.Fatalf("the manifest is another:\n%s", manifest)
	}
	manifest = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy" + workload
	for from, to := range map[string]string{
		"namespace: plimsoll-nodes":  "namespace: " + ns, // the program comes from the node, since the image is another
		"args: [collect,":            "command: [\"/host" + u.Path() + "\"]\n        args: [collect,",
		"registry.k8s.io/pause:3.10": "docker.io/testbed/busybox:1\n        command: [sleep, \"600\"]",
	} {
		if !strings.Contains(manifest, from) {
			t.Fatalf("the manifest has no %q", from)
		}
		manifest = strings.ReplaceAll(manifest, from, to)
	}
	testbed.Apply(t, k.SuperAdmin, manifest)
	testbed.Kubectl(t, k.SuperAdmin, "rollout", "status", "daemonset/plimsoll-nodes", "-n", ns, "--timeout=90s")
	pod := strings.TrimSpace(testbed.Kubectl(t, k.SuperAdmin, "get", "pods", "-n", ns, "-o", "name"))
	file := filepath.Join(u.Home, "node.json")
	if err := os.WriteFile(file, []byte(testbed.Kubectl(t, k.SuperAdmin, "logs", "-n", ns, pod, "-c", "collect")), 0o600); err != nil {
		t.Fatal(err)
	}
	got, want := gathered(t, u, "k8s", file), gathered(t, u, "host", "k8s")
	shown := func(s *snapshot.Snapshot) map[string]any {
		out := make(map[string]any)
		for _, c := range s.Components {
			c.Started, c.Served.V.Until = time.Time{}, time.Time{}
			j, err := json.Marshal(c.Flags)
			if err != nil {
				t.Fatal(err)
			}
			out[c.Name] = string(c.Source) + " " + c.Version + " " + c.Scope + " " + c.Ports.State.String() + " " + string(j)
		}
		for _, p := range s.Parts {
			if strings.HasPrefix(string(p.Part), "node.") && p.Item == "" {
				out[string(p.Part)] = p.State.String() + " " + string(p.Reason)
			}
		}
		out["files"], out["certificates"] = len(s.Files) > 0, len(s.Certificates)
		return out
	}
	if diff := cmp.Diff(shown(want), shown(got)); diff != "" {
		t.Errorf("on the node (-) and by the agent (+):\n%s", diff)
	}
}
