package kubeobj

import corev1 "k8s.io/api/core/v1"

// StaticPod is what the API shows of a pod from a file of a node.
type StaticPod struct {
	Namespace, Name, Node string
	Containers            []StaticContainer
}

// StaticContainer is a container's image and command line.
type StaticContainer struct {
	Image string
	Argv  []string // command and arguments
}

// Mirror returns what an object shows of a static pod; ok is false for any other.
// Its command lines are whole: they are for the reader of flags and nothing else.
func Mirror(o any) (m StaticPod, ok bool) {
	p, isPod := o.(*corev1.Pod)
	if !isPod || p.Annotations[mirrorNote] == "" {
		return m, false
	}
	m = StaticPod{Namespace: p.Namespace, Name: p.Name, Node: p.Spec.NodeName}
	for i := range p.Spec.Containers {
		c := &p.Spec.Containers[i]
		m.Containers = append(m.Containers, StaticContainer{Image: c.Image, Argv: append(append([]string(nil), c.Command...), c.Args...)})
	}
	return m, true
}
