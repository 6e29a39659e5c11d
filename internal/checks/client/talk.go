package client

import (
	"cmp"
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var contextTLS = account(check.Check{
	ID:    "client-context-tls",
	Title: "Every remote engine context verifies its peer",
	Why: "A client that does not verify the engine hands its commands, build contexts and logins to whoever stands in between. A tcp endpoint needs an authority to verify by; ssh verifies host keys unless StrictHostKeyChecking is off. " +
		"Stored contexts count, and DOCKER_HOST where a profile or the environment sets it.",
	Remedy:   "Recreate the context with --docker host=tcp://…,ca=…,cert=…,key=… and without skip-tls-verify, set DOCKER_TLS_VERIFY beside DOCKER_HOST, or use ssh with host keys checked.",
	Severity: check.High, STRIDE: "ST", Tier: 1,
	Forms: []check.Form{check.Live, check.ClientJSON},
}, verifiesPeers)

func verifiesPeers(v *view) check.Verdict {
	if v.State == snapshot.Absent && len(v.Contexts.V) == 0 && len(v.Vars.V) == 0 {
		return check.Inapplicable("it has no folder")
	}
	if !v.Contexts.Known() {
		return unseen(v.Contexts, "its contexts were not readable")
	}
	if !v.Vars.Known() && !v.inFile() {
		return unseen(v.Vars, "the variables of its profiles were not readable")
	}
	var w worst
	for _, c := range v.Contexts.V {
		scheme, _, _ := strings.Cut(c.Endpoint, "://")
		name := "context " + c.Name
		v.peer(&w, &c, name, scheme)
		w.at(c.Loc)
	}
	return w.verdict("it talks to engines that it does not verify", "some of its contexts were not understood", "it verifies every engine elsewhere that it is set up for")
}

// peer judges what a context leads to.
func (v *view) peer(w *worst, c *snapshot.ClientContext, name, scheme string) {
	switch {
	case c.Unread:
		w.doubt(snapshot.ReasonUnresolved, name, "its endpoint was not understood")
	case scheme == "unix", scheme == "npipe", scheme == "fd", c.Endpoint == "":
		w.judged++
	case scheme == "ssh" && v.inFile():
		w.doubt(snapshot.ReasonStatic, name, c.Endpoint+": whether host keys are checked is a matter of the machine's ssh")
	case scheme == "ssh":
		switch c.HostKeys {
		case "no", "off":
			w.fail(name, c.Endpoint+" with StrictHostKeyChecking "+c.HostKeys)
		case "", "ask", "yes", "accept-new":
			w.judged++
		default:
			w.doubt(snapshot.ReasonUnresolved, name, c.Endpoint+": StrictHostKeyChecking was not understood or not readable")
		}
	case scheme == "tcp" || scheme == "http" || scheme == "https":
		switch {
		case c.SkipTLS:
			w.fail(name, c.Endpoint+" without verification")
		case !c.TLS && scheme != "https":
			w.fail(name, c.Endpoint+" without an authority to verify by")
		default:
			w.judged++
		}
	default:
		w.doubt(snapshot.ReasonUnresolved, name, c.Endpoint)
	}
}

var endpointKnown = account(check.Check{
	ID:       "client-context-endpoint-known",
	Title:    "Client contexts point at declared engines",
	Why:      "A context that somebody else stored leads the next command, with its build context and its logins, to his engine under a familiar name. Only a list of the engines that are meant can tell.",
	Remedy:   "Declare endpoints, such as tcp://engine.example:2376 and ssh://builder, and remove contexts that nobody knows.",
	Severity: check.Medium, STRIDE: "S", Tier: 2,
	Forms:  []check.Form{check.Live, check.ClientJSON},
	Params: []check.Param{{Name: "endpoints", Unit: "list", Question: true, Meaning: "engines, as scheme://host:port, that contexts may lead to"}},
}, knownEndpoints)

func knownEndpoints(v *view) check.Verdict {
	if !v.Contexts.Known() && v.State != snapshot.Absent {
		return unseen(v.Contexts, "its contexts were not readable")
	}
	declared, said := v.p.List("endpoints")
	var w worst
	for _, c := range v.Contexts.V {
		switch {
		case c.Unread:
			w.doubt(snapshot.ReasonUnresolved, "context "+c.Name, "its endpoint was not understood")
		case local(c.Endpoint), slices.Contains(declared, c.Endpoint):
			w.judged++
		case !said:
			w.doubt(snapshot.ReasonUndeclared, "context "+c.Name, c.Endpoint)
		default:
			w.fail("context "+c.Name, c.Endpoint)
		}
		w.at(c.Loc)
	}
	return w.verdict("a context leads to an engine that is not declared", "no list says which engines are meant", "no context leads to an engine that is not declared")
}

// local reports whether an endpoint is the engine's usual one on the machine.
func local(endpoint string) bool {
	return slices.Contains([]string{"", "unix:///var/run/docker.sock", "unix:///run/docker.sock"}, endpoint)
}

var notRedirected = account(check.Check{
	ID:    "client-docker-host-not-overridden",
	Title: "No environment variable redirects the client",
	Why: "DOCKER_HOST and DOCKER_CONTEXT hold over the context that is shown as current, so that a line in a profile leads every command elsewhere unseen. " +
		"Profiles of machine and account, unit files below /etc/systemd/system and the environment of this process are read; variables that a CI sets are not.",
	Remedy:   "Remove the line and use docker context use, or name the endpoint in allowed_endpoints.",
	Severity: check.Low, STRIDE: "S", Tier: 2,
	Params: []check.Param{{Name: "allowed_endpoints", Unit: "list", Meaning: "endpoints, or names of contexts, that the variables may name"}},
}, noRedirect)

func noRedirect(v *view) check.Verdict {
	if !v.Vars.Known() {
		return unseen(v.Vars, "the variables of its profiles were not readable")
	}
	allowed, _ := v.p.List("allowed_endpoints")
	var w worst
	for _, s := range v.Vars.V {
		if s.Name != "DOCKER_HOST" && s.Name != "DOCKER_CONTEXT" {
			continue
		}
		switch {
		case s.Dynamic:
			w.doubt(snapshot.ReasonUnresolved, place(s), s.Name+" is computed by the shell")
		case s.Endpoint != "" && (slices.Contains(allowed, s.Endpoint) || local(s.Endpoint)):
			w.judged++
		default:
			w.fail(place(s), s.Name+"="+cmp.Or(s.Endpoint, "?"))
		}
	}
	return w.verdict("a variable leads its commands elsewhere", "a variable may lead its commands elsewhere", "no variable leads its commands elsewhere")
}

var trustRetired = account(check.Check{
	ID:       "client-content-trust-retired",
	Title:    "Content trust does not point at a retired service",
	Why:      "DOCKER_CONTENT_TRUST without a server of one's own asks notary.docker.io, which Docker retires: pulls then fail, and people switch the variable off without another check of signatures in its place.",
	Remedy:   "Unset DOCKER_CONTENT_TRUST and verify signatures by a policy (cosign, notation), or name a signing server of your own in DOCKER_CONTENT_TRUST_SERVER.",
	Severity: check.Medium, Surface: model.SurfaceImage, STRIDE: "D", Tier: 1,
}, noRetiredTrust)

func noRetiredTrust(v *view) check.Verdict {
	if !v.Vars.Known() {
		return unseen(v.Vars, "the variables of its profiles were not readable")
	}
	var on, server *snapshot.ClientVar
	for i := range v.Vars.V {
		switch s := &v.Vars.V[i]; {
		case s.Name == "DOCKER_CONTENT_TRUST" && (s.On || s.Dynamic) && on == nil:
			on = s
		case s.Name == "DOCKER_CONTENT_TRUST_SERVER" && server == nil:
			server = s
		}
	}
	switch {
	case on == nil:
		return check.Passed("content trust is not switched on")
	case on.Dynamic:
		return check.Undecided(snapshot.ReasonUnresolved, "whether content trust is on is computed by the shell", ev(place(*on), on.Name))
	case server == nil:
		return check.Failed("content trust is on and asks the retired service", ev(place(*on), on.Name))
	case strings.HasSuffix(server.Endpoint, "docker.io"), strings.HasSuffix(server.Endpoint, "docker.com"):
		return check.Failed("content trust is on and asks the retired service", ev(place(*server), server.Endpoint))
	}
	return check.Undecided(snapshot.ReasonNotCollected, "content trust is on; whether its own server answers was not asked", ev(place(*server), cmp.Or(server.Endpoint, "?")))
}
