package image

import (
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/shared"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var signedArtifacts = &check.Check{
	ID:    "image-signed-artifacts-validated",
	Title: "Each running image has a verified signature",
	Why: "A signature by a key that you hold to be the publisher's says who made the content of a digest, which neither a tag nor a digest says by itself. " +
		"Signatures that --signature names are verified offline with the keys that --key names, and count for the digest that they sign. " +
		"A signature that rests on the certificate of a public authority is not judged here, and stays unverified with that reason. Images of an engine that nothing runs are left out.",
	Remedy:   "Sign in the pipeline (cosign sign --key cosign.key NAME@DIGEST), keep the bundle, and give it with --signature FILE --key cosign.pub.",
	Severity: check.Medium, Subject: snapshot.KindImage, Zone: model.ZoneRegistry, Surface: model.SurfaceImage, STRIDE: "ST", Tier: 1,
	Refs:  check.CIS(0, "", "4.12", ""),
	Forms: []check.Form{check.Live, check.Image},
	Run: func(p *check.Probe) {
		if noneHas(p, func(m *snapshot.Image) bool { return len(m.Evidence.V.Signatures) > 0 }) {
			p.Report(check.Undecided(snapshot.ReasonUndeclared, "no signature was given for any image"), p.Self())
			return
		}
		run := running(p)
		judge(p, func(v view) check.Verdict { return verified(v, run) })
	},
}

// running returns the images of an engine that containers were made from; nil
// where images stand by themselves, or containers were not read.
func running(p *check.Probe) map[string]bool {
	if p.Scope.Kind != snapshot.ScopeEngine || p.Part(snapshot.PartEngineContainers).State != snapshot.Observed {
		return nil
	}
	out := make(map[string]bool)
	for i := range p.Snapshot.Containers {
		if c := &p.Snapshot.Containers[i]; c.Scope == p.Scope.ID {
			out[p.Snapshot.ContainerSpecs[c.Spec].ImageID] = true
		}
	}
	return out
}

func verified(v view, run map[string]bool) check.Verdict {
	if run != nil && !run[v.ID] {
		return check.Inapplicable("no container was made from it")
	}
	var h shared.Hits
	for _, s := range v.Evidence.V.Signatures {
		if s.Verified {
			return check.Passed("a signature of it was verified", ev(s.Kind+" "+s.Source, "key "+s.Key), ev("digest", s.Digest))
		}
		h.Add(ev(s.Kind+" "+s.Source, s.Why))
	}
	if h.Any() {
		return h.Failed("no signature of it could be verified")
	}
	return check.Undecided(snapshot.ReasonUndeclared, "no signature was given for it")
}

var provenanceAttested = &check.Check{
	ID:    "image-provenance-attested",
	Title: "The image has verifiable build provenance",
	Why: "Provenance says which builder made an image from which source. Signed by a key that you trust, it keeps a laptop's build from passing for the pipeline's. " +
		"A statement that is attached to the image without a signature is a claim and does not count. Builder and source must be on your lists; with no list, an image with no verified statement fails all the same.",
	Remedy:   "Let the pipeline attest (cosign attest --key cosign.key --type slsaprovenance), give the bundle with --signature and the key with --key, and declare builders and sources.",
	Severity: check.Medium, Subject: snapshot.KindImage, Zone: model.ZoneRegistry, Surface: model.SurfaceOpenSource, STRIDE: "R", Tier: 2,
	Forms: []check.Form{check.Live, check.Image},
	Params: []check.Param{
		{Name: "builders", Unit: "patterns", Question: true, Meaning: "identities of builders that may make images; * stands for anything"},
		{Name: "sources", Unit: "patterns", Question: true, Meaning: "addresses of repositories that images may be made from"},
	},
	Run: func(p *check.Probe) {
		if noneHas(p, func(m *snapshot.Image) bool { return m.Evidence.Known() }) {
			p.Report(check.Undecided(snapshot.ReasonNotCollected, "what is attached to the images was not seen, and no statement was given"), p.Self())
			return
		}
		builders, known := p.List("builders")
		sources, both := p.List("sources")
		judge(p, func(v view) check.Verdict { return attested(v, builders, sources, known && both) })
	},
}

func attested(v view, builders, sources []string, declared bool) check.Verdict {
	if !v.Evidence.Known() {
		return check.Undecided(snapshot.ReasonNotCollected, "what is attached to it was not seen, and no statement was given")
	}
	var signed []snapshot.ImageAttestation
	var h shared.Hits
	for _, a := range v.Evidence.V.Attestations {
		switch {
		case !strings.HasPrefix(a.Type, "https://slsa.dev/provenance/"):
		case !a.Verified:
			h.Add(ev("attestation", a.Type+", not verified"))
		default:
			signed = append(signed, a)
			h.Add(ev("builder", a.Builder))
			h.Add(ev("source", a.Source))
		}
	}
	switch {
	case len(signed) == 0:
		return h.Failed("no statement on how it was built could be verified")
	case !declared:
		return check.Undecided(snapshot.ReasonUndeclared, "its provenance is verified, but no list of builders and sources is declared", h.Evidence...)
	case slices.ContainsFunc(signed, func(a snapshot.ImageAttestation) bool {
		return matches(a.Builder, builders) && matches(a.Source, sources)
	}):
		return check.Passed("an approved builder made it from an approved source", h.Evidence...)
	}
	return h.Failed("who built it, or from what, is not on the lists")
}
