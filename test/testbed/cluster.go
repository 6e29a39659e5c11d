package testbed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const (
	// kubectlTimeout bounds one call of kubectl, waiting ones included.
	kubectlTimeout = 2 * time.Minute
	// awaitTimeout is how long kubectl waits for a condition.
	awaitTimeout = "90s"
)

// Kube is the testbed's cluster of one node, as cluster-up.sh left it.
type Kube struct {
	Kubeconfig string `json:"kubeconfig"` // of an administrator, who is one by a role binding
	SuperAdmin string `json:"superAdmin"` // of one whom the API server asks for no rights
	Node       string `json:"node"`
	Kubectl    string `json:"kubectl"` // path of the client, of the cluster's version
	Version    string `json:"version"` // as in v1.37.2
}

// Cluster returns the cluster for tests that only read it, or that change
// nothing but what they made. Others may do so at the same time; no test of
// [ClusterAlone] runs before this one ends.
func Cluster(t testing.TB) Kube {
	t.Helper()
	_ = os.Getenv(skipsEnv) // as in Engine
	k := cluster(t)
	if err := kubeTurns.share(t, filepath.Join(stateFolder(t), "cluster-tests.lock")); err != nil {
		t.Fatalf("wait for a turn on the testbed's cluster: %v", err)
	}
	if err := k.answers(t.Context()); err != nil {
		Skip(t, fmt.Sprintf("the testbed's cluster does not answer (%v); test/testbed/cluster-up.sh brings it back", err))
	}
	return k
}

// ClusterAlone returns the cluster for a test that changes what belongs to all:
// static pods, the kubelet, files of the node, objects that concern every
// namespace. It waits until no other test uses the cluster, and when the test
// ends, until the cluster answers again. It comes before any [Cluster] or
// [Namespace] of the test.
func ClusterAlone(t testing.TB) Kube {
	t.Helper()
	allowChange(t)
	_ = os.Getenv(skipsEnv) // as in Engine
	k := cluster(t)
	if err := kubeTurns.alone(t, filepath.Join(stateFolder(t), "cluster-tests.lock")); err != nil {
		t.Fatalf("wait for the testbed's cluster: %v", err)
	}
	if err := k.answers(t.Context()); err != nil {
		Skip(t, fmt.Sprintf("the testbed's cluster does not answer (%v); test/testbed/cluster-up.sh brings it back", err))
	}
	t.Cleanup(func() {
		err := k.answers(context.Background())
		for end := time.Now().Add(cleanupTimeout); err != nil && time.Now().Before(end); time.Sleep(time.Second) {
			err = k.answers(context.Background())
		}
		if err != nil {
			t.Errorf("the test leaves a cluster that does not answer: %v", err)
		}
	})
	return k
}

// answers reports why the API server is not ready, if so.
func (k Kube) answers(ctx context.Context) error {
	_, err := k.kubectl(ctx, k.SuperAdmin, "", "get", "--raw", "/readyz", "--request-timeout=10s")
	return err
}

// cluster reads where the cluster is, whether or not it answers.
func cluster(t testing.TB) Kube {
	t.Helper()
	var k Kube
	doc, err := os.ReadFile(filepath.Join(stateFolder(t), "cluster.json"))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		Skip(t, "there is no cluster of the testbed; on a disposable machine test/testbed/cluster-up.sh makes one")
	case err == nil:
		err = json.Unmarshal(doc, &k)
	}
	if err != nil {
		t.Fatalf("where the testbed's cluster is: %v", err)
	}
	return k
}

// Namespace makes a namespace that no other test uses, with labels such as
// "team=a", and returns its name. Pods are admitted to it at once. When the test
// ends it is deleted, which the cluster goes on with for some seconds.
func Namespace(t testing.TB, labels ...string) string {
	t.Helper()
	allowChange(t)
	k := Cluster(t)
	name := strings.TrimSuffix(strings.ToLower(newPrefix()), "-")
	Kubectl(t, k.Kubeconfig, "create", "namespace", name)
	t.Cleanup(func() { k.remove(t, name) })
	if len(labels) > 0 {
		Kubectl(t, k.Kubeconfig, append([]string{"label", "namespace", name}, labels...)...)
	}
	// A controller makes it, and the API server refuses pods until then.
	Kubectl(t, k.Kubeconfig, "wait", "--for=create", "serviceaccount/default", "--namespace", name, "--timeout", awaitTimeout)
	return name
}

// remove deletes a namespace. Its pods get one second instead of the thirty in
// which a shell as first process ignores the signal to end.
func (k Kube) remove(t testing.TB, namespace string) {
	ctx, cancel := context.WithTimeout(context.Background(), cleanupTimeout)
	defer cancel()
	_, err := k.kubectl(ctx, k.SuperAdmin, "", "delete", "namespace", namespace, "--wait=false", "--ignore-not-found")
	if err == nil {
		_, err = k.kubectl(ctx, k.SuperAdmin, "", "delete", "pods", "--all", "--namespace", namespace, "--grace-period=1", "--wait=false")
	}
	if err != nil {
		t.Errorf("remove the namespace %s: %v", namespace, err)
	}
}

// Apply sends documents to the API server, which merges them, as the user of a
// kubeconfig file. What they create outside a namespace of the test is the
// test's to delete.
func Apply(t testing.TB, kubeconfig, yaml string) {
	t.Helper()
	allowChange(t)
	if _, err := cluster(t).kubectl(t.Context(), kubeconfig, yaml, "apply", "--server-side", "--field-manager=testbed", "-f", "-"); err != nil {
		t.Fatalf("%v", err)
	}
}

// Await returns when the named resources, such as "pod/web", meet a condition,
// such as "condition=Ready" or "delete". If they do not, the test fails with
// their description.
func Await(t testing.TB, kubeconfig, namespace, condition string, resources ...string) {
	t.Helper()
	k := cluster(t)
	args := append([]string{"wait", "--namespace", namespace, "--for", condition, "--timeout", awaitTimeout}, resources...)
	if _, err := k.kubectl(t.Context(), kubeconfig, "", args...); err != nil {
		about, _ := k.kubectl(t.Context(), kubeconfig, "", append([]string{"describe", "--namespace", namespace}, resources...)...) // the first error is reported
		t.Fatalf("%v\n%s", err, about)
	}
}

// Kubectl runs the cluster's own client as the user of a kubeconfig file, for
// whatever the other helpers do not do, and returns its standard output.
func Kubectl(t testing.TB, kubeconfig string, args ...string) string {
	t.Helper()
	out, err := TryKubectl(t, kubeconfig, args...)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return out
}

// TryKubectl is [Kubectl] for calls that may fail. The error holds what kubectl
// said.
func TryKubectl(t testing.TB, kubeconfig string, args ...string) (string, error) {
	t.Helper()
	return cluster(t).kubectl(t.Context(), kubeconfig, "", args...)
}

// ServiceAccount makes a service account, which has no rights but those of
// everybody, and returns the path of a kubeconfig file that speaks as it.
func ServiceAccount(t testing.TB, namespace, name string) string {
	t.Helper()
	allowChange(t)
	k := cluster(t)
	Kubectl(t, k.Kubeconfig, "create", "serviceaccount", name, "--namespace", namespace)
	token := Kubectl(t, k.Kubeconfig, "create", "token", name, "--namespace", namespace)
	var doc map[string]any
	if err := json.Unmarshal([]byte(Kubectl(t, k.Kubeconfig, "config", "view", "--raw", "--minify", "--flatten", "--output", "json")), &doc); err != nil {
		t.Fatalf("read the administrator's kubeconfig file: %v", err)
	}
	cluster := doc["clusters"].([]any)[0].(map[string]any)["name"]
	doc["users"] = []any{map[string]any{"name": name, "user": map[string]any{"token": strings.TrimSpace(token)}}}
	doc["contexts"] = []any{map[string]any{"name": name, "context": map[string]any{"cluster": cluster, "user": name, "namespace": namespace}}}
	doc["current-context"] = name
	text, err := json.Marshal(doc) // which is YAML too
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := errors.Join(err, os.WriteFile(path, text, 0o600)); err != nil {
		t.Fatalf("write a kubeconfig file: %v", err)
	}
	return path
}

// kubectl runs the client. Settings and caches of the user who runs the tests
// stay out of it.
func (k Kube) kubectl(ctx context.Context, kubeconfig, stdin string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, kubectlTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, k.Kubectl, append([]string{"--kubeconfig", kubeconfig}, args...)...)
	cmd.Env = append(os.Environ(), "KUBERC=off", "KUBECACHEDIR="+filepath.Join(filepath.Dir(k.Kubectl), "cache"))
	cmd.Stdin = strings.NewReader(stdin)
	var out, said strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("kubectl %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(said.String()))
	}
	return out.String(), nil
}
