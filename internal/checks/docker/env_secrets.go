package docker

import (
	"plimsoll/internal/check"
	"plimsoll/internal/checks/shared"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var envSecrets = &check.Check{
	ID:    "container-env-secrets",
	Title: "Environment variables carry no credentials",
	Why: "Variables show in docker inspect to whoever may call the engine, are inherited by every program, and end up in crash reports. Credentials belong in files. " +
		"A value counts when it has the form of a private key, of a known kind of token or of a URL or connection string with a password, or when the name says that it is a secret and it is neither empty nor a path. " +
		"Values are never kept: only name, length and form are. Long random-looking values under other names are counted in a note, since checksums look the same.",
	Remedy:   "Hand the credential over as a file: a secret of compose or swarm, or a mount, with NAME_FILE where the image supports it. Then replace it, since it was readable. No measure does this: the program must read the file.",
	Severity: check.High, Subject: snapshot.KindContainer, Zone: model.ZoneHost, Surface: model.SurfaceImage, STRIDE: "I", Tier: 2,
	Forms: []check.Form{check.Live, check.Compose},
	Needs: []snapshot.Part{snapshot.PartEngineContainers},
	Reads: []string{"env"},
	Run:   func(p *check.Probe) { judge(p, func(b *box) check.Verdict { return carriesNoSecret(b.spec.Env) }) },
}

func carriesNoSecret(env []snapshot.Secretish) check.Verdict {
	var h hits
	random := 0
	for _, v := range env {
		if why := shared.Credential(v); why != "" {
			h.add("Config.Env "+v.Name, why)
		} else if v.Shape == snapshot.ShapeEntropy {
			random++
		}
	}
	v := check.Passed("no variable looks like a credential", ev("Config.Env", len(env)))
	if len(h.evidence) > 0 {
		v = h.note(check.Failed("variables carry credentials", h.evidence...))
	}
	if random > 0 {
		v = v.Note("some other values look random; a checksum does, too")
	}
	return v
}
