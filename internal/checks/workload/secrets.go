package workload

import (
	"plimsoll/internal/check"
	"plimsoll/internal/checks/shared"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var secretsNotInEnv = &check.Check{
	ID:       "secrets-not-in-env",
	Title:    "Secrets are mounted as files",
	Why:      "A variable is inherited by every program that a container starts, shows in crash reports and debug pages, and does not change when the secret does. A mounted file is read by who opens it, and is renewed.",
	Remedy:   "Mount the secret as a volume and let the program read the file.",
	Severity: check.Low, Subject: snapshot.KindPodSpec, Zone: model.ZoneNodeRuntime, Surface: model.SurfaceCredentials, STRIDE: "I", Tier: 1,
	Refs:  refs("5.4.1", "5.4.1", "", "C-0207", "", "read-secret-from-env-var env-value-from"),
	Forms: everywhere,
	Needs: workloads,
	Reads: []string{"containers.env", "containers.envFrom"},
	Run: func(p *check.Probe) {
		judge(p, func(b *pod) check.Verdict {
			t := b.tally()
			for i := range b.Containers {
				c := &b.Containers[i]
				for j := range c.Env {
					if f := c.Env[j].From; f != nil && f.Kind == "secret" {
						t.bad(c.Path("env["+number(int64(j))+"].valueFrom.secretKeyRef"), c.Env[j].Name+" from the secret "+f.Name)
					}
				}
				for j, f := range c.EnvFrom {
					if f.Kind == "secret" {
						t.bad(c.Path("envFrom["+number(int64(j))+"].secretRef"), "the secret "+f.Name)
					}
				}
			}
			return t.verdict("secrets are handed over in variables", "no secret is handed over in a variable")
		})
	},
}

var noCredentials = &check.Check{
	ID:    "no-plaintext-credentials-in-env",
	Title: "No credential is written in the environment",
	Why: "What a specification spells out is read by whoever may list pods, lies in version control and in etcd beside everything else. " +
		"A value counts when it has the form of a private key, of a known kind of token or of a URL with a password, or when the name says that it is a secret and it is neither empty nor a path. " +
		"Values are never kept: only name, length and form are.",
	Remedy:   "Put it into a Secret, mount that, and replace the credential, since it was readable.",
	Severity: check.High, Subject: snapshot.KindPodSpec, Zone: model.ZoneNodeRuntime, Surface: model.SurfaceCredentials, STRIDE: "I", Tier: 2,
	Refs:  refs("", "", "", "C-0012 C-0259", "", "env-var-secret"),
	Forms: everywhere,
	Needs: workloads,
	Reads: []string{"containers.env", "containers.command"},
	Run: func(p *check.Probe) {
		judge(p, func(b *pod) check.Verdict {
			t := b.tally()
			random := 0
			for i := range b.Containers {
				c := &b.Containers[i]
				for j := range c.Env {
					v := &c.Env[j]
					if v.From != nil {
						continue
					}
					if why := shared.Credential(v.Secretish); why != "" {
						t.bad(c.Path("env["+number(int64(j))+"].value"), v.Name+": "+why)
					} else if v.Shape == snapshot.ShapeEntropy {
						random++
					}
				}
				for _, w := range c.Command {
					if why := shared.Credential(w); why != "" {
						t.bad(c.Path(w.Name), why)
					}
				}
			}
			v := t.verdict("credentials are written in the specification", "nothing in it looks like a credential")
			if random > 0 {
				v = v.Note("some other values look random; a checksum does, too")
			}
			return v
		})
	},
}

var noDuplicateEnv = &check.Check{
	ID:       "duplicate-env-var",
	Title:    "No environment variable is set twice",
	Why:      "Of a variable that is set twice the last one counts: what a reviewer reads first is not what the program gets.",
	Remedy:   "Remove all but the one that is meant.",
	Severity: check.Low, Subject: snapshot.KindPodSpec, Zone: model.ZoneNodeRuntime, Surface: model.SurfaceCredentials, STRIDE: "T", Tier: 2,
	Refs:  refs("", "", "", "C-0295", "", "duplicate-env-var"),
	Forms: everywhere,
	Needs: workloads,
	Reads: []string{"containers.env"},
	Run: func(p *check.Probe) {
		judge(p, func(b *pod) check.Verdict {
			t := b.tally()
			for i := range b.Containers {
				c := &b.Containers[i]
				seen := make(map[string]bool, len(c.Env))
				for j := range c.Env {
					if n := c.Env[j].Name; seen[n] {
						t.bad(c.Path("env["+number(int64(j))+"].name"), n)
					} else {
						seen[n] = true
					}
				}
			}
			return t.verdict("a variable is set twice", "no variable is set twice")
		})
	},
}
