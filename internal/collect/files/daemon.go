package files

import (
	"errors"
	"fmt"
	"path/filepath"

	"plimsoll/internal/collect/host"
	"plimsoll/internal/snapshot"
)

// daemons adds each daemon.json as a scope of its own: what it says is of one
// engine, and none of the services beside it need run there.
func (c *collector) daemons() {
	for _, rel := range c.found.daemons {
		shown := c.file(rel)
		scope := "files:" + shown
		c.out.Scopes = append(c.out.Scopes, snapshot.Scope{ID: scope, Kind: snapshot.ScopeFiles, Name: rel, Taken: c.Taken})
		e := snapshot.Engine{Scope: scope, Name: filepath.Base(rel)}
		data, err := c.read(rel, host.MaxConfigFile)
		var cfg snapshot.DaemonConfig
		if err == nil {
			cfg, err = host.ConfigFile(data, shown)
		}
		e.Config = snapshot.Seen(cfg, shown)
		c.out.Parts = append(c.out.Parts, snapshot.PartStatus{Scope: scope, Part: snapshot.PartEngineConfig, State: snapshot.Observed})
		if err != nil {
			at := snapshot.Location{File: shown}
			if bad, ok := errors.AsType[*host.ConfigFileError](err); ok {
				at.Line, at.Column, err = bad.Line, bad.Column, errors.New(bad.Msg)
			}
			e.Config.State, e.Config.Reason = snapshot.Failed, snapshot.ReasonUnparsable
			e.Config.V = snapshot.DaemonConfig{File: shown, FileSeen: snapshot.Failed, Broken: &at}
			c.out.Parts = append(c.out.Parts, snapshot.PartStatus{
				Scope: scope, Part: snapshot.PartEngineConfig, Item: "file/" + rel, State: snapshot.Failed, Reason: snapshot.ReasonUnparsable,
				Detail: fmt.Sprintf("%s: %v", at, err),
			})
		}
		c.out.Engines = append(c.out.Engines, e)
	}
}
