package docker

import (
	"path"
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var sandboxedRuntime = &check.Check{
	ID:    "container-sandboxed-runtime",
	Title: "Untrusted containers run in a sandboxed runtime",
	Why: "gVisor and Kata put a second kernel between the container and the machine's, so that a flaw of the kernel is no way out. Code that nobody vouches for belongs there. " +
		"Which containers those are, their label says: trust=untrusted, unless the policy selects otherwise. A runtime's name proves nothing: the program behind it must be a sandbox, too.",
	Remedy:   "Install a sandbox (runsc, Kata), add it to the engine's runtimes, and start the container with --runtime. No measure does this: a sandbox is another kernel to the program, which must be tried on it.",
	Severity: check.Low, Subject: snapshot.KindContainer, Zone: model.ZoneHost, Surface: model.SurfaceIsolation, STRIDE: "E", Tier: 2,
	Forms: []check.Form{check.Live, check.Compose},
	Needs: []snapshot.Part{snapshot.PartEngineContainers},
	Reads: []string{"runtime", "trust"},
	Params: []check.Param{
		{Name: "sandboxed_runtimes", Unit: "list", Default: []string{"runsc", "kata", "kata-runtime", "io.containerd.kata.v2", "io.containerd.runsc.v1"}, Meaning: "runtimes that count as a sandbox"},
		{Name: "untrusted_selector", Unit: "selector", Default: []string{"trust=untrusted"}, Meaning: "containers that count as untrusted: trust=VALUE of their label trust, or * for all"},
	},
	Run: func(p *check.Probe) { judge(p, sandboxed) },
}

func sandboxed(b *box) check.Verdict {
	name := b.spec.Runtime
	if name == "" && b.engine != nil {
		name = b.engine.DefaultRuntime
	}
	e := ev("HostConfig.Runtime", orDefault(name))
	if v, bad := b.unread("runtime", "trust"); bad {
		return v
	}
	if slices.Contains(b.at.list("sandboxed_runtimes"), name) {
		return b.mapsToSandbox(name, e)
	}
	untrusted, known := selects(b.at.list("untrusted_selector"), b.spec.Trust)
	switch {
	case !known:
		return check.Undecided(snapshot.ReasonNotCollected, "of all labels only trust is read, and the policy selects by another", e)
	case untrusted:
		return check.Failed("it counts as untrusted and shares the machine's kernel", e, ev("label trust", orDefault(b.spec.Trust)))
	}
	return check.Inapplicable("it does not count as untrusted", e)
}

// mapsToSandbox holds the name of a sandbox against the program that the engine
// starts under it.
func (b *box) mapsToSandbox(name string, e check.Evidence) check.Verdict {
	if b.at.file {
		return check.Undecided(snapshot.ReasonStatic, "which program its runtime is shows on a running engine only", e)
	}
	if !b.at.info {
		return check.Undecided(snapshot.ReasonPartial, "the engine's table of runtimes was not readable", e)
	}
	program := ""
	for _, r := range b.engine.RuntimePaths {
		if r.Key == name {
			program = r.Value
		}
	}
	if program == "" && strings.HasPrefix(name, "io.containerd.") {
		program = name // newer engines take a type of shim without a table entry
	}
	shown := ev("GET /info Runtimes "+name, orDefault(program))
	sandboxes := append([]string{"containerd-shim-runsc-v1", "containerd-shim-kata-v2", "kata-fc", "kata-qemu", "kata-clh"}, b.at.list("sandboxed_runtimes")...)
	switch {
	case program == "":
		return check.Failed("its runtime is named like a sandbox, and the engine does not know it", e, shown)
	case !slices.Contains(sandboxes, path.Base(program)):
		return check.Failed("its runtime is named like a sandbox and is none", e, shown)
	}
	return check.Passed("it runs in a sandbox", e, shown)
}

// selects reports whether a selector takes a container with a trust label, and
// whether it can be answered: it asks for the label trust or for all.
func selects(selector []string, trust string) (taken, known bool) {
	if len(selector) != 1 {
		return false, len(selector) == 0
	}
	key, value, valued := strings.Cut(selector[0], "=")
	switch {
	case key == "*":
		return true, true
	case key != "trust":
		return false, false
	case !valued:
		return trust != "", true
	}
	return trust == value, true
}
