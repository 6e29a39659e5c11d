package podspec

import (
	"slices"
	"strings"

	"plimsoll/internal/snapshot"
)

// Caps are the capabilities that a container's processes can come to hold.
type Caps struct {
	Held uint64 // what one of the runtimes lets it hold: what counts
	Sure uint64 // what each of them does

	// Alien are names that are added and that no kernel known here has.
	Alien []string
}

// Depends reports whether runtimes differ in one of the named capabilities.
func (c Caps) Depends(names ...string) bool {
	return (c.Held^c.Sure)&snapshot.CapMask(names...) != 0
}

// Has reports whether a capability may be held.
func (c Caps) Has(name string) bool { return c.Held&snapshot.CapMask(name) != 0 }

// capabilities resolves what is added and dropped. Runtimes differ where a name is
// both added and dropped, and where one is written with CAP_ before it: containerd
// knows it without only, so that dropping CAP_NET_RAW drops nothing there. All are
// taken to start from the same set, containerd's and moby's, which holds that of
// CRI-O as it is shipped.
func capabilities(c *snapshot.SecurityContext) Caps {
	if isTrue(c.Privileged) {
		return Caps{Held: snapshot.AllCaps, Sure: snapshot.AllCaps}
	}
	inOrder, normalised, moby := oneByOne(c.CapAdd, c.CapDrop, exact), oneByOne(c.CapAdd, c.CapDrop, bare), moby(c.CapAdd, c.CapDrop)
	caps := Caps{Held: inOrder | normalised | moby, Sure: inOrder & normalised & moby}
	for _, n := range c.CapAdd {
		if n = bare(n); n != all && !slices.Contains(snapshot.CapNames, n) {
			caps.Alien = append(caps.Alien, n)
		}
	}
	return caps
}

const all = "ALL"

// exact and bare bring a name into the form of the snapshot: in upper case, and
// without CAP_ where the runtime knows that form, too.
func exact(name string) string { return strings.ToUpper(name) }
func bare(name string) string  { return strings.TrimPrefix(strings.ToUpper(name), "CAP_") }

// oneByOne is what containerd and CRI-O make of the lists: all added, all dropped,
// then each added and each dropped (containerd internal/cri/opts, WithCapabilities;
// CRI-O SpecSetupCapabilities).
func oneByOne(add, drop []string, form func(string) string) uint64 {
	set := snapshot.CapMask(snapshot.DefaultCaps...)
	if holdsAll(add) {
		set = snapshot.AllCaps
	}
	if holdsAll(drop) {
		set = 0
	}
	return (set | mask(add, form)) &^ mask(drop, form)
}

// moby is what the Docker engine makes of them behind cri-dockerd: all added
// outweighs all dropped, and an added name a dropped one (daemon/pkg/oci/caps).
func moby(add, drop []string) uint64 {
	switch {
	case holdsAll(add):
		return snapshot.AllCaps &^ mask(drop, bare)
	case holdsAll(drop):
		return mask(add, bare)
	}
	return snapshot.CapMask(snapshot.DefaultCaps...)&^mask(drop, bare) | mask(add, bare)
}

// holdsAll reports whether a list has ALL, in any case of letters.
func holdsAll(list []string) bool {
	return slices.ContainsFunc(list, func(n string) bool { return strings.EqualFold(n, all) })
}

// holdsName reports whether a list has a name, in any form.
func holdsName(list []string, name string) bool {
	return slices.ContainsFunc(list, func(n string) bool { return bare(n) == name })
}

func mask(list []string, form func(string) string) uint64 {
	var m uint64
	for _, n := range list {
		m |= snapshot.CapMask(form(n))
	}
	return m
}
