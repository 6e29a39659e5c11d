// Package collect joins what the collectors of single scopes bring home into
// one snapshot.
package collect

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"plimsoll/internal/snapshot"
)

// Builder fills a snapshot from fragments. Equal configurations and live states
// are stored once, whichever fragment they came from.
type Builder struct {
	out      *snapshot.Snapshot
	specs    map[[sha256.Size]byte]int
	runtimes map[[sha256.Size]byte]int
	podSpecs map[[sha256.Size]byte]int
	scopes   map[string]bool
	files    map[[3]string]int // scope, path and cluster -> position in the snapshot's files
}

// NewBuilder returns a builder that fills s.
func NewBuilder(s *snapshot.Snapshot) *Builder {
	return &Builder{
		out:      s,
		specs:    make(map[[sha256.Size]byte]int),
		runtimes: make(map[[sha256.Size]byte]int),
		podSpecs: make(map[[sha256.Size]byte]int),
		scopes:   make(map[string]bool),
		files:    make(map[[3]string]int),
	}
}

// AddSpec stores a configuration and returns its position.
func (b *Builder) AddSpec(s snapshot.ContainerSpec) int {
	return intern(b.specs, &b.out.ContainerSpecs, s)
}

// AddRuntime stores a live state and returns its position.
func (b *Builder) AddRuntime(r snapshot.Runtime) int {
	return intern(b.runtimes, &b.out.Runtimes, r)
}

// intern finds v by its JSON form, which is what equality of evidence means.
func intern[T any](at map[[sha256.Size]byte]int, list *[]T, v T) int {
	j, err := json.Marshal(v)
	if err != nil { // cannot happen for these types; a copy of its own is still right
		*list = append(*list, v)
		return len(*list) - 1
	}
	k := sha256.Sum256(j)
	i, ok := at[k]
	if !ok {
		i = len(*list)
		*list = append(*list, v)
		at[k] = i
	}
	return i
}

// Join adds a fragment: scopes with all that belongs to them. It is refused
// when a scope of it is there already, as when one engine is reached through
// two endpoints. The fragment must be valid in itself.
func (b *Builder) Join(f *snapshot.Snapshot) error {
	for _, s := range f.Scopes {
		if b.scopes[s.ID] {
			return fmt.Errorf("scope %.100q was collected already: two targets lead to the same engine, host or cluster", s.ID)
		}
	}
	for _, s := range f.Scopes {
		b.scopes[s.ID] = true
	}
	for _, c := range f.Containers {
		c.Spec = b.AddSpec(f.ContainerSpecs[c.Spec])
		c.Runtime = b.AddRuntime(f.Runtimes[c.Runtime])
		b.out.Containers = append(b.out.Containers, c)
	}
	o := b.out
	o.Scopes = append(o.Scopes, f.Scopes...)
	o.Parts = append(o.Parts, f.Parts...)
	o.Hosts = append(o.Hosts, f.Hosts...)
	o.Engines = append(o.Engines, f.Engines...)
	o.Images = append(o.Images, f.Images...)
	o.Networks = append(o.Networks, f.Networks...)
	o.Volumes = append(o.Volumes, f.Volumes...)
	o.Listeners = append(o.Listeners, f.Listeners...)
	o.Clients = append(o.Clients, f.Clients...)
	o.Registries = append(o.Registries, f.Registries...)
	o.Dockerfiles = append(o.Dockerfiles, f.Dockerfiles...)
	o.NodeHosts = append(o.NodeHosts, f.NodeHosts...)
	o.Components = append(o.Components, f.Components...)
	o.Certificates = append(o.Certificates, f.Certificates...)
	o.Kubeconfigs = append(o.Kubeconfigs, f.Kubeconfigs...)
	for _, file := range f.Files {
		b.addFile(file)
	}
	b.joinCluster(f)
	o.Complete = o.Complete && f.Complete
	return nil
}

// addFile stores a file once, though every engine of a machine finds the same
// sockets there. The one that says which engine it belongs to stays.
func (b *Builder) addFile(f snapshot.File) {
	k := [3]string{f.Scope, f.Path, f.Cluster}
	i, ok := b.files[k]
	switch {
	case !ok:
		b.files[k] = len(b.out.Files)
		b.out.Files = append(b.out.Files, f)
	case b.out.Files[i].Engine == "":
		b.out.Files[i] = f
	}
}
