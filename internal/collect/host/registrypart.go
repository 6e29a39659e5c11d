package host

import (
	"strings"

	"plimsoll/internal/snapshot"
)

// RegistryConfigFile reads a registry's configuration by itself; file is how
// evidence names it. What variables of its process would change, and the files
// that it names, are not known then.
func RegistryConfigFile(data []byte, file string) (snapshot.RegistryConfig, error) {
	f, err := parseRegistryFile(data, file, nil)
	if err != nil {
		return snapshot.RegistryConfig{}, err
	}
	c := f.facts()
	c.Path = text(file)
	for _, key := range []string{"auth", "http.debug.addr", "notifications.endpoints", "log.accesslog.disabled", "storage.delete.enabled", "storage.maintenance.readonly.enabled", "validation.manifests.urls", "validation.disabled"} {
		if n := f.node(key); n != nil {
			c.Fields = append(c.Fields, snapshot.FieldLoc{Field: key, Loc: snapshot.Location{File: c.Path, Line: n.Line, Column: n.Col}})
		}
	}
	return c, nil
}

// RegistryHead reports whether the beginning of a YAML file is that of a
// registry's configuration.
func RegistryHead(head []byte) bool {
	s := "\n" + string(head)
	version := strings.Contains(s, "\nversion: 0.1") || strings.Contains(s, "\nversion: '0.1'") || strings.Contains(s, "\nversion: \"0.1\"")
	return version && strings.Contains(s, "\nstorage:")
}
