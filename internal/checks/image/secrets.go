package image

import (
	"fmt"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/shared"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var noSecrets = &check.Check{
	ID:    "image-no-secrets",
	Title: "The image carries no credentials",
	Why: "Whoever may pull an image has all of it: its variables, the commands of its history with the build arguments, and every layer, those included whose files a later layer deletes. " +
		"Private keys are found by their content; logins, cloud and cluster credentials, password hashes and .env files by name and content; stores of keys by their name alone, which leaves open what is in them. " +
		"Values are never kept: only where, what kind, and of variables the name.",
	Remedy: "Replace the credential, since it was given away, then build without it: RUN --mount=type=secret for the build, a file or secret at run time. Deleting the file in a later step does not help. " +
		"Material for tests that is meant to be public goes into allowed_files.",
	Severity: check.High, Subject: snapshot.KindImage, Zone: model.ZoneRegistry, Surface: model.SurfaceDockerfile, STRIDE: "I", Tier: 1,
	Refs:  check.CIS(1, "4.10", "4.10", ""),
	Forms: []check.Form{check.Live, check.Image},
	Params: []check.Param{{
		Name: "allowed_files", Unit: "patterns", Meaning: "files with keys that are public on purpose; * stands for anything",
		Default: []string{"/usr/share/doc/*", "/usr/lib/python3*/test/*", "/usr/local/lib/python3*/test/*", "/usr/local/go/src/*", "/usr/lib/go*/src/*"},
	}},
	Run: func(p *check.Probe) {
		allowed, _ := p.List("allowed_files")
		judge(p, func(v view) check.Verdict { return givesNothingAway(v, allowed) }, snapshot.PartImageConfig)
	},
}

func givesNothingAway(v view, allowed []string) check.Verdict {
	config, verdict, ok := v.config()
	if !ok {
		return verdict
	}
	var h, open shared.Hits
	said := make(map[string]bool)
	say := func(source string, value snapshot.Secretish) {
		if why := shared.Credential(value); why != "" && !said[value.Name] {
			said[value.Name] = true
			h.Add(ev(source+" "+value.Name, why))
		}
	}
	for _, e := range v.Env {
		say("Config.Env", e)
	}
	for _, s := range config.Steps {
		for _, e := range s.Values {
			say("history, "+s.Instruction, e)
		}
	}
	c, unread, read := v.contents()
	if read {
		secretFiles(c, allowed, &h, &open)
	}
	switch {
	case h.Any():
		return h.Failed("credentials are in it for whoever may pull it")
	case !read:
		return unread
	case open.Any():
		return check.Undecided(snapshot.ReasonPartial, "it has stores of keys, and whether private ones are in them was not read", open.Evidence...)
	case c.Dropped > 0:
		return check.Undecided(snapshot.ReasonPartial, fmt.Sprintf("it has so many files of this kind that %d were not kept", c.Dropped))
	}
	return check.Passed("no variable, step or file in it looks like a credential", ev("layers", fmt.Sprint(c.Layers)), ev("files", fmt.Sprint(c.Entries)))
}

// secretFiles adds the files that are credentials to h, and those that may be to
// open.
func secretFiles(c *snapshot.ImageContents, allowed []string, h, open *shared.Hits) {
	for _, f := range c.Secrets {
		if matches(f.Path, allowed) || f.What == "env-file" && !anyCredential(f.Values) {
			continue
		}
		what := fmt.Sprintf("%s, layer %d", f.What, f.Layer)
		if f.Deleted {
			what += ", hidden by a later layer but still there"
		}
		switch f.What {
		case "git-history":
		case "keystore":
			open.Add(ev(f.Path, what))
		default:
			h.Add(ev(f.Path, what))
		}
	}
}

func anyCredential(values []snapshot.Secretish) bool {
	for _, v := range values {
		if shared.Credential(v) != "" {
			return true
		}
	}
	return false
}
