package docker

import (
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/shared"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

var imageDigestPinned = &check.Check{
	ID:    "container-image-digest-pinned",
	Title: "The image is pinned by digest",
	Why: "A tag is a name that its registry, and whoever takes it over, can point elsewhere at any time: the next start runs other code. " +
		"A digest names the content itself. What counts is the reference that the container was started from, not the digest that the engine recorded for it afterwards. " +
		"An image ID fixes the content on this engine too, but no registry can be asked for it, so it is no pin. " +
		"Pinning stands in for content trust (CIS 4.5): DOCKER_CONTENT_TRUST is no way for Docker Hub, whose trust server ends on 8 December 2026 and which signs its official images no more.",
	Remedy:   "Start it from NAME@sha256:DIGEST, and let a tool that reviews updates move the digest.",
	Severity: check.Medium, Subject: snapshot.KindContainer, Zone: model.ZoneHost, Surface: model.SurfaceImage, STRIDE: "T", Tier: 1,
	Forms: []check.Form{check.Live, check.Compose},
	Needs: []snapshot.Part{snapshot.PartEngineContainers},
	Reads: []string{"image"},
	Params: []check.Param{{
		Name: "digests", Unit: "list", Meaning: "NAME:TAG@sha256:DIGEST of images, which the fix writes into files",
	}},
	Run:   func(p *check.Probe) { judge(p, pinned) },
	Fixes: []check.Fix{{Title: "pin the image to the digest it runs", Kind: step.ContainerRecreate, Step: pinImage}},
}

func pinned(b *box) check.Verdict {
	if v, bad := b.unread("image"); bad {
		return v
	}
	ref := b.spec.Image
	source := "Config.Image"
	if b.at.file {
		source = "image"
	}
	e := ev(source, ref)
	switch {
	case strings.Contains(ref, "$"):
		return check.Undecided(snapshot.ReasonUnresolved, "its image reference holds a variable that was not resolved", e)
	case snapshot.ParseReference(ref).Pinned():
		return check.Passed("its image is pinned by digest", e)
	case ref == "" && b.at.file:
		return check.Failed("it names no image that could be pinned", ev(source, "not set")).
			Note("an image built on the spot is pinned once it is pushed and named by the digest the registry gives it")
	case ref == "":
		return check.Undecided(snapshot.ReasonPartial, "the reference it was started from was not seen")
	case shared.IsImageID(ref, b.spec.ImageID):
		return check.Failed("it was started from an image ID, which no registry can verify", e)
	}
	return check.Failed("its image reference is a name that can be moved", e)
}

func pinImage(p *check.Probe, subject int) (step.Step, error) {
	_, spec, err := target(p, subject)
	if err != nil {
		return step.Step{}, err
	}
	if inFile(p) {
		return pinInFile(p, subject, spec)
	}
	if shared.IsImageID(spec.Image, spec.ImageID) {
		return step.Step{}, &step.RefusedError{Why: "it was started from an image ID, which names no repository; start it from NAME@sha256:DIGEST of the registry it came from"}
	}
	image := p.Index.Image(p.Scope.ID, spec.ImageID)
	if image == nil {
		return step.Step{}, &step.RefusedError{Why: "its image is no longer in the engine's store under a name; pull it again, then collect again"}
	}
	digest := shared.DigestFor(spec.Image, image.Digests)
	if digest == "" {
		return step.Step{}, &step.RefusedError{Why: "its image has no digest of the repository it is named by; push it there or pull it from there first, then collect again"}
	}
	s, err := recreate(p, subject, change(spec, "Config.Image", digest))
	if err != nil {
		return step.Step{}, err
	}
	s.Note = "The image stays the one it runs now. DOCKER_CONTENT_TRUST is not used: for Docker Hub it ends on 8 December 2026."
	return s, nil
}

// pinInFile keeps the tag beside the digest, for people and for tools that
// review updates.
func pinInFile(p *check.Probe, subject int, spec *snapshot.ContainerSpec) (step.Step, error) {
	if spec.Image == "" {
		return step.Step{}, &step.RefusedError{Why: "it builds its image; push that and name it by the digest the registry gives it"}
	}
	declared, _ := p.List("digests")
	ref := shared.Pin(p.Snapshot, spec.Image, declared)
	if ref == "" {
		return step.Step{}, &step.RefusedError{Why: shared.AskForDigest(spec.Image, p.CheckID())}
	}
	return edited(p, subject, change(spec, "Config.Image", ref))
}
