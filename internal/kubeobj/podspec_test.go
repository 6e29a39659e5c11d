package kubeobj

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"plimsoll/internal/snapshot"
)

func TestQuantities(t *testing.T) {
	for _, tt := range []struct {
		in           string
		milli, bytes int64
	}{
		{"0", 0, 0},
		{"0Mi", 0, 0},
		{"0e3", 0, 0},
		{"1", 1000, 1},
		{"100m", 100, 1},
		{"0.5", 500, 1},
		{"1500u", 2, 1},
		{"128Mi", 128 << 20 * 1000, 128 << 20},
		{"1e3", 1_000_000, 1000},
		{"1.5Gi", 3 << 29 * 1000, 3 << 29},
	} {
		a := amounts(corev1.ResourceList{"cpu": resource.MustParse(tt.in), "memory": resource.MustParse(tt.in)})
		if *a.CPU != tt.milli || *a.Memory != tt.bytes {
			t.Errorf("%s: got %d milli and %d bytes, want %d and %d", tt.in, *a.CPU, *a.Memory, tt.milli, tt.bytes)
		}
	}
}

func TestDefaults(t *testing.T) {
	s := PodSpec(&corev1.PodSpec{HostNetwork: true, Containers: []corev1.Container{
		{Name: "a", Image: "nginx", Ports: []corev1.ContainerPort{{ContainerPort: 80, Protocol: "TCP"}}, Resources: corev1.ResourceRequirements{Limits: corev1.ResourceList{"memory": resource.MustParse("1Mi")}}},
		{Name: "b", Image: "nginx:1.2"},
		{Name: "c", Image: "nginx@sha256:00"},
		{Name: "d", Image: "host:5000/nginx:latest", ImagePullPolicy: "Never"},
	}}, map[string]string{appArmorNote + "b": "unconfined"})
	if s.ServiceAccount != "default" || s.RestartPolicy != "Always" || s.Security.Context {
		t.Errorf("defaults are not set: %+v", s)
	}
	if p := s.Containers[0].Ports[0]; p.HostPort != 80 || p.Protocol != "" {
		t.Errorf("a port of the host's network is %+v, want it published", p)
	}
	if m := s.Containers[0].Resources.Requests.Memory; m == nil || *m != 1<<20 {
		t.Error("what is limited is not asked for")
	}
	for i, want := range []string{"Always", "IfNotPresent", "IfNotPresent", "Never"} {
		if got := s.Containers[i].PullPolicy; got != want {
			t.Errorf("pull policy of %s is %s, want %s", s.Containers[i].Image, got, want)
		}
	}
	if s.Containers[1].Security.AppArmorNote != "unconfined" {
		t.Error("the AppArmor annotation is lost")
	}
}

func TestContainerKinds(t *testing.T) {
	always := corev1.ContainerRestartPolicyAlways
	s := PodSpec(&corev1.PodSpec{
		InitContainers: []corev1.Container{{Name: "i"}, {Name: "s", RestartPolicy: &always}}, Containers: []corev1.Container{{Name: "a"}},
		EphemeralContainers: []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: "e"}}},
	}, nil)
	want := []snapshot.PodContainerKind{snapshot.InitContainer, snapshot.SidecarContainer, snapshot.AppContainer, snapshot.EphemeralContainer}
	for i, c := range s.Containers {
		if c.Kind != want[i] {
			t.Errorf("%s is %s, want %s", c.Name, c.Kind, want[i])
		}
	}
}

func TestPrograms(t *testing.T) {
	_, got := command(&corev1.Container{Command: []string{"/bin/sh", "-c", "exec /usr/sbin/sshd -D && sudo id; not-sudo"}, Args: []string{"kube-apiserver"}})
	if want := "[kube-apiserver sh sshd sudo]"; want != sprint(got) {
		t.Errorf("programs are %v, want %s", got, want)
	}
}
