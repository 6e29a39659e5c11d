package snapshot

import (
	"maps"
	"slices"
	"testing"
	"time"
)

// podValues is a value for each form of field.
var podValues = map[string]string{
	"image": "docker.io/library/nginx@sha256:0", "imagePullPolicy": "Always", "securityContext.procMount": "Default",
	"securityContext.capabilities.add": "CHOWN,KILL", "securityContext.capabilities.drop": "ALL",
	"securityContext.seccompProfile.type": "RuntimeDefault",
	"resources.limits.memory":             "67108864", "resources.limits.ephemeral-storage": "1024", "resources.requests.memory": "1",
	"resources.limits.cpu": "1500m", "resources.requests.cpu": "10m",
}

// TestPodFields sets each field of a pod and of a container, reads it back, takes
// it back, and sees that nothing else changed.
func TestPodFields(t *testing.T) {
	base := &Snapshot{
		Taken:    time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC),
		Scopes:   []Scope{{ID: "cluster:u", Kind: ScopeCluster}},
		Clusters: []Cluster{{Scope: "cluster:u"}},
		PodSpecs: []PodSpec{{Containers: []PodContainer{{Name: "a"}, {Name: "b"}}}, {HostPID: true}},
		Workloads: []Workload{
			{Scope: "cluster:u", Kind: "Deployment", Namespace: "shop", Name: "web", Live: []int{1}},
			{Scope: "cluster:u", Kind: "Deployment", Namespace: "shop", Name: "api"},
		},
	}
	const key = "shop/Deployment/web"
	names := slices.Collect(maps.Keys(podFields))
	for n := range maps.Keys(podContainerFields) {
		names = append(names, "containers[b]."+n)
	}
	for _, name := range names {
		o := NewOverlay(base)
		get := func() string {
			v, err := o.Get(KindPodSpec, "cluster:u", key, name)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			return v
		}
		unset := get()
		if unset != "" && unset != "false" {
			t.Errorf("%s is %q where nothing was said", name, unset)
		}
		f, container, _ := LookupPodField(name)
		bare := name
		if container != "" {
			bare = name[len("containers[b]."):]
		}
		value, ok := podValues[bare]
		if !ok {
			value = "true"
		}
		if err := o.Set(KindPodSpec, "cluster:u", key, name, value); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if v := get(); v != value {
			t.Errorf("%s is %q after it was set to %q", name, v, value)
		}
		s := o.Snapshot()
		if s.Workloads[0].Live[0] != s.Workloads[0].Spec {
			t.Errorf("%s: the pods keep their former specification", name)
		}
		if s.Workloads[1].Spec != 0 {
			t.Errorf("%s: another workload changed", name)
		}
		if got, _ := f.Get(&base.PodSpecs[0], container); got != unset {
			t.Errorf("%s: the base changed", name)
		}
		if err := o.Set(KindPodSpec, "cluster:u", key, name, ""); err != nil || get() != unset {
			t.Errorf("%s cannot be taken back: %v", name, err)
		}
		if err := o.Set(KindPodSpec, "cluster:u", "shop/Deployment/none", name, value); err == nil {
			t.Errorf("%s was set on a workload that is not there", name)
		}
	}
	if _, container, ok := LookupPodField("containers[q].w].image"); !ok || container != "q].w" {
		t.Errorf("a name with a bracket is taken for %q, %t", container, ok)
	}
	for _, bad := range []string{"containers[c].image", "containers[].image", "containers[a]image", "hostpid", ""} {
		if err := NewOverlay(base).Set(KindPodSpec, "cluster:u", key, bad, "true"); err == nil {
			t.Errorf("%q was taken for a field", bad)
		}
	}
}
