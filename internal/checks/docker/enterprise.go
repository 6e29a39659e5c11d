package docker

import (
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

// enterpriseRow is one setting of the product that was Docker Enterprise and is
// Mirantis Kubernetes Engine.
type enterpriseRow struct {
	id, number, title, question, why, remedy string
	severity                                 check.Severity
}

func enterpriseRows() []enterpriseRow {
	return []enterpriseRow{
		{
			"ee-ldap", "8.1.1", "Enterprise sign-in uses the directory service", "does sign-in to the enterprise product go through the directory service (LDAP or SAML)?",
			"Accounts of its own outlive the people who left, with passwords that no rule of the house governs.",
			"Set the directory service under Admin Settings, Authentication.", check.Low,
		},
		{
			"ee-external-certs", "8.1.2", "Enterprise endpoints use external certificates", "do the endpoints of the enterprise product have certificates of an authority that its users trust?",
			"Certificates that it signed for itself teach its users to click warnings away, and with them those of an attacker in the middle.",
			"Install certificates of your authority under Admin Settings, Certificates.", check.Low,
		},
		{
			"ee-client-bundles", "8.1.3", "Enterprise users hold personal client bundles", "does every user of the enterprise product who calls its API hold a client bundle of their own?",
			"With a shared bundle nobody can tell who did what, and it cannot be revoked for one.",
			"Let each user make a client bundle of their own and revoke shared ones.", check.Low,
		},
		{
			"ee-rbac", "8.1.4", "Enterprise access rules follow least privilege", "do the grants of the enterprise product give teams no more than they need?",
			"The API of a cluster is root on its nodes; who may schedule anywhere with any mount owns them.",
			"Review grants, roles and collections; remove Full Control where a narrower role does.", check.Medium,
		},
		{
			"ee-signed-images", "8.1.5", "Enterprise clusters run signed images only", "does the enterprise product refuse images that were not signed by the teams you chose?",
			"Without it whoever can push to the registry, or between it and the nodes, decides what runs.",
			"Switch on signed images only under Admin Settings, Docker Content Trust, and name the teams.", check.Medium,
		},
		{
			"ee-session-limit", "8.1.6", "Enterprise sessions per user are limited", "is the number of sessions of one user of the enterprise product limited?",
			"Without a limit a stolen password makes sessions that the owner does not notice.",
			"Set the limit of sessions per user under Admin Settings, Authentication.", check.Low,
		},
		{
			"ee-session-lifetime", "8.1.7", "Enterprise sessions expire in reasonable time", "do sessions of the enterprise product end by themselves within a working day?",
			"A session that does not end is a key left in the door of every browser it was opened in.",
			"Set the lifetime and the renewal of sessions under Admin Settings, Authentication.", check.Low,
		},
	}
}

// enterpriseRecords makes the product's checks. Its settings are behind its own
// sign-in, so that each is a question to a person.
func enterpriseRecords() []*check.Check {
	var out []*check.Check
	for _, r := range enterpriseRows() {
		out = append(out, &check.Check{
			ID: r.id, Title: r.title, Severity: r.severity,
			Why:     r.why + " Only an administrator of the product can see it, so that a person's record with a date is asked for.",
			Remedy:  r.remedy + " Then answer in plimsoll.yaml under answers with status, owner, date and a note.",
			Subject: snapshot.KindSwarm, Zone: model.ZoneHost, Surface: model.SurfaceClientAuthorization, STRIDE: "SE", Tier: 1,
			Refs:   check.CIS(1, r.number, "", ""),
			Forms:  []check.Form{check.Live},
			Needs:  []snapshot.Part{snapshot.PartEngineInfo, snapshot.PartEngineContainers},
			Params: []check.Param{recordAge("365")},
			Run: func(p *check.Probe) {
				subject := p.Index.SwarmSubject(p.Scope.ID)
				if subject < 0 {
					subject = p.Self()
				}
				p.Report(judgeEnterprise(p, r.question), subject)
			},
		})
	}
	return out
}

func judgeEnterprise(p *check.Probe, question string) check.Verdict {
	e := p.Engine()
	if e == nil {
		return check.Undecided(snapshot.ReasonFailed, "the engine did not describe itself")
	}
	by, ok := enterpriseBy(p, e)
	if !ok {
		return check.Inapplicable("the engine is not part of the enterprise product", ev("GET /version Platform.Name", e.Platform))
	}
	v := dated(p, question)
	v.Evidence = append(v.Evidence, by)
	return v
}

// enterpriseBy says what shows that an engine belongs to the product: how it names
// itself, or the product's own containers.
func enterpriseBy(p *check.Probe, e *snapshot.Engine) (check.Evidence, bool) {
	if strings.Contains(e.Platform, "Enterprise") || strings.Contains(e.Platform, "Mirantis") {
		return ev("GET /version Platform.Name", e.Platform), true
	}
	for i := range p.Snapshot.Containers {
		c := &p.Snapshot.Containers[i]
		r := snapshot.ParseReference(p.Snapshot.ContainerSpecs[c.Spec].Image)
		if c.Scope == p.Scope.ID && (strings.HasPrefix(r.Repository, "docker/ucp") || strings.HasPrefix(r.Repository, "mirantis/ucp")) {
			return ev("image of "+c.Name, r.Repository), true
		}
	}
	return check.Evidence{}, false
}
