// Package podspec works out what a pod specification comes to: a container's
// context over its pod's, capabilities as the runtimes make them of what is added
// and dropped, limits that a LimitRange or the pod supplies, the token that is
// mounted, and the version of the Pod Security Standards that counts. Every check
// of pods asks here, so that there is one answer. It is a pure function of the
// snapshot.
package podspec

import (
	"strconv"

	"plimsoll/internal/snapshot"
)

// Context is what surrounds a specification and has a say in what it comes to.
type Context struct {
	Minor    Minor    // of the cluster's version
	Standard Standard // that its namespace enforces
	Runtimes []string // of the nodes: containerd, cri-o, docker; sorted, empty when not known

	// Limits are the LimitRanges of type Container that a pod made of it would get
	// its defaults from. None apply to pods that are there already.
	Limits []snapshot.LimitRange

	Account  *snapshot.ServiceAccount // nil when it was not seen
	Accounts bool                     // accounts were listed, so that one that was not seen is not there
	File     bool                     // it is defined in a file
}

// OS is the operating system that a pod is for, as far as it is proven.
type OS uint8

// The operating systems.
const (
	Linux     OS = iota // said, or nothing points elsewhere
	Windows             // spec.os.name says so, or the nodes that its pods run on do
	Undecided           // a selector of nodes points to Windows, which proves nothing
)

// Pod is what a specification comes to in its surroundings.
type Pod struct {
	*snapshot.PodSpec
	Context
	Class *snapshot.PodClass // of workloads that have it; nil when it was made by itself

	OS         OS
	Containers []Container // of every list, in the order init, app, ephemeral
}

// Container is one container of a pod.
type Container struct {
	*snapshot.PodContainer

	NonRoot  Setting[bool]
	User     Setting[int64]
	Group    Setting[int64]
	Seccomp  Setting[snapshot.Profile]
	AppArmor Setting[snapshot.Profile]
	SELinux  Setting[snapshot.SELinux]

	Privileged bool
	Escalation Escalation
	Caps       Caps

	Memory, CPU, Storage      Amount // limits
	MemoryRequest, CPURequest Amount
}

// Level is where a setting is said.
type Level uint8

// The levels.
const (
	Nowhere Level = iota
	InPod
	InContainer
)

// Setting is a value of a context, the container's where it has one, else the
// pod's.
type Setting[T any] struct {
	V    T
	From Level
}

// Said reports whether either level says it.
func (s Setting[T]) Said() bool { return s.From != Nowhere }

func choose[T any](container, pod *T) Setting[T] {
	switch {
	case container != nil:
		return Setting[T]{*container, InContainer}
	case pod != nil:
		return Setting[T]{*pod, InPod}
	}
	return Setting[T]{}
}

// New works out a specification.
func New(spec *snapshot.PodSpec, ctx Context) *Pod {
	p := &Pod{PodSpec: spec, Context: ctx, OS: system(spec), Containers: make([]Container, len(spec.Containers))}
	pod := &spec.Security
	for i := range spec.Containers {
		c := &spec.Containers[i]
		own := &c.Security
		p.Containers[i] = Container{
			PodContainer: c,
			NonRoot:      choose(own.NonRoot, pod.NonRoot), User: choose(own.User, pod.User), Group: choose(own.Group, pod.Group),
			Seccomp: choose(own.Seccomp, pod.Seccomp), SELinux: choose(own.SELinux, pod.SELinux),
			AppArmor:   choose(firstOf(own.AppArmor, fromNote(own.AppArmorNote)), pod.AppArmor),
			Privileged: isTrue(own.Privileged), Escalation: escalation(own), Caps: capabilities(own),
		}
		p.supply(&p.Containers[i])
	}
	return p
}

func isTrue(b *bool) bool { return b != nil && *b }

func firstOf[T any](a, b *T) *T {
	if a != nil {
		return a
	}
	return b
}

// UserNamespace reports whether the pod has a user namespace of its own, so that
// its root is nobody on the node.
func (p *Pod) UserNamespace() bool { return p.HostUsers != nil && !*p.HostUsers && p.OS != Windows }

// LongRunning reports whether a container runs as long as its pod.
func (c *Container) LongRunning() bool {
	return c.Kind == snapshot.AppContainer || c.Kind == snapshot.SidecarContainer
}

// Path names a field of a container as evidence does: by the list it is in and
// its name, containers[web].image. Package check finds the place in a file by it.
func (c *Container) Path(field string) string { return Path(c.PodContainer, field) }

// Path names a field of a container: containers[web].image.
func Path(c *snapshot.PodContainer, field string) string {
	return c.List() + "[" + c.Name + "]." + field
}

// At is the path of a setting that the container or its pod says under the same
// name.
func (c *Container) At(from Level, field string) string {
	if from == InPod {
		return field
	}
	return c.Path(field)
}

// Escalation is whether a process may gain privileges beyond its parent's.
type Escalation struct {
	Allowed bool
	Said    bool   // by the container
	Forced  string // what allows it whatever is said: privileged, SYS_ADMIN
}

func escalation(c *snapshot.SecurityContext) Escalation {
	e := Escalation{Allowed: c.Escalation == nil || *c.Escalation, Said: c.Escalation != nil}
	switch {
	case isTrue(c.Privileged):
		e.Allowed, e.Forced = true, "privileged"
	case holdsName(c.CapAdd, "SYS_ADMIN"):
		e.Allowed, e.Forced = true, "SYS_ADMIN"
	}
	return e
}

// system says which operating system a specification by itself is for.
func system(s *snapshot.PodSpec) OS {
	const label, beta = "kubernetes.io/os", "beta.kubernetes.io/os"
	switch s.OS {
	case "windows":
		return Windows
	case "linux":
		return Linux
	}
	for _, l := range s.NodeSelector {
		if (l.Key == label || l.Key == beta) && l.Value == "windows" {
			return Undecided
		}
	}
	for _, d := range s.Affinity {
		if (d.Key == label || d.Key == beta) && d.Operator == "In" && len(d.Values) == 1 && d.Values[0] == "windows" {
			return Undecided
		}
	}
	return Linux
}

// fromNote turns the annotation that older clusters know into the profile that it
// means; nil when there is none.
func fromNote(note string) *snapshot.Profile {
	const local = "localhost/"
	switch {
	case note == "":
		return nil
	case note == "runtime/default":
		return &snapshot.Profile{Type: "RuntimeDefault"}
	case note == "unconfined":
		return &snapshot.Profile{Type: "Unconfined"}
	case len(note) > len(local) && note[:len(local)] == local:
		return &snapshot.Profile{Type: "Localhost", Localhost: note[len(local):]}
	}
	return &snapshot.Profile{Type: note}
}

// Minor is the minor version of a cluster; 0 when it is not known.
type Minor int

// Newest is the newest minor version whose Pod Security Standards are known here.
const Newest Minor = 37

// String is as people write it.
func (m Minor) String() string {
	if m == 0 {
		return "unknown"
	}
	return "1." + strconv.Itoa(int(m))
}
