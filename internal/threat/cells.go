package threat

import (
	"slices"

	"plimsoll/internal/check"
	"plimsoll/internal/snapshot"
)

// cell is a set of subjects that no threat can tell apart: they lie in the same
// subjects and occur in the same findings. Threats are decided per cell, so that
// work follows what differs, not how much there is. A subject that encloses
// others is a cell of its own.
type cell struct {
	kind    snapshot.Kind
	members []int // subjects, ascending
	around  []int // cells that directly enclose it, each with a lower position
	scopes  uint8 // kinds of the scopes of itself, of what is around and of what is inside, as bits
}

// mark is a running hash of what a subject takes part in; 128 bits, so that two
// unlike subjects are never taken for alike.
type mark [2]uint64

func (m mark) with(v uint64) mark {
	const a, b = 0x9e3779b97f4a7c15, 0xc2b2ae3d27d4eb4f
	x := (m[0] ^ v) * a
	y := (m[1] + v + 1) * b
	return mark{x ^ x>>29 ^ y<<7, y ^ y>>31 ^ x<<11}
}

// partition sorts the subjects into cells and says for each finding which cells
// it is about.
func partition(x *snapshot.Index, findings []check.Finding) (cells []cell, about [][]int) {
	marks := make([]mark, len(x.Subjects))
	for i := range findings {
		for _, m := range findings[i].Members {
			marks[m] = marks[m].with(uint64(i))
		}
	}
	encloses := make([]bool, len(x.Subjects))
	for _, around := range x.Around {
		for _, a := range around {
			encloses[a] = true
		}
	}
	cellOf := make([]int, len(x.Subjects))
	at := make(map[mark]int)
	for s := range x.Subjects {
		m := marks[s].with(1 << 40)
		for _, a := range x.Around[s] {
			m = m.with(1<<41 + uint64(cellOf[a]))
		}
		kept := false
		if c := x.Container(s); c != nil && c.KeptFor != "" {
			kept = true
		}
		m = m.with(kindNumber(x.Subjects[s].Kind, kept))
		c, known := at[m]
		if !known || encloses[s] {
			c = len(cells)
			cells = append(cells, newCell(x, s, cellOf))
			if !encloses[s] {
				at[m] = c
			}
		}
		cells[c].members = append(cells[c].members, s)
		cellOf[s] = c
	}
	spreadScopes(cells)
	about = make([][]int, len(findings))
	for i := range findings {
		for _, m := range findings[i].Members {
			if c := cellOf[m]; cells[c].members[0] == m { // each cell once
				about[i] = append(about[i], c)
			}
		}
	}
	return cells, about
}

func newCell(x *snapshot.Index, s int, cellOf []int) cell {
	c := cell{kind: x.Subjects[s].Kind}
	for _, a := range x.Around[s] {
		c.around = append(c.around, cellOf[a])
	}
	if sc := x.Snapshot.Scope(x.Subjects[s].Scope); sc != nil {
		c.scopes = scopeBit(sc.Kind)
	}
	return c
}

// spreadScopes lets each cell know the scopes around and inside it.
func spreadScopes(cells []cell) {
	inside := make([]uint8, len(cells))
	for i := len(cells) - 1; i >= 0; i-- {
		inside[i] |= cells[i].scopes
		for _, a := range cells[i].around {
			inside[a] |= inside[i]
		}
	}
	for i := range cells { // what is around has a lower position and is done
		for _, a := range cells[i].around {
			cells[i].scopes |= cells[a].scopes
		}
	}
	for i := range cells {
		cells[i].scopes |= inside[i]
	}
}

var scopeBits = []snapshot.ScopeKind{
	snapshot.ScopeEngine, snapshot.ScopeHost, snapshot.ScopeCluster, snapshot.ScopeRegistry, snapshot.ScopeFiles,
	snapshot.ScopeImages,
}

func scopeBit(k snapshot.ScopeKind) uint8 {
	if i := slices.Index(scopeBits, k); i >= 0 {
		return 1 << i
	}
	return 0
}

// asked reports whether a check of the kind was asked of anything that counts
// for the cell.
func (c *cell) asked(k snapshot.Kind) bool {
	for _, s := range snapshot.Kinds[k].Scopes {
		if c.scopes&scopeBit(s) != 0 {
			return true
		}
	}
	return false
}

// kindNumber numbers a kind for a mark; containers kept for a rollback are kept
// apart from those that count.
func kindNumber(k snapshot.Kind, kept bool) uint64 {
	n := uint64(1 << 42)
	for _, b := range []byte(k) {
		n = n*131 + uint64(b)
	}
	if kept {
		n++
	}
	return n
}
