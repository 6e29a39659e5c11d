package checktest

import (
	_ "embed"
	"encoding/json"
	"fmt"
)

//go:embed outer.json
var outer []byte

// addOuter adds what the minimal snapshot leaves out because few suites are
// about it: a registry, or the Docker command's configuration of an account,
// each well kept, with its scope and parts.
func addOuter(root map[string]any, what string, patch json.RawMessage) error {
	if patch == nil {
		return nil
	}
	var all map[string]map[string][]any
	if err := json.Unmarshal(outer, &all); err != nil {
		return fmt.Errorf("the embedded %s: %w", what, err)
	}
	var p any
	if err := json.Unmarshal(patch, &p); err != nil {
		return fmt.Errorf("tweak of the %s: %w", what, err)
	}
	for list, items := range all[what] {
		if list == "registries" || list == "clients" {
			items[0] = merge(items[0], p)
		}
		root[list] = append(opened(root, list), items...)
	}
	return nil
}
