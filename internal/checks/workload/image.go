package workload

import (
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/shared"
	"plimsoll/internal/model"
	"plimsoll/internal/podspec"
	"plimsoll/internal/snapshot"
)

var tagNotFloating = &check.Check{
	ID:    "image-tag-not-latest",
	Title: "Image references avoid floating tags",
	Why: "latest, or no tag, names whatever was pushed last: two pods of one template run different programs, and nobody can say which one ran last week. " +
		"The reference is taken apart as the runtime does, so that the port of a registry is no tag.",
	Remedy:   "Name a version, and better a digest behind it.",
	Severity: check.Low, Subject: snapshot.KindPodSpec, Zone: model.ZoneNodeRuntime, Surface: model.SurfaceWorkloadDefinition, STRIDE: "T", Tier: 2,
	Refs:    refs("", "", "", "C-0075", "KSV-0013", "latest-tag"),
	Covered: []string{"image-pinned-digest"},
	Forms:   everywhere,
	Needs:   workloads,
	Reads:   []string{"containers.image"},
	Run: func(p *check.Probe) {
		judgeImages(p, "an image has a tag that floats", "no image has a tag that floats", func(_ *podspec.Container, r snapshot.Reference) string {
			switch {
			case r.Digest != "":
			case r.Tag == "":
				return "no tag"
			case shared.FloatingTag(r.Tag):
				return r.Tag
			}
			return ""
		})
	},
}

var imagePinned = &check.Check{
	ID:       "image-pinned-digest",
	Title:    "Images are pinned by digest",
	Why:      "A tag is a name that its registry, and whoever takes it over, can point elsewhere at any time: the next start of a pod runs other code. A digest names the content itself.",
	Remedy:   "Name images as NAME:TAG@sha256:DIGEST, and let a tool that reviews updates move the digest.",
	Severity: check.Medium, Subject: snapshot.KindPodSpec, Zone: model.ZoneNodeRuntime, Surface: model.SurfaceWorkloadDefinition, STRIDE: "T", Tier: 2,
	Refs:  refs("", "", "", "C-0306", "", ""),
	Forms: everywhere,
	Needs: workloads,
	Reads: []string{"containers.image"},
	Run: func(p *check.Probe) {
		judgeImages(p, "an image is named by what can be moved", "every image is pinned by digest", func(c *podspec.Container, r snapshot.Reference) string {
			if r.Pinned() {
				return ""
			}
			return c.Image
		})
	},
}

var pullPolicy = &check.Check{
	ID:    "image-pull-policy",
	Title: "Mutable tags are always pulled",
	Why: "With IfNotPresent a node runs what it pulled for a tag once, whatever the tag means now and whoever may see the image: a pod without credentials runs an image that another pulled with them. " +
		"Always asks the registry, which costs little when nothing changed. A digest needs none of it.",
	Remedy:   "Set imagePullPolicy: Always for images that are named by a tag, or pin them by digest. The admission plugin AlwaysPullImages does it for all.",
	Severity: check.Low, Subject: snapshot.KindPodSpec, Zone: model.ZoneNodeRuntime, Surface: model.SurfaceWorkloadDefinition, STRIDE: "T", Tier: 2,
	Refs:  refs("", "", "", "C-0075", "", ""),
	Forms: everywhere,
	Needs: workloads,
	Reads: []string{"containers.image", "containers.pullPolicy"},
	Run: func(p *check.Probe) {
		judge(p, func(b *pod) check.Verdict {
			t := b.tally("containers.pullPolicy")
			for i := range b.Containers {
				c := &b.Containers[i]
				r := snapshot.ParseReference(c.Image)
				always := c.PullPolicy == "Always" || c.PullPolicy == "" && (r.Tag == "" || r.Tag == "latest")
				if c.Image != "" && !r.Pinned() && !always {
					t.bad(c.Path("imagePullPolicy"), orDefault(c.PullPolicy, "IfNotPresent")+" for "+c.Image)
				}
			}
			return t.verdict("a tag that can be moved is not always pulled", "tags that can be moved are always pulled")
		})
	},
}

var allowedRegistry = &check.Check{
	ID:    "image-allowed-registry",
	Title: "Images come from approved registries",
	Why: "Anyone may publish on a public registry, under names that look like known ones. The reference is written out as the runtime reads it, docker.io and library included, " +
		"and must lie in a registry or namespace of the policy list; a name that only resembles one does not.",
	Remedy:   "Declare allowed_registries, such as registry.example/shop, and name images from there.",
	Severity: check.High, Subject: snapshot.KindPodSpec, Zone: model.ZoneNodeRuntime, Surface: model.SurfaceWorkloadDefinition, STRIDE: "ST", Tier: 2,
	Refs:  refs("", "", "", "C-0001 C-0078", "KSV-0125 KSV-0034 KSV-0035 KSV-0032 KSV-0033", "latest-tag"),
	Forms: everywhere,
	Needs: workloads,
	Reads: []string{"containers.image"},
	Params: []check.Param{{
		Name: "allowed_registries", Unit: "list", Question: true, Meaning: "registries, or REGISTRY/NAMESPACE, that images may come from",
	}},
	Run: func(p *check.Probe) {
		allowed, declared := p.List("allowed_registries")
		if !declared {
			p.Report(check.Undecided(snapshot.ReasonUndeclared, "no list of approved registries is declared"), p.Self())
			return
		}
		judgeImages(p, "an image comes from a registry or namespace that the policy does not list", "every image comes from an approved registry",
			func(_ *podspec.Container, r snapshot.Reference) string {
				if name := shared.Repository(r); !shared.Approved(name, allowed) {
					return name
				}
				return ""
			})
	},
}

// judgeImages asks what is wrong with each image reference of a pod. One that was
// not rendered, and a container that names none, are not decided.
func judgeImages(p *check.Probe, failed, passed string, wrong func(*podspec.Container, snapshot.Reference) string) {
	judge(p, func(b *pod) check.Verdict {
		t := b.tally()
		open := ""
		for i := range b.Containers {
			c := &b.Containers[i]
			if c.Image == "" || strings.ContainsAny(c.Image, "${} ") {
				open = c.Path("image")
				continue
			}
			if v := wrong(c, snapshot.ParseReference(c.Image)); v != "" {
				t.bad(c.Path("image"), v)
			}
		}
		if open != "" && !t.Any() {
			return check.Undecided(snapshot.ReasonUnresolved, "the image of a container is not said, or not resolved", ev(open, "not resolved"))
		}
		return t.verdict(failed, passed)
	})
}

var pullSecretsScoped = &check.Check{
	ID:    "image-pull-secrets-scoped",
	Title: "Registry credentials are not shared between tenants",
	Why: "One credential for a registry, copied into the namespaces of several tenants, lets each of them pull, and often push, what belongs to the others. Values of secrets are not read: " +
		"a pull secret of the same name and length in another namespace counts as the same.",
	Remedy:   "Give each tenant a credential of its own at the registry, for its own repositories, to pull only.",
	Severity: check.Medium, Subject: snapshot.KindPodSpec, Zone: model.ZoneNodeRuntime, Surface: model.SurfaceWorkloadDefinition, STRIDE: "I", Tier: 2,
	Forms: everywhere,
	Needs: workloads,
	Reads: []string{"pullSecrets", "serviceAccount"},
	Run: func(p *check.Probe) {
		judge(p, func(b *pod) check.Verdict { return ownCredential(b) })
	},
}

func ownCredential(b *pod) check.Verdict {
	names := slices.Clone(b.PullSecrets)
	if b.Account != nil {
		names = append(names, b.Account.PullSecrets...)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if len(names) == 0 {
		return check.Passed("it uses no pull secret", ev("imagePullSecrets", "none"))
	}
	e := ev("imagePullSecrets", few(names))
	if v, ok := b.p.Need(snapshot.PartClusterSecrets); !ok && v.Status == check.Unknown {
		v.Message, v.Evidence = "which namespaces hold its pull secrets was not seen", []check.Evidence{e}
		return v
	}
	t := b.tally()
	doubt, seen := "", 0
	for _, n := range names {
		own := b.pullSecret(b.Class.In, n)
		if own == nil {
			continue
		}
		seen++
		for i := range b.p.Snapshot.Secrets {
			s := &b.p.Snapshot.Secrets[i]
			if s.Scope != b.p.Scope.ID || s.Namespace == b.Class.In || s.Name != n || s.Type != own.Type || snapshot.SystemNamespace(s.Namespace) {
				continue
			}
			if len(own.Keys) == 0 || len(s.Keys) == 0 {
				doubt = s.Namespace + "/" + n
			} else if own.Keys[0].Len == s.Keys[0].Len {
				t.bad("Secret "+s.Namespace+"/"+n, "same name and length")
			}
		}
	}
	switch {
	case t.Any():
	case doubt != "":
		return check.Undecided(snapshot.ReasonSuspect, "a pull secret of the same name is in another namespace, and its length was not read", e, ev("Secret", doubt))
	case seen < len(names):
		return check.Undecided(snapshot.ReasonPartial, "a pull secret that it names was not seen", e)
	}
	return t.verdict("its registry credential seems to be that of another namespace, too", "its registry credentials are of its namespace alone", e)
}

func (b *pod) pullSecret(namespace, name string) *snapshot.Secret {
	for i := range b.p.Snapshot.Secrets {
		if s := &b.p.Snapshot.Secrets[i]; s.Scope == b.p.Scope.ID && s.Namespace == namespace && s.Name == name {
			return s
		}
	}
	return nil
}
