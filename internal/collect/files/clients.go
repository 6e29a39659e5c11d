package files

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"

	"plimsoll/internal/collect/host"
	"plimsoll/internal/snapshot"
)

// clientName is the file of the Docker command's settings, and clientKind what a
// look into one says.
const (
	clientName = "config.json"
	clientKind = "client configuration"
)

// contextName matches a stored context, below the folder of the settings.
var contextName = regexp.MustCompile(`^(?:(.*)/)?(contexts/meta/[0-9a-f]{64})/meta\.json$`)

// clientKeys are settings that hardly another config.json has.
var clientKeys = regexp.MustCompile(`"(?:auths|credsStore|credHelpers|currentContext|cliPluginsExtraDirs|HttpHeaders)"\s*:`)

// client is what was found of one configuration of the Docker command.
type client struct {
	config   bool
	contexts []string // folders of contexts, from the configuration's
}

// takeClient sorts a file of a client's configuration.
func (f *found) takeClient(dir, context string) {
	if f.clients == nil {
		f.clients = make(map[string]*client)
	}
	c := f.clients[dir]
	if c == nil {
		c = &client{}
		f.clients[dir] = c
	}
	if context == "" {
		c.config = true
	} else {
		c.contexts = append(c.contexts, context)
	}
}

const (
	maxContexts = 256
	maxClient   = 512 << 10 // bytes of one file
)

// clients adds each configuration of the Docker command as a scope of its own,
// which says nothing of what else is in the folder.
func (c *collector) clients(single bool) {
	for _, dir := range sortedKeys(c.found.clients) {
		f := c.found.clients[dir]
		name := path.Join(dir, clientName)
		if !f.config {
			name = path.Join(dir, "contexts")
		}
		scope := "files:" + c.file(name)
		c.out.Scopes = append(c.out.Scopes, snapshot.Scope{ID: scope, Kind: snapshot.ScopeFiles, Name: name, Taken: c.Taken})
		c.out.Parts = append(c.out.Parts, snapshot.PartStatus{Scope: scope, Part: snapshot.PartHostClients, State: snapshot.Observed})
		cl := snapshot.Client{Scope: scope, User: name, Dir: c.file(dir), State: snapshot.Observed, Loc: &snapshot.Location{File: c.file(name)}}
		bad := func(rel string, err error) {
			at := c.file(rel)
			if e, ok := errors.AsType[*host.ConfigFileError](err); ok {
				at, err = fmt.Sprintf("%s:%d:%d", at, e.Line, e.Column), errors.New(e.Msg)
			}
			c.out.Parts = append(c.out.Parts, snapshot.PartStatus{
				Scope: scope, Part: snapshot.PartHostClients, Item: "file/" + rel, State: snapshot.Failed, Reason: snapshot.ReasonUnparsable,
				Detail: fmt.Sprintf("%s: %v", at, err),
			})
		}
		switch {
		case f.config:
			cl.Config = c.clientConfig(name, bad)
		case single:
			cl.Config = snapshot.Missing[snapshot.ClientConfig](snapshot.Skipped, snapshot.ReasonNotCollected, path.Join(c.file(dir), clientName))
		default:
			cl.Config = snapshot.Missing[snapshot.ClientConfig](snapshot.Absent, snapshot.ReasonNone, path.Join(c.file(dir), clientName))
		}
		cl.Contexts = c.clientContexts(dir, f.contexts, bad)
		if single && f.config {
			cl.Contexts = snapshot.Missing[[]snapshot.ClientContext](snapshot.Skipped, snapshot.ReasonNotCollected, path.Join(c.file(dir), "contexts"))
		}
		c.out.Clients = append(c.out.Clients, cl)
	}
}

func (c *collector) clientConfig(rel string, bad func(string, error)) snapshot.Fact[snapshot.ClientConfig] {
	data, err := c.read(rel, maxClient)
	var cfg snapshot.ClientConfig
	if err == nil {
		cfg, err = host.ClientConfig(data, c.file(rel))
	}
	if err != nil {
		bad(rel, err)
		return snapshot.Missing[snapshot.ClientConfig](snapshot.Failed, snapshot.ReasonUnparsable, c.file(rel))
	}
	return snapshot.Seen(cfg, c.file(rel))
}

func (c *collector) clientContexts(dir string, folders []string, bad func(string, error)) snapshot.Fact[[]snapshot.ClientContext] {
	slices.Sort(folders)
	var out []snapshot.ClientContext
	for _, f := range folders[:min(len(folders), maxContexts)] {
		rel := path.Join(dir, f, "meta.json")
		data, err := c.read(rel, maxClient)
		var x snapshot.ClientContext
		if err == nil {
			x, err = host.ClientContext(data, c.file(rel))
		}
		if err != nil {
			bad(rel, err)
			x = snapshot.ClientContext{Name: path.Base(f), Unread: true, Loc: &snapshot.Location{File: c.file(rel), Line: 1, Column: 1}}
		}
		tls := path.Join(dir, "contexts/tls", path.Base(f), "docker")
		x.TLS, x.Key = c.exists(path.Join(tls, "ca.pem")), c.exists(path.Join(tls, "key.pem"))
		out = append(out, x)
	}
	return snapshot.Seen(out, path.Join(c.file(dir), "contexts"))
}

func (c *collector) exists(rel string) bool {
	_, err := c.root.Stat(rel)
	return err == nil
}
