package snapshot

import (
	"fmt"
	"maps"
	"slices"
)

// Overlay is a snapshot with changes on top: copy on write, the base is never
// modified. Simulation of steps works on it.
type Overlay struct {
	base    *Snapshot
	changed map[int]bool // positions in Containers
	out     *Snapshot
	edits   map[edit][2]int   // what an edit leads to
	at      map[[2]string]int // scope and key -> position in Containers
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

// Touched returns the positions in Containers that were changed, ascending.
func (o *Overlay) Touched() []int {
	t := make([]int, 0, len(o.changed))
	for i := range o.changed {
		t = append(t, i)
	}
	slices.Sort(t)
	return t
}

// Set changes one field of a container by its name in [ContainerFields].
func (o *Overlay) Set(scope, key, field, value string) error {
	f, ok := ContainerFields[field]
	if !ok {
		return fmt.Errorf("container has no field %q that can be changed", field)
	}
	i := o.find(scope, key)
	if i < 0 {
		return fmt.Errorf("no container %.100q in scope %.100q", key, scope)
	}
	o.own(i)
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

// Get returns one field of a container as it is in the overlay.
func (o *Overlay) Get(scope, key, field string) (string, error) {
	f, ok := ContainerFields[field]
	if !ok {
		return "", fmt.Errorf("container has no field %q that can be changed", field)
	}
	i := o.find(scope, key)
	if i < 0 {
		return "", fmt.Errorf("no container %.100q in scope %.100q", key, scope)
	}
	s := o.Snapshot()
	return f.Get(&s.ContainerSpecs[s.Containers[i].Spec]), nil
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

// own notes that container i is changed, making the copies that writing needs.
func (o *Overlay) own(i int) {
	if o.out == nil {
		c := *o.base
		c.ID = ""
		c.Containers = slices.Clone(c.Containers)
		c.ContainerSpecs = slices.Clone(c.ContainerSpecs)
		c.Runtimes = slices.Clone(c.Runtimes)
		o.out = &c
		o.changed = make(map[int]bool)
		o.edits = make(map[edit][2]int)
	}
	o.changed[i] = true
}

// edit is one change of one configuration and live state.
type edit struct {
	spec, runtime int
	field, value  string
}

// Clone returns an overlay with the same changes that can be changed apart.
func (o *Overlay) Clone() *Overlay {
	c := &Overlay{base: o.base, at: o.at}
	if o.out == nil {
		return c
	}
	out := *o.out
	out.Containers = slices.Clone(out.Containers)
	out.ContainerSpecs = slices.Clone(out.ContainerSpecs)
	out.Runtimes = slices.Clone(out.Runtimes)
	c.out, c.changed, c.edits = &out, maps.Clone(o.changed), maps.Clone(o.edits)
	return c
}
