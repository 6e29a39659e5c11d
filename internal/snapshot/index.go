package snapshot

import "cmp"

// Index is the table of everything that can be judged in a snapshot, built once
// and shared by checks, threats and plan. A subject is referred to by its
// position.
type Index struct {
	Snapshot *Snapshot
	Subjects []Subject
	Parents  []int // position of the enclosing subject, -1 at the top

	scopes     map[string]int // scope ID -> subject of the scope itself
	files      []int          // Files[i] -> subject
	containers []int          // Containers[i] -> subject
	images     []int
	networks   []int
	classes    []Class
}

// Class is a set of containers that no check can tell apart: same scope,
// configuration and live state.
type Class struct {
	Scope         string
	Spec, Runtime int
	Kept          string // journal that the containers are kept for; not judged
	Members       []int  // subjects, ascending
}

// NewIndex builds the table. Hosts come before engines, engines before what is
// inside them, so a parent always precedes its children.
func NewIndex(s *Snapshot) *Index {
	x := &Index{Snapshot: s, scopes: make(map[string]int, len(s.Scopes))}
	n := len(s.Scopes) + len(s.Files) + len(s.Containers) + len(s.Images) + len(s.Networks)
	x.Subjects = make([]Subject, 0, n)
	x.Parents = make([]int, 0, n)
	x.addScopes(s, func(k ScopeKind) bool { return k == ScopeHost })
	x.addScopes(s, func(k ScopeKind) bool { return k != ScopeHost })
	for i := range s.Files {
		f := &s.Files[i]
		parent := x.ScopeSubject(f.Scope)
		if f.Engine != "" {
			parent = x.ScopeSubject(f.Engine)
		}
		x.files = append(x.files, x.add(Subject{Kind: KindHostFile, Scope: f.Scope, Key: "file" + f.Path, Name: f.Path}, parent))
	}
	x.addImages(s.Images)
	x.addNetworks(s.Networks)
	for i := range s.Containers {
		c := &s.Containers[i]
		x.containers = append(x.containers, x.add(Subject{Kind: KindContainer, Scope: c.Scope, Key: c.Key, Name: c.Name, UID: c.ID, Loc: c.Loc}, x.ScopeSubject(c.Scope)))
	}
	x.classify()
	return x
}

func (x *Index) addImages(images []Image) {
	keys := newKeyed(len(images))
	for i := range images {
		keys.note(images[i].Scope, images[i].key())
	}
	for i := range images {
		m := &images[i]
		x.images = append(x.images, x.add(Subject{
			Kind: KindImage, Scope: m.Scope, Key: keys.key(m.Scope, m.key(), m.ID), Name: cmp.Or(m.reference(), m.ID), UID: m.ID,
		}, x.ScopeSubject(m.Scope)))
	}
}

func (x *Index) addNetworks(networks []Network) {
	keys := newKeyed(len(networks))
	for i := range networks {
		keys.note(networks[i].Scope, "network/"+networks[i].Name)
	}
	for i := range networks {
		w := &networks[i]
		x.networks = append(x.networks, x.add(Subject{
			Kind: KindNetwork, Scope: w.Scope, Key: keys.key(w.Scope, "network/"+w.Name, w.ID), Name: w.Name, UID: w.ID,
		}, x.ScopeSubject(w.Scope)))
	}
}

// With returns the table for a snapshot that has the same subjects in the same
// order: one made by an [Overlay] over this index's snapshot.
func (x *Index) With(s *Snapshot) *Index {
	c := *x
	c.Snapshot = s
	c.classify()
	return &c
}

// classify groups the containers.
func (x *Index) classify() {
	type key struct {
		scope, kept   string
		spec, runtime int
	}
	at := make(map[key]int)
	x.classes = nil
	for i := range x.Snapshot.Containers {
		c := &x.Snapshot.Containers[i]
		k := key{c.Scope, c.KeptFor, c.Spec, c.Runtime}
		j, ok := at[k]
		if !ok {
			j = len(x.classes)
			at[k] = j
			x.classes = append(x.classes, Class{Scope: c.Scope, Spec: c.Spec, Runtime: c.Runtime, Kept: c.KeptFor})
		}
		x.classes[j].Members = append(x.classes[j].Members, x.containers[i])
	}
}

// Classes returns the classes of containers, in the order of their first member.
func (x *Index) Classes() []Class { return x.classes }

func (x *Index) addScopes(s *Snapshot, take func(ScopeKind) bool) {
	for _, sc := range s.Scopes {
		if !take(sc.Kind) {
			continue
		}
		parent := -1
		if sc.Host != "" {
			if p, ok := x.scopes[sc.Host]; ok {
				parent = p
			}
		}
		x.scopes[sc.ID] = x.add(Subject{Kind: cmp.Or(scopeSubjects[sc.Kind], Kind(sc.Kind)), Scope: sc.ID, Key: string(sc.Kind), Name: sc.Name}, parent)
	}
}

var scopeSubjects = map[ScopeKind]Kind{
	ScopeEngine: KindEngine, ScopeHost: KindHost, ScopeRegistry: KindRegistry, ScopeCluster: "cluster", ScopeFiles: "files",
}

func (x *Index) add(s Subject, parent int) int {
	if parent >= 0 {
		s.Parent = x.Subjects[parent].Key
	}
	x.Subjects = append(x.Subjects, s)
	x.Parents = append(x.Parents, parent)
	return len(x.Subjects) - 1
}

// ScopeSubject returns the subject that stands for a whole scope, or -1.
func (x *Index) ScopeSubject(id string) int {
	if i, ok := x.scopes[id]; ok {
		return i
	}
	return -1
}

// FileSubject returns the subject of Files[i].
func (x *Index) FileSubject(i int) int { return x.files[i] }

// ContainerSubject returns the subject of Containers[i].
func (x *Index) ContainerSubject(i int) int { return x.containers[i] }

// ImageSubject returns the subject of Images[i].
func (x *Index) ImageSubject(i int) int { return x.images[i] }

// NetworkSubject returns the subject of Networks[i].
func (x *Index) NetworkSubject(i int) int { return x.networks[i] }

// Encloses reports whether a is b or one of the subjects around it.
func (x *Index) Encloses(a, b int) bool {
	for ; b >= 0; b = x.Parents[b] {
		if a == b {
			return true
		}
	}
	return false
}

// Container returns the container a subject stands for, or nil.
func (x *Index) Container(subject int) *Container {
	if len(x.containers) == 0 {
		return nil
	}
	i := subject - x.containers[0] // containers are added last and in order
	if i < 0 || i >= len(x.containers) {
		return nil
	}
	return &x.Snapshot.Containers[i]
}
