// Package survey runs the collectors for the targets that were asked for, or
// for what is on this machine, and joins their evidence in one snapshot.
package survey

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"time"

	"plimsoll/internal/collect"
	"plimsoll/internal/collect/docker"
	"plimsoll/internal/collect/files"
	"plimsoll/internal/collect/host"
	"plimsoll/internal/collect/image"
	"plimsoll/internal/collect/kube"
	"plimsoll/internal/collect/node"
	"plimsoll/internal/dockerapi"
	"plimsoll/internal/snapshot"
)

// Target is one thing to look at.
type Target struct {
	Kind string // docker, host, k8s, files, image, registry or saved
	Arg  string // docker: a context or URL; empty is the user's current engine; k8s: a context, empty is the current one; files: a folder or file; saved: a snapshot's path; image: see [image.Options]; registry: HOST[:PORT]
}

// Options say what to look at and how.
type Options struct {
	Targets    []Target // empty: what is on this machine
	Tool       string
	Catalogue  string
	Now        func() time.Time
	Env        func(string) string
	Home       string
	Dir        string                // what relative paths of targets start from
	Root       string                // where the machine's root is mounted, for a run inside a container; "" outside
	Kept       map[string]string     // container ID -> journal that harden keeps it for
	Loaded     []snapshot.LoadedFile // configuration that harden wrote and engines run with
	Parallel   int                   // requests at once; 0 is the collector's default
	Progress   func(msg string)
	Note       func(msg string)                              // what a person should know besides
	Open       func(path string) (*snapshot.Snapshot, error) // reads a target of kind saved
	Input      io.Reader                                     // for an image that is read from the standard input
	Values     []string                                      // files of values that Helm charts are rendered with
	Evidence                                                 // of images, that others made
	Kubeconfig string                                        // file in the place of $KUBECONFIG and ~/.kube/config
	Kubelets   bool                                          // ask the kubelets of a cluster for their configuration, through its API server
	Probe      bool                                          // send registries more than reads, see [registry.Options]
}

// ErrNothing says that there is neither an engine nor a node here, nor a target given.
var ErrNothing = errors.New("no container engine on this machine")

// Run collects. It fails when a target that was named cannot be reached, or, for
// no target, with [ErrNothing]. Whatever else could not be seen is in the
// snapshot's coverage.
func Run(ctx context.Context, o Options) (*snapshot.Snapshot, error) {
	s := &survey{Options: o, out: &snapshot.Snapshot{
		Tool: o.Tool, Catalogue: o.Catalogue, Taken: o.Now().UTC().Truncate(time.Second), Complete: true,
	}}
	s.builder = collect.NewBuilder(s.out)
	if runtime.GOOS == "linux" && !s.onlyArtifacts() {
		s.local = host.OpenMounted(s.Root)
		s.local.Loaded(s.Loaded)
	}
	if err := s.node(ctx); err != nil {
		return nil, err
	}
	endpoints, err := s.endpoints()
	if err != nil {
		return nil, err
	}
	if s.local != nil {
		s.machine(ctx, endpoints)
	}
	for _, e := range endpoints {
		if err := s.engine(ctx, e); err != nil {
			return nil, err
		}
	}
	if s.local != nil && len(s.Targets) == 0 {
		s.noteOthers(s.local.EngineSockets(ctx), endpoints)
	}
	if err := s.targets(ctx); err != nil {
		return nil, err
	}
	s.rebase()
	s.dropUnusedHost()
	if err := s.imageEvidence(); err != nil {
		return nil, err
	}
	s.grantMounts()
	if ctx.Err() != nil {
		s.out.Complete = false
	}
	if err := s.out.Validate(); err != nil {
		return nil, fmt.Errorf("what was collected is not valid, which is a defect: %w", err)
	}
	return s.out, s.out.Seal()
}

// targets looks at what was named beside engines and the machine; saved snapshots
// come last, when what they are joined with is there.
func (s *survey) targets(ctx context.Context) error {
	for _, t := range s.Targets {
		var err error
		switch t.Kind {
		case "files":
			err = s.files(ctx, t.Arg)
		case "image":
			err = s.image(ctx, t.Arg)
		case "registry":
			err = s.registry(ctx, t.Arg)
		case "k8s":
			err = s.cluster(ctx, t.Arg)
		}
		if err != nil {
			return err
		}
	}
	for _, t := range s.Targets {
		if t.Kind == "saved" {
			if err := s.saved(t.Arg); err != nil {
				return err
			}
		}
	}
	return nil
}

type survey struct {
	Options
	out     *snapshot.Snapshot
	builder *collect.Builder
	local   *host.Machine // nil where this machine is not Linux
	this    docker.Machine
	hostID  string
	lines   []nodeLine
	isNode  bool // this machine is a node of a Kubernetes cluster
}

// endpoints lists the engines to ask: those named, else those whose sockets are
// on this machine.
func (s *survey) endpoints() ([]endpoint, error) {
	var out []endpoint
	if len(s.Targets) == 0 {
		for _, path := range s.sockets() {
			out = append(out, endpoint{Endpoint: s.reach(dockerapi.SocketEndpoint(path))})
		}
		if len(out) == 0 && !s.isNode {
			return nil, ErrNothing
		}
		return out, nil
	}
	for _, t := range s.Targets {
		switch t.Kind {
		case "host", "files", "image", "registry", "k8s", "saved":
		case "docker":
			e, err := dockerapi.Resolve(t.Arg, s.Env, s.Home)
			if err != nil {
				return nil, err
			}
			out = append(out, endpoint{Endpoint: s.reach(e), named: true})
		default:
			return nil, fmt.Errorf("target kind %q cannot be collected; docker, host, k8s, files, image and registry can", t.Kind)
		}
	}
	return out, nil
}

type endpoint struct {
	dockerapi.Endpoint
	named bool // asked for by the user: failing to reach it is an error
}

// machine collects this machine, which the engines on it share.
func (s *survey) machine(ctx context.Context, endpoints []endpoint) {
	s.say("this machine")
	var sockets []string
	for _, e := range endpoints {
		if e.Socket != "" {
			sockets = append(sockets, e.Socket)
		}
	}
	scope, h, parts := s.local.Collect(ctx, sockets...)
	s.hostID, s.this = scope.ID, docker.Machine{Name: h.Name, Kernel: h.Kernel}
	s.out.Scopes = append(s.out.Scopes, scope)
	s.out.Hosts = append(s.out.Hosts, h)
	s.out.Parts = append(s.out.Parts, parts...)
	files, part := s.local.HostFiles(ctx)
	s.out.Files = append(s.out.Files, files...)
	s.out.Parts = append(s.out.Parts, part)
	clients, part := s.local.Clients(ctx, s.Env)
	s.out.Clients = append(s.out.Clients, clients...)
	s.out.Parts = append(s.out.Parts, part)
}

// onlyArtifacts reports whether nothing was asked for that this machine has part in.
func (s *survey) onlyArtifacts() bool {
	return len(s.Targets) > 0 && !slices.ContainsFunc(s.Targets, func(t Target) bool {
		return !slices.Contains([]string{"files", "image", "registry", "k8s", "saved"}, t.Kind)
	})
}

// image reads one image, or those of one file.
func (s *survey) image(ctx context.Context, arg string) error {
	s.say("image " + arg)
	fragment, err := image.Collect(ctx, image.Options{
		Arg: arg, Dir: s.Dir, Input: s.Input, Taken: s.out.Taken, Login: image.Logins(s.Env, s.Home), Note: s.Note,
		Engine: func() (*dockerapi.Client, error) {
			e, err := dockerapi.Resolve("", s.Env, s.Home)
			if err != nil {
				return nil, err
			}
			return dockerapi.Connect(ctx, Reach(s.Root, e))
		},
	})
	if err != nil {
		return err
	}
	return s.builder.Join(fragment)
}

// files collects a folder or file.
func (s *survey) files(ctx context.Context, path string) error {
	s.say("files of " + path)
	o := files.Options{Path: path, Dir: s.Dir, Home: s.Home, Taken: s.out.Taken}
	for _, name := range s.Values {
		v, err := files.ReadValues(name, s.Dir)
		if err != nil {
			return err
		}
		o.Values = append(o.Values, v)
	}
	collected := files.Collect
	if path == "-" {
		collected = func(ctx context.Context, o files.Options) (*snapshot.Snapshot, error) {
			return files.CollectStream(ctx, s.Input, o)
		}
	}
	fragment, err := collected(ctx, o)
	if err != nil {
		return err
	}
	return s.builder.Join(fragment)
}

// engine collects one engine.
func (s *survey) engine(ctx context.Context, e endpoint) error {
	s.say("engine at " + e.Address)
	c, err := dockerapi.Connect(ctx, e.Endpoint)
	if err != nil {
		if e.named {
			return err
		}
		return s.unreachable(ctx, e, err)
	}
	defer c.Close()
	fragment := docker.Collect(ctx, s.options(e, c))
	if why := mute(fragment); why != "" && e.named && ctx.Err() == nil {
		return fmt.Errorf("nothing of an engine could be read at %s: %s", e.Name, why)
	}
	s.elsewhere(fragment)
	if err := s.builder.Join(fragment); err != nil && e.named {
		return err // found twice on this machine is no news; named twice is a mistake
	}
	return nil
}

// mute says why nothing at all was read of an engine that answered; "" when
// something was.
func mute(f *snapshot.Snapshot) string {
	why := ""
	for _, p := range f.Parts {
		switch p.Part {
		case snapshot.PartEngineInfo, snapshot.PartEngineContainers, snapshot.PartEngineImages, snapshot.PartEngineNetworks, snapshot.PartEngineVolumes:
			if p.Item == "" && p.State == snapshot.Observed {
				return ""
			}
			if why == "" {
				why = p.Detail
			}
		default: // of others their absence may be what was read
		}
	}
	return why
}

// options are those of collecting from one engine.
func (s *survey) options(e endpoint, c *dockerapi.Client) docker.Options {
	opts := docker.Options{
		Client: c, Machine: s.this, HostScope: s.hostID, Kept: s.Kept, Parallel: s.Parallel, Taken: s.Now(),
		Progress: func(done, total int) { s.say(fmt.Sprintf("engine at %s: %d of %d", e.Address, done, total)) },
	}
	if s.local != nil {
		opts.Local = s.local
	}
	if s.Root != "" { // any other container with plimsoll in it is there for something else too
		opts.Self = host.Self()
	}
	return opts
}

// elsewhere gives an engine that is not proved to run here a machine of its own,
// of which nothing was seen: its host checks are then unknown, not missing, for the
// reason that the engine's own files were not looked at.
func (s *survey) elsewhere(f *snapshot.Snapshot) {
	for i := range f.Scopes {
		sc := &f.Scopes[i]
		if sc.Kind != snapshot.ScopeEngine || sc.Host != "" {
			continue
		}
		id := "host:of:" + sc.ID
		sc.Host = id
		f.Scopes = append(f.Scopes, snapshot.Scope{ID: id, Kind: snapshot.ScopeHost, Name: sc.Name, Target: sc.Target, Taken: sc.Taken, Remote: true})
		st := f.Part(sc.ID, snapshot.PartEngineFiles) // it says why the machine was not asked
		st.Scope = id
		for _, p := range hostParts() {
			st.Part = p
			f.Parts = append(f.Parts, st)
		}
		return
	}
}

func hostParts() []snapshot.Part {
	return slices.DeleteFunc(slices.Clone(snapshot.Parts), func(p snapshot.Part) bool { return !strings.HasPrefix(string(p), "host.") })
}

// unreachable puts an engine that is here but does not answer into the
// snapshot: what its socket shows as a file, and everything else with the reason
// why it is unknown.
func (s *survey) unreachable(ctx context.Context, e endpoint, err error) error {
	f := docker.Unreachable(ctx, e.Endpoint, s.options(e, nil), err)
	s.elsewhere(f)
	return s.builder.Join(f)
}

// dropUnusedHost leaves this machine out when only engines elsewhere were asked
// for: its evidence would be of the wrong machine.
func (s *survey) dropUnusedHost() {
	if s.hostID == "" || len(s.Targets) == 0 || slices.ContainsFunc(s.Targets, func(t Target) bool { return t.Kind == "host" }) {
		return
	}
	if slices.ContainsFunc(s.out.Scopes, func(sc snapshot.Scope) bool { return sc.Host == s.hostID }) {
		return
	}
	other := func(scope string) bool { return scope == s.hostID }
	s.out.Scopes = slices.DeleteFunc(s.out.Scopes, func(sc snapshot.Scope) bool { return other(sc.ID) })
	s.out.Hosts = slices.DeleteFunc(s.out.Hosts, func(h snapshot.Host) bool { return other(h.Scope) })
	s.out.Files = slices.DeleteFunc(s.out.Files, func(f snapshot.File) bool { return other(f.Scope) })
	s.out.Clients = slices.DeleteFunc(s.out.Clients, func(c snapshot.Client) bool { return other(c.Scope) })
	s.out.Parts = slices.DeleteFunc(s.out.Parts, func(p snapshot.PartStatus) bool { return other(p.Scope) })
}

func (s *survey) say(msg string) {
	if s.Progress != nil {
		s.Progress(msg)
	}
}

// Reads lists, for people, everything that collecting reads.
func Reads() []string {
	engine := []string{
		"GET /_ping, /version, /info: the engine, its settings and security options",
		"GET /containers/json, and /containers/ID/json of each: configuration and state; of variables, labels and arguments only names and shapes",
		"GET /images/json, and /images/ID/json and /images/ID/history of each: user, health test, digests, age; of the steps what was done, not with what",
		"GET /networks, /volumes; where swarm is active, of a manager: /nodes, /services, and of /secrets and /configs names",
		"GET /containers/ID/archive?path=/etc/passwd: one for each image whose user is a name",
	}
	engine = append(engine, "for a folder or file that is named: compose files, Dockerfiles, daemon.json, configurations of the Docker command and of registries, Kubernetes manifests, kustomizations and Helm charts in it, the files these name, and .env beside them, never outside of it; no remote base or dependency is fetched, no plugin is run",
		"for an image that is named: its file or OCI layout, else GET /images/REF/json and /images/ID/get of the current engine, else the registry that REF names; layers are read and not kept, and ~/.docker/config.json for a login")
	engine = append(engine, "for a registry that is named: GET /v2/ over TLS and in clear, /v2/_catalog, tags, manifests and small blobs of its first repositories, its token service on the same host, /, /api/v2.0/systeminfo and /health, and port 5001; no login is sent")
	engine = append(engine, kube.Reads()...)
	engine = append(engine, host.Open("").Reads()...)
	return append(engine, node.Reads()...)
}
