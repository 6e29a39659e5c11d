package testbed

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// ending runs do as a test of its own and tells how that ended.
func ending(t *testing.T, do func(testing.TB)) (end, why string) {
	t.Helper()
	r := &recorder{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		do(r)
	}()
	<-done
	return r.end, r.why
}

func TestNoCluster(t *testing.T) {
	t.Setenv("CI", "")
	t.Setenv(skipsEnv, "")
	t.Setenv(changeEnv, "1")
	dir := t.TempDir()
	t.Setenv("TESTBED_DIR", dir)
	open := func(t testing.TB) { Cluster(t) }
	expect := func(want, part string, do func(testing.TB)) {
		t.Helper()
		if end, why := ending(t, do); end != want || !strings.Contains(why, part) {
			t.Errorf("%q: %s; want %s, with %q", end, why, want, part)
		}
	}
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	expect("skipped", "cluster-up.sh makes one", open)
	expect("skipped", "cluster-up.sh makes one", func(t testing.TB) { Apply(t, "none", "") })
	write("cluster.json", "{")
	expect("failed", "unexpected end", open)
	write("cluster.json", `{"kubectl": "`+filepath.Join(dir, "kubectl")+`"}`)
	write("kubectl", "#!/bin/sh\necho connection refused >&2\nexit 1\n")
	expect("skipped", "connection refused", open)
	expect("failed", "connection refused", func(t testing.TB) { Kubectl(t, "none", "get", "pods") })
	write("kubectl", "#!/bin/sh\nexit 0\n")
	expect("", "", open)
	t.Setenv("CI", "true")
	write("kubectl", "#!/bin/sh\nexit 1\n")
	expect("failed", "could not run", open)
	t.Setenv("CI", "")
	t.Setenv(changeEnv, "")
	expect("skipped", changeEnv, func(t testing.TB) { Namespace(t) })
}

const onePod = `
apiVersion: v1
kind: Pod
metadata: {name: one, namespace: NAMESPACE}
spec:
  containers: [{name: main, image: ` + Image + `}]
`

func TestNamespaceLivesAsLongAsTheTest(t *testing.T) {
	k := Cluster(t)
	var name string
	t.Run("inner", func(t *testing.T) {
		name = Namespace(t, "plimsoll.test/which=inner")
		if got := Kubectl(t, k.Kubeconfig, "get", "namespaces", "--selector", "plimsoll.test/which=inner", "--output", "name"); !strings.Contains(got, name) {
			t.Errorf("with the label: %q, want %s", got, name)
		}
		Apply(t, k.Kubeconfig, strings.ReplaceAll(onePod, "NAMESPACE", name))
		Await(t, k.Kubeconfig, name, "condition=Ready", "pod/one")
		if got := Kubectl(t, k.Kubeconfig, "get", "pod/one", "--namespace", name, "--output", "jsonpath={.spec.nodeName}"); got != k.Node {
			t.Errorf("the pod is on %q, want %q", got, k.Node)
		}
		if got := Kubectl(t, k.Kubeconfig, "exec", "--namespace", name, "one", "--", "sh", "-c", "echo inside"); got != "inside\n" {
			t.Errorf("in the pod: %q", got)
		}
	})
	if name == "" {
		return // it said why
	}
	begun := time.Now()
	Kubectl(t, k.Kubeconfig, "wait", "--for=delete", "namespace/"+name, "--timeout=60s")
	t.Logf("the namespace was gone %v after the test", time.Since(begun).Round(time.Second))
}

func TestClusterAlone(t *testing.T) {
	t.Run("alone", func(t *testing.T) {
		ClusterAlone(t)
		if name := Namespace(t); name == "" { // shares what the test has alone
			t.Error("no namespace")
		}
	})
	Cluster(t)
	if end, why := ending(t, func(t testing.TB) { ClusterAlone(t) }); end == "skipped" {
		t.Log(why) // allowed to change nothing
	} else if end != "failed" || !strings.Contains(why, "ask to have it alone first") {
		t.Errorf("after Cluster: %s: %s; want failed", end, why)
	}
}

func TestApplyIsRefused(t *testing.T) {
	k, name := Cluster(t), Namespace(t)
	for yaml, why := range map[string]string{
		strings.ReplaceAll(onePod, "NAMESPACE", "tb-nowhere"):                                   `namespaces "tb-nowhere" not found`,
		strings.ReplaceAll(strings.ReplaceAll(onePod, "NAMESPACE", name), "image:", "picture:"): "picture",
	} {
		if end, said := ending(t, func(t testing.TB) { Apply(t, k.Kubeconfig, yaml) }); end != "failed" || !strings.Contains(said, why) {
			t.Errorf("%q: %s; want failed, with %q", end, said, why)
		}
	}
}

func TestServiceAccountHasNoRights(t *testing.T) {
	k, name := Cluster(t), Namespace(t)
	as := ServiceAccount(t, name, "reader")
	if got, want := Kubectl(t, as, "auth", "whoami", "--output", "jsonpath={.status.userInfo.username}"), "system:serviceaccount:"+name+":reader"; got != want {
		t.Errorf("speaks as %q, want %q", got, want)
	}
	if out, err := TryKubectl(t, as, "get", "configmaps"); err == nil || !strings.Contains(err.Error(), "forbidden") {
		t.Errorf("without a role: %q, %v; want forbidden", out, err)
	}
	Kubectl(t, k.Kubeconfig, "create", "rolebinding", "view", "--clusterrole=view", "--serviceaccount", name+":reader", "--namespace", name)
	if out, err := TryKubectl(t, as, "get", "configmaps", "--output", "name"); err != nil || !strings.Contains(out, "kube-root-ca.crt") {
		t.Errorf("with a role: %q, %v", out, err)
	}
}
