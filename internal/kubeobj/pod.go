package kubeobj

import (
	"crypto/sha256"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"plimsoll/internal/snapshot"
)

// podRec is a pod until everything that may own it is known.
type podRec struct {
	name, phase, ip string
	spec            int
	owner           int // in owners, -1: cand
	cand            int // its own workload
	node            int // in nodeNames, -1: none
	token           bool
}

// mirrorNote marks the picture that the API shows of a pod from a file of a node.
const mirrorNote = "kubernetes.io/config.mirror"

func (b *Builder) pod(p *corev1.Pod, from Origin) {
	if b.Files {
		w := b.new("v1", "Pod", &p.ObjectMeta, from)
		_, w.Static = p.Annotations[mirrorNote]
		t := corev1.PodTemplateSpec{ObjectMeta: p.ObjectMeta, Spec: p.Spec}
		b.candidate(w, &p.ObjectMeta, &t, from)
		return
	}
	parent := parentOf(&p.ObjectMeta)
	raw := b.livePod(p, parent)
	r := podRec{name: p.Name, phase: unless(string(p.Status.Phase), string(corev1.PodRunning)), ip: p.Status.PodIP, spec: raw.spec, token: raw.token, owner: -1, node: b.node(p.Spec.NodeName)}
	if parent == nil {
		w := b.new("v1", "Pod", &p.ObjectMeta, from)
		_, w.Static = p.Annotations[mirrorNote]
		w.Dormant = over(r.phase)
		w.Spec, w.Labels = raw.spec, pairs(p.Labels, snapshot.RevisionLabels()...)
		r.cand = len(b.cands)
		b.cands = append(b.cands, candidate{w: w})
	} else {
		r.owner = b.ownedBy(*parent, p.Labels["pod-template-hash"])
	}
	b.pods = append(b.pods, r)
}

func over(phase string) bool {
	return phase == string(corev1.PodSucceeded) || phase == string(corev1.PodFailed)
}

func (b *Builder) node(name string) int {
	if name == "" {
		return -1
	}
	i, ok := b.nodeOf[name]
	if !ok {
		i = len(b.nodeNames)
		b.nodeOf[name] = i
		b.nodeNames = append(b.nodeNames, name)
	}
	return i
}

func (b *Builder) ownedBy(r ownerRef, hash string) int {
	i, ok := b.ownerOf[r.uid]
	if !ok {
		i = len(b.owners)
		r.hash = hash
		b.ownerOf[r.uid] = i
		b.owners = append(b.owners, r)
	}
	return i
}

// livePod reads the specification of a pod as its template has it. Pods of one
// template are sent in equal bytes but for what is stripped, so most are recognised
// by them.
func (b *Builder) livePod(p *corev1.Pod, parent *ownerRef) rawSpec {
	spec, token := stripped(p, parent)
	t := &b.specs
	n := spec.Size()
	if cap(t.buf) < n {
		t.buf = make([]byte, 2*n)
	}
	buf := t.buf[:n]
	if _, err := spec.MarshalToSizedBuffer(buf); err != nil {
		return rawSpec{t.intern(PodSpec(&spec, p.Annotations)), token}
	}
	notes := profiles(p.Annotations)
	buf = append(append(buf, 0), notes...)
	k := sha256.Sum256(buf)
	r, ok := t.raw[k]
	if !ok {
		r = rawSpec{spec: t.intern(PodSpec(&spec, p.Annotations))}
		t.raw[k] = r
	}
	r.token = token
	return r
}

// profiles writes the annotations that name AppArmor profiles.
func profiles(annotations map[string]string) string {
	var list []string
	for k, v := range annotations {
		if strings.HasPrefix(k, appArmorNote) {
			list = append(list, k+"="+v)
		}
	}
	slices.Sort(list)
	return strings.Join(list, "\x00")
}

// accountMount is where admission mounts the token of a pod's account.
const accountMount = "/var/run/secrets/kubernetes.io/serviceaccount"

// stripped returns what a pod asks for without what controllers, scheduler and
// admission give each pod of a template for itself, and whether admission mounted a
// token.
func stripped(p *corev1.Pod, parent *ownerRef) (spec corev1.PodSpec, token bool) {
	spec = p.Spec
	spec.NodeName, spec.Hostname, spec.Subdomain, spec.Priority, spec.PreemptionPolicy = "", "", "", nil, nil
	name := tokenVolume(&spec)
	if token = name != ""; token {
		spec.Volumes = slices.DeleteFunc(slices.Clone(spec.Volumes), func(v corev1.Volume) bool { return v.Name == name })
		unmount := func(list []corev1.VolumeMount) []corev1.VolumeMount {
			return slices.DeleteFunc(slices.Clone(list), func(m corev1.VolumeMount) bool { return m.Name == name && m.MountPath == accountMount })
		}
		spec.InitContainers, spec.Containers, spec.EphemeralContainers = slices.Clone(spec.InitContainers), slices.Clone(spec.Containers), slices.Clone(spec.EphemeralContainers)
		for i := range spec.InitContainers {
			spec.InitContainers[i].VolumeMounts = unmount(spec.InitContainers[i].VolumeMounts)
		}
		for i := range spec.Containers {
			spec.Containers[i].VolumeMounts = unmount(spec.Containers[i].VolumeMounts)
		}
		for i := range spec.EphemeralContainers {
			spec.EphemeralContainers[i].VolumeMounts = unmount(spec.EphemeralContainers[i].VolumeMounts)
		}
	}
	kind := ""
	if parent != nil {
		kind = parent.kind
	}
	spec.Tolerations = slices.DeleteFunc(slices.Clone(spec.Tolerations), func(t corev1.Toleration) bool { return givenToleration(&t, kind) })
	switch kind {
	case "StatefulSet":
		spec.Volumes = ownClaims(spec.Volumes, p.Name)
	case "DaemonSet":
		spec.Affinity = withoutNode(spec.Affinity)
	case "Job":
		spec.Containers, spec.InitContainers = withoutIndex(spec.Containers), withoutIndex(spec.InitContainers)
	}
	return spec, token
}

// tokenVolume returns the name of the volume through which admission hands the
// token of the account to the pod; "" where there is none.
func tokenVolume(spec *corev1.PodSpec) string {
	for i := range spec.Volumes {
		v := &spec.Volumes[i]
		generated := strings.HasPrefix(v.Name, "kube-api-access-") && v.Projected != nil ||
			v.Secret != nil && v.Name == v.Secret.SecretName && strings.Contains(v.Name, "-token-")
		if !generated {
			continue
		}
		for j := range spec.Containers {
			if slices.ContainsFunc(spec.Containers[j].VolumeMounts, func(m corev1.VolumeMount) bool { return m.Name == v.Name && m.MountPath == accountMount }) {
				return v.Name
			}
		}
		for j := range spec.InitContainers {
			if slices.ContainsFunc(spec.InitContainers[j].VolumeMounts, func(m corev1.VolumeMount) bool { return m.Name == v.Name && m.MountPath == accountMount }) {
				return v.Name
			}
		}
	}
	return ""
}

// evictionSeconds is how long the API server lets every pod stay on a node that is
// gone, unless it says otherwise itself.
const evictionSeconds = 300

// daemonTaints are tolerated by every pod of a DaemonSet.
var daemonTaints = []string{"not-ready", "unreachable", "disk-pressure", "memory-pressure", "pid-pressure", "unschedulable", "network-unavailable"}

// givenToleration reports whether a pod did not ask for a toleration but was given
// it.
func givenToleration(t *corev1.Toleration, kind string) bool {
	taint, ok := strings.CutPrefix(t.Key, "node.kubernetes.io/")
	if !ok || t.Operator != corev1.TolerationOpExists {
		return false
	}
	if kind == "DaemonSet" {
		return t.TolerationSeconds == nil && slices.Contains(daemonTaints, taint)
	}
	return (taint == "not-ready" || taint == "unreachable") && t.Effect == corev1.TaintEffectNoExecute &&
		t.TolerationSeconds != nil && *t.TolerationSeconds == evictionSeconds
}

// ownClaims names the claims that a StatefulSet made for a pod as its template
// does.
func ownClaims(volumes []corev1.Volume, pod string) []corev1.Volume {
	out := slices.Clone(volumes)
	for i := range out {
		if c := out[i].PersistentVolumeClaim; c != nil && c.ClaimName == out[i].Name+"-"+pod {
			claim := *c
			claim.ClaimName = out[i].Name
			out[i].PersistentVolumeClaim = &claim
		}
	}
	return out
}

// withoutNode takes away the node that the controller of a DaemonSet chose. It
// wrote it over whatever the template requires of nodes.
func withoutNode(a *corev1.Affinity) *corev1.Affinity {
	if a == nil || a.NodeAffinity == nil || a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution == nil {
		return a
	}
	for _, t := range a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms {
		if slices.ContainsFunc(t.MatchFields, func(r corev1.NodeSelectorRequirement) bool { return r.Key == "metadata.name" }) {
			out, node := *a, *a.NodeAffinity
			node.RequiredDuringSchedulingIgnoredDuringExecution = nil
			out.NodeAffinity = &node
			return &out
		}
	}
	return a
}

// withoutIndex takes away the variable with which a Job numbers its pods.
func withoutIndex(list []corev1.Container) []corev1.Container {
	out := slices.Clone(list)
	for i := range out {
		out[i].Env = slices.DeleteFunc(slices.Clone(out[i].Env), func(e corev1.EnvVar) bool { return e.Name == "JOB_COMPLETION_INDEX" && e.ValueFrom != nil })
	}
	return out
}
