package docker

import (
	"fmt"
	"time"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var swarmNodeCertExpiry = &check.Check{
	ID:    "swarm-node-cert-expiry",
	Title: "Swarm node certificates are short-lived",
	Why: "A node proves itself by a certificate, and a swarm keeps no list of revoked ones beyond the nodes it removed: a stolen key is good until its certificate ends. " +
		"Nodes renew theirs by themselves, so that a short time costs nothing.",
	Remedy:   "docker swarm update --cert-expiry 2160h, or shorter; nodes take it up with their next renewal.",
	Severity: check.Medium, Subject: snapshot.KindSwarm, Zone: model.ZoneHost, Surface: model.SurfaceInsecureDefaults, STRIDE: "S", Tier: 1,
	Refs:   check.CIS(2, "7.8", "7.7", ""),
	Forms:  []check.Form{check.Live},
	Needs:  []snapshot.Part{snapshot.PartEngineInfo, snapshot.PartEngineSwarm},
	Params: []check.Param{{Name: "max_age", Unit: "days", Default: []string{"90"}, Meaning: "validity of node certificates"}},
	Run:    func(p *check.Probe) { judgeSwarm(p, shortLived) },
}

// defaultExpiry is what a swarm gives nodes that states no time.
const defaultExpiry = 90 * dayLong

func shortLived(w *swarm) check.Verdict {
	const source = "GET /info Swarm.Cluster.Spec.CAConfig.NodeCertExpiry"
	expiry, limit := time.Duration(w.NodeCertExpiry)*time.Second, days(w.p.Int("max_age"))
	e := ev(source, expiry.String())
	switch {
	case w.NodeCertExpiry < 0 || w.NodeCertExpiry > int64(36500*dayLong/time.Second):
		return check.Failed("certificates of nodes are valid without an end that matters", ev(source, fmt.Sprintf("%d s", w.NodeCertExpiry)))
	case w.NodeCertExpiry == 0:
		expiry, e = defaultExpiry, ev(source, "not set, which is 90 days")
	}
	if expiry > limit {
		return check.Failed(fmt.Sprintf("certificates of nodes are valid for %s, the policy allows %s", inDays(expiry), inDays(limit)), e)
	}
	return check.Passed("certificates of nodes are valid for "+inDays(expiry), e)
}

// inDays prints a time in whole days, or exactly when it is shorter than one.
func inDays(d time.Duration) string {
	if d < dayLong {
		return d.String()
	}
	return fmt.Sprintf("%d days", d/dayLong)
}

var swarmCARotated = &check.Check{
	ID:    "swarm-ca-rotated",
	Title: "The swarm root certificate is rotated on schedule",
	Why: "Every manager holds the key that makes members of the swarm, and it stands in backups of any of them. Whoever got it once makes certificates that all nodes trust, until the root is replaced. " +
		"The engine makes roots that are valid for twenty years.",
	Remedy:   "docker swarm ca --rotate, while all nodes are up: those that are not must join again.",
	Severity: check.Low, Subject: snapshot.KindSwarm, Zone: model.ZoneHost, Surface: model.SurfaceInsecureDefaults, STRIDE: "S", Tier: 1,
	Refs:   check.CIS(2, "7.9", "7.8", ""),
	Forms:  []check.Form{check.Live},
	Needs:  []snapshot.Part{snapshot.PartEngineInfo, snapshot.PartEngineSwarm},
	Params: []check.Param{{Name: "max_age", Unit: "days", Default: []string{"365"}, Meaning: "age of the root certificate"}},
	Run:    func(p *check.Probe) { judgeSwarm(p, youngRoot) },
}

func youngRoot(w *swarm) check.Verdict {
	const source = "GET /info Swarm.Cluster.TLSInfo.TrustRoot "
	if len(w.RootCertificates) == 0 {
		return check.Undecided(snapshot.ReasonPartial, "the engine did not show the swarm's root certificate")
	}
	oldest := w.RootCertificates[0].NotBefore
	var h hits
	for _, c := range w.RootCertificates {
		h.add(source+c.Subject+", not before", c.NotBefore.Format(time.DateOnly))
		if c.NotBefore.Before(oldest) {
			oldest = c.NotBefore
		}
	}
	taken, limit := w.p.Scope.Taken, w.p.Int("max_age")
	var v check.Verdict
	switch {
	case oldest.After(taken.Add(dayLong)):
		return check.Undecided(snapshot.ReasonSuspect, "the root certificate begins after the evidence was taken: a clock is wrong", h.evidence...)
	case taken.Sub(oldest) > days(limit):
		v = check.Failed(fmt.Sprintf("a root certificate is older than %d days", limit), h.evidence...)
	default:
		v = check.Passed(fmt.Sprintf("the root certificate is younger than %d days", limit), h.evidence...)
	}
	if w.RootRotation {
		v = v.Note("a rotation is under way; nodes that are down hold it up")
	}
	if w.ExternalCAs > 0 {
		v = v.Note("an authority outside of the swarm signs certificates of nodes; its own schedule counts too")
	}
	return h.note(v)
}

var swarmJoinTokenRotated = &check.Check{
	ID:    "swarm-join-token-rotated",
	Title: "Swarm join tokens are rotated on schedule",
	Why: "A join token makes any machine that reaches a manager a member, that of managers with all rights. Tokens end up in shell histories, provisioning scripts and chats, and are valid until replaced. " +
		"The swarm keeps no time of that, so that a person's record is asked for; when the swarm was last changed at all is a hint.",
	Remedy: "docker swarm join-token --rotate worker, and manager; then answer in plimsoll.yaml under answers with status, owner, date and a note.",

	Severity: check.Medium, Subject: snapshot.KindSwarm, Zone: model.ZoneHost, Surface: model.SurfaceInsecureDefaults, STRIDE: "S", Tier: 1,
	Forms:  []check.Form{check.Live},
	Needs:  []snapshot.Part{snapshot.PartEngineInfo},
	Params: []check.Param{recordAge("90")},
	Run:    func(p *check.Probe) { judgeSwarm(p, tokensRotated) },
}

func tokensRotated(w *swarm) check.Verdict {
	v := dated(w.p, "when were the swarm's join tokens last replaced with docker swarm join-token --rotate?")
	if !w.Updated.IsZero() {
		v.Evidence = append(v.Evidence, ev("GET /info Swarm.Cluster.UpdatedAt: no rotation since", w.Updated.Format(time.DateOnly)))
	}
	return v
}
