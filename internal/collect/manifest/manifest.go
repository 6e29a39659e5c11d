// Package manifest collects evidence from Kubernetes manifests: streams of YAML
// and JSON, kustomizations as they build, and Helm charts as they render. It reads
// through what it is given, and fetches and runs nothing.
package manifest

import (
	"context"
	"fmt"
	"io/fs"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"plimsoll/internal/kubeobj"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/yaml"
)

// MaxFile is how much of one file is read.
const MaxFile = 16 << 20

// limits bound one document.
var limits = yaml.Limits{Bytes: MaxFile, Depth: 100, Nodes: 400_000}

// Options say what to look at. Paths are from the folder, with slashes.
type Options struct {
	Scope, Name string
	Taken       time.Time
	FS          fs.FS // the folder
	Read        func(rel string, limit int) ([]byte, error)
	Show        func(rel string) string // a path as a person would open it
	Files       []string                // that may hold manifests
	Kustomized  []string                // kustomization files
	Charts      []string                // Chart.yaml of charts
	Values      []Values                // given by the user, instead of those found beside a chart
	Single      bool                    // the one file was named: what it lacks is an error
}

// Values is a file of values for charts.
type Values struct {
	Name string
	Data []byte
}

// Collect returns a scope with what the manifests define; nil when there are none.
func Collect(ctx context.Context, o Options) *snapshot.Snapshot {
	c := &collector{Options: o, b: kubeobj.NewBuilder(kubeobj.Options{Scope: o.Scope, Files: true})}
	files, charts, roots := c.sources()
	c.out.Complete = true
	for group := range slices.Chunk(files, batch) {
		done := make([]outcome, len(group))
		spread(len(group), func(i int) { done[i] = c.file(group[i]) })
		c.addAll(done)
		if ctx.Err() != nil {
			c.out.Complete = false
			break
		}
	}
	for _, rel := range charts {
		if ctx.Err() == nil {
			c.addAll([]outcome{c.chart(ctx, rel)})
		}
	}
	for _, rel := range roots {
		if ctx.Err() == nil {
			c.addAll([]outcome{c.kustomization(ctx, rel)})
		}
	}
	if c.objects == 0 && len(c.out.Parts) == 0 {
		return nil
	}
	return c.finish()
}

type collector struct {
	Options
	b       *kubeobj.Builder
	out     snapshot.Snapshot
	objects int
	notes   []string
	items   map[string]bool // of parts, so that each is named once
}

// batch is how many files are parsed before what they say is added.
const batch = 64

// outcome is what a file, a chart or a kustomization came to.
type outcome struct {
	objects []object
	fails   []failure
}

// object is one that was read.
type object struct {
	parsed           any // nil: broken
	apiVersion, kind string
	namespace, name  string
	from             kubeobj.Origin
}

// failure is what could not be read, or would not be taken.
type failure struct {
	part   snapshot.Part
	item   string
	reason snapshot.Reason
	detail string
}

// spread calls f for every number below n, on all processors.
func spread(n int, f func(int)) {
	var wg sync.WaitGroup
	var next atomic.Int64
	for range min(runtime.GOMAXPROCS(0), n) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				f(i)
			}
		})
	}
	wg.Wait()
}

func (c *collector) addAll(list []outcome) {
	for _, o := range list {
		for _, v := range o.objects {
			c.objects++
			switch {
			case v.parsed == nil:
				c.b.Broken(v.apiVersion, v.kind, v.namespace, v.name, v.from)
			case !c.b.Add(v.parsed, v.from):
				c.b.Count(v.apiVersion, v.kind, 1, false)
			}
		}
		for _, f := range o.fails {
			c.fail(f)
		}
	}
}

func (c *collector) fail(f failure) {
	if c.items == nil {
		c.items = make(map[string]bool)
	}
	item := f.item
	for n := 2; c.items[string(f.part)+item]; n++ {
		item = fmt.Sprintf("%s#%d", f.item, n)
	}
	c.items[string(f.part)+item] = true
	c.out.Parts = append(c.out.Parts, snapshot.PartStatus{Scope: c.Scope, Part: f.part, Item: item, State: snapshot.Failed, Reason: f.reason, Detail: f.detail})
}

// defined are the parts of a cluster that manifests define.
var defined = []snapshot.Part{
	snapshot.PartClusterNamespaces, snapshot.PartClusterWorkloads, snapshot.PartClusterAccounts, snapshot.PartClusterRBAC, snapshot.PartClusterNetwork,
	snapshot.PartClusterServices, snapshot.PartClusterAdmission, snapshot.PartClusterQuotas, snapshot.PartClusterSecrets, snapshot.PartClusterConfigMaps,
	snapshot.PartClusterStorage, snapshot.PartClusterExtensions,
}

// running are those that only a cluster shows.
var running = []snapshot.Part{snapshot.PartClusterVersion, snapshot.PartClusterNodes, snapshot.PartClusterPods, snapshot.PartClusterCSRs, snapshot.PartClusterFlow}

// finish makes a snapshot of what was added.
func (c *collector) finish() *snapshot.Snapshot {
	s := c.b.Snapshot()
	s.Complete = c.out.Complete
	s.Scopes = []snapshot.Scope{{ID: c.Scope, Kind: snapshot.ScopeFiles, Name: c.Name, Taken: c.Taken}}
	for _, p := range defined {
		s.Parts = append(s.Parts, snapshot.PartStatus{Scope: c.Scope, Part: p, State: snapshot.Observed})
	}
	for _, p := range running {
		s.Parts = append(s.Parts, snapshot.PartStatus{
			Scope: c.Scope, Part: p, State: snapshot.Skipped, Reason: snapshot.ReasonStatic, Detail: "only a running cluster shows it",
		})
	}
	slices.SortStableFunc(c.out.Parts, func(a, b snapshot.PartStatus) int { return strings.Compare(a.Item, b.Item) })
	s.Parts = append(s.Parts, c.out.Parts...)
	if note := strings.Join(append(unjudged(s.Clusters[0].Unjudged), c.notes...), "; "); note != "" {
		s.Parts = append(s.Parts, snapshot.PartStatus{
			Scope: c.Scope, Part: snapshot.PartOtherFiles, State: snapshot.Skipped, Reason: snapshot.ReasonNotCollected, Detail: note,
		})
	}
	return s
}

// unjudged names the kinds that nothing judges.
func unjudged(list []snapshot.KindCount) []string {
	var plain, templates []string
	for _, k := range list {
		name := fmt.Sprintf("%d %s (%s)", k.Count, k.Kind, k.APIVersion)
		if k.Template {
			templates = append(templates, name)
		} else {
			plain = append(plain, name)
		}
	}
	var out []string
	if len(plain) > 0 {
		out = append(out, "kinds not judged: "+strings.Join(plain, ", "))
	}
	if len(templates) > 0 {
		out = append(out, "may make pods that were not read: "+strings.Join(templates, ", "))
	}
	return out
}
