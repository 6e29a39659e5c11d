package kubeobj

import (
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plimsoll/internal/snapshot"
)

// candidate is an object that makes pods and may be the top of their ownership.
type candidate struct {
	w      snapshot.Workload
	parent *ownerRef // what controls it
}

// link is an object between pods and what they belong to: it is made by another
// and has a name of its own for each revision or run.
type link struct {
	parent ownerRef
	spec   int
}

// ownerRef is a reference to what controls an object.
type ownerRef struct {
	uid, namespace, apiVersion, kind, name string
	hash                                   string // of the revision, by the label of a pod
}

func parentOf(m *metav1.ObjectMeta) *ownerRef {
	c := controller(m)
	if c == nil || c.Kind == "Node" {
		return nil
	}
	return &ownerRef{uid: string(c.UID), namespace: m.Namespace, apiVersion: c.APIVersion, kind: c.Kind, name: c.Name}
}

// workload takes what makes pods, and pods.
func (b *Builder) workload(o any, from Origin) bool {
	switch o := o.(type) {
	case *corev1.Pod:
		b.pod(o, from)
	case *appsv1.Deployment:
		w := b.new("apps/v1", "Deployment", &o.ObjectMeta, from)
		b.scaled(&w, o.Spec.Replicas, o.Status.ReadyReplicas)
		b.candidate(w, &o.ObjectMeta, &o.Spec.Template, from)
	case *appsv1.StatefulSet:
		w := b.new("apps/v1", "StatefulSet", &o.ObjectMeta, from)
		b.scaled(&w, o.Spec.Replicas, o.Status.ReadyReplicas)
		t := o.Spec.Template
		t.Spec.Volumes = withClaims(t.Spec.Volumes, o.Spec.VolumeClaimTemplates)
		b.candidate(w, &o.ObjectMeta, &t, from)
	case *appsv1.DaemonSet:
		w := b.new("apps/v1", "DaemonSet", &o.ObjectMeta, from)
		w.Ready = int64(o.Status.NumberReady)
		b.candidate(w, &o.ObjectMeta, &o.Spec.Template, from)
	case *appsv1.ReplicaSet:
		w := b.new("apps/v1", "ReplicaSet", &o.ObjectMeta, from)
		b.scaled(&w, o.Spec.Replicas, o.Status.ReadyReplicas)
		b.candidate(w, &o.ObjectMeta, &o.Spec.Template, from)
	case *corev1.ReplicationController:
		w := b.new("v1", "ReplicationController", &o.ObjectMeta, from)
		b.scaled(&w, o.Spec.Replicas, o.Status.ReadyReplicas)
		t := o.Spec.Template
		if t == nil {
			t = &corev1.PodTemplateSpec{}
		}
		b.candidate(w, &o.ObjectMeta, t, from)
	case *batchv1.Job:
		w := b.new("batch/v1", "Job", &o.ObjectMeta, from)
		w.Dormant = isTrue(o.Spec.Suspend) || jobOver(o)
		b.candidate(w, &o.ObjectMeta, &o.Spec.Template, from)
	case *batchv1.CronJob:
		w := b.new("batch/v1", "CronJob", &o.ObjectMeta, from)
		w.Dormant = isTrue(o.Spec.Suspend)
		b.candidate(w, &o.ObjectMeta, &o.Spec.JobTemplate.Spec.Template, from)
	case *corev1.PodTemplate:
		w := b.new("v1", "PodTemplate", &o.ObjectMeta, from)
		w.Dormant = true // a template that nothing makes pods of by itself
		b.candidate(w, &o.ObjectMeta, &o.Template, from)
	default:
		return false
	}
	return true
}

func jobOver(j *batchv1.Job) bool {
	for _, c := range j.Status.Conditions {
		if (c.Type == batchv1.JobComplete || c.Type == batchv1.JobFailed) && c.Status == corev1.ConditionTrue {
			return true
		}
	}
	return j.Status.CompletionTime != nil
}

// new returns a workload that has everything but its template.
func (b *Builder) new(apiVersion, kind string, m *metav1.ObjectMeta, from Origin) snapshot.Workload {
	return snapshot.Workload{
		Scope: b.Scope, APIVersion: apiVersion, Kind: kind, Namespace: m.Namespace, Name: objectName(m), UID: string(m.UID), Owner: owner(m),
		Created: stamp(m.CreationTimestamp), Invalid: from.Invalid, Loc: from.Loc, Fields: from.Fields, Render: from.Render,
	}
}

// objectName is the name, or what the API server would make one of.
func objectName(m *metav1.ObjectMeta) string {
	switch {
	case m.Name != "":
		return m.Name
	case m.GenerateName != "":
		return m.GenerateName + "*"
	}
	return "(no name)"
}

// scaled notes how many pods are asked for. One is what the API server takes where
// nothing is said.
func (b *Builder) scaled(w *snapshot.Workload, replicas *int32, ready int32) {
	n := int64(1)
	if replicas != nil {
		n = int64(*replicas)
	}
	w.Replicas, w.Ready, w.Dormant = &n, int64(ready), n == 0
}

// candidate stores an object that makes pods. One that another one makes for each
// revision or run is kept as a link only.
func (b *Builder) candidate(w snapshot.Workload, m *metav1.ObjectMeta, t *corev1.PodTemplateSpec, from Origin) {
	s := PodSpec(&t.Spec, t.Annotations)
	s.Unread = from.Unread
	w.Spec, w.Labels = b.specs.intern(s), pairs(t.Labels, snapshot.RevisionLabels()...)
	parent := parentOf(m)
	if parent != nil && !b.Files && (w.Kind == "ReplicaSet" || w.Kind == "Job") {
		b.links[w.UID] = link{*parent, w.Spec}
		return
	}
	if w.UID != "" {
		b.candOf[w.UID] = len(b.cands)
	}
	b.cands = append(b.cands, candidate{w, parent})
}

// withClaims adds the volumes that a StatefulSet makes for each pod. Those of the
// pods are named alike by [stripped].
func withClaims(volumes []corev1.Volume, claims []corev1.PersistentVolumeClaim) []corev1.Volume {
	out := append([]corev1.Volume(nil), volumes...)
	for i := range claims {
		name := claims[i].Name
		out = append(out, corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{
			PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: name},
		}})
	}
	return out
}

// templateAt returns the template of an object that makes pods, and of a pod what
// stands for one; nil for any other.
func templateAt(o any) *corev1.PodTemplateSpec {
	switch o := o.(type) {
	case *corev1.Pod:
		return &corev1.PodTemplateSpec{ObjectMeta: o.ObjectMeta, Spec: o.Spec}
	case *appsv1.Deployment:
		return &o.Spec.Template
	case *appsv1.StatefulSet:
		return &o.Spec.Template
	case *appsv1.DaemonSet:
		return &o.Spec.Template
	case *appsv1.ReplicaSet:
		return &o.Spec.Template
	case *corev1.ReplicationController:
		if o.Spec.Template == nil {
			return &corev1.PodTemplateSpec{}
		}
		return o.Spec.Template
	case *batchv1.Job:
		return &o.Spec.Template
	case *batchv1.CronJob:
		return &o.Spec.JobTemplate.Spec.Template
	case *corev1.PodTemplate:
		return &o.Template
	}
	return nil
}

// MakesPods reports whether objects of a kind make pods, and where such an object
// has its pod specification, as a path; "" where that is not known.
func MakesPods(apiVersion, kind string) (path string, ok bool) {
	if path, ok := podPaths[kind]; ok {
		group, _, _ := strings.Cut(apiVersion, "/")
		if _, custom := templates[group+"/"+kind]; !custom {
			return path, true
		}
	}
	t, ok := templates[groupKind(apiVersion, kind)]
	if ok && len(t.paths) == 1 && t.form == whole && !strings.Contains(t.paths[0], "*") {
		return t.paths[0], true
	}
	return "", ok
}

// podPaths says where the kinds of Kubernetes have their pod specification.
var podPaths = map[string]string{
	"Pod": "spec", "PodTemplate": "template.spec", "Deployment": "spec.template.spec", "StatefulSet": "spec.template.spec", "DaemonSet": "spec.template.spec",
	"ReplicaSet": "spec.template.spec", "ReplicationController": "spec.template.spec", "Job": "spec.template.spec", "CronJob": "spec.jobTemplate.spec.template.spec",
}
