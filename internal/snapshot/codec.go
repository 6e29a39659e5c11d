package snapshot

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// MaxBytes bounds a snapshot file. 100,000 pods take about 60 MB.
const MaxBytes = 1 << 30

// Seal sorts the snapshot into canonical order and sets its ID.
func (s *Snapshot) Seal() error {
	s.Schema = Schema
	s.sort()
	id, err := s.digest()
	if err != nil {
		return err
	}
	s.ID = id
	return nil
}

// digest is the sha256 of the canonical JSON without the ID.
func (s *Snapshot) digest() (string, error) {
	c := *s
	c.ID = ""
	h := sha256.New()
	if err := json.NewEncoder(h).Encode(&c); err != nil {
		return "", fmt.Errorf("encode snapshot: %w", err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// sort puts every list into the order that does not depend on how the evidence
// arrived. Specs and runtimes are referred to by index and stay in place.
func (s *Snapshot) sort() {
	slices.SortFunc(s.Scopes, func(a, b Scope) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(s.Parts, func(a, b PartStatus) int {
		return cmp.Or(cmp.Compare(a.Scope, b.Scope), cmp.Compare(partOrder(a.Part), partOrder(b.Part)), cmp.Compare(a.Part, b.Part), cmp.Compare(a.Item, b.Item))
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
		return cmp.Or(cmp.Compare(a.Scope, b.Scope), cmp.Compare(a.Path, b.Path))
	})
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

// Encode writes the sealed snapshot as JSON, one line.
func Encode(w io.Writer, s *Snapshot) error {
	if err := json.NewEncoder(w).Encode(s); err != nil {
		return fmt.Errorf("encode snapshot: %w", err)
	}
	return nil
}

// ErrNotSnapshot says that the input is JSON of another kind.
var ErrNotSnapshot = errors.New("not a plimsoll snapshot")

// Decode reads a snapshot that may come from a stranger: it is bounded, every
// index and reference is checked, and a stated ID must match the content.
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
	var head struct {
		Schema string `json:"schema"`
	}
	if err := json.Unmarshal(b, &head); err != nil {
		return nil, jsonError(b, err)
	}
	if head.Schema != Schema {
		return nil, fmt.Errorf("%w: schema is %.60q, want %q", ErrNotSnapshot, head.Schema, Schema)
	}
	s := new(Snapshot)
	dec := json.NewDecoder(bytes.NewReader(b))
	if err := dec.Decode(s); err != nil {
		return nil, jsonError(b, err)
	}
	if err := s.Validate(); err != nil {
		return nil, err
	}
	if s.ID != "" {
		id, err := s.digest()
		if err != nil {
			return nil, err
		}
		if id != s.ID {
			return nil, fmt.Errorf("snapshot states the ID %.64s but its content has %s: it was edited, or written by a newer version; remove the id field to read it all the same", s.ID, id)
		}
		return s, nil
	}
	return s, s.Seal()
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
