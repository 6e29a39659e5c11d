package snapshot

import (
	"fmt"
	"maps"
	"slices"
)

// Overlay is a snapshot with changes on top: copy on write, the base is never
// modified. Simulation of steps works on it.
type Overlay struct {
	base  *Snapshot
	out   *Snapshot         // nil while nothing was changed
	edits map[edit][2]int   // what an edit leads to
	named map[Edited]bool   // what was set
	at    map[[2]string]int // scope and key -> position in Containers

	podEdits  map[podEdit]int   // what an edit of a pod specification leads to
	workloads map[[2]string]int // scope and key -> position in Workloads
}

// NewOverlay returns an overlay without changes.
func NewOverlay(base *Snapshot) *Overlay { return &Overlay{base: base} }

// Snapshot returns the changed snapshot. It shares with the base what was not
// changed, keeps its order and has no ID of its own.
func (o *Overlay) Snapshot() *Snapshot {
	if o.out == nil {
		return o.base
	}
	return o.out
}

// editor reads and writes named fields of one kind of subject in an overlay.
type editor struct {
	get func(o *Overlay, scope, key, field string) (string, error)
	set func(o *Overlay, scope, key, field, value string) error
}

// editors is the registry of what can be changed: one table of fields for each
// kind of subject that a step may have as its target.
var editors = map[Kind]editor{
	KindContainer: {get: (*Overlay).getContainer, set: (*Overlay).setContainer},
	KindFile:      {get: (*Overlay).getDockerfile, set: (*Overlay).setDockerfile},
	KindHostFile:  {get: (*Overlay).getFile, set: (*Overlay).setFile},
	KindNodeFile:  {get: (*Overlay).getFile, set: (*Overlay).setFile},
	KindEngine:    {get: (*Overlay).getSetting, set: (*Overlay).setSetting},
	KindHost:      {get: (*Overlay).getAudit, set: (*Overlay).setAudit},
	KindPodSpec:   {get: (*Overlay).getPod, set: (*Overlay).setPod},
	KindRegistry:  {get: (*Overlay).getRegistry, set: (*Overlay).setRegistry},
}

// Set changes one named field of a subject. The fields of a container are those
// of [ContainerField], of a file [HostFileFields], of an engine the keys of
// [EngineSettings], of a host those of [AuditField], of a registry [RegistryFields],
// of a pod specification those of [LookupPodField].
func (o *Overlay) Set(kind Kind, scope, key, field, value string) error {
	e, ok := editors[kind]
	if !ok {
		return fmt.Errorf("nothing of a %.40s can be changed", kind)
	}
	if err := e.set(o, scope, key, field, value); err != nil {
		return err
	}
	if o.named == nil {
		o.named = make(map[Edited]bool)
	}
	o.named[Edited{kind, field}] = true
	return nil
}

// Edited is a field of a kind of subject that an overlay has set somewhere.
type Edited struct {
	Kind  Kind
	Field string // of a container, as [ContainerField] takes it
}

// Edited lists what was set, in no order.
func (o *Overlay) Edited() []Edited { return slices.Collect(maps.Keys(o.named)) }

// Get returns one named field of a subject as it is in the overlay.
func (o *Overlay) Get(kind Kind, scope, key, field string) (string, error) {
	e, ok := editors[kind]
	if !ok {
		return "", fmt.Errorf("nothing of a %.40s can be changed", kind)
	}
	return e.get(o, scope, key, field)
}

// container looks up a field and the position of a container that has it.
func (o *Overlay) container(scope, key, field string) (Field, int, error) {
	f, ok := ContainerField(field)
	if !ok {
		return f, 0, fmt.Errorf("container has no field %.100q that can be changed", field)
	}
	i := o.find(scope, key)
	if i < 0 {
		return f, 0, fmt.Errorf("no container %.100q in scope %.100q", key, scope)
	}
	return f, i, nil
}

func (o *Overlay) setContainer(scope, key, field, value string) error {
	f, i, err := o.container(scope, key, field)
	if err != nil {
		return err
	}
	o.own()
	c := &o.out.Containers[i]
	from := edit{c.Spec, c.Runtime, field, value}
	if to, ok := o.edits[from]; ok { // equal containers stay equal
		c.Spec, c.Runtime = to[0], to[1]
		return nil
	}
	spec, rt := o.out.ContainerSpecs[c.Spec], o.out.Runtimes[c.Runtime]
	if err := f.Set(&spec, &rt, value); err != nil {
		return err
	}
	o.out.ContainerSpecs = append(o.out.ContainerSpecs, spec)
	o.out.Runtimes = append(o.out.Runtimes, rt)
	c.Spec, c.Runtime = len(o.out.ContainerSpecs)-1, len(o.out.Runtimes)-1
	o.edits[from] = [2]int{c.Spec, c.Runtime}
	return nil
}

func (o *Overlay) getContainer(scope, key, field string) (string, error) {
	f, i, err := o.container(scope, key, field)
	if err != nil {
		return "", err
	}
	s := o.Snapshot()
	return f.Get(&s.ContainerSpecs[s.Containers[i].Spec]), nil
}

// recipe looks up a Dockerfile that has a field.
func (o *Overlay) recipe(scope, key, field string) (int, error) {
	for i := range o.base.Dockerfiles {
		d := &o.base.Dockerfiles[i]
		if d.Scope != scope || "dockerfile/"+d.Path != key {
			continue
		}
		if _, ok := d.Field(field); !ok {
			return 0, fmt.Errorf("the Dockerfile has no field %.100q that can be changed", field)
		}
		return i, nil
	}
	return 0, fmt.Errorf("no Dockerfile %.100q in scope %.100q", key, scope)
}

func (o *Overlay) getDockerfile(scope, key, field string) (string, error) {
	i, err := o.recipe(scope, key, field)
	if err != nil {
		return "", err
	}
	f, _ := o.Snapshot().Dockerfiles[i].Field(field)
	return f.Get(), nil
}

func (o *Overlay) setDockerfile(scope, key, field, value string) error {
	i, err := o.recipe(scope, key, field)
	if err != nil {
		return err
	}
	o.own()
	o.out.Dockerfiles = slices.Clone(o.out.Dockerfiles)
	d := &o.out.Dockerfiles[i]
	*d = d.Moved(func(line int) int { return line }) // a copy of its own
	f, _ := d.Field(field)
	f.Set(value)
	return nil
}

// find returns the position of a container, or -1. The first look-up indexes.
func (o *Overlay) find(scope, key string) int {
	if o.at == nil {
		o.at = make(map[[2]string]int, len(o.base.Containers))
		for i := range o.base.Containers {
			o.at[[2]string{o.base.Containers[i].Scope, o.base.Containers[i].Key}] = i
		}
	}
	if i, ok := o.at[[2]string{scope, key}]; ok {
		return i
	}
	return -1
}

// own makes the copies that writing needs.
func (o *Overlay) own() {
	if o.out != nil {
		return
	}
	c := *o.base
	c.ID = ""
	c.Containers = slices.Clone(c.Containers)
	c.ContainerSpecs = slices.Clone(c.ContainerSpecs)
	c.Runtimes = slices.Clone(c.Runtimes)
	c.cloneMachine()
	c.cloneCluster()
	o.out = &c
	o.edits = make(map[edit][2]int)
	o.podEdits = make(map[podEdit]int)
}

// edit is one change of one configuration and live state.
type edit struct {
	spec, runtime int
	field, value  string
}

// Clone returns an overlay with the same changes that can be changed apart.
func (o *Overlay) Clone() *Overlay {
	c := &Overlay{base: o.base, at: o.at, workloads: o.workloads}
	if o.out == nil {
		return c
	}
	out := *o.out
	out.Containers = slices.Clone(out.Containers)
	out.ContainerSpecs = slices.Clone(out.ContainerSpecs)
	out.Runtimes = slices.Clone(out.Runtimes)
	out.cloneMachine()
	out.cloneCluster()
	c.out, c.edits, c.podEdits, c.named = &out, maps.Clone(o.edits), maps.Clone(o.podEdits), maps.Clone(o.named)
	return c
}
