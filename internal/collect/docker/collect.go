package docker

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"plimsoll/internal/collect"
	"plimsoll/internal/dockerapi"
	"plimsoll/internal/snapshot"
)

// Options say what to collect and how.
type Options struct {
	Client    *dockerapi.Client
	Local     Local             // a candidate: it is asked only when the engine is proved to run here; nil for none
	Machine   Machine           // this machine, for the proof; zero when unknown
	HostScope string            // scope of this machine, for the engine proved to run here; "" when it is not collected
	Kept      map[string]string // container ID -> journal, of containers that harden keeps for a rollback
	Self      string            // ID of the container that this program runs in, which is left out; "" for none
	Parallel  int               // requests at once; 0 is 8
	Progress  func(done, total int)
	Taken     time.Time // start of collection; zero is now
}

const defaultParallel = 8

// Collect reads one engine. It always returns a fragment with a coverage line
// for every engine part: what could not be read is in the coverage, and
// Complete says whether nothing went wrong. The fragment is joined with that of
// the host scope it names by [collect.Builder]. The only calls are those that
// list, one inspect a container, two an image, and one to three for each image
// that names its user.
func Collect(ctx context.Context, o Options) *snapshot.Snapshot {
	c := newCollector(o)
	c.lists(ctx)
	c.prove(ctx)
	c.details(ctx)
	c.joinContainers()
	c.resolveUsers(ctx)
	c.finish(ctx)
	return c.out
}

// collector holds what is known so far. The workers write to places of their
// own; mu guards the coverage lines.
type collector struct {
	Options
	out    *snapshot.Snapshot
	intern *collect.Builder
	engine *snapshot.Engine
	scope  string
	local  Local // Options.Local once proved

	mu       sync.Mutex
	parts    []snapshot.PartStatus
	failed   bool
	total    int
	progress int
	timeouts atomic.Int64

	listed    []listed
	seen      []*inspected // same positions as listed; nil when gone
	services  map[string]snapshot.RestartPolicy
	swarm     snapshot.Swarm
	plugins   snapshot.Fact[[]snapshot.Plugin]
	runtimes  []string // programs of OCI runtimes
	images    map[string]*snapshot.Image
	volumes   map[string]snapshot.Volume
	recursive map[string]bool   // volumes that take along what is mounted below their device
	netNames  map[string]string // id -> name
}

func newCollector(o Options) *collector {
	if o.Parallel <= 0 {
		o.Parallel = defaultParallel
	}
	if o.Taken.IsZero() {
		o.Taken = time.Now()
	}
	o.Taken = o.Taken.UTC().Truncate(time.Second)
	out := &snapshot.Snapshot{Schema: snapshot.Schema, Taken: o.Taken}
	return &collector{
		Options: o, out: out, intern: collect.NewBuilder(out), engine: new(snapshot.Engine),
		images: make(map[string]*snapshot.Image), volumes: make(map[string]snapshot.Volume), recursive: make(map[string]bool), netNames: make(map[string]string),
	}
}

// lists asks everything that answers about the engine as a whole.
func (c *collector) lists(ctx context.Context) {
	c.run(ctx,
		c.readInfo, c.readPlugins, c.listContainers, c.listImages, c.listNetworks, c.listVolumes)
}

// details asks about each container and image, and the machine about its own.
// What is done with an answer keeps no request waiting: it has workers of its own,
// one for each processor, and requests wait only when those fall behind.
func (c *collector) details(ctx context.Context) {
	tasks := []func(context.Context){c.listNodes, c.listServices}
	c.seen = make([]*inspected, len(c.listed))
	answers := make(chan func(), c.Parallel)
	for i := range c.listed {
		tasks = append(tasks, func(ctx context.Context) {
			raw, err := c.ask(ctx, c.listed[i].id)
			answers <- func() { c.take(ctx, i, raw, err) }
		})
	}
	tasks = append(tasks, c.imageTasks()...)
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for take := range answers {
				take()
			}
		})
	}
	wg.Go(func() { c.run(ctx, c.localTasks(ctx)...) })
	c.run(ctx, tasks...)
	close(answers)
	wg.Wait()
}

// run performs tasks with bounded parallelism and waits for all of them.
func (c *collector) run(ctx context.Context, tasks ...func(context.Context)) {
	c.mu.Lock()
	c.total += len(tasks)
	c.mu.Unlock()
	queue := make(chan func(context.Context))
	var wg sync.WaitGroup
	for range min(c.Parallel, len(tasks)) {
		wg.Go(func() {
			for t := range queue {
				t(ctx)
				c.step()
			}
		})
	}
	for _, t := range tasks {
		queue <- t
	}
	close(queue)
	wg.Wait()
}

// step reports progress, one call at a time.
func (c *collector) step() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.progress++
	if c.Progress != nil {
		c.Progress(c.progress, c.total)
	}
}

// finish puts everything in its place.
func (c *collector) finish(ctx context.Context) {
	c.engine.Plugins = c.plugins
	c.engine.Cluster = c.cluster()
	c.out.Engines = []snapshot.Engine{*c.engine}
	c.out.Scopes = []snapshot.Scope{c.makeScope()}
	for _, m := range c.images {
		c.out.Images = append(c.out.Images, *m)
	}
	for _, v := range c.volumes {
		c.out.Volumes = append(c.out.Volumes, v)
	}
	c.answeredUs()
	c.coverImages()
	c.out.Parts = c.parts
	c.out.Complete = !c.failed && ctx.Err() == nil
	c.assignScope()
}

func (c *collector) makeScope() snapshot.Scope {
	e := c.Client.Endpoint()
	s := snapshot.Scope{
		ID: c.scope, Kind: snapshot.ScopeEngine, Name: c.engine.Name, Target: e.Address, Taken: c.Taken, Remote: c.local == nil && !e.Local,
	}
	if s.Name == "" {
		s.Name = e.Name
	}
	if c.local != nil {
		s.Host = c.HostScope
	}
	return s
}

// assignScope stamps what was collected before the engine's identity was known.
func (c *collector) assignScope() {
	c.out.Engines[0].Scope = c.scope
	for i := range c.out.Parts {
		c.out.Parts[i].Scope = c.scope
	}
	for i := range c.out.Containers {
		c.out.Containers[i].Scope = c.scope
	}
	for i := range c.out.Images {
		c.out.Images[i].Scope = c.scope
	}
	for i := range c.out.Networks {
		c.out.Networks[i].Scope = c.scope
	}
	for i := range c.out.Volumes {
		c.out.Volumes[i].Scope = c.scope
	}
}
