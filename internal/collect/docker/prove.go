package docker

import (
	"context"
	"errors"
	"os"
	"strings"

	"plimsoll/internal/dockerapi"
	"plimsoll/internal/dockerapi/answer"
	"plimsoll/internal/snapshot"
)

// Machine is what this machine says of itself, to be compared with what the
// engine says of the one it runs on.
type Machine struct {
	Name   string // host name
	Kernel string // release, as uname -r
}

const (
	elsewhere     = "evidence is not from the engine's host"
	unproved      = "the engine is not proved to run on this machine"
	grantThere    = "run plimsoll on that host"
	groupIsRoot   = "membership of group docker would grant it too, and equals root"
	socketRefused = "the engine's socket may not be opened by this user; " + groupIsRoot
)

// IsLocal reports whether an engine is proved to run on this machine, where its
// pids and paths mean what they mean here; else why not. A unix socket is not
// enough: it may be forwarded from another machine or lead into a virtual one.
func IsLocal(e dockerapi.Endpoint, engine *snapshot.Engine, m Machine, d snapshot.Fact[snapshot.DaemonProcess]) (bool, string) {
	switch {
	case e.Kind != dockerapi.KindUnix:
		return false, elsewhere
	case m.Name == "" || m.Kernel == "" || engine.Name == "" || engine.Kernel == "":
		return false, unproved
	case engine.Name != m.Name || engine.Kernel != m.Kernel:
		return false, elsewhere + ": it names another machine or kernel"
	case engine.Rootless:
		return false, "the engine is rootless: its files and processes are in namespaces of their own"
	case !d.Known():
		return false, "the process behind the engine's socket was not found on this machine"
	}
	return true, ""
}

// prove decides whether the machine may be asked about the engine.
func (c *collector) prove(ctx context.Context) {
	e := c.Client.Endpoint()
	c.engine.Process = snapshot.Missing[snapshot.DaemonProcess](snapshot.Skipped, snapshot.ReasonNotCollected, "")
	c.engine.Config = snapshot.Missing[snapshot.DaemonConfig](snapshot.Skipped, snapshot.ReasonNotCollected, "")
	c.engine.Verifier = snapshot.Missing[snapshot.Verifier](snapshot.Skipped, snapshot.ReasonNotCollected, "")
	if c.Local == nil {
		c.elsewhere(snapshot.PartStatus{State: snapshot.Skipped, Reason: snapshot.ReasonNotCollected, Detail: elsewhere, Grant: grantThere})
		return
	}
	d := snapshot.Missing[snapshot.DaemonProcess](snapshot.Skipped, snapshot.ReasonNotCollected, "")
	if e.Kind == dockerapi.KindUnix {
		d = c.Local.Daemon(ctx, e.Socket)
	}
	ok, why := IsLocal(e, c.engine, c.Machine, d)
	if ok {
		c.local, c.engine.Process = c.Local, d
		return
	}
	st := snapshot.PartStatus{State: snapshot.Skipped, Reason: snapshot.ReasonNotCollected, Detail: why, Grant: grantThere}
	if c.engine.Rootless {
		st.Grant = ""
	}
	if d.State == snapshot.Denied {
		c.engine.Process = d
		st.State, st.Reason, st.Grant = snapshot.Denied, snapshot.ReasonDenied, grantSudo
		st.Detail = unproved + ": the process behind its socket may be examined by root only"
	}
	c.elsewhere(st)
}

// elsewhere gives the parts of the machine one reason.
func (c *collector) elsewhere(st snapshot.PartStatus) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range machineParts() {
		st.Part = p
		c.parts = append(c.parts, st)
	}
}

// localTasks ask the machine about the engine proved to run on it.
func (c *collector) localTasks(ctx context.Context) []func(context.Context) {
	if c.local == nil {
		return nil
	}
	d := c.engine.Process.V
	c.engine.Config = c.local.Config(ctx, d)
	return []func(context.Context){
		func(ctx context.Context) {
			c.cover(factStatus(snapshot.PartEngineConfig, c.engine.Config, "the daemon's configuration"))
			files, st := c.local.Files(ctx, c.scope, FileQuery{Process: d, Config: c.engine.Config, Root: c.engine.RootDir, Runtimes: c.runtimes})
			st.Part = snapshot.PartEngineFiles
			c.cover(st)
			c.addFiles(files)
		},
		func(ctx context.Context) {
			c.engine.Verifier = c.local.Verifier(ctx, d)
			c.cover(factStatus(snapshot.PartEngineVerifier, c.engine.Verifier, "the image verification settings"))
		},
		func(ctx context.Context) {
			if c.engine.InSwarm() {
				c.swarm.Addresses = c.local.Swarm(ctx, d, c.engine.RootDir)
			}
		},
		func(ctx context.Context) {
			c.engine.Package = answer.Short(c.local.Package(ctx, d.Exe), answer.MaxShort)
		},
		func(ctx context.Context) {
			list, st := c.local.Listeners(ctx, c.scope, d)
			st.Part = snapshot.PartEngineListeners
			c.cover(st)
			c.out.Listeners = list
		},
		func(ctx context.Context) {
			files, st := c.local.Sockets(ctx, c.scope, c.socketPaths())
			st.Part = snapshot.PartEngineSockets
			c.cover(st)
			c.addFiles(files)
		},
	}
}

// socketPaths are the unix sockets that the engine is known to answer on: the one
// it was asked by, and those of its configuration.
func (c *collector) socketPaths() []string {
	paths := []string{c.Client.Endpoint().Socket}
	hosts, _ := c.engine.Config.V.Setting("hosts")
	for _, h := range hosts {
		at, ok := strings.CutPrefix(h, "unix://")
		if ok && c.engine.Config.Known() && c.local.Resolve(at).State == snapshot.Observed {
			paths = append(paths, at)
		}
	}
	return paths
}

func (c *collector) addFiles(files []snapshot.File) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out.Files = append(c.out.Files, files...)
}

// coverProcesses says how much of the containers' processes was readable.
func (c *collector) coverProcesses() {
	if c.local == nil {
		return
	}
	live, denied := 0, 0
	for _, s := range c.seen {
		if s == nil || !s.runtime.Live() {
			continue
		}
		live++
		if s.runtime.Process.State == snapshot.Denied {
			denied++
		}
	}
	const part = snapshot.PartEngineProcesses
	if live > 0 && denied == live {
		c.cover(snapshot.PartStatus{
			Part: part, State: snapshot.Denied, Reason: snapshot.ReasonDenied,
			Detail: "the containers' processes may be examined by root only", Grant: grantSudo,
		})
		return
	}
	c.observed(part)
	for _, s := range c.seen {
		if s != nil && s.runtime.Live() && !s.runtime.Process.Known() {
			st := factStatus(part, s.runtime.Process, "the process")
			st.Item = "name/" + s.Name
			c.cover(st)
		}
	}
}

// Unreachable is the fragment of an engine that did not answer: its coverage,
// and where the engine's socket is a file of this machine, the file.
func Unreachable(ctx context.Context, e dockerapi.Endpoint, o Options, err error) *snapshot.Snapshot {
	c := newCollector(o)
	c.scope = "engine:" + e.Address
	st := snapshot.PartStatus{State: snapshot.Failed, Reason: snapshot.ReasonFailed, Detail: answer.Short(e.Name, answer.MaxShort) + ": " + dockerapi.Reason(err)}
	if errors.Is(err, os.ErrPermission) {
		st.State, st.Reason, st.Detail, st.Grant = snapshot.Denied, snapshot.ReasonDenied, socketRefused, grantSudo
		if e.Kind != dockerapi.KindUnix {
			st.Detail, st.Grant = "the engine refused this user", "ask whoever runs the engine"
		}
	}
	parts := append(apiParts(), machineParts()...)
	files, here := []snapshot.File(nil), o.Local != nil && o.HostScope != "" && e.Kind == dockerapi.KindUnix
	for _, p := range parts {
		st.Part = p
		if p == snapshot.PartEngineSockets && here {
			var sockets snapshot.PartStatus
			files, sockets = o.Local.Sockets(ctx, c.scope, []string{e.Socket})
			sockets.Part = p
			c.cover(sockets)
			continue
		}
		c.cover(st)
	}
	missing := snapshot.Missing[snapshot.DaemonProcess](st.State, st.Reason, "")
	c.out.Engines = []snapshot.Engine{{
		Name: answer.Short(e.Name, answer.MaxShort), Process: missing,
		Config:   snapshot.Missing[snapshot.DaemonConfig](st.State, st.Reason, ""),
		Verifier: snapshot.Missing[snapshot.Verifier](st.State, st.Reason, ""),
	}}
	scope := snapshot.Scope{ID: c.scope, Kind: snapshot.ScopeEngine, Name: answer.Short(e.Name, answer.MaxShort), Target: e.Address, Taken: c.Taken, Remote: !e.Local}
	if here {
		scope.Host = o.HostScope
	}
	c.out.Scopes, c.out.Files, c.out.Parts = []snapshot.Scope{scope}, files, c.parts
	c.out.Complete = st.State == snapshot.Denied // nothing was cut short
	c.assignScope()
	return c.out
}
