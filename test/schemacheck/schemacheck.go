// Package schemacheck holds documents against the schemas that the project
// publishes. It is for tests only and the one place that imports a validator.
package schemacheck

import (
	"bytes"
	"fmt"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Schema is a compiled JSON Schema. Its Validate takes decoded JSON.
type Schema = jsonschema.Schema

// Compile reads a JSON Schema. Formats such as date-time are asserted.
func Compile(schema []byte) (*Schema, error) {
	s, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		return nil, fmt.Errorf("read schema: %w", err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	if err := c.AddResource("urn:schema", s); err != nil {
		return nil, fmt.Errorf("add schema: %w", err)
	}
	compiled, err := c.Compile("urn:schema")
	if err != nil {
		return nil, fmt.Errorf("compile schema: %w", err)
	}
	return compiled, nil
}

// Check returns nil when the JSON document satisfies the JSON Schema, else an
// error that names every violation.
func Check(schema, document []byte) error {
	s, err := Compile(schema)
	if err != nil {
		return err
	}
	d, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		return fmt.Errorf("read document: %w", err)
	}
	return s.Validate(d)
}
