package snapshot

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// MaxBytes bounds a snapshot file. 100,000 pods take about 60 MB.
const MaxBytes = 1 << 30

// Seal puts the snapshot into canonical order and sets its ID: the same evidence
// gives the same ID, in whatever order it arrived. It fails when a container
// refers to a configuration or live state that is not there.
func (s *Snapshot) Seal() error {
	s.Schema = Schema
	s.sort()
	if err := s.renumber(); err != nil {
		return err
	}
	s.ID = ""
	b, err := marshal(s)
	if err != nil {
		return err
	}
	s.ID = digest(b)
	return nil
}

// sort puts every list into the order that does not depend on how the evidence
// arrived. Specs and runtimes are referred to by index; see renumber.
func (s *Snapshot) sort() {
	slices.SortFunc(s.Scopes, func(a, b Scope) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(s.Parts, func(a, b PartStatus) int {
		return cmp.Or(cmp.Compare(a.Scope, b.Scope), cmp.Compare(partOrder(a.Part), partOrder(b.Part)), cmp.Compare(a.Part, b.Part), cmp.Compare(a.Item, b.Item),
			cmp.Compare(a.State, b.State), cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Detail, b.Detail), cmp.Compare(a.Grant, b.Grant))
	})
	slices.SortFunc(s.Hosts, func(a, b Host) int { return cmp.Compare(a.Scope, b.Scope) })
	slices.SortFunc(s.Engines, func(a, b Engine) int { return cmp.Compare(a.Scope, b.Scope) })
	slices.SortFunc(s.Containers, func(a, b Container) int {
		return cmp.Or(cmp.Compare(a.Scope, b.Scope), cmp.Compare(a.Key, b.Key))
	})
	slices.SortFunc(s.Images, func(a, b Image) int {
		return cmp.Or(cmp.Compare(a.Scope, b.Scope), cmp.Compare(a.ID, b.ID))
	})
	slices.SortFunc(s.Networks, func(a, b Network) int {
		return cmp.Or(cmp.Compare(a.Scope, b.Scope), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	slices.SortFunc(s.Volumes, func(a, b Volume) int {
		return cmp.Or(cmp.Compare(a.Scope, b.Scope), cmp.Compare(a.Name, b.Name))
	})
	slices.SortFunc(s.Files, func(a, b File) int {
		return cmp.Or(cmp.Compare(a.Scope, b.Scope), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Cluster, b.Cluster))
	})
	s.sortNodes()
	slices.SortFunc(s.Dockerfiles, func(a, b Dockerfile) int {
		return cmp.Or(cmp.Compare(a.Scope, b.Scope), cmp.Compare(a.Path, b.Path))
	})
	slices.SortFunc(s.Listeners, func(a, b Listener) int {
		return cmp.Or(cmp.Compare(a.Scope, b.Scope), cmp.Compare(a.Network, b.Network), cmp.Compare(a.Address, b.Address), cmp.Compare(a.Port, b.Port))
	})
}

func partOrder(p Part) int {
	if i := slices.Index(Parts, p); i >= 0 {
		return i
	}
	return len(Parts)
}

// renumber numbers specs and runtimes by the first container that uses them and
// drops those that none does. Containers are in their final order.
func (s *Snapshot) renumber() error {
	specs, runtimes := newRenumbering(s.ContainerSpecs), newRenumbering(s.Runtimes)
	containers := slices.Clone(s.Containers) // an overlay may share the old ones
	for i := range containers {
		c := &containers[i]
		var okSpec, okRuntime bool
		c.Spec, okSpec = specs.use(c.Spec)
		c.Runtime, okRuntime = runtimes.use(c.Runtime)
		if !okSpec || !okRuntime {
			return fmt.Errorf("snapshot: container %.100q refers to a spec or runtime that is not there", c.Key)
		}
	}
	s.Containers, s.ContainerSpecs, s.Runtimes = containers, specs.out, runtimes.out
	return nil
}

// renumbering copies the items of a list that are used, in the order of first use.
type renumbering[T any] struct {
	from, out []T
	to        []int // position in from -> position in out and 1; 0: not used yet
}

func newRenumbering[T any](list []T) *renumbering[T] {
	return &renumbering[T]{from: list, to: make([]int, len(list))}
}

func (r *renumbering[T]) use(i int) (int, bool) {
	if i < 0 || i >= len(r.from) {
		return i, false
	}
	if r.to[i] == 0 {
		r.out = append(r.out, r.from[i])
		r.to[i] = len(r.out)
	}
	return r.to[i] - 1, true
}

func marshal(s *Snapshot) ([]byte, error) {
	var b bytes.Buffer
	if err := json.NewEncoder(&b).Encode(s); err != nil {
		return nil, fmt.Errorf("encode snapshot: %w", err)
	}
	return Inert(b.Bytes()), nil
}

// Encode writes the snapshot as JSON, one line. A sealed one gets the ID of what
// is written: that is its own, unless it was changed or read from a file of
// another version, whose further fields are not written.
func Encode(w io.Writer, s *Snapshot) error {
	c := *s
	c.ID = ""
	b, err := marshal(&c)
	if err != nil {
		return err
	}
	if start, _, ok := topID(b); ok && s.ID != "" {
		b = slices.Concat(b[:start], []byte(digest(b)), b[start:])
	}
	if _, err := w.Write(b); err != nil {
		return fmt.Errorf("write snapshot: %w", err)
	}
	return nil
}

// ErrNotSnapshot says that the input is JSON of another kind.
var ErrNotSnapshot = errors.New("not a plimsoll snapshot")

// Decode reads a snapshot that may come from a stranger: it is bounded, it is
// valid as [Snapshot.Validate] says, and a stated ID must match the content.
// Fields that this version does not know are left out. One without an ID is
// sealed.
func Decode(r io.Reader) (*Snapshot, error) {
	b, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read snapshot: %w", err)
	}
	return Parse(b)
}

// Parse is [Decode] for bytes in memory.
func Parse(b []byte) (*Snapshot, error) {
	if len(b) > MaxBytes {
		return nil, fmt.Errorf("snapshot is larger than %d bytes", MaxBytes)
	}
	s := new(Snapshot)
	if err := json.Unmarshal(b, s); err != nil || s.Schema != Schema {
		return nil, notSnapshot(b, err)
	}
	if err := s.Validate(); err != nil {
		return nil, err
	}
	if s.ID == "" {
		return s, s.Seal()
	}
	id, err := receivedID(b)
	if err != nil {
		return nil, err
	}
	if id != s.ID {
		return nil, fmt.Errorf("snapshot states the ID %.64s but its content has %s: it was edited; remove the id field to read it all the same", s.ID, id)
	}
	return s, nil
}

// notSnapshot says what is wrong with what could not be decoded, or has another
// schema: the schema comes first, since other kinds of JSON fail anywhere.
func notSnapshot(b []byte, err error) error {
	var head struct {
		Schema string `json:"schema"`
	}
	if err := json.Unmarshal(b, &head); err != nil {
		return jsonError(b, err)
	}
	if head.Schema != Schema {
		return fmt.Errorf("%w: schema is %.60q, want %q", ErrNotSnapshot, head.Schema, Schema)
	}
	return jsonError(b, err)
}

// jsonError names the line and column of a JSON error.
func jsonError(b []byte, err error) error {
	var off int64
	var syntax *json.SyntaxError
	var typ *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		off = syntax.Offset
	case errors.As(err, &typ):
		off = typ.Offset
	default:
		return fmt.Errorf("decode snapshot: %w", err)
	}
	off = max(0, min(off, int64(len(b))))
	line := bytes.Count(b[:off], []byte("\n")) + 1
	col := int(off) - bytes.LastIndexByte(b[:off], '\n')
	return fmt.Errorf("decode snapshot: line %d column %d: %w", line, col, err)
}
