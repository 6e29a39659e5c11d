package snapshot

import (
	"cmp"
	"slices"
	"strings"
)

// Index is the table of everything that can be judged in a snapshot, built once
// and shared by checks, threats and plan. A subject is referred to by its
// position.
type Index struct {
	Snapshot *Snapshot
	Subjects []Subject

	// Around lists for each subject the subjects that directly enclose it: a
	// container's engine, image and networks. They have lower positions.
	Around [][]int

	scopes     map[string]int        // scope ID -> subject of the scope itself
	members    map[string][]int      // scope ID and kind -> subjects, ascending
	parts      map[string]PartStatus // scope ID and part -> the part as a whole
	files      []int                 // Files[i] -> subject
	clients    []int                 // Clients[i] -> subject
	components []int                 // Components[i] -> subject
	images     map[[2]string]int     // scope and ID -> Images[i]
	containers []int                 // Containers[i] -> subject
	services   []int                 // Containers[i] -> subject of the compose service, -1 on an engine
	recipes    [][2]int              // Dockerfiles[i] -> subjects of the file and of the image it makes
	swarms     map[string]int        // scope ID -> subject of the swarm that its engine is a node of
	classes    []Class
	kube       kubeIndex
	edited     []Edited // what a simulation set
	derived    *derived
}

// Class is a set of containers that no check can tell apart: same scope,
// configuration and live state.
type Class struct {
	Scope         string
	Spec, Runtime int
	Kept          string // journal that the containers are kept for; not judged
	Members       []int  // subjects, ascending
}

// NewIndex builds the table. What encloses comes before what is inside.
func NewIndex(s *Snapshot) *Index {
	x := &Index{
		Snapshot: s, scopes: make(map[string]int, len(s.Scopes)), members: make(map[string][]int),
		parts: make(map[string]PartStatus, len(s.Parts)), derived: new(derived),
	}
	for _, p := range s.Parts {
		if p.Item == "" {
			x.parts[p.Scope+"\x00"+string(p.Part)] = p
		}
	}
	n := len(s.Scopes) + len(s.Files) + len(s.Clients) + len(s.Containers) + len(s.Images) + len(s.Networks)
	x.Subjects = make([]Subject, 0, n)
	x.Around = make([][]int, 0, n)
	x.addScopes(func(k ScopeKind) bool { return k == ScopeHost })
	x.addScopes(func(k ScopeKind) bool { return k != ScopeHost && k != ScopeRegistry })
	x.addScopes(func(k ScopeKind) bool { return k == ScopeRegistry })
	x.addSwarms()
	for i := range s.Files {
		f := &s.Files[i]
		if f.Cluster != "" {
			x.files = append(x.files, x.add(Subject{Kind: KindNodeFile, Scope: f.Scope, Key: "file" + f.Path, Name: f.Path}, append(x.scope(f.Scope), x.scope(f.Cluster)...)))
			continue
		}
		around := x.scope(f.Scope)
		if f.Engine != "" {
			around = x.scope(f.Engine)
		}
		x.files = append(x.files, x.add(Subject{Kind: KindHostFile, Scope: f.Scope, Key: "file" + f.Path, Name: f.Path}, around))
	}
	for i := range s.Clients {
		c := &s.Clients[i]
		x.clients = append(x.clients, x.add(Subject{Kind: KindClient, Scope: c.Scope, Key: "client/" + c.User, Name: c.User, Loc: c.Loc}, x.scope(c.Scope)))
	}
	images := x.addImages()
	x.addDockerfiles()
	x.addContainers(images, x.addNetworks())
	x.addServices()
	x.addCluster()
	x.addComponents()
	x.classify()
	return x
}

func (x *Index) addScopes(take func(ScopeKind) bool) {
	for _, sc := range x.Snapshot.Scopes {
		if !take(sc.Kind) {
			continue
		}
		var around []int
		if p, ok := x.scopes[sc.Host]; ok && sc.Host != "" {
			around = []int{p}
		}
		if sc.Kind == ScopeRegistry { // what its engines do about it holds for it too
			for _, id := range x.Snapshot.users(&sc) {
				around = append(around, x.scopes[id])
			}
		}
		self := Subject{Kind: cmp.Or(scopeKinds[sc.Kind], Kind(sc.Kind)), Scope: sc.ID, Key: string(sc.Kind), Name: sc.Name}
		if e := x.Snapshot.Engine(sc.ID); e != nil && sc.Kind == ScopeFiles {
			self.Kind, self.Key, self.Loc = KindEngine, "file/"+sc.Name, &Location{File: e.Config.V.File, Line: 1, Column: 1}
		}
		if r := x.Snapshot.Registry(sc.ID); r != nil && sc.Kind == ScopeFiles {
			self.Kind, self.Key, self.Loc = KindRegistry, "file/"+sc.Name, &Location{File: r.Config.Source, Line: 1, Column: 1}
		}
		x.scopes[sc.ID] = x.add(self, around)
	}
}

// addSwarms adds the swarm of each engine that is in one. A swarm with several
// engines in the snapshot is judged as each of them sees it.
func (x *Index) addSwarms() {
	x.swarms = make(map[string]int)
	for i := range x.Snapshot.Engines {
		if e := &x.Snapshot.Engines[i]; e.InSwarm() {
			name := cmp.Or(e.Name, "swarm")
			x.swarms[e.Scope] = x.add(Subject{Kind: KindSwarm, Scope: e.Scope, Key: "swarm", Name: name, UID: e.Cluster.V.ID}, x.scope(e.Scope))
		}
	}
}

// addImages returns the images' subjects by scope and ID.
func (x *Index) addImages() map[[2]string]int {
	images := x.Snapshot.Images
	keys, at := newKeyed(len(images)), make(map[[2]string]int, len(images))
	for i := range images {
		keys.note(images[i].Scope, images[i].key())
	}
	x.images = make(map[[2]string]int, len(images))
	for i := range images {
		m := &images[i]
		x.images[[2]string{m.Scope, m.ID}] = i
		at[[2]string{m.Scope, m.ID}] = x.add(Subject{
			Kind: KindImage, Scope: m.Scope, Key: keys.key(m.Scope, m.key(), m.ID), Name: cmp.Or(m.reference(), m.ID), UID: m.ID,
		}, x.scope(m.Scope))
	}
	return at
}

func (x *Index) addDockerfiles() {
	for i := range x.Snapshot.Dockerfiles {
		d := &x.Snapshot.Dockerfiles[i]
		loc := &Location{File: d.File}
		image := *loc
		if n := len(d.Stages); n > 0 {
			image.Line, image.Column = d.Stages[n-1].Line, 1
			if d.Inline {
				loc.Line, loc.Column = d.Stages[0].Line, 1
			}
		}
		file := x.add(Subject{Kind: KindFile, Scope: d.Scope, Key: "dockerfile/" + d.Path, Name: d.Path, Loc: loc}, x.scope(d.Scope))
		made := x.add(Subject{Kind: KindImage, Scope: d.Scope, Key: "image/dockerfile/" + d.Path, Name: d.Path, Loc: &image}, x.scope(d.Scope))
		x.recipes = append(x.recipes, [2]int{file, made})
	}
}

// addNetworks returns the networks' subjects by scope and name.
func (x *Index) addNetworks() map[[2]string]int {
	networks := x.Snapshot.Networks
	keys, at := newKeyed(len(networks)), make(map[[2]string]int, len(networks))
	for i := range networks {
		keys.note(networks[i].Scope, "network/"+networks[i].Name)
	}
	for i := range networks {
		w := &networks[i]
		at[[2]string{w.Scope, w.Name}] = x.add(Subject{
			Kind: KindNetwork, Scope: w.Scope, Key: keys.key(w.Scope, "network/"+w.Name, w.ID), Name: w.Name, UID: w.ID, Loc: w.Loc,
		}, x.scope(w.Scope))
	}
	return at
}

func (x *Index) addContainers(images, networks map[[2]string]int) {
	type place struct {
		scope string
		spec  int
	}
	around := make(map[place][]int) // containers of one configuration share the slice
	for i := range x.Snapshot.Containers {
		c := &x.Snapshot.Containers[i]
		at := place{c.Scope, c.Spec}
		in, ok := around[at]
		if !ok {
			spec := &x.Snapshot.ContainerSpecs[c.Spec]
			in = x.scope(c.Scope)
			if m, ok := images[[2]string{c.Scope, spec.ImageID}]; ok {
				in = append(in, m)
			}
			for _, n := range spec.Networks {
				if w, ok := networks[[2]string{c.Scope, n}]; ok {
					in = append(in, w)
				}
			}
			around[at] = in
		}
		x.containers = append(x.containers, x.add(Subject{Kind: KindContainer, Scope: c.Scope, Key: c.Key, Name: c.Name, UID: c.ID, Loc: c.Loc}, in))
	}
}

// addServices adds the containers of files once more, as entries of a compose file.
func (x *Index) addServices() {
	for i := range x.Snapshot.Containers {
		c := &x.Snapshot.Containers[i]
		service := -1
		if sc := x.Snapshot.Scope(c.Scope); sc != nil && sc.Kind == ScopeFiles {
			service = x.add(Subject{Kind: KindCompose, Scope: c.Scope, Key: c.Key, Name: c.Name, Loc: c.Loc}, x.scope(c.Scope))
		}
		x.services = append(x.services, service)
	}
}

// scope returns a fresh list with the subject of a scope.
func (x *Index) scope(id string) []int {
	if i, ok := x.scopes[id]; ok {
		return []int{i}
	}
	return nil
}

func (x *Index) add(s Subject, around []int) int {
	if len(around) > 0 {
		s.Parent = x.Subjects[around[0]].Key
	}
	i := len(x.Subjects)
	x.Subjects = append(x.Subjects, s)
	x.Around = append(x.Around, around)
	k := s.Scope + "\x00" + string(s.Kind)
	x.members[k] = append(x.members[k], i)
	return i
}

// With returns the table for a snapshot that has the same subjects in the same
// order: one made by an [Overlay] over this index's snapshot.
func (x *Index) With(s *Snapshot) *Index {
	c := *x
	c.Snapshot, c.derived = s, new(derived)
	c.classify()
	c.classifyPods()
	return &c
}

// Over is [Index.With] for an overlay over this index's snapshot; it remembers
// what was set, so that only what depends on it need be decided again.
func (x *Index) Over(o *Overlay) *Index {
	c := x.With(o.Snapshot())
	c.edited = o.Edited()
	return c
}

// Edited lists what a simulation set, in no order; nil in an index of what is.
func (x *Index) Edited() []Edited { return x.edited }

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

// ScopeSubject returns the subject that stands for a whole scope, or -1.
func (x *Index) ScopeSubject(id string) int {
	if i, ok := x.scopes[id]; ok {
		return i
	}
	return -1
}

// SwarmSubject returns the subject that stands for the swarm of a scope's engine,
// or -1 when the engine is in none.
func (x *Index) SwarmSubject(id string) int {
	if i, ok := x.swarms[id]; ok {
		return i
	}
	return -1
}

// Of returns the subjects of a kind in a scope, ascending.
func (x *Index) Of(scope string, k Kind) []int { return x.members[scope+"\x00"+string(k)] }

// Part returns the status of a part as a whole, asked of the scope that owns it:
// parts named host.… belong to the machine of an engine's scope; what files have
// of them is their own. A part without a line was not collected.
func (x *Index) Part(scope string, p Part) PartStatus {
	if strings.HasPrefix(string(p), "host.") {
		if sc := x.Snapshot.Scope(scope); sc != nil && sc.Kind != ScopeHost && sc.Kind != ScopeFiles {
			scope = sc.Host
		}
	}
	if st, ok := x.parts[scope+"\x00"+string(p)]; ok {
		return st
	}
	return PartStatus{Scope: scope, Part: p, State: Skipped, Reason: ReasonNotCollected}
}

// ServiceSubject returns the subject of Containers[i] as an entry of a compose
// file, or -1 when it is of an engine.
func (x *Index) ServiceSubject(i int) int { return x.services[i] }

// DockerfileSubjects returns the subjects of Dockerfiles[i]: the file, and the
// image that its last stage makes.
func (x *Index) DockerfileSubjects(i int) (file, image int) { return x.recipes[i][0], x.recipes[i][1] }

// FileSubject returns the subject of Files[i].
func (x *Index) FileSubject(i int) int { return x.files[i] }

// ClientSubject returns the subject of Clients[i].
func (x *Index) ClientSubject(i int) int { return x.clients[i] }

// ContainerSubject returns the subject of Containers[i].
func (x *Index) ContainerSubject(i int) int { return x.containers[i] }

// Image returns the image with the ID, or nil when the scope has none.
func (x *Index) Image(scope, id string) *Image {
	i, ok := x.images[[2]string{scope, id}]
	if !ok {
		return nil
	}
	return &x.Snapshot.Images[i]
}

// Encloses reports whether a is b or one of the subjects around it.
func (x *Index) Encloses(a, b int) bool {
	return a == b || slices.ContainsFunc(x.Around[b], func(p int) bool { return p >= a && x.Encloses(a, p) })
}

// Container returns the container a subject stands for, or nil.
func (x *Index) Container(subject int) *Container {
	if len(x.containers) == 0 {
		return nil
	}
	i := subject - x.containers[0] // containers are added one after another
	if i < 0 || i >= len(x.containers) {
		return nil
	}
	return &x.Snapshot.Containers[i]
}
