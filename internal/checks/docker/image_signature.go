package docker

import (
	"cmp"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var imageSignatureEnforced = &check.Check{
	ID:    "image-signature-enforced",
	Title: "Unsigned images are refused at pull",
	Why: "A tag is a name that its registry may point elsewhere tomorrow. Without a check of signatures a pushed-over tag, a hijacked account or a registry that lies cannot be told from the publisher's release. " +
		"Benchmarks ask here for DOCKER_CONTENT_TRUST=1. Plimsoll never counts it and never sets it for Docker Hub: it is a variable of the client that every caller of the API passes by, and Docker is retiring it. " +
		"The certificates of official images have been running out since August 2025, and notary.docker.io stops on 8 December 2026, so that with the variable set pulls from Docker Hub fail, signed or not. " +
		"What satisfies this check sits where images are pulled: containerd's image verifier plugin, with at least one verifier program in its bin_dir and the keys that program trusts, " +
		"on the path that really pulls. An empty or missing bin_dir accepts every image. An engine that pulls by itself never asks the plugin, however well containerd is configured. " +
		"Most engines have nothing of this kind yet, and the check stays failed there, as it should. " +
		"The measure that closes the threat behind it (DKR-REG-S-02, an unsigned image taken for the publisher's) is container-image-digest-pinned: " +
		"a digest names the content itself, so that nothing else can be served under it. It does not say who made that content, which is why this check does not turn green with it.",
	Remedy: "Pin images to digests first (measure container-image-digest-pinned): it closes DKR-REG-S-02 although this check stays failed. Check signatures where the digest is chosen, with cosign or notation in the pipeline. " +
		"To pass here, let containerd pull, set bin_dir of its image verifier plugin (io.containerd.image-verifier.v1.bindir), put a verifier with your keys there, and prove it by pulling an image that is known to be unsigned. " +
		"Do not set DOCKER_CONTENT_TRUST=1 for Docker Hub: it breaks pulls.",
	Severity: check.High, Subject: snapshot.KindEngine, Zone: model.ZoneHost, Surface: model.SurfaceImage, STRIDE: "ST", Tier: 1,
	Refs:  check.CIS(2, "4.5", "4.5", "4.5"),
	Forms: []check.Form{check.Live},
	// The verifier's part is read in Run: where containerd is proved absent the
	// check fails, it is not inapplicable.
	Needs: []snapshot.Part{snapshot.PartEngineInfo},
	Run:   func(p *check.Probe) { judgeEngine(p, verifiesSignatures) },
}

func verifiesSignatures(d *daemon) check.Verdict {
	st := d.p.Part(snapshot.PartEngineVerifier)
	if !d.Verifier.Known() && d.Verifier.State != snapshot.Absent && st.State != snapshot.Absent {
		reason := cmp.Or(d.Verifier.Reason, snapshot.ReasonFor(d.Verifier.State), st.Reason, snapshot.ReasonPartial)
		return check.Undecided(reason, cmp.Or(st.Detail, "what containerd and the engine verify was not readable"))
	}
	v := snapshot.Verifier{}
	if d.Verifier.Known() {
		v = d.Verifier.V
	}
	programs := strings.Join(v.Binaries, ", ")
	evidence := []check.Evidence{
		ev("containerd image verifier, bin_dir", cmp.Or(v.BinDir, "not set")), ev("verifier programs in it", cmp.Or(programs, "none")),
		ev("images are pulled by", cmp.Or(v.PullsBy, "not known")),
	}
	var verdict check.Verdict
	switch {
	case v.BinDir == "" || programs == "":
		verdict = check.Failed("nothing refuses an unsigned image at pull", evidence...)
	case v.PullsBy == "":
		return check.Undecided(snapshot.ReasonPartial, "a verifier is configured, and whether pulls go through it is not known", evidence...)
	case v.PullsBy != "containerd":
		verdict = check.Failed("a verifier is configured, but the engine pulls by itself and never asks it", evidence...)
	default:
		return check.Passed("containerd asks a verifier at every pull", evidence...).
			Note("that the verifier knows your keys and refuses the rest is proved only by pulling an image that is known to be unsigned")
	}
	if len(d.AuthorizationPlugins) > 0 {
		names := strings.Join(d.AuthorizationPlugins, ", ")
		return check.Undecided(snapshot.ReasonPartial, "no verifier works, and whether the rules of "+names+" refuse unsigned images was not readable",
			append(evidence, ev("GET /info Plugins.Authorization", names))...)
	}
	return verdict
}
