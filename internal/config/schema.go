package config

import _ "embed"

var (
	//go:embed policy.schema.json
	policySchemaJSON string
	//go:embed waivers.schema.json
	waiversSchemaJSON string
)

// PolicySchema returns the JSON Schema (draft 2020-12) of plimsoll.yaml. It
// knows the form of the file; which checks and parameters exist, only the loader
// knows.
func PolicySchema() string { return policySchemaJSON }

// WaiversSchema returns the JSON Schema (draft 2020-12) of waivers.yaml.
func WaiversSchema() string { return waiversSchemaJSON }
