package snapshot

import "sync"

// memo keeps what packages above worked out of a snapshot, so that checks which
// run at the same time share it.
type memo struct {
	parent *memo // of the index that a simulation is laid over
	mu     sync.Mutex
	made   map[any]any
}

// get returns what is kept for the key here or below.
func (m *memo) get(key any) (v any, ok bool) {
	for ; m != nil && !ok; m = m.parent {
		m.mu.Lock()
		v, ok = m.made[key]
		m.mu.Unlock()
	}
	return v, ok
}

// Memo returns what build makes of the snapshot, made once for each key. Indexes
// of simulations find what was made before: the key must name, by the address of
// their first element and their length, the lists that build reads. What is
// returned is shared and must not be changed.
func Memo[T any](x *Index, key any, build func() T) T {
	if v, ok := x.memo.get(key); ok {
		return v.(T)
	}
	x.memo.mu.Lock()
	defer x.memo.mu.Unlock()
	if v, ok := x.memo.made[key]; ok {
		return v.(T)
	}
	v := build()
	x.memo.made[key] = v
	return v
}

// newMemo returns an empty one over another.
func newMemo(parent *memo) *memo { return &memo{parent: parent, made: make(map[any]any)} }
