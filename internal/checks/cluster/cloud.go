package cluster

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

// A provider's own settings are not asked of it: a person declares them by an answer
// with a name and a date, and what the cluster itself shows counts beside that.

// ofCloud fills in what the checks of a provider have in common. The cluster stands
// for it.
func ofCloud(c check.Check) *check.Check {
	c.Subject, c.Zone, c.Surface, c.Tier = snapshot.KindCloud, model.ZoneCloud, model.SurfaceCloudLink, 3
	if c.Forms == nil {
		c.Forms = live
	}
	return &c
}

// noProvider are the schemes of provider IDs that no cloud is behind.
var noProvider = words("kind", "k3s", "minikube", "k3d", "microk8s", "baremetal", "metal3", "harvester", "none", "")

// The providers that some checks are about.
const (
	aws   = "aws"
	gce   = "gce"
	azure = "azure"
)

// onCloud reports whether the cluster is on a cloud, and the verdict where it is not
// or where nothing tells. A person's answer counts as saying that it is.
func onCloud(p *check.Probe) (check.Verdict, bool) {
	if _, answered := p.Answer(); answered || !slices.Contains(noProvider, cluster(p).Provider) {
		return check.Verdict{}, true
	}
	if inFiles(p) {
		return check.Undecided(snapshot.ReasonStatic, "manifests do not say whether the cluster is on a cloud"), false
	}
	if v, ok := p.Need(snapshot.PartClusterNodes); !ok {
		return check.Undecided(snapshot.ReasonNotCollected, "whether the cluster is on a cloud does not show without its nodes: "+v.Message), false
	}
	var evidence []check.Evidence
	if s := cluster(p).Provider; s != "" {
		evidence = append(evidence, ev("spec.providerID", s+"://"))
	}
	return check.Inapplicable("no cloud provider is in use: no node has the ID of one", evidence...), false
}

// onDistribution is onCloud for what one provider's clusters have.
func onDistribution(p *check.Probe, distribution, provider string) (check.Verdict, bool) {
	if v, ok := onCloud(p); !ok {
		return v, false
	}
	c := cluster(p)
	if _, answered := p.Answer(); answered || c.Distribution == distribution {
		return check.Verdict{}, true
	}
	if c.Distribution == "" && c.Provider == provider {
		return check.Undecided(snapshot.ReasonUndeclared, "its nodes are of the provider, but whether it runs the cluster does not show"), false
	}
	return check.Inapplicable("the cluster is no "+strings.ToUpper(distribution)+" cluster", ev("distribution", c.Distribution), ev("provider", c.Provider)), false
}

// fact is the verdict on what only the provider's own settings show: a person's
// answer, else undeclared.
func fact(p *check.Probe, question string, evidence ...check.Evidence) check.Verdict {
	return ask(p, question, "the provider is not asked: "+question, evidence...)
}

// ask is a question when a person answered it, in whose place [check.Run] puts the
// answer, and else says that nobody declared it.
func ask(p *check.Probe, question, undeclared string, evidence ...check.Evidence) check.Verdict {
	if _, ok := p.Answer(); ok {
		return check.Verdict{Status: check.Manual, Message: question, Evidence: evidence}
	}
	return check.Undecided(snapshot.ReasonUndeclared, undeclared, evidence...)
}

// recordAge is how long a dated record counts.
func recordAge() check.Param {
	return check.Param{Name: "max_record_age", Unit: "days", Default: words("365"), Meaning: "age of the dated record"}
}

// dated asks a person; an answer older than the policy's age no longer counts.
func dated(p *check.Probe, question string) check.Verdict {
	limit := p.Int("max_record_age")
	if a, ok := p.Answer(); ok && p.Now.Sub(a.Date) > time.Duration(min(limit, 36500))*24*time.Hour {
		return check.Undecided(snapshot.ReasonUndeclared, fmt.Sprintf("the record of %s is older than %d days", a.Date.Format(time.DateOnly), limit),
			ev("answered by "+a.Owner, a.Date.Format(time.DateOnly)))
	}
	return check.Verdict{Status: check.Manual, Message: question}
}

// declaredRow is a check that only a declared fact decides.
type declaredRow struct {
	id, title        string
	severity         check.Severity
	stride           string
	why, remedy      string
	question         string
	distribution, on string // of one provider's clusters only
	kubescape        string
	covered          []string
}

func (r *declaredRow) check() *check.Check {
	row := *r
	return ofCloud(check.Check{
		ID: row.id, Title: row.title, Severity: row.severity, STRIDE: row.stride, Covered: row.covered,
		Why:    row.why + " The provider is not asked: a person looks and declares it.",
		Remedy: row.remedy + " Then answer in plimsoll.yaml under answers with status, owner, date and a note.",
		Refs:   refs("", "", row.kubescape, "", ""),
		Run: func(p *check.Probe) {
			v, ok := onCloud(p)
			if row.distribution != "" {
				v, ok = onDistribution(p, row.distribution, row.on)
			}
			if ok {
				v = fact(p, row.question, ev("provider", cluster(p).Provider))
			}
			p.Report(v, p.Self())
		},
	})
}

// declared makes the checks that only declared facts decide.
func declared() []*check.Check {
	rows := declaredRows()
	out := make([]*check.Check, len(rows))
	for i := range rows {
		out[i] = rows[i].check()
	}
	return out
}
