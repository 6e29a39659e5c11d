package kubeobj

import (
	"crypto/sha256"
	"encoding/json"

	"plimsoll/internal/snapshot"
)

// specTable stores each specification once. What differs in bytes may still come
// to the same: raw is a short way around reading a specification again, list and at
// are what decides.
type specTable struct {
	list []snapshot.PodSpec
	at   map[[sha256.Size]byte]int
	raw  map[[sha256.Size]byte]rawSpec
	buf  []byte // scratch
}

// rawSpec is what a pod's specification as it was sent came to.
type rawSpec struct {
	spec  int
	token bool
}

func newSpecTable() specTable {
	return specTable{at: make(map[[sha256.Size]byte]int), raw: make(map[[sha256.Size]byte]rawSpec)}
}

// intern returns the position of a specification.
func (t *specTable) intern(s snapshot.PodSpec) int {
	j, err := json.Marshal(s)
	if err != nil { // cannot happen for this type; a copy of its own is still right
		t.list = append(t.list, s)
		return len(t.list) - 1
	}
	k := sha256.Sum256(j)
	i, ok := t.at[k]
	if !ok {
		i = len(t.list)
		t.list = append(t.list, s)
		t.at[k] = i
	}
	return i
}
