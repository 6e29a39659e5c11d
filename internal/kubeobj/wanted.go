package kubeobj

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"plimsoll/internal/snapshot"
)

// Wanted says which part of a cluster the objects of a custom kind belong to, for
// kinds that are known by name; "" for any other.
func Wanted(group, kind string) snapshot.Part {
	gk := group + "/" + kind
	_, isTemplate := templates[gk]
	switch {
	case isTemplate:
		return snapshot.PartClusterExtensions
	case policyKinds[gk] != "":
		return snapshot.PartClusterNetwork
	case slices.Contains(routeKinds, gk):
		return snapshot.PartClusterServices
	case engines[group] != "" && (strings.Contains(kind, "Policy") || group == "constraints.gatekeeper.sh") && !strings.Contains(kind, "Report"):
		return snapshot.PartClusterAdmission
	}
	return ""
}

// HoldsTemplate reports whether the schema of a custom resource definition, as
// JSON, has containers with images, as pod templates have.
func HoldsTemplate(raw []byte) bool {
	if !bytes.Contains(raw, []byte(`"containers"`)) {
		return false
	}
	var o any
	if json.Unmarshal(raw, &o) != nil {
		return false
	}
	return schemaHolds(o, 0)
}

func schemaHolds(v any, depth int) bool {
	if depth > 4*deepest {
		return false
	}
	switch v := v.(type) {
	case map[string]any:
		if p, ok := v["properties"].(map[string]any); ok && dig(p, "containers.items.properties.image") != nil {
			return true
		}
		for _, x := range v {
			if schemaHolds(x, depth+1) {
				return true
			}
		}
	case []any:
		for _, x := range v {
			if schemaHolds(x, depth+1) {
				return true
			}
		}
	}
	return false
}

// Namespaces lists the names of the namespaces that were added.
func (b *Builder) Namespaces() []string {
	out := make([]string, 0, len(b.out.Namespaces))
	for i := range b.out.Namespaces {
		out = append(out, b.out.Namespaces[i].Name)
	}
	return out
}
