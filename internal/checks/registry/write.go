package registry

import (
	"path"
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

var anonymousPush = about(check.Check{
	ID:    "registry-anonymous-push",
	Title: "The registry refuses anonymous pushes",
	Why: "Who may push without a login replaces any image by one of his own, and every host that pulls it runs it. " +
		"The configuration decides where it was read; else a probe opens an upload without a login and cancels it.",
	Remedy:   "Demand a login with auth, or set storage.maintenance.readonly where nothing is to be pushed.",
	Severity: check.Critical, STRIDE: "T", Tier: 1,
}, refusesPush)

func refusesPush(v *view) check.Verdict {
	if v.Probe.Known() {
		answer := status("POST /v2/…/blobs/uploads/", v.Probe.V.Push)
		switch code := v.Probe.V.Push; {
		case code == 202:
			return check.Failed("it accepts an upload from anyone", answer)
		case refused(code):
			return check.Passed("it refuses an upload without a login", answer)
		case code == 405:
			return check.Passed("it takes no uploads at all", answer)
		}
		return check.Undecided(snapshot.ReasonUnresolved, "its answer to an upload is neither consent nor refusal", answer)
	}
	if v.cfg == nil {
		return v.unprobed("whether it accepts an upload from anyone was not tried")
	}
	auth := v.setting("auth", v.auth())
	switch {
	case v.cfg.ReadOnly:
		return check.Passed("it takes no uploads at all", v.setting("storage.maintenance.readonly.enabled", true))
	case v.cfg.Proxy:
		return check.Passed("it is a cache, which takes no uploads", v.setting("proxy.remoteurl", "set"))
	case slices.Contains(v.cfg.Auth, "silly"):
		return check.Failed("its setting silly accepts any header as a login", auth)
	case v.open() && v.api.Status == 200:
		return check.Failed("its configuration demands no login of who pushes", auth, status("GET /v2/", v.api.Status))
	case slices.Equal(v.cfg.Auth, []string{"htpasswd"}) && refused(v.api.Status):
		return check.Passed("its configuration demands a login for everything", auth, status("GET /v2/", v.api.Status))
	}
	return v.unprobed("what its token service or the gateway before it grants to anyone was not tried")
}

var deleteDisabled = about(check.Check{
	ID:       "registry-delete-disabled",
	Title:    "Image deletion is off or limited to administrators",
	Why:      "Who may delete takes away images that hosts must pull again after an incident, or clears a trojan image after use. Distribution has no roles: where deletion is on, everyone who may log in may delete.",
	Remedy:   "Leave storage.delete.enabled unset and delete by rule on the registry itself, or use a product with roles.",
	Severity: check.Medium, STRIDE: "TD", Tier: 2,
	Forms: []check.Form{check.Live, check.RegistryYAML},
	Fixes: []check.Fix{{Title: "switch deletion off", Kind: step.FileEdit, Step: func(p *check.Probe, _ int) (step.Step, error) {
		return configure(p, "storage.delete.enabled", "false")
	}}},
}, refusesDelete)

func refusesDelete(v *view) check.Verdict {
	code := v.Probe.V.Delete
	answer := status("DELETE /v2/…/manifests/… of what does not exist", code)
	if v.cfg != nil {
		set := v.setting("storage.delete.enabled", v.cfg.Delete)
		switch {
		case v.cfg.ReadOnly:
			return check.Passed("it changes nothing that it holds", v.setting("storage.maintenance.readonly.enabled", true))
		case !v.cfg.Delete:
			return check.Passed("deletion is off", set)
		case v.open() && (v.inFile() || v.api.Status == 200):
			return check.Failed("anyone may delete its images", set, v.setting("auth", v.auth())).At(check.High)
		}
		return check.Failed("everyone who may log in may delete its images", set)
	}
	switch {
	case !v.Probe.Known():
		return v.unprobed("whether it deletes was not tried, and its configuration was not seen")
	case code == 405:
		return check.Passed("deletion is off", answer)
	case code == 404 || code == 202:
		return check.Failed("anyone may delete its images", answer).At(check.High)
	case refused(code):
		return check.Undecided(snapshot.ReasonPartial, "deletion takes a login; whether an administrator's was not seen", answer)
	}
	return check.Undecided(snapshot.ReasonUnresolved, "its answer to a deletion is neither consent nor refusal", answer)
}

var tagsFixed = about(check.Check{
	ID:    "registry-tag-immutability",
	Title: "Release tags cannot be overwritten",
	Why: "A tag that can be overwritten leads hosts that pull it again to another image than the one that was tested. Distribution has no rule for tags, so it always lets them be overwritten by who may push. " +
		"A probe overwrites a tag of its own, where it can delete everything again.",
	Remedy:   "Use a product with rules for immutable tags (Harbor, ECR, Artifact Registry), or pull by digest everywhere.",
	Severity: check.High, STRIDE: "T", Tier: 1,
	Params: []check.Param{{Name: "release_tags", Unit: "patterns", Default: []string{"v*", "[0-9]*"}, Meaning: "tag patterns that count as releases"}},
}, keepsTags)

func keepsTags(v *view) check.Verdict {
	if v.cfg != nil && (v.cfg.ReadOnly || v.cfg.Proxy) {
		return check.Passed("nobody pushes to it", v.setting("storage.maintenance.readonly.enabled", v.cfg.ReadOnly), v.setting("pull-through cache", v.cfg.Proxy))
	}
	pr := v.Probe.V
	if v.Probe.Known() && pr.Overwrite != "" {
		tried := ev("overwriting the tag "+pr.Tag, pr.Overwrite)
		patterns, _ := v.p.List("release_tags")
		release := slices.ContainsFunc(patterns, func(p string) bool { ok, err := path.Match(p, pr.Tag); return ok && err == nil })
		switch {
		case !release:
			return check.Undecided(snapshot.ReasonPartial, "the tag that was tried is no release by the policy's patterns", tried, ev("release_tags", strings.Join(patterns, ", ")))
		case pr.Overwrite == "done":
			return check.Failed("a release tag was overwritten by a probe", tried)
		}
		return check.Passed("it refused to overwrite a release tag", tried)
	}
	product := ev("product", v.Product)
	switch {
	case v.Product == "distribution" && v.Sure:
		return check.Failed("it is plain distribution, which has no rule for tags", product)
	case v.Product == "distribution":
		return check.Undecided(snapshot.ReasonSuspect, "it answers as plain distribution does, which has no rule for tags", product).Note("to try it: plimsoll assess --probe registry:" + v.Address)
	}
	u := v.unprobed("whether it lets a tag be overwritten was not tried")
	if pr.Why != "" {
		u = u.Note("not tried by the probe: " + pr.Why)
	}
	return u
}

var foreignLayers = about(check.Check{
	ID:       "registry-foreign-layers-denied",
	Title:    "Layers with foreign addresses are refused",
	Why:      "A manifest may say that a layer is at any address: old clients sent their login there (CVE-2020-15157), and what is there can change. Distribution refuses such manifests unless validation is off or addresses are listed.",
	Remedy:   "Remove validation.disabled and the list validation.manifests.urls.allow, and push the images again with their layers.",
	Severity: check.Low, STRIDE: "I", Tier: 2,
	Forms: []check.Form{check.Live, check.RegistryYAML},
}, refusesForeign)

func refusesForeign(v *view) check.Verdict {
	switch {
	case len(v.Content.V.Foreign) > 0:
		return check.Failed("it holds manifests with layers at other addresses", ev("repositories", firstFew(v.Content.V.Foreign)))
	case v.cfg == nil:
		return v.unconfigured("none was found among the images that were read; whether it refuses them was not seen")
	}
	rule := v.setting("validation.manifests.urls", v.cfg.Foreign)
	switch v.cfg.Foreign {
	case "denied":
		return check.Passed("it refuses layers at other addresses", rule)
	case "allowed":
		return check.Failed("its validation is off, so that it takes layers at any address", rule)
	case "listed":
		return check.Failed("it takes layers at the addresses of a list", rule)
	}
	return check.Undecided(snapshot.ReasonUnresolved, "its rule for layers at other addresses is not known", rule)
}

var pushLimited = about(check.Check{
	ID:       "registry-push-limited",
	Title:    "Only build identities may push",
	Why:      "A person's or a shared account that may push is a way around review and build. Who holds the right is behind the registry's own login, which Plimsoll does not use: somebody must look and say so. What shows itself decides: an open registry lets everyone push, a read-only one nobody.",
	Remedy:   "Give push rights on release repositories to the accounts of the build alone, and answer in plimsoll.yaml under answers with owner and date.",
	Severity: check.High, STRIDE: "T", Tier: 2,
}, pushersKnown)

func pushersKnown(v *view) check.Verdict {
	switch {
	case v.Probe.Known() && v.Probe.V.Push == 202:
		return check.Failed("everyone may push", status("POST /v2/…/blobs/uploads/", v.Probe.V.Push))
	case v.cfg != nil && (v.cfg.ReadOnly || v.cfg.Proxy):
		return check.Passed("nobody pushes to it", v.setting("storage.maintenance.readonly.enabled", v.cfg.ReadOnly), v.setting("pull-through cache", v.cfg.Proxy))
	case v.open() && v.api.Status == 200:
		return check.Failed("everyone may push", v.setting("auth", v.auth()))
	}
	return check.Verdict{Status: check.Manual, Message: "are the accounts of the build the only ones that may push to release repositories?"}
}

var defaultPassword = about(check.Check{
	ID:       "registry-admin-password-changed",
	Title:    "The registry has no default administrator password",
	Why:      "The first administrator's password of a product stands in its guide, and whoever knows it owns every image. A probe tries it once, with products that have one.",
	Remedy:   "Change the administrator's password, or switch the local administrator off.",
	Severity: check.Critical, STRIDE: "E", Tier: 1,
}, passwordChanged)

func passwordChanged(v *view) check.Verdict {
	code := v.Probe.V.Default
	answer := status("a login with the published password", code)
	switch {
	case v.Product == "distribution" && v.Sure:
		return check.Inapplicable("plain distribution has no administrator of its own")
	case v.Probe.Known() && code == 200:
		return check.Failed("the published password of its administrator is accepted", answer)
	case v.Probe.Known() && refused(code):
		return check.Passed("the published password of its administrator is refused", answer)
	case v.Probe.Known():
		return check.Undecided(snapshot.ReasonUnresolved, "its product, and so whether it has a published password, is not known", ev("product", v.Product))
	}
	return v.unprobed("whether the published password of its administrator is accepted was not tried")
}
