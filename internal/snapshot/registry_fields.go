package snapshot

import (
	"fmt"
	"strconv"
	"strings"
)

// RegistryField is a key of a registry's configuration that a step can change.
type RegistryField struct {
	Get func(*RegistryConfig) string
	Set func(c *RegistryConfig, value string) error
	Of  func(value string) any // the value as the file has it
}

// RegistryFields are those keys, by name.
var RegistryFields = map[string]RegistryField{
	"storage.delete.enabled": {
		Get: func(c *RegistryConfig) string { return strconv.FormatBool(c.Delete) },
		Set: func(c *RegistryConfig, v string) (err error) { c.Delete, err = strconv.ParseBool(v); return err },
		Of:  func(v string) any { return v == "true" },
	},
	"http.debug.addr": {
		Get: func(c *RegistryConfig) string { return c.Debug },
		Set: func(c *RegistryConfig, v string) error { c.Debug = v; return nil },
		Of:  func(v string) any { return v },
	},
}

// RegistryPath is the way to a key in the file.
func RegistryPath(field string) []string { return strings.Split(field, ".") }

func (o *Overlay) registry(scope, key, field string) (int, RegistryField, error) {
	f, ok := RegistryFields[field]
	if !ok {
		return 0, f, fmt.Errorf("a registry has no field %.100q that can be changed", field)
	}
	sc := o.base.Scope(scope)
	if sc == nil || sc.Kind == ScopeFiles && key != "file/"+sc.Name {
		return 0, f, fmt.Errorf("no registry %.100q in scope %.100q", key, scope)
	}
	for i := range o.base.Registries {
		if r := &o.base.Registries[i]; r.Scope == scope && r.Config.Known() {
			return i, f, nil
		}
	}
	return 0, f, fmt.Errorf("no registry's configuration in scope %.100q", scope)
}

func (o *Overlay) getRegistry(scope, key, field string) (string, error) {
	i, f, err := o.registry(scope, key, field)
	if err != nil {
		return "", err
	}
	return f.Get(&o.Snapshot().Registries[i].Config.V), nil
}

func (o *Overlay) setRegistry(scope, key, field, value string) error {
	i, f, err := o.registry(scope, key, field)
	if err != nil {
		return err
	}
	o.own()
	o.out.Registries = append([]Registry(nil), o.out.Registries...)
	return f.Set(&o.out.Registries[i].Config.V, value)
}
