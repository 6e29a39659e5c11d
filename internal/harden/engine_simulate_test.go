package harden

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll/internal/collect/docker"
	"plimsoll/internal/collect/host"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

// simulated is a step on a container of its own.
type simulated struct {
	args []string // of docker run
	kind step.Kind
	set  []step.Change
	undo step.Undo
	on   snapshot.Subject
}

func update(args []string, undo step.Undo, set ...step.Change) *simulated {
	return &simulated{args: args, kind: step.ContainerUpdate, set: set, undo: undo}
}

func recreate(args []string, set ...step.Change) *simulated {
	return &simulated{args: args, kind: step.ContainerRecreate, set: set, undo: step.UndoExact}
}

func opt(args ...string) []string { return args }

func set(field, from, to string) step.Change { return step.Change{Field: field, From: from, To: to} }

// everyField lists each field of each kind, in the cases that the kernel treats
// apart: limits that fill no page or no microsecond, root and not, an engine
// that lacks capabilities itself.
func everyField(digest string) []*simulated {
	const exact, equivalent = step.UndoExact, step.UndoEquivalent
	return []*simulated{
		update(nil, equivalent, set(fieldMemory, "0", "67108864"), set(fieldSwap, "0", "134217728")),
		update(nil, equivalent, set(fieldMemory, "0", "67108864"), set(fieldSwap, "0", "-1")), // as planned where swap is not accounted
		update(nil, equivalent, set(fieldMemory, "0", "100000001"), set(fieldSwap, "0", "200000003")),
		update(opt("-m", "128m"), exact, set(fieldMemory, "134217728", "67108864")),
		update(opt("-m", "64m"), exact, set(fieldMemory, "67108864", "268435456"), set(fieldSwap, "134217728", "536870912")),
		update(opt("-m", "128m", "--memory-swap", "-1"), exact, set(fieldMemory, "134217728", "67108864"), set(fieldSwap, "-1", "134217728")),
		update(opt("-m", "64m", "--memory-swap", "-1"), exact, set(fieldSwap, "-1", "134217728")),
		update(opt("-m", "64m"), exact, set(fieldSwap, "134217728", "-1")),
		update(nil, equivalent, set(fieldCPUs, "0", "500000000")),
		update(nil, equivalent, set(fieldCPUs, "0", "333333333")),
		update(opt("--cpus", "1.5"), exact, set(fieldCPUs, "1500000000", "10000000")),
		update(nil, equivalent, set(fieldShares, "0", "512")),
		update(opt("--cpu-shares", "512"), exact, set(fieldShares, "512", "2")),
		update(nil, exact, set(fieldPids, "-1", "100")),
		update(opt("--pids-limit", "50"), exact, set(fieldPids, "50", "-1")),
		update(opt("--restart", "always"), exact, set(fieldRestart, "always", "on-failure:5")),
		update(nil, exact, set(fieldRestart, "no", "unless-stopped")),
		recreate(nil, set(fieldImage, testImage, digest)),
		recreate(nil, set(fieldNoNew, "", "true")),
		recreate(opt("-u", "1000"), set(fieldNoNew, "", "true")),
		recreate(opt("--security-opt", "no-new-privileges=true"), set(fieldNoNew, "true", "false")),
		recreate(opt("--restart", "always"), set(fieldReadonly, "false", "true")),
		recreate(opt("--read-only"), set(fieldReadonly, "true", "false")),
		recreate(nil, set(fieldCapDrop, "", "NET_RAW")),
		recreate(nil, set(fieldCapDrop, "", "ALL")),
		recreate(opt("-u", "1000"), set(fieldCapDrop, "", "MKNOD,NET_RAW")),
		recreate(opt("-u", "1000", "--cap-add", "ALL"), set(fieldCapDrop, "", "NET_RAW")),
		recreate(opt("--cap-add", "CHOWN", "--cap-add", "SYS_PTRACE"), set(fieldCapDrop, "", "ALL")),
		recreate(opt("--cap-drop", "ALL"), set(fieldCapDrop, "ALL", "NET_RAW")),
		recreate(opt("-u", "1000", "--cap-drop", "NET_RAW"), set(fieldCapDrop, "NET_RAW", "")),
		recreate(nil, set(fieldCapDrop, "", "NET_RAW"), set(fieldNoNew, "", "true"), set(fieldReadonly, "false", "true")),
	}
}

// everyPart lists each field that takes a container's privileges away, or of which
// a step changes a part.
func everyPart() []*simulated {
	part := snapshot.PartField
	// The testbed's engine lacks a capability, so that only a user without any can be
	// privileged there.
	return []*simulated{
		recreate(opt("--privileged", "-u", "1000", "--cap-add", "SYS_TIME", "--cap-drop", "MKNOD"), set(fieldPrivileged, "true", "false"), set(fieldLabel, "disable", "")),
		recreate(opt("--privileged", "-u", "1000", "--pid", "host"), set(fieldPrivileged, "true", "false"), set(fieldPidMode, "host", ""), set(fieldLabel, "disable", "")),
		recreate(opt("--privileged", "-u", "1000", "--security-opt", "seccomp=unconfined"), set(fieldPrivileged, "true", "false")),
		recreate(opt("--cap-add", "SYS_ADMIN", "--cap-add", "net_admin"), set(part(fieldCapAdd, "SYS_ADMIN"), "true", "false")),
		recreate(opt("-u", "1000", "--cap-add", "ALL", "--cap-drop", "CHOWN"), set(part(fieldCapAdd, "ALL"), "true", "false")),
		recreate(nil, set(part(fieldCapAdd, "SYS_TIME"), "false", "true")),
		recreate(opt("--group-add", "998", "-u", "1000"), set(part(fieldGroupAdd, "998"), "true", "false")),
		recreate(opt("--security-opt", "seccomp=unconfined"), set(fieldSeccomp, "unconfined", "")),
		recreate(opt("--security-opt", "apparmor=unconfined", "--security-opt", "label=disable", "--security-opt", "no-new-privileges", "--security-opt", "systempaths=unconfined"),
			set(fieldAppArmor, "", ""), // without AppArmor the engine forgets it
			set(fieldLabel, "disable", ""), set(fieldMasks, "unconfined", "default")),
		recreate(nil, set(fieldMasks, "default", "unconfined")),
		recreate(opt("--pid", "host", "--uts", "host", "--ipc", "host"), set(fieldPidMode, "host", ""), set(fieldUTSMode, "host", ""), set(fieldIpcMode, "host", "private")),
		recreate(opt("-v", "/srv:/a b", "-v", "/etc:/e:ro"), set(part(fieldMount, "/a b"), "bind /srv rw,rprivate", "")),
		recreate(opt("--mount", "type=bind,source=/srv,target=/m", "--tmpfs", "/t"), set(part(fieldMount, "/m"), "bind /srv rw,rprivate", "")),
		recreate(opt("-v", "/srv:/a:z", "--mount", "type=bind,source=/srv,target=/m"), set(part(fieldMountRO, "/a"), "false", "true"), set(part(fieldMountRO, "/m"), "false", "true")),
		recreate(opt("-v", "/srv:/a:ro"), set(part(fieldMountRO, "/a"), "true", "false")),
		recreate(opt("-v", "/srv:/a:private", "--mount", "type=bind,source=/srv,target=/m,bind-propagation=private"),
			set(part(fieldPropagation, "/a"), "private", "rprivate"), set(part(fieldPropagation, "/m"), "private", "rprivate")),
		recreate(opt("--device", "/dev/fuse:/dev/f:rw", "--device", "/dev/null"), set(part(fieldDevice, "/dev/fuse"), "/dev/f rw", "")),
		recreate(opt("--device-cgroup-rule", "b 8:* r", "--device-cgroup-rule", "c 1:3 r"), set(part(fieldDeviceRule, "b 8:* r"), "true", "false")),
		recreate(opt("--sysctl", "net.ipv4.ip_forward=0", "--sysctl", "kernel.msgmax=9000", "--tmpfs", "/t:exec,size=1m", "--tmpfs", "/u:exec"),
			set(part(fieldSysctl, "kernel.msgmax"), "9000", ""), set(part(fieldTmpfs, "/t"), "exec,size=1m", "size=1m"), set(part(fieldTmpfs, "/u"), "exec", "")),
		recreate(nil, set(part(fieldUlimit, "nofile"), "", "1000:2000"), set(part(fieldUlimit, "nproc"), "", "500:500")),
		recreate(opt("--ulimit", "nofile=100:200", "--ulimit", "core=0"), set(part(fieldUlimit, "nofile"), "100:200", "50:100")),
		recreate(opt("--oom-kill-disable", "-m", "64m", "--oom-score-adj", "500"), set(fieldOomKill, "true", "false"), set(fieldOomScore, "500", "0")),
		recreate(opt("--cgroup-parent", "/w-recreate", "--log-driver", "none"), set(fieldParent, "/w-recreate", ""), set(fieldLog, "none", "json-file")),
		recreate(opt("--health-cmd", "true", "--health-interval", "200ms"), set(fieldHealth, "CMD-SHELL", "NONE")),
		recreate(opt("-u", "0", "--group-add", "998"), set(fieldUser, "0", "1000:1001")),
		recreate(opt("-p", "127.0.0.1:18431:80", "--network", "bridge"), set(part(fieldPort, "80/tcp"), "127.0.0.1:18431", "")),
		recreate(opt("-p", "18432:80", "-p", "127.0.0.1:18433:81/udp", "--network", "bridge"), set(part(fieldPort, "80/tcp"), "0.0.0.0:18432,[::]:18432", "127.0.0.1:18432")),
	}
}

// TestEveryFieldIsTried: no field without a case.
func TestEveryFieldIsTried(t *testing.T) {
	covered := make(map[string]bool)
	for _, tc := range slices.Concat(everyField(""), everyPart()) {
		for _, c := range tc.set {
			of, _ := snapshot.SplitField(c.Field)
			covered[of] = true
		}
	}
	for _, field := range slices.Concat(slices.Collect(maps.Keys(snapshot.ContainerFields)), slices.Collect(maps.Keys(snapshot.ContainerParts))) {
		if !covered[field] {
			t.Errorf("field %s is tried by no case", field)
		}
	}
}

func TestEveryFieldAsSimulated(t *testing.T) { onBoth(t, everyFieldAsSimulated) }

func everyFieldAsSimulated(b *bed) {
	cases := everyField(b.docker("inspect", "-f", "{{index .RepoDigests 0}}", testImage))
	if !b.debian { // one case a field: what the kernel does with a value does not depend on the engine
		cases = firstOfEach(cases)
	}
	asSimulated(b, cases)
}

func TestEveryPartAsSimulated(t *testing.T) { asSimulated(realBed(t), everyPart()) }

// asSimulated makes each change on a container that runs: what is collected
// afterwards, configuration and kernel facts alike, is what the simulation says,
// and after an exact rollback it is what it was.
func asSimulated(b *bed, cases []*simulated) {
	t := b.T
	var steps []step.Step
	for i, tc := range cases {
		args := tc.args
		if !slices.Contains(args, "--network") {
			args = append(opt("--network", "none"), args...) // which few steps are about
		}
		tc.on = b.run(fmt.Sprintf("field-%d", i), slices.Concat(args, sleeper)...)
		steps = append(steps, step.New(tc.kind, tc.on, tc.set...))
	}
	before := b.collect()
	o := b.options()
	applied, err := Apply(t.Context(), o, steps)
	if err != nil {
		t.Fatal(err)
	}
	after := b.collect()
	undone, err := Rollback(t.Context(), o, applied.ID)
	if err != nil {
		t.Fatal(err)
	}
	restored := b.collect()
	for i, tc := range cases {
		t.Run(fmt.Sprint(tc.args, tc.set), func(t *testing.T) {
			overlay := snapshot.NewOverlay(before)
			if err := steps[i].Simulate(overlay); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(find(t, overlay.Snapshot(), tc.on), find(t, after, tc.on)); d != "" {
				t.Errorf("applied (-simulated +collected):\n%s", d)
			}
			j := slices.IndexFunc(undone.Steps, func(out Outcome) bool { return out.Step.ID == steps[i].ID })
			if got := undone.Steps[j]; got.State != StateUndone || got.Undo != tc.undo {
				t.Errorf("rollback = %s %s (%s), want %s", got.State, got.Undo, got.Why, tc.undo)
			}
			was, is := find(t, before, tc.on), find(t, restored, tc.on)
			if p := is.Spec.Resources.PidsLimit; p != nil && *p == 0 {
				is.Spec.Resources.PidsLimit = was.Spec.Resources.PidsLimit // 0 is another way to write no limit, which From says
			}
			if d := cmp.Diff(was, is); tc.undo == step.UndoExact && d != "" {
				t.Errorf("rolled back (-before +after):\n%s", d)
			}
		})
	}
}

// firstOfEach keeps the cases that name a field for the first time.
func firstOfEach(cases []*simulated) []*simulated {
	seen := make(map[string]bool)
	return slices.DeleteFunc(cases, func(tc *simulated) bool {
		known := true
		for _, c := range tc.set {
			known = known && seen[c.Field]
			seen[c.Field] = true
		}
		return known
	})
}

// looks is all that a check sees of a container.
type looks struct {
	Spec    snapshot.ContainerSpec
	Runtime snapshot.Runtime
}

// find returns a container's configuration and live state; the kernel's facts
// must be there.
func find(t *testing.T, s *snapshot.Snapshot, on snapshot.Subject) looks {
	t.Helper()
	i := slices.IndexFunc(s.Containers, func(c snapshot.Container) bool { return c.Scope == on.Scope && c.Key == on.Key })
	if i < 0 {
		t.Fatalf("the collector does not see %s under the key %s", on.Name, on.Key)
	}
	l := looks{s.ContainerSpecs[s.Containers[i].Spec], s.Runtimes[s.Containers[i].Runtime]}
	if !l.Runtime.Process.Known() || !l.Runtime.Cgroup.Known() || len(l.Spec.Unread) > 0 {
		t.Fatalf("not all of %s was seen: %+v, unread %q", on.Name, l.Runtime, l.Spec.Unread)
	}
	return l
}

// collect returns the engine as the collector sees it, joined with the kernel's
// view of this machine.
func (b *bed) collect() *snapshot.Snapshot {
	b.Helper()
	local := host.Open("")
	scope, h, _ := local.Collect(b.Context(), b.eng.Endpoint().Socket)
	return docker.Collect(b.Context(), docker.Options{
		Client: b.eng, Local: local, HostScope: scope.ID, Machine: docker.Machine{Name: h.Name, Kernel: h.Kernel},
	})
}
