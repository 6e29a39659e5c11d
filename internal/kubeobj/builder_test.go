package kubeobj

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"plimsoll/internal/snapshot"
)

func sprint(v any) string { return fmt.Sprint(v) }

func meta(name, uid string, owners ...metav1.OwnerReference) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: "shop", Name: name, UID: "uid-" + types.UID(uid), OwnerReferences: owners}
}

func by(apiVersion, kind, name, uid string) metav1.OwnerReference {
	return metav1.OwnerReference{APIVersion: apiVersion, Kind: kind, Name: name, UID: "uid-" + types.UID(uid), Controller: new(true)}
}

func spec(image string) corev1.PodSpec {
	return corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: image}}}
}

func livePod(name, image string, owners ...metav1.OwnerReference) *corev1.Pod {
	s := spec(image)
	s.NodeName, s.ServiceAccountName = "node1", "default"
	s.Volumes = []corev1.Volume{{Name: "kube-api-access-" + name, VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{}}}}
	s.Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: "kube-api-access-" + name, MountPath: accountMount, ReadOnly: true}}
	s.Tolerations = []corev1.Toleration{{Key: "node.kubernetes.io/not-ready", Operator: "Exists", Effect: "NoExecute", TolerationSeconds: new(int64(300))}}
	return &corev1.Pod{ObjectMeta: meta(name, "pod-"+name, owners...), Spec: s, Status: corev1.PodStatus{Phase: corev1.PodRunning}}
}

// objects are of every chain of ownership.
func objects() []any {
	mirror := livePod("etcd-node1", "etcd:1", metav1.OwnerReference{APIVersion: "v1", Kind: "Node", Name: "node1", UID: "n", Controller: new(true)})
	mirror.Annotations = map[string]string{mirrorNote: "x"}
	old := livePod("web-1-c", "web:0", by("apps/v1", "ReplicaSet", "web-1", "rs0"))
	claim := livePod("db-0", "db:1", by("apps/v1", "StatefulSet", "db", "db"))
	claim.Spec.Volumes = append(claim.Spec.Volumes, corev1.Volume{Name: "data", VolumeSource: corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "data-db-0"}}})
	gone := livePod("lost-abc-1", "lost:1", by("apps/v1", "ReplicaSet", "lost-abc", "gone"))
	gone.Labels = map[string]string{"pod-template-hash": "abc"}
	done := livePod("nightly-1-x", "job:0", by("batch/v1", "Job", "nightly-1", "job"))
	done.Status.Phase = corev1.PodSucceeded
	daemon := livePod("agent-x", "agent:1", by("apps/v1", "DaemonSet", "agent", "agent"))
	daemon.Spec.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{
		MatchFields: []corev1.NodeSelectorRequirement{{Key: "metadata.name", Operator: "In", Values: []string{"node1"}}},
	}}}}}
	daemon.Spec.Tolerations = []corev1.Toleration{{Key: "node.kubernetes.io/unreachable", Operator: "Exists", Effect: "NoExecute"}}
	return []any{
		&corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "node1"}},
		&appsv1.Deployment{ObjectMeta: meta("web", "web"), Spec: appsv1.DeploymentSpec{Template: corev1.PodTemplateSpec{Spec: spec("web:1")}}},
		&appsv1.ReplicaSet{ObjectMeta: meta("web-1", "rs1", by("apps/v1", "Deployment", "web", "web")), Spec: appsv1.ReplicaSetSpec{Template: corev1.PodTemplateSpec{Spec: spec("web:1")}}},
		&appsv1.ReplicaSet{ObjectMeta: meta("web-0", "rs0", by("apps/v1", "Deployment", "web", "web")), Spec: appsv1.ReplicaSetSpec{Template: corev1.PodTemplateSpec{Spec: spec("web:0")}}},
		livePod("web-1-a", "web:1", by("apps/v1", "ReplicaSet", "web-1", "rs1")), livePod("web-1-b", "web:1", by("apps/v1", "ReplicaSet", "web-1", "rs1")), old,
		&appsv1.Deployment{ObjectMeta: meta("lost", "lost"), Spec: appsv1.DeploymentSpec{Replicas: new(int32(0)), Template: corev1.PodTemplateSpec{Spec: spec("lost:1")}}}, gone,
		&appsv1.StatefulSet{ObjectMeta: meta("db", "db"), Spec: appsv1.StatefulSetSpec{Template: corev1.PodTemplateSpec{Spec: spec("db:1")}, VolumeClaimTemplates: []corev1.PersistentVolumeClaim{{ObjectMeta: metav1.ObjectMeta{Name: "data"}}}}}, claim,
		&appsv1.DaemonSet{ObjectMeta: meta("agent", "agent"), Spec: appsv1.DaemonSetSpec{Template: corev1.PodTemplateSpec{Spec: spec("agent:1")}}}, daemon,
		&batchv1.CronJob{ObjectMeta: meta("nightly", "cron"), Spec: batchv1.CronJobSpec{Suspend: new(true), JobTemplate: batchv1.JobTemplateSpec{Spec: batchv1.JobSpec{Template: corev1.PodTemplateSpec{Spec: spec("job:1")}}}}},
		&batchv1.Job{ObjectMeta: meta("nightly-1", "job", by("batch/v1", "CronJob", "nightly", "cron")), Spec: batchv1.JobSpec{Template: corev1.PodTemplateSpec{Spec: spec("job:0")}}}, done,
		livePod("kafka-0", "kafka:1", by("core.strimzi.io/v1beta2", "StrimziPodSet", "kafka", "set")), livePod("kafka-1", "kafka:1", by("core.strimzi.io/v1beta2", "StrimziPodSet", "kafka", "set")),
		mirror, livePod("alone", "alone:1"),
		&appsv1.StatefulSet{ObjectMeta: meta("prom", "prom", by("monitoring.coreos.com/v1", "Prometheus", "main", "p")), Spec: appsv1.StatefulSetSpec{Template: corev1.PodTemplateSpec{Spec: spec("prom:1")}}},
	}
}

func build(t *testing.T, list []any) *snapshot.Snapshot {
	t.Helper()
	b := NewBuilder(Options{Scope: "cluster:x"})
	for _, o := range list {
		if !b.Add(o, Origin{}) {
			t.Fatalf("%T was not taken", o)
		}
	}
	return b.Snapshot()
}

func TestOwnership(t *testing.T) {
	s := build(t, objects())
	var got string
	for i := range s.Workloads {
		w := &s.Workloads[i]
		got += w.Kind + "/" + w.Name
		if len(w.Live) > 0 {
			got += " live"
			for _, n := range w.Live {
				got += " " + s.PodSpecs[n].Containers[0].Image
			}
		}
		if w.Dormant {
			got += " dormant"
		}
		if w.Static {
			got += " static"
		}
		if w.Owner != nil {
			got += " " + w.Owner.Kind + ":" + w.Owner.Name
		}
		for _, p := range s.Pods {
			if p.Workload == i {
				got += fmt.Sprintf(" [%s token=%v node=%d]", p.Name, p.Token, p.Node)
			}
		}
		got += "\n"
	}
	const want = `CronJob/nightly dormant [nightly-1-x token=true node=0]
DaemonSet/agent [agent-x token=true node=0]
Deployment/lost dormant [lost-abc-1 token=true node=0]
Deployment/web live web:0 [web-1-a token=true node=0] [web-1-b token=true node=0] [web-1-c token=true node=0]
Pod/alone [alone token=true node=0]
Pod/etcd-node1 static [etcd-node1 token=true node=0]
StatefulSet/db [db-0 token=true node=0]
StatefulSet/prom operator:Prometheus/main
StrimziPodSet/kafka [kafka-0 token=true node=0] [kafka-1 token=true node=0]
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestOrder adds the same objects in many orders: no trace of it may be left.
func TestOrder(t *testing.T) {
	want := dump(t, build(t, objects()))
	r := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		list := objects()
		r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		if got := dump(t, build(t, list)); got != want {
			t.Fatalf("another order gives other rows:\n%s\nand\n%s", want, got)
		}
	}
}

func dump(t *testing.T, s *snapshot.Snapshot) string {
	t.Helper()
	j, err := json.MarshalIndent(s, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(j)
}

func TestRing(t *testing.T) {
	a := &appsv1.Deployment{ObjectMeta: meta("a", "a", by("apps/v1", "Deployment", "b", "b"))}
	b := &appsv1.Deployment{ObjectMeta: meta("b", "b", by("apps/v1", "Deployment", "a", "a"))}
	s := build(t, []any{a, b, livePod("p", "p:1", by("apps/v1", "Deployment", "a", "a"))})
	if len(s.Workloads) < 2 {
		t.Errorf("workloads that own one another are lost: %d left", len(s.Workloads))
	}
}
