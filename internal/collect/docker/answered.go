package docker

import (
	"net/url"
	"slices"
	"strconv"

	"plimsoll/internal/dockerapi"
	"plimsoll/internal/snapshot"
)

// answeredUs notes what this run itself proves of an engine that is elsewhere: it
// answers callers over TCP who show no certificate. What else it listens on stays
// unknown.
func (c *collector) answeredUs() {
	e := c.Client.Endpoint()
	if c.local != nil || e.Kind != dockerapi.KindTCP || e.Identified() || !slices.ContainsFunc(c.parts, func(p snapshot.PartStatus) bool {
		return p.Part == snapshot.PartEngineInfo && p.State == snapshot.Observed
	}) {
		return
	}
	u, err := url.Parse(e.Address)
	if err != nil {
		return
	}
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	if err != nil {
		return
	}
	api := "open"
	if e.Encrypted() {
		api = "tls-open"
	}
	c.out.Listeners = append(c.out.Listeners, snapshot.Listener{Scope: c.scope, Network: "tcp", Address: u.Hostname(), Port: uint16(port), API: api})
}
