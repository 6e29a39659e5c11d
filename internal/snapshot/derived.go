package snapshot

import "sync"

// derived holds tables that several readers of an index need, each made once.
type derived struct{ tables sync.Map }

// Derived returns what make makes of the index. It is made once for each key,
// which should be of a type of the caller's own, and must be a pure function of the
// index; an index over another snapshot makes its own.
func (x *Index) Derived(key any, make func(*Index) any) any {
	f, _ := x.derived.tables.LoadOrStore(key, sync.OnceValue(func() any { return make(x) }))
	once, _ := f.(func() any) // nothing else is stored
	return once()
}

// Table is [Index.Derived] for a table of a known type.
func Table[T any](x *Index, key any, make func(*Index) T) T {
	v, _ := x.Derived(key, func(x *Index) any { return make(x) }).(T) // nothing else is kept under the key
	return v
}
