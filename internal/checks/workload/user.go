package workload

import (
	"strconv"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/podspec"
	"plimsoll/internal/snapshot"
)

var runAsNonRoot = &check.Check{
	ID:    "pod-run-as-non-root",
	Title: "Containers must not run as root",
	Why: "Root in a container is root for the kernel: with a flaw in the runtime or one mount too many it is root on the node. runAsNonRoot makes the kubelet refuse an image that would run as root. " +
		"What a container says counts over what its pod says, so that false under a pod's true fails, where one tool looks at the pod alone. " +
		"A pod with a user namespace of its own may be root in it, from version 1.35 of the standards on.",
	Remedy:   "Set runAsNonRoot: true in the pod's securityContext, remove false from the containers', and give the image a numeric USER or the pod runAsUser.",
	Severity: check.Medium, Subject: snapshot.KindPodSpec, Zone: model.ZoneNodeRuntime, Surface: model.SurfaceWorkloadDefinition, STRIDE: "E", Tier: 1,
	Refs:  refs("5.2.7", "5.2.7", "restricted/runAsNonRoot", "C-0198 C-0013", "KSV-0012", "run-as-non-root"),
	Forms: everywhere,
	Needs: workloads,
	Reads: []string{"security.nonRoot", "containers.security.nonRoot"},
	Run:   func(p *check.Probe) { judge(p, neverRoot) },
	Fixes: []check.Fix{breaking("refuse to run it as root", asUser)},
}

func neverRoot(b *pod) check.Verdict {
	const field = "securityContext.runAsNonRoot"
	if b.RootAllowed() {
		return check.Passed("root in it is nobody on the node: it has a user namespace of its own", ev("hostUsers", false))
	}
	t := b.tally("hostUsers", "containers.security.nonRoot")
	for i := range b.Containers {
		c := &b.Containers[i]
		switch {
		case c.NonRoot.Said() && c.NonRoot.V:
			continue
		case c.NonRoot.Said():
			t.bad(c.At(c.NonRoot.From, field), false)
		default:
			t.missing(c.Path(field))
		}
		if c.User.Said() && c.User.V > 0 {
			t.note("container " + c.Name + " is set to user " + strconv.FormatInt(c.User.V, 10) + "; runAsNonRoot makes the kubelet hold it to that")
		}
	}
	v := t.verdict("nothing keeps a container from running as root", "no container may run as root")
	if v.Status == check.Pass && b.Security.NonRoot != nil && !*b.Security.NonRoot {
		v = v.Note("the pod says false and every container true; the standards reject the pod's value, and a container added later inherits it")
	}
	return v
}

var userNonZero = &check.Check{
	ID:       "pss-run-as-user-nonzero",
	Title:    "No user id 0 is requested",
	Why:      "runAsUser: 0 asks for root whatever the image says. It fails at either level, also where every container says another number: the next one may not.",
	Remedy:   "Set runAsUser to a number above 0, or leave it out and let the image's USER decide.",
	Severity: check.Medium, Subject: snapshot.KindPodSpec, Zone: model.ZoneNodeRuntime, Surface: model.SurfaceWorkloadDefinition, STRIDE: "E", Tier: 1,
	Refs:    refs("", "", "restricted/runAsUser", "C-0013", "KSV-0105 KSV-0012", "run-as-non-root"),
	Covered: []string{"pod-run-as-non-root"},
	Forms:   everywhere,
	Needs:   workloads,
	Reads:   []string{"security.user", "containers.security.user"},
	Run: func(p *check.Probe) {
		judge(p, unlessWindows(func(b *pod) check.Verdict {
			const field = "securityContext.runAsUser"
			if b.RootAllowed() {
				return check.Passed("root in it is nobody on the node: it has a user namespace of its own", ev("hostUsers", false))
			}
			t := b.tally("hostUsers")
			if zero(b.Security.User) {
				t.bad(field, int64(0))
			}
			for i := range b.Containers {
				if c := &b.Containers[i]; zero(c.Security.User) {
					t.bad(c.Path(field), int64(0))
				}
			}
			return t.verdict("it asks to run as root", "nothing in it asks for user 0")
		}))
	},
}

func zero(n *int64) bool { return n != nil && *n == 0 }

var groupNonZero = &check.Check{
	ID:    "pod-run-as-group-nonzero",
	Title: "No root group is used",
	Why: "Files of images are often writable for group 0, and so are many of a node's that a mount shows. A container that does not say its group gets the image's, mostly 0: " +
		"runAsUser alone does not change it.",
	Remedy:   "Set runAsGroup above 0 beside runAsUser, and fsGroup and supplementalGroups to numbers above 0.",
	Severity: check.Low, Subject: snapshot.KindPodSpec, Zone: model.ZoneNodeRuntime, Surface: model.SurfaceWorkloadDefinition, STRIDE: "E", Tier: 2,
	Refs:  refs("", "", "", "C-0013", "KSV-0116", "run-as-non-root"),
	Forms: everywhere,
	Needs: workloads,
	Reads: []string{"security.group", "security.fsGroup", "security.supplemental", "containers.security.group"},
	Run:   func(p *check.Probe) { judge(p, onLinux(noRootGroup)) },
}

func noRootGroup(b *pod) check.Verdict {
	const field = "securityContext.runAsGroup"
	if b.UserNamespace() {
		return check.Passed("its groups are others than the node's: it has a user namespace of its own", ev("hostUsers", false))
	}
	t := b.tally("hostUsers")
	if zero(b.Security.FSGroup) {
		t.bad("securityContext.fsGroup", int64(0))
	}
	for _, g := range b.Security.Supplemental {
		if g == 0 {
			t.bad("securityContext.supplementalGroups", int64(0))
		}
	}
	for i := range b.Containers {
		c := &b.Containers[i]
		switch {
		case !c.Group.Said():
			t.missing(c.Path(field))
		case c.Group.V == 0:
			t.bad(c.At(c.Group.From, field), int64(0))
		}
	}
	return t.verdict("a container is of the root group, or of the one that its image names", "no group of it is root's")
}

var highUID = &check.Check{
	ID:    "pod-high-uid",
	Title: "User and group ids are above host ranges",
	Why: "Numbers of users and groups mean the same on the node: user 1000 of a container is the node's user 1000 where a mount or a flaw brings them together. " +
		"Numbers above the ranges that distributions give out belong to nobody.",
	Remedy:   "Set runAsUser and runAsGroup to numbers above 10,000, or give the pod a user namespace of its own (hostUsers: false).",
	Severity: check.Low, Subject: snapshot.KindPodSpec, Zone: model.ZoneNodeRuntime, Surface: model.SurfaceWorkloadDefinition, STRIDE: "E", Tier: 2,
	Refs:  refs("", "", "", "", "KSV-0020 KSV-0021", ""),
	Forms: everywhere,
	Params: []check.Param{
		{Name: "min_uid", Unit: "count", Default: []string{"10001"}, Meaning: "lowest uid and gid"},
	},
	Needs: workloads,
	Reads: []string{"security.user", "security.group", "containers.security.user", "containers.security.group"},
	Run: func(p *check.Probe) {
		least := p.Int("min_uid")
		judge(p, onLinux(func(b *pod) check.Verdict { return numbersOfNobody(b, least) }))
	},
}

func numbersOfNobody(b *pod, least int64) check.Verdict {
	if b.UserNamespace() {
		return check.Passed("its users are others than the node's: it has a user namespace of its own", ev("hostUsers", false))
	}
	t := b.tally("hostUsers")
	for i := range b.Containers {
		c := &b.Containers[i]
		for _, of := range [...]struct {
			id    podspec.Setting[int64]
			field string
		}{{c.User, "securityContext.runAsUser"}, {c.Group, "securityContext.runAsGroup"}} {
			switch {
			case !of.id.Said():
				t.missing(c.Path(of.field))
			case of.id.V < least:
				t.bad(c.At(of.id.From, of.field), of.id.V)
			}
		}
	}
	return t.verdict("a user or group of it may be one of the node's", "its users and groups are above those of nodes", ev("policy, min_uid", least))
}
