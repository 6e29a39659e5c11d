package docker

import (
	"plimsoll/internal/check"
	"plimsoll/internal/checks/shared"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var swarmAutolock = &check.Check{
	ID:    "swarm-autolock",
	Title: "Swarm managers are locked at rest",
	Why: "A manager keeps the swarm's secrets and the key of its root encrypted on disk, and the key to that beside it. With autolock that key is itself locked, " +
		"so that a stolen disk or backup of a manager gives nothing away. The price: after every restart somebody enters the unlock key.",
	Remedy:   "docker swarm update --autolock, and keep the unlock key that it prints elsewhere than on a manager. Without the key a manager that restarted is lost.",
	Severity: check.Medium, Subject: snapshot.KindSwarm, Zone: model.ZoneHost, Surface: model.SurfaceInsecureDefaults, STRIDE: "I", Tier: 1,
	Refs:  check.CIS(2, "7.6", "7.5", ""),
	Forms: []check.Form{check.Live},
	Needs: []snapshot.Part{snapshot.PartEngineInfo, snapshot.PartEngineSwarm},
	Run: func(p *check.Probe) {
		judgeSwarm(p, func(w *swarm) check.Verdict {
			e := ev("GET /info Swarm.Cluster.Spec.EncryptionConfig.AutoLockManagers", w.AutoLock)
			if w.AutoLock {
				return check.Passed("a manager that restarts needs the unlock key", e)
			}
			return check.Failed("the key of the swarm's secrets lies unlocked on every manager's disk", e)
		})
	},
}

var swarmAutolockKeyRotated = &check.Check{
	ID:    "swarm-autolock-key-rotated",
	Title: "The manager unlock key is rotated on schedule",
	Why: "Those who once had to unlock a manager know the key, and keep it when they leave. The swarm keeps no time of its last change, so that a person's record is asked for. " +
		"Plimsoll does not ask for the key itself.",
	Remedy:   "docker swarm unlock-key --rotate, store the new key where the old one was, then answer in plimsoll.yaml under answers with status, owner, date and a note.",
	Severity: check.Low, Subject: snapshot.KindSwarm, Zone: model.ZoneHost, Surface: model.SurfaceInsecureDefaults, STRIDE: "I", Tier: 1,
	Refs:   check.CIS(1, "7.7", "7.6", ""),
	Forms:  []check.Form{check.Live},
	Needs:  []snapshot.Part{snapshot.PartEngineInfo, snapshot.PartEngineSwarm},
	Params: []check.Param{recordAge("90")},
	Run: func(p *check.Probe) {
		judgeSwarm(p, func(w *swarm) check.Verdict {
			if !w.AutoLock {
				return check.Inapplicable("there is no unlock key, see swarm-autolock")
			}
			return dated(w.p, "when was the unlock key last replaced with docker swarm unlock-key --rotate?")
		})
	},
}

var swarmSecretsUsed = &check.Check{
	ID:    "swarm-secrets-used",
	Title: "Swarm services take credentials from secrets",
	Why: "Variables of a service are told to whoever may list services, are handed to every node that runs a task, and end in inspect and crash reports there. " +
		"Secrets are encrypted where they are kept and on their way, and are mounted only where a task needs them. A variable counts by the rules of container-env-secrets. " +
		"Configurations are told to whoever asks; one that is named like a secret is noted.",
	Remedy:   "docker secret create NAME FILE, then docker service update --secret-add NAME --env-rm VARIABLE SERVICE, and let the program read /run/secrets/NAME. Replace the credential, since it was readable.",
	Severity: check.Medium, Subject: snapshot.KindSwarm, Zone: model.ZoneHost, Surface: model.SurfaceInsecureDefaults, STRIDE: "I", Tier: 1,
	Refs:    check.CIS(2, "7.5", "7.4", ""),
	Forms:   []check.Form{check.Live},
	Needs:   []snapshot.Part{snapshot.PartEngineInfo, snapshot.PartEngineServices},
	Covered: []string{"container-env-secrets"},
	Run:     func(p *check.Probe) { judgeSwarm(p, servicesUseSecrets) },
}

func servicesUseSecrets(w *swarm) check.Verdict {
	var h hits
	referenced := 0
	for i := range w.Services {
		s := &w.Services[i]
		referenced += len(s.Secrets)
		for _, v := range s.Env {
			if why := shared.Credential(v); why != "" {
				h.add("service "+s.Name+", variable "+v.Name, why)
			}
		}
	}
	v := check.Passed("no variable of a service looks like a credential", ev("GET /services services", len(w.Services)), ev("GET /services secrets referenced", referenced))
	if len(h.evidence) > 0 {
		v = h.note(check.Failed("services carry credentials in variables", h.evidence...))
	}
	var named []string
	for _, c := range w.Configs {
		if shared.SecretName(c) {
			named = append(named, c)
		}
	}
	if len(named) > 0 {
		v = v.Note("configurations named like secrets are readable to whoever may ask: " + firstFew(named))
	}
	return v
}
