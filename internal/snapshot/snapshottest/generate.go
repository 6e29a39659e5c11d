// Package snapshottest makes snapshots for tests and benchmarks: valid, sealed,
// of any size, and the same for the same arguments everywhere.
package snapshottest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"plimsoll/internal/snapshot"
)

// The scopes of a generated snapshot.
const (
	HostScope   = "host:0000"
	EngineScope = "engine:TEST"
)

// Taken is the time of every generated snapshot.
var Taken = time.Date(2026, time.November, 2, 9, 30, 0, 0, time.UTC)

// Generate makes the snapshot of one engine on one host with the number of
// containers, spread over the number of distinct configurations (at least one,
// and no more than there are containers). About one in six of the containers
// does not run; the running ones share a live state for each configuration. The
// configurations are a mixture of well and badly run ones.
func Generate(seed uint64, containers, specs int) (*snapshot.Snapshot, error) {
	specs = max(1, min(specs, containers))
	r := rand.New(rand.NewPCG(seed, uint64(containers)<<32|uint64(specs))) // repeatable on purpose
	s := &snapshot.Snapshot{
		Tool: "plimsoll test", Catalogue: "test", Taken: Taken, Complete: true,
		Scopes: []snapshot.Scope{
			{ID: HostScope, Kind: snapshot.ScopeHost, Name: "testhost", Taken: Taken},
			{ID: EngineScope, Kind: snapshot.ScopeEngine, Name: "testhost", Target: "unix:///var/run/docker.sock", Host: HostScope, Taken: Taken},
		},
		Hosts:    []snapshot.Host{host()},
		Engines:  []snapshot.Engine{engine()},
		Networks: networks(),
	}
	for _, p := range snapshot.Parts {
		scope := EngineScope
		if strings.HasPrefix(string(p), "host.") {
			scope = HostScope
		}
		s.Parts = append(s.Parts, snapshot.PartStatus{Scope: scope, Part: p, State: snapshot.Observed})
	}
	for i := range specs {
		s.ContainerSpecs = append(s.ContainerSpecs, spec(r, i))
		s.Images = append(s.Images, image(i, &s.ContainerSpecs[i]))
		s.Runtimes = append(s.Runtimes, running(&s.ContainerSpecs[i]))
	}
	s.Runtimes = append(s.Runtimes, stopped())
	for i := range containers {
		s.Containers = append(s.Containers, container(r, i, i%specs, specs))
	}
	if err := s.Seal(); err != nil {
		return nil, err
	}
	return s, nil
}

// container is the i-th container; stopped is the position of the live state
// that containers without a process share.
func container(r *rand.Rand, i, spec, stopped int) snapshot.Container {
	name := fmt.Sprintf("svc%03d-%05d", spec, i)
	c := snapshot.Container{
		Scope: EngineScope, Key: "name/" + name, Name: name, ID: fmt.Sprintf("%016x%016x%016x%016x", r.Uint64(), r.Uint64(), r.Uint64(), r.Uint64()),
		Spec: spec, Runtime: spec,
		Usage:    snapshot.Seen(snapshot.Usage{MemoryCurrent: r.Int64N(1 << 30), MemoryPeak: 1 << 30, Pids: 1 + r.Int64N(40)}, "cgroup"),
		Networks: []snapshot.Attachment{{Network: "shop", IP: fmt.Sprintf("172.20.%d.%d", i/250%250, 2+i%250)}},
	}
	if r.IntN(6) == 0 {
		c.Runtime = stopped
		c.Usage = snapshot.Missing[snapshot.Usage](snapshot.Absent, snapshot.ReasonNone, "cgroup")
	}
	if r.IntN(3) == 0 {
		project := fmt.Sprintf("shop%d", spec%7)
		c.Key = fmt.Sprintf("compose/%s/svc%03d/%d", project, spec, i)
		c.Owner = &snapshot.Owner{Kind: "compose", Name: fmt.Sprintf("%s/svc%03d", project, spec), Sources: []string{"/srv/" + project + "/compose.yaml"}}
	}
	return c
}
