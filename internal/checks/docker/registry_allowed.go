package docker

import (
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/shared"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var registryAllowed = &check.Check{
	ID:    "container-image-registry-allowed",
	Title: "Images come from approved registries",
	Why: "Anyone may publish on a public registry, under names that look like known ones. The reference is written out as the engine reads it, docker.io and library included, " +
		"and must lie in a registry or namespace of the policy list; a name that only resembles one does not. An image ID names no registry: then the digests of the image count.",
	Remedy:   "Declare allowed_registries, such as docker.io/library or registry.example/shop, and start the container from there. No measure does this: the image must be there first, and be trusted.",
	Severity: check.Medium, Subject: snapshot.KindContainer, Zone: model.ZoneHost, Surface: model.SurfaceOpenSource, STRIDE: "S", Tier: 2,
	Forms: []check.Form{check.Live, check.Compose},
	Needs: []snapshot.Part{snapshot.PartEngineContainers},
	Reads: []string{"image", "imageID"},
	Params: []check.Param{{
		Name: "allowed_registries", Unit: "list", Question: true, Meaning: "registries, or REGISTRY/NAMESPACE, that images may come from",
	}},
	Run: func(p *check.Probe) {
		allowed, declared := p.List("allowed_registries")
		if !declared {
			p.Report(check.Undecided(snapshot.ReasonUndeclared, "no list of approved registries is declared"), p.Self())
			return
		}
		judge(p, func(b *box) check.Verdict { return fromApproved(b, allowed) })
	},
}

func fromApproved(b *box, allowed []string) check.Verdict {
	if v, bad := b.unread("image", "imageID"); bad {
		return v
	}
	ref := b.spec.Image
	switch {
	case strings.Contains(ref, "$"):
		return check.Undecided(snapshot.ReasonUnresolved, "its image reference holds a variable that was not resolved", ev("image", ref))
	case ref == "" && b.at.file:
		return check.Undecided(snapshot.ReasonStatic, "it is built on the spot; where its base comes from is judged in its Dockerfile")
	case ref == "":
		return check.Undecided(snapshot.ReasonPartial, "the reference it was started from was not seen")
	case shared.IsImageID(ref, b.spec.ImageID):
		return b.anyDigestFrom(allowed)
	}
	name := shared.Repository(snapshot.ParseReference(ref))
	if shared.Approved(name, allowed) {
		return check.Passed("its image comes from an approved registry", ev("Config.Image", name))
	}
	return check.Failed("its image comes from a registry or namespace that the policy does not list", ev("Config.Image", name))
}

// anyDigestFrom judges a container that was started from an image ID: a digest
// says which registry knows this very content.
func (b *box) anyDigestFrom(allowed []string) check.Verdict {
	image := b.image()
	e := ev("Config.Image", b.spec.Image)
	switch {
	case image == nil:
		return check.Undecided(snapshot.ReasonPartial, "it was started from an image ID, and the image was not seen", e)
	case slices.ContainsFunc(image.Digests, func(d string) bool { return shared.Approved(shared.Repository(snapshot.ParseReference(d)), allowed) }):
		return check.Passed("an approved registry has its image", e, ev("RepoDigests", firstFew(image.Digests)))
	}
	return check.Failed("no approved registry is known to have its image", e, ev("RepoDigests", firstFewOr(image.Digests)))
}
