package example

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"plimsoll/internal/assess"
	"plimsoll/internal/check"
	"plimsoll/internal/checks/docker"
	"plimsoll/internal/model"
	"plimsoll/internal/plan"
	"plimsoll/internal/policy"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
	"plimsoll/internal/threat"
)

func TestExampleIsSealedAndWhole(t *testing.T) {
	s, err := Example()
	if err != nil {
		t.Fatal(err)
	}
	if !s.Complete || len(s.Containers) < 8 || s.ID == "" {
		t.Errorf("complete %t, %d containers, ID %q", s.Complete, len(s.Containers), s.ID)
	}
	for _, p := range s.Parts {
		if p.Part == snapshot.PartImageContents || p.Part == snapshot.PartImageEvidence {
			continue // only of images that someone names
		}
		if p.State != snapshot.Observed && p.State != snapshot.Absent {
			t.Errorf("%s is %s: the example shows what can be seen", p.Part, p.State)
		}
	}
}

// TestExampleTellsNothing looks for what would lead back to the machine that
// the example was recorded on, and for the values that were given as secrets.
func TestExampleTellsNothing(t *testing.T) {
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	for what, pattern := range map[string]string{
		"a name of this machine":     `"` + regexp.QuoteMeta(host) + `"`,
		"a folder of a test":         `plimsoll-test`,
		"the testbed":                `testbed|127\.0\.0\.1|localhost`,
		"a user's folder":            `/(home|Users)/|/root/[^.]|/root/\.[^d]`, // .docker of root is everywhere
		"an invented secret's value": `not-a-real-one|git\.example`,
		"a public or real address":   `\b(?:172|192)\.\d+\.\d+\.\d+\b|[0-9a-f]{2}(:[0-9a-f]{2}){5}`,
		"a kernel of its own":        `fc-v|azure|aws|gcp|microsoft`,
	} {
		if m := regexp.MustCompile(pattern).Find(recorded); m != nil {
			t.Errorf("the example has %s: %s", what, m)
		}
	}
}

func TestExampleShowsTheThreats(t *testing.T) {
	s, err := Example()
	if err != nil {
		t.Fatal(err)
	}
	a, err := assess.Assess(assess.Inputs{
		Snapshot: s, Suite: docker.Suite, Planned: docker.Planned(), Policy: &policy.Policy{}, Now: s.Taken,
		Plan: plan.Options{Max: 3, Allow: step.DisturbRecreate},
	})
	if err != nil {
		t.Fatal(err)
	}
	open := make(map[model.Zone]bool)
	for _, x := range a.Threats {
		open[x.Threat.Zone] = open[x.Threat.Zone] || x.Status == threat.Open
	}
	for _, z := range []model.Zone{model.ZoneClient, model.ZoneHost, model.ZoneRegistry} {
		if !open[z] {
			t.Errorf("no threat is open in zone %s", z)
		}
	}
	fails := make(map[string]bool) // check and subject
	for _, f := range a.Findings {
		for _, m := range f.Members {
			fails[f.Check.ID+" "+a.Index.Subjects[m].Name] = f.Status == check.Fail
		}
	}
	for _, want := range []string{
		"container-no-docker-socket ci-runner", "container-not-privileged vpn-old", "container-no-host-network node-exporter",
		"container-no-sensitive-host-mounts backup", "container-restart-policy-bounded shop-web", "container-memory-limit shop-db",
		"container-seccomp-enabled shop-cache",
	} {
		if !fails[want] {
			t.Errorf("no failure of %s", want)
		}
	}
	for finding, failed := range fails {
		if failed && strings.HasSuffix(finding, " mailer") {
			t.Errorf("the container that is run well fails %s", finding)
		}
	}
}
