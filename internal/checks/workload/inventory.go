package workload

import (
	"slices"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var noNakedPods = &check.Check{
	ID:       "no-naked-pods",
	Title:    "Pods are owned by a controller",
	Why:      "A pod that nothing owns is gone with its node, is not updated with its template, and is what an intruder leaves behind: no controller would show it. Static pods belong to their node's files.",
	Remedy:   "Make it a Deployment, StatefulSet, DaemonSet or Job.",
	Severity: check.Low, Subject: snapshot.KindPodSpec, Zone: model.ZoneNodeRuntime, Surface: model.SurfaceWorkloadDefinition, STRIDE: "D", Tier: 2,
	Refs:  refs("", "", "", "C-0073", "", ""),
	Forms: everywhere,
	Needs: workloads,
	Run: func(p *check.Probe) {
		judge(p, func(b *pod) check.Verdict {
			switch e := ev("kind", b.Class.Kind); {
			case b.Class.Kind != "Pod":
				return check.Passed("something makes its pods", e)
			case b.Class.Static:
				return check.Inapplicable("it is a static pod of its node")
			default:
				return check.Failed("it is a pod that nothing owns", e)
			}
		})
	},
}

var notInDefault = &check.Check{
	ID:       "workload-not-in-default-ns",
	Title:    "Workloads live outside the default namespace",
	Why:      "default is where everything lands that nobody placed. Policies, quotas and rights are given by namespace: what shares default shares all of them.",
	Remedy:   "Make a namespace for each application and set metadata.namespace, or the namespace of the kustomization or release.",
	Severity: check.Low, Subject: snapshot.KindPodSpec, Zone: model.ZoneNodeRuntime, Surface: model.SurfaceWorkloadDefinition, STRIDE: "T", Tier: 1,
	Refs:  refs("5.6.4", "5.6.4", "", "C-0212 C-0061", "KSV-0110", "use-namespace"),
	Forms: everywhere,
	Needs: workloads,
	Run: func(p *check.Probe) {
		judge(p, func(b *pod) check.Verdict {
			e := ev("namespace", orDefault(b.Class.In, notSet))
			switch b.Class.In {
			case "default":
				return check.Failed("it is in the default namespace", e)
			case "":
				return check.Undecided(snapshot.ReasonUnresolved, "the file names no namespace; where it lands, who applies it decides", e)
			default:
				return check.Passed("it is in a namespace of its own choice", e)
			}
		})
	},
}

var cronJobs = &check.Check{
	ID:       "cronjob-inventory",
	Title:    "Every scheduled job is approved",
	Why:      "A scheduled job comes back after every clean-up: it is how an intruder returns. Only a list of those that are meant tells the others.",
	Remedy:   "Declare the approved ones as NAMESPACE/NAME, and find out who made the others.",
	Severity: check.Medium, Subject: snapshot.KindPodSpec, Zone: model.ZoneNodeRuntime, Surface: model.SurfaceWorkloadDefinition, STRIDE: "R", Tier: 2,
	Refs:   refs("", "", "", "C-0026", "", ""),
	Forms:  everywhere,
	Params: []check.Param{{Name: "approved", Unit: "list", Question: true, Meaning: "scheduled jobs that are meant, as NAMESPACE/NAME"}},
	Needs:  workloads,
	Run: func(p *check.Probe) {
		approved, declared := p.List("approved")
		judgeBy(p, func(w int) bool { return listed(&p.Snapshot.Workloads[w], approved) }, func(b *pod, listed bool) check.Verdict {
			switch {
			case b.Class.Kind != "CronJob":
				return check.Inapplicable("it is no scheduled job")
			case !declared:
				return check.Undecided(snapshot.ReasonUndeclared, "no list of approved scheduled jobs is declared")
			case listed:
				return check.Passed("it is on the list of approved scheduled jobs")
			}
			return check.Failed("it is not on the list of approved scheduled jobs")
		})
	},
}

var servedVersion = &check.Check{
	ID:       "deprecated-api-in-manifest",
	Title:    "Manifests use served API versions",
	Why:      "An API server that no longer serves the version of a manifest refuses it: the update, or the fix, does not come. A version that never was is a slip, and the object is not what it looks like.",
	Remedy:   "Write the version that the cluster serves: apps/v1 for Deployment, DaemonSet, ReplicaSet and StatefulSet, batch/v1 for Job and CronJob, v1 for Pod.",
	Severity: check.Low, Subject: snapshot.KindPodSpec, Zone: model.ZoneControlPlane, Surface: model.SurfacePolicyEnforcement, STRIDE: "D", Tier: 2,
	Refs:  refs("", "", "", "", "KSV-0107", ""),
	Forms: everywhere,
	Needs: workloads,
	Run:   judgeVersions,
}

// versionsAsOf is the date of the table of versions.
const versionsAsOf = "2026-11-01"

// served are the versions in which kinds of workloads are served now.
var served = map[string]string{
	"Deployment": "apps/v1", "DaemonSet": "apps/v1", "ReplicaSet": "apps/v1", "StatefulSet": "apps/v1", "Job": "batch/v1", "CronJob": "batch/v1",
	"Pod": "v1", "PodTemplate": "v1", "ReplicationController": "v1",
}

// removed are versions that were served once, with the minor version that ended it.
var removed = map[string]string{
	"extensions/v1beta1 Deployment": "1.16", "extensions/v1beta1 DaemonSet": "1.16", "extensions/v1beta1 ReplicaSet": "1.16",
	"apps/v1beta1 Deployment": "1.16", "apps/v1beta1 StatefulSet": "1.16", "apps/v1beta2 Deployment": "1.16", "apps/v1beta2 DaemonSet": "1.16",
	"apps/v1beta2 ReplicaSet": "1.16", "apps/v1beta2 StatefulSet": "1.16", "batch/v2alpha1 CronJob": "1.21", "batch/v1beta1 CronJob": "1.25",
	"batch/v2alpha1 ScheduledJob": "1.8",
}

// judgeVersions judges invalid workloads, too: that is its question.
func judgeVersions(p *check.Probe) {
	type written struct {
		version, kind string
		inferred      bool
	}
	old := tableTooOld(p, versionsAsOf)
	members := make(map[written][]int)
	var order []written
	for i := range p.Snapshot.Workloads {
		w := &p.Snapshot.Workloads[i]
		if w.Scope != p.Scope.ID {
			continue
		}
		as := written{w.APIVersion, w.Kind, w.Inferred}
		if members[as] == nil {
			order = append(order, as)
		}
		members[as] = append(members[as], p.Index.WorkloadSubject(i))
		if live := p.Index.LiveSubject(i); live >= 0 {
			members[as] = append(members[as], live)
		}
	}
	for _, as := range order {
		p.Report(versionServed(as.version, as.kind, as.inferred, old), members[as]...)
	}
}

func versionServed(version, kind string, inferred, old bool) check.Verdict {
	e := ev("apiVersion", version+" "+kind)
	now, known := served[kind]
	switch until, gone := removed[version+" "+kind]; {
	case gone:
		return check.Failed("its API version is served no longer", e, ev("removed in", until))
	case inferred || !known:
		return check.Inapplicable("its kind is not one of Kubernetes itself", e)
	case version != now:
		return check.Failed("its kind has no such API version", e, ev("served", now))
	case old:
		return check.Undecided(snapshot.ReasonStaleData, "the table of versions is of "+versionsAsOf, e)
	}
	return check.Passed("its API version is served", e)
}

var runtimeSensor = &check.Check{
	ID:       "runtime-detection-present",
	Title:    "A runtime sensor watches every node",
	Why:      "The API server's log shows what was asked of it, not what a process in a pod does. A sensor on each node (Falco, Tetragon, Tracee …) does; a node without one is where an intruder works unseen.",
	Remedy:   "Install a sensor as a DaemonSet on all nodes, tolerating their taints, and name it on the policy list if it is another.",
	Severity: check.Low, Subject: snapshot.KindPodSpec, Zone: model.ZoneNodeRuntime, Surface: model.SurfaceWorkloadDefinition, STRIDE: "R", Tier: 2,
	Forms: []check.Form{check.Live},
	Params: []check.Param{
		{Name: "sensors", Unit: "list", Default: []string{"falco", "tetragon", "tracee", "kubearmor", "cilium-tetragon", "sysdig-agent", "datadog-agent"}, Meaning: "sensors that count"},
	},
	Reads: []string{"containers.image"},
	Needs: []snapshot.Part{snapshot.PartClusterWorkloads, snapshot.PartClusterNodes},
	Run: func(p *check.Probe) {
		sensors, _ := p.List("sensors")
		p.Report(watched(p, sensors), p.Self())
	},
}

func watched(p *check.Probe, sensors []string) check.Verdict {
	nodes := int64(0)
	for i := range p.Snapshot.Nodes {
		if n := &p.Snapshot.Nodes[i]; n.Scope == p.Scope.ID && n.OS != "windows" && !n.Unschedulable {
			nodes++
		}
	}
	best, ready, unread := "", int64(-1), false
	for i := range p.Snapshot.Workloads {
		w := &p.Snapshot.Workloads[i]
		if w.Scope != p.Scope.ID || w.Kind != "DaemonSet" || w.Ready <= ready {
			continue
		}
		spec := &p.Snapshot.PodSpecs[w.Spec]
		unread = unread || spec.FirstUnread(p.Reads()...) != ""
		if slices.ContainsFunc(spec.Containers, func(c snapshot.PodContainer) bool { return imageIsOf(c.Image, sensors) }) {
			best, ready = w.Namespace+"/"+w.Name, w.Ready
		}
	}
	switch {
	case best == "" && unread:
		return check.Undecided(snapshot.ReasonUnparsable, "the image of a daemon set was not understood", ev("nodes", nodes))
	case best == "":
		return check.Failed("no daemon set runs a sensor that is known or listed", ev("nodes", nodes))
	}
	e := []check.Evidence{ev("DaemonSet", best), ev("ready on", ready), ev("nodes", nodes)}
	if ready < nodes {
		return check.Failed("the sensor is not ready on every node", e...)
	}
	return check.Passed("a sensor is ready on every node", e...)
}
