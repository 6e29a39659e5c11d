package files

import (
	"errors"
	"fmt"

	"plimsoll/internal/collect/host"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/yaml"
)

// registryKind is what a look into the configuration of a registry says.
const registryKind = "registry configuration"

// registries adds each configuration of a registry as a scope of its own: what it
// says is of one registry, which was not asked.
func (c *collector) registries() {
	for _, rel := range c.found.registries {
		shown := c.file(rel)
		scope := "files:" + shown
		c.out.Scopes = append(c.out.Scopes, snapshot.Scope{ID: scope, Kind: snapshot.ScopeFiles, Name: rel, Taken: c.Taken})
		c.out.Parts = append(c.out.Parts, snapshot.PartStatus{Scope: scope, Part: snapshot.PartRegistryConfig, State: snapshot.Observed})
		r := snapshot.Registry{
			Scope: scope, Address: rel,
			API: snapshot.Missing[snapshot.RegistryAPI](snapshot.Skipped, snapshot.ReasonStatic, shown), Content: snapshot.Missing[snapshot.RegistryContent](snapshot.Skipped, snapshot.ReasonStatic, shown),
		}
		data, err := c.read(rel, maxClient)
		var cfg snapshot.RegistryConfig
		if err == nil {
			cfg, err = host.RegistryConfigFile(data, shown)
		}
		r.Config = snapshot.Seen(cfg, shown)
		if err != nil {
			at := shown
			if bad, ok := errors.AsType[*yaml.Error](err); ok {
				at, err = fmt.Sprintf("%s:%d:%d", shown, bad.Line, bad.Column), errors.New(bad.Msg)
			}
			r.Config = snapshot.Missing[snapshot.RegistryConfig](snapshot.Failed, snapshot.ReasonUnparsable, shown)
			c.out.Parts = append(c.out.Parts, snapshot.PartStatus{
				Scope: scope, Part: snapshot.PartRegistryConfig, Item: "file/" + rel, State: snapshot.Failed, Reason: snapshot.ReasonUnparsable, Detail: fmt.Sprintf("%s: %v", at, err),
			})
		}
		c.out.Registries = append(c.out.Registries, r)
	}
}
