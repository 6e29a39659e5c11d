package image

import (
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var trustedBase = &check.Check{
	ID:    "image-trusted-base",
	Title: "Base images come from approved publishers",
	Why: "Whoever makes the base of an image decides what runs in it, and a name that resembles a known one is quickly taken. " +
		"The base is known where the image itself is an approved one, where its lowest layers are those of an approved image that was seen beside it, or where its labels name a base by a digest that the list has. " +
		"A label that names a repository alone is a claim that anyone can write.",
	Remedy:   "Declare trusted_bases, such as docker.io/library/debian or registry.example/base@sha256:…, and build from there by digest.",
	Severity: check.Medium, Subject: snapshot.KindImage, Zone: model.ZoneRegistry, Surface: model.SurfaceImage, STRIDE: "S", Tier: 1,
	Refs:  check.CIS(1, "4.2", "4.2", ""),
	Forms: []check.Form{check.Live, check.Image},
	Params: []check.Param{{
		Name: "trusted_bases", Unit: "list", Question: true, Meaning: "repositories, namespaces or REPOSITORY@DIGEST whose images may be built on",
	}},
	Run: func(p *check.Probe) {
		trusted, declared := p.List("trusted_bases")
		if !declared && len(p.Index.Of(p.Scope.ID, snapshot.KindImage)) > 0 {
			p.Report(check.Undecided(snapshot.ReasonUndeclared, "no list of approved base images is declared"), p.Self())
			return
		}
		judge(p, func(v view) check.Verdict { return builtOnTrusted(v, trusted) }, snapshot.PartImageConfig)
	},
}

func builtOnTrusted(v view, trusted []string) check.Verdict {
	c, verdict, ok := v.config()
	if !ok {
		return verdict
	}
	for _, d := range v.Digests {
		if listed(d, trusted) {
			return check.Passed("it is an approved image itself", ev("RepoDigests", d))
		}
	}
	if below, digest := v.below(c.Layers, trusted); digest != "" {
		return check.Passed("its lowest layers are those of an approved image", ev("base", digest))
	} else if below != "" {
		return check.Failed("its lowest layers are those of an image that is not on the list", ev("base", below))
	}
	claim := c.BaseName
	if claim != "" && c.BaseHash != "" {
		claim += "@" + c.BaseHash
	}
	switch {
	case claim == "":
		return check.Undecided(snapshot.ReasonPartial, "what it was built on is recorded nowhere")
	case !listed(claim, trusted):
		return check.Failed("it says that it was built on an image that is not on the list", ev("org.opencontainers.image.base.name", claim))
	case slices.ContainsFunc(trusted, func(t string) bool { return full(t) == full(claim) && strings.Contains(t, "@") }):
		return check.Passed("it says that it was built on an approved image, by digest", ev("org.opencontainers.image.base.digest", claim))
	}
	return check.Undecided(snapshot.ReasonPartial, "it says that it was built on an approved repository, which nothing proves", ev("org.opencontainers.image.base.name", claim))
}

// below finds the image with the most layers that this one starts with; digest is
// set when it is on the list.
func (v view) below(layers []string, trusted []string) (name, digest string) {
	most := 0
	for i := range v.p.Snapshot.Images {
		m := &v.p.Snapshot.Images[i]
		under := m.Config.V.Layers
		if m.Scope != v.Scope || m.ID == v.ID || len(under) == 0 || len(under) >= len(layers) || !slices.Equal(layers[:len(under)], under) {
			continue
		}
		for _, d := range m.Digests {
			if listed(d, trusted) {
				return d, d
			}
		}
		if len(under) > most && len(m.Digests) > 0 {
			most, name = len(under), m.Digests[0]
		}
	}
	return name, ""
}

// listed reports whether a reference lies in a repository or namespace of the
// list, or is one of its digests.
func listed(ref string, list []string) bool {
	r := snapshot.ParseReference(ref)
	name := strings.ToLower(r.Registry) + "/" + r.Repository
	return slices.ContainsFunc(list, func(t string) bool {
		if strings.Contains(t, "@") {
			return full(t) == full(ref)
		}
		t = strings.Trim(strings.TrimSuffix(t, "/*"), "/")
		return t != "" && (name == t || strings.HasPrefix(name, t+"/"))
	})
}

// full writes out repository and digest of a reference.
func full(ref string) string {
	r := snapshot.ParseReference(ref)
	return strings.ToLower(r.Registry) + "/" + r.Repository + "@" + r.Digest
}
