package model

import "plimsoll/internal/snapshot"

// ElementKind is the DFD kind of an element.
type ElementKind string

// The element kinds.
const (
	External ElementKind = "external"
	Process  ElementKind = "process"
	Store    ElementKind = "store"
)

// Element is one thing in the system model. Alike things are one element with a
// count.
type Element struct {
	ID    string      `json:"id"`
	Kind  ElementKind `json:"kind"`
	Zone  Zone        `json:"zone"`
	Name  string      `json:"name"`
	Count int         `json:"count"`
	Notes []string    `json:"notes,omitempty"` // what a map shows beside it
	State string      `json:"state"`           // observed, declared, unknown
}

// Flow is data that moves from one element to another.
type Flow struct {
	ID       string `json:"id"`
	From     string `json:"from"` // element IDs
	To       string `json:"to"`
	Protocol string `json:"protocol"`
	Auth     string `json:"auth"`    // none, file-permissions, mutual-tls, tls-server, credentials, token, unknown
	Encrypt  bool   `json:"encrypt"` // protected in transit, or never leaves the machine
	Crosses  bool   `json:"crosses"` // crosses a trust boundary
	Exposed  bool   `json:"exposed"` // crosses one and asks for no identity
	Label    string `json:"label"`   // for people: tcp 2375
}

// Model is the system as evidence shows it.
type Model struct {
	Elements []Element `json:"elements"`
	Flows    []Flow    `json:"flows"`
}

// Build derives the system model of every engine and cluster in the snapshot.
func Build(x *snapshot.Index) *Model {
	m := &Model{}
	for i := range x.Snapshot.Engines {
		if sc := x.Snapshot.Scope(x.Snapshot.Engines[i].Scope); sc != nil && sc.Kind == snapshot.ScopeFiles {
			continue // a file of settings is no system
		}
		b := &builder{Model: m, s: x.Snapshot, e: &x.Snapshot.Engines[i]}
		if len(x.Snapshot.Engines) > 1 {
			b.prefix = b.e.Scope + "/"
		}
		b.host()
		b.containers(x)
		b.clients()
		b.registries()
	}
	m.clusters(x)
	return m
}
