package kubeflag

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"
	"sync"
)

// gates.csv says of every feature gate of Kubernetes 1.37 in which minor version
// it became alpha, left alpha, went on by default and could no longer be set; 0
// is never, or before gates had versions.
//
//go:embed gates.csv
var gatesCSV string

type gate struct{ alpha, after, on, locked int }

var gates = sync.OnceValue(func() map[string]gate {
	rows, err := csv.NewReader(strings.NewReader(gatesCSV)).ReadAll()
	if err != nil {
		panic(fmt.Sprintf("gates.csv: %v", err)) // embedded; a test reads it
	}
	out := make(map[string]gate, len(rows))
	for _, r := range rows[1:] {
		var n [4]int
		for i := range n {
			n[i], _ = strconv.Atoi(r[i+1]) // embedded; a test reads it
		}
		out[r[0]] = gate{n[0], n[1], n[2], n[3]}
	}
	return out
})

// oldest is the oldest minor version that the tables are made for; newest the
// latest.
const oldest, newest = 31, 37

// Gate returns whether a feature is on in a minor version where nobody sets it.
// Locked says that a setting cannot change it. Known is false for a feature that
// is not listed, and where the version decides but is not known (0).
func Gate(name string, minor int) (on, locked, known bool) {
	g, ok := gates()[name]
	switch {
	case !ok:
		return false, false, false
	case minor == 0:
		return g.on > 0 && g.on <= oldest, g.locked > 0 && g.locked <= oldest, g.on <= oldest || g.on > newest
	}
	return g.on > 0 && minor >= g.on, g.locked > 0 && minor >= g.locked, true
}

// Alpha reports whether a feature is in its first, experimental stage in a minor
// version. Known is false for a feature that is not listed and for an unknown
// version that decides.
func Alpha(name string, minor int) (alpha, known bool) {
	g, ok := gates()[name]
	switch {
	case !ok:
		return false, false
	case g.alpha == 0:
		return false, true
	case minor == 0:
		return g.after == 0, g.after == 0 || g.after <= oldest
	}
	return minor >= g.alpha && (g.after == 0 || minor < g.after), true
}
