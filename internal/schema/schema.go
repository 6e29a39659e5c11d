// Package schema writes JSON Schemas (draft 2020-12) of the project's versioned
// documents from their Go types, so that what is published cannot differ from
// what is written.
package schema

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"
)

// Document is one published kind of document.
type Document struct {
	Name  string // what the schema command calls it
	Title string
	Value any                       // a value of its Go type
	Enums map[reflect.Type][]string // values of types that are written as one of a few strings
	Const map[string]string         // top-level properties with a fixed value: schema
}

var (
	timeType      = reflect.TypeFor[time.Time]()
	textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()
)

// Generate returns the schema, indented, with sorted keys. It fails on a type
// that JSON cannot carry.
func Generate(d Document) ([]byte, error) {
	g := &generator{enums: d.Enums, defs: make(map[string]any)}
	root, err := g.object(reflect.TypeOf(d.Value))
	if err != nil {
		return nil, fmt.Errorf("schema of %s: %w", d.Name, err)
	}
	for name, value := range d.Const {
		root["properties"].(node)[name] = node{"const": value} //nolint:errcheck // object made it so
	}
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["$id"] = "urn:plimsoll:" + d.Name
	root["title"] = d.Title
	if len(g.defs) > 0 {
		root["$defs"] = g.defs
	}
	b, err := json.MarshalIndent(root, "", " ")
	if err != nil {
		return nil, fmt.Errorf("schema of %s: %w", d.Name, err)
	}
	return append(b, '\n'), nil
}

type node = map[string]any

type generator struct {
	enums map[reflect.Type][]string
	defs  map[string]any
}

// of returns the schema of a type as it appears inside another.
func (g *generator) of(t reflect.Type) (node, error) {
	if values, ok := g.enums[t]; ok {
		return node{"type": "string", "enum": values}, nil
	}
	switch {
	case t == timeType:
		return node{"type": "string", "format": "date-time"}, nil
	case t.Implements(textMarshaler):
		return node{"type": "string"}, nil
	}
	switch t.Kind() {
	case reflect.Bool:
		return node{"type": "boolean"}, nil
	case reflect.String:
		return node{"type": "string"}, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return node{"type": "integer"}, nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return node{"type": "integer", "minimum": 0}, nil
	case reflect.Float32, reflect.Float64:
		return node{"type": "number"}, nil
	case reflect.Pointer:
		return g.of(t.Elem())
	case reflect.Slice, reflect.Array:
		items, err := g.of(t.Elem())
		return node{"type": "array", "items": items}, err
	case reflect.Map:
		if t.Key().Kind() != reflect.String {
			return nil, fmt.Errorf("%v: keys are not strings", t)
		}
		values, err := g.of(t.Elem())
		return node{"type": "object", "additionalProperties": values}, err
	case reflect.Struct:
		return g.reference(t)
	default:
		return nil, fmt.Errorf("%v cannot be written as JSON", t)
	}
}

// reference puts a struct under $defs once and refers to it.
func (g *generator) reference(t reflect.Type) (node, error) {
	name := defName(t)
	if _, ok := g.defs[name]; !ok {
		g.defs[name] = node{} // a type may contain itself
		o, err := g.object(t)
		if err != nil {
			return nil, err
		}
		g.defs[name] = o
	}
	return node{"$ref": "#/$defs/" + name}, nil
}

// object lists a struct's fields. Further properties are allowed: within a
// version, fields are only added.
func (g *generator) object(t reflect.Type) (node, error) {
	properties, required := node{}, []string{}
	for _, f := range reflect.VisibleFields(t) {
		tag := f.Tag.Get("json")
		if !f.IsExported() || f.Anonymous && tag == "" || tag == "-" {
			continue // the fields of an embedded struct are listed beside it
		}
		name, options, _ := strings.Cut(tag, ",")
		if name == "" {
			name = f.Name
		}
		s, err := g.of(f.Type)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if strings.Contains(options, "omitempty") || strings.Contains(options, "omitzero") {
			properties[name] = s
			continue
		}
		required = append(required, name)
		properties[name] = nullable(f.Type, s)
	}
	o := node{"type": "object", "properties": properties}
	if len(required) > 0 {
		o["required"] = required
	}
	return o, nil
}

// nullable admits null where Go writes it: a nil list, map or pointer that is
// not left out.
func nullable(t reflect.Type, s node) node {
	switch t.Kind() {
	case reflect.Slice, reflect.Map, reflect.Pointer:
		return node{"anyOf": []any{s, node{"type": "null"}}}
	default:
		return s
	}
}

// defName is the type's package and name in one word. Of a generic type's
// arguments it keeps the names: Fact[…/snapshot.Process] is FactProcess.
func defName(t reflect.Type) string {
	pkg := t.PkgPath()[strings.LastIndexByte(t.PkgPath(), '/')+1:]
	base, args, generic := strings.Cut(t.Name(), "[")
	if !generic {
		return pkg + "." + base
	}
	many := ""
	if strings.HasPrefix(args, "[]") {
		many = "s"
	}
	args = strings.TrimPrefix(strings.TrimSuffix(args, "]"), "[]")
	return pkg + "." + base + "-" + args[strings.LastIndexAny(args, "./")+1:] + many
}
