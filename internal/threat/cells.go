package threat

import (
	"slices"

	"plimsoll/internal/check"
	"plimsoll/internal/snapshot"
)

// cell is a set of subjects that no threat can tell apart: they lie in the same
// subjects and every check came to the same status on them, whatever it saw.
// Threats are decided per cell, so that work follows what differs, not how much
// there is. Subjects that enclose others are alike when the others are, too.
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
// it is about, of those that lie in several findings of one check and status with
// one of them.
func partition(x *snapshot.Index, findings []check.Finding) (cells []cell, about [][]int) {
	marks := make([]mark, len(x.Subjects))
	for s := range x.Subjects {
		c := x.Container(s)
		marks[s] = marks[s].with(kindNumber(x.Subjects[s].Kind, c != nil && c.KeptFor != ""))
	}
	said, before := uint64(0), (*check.Finding)(nil)
	for i := range findings {
		f := &findings[i]
		if before == nil || f.Check != before.Check { // findings of a check stand together
			said += 1 << 8
		}
		before = f
		for _, m := range f.Members {
			marks[m] = marks[m].with(said + uint64(f.Status))
		}
	}
	content(x, marks)
	cellOf := make([]int, len(x.Subjects))
	at := make(map[mark]int)
	for s := range x.Subjects {
		m := marks[s].with(1 << 41)
		for _, a := range x.Around[s] {
			m = m.with(uint64(cellOf[a]))
		}
		c, known := at[m]
		if !known {
			c = len(cells)
			cells = append(cells, newCell(x, s, cellOf))
			at[m] = c
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

// content adds to the marks of subjects those of what is directly inside them,
// each with whatever else it lies in: two images are alike when their containers
// are, down to the networks. Of what lies in both of two subjects, each adds the
// other's number, so that they stay apart.
func content(x *snapshot.Index, marks []mark) {
	inside := make([]mark, len(marks))
	for s, around := range x.Around {
		var all mark
		for _, a := range around {
			all = all.plus(number(a))
		}
		for _, a := range around {
			rest := all.minus(number(a))
			inside[a] = inside[a].plus(marks[s].with(rest[0]).with(rest[1]))
		}
	}
	for s := range marks {
		marks[s] = marks[s].with(inside[s][0]).with(inside[s][1])
	}
}

// number is the mark of a subject by itself, mixed twice, since marks of one
// round add up too regularly.
func number(s int) mark { return mark{}.with(uint64(s)).with(uint64(s)) }

// plus and minus are sums of marks, in which order does not count.
func (m mark) plus(n mark) mark { return mark{m[0] + n[0], m[1] + n[1]} }

func (m mark) minus(n mark) mark { return mark{m[0] - n[0], m[1] - n[1]} }

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

// scopeMask is the scopes in which checks of a kind are asked, as bits.
func scopeMask(k snapshot.Kind) (mask uint8) {
	for _, s := range snapshot.Kinds[k].Scopes {
		mask |= scopeBit(s)
	}
	return mask
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
