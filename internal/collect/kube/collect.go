package kube

import (
	"context"
	"slices"
	"sync"
	"time"

	"plimsoll/internal/kubeapi"
	"plimsoll/internal/kubeobj"
	"plimsoll/internal/snapshot"
)

// Options say what to collect and how.
type Options struct {
	Client   *kubeapi.Client
	Kubelets bool // ask every kubelet for its configuration through the API server
	Parallel int  // requests at once; 0 is 8
	Progress func(done, total int)
	Taken    time.Time                                                   // start of collection
	Resolve  func(ctx context.Context, host string) (addresses []string) // looks a name up; nil: names stay as they are
}

const defaultParallel = 8

// Collect reads one cluster. It always returns a fragment with a coverage line
// for every part of a cluster: what could not be read is in the coverage, and
// Complete says whether nothing went wrong.
func Collect(ctx context.Context, o Options) *snapshot.Snapshot {
	c := newCollector(o)
	c.identify(ctx)
	c.discover(ctx)
	c.builder = kubeobj.NewBuilder(kubeobj.Options{Scope: c.id.scope})
	tasks := c.tasks()
	c.run(ctx, tasks)
	more := custom(c.served.Resources, c.templates)
	c.run(ctx, more)
	c.narrow(ctx)
	return c.finish(ctx)
}

// collector holds what is known so far. mu guards what the lists write.
type collector struct {
	Options
	id     identity
	served kubeapi.Served
	found  snapshot.PartStatus // of discovery

	mu         sync.Mutex
	builder    *kubeobj.Builder
	lists      []*list // as far as they were asked for
	components []snapshot.Component
	templates  map[string]bool // group/kind of definitions whose schema holds pod templates
	done       int
	total      int
	failed     bool
}

func newCollector(o Options) *collector {
	if o.Parallel <= 0 {
		o.Parallel = defaultParallel
	}
	o.Taken = o.Taken.UTC().Truncate(time.Second)
	return &collector{Options: o, templates: make(map[string]bool)}
}

// task is a list to read, as it is served.
type task struct {
	resource
	as kubeapi.Resource
}

// tasks are the standard lists. What is not served is noted.
func (c *collector) tasks() []task {
	var out []task
	for _, r := range standard() {
		if c.found.State != snapshot.Observed {
			out = append(out, task{r, r.assumed()})
			continue
		}
		as, old, ok := r.find(c.served.Resources)
		switch {
		case ok && as.List:
			out = append(out, task{r, as})
		case c.missing(r.group):
			c.note(&list{task: task{resource: r}, state: snapshot.Failed, why: "the server of the API group " + r.group + " did not answer"})
		case len(old) > 0 && !r.optional:
			c.note(&list{task: task{resource: r}, state: snapshot.Failed, reason: snapshot.ReasonUnparsable, why: r.plural + " are served only as " + old[0] + ", which is not understood"})
		default:
			c.note(&list{task: task{resource: r}, state: snapshot.Absent, why: r.qualified() + " are not served"})
		}
	}
	return out
}

// missing reports whether a group is offered and its server did not say what it has.
func (c *collector) missing(group string) bool {
	return slices.ContainsFunc(c.served.Missing, func(gv string) bool { return group != "" && len(gv) > len(group) && gv[:len(group)+1] == group+"/" })
}

func (c *collector) note(l *list) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lists = append(c.lists, l)
}

// run reads lists with bounded parallelism and waits for all of them.
func (c *collector) run(ctx context.Context, tasks []task) {
	c.each(len(tasks), func(i int) { c.note(c.read(ctx, tasks[i], "")) })
}

// each does n things, some at a time.
func (c *collector) each(n int, do func(i int)) {
	c.mu.Lock()
	c.total += n
	c.mu.Unlock()
	queue := make(chan int)
	var wg sync.WaitGroup
	for range min(c.Parallel, n) {
		wg.Go(func() {
			for i := range queue {
				do(i)
				c.step()
			}
		})
	}
	for i := range n {
		queue <- i
	}
	close(queue)
	wg.Wait()
}

// step reports progress, one call at a time.
func (c *collector) step() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done++
	if c.Progress != nil {
		c.Progress(c.done, c.total)
	}
}

// finish puts everything in its place.
func (c *collector) finish(ctx context.Context) *snapshot.Snapshot {
	out := c.builder.Snapshot()
	out.Schema, out.Taken = snapshot.Schema, c.Taken
	out.Scopes = []snapshot.Scope{c.scope()}
	for i := range out.Definitions {
		d := &out.Definitions[i]
		d.Template = d.Template || c.templates[d.Group+"/"+d.Kind]
	}
	c.describe(ctx, out)
	c.nodes(ctx, out)
	out.Parts = append(out.Parts, c.parts()...)
	out.Complete = !c.failed && ctx.Err() == nil
	return out
}

// Reads lists, for people, what the package reads.
func Reads() []string {
	return []string{
		"for k8s or k8s:CONTEXT, when it is named: the kubeconfig, whose credential plugin is run, GET /version, /api, /apis of the API server, and lists of what plimsoll doctor k8s --role grants, a page at a time",
		"of secrets the names, types and ages, by a table without values; of config maps the shapes of values, and settings of known components; of pods no values of variables and arguments",
		"with --kubelets: GET /api/v1/nodes/NAME/proxy/configz of each node",
	}
}
