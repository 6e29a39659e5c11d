// Package schemacheck holds documents against the schemas that the project
// publishes. It is for tests only and the one place that imports a validator.
package schemacheck

import (
	"bytes"
	"fmt"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Check returns nil when the JSON document satisfies the JSON Schema, else an
// error that names every violation. Formats such as date-time are asserted.
func Check(schema, document []byte) error {
	s, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		return fmt.Errorf("read schema: %w", err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("urn:schema", s); err != nil {
		return fmt.Errorf("add schema: %w", err)
	}
	compiled, err := c.Compile("urn:schema")
	if err != nil {
		return fmt.Errorf("compile schema: %w", err)
	}
	d, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		return fmt.Errorf("read document: %w", err)
	}
	return compiled.Validate(d)
}
