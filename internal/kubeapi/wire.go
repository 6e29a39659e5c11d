package kubeapi

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
)

// Item is one object of a list as it came.
type Item struct {
	Raw   []byte // valid until the callback returns
	Proto bool   // protobuf of the object's type, else JSON

	// Cells are the columns of a table by their names; Raw is then the object's
	// metadata, as JSON.
	Cells map[string]string
}

// page is one answer to a list.
type page struct {
	version string // resource version
	token   string // of the next page; empty: the last
	items   []Item
}

var (
	magic    = []byte("k8s\x00")
	errWire  = errors.New("it is no protobuf of a list")
	errShape = errors.New("it is no list")
)

// parse divides an answer into its objects. It copies nothing of protobuf.
func parse(a answer, table bool) (page, error) {
	switch {
	case a.proto:
		raw, ok := envelope(a.body)
		if !ok {
			return page{}, errWire
		}
		return parseProto(raw)
	case table:
		return parseTable(a.body)
	}
	return parseJSON(a.body)
}

// envelope returns what is in runtime.Unknown behind the magic bytes.
func envelope(b []byte) (raw []byte, ok bool) {
	b, ok = bytes.CutPrefix(b, magic)
	if !ok {
		return nil, false
	}
	const rawField = 2
	err := fields(b, func(n int, v []byte) error {
		if n == rawField {
			raw = v
		}
		return nil
	})
	return raw, err == nil
}

// parseProto reads a list: its metadata in field 1, its objects in field 2.
func parseProto(raw []byte) (page, error) {
	const metadata, items = 1, 2
	var p page
	err := fields(raw, func(n int, v []byte) error {
		switch n {
		case metadata:
			const version, token = 2, 3
			return fields(v, func(n int, v []byte) error {
				switch n {
				case version:
					p.version = string(v)
				case token:
					p.token = string(v)
				}
				return nil
			})
		case items:
			p.items = append(p.items, Item{Raw: v, Proto: true})
		}
		return nil
	})
	return p, err
}

// fields calls each for the fields that have a length, and passes over the rest.
func fields(b []byte, each func(n int, v []byte) error) error {
	const (
		varint, fixed64, bytesOf, fixed32 = 0, 1, 2, 5
		typeBits, typeMask, most          = 3, 7, 1 << 29
	)
	for len(b) > 0 {
		tag, n := binary.Uvarint(b)
		if n <= 0 || tag>>typeBits == 0 || tag>>typeBits >= most {
			return errWire
		}
		b = b[n:]
		size := uint64(0)
		switch tag & typeMask {
		case varint:
			if _, n = binary.Uvarint(b); n <= 0 {
				return errWire
			}
			size = uint64(n)
		case fixed64:
			size = 8
		case fixed32:
			size = 4
		case bytesOf:
			if size, n = binary.Uvarint(b); n <= 0 {
				return errWire
			}
			b = b[n:]
		default:
			return errWire
		}
		if size > uint64(len(b)) {
			return errWire
		}
		if tag&typeMask == bytesOf {
			if err := each(int(tag>>typeBits), b[:size:size]); err != nil {
				return err
			}
		}
		b = b[size:]
	}
	return nil
}

type listMeta struct {
	ResourceVersion string `json:"resourceVersion"`
	Continue        string `json:"continue"`
}

func parseJSON(b []byte) (page, error) {
	var l struct {
		Metadata listMeta          `json:"metadata"`
		Items    []json.RawMessage `json:"items"`
		Kind     string            `json:"kind"`
	}
	if err := json.Unmarshal(b, &l); err != nil {
		return page{}, fmt.Errorf("it is no JSON of a list: %w", err)
	}
	if l.Items == nil && l.Kind == "" {
		return page{}, errShape
	}
	p := page{version: l.Metadata.ResourceVersion, token: l.Metadata.Continue, items: make([]Item, len(l.Items))}
	for i, raw := range l.Items {
		p.items[i] = Item{Raw: raw}
	}
	return p, nil
}

// parseTable reads the form that people see, which has of an object its
// metadata and a few columns that the server works out.
func parseTable(b []byte) (page, error) {
	var t struct {
		Kind     string   `json:"kind"`
		Metadata listMeta `json:"metadata"`
		Columns  []struct {
			Name string `json:"name"`
		} `json:"columnDefinitions"`
		Rows []struct {
			Cells  []any           `json:"cells"`
			Object json.RawMessage `json:"object"`
		} `json:"rows"`
	}
	if err := json.Unmarshal(b, &t); err != nil || t.Kind != "Table" {
		return page{}, errors.New("it is no table")
	}
	p := page{version: t.Metadata.ResourceVersion, token: t.Metadata.Continue}
	for _, r := range t.Rows {
		cells := make(map[string]string, len(t.Columns))
		for i, c := range t.Columns {
			if i < len(r.Cells) {
				cells[c.Name] = fmt.Sprint(r.Cells[i])
			}
		}
		p.items = append(p.items, Item{Raw: r.Object, Cells: cells})
	}
	return p, nil
}
