package docker

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"plimsoll/internal/check"
	"plimsoll/internal/checktest"
	"plimsoll/internal/snapshot"
)

const page = "../../../docs/disagreements-docker.md"

// Tweaks of the recorded host that leave nothing but the engine, as Debian has it
// and as Docker's packages of line 29 install it there.
const (
	unused = `"network": {"name": "bridge", "default": true, "options": [{"key": "com.docker.network.bridge.enable_icc", "value": "true"}]},
		"snapshot": {"containers": null, "containerSpecs": null, "runtimes": null, "images": null, "volumes": null}`
	engine29 = `, "engine": {"version": "29.8.0", "apiVersion": "1.56", "platform": "Docker Engine - Community", "package": "docker-ce 5:29.8.0-1~debian.12~bookworm",
		"storageDriver": "overlayfs", "containerdStore": true, "firewallBackend": "iptables", "securityOptions": ["name=apparmor", "name=seccomp,profile=builtin", "name=cgroupns"],
		"components": [{"key": "containerd", "value": "v2.2.1"}, {"key": "runc", "value": "1.3.4"}], "builds": null}`
)

// fresh judges an unused host; the worst verdict of each check by its ID.
func fresh(t *testing.T, engine string) map[string]string {
	t.Helper()
	s, p, err := checktest.Tweak([]byte(`{"base": "fresh-debian", ` + unused + engine + `}`))
	if err != nil {
		t.Fatal(err)
	}
	by := make(map[string][]check.Finding)
	for _, f := range check.Run(Suite, check.Inputs{Index: snapshot.NewIndex(s), Policy: p, Now: s.Taken}) {
		by[f.Check.ID] = append(by[f.Check.ID], f)
	}
	out := make(map[string]string)
	for id, findings := range by {
		out[id] = checktest.Worst(findings).String()
	}
	return out
}

// number is a check's number in CIS Docker 1.6.0, "" for none.
func number(c *check.Check) string {
	for _, r := range c.Refs {
		if r.Source == "cis-docker" && r.Edition == "1.6.0" {
			return r.ID
		}
	}
	return ""
}

var (
	row   = regexp.MustCompile("(?m)^\\| ([0-9.]+) \\| `([a-z0-9-]+)` \\| ([a-z-]+) \\| ([a-z-]+) \\| ([A-Z–]+) \\| ([A-Z–]+) \\| (.+) \\| (.+) \\|$")
	agree = regexp.MustCompile(`(?m)^- \*\*([a-z-]+)\*\*: (.+(?:\n  .+)*)$`)
	code  = regexp.MustCompile("`([a-z0-9-]+)`")
)

// says translates a tool's word into a verdict; "" where it decides nothing.
func says(tool, word string) string {
	switch tool + " " + word {
	case "dbs PASS", "aqua PASS":
		return "pass"
	case "dbs WARN", "aqua FAIL":
		return "fail"
	case "dbs NOTE", "aqua WARN":
		return "manual"
	}
	return ""
}

// TestDisagreements holds docs/disagreements-docker.md to the checks.
func TestDisagreements(t *testing.T) {
	raw, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	debian, current := fresh(t, ""), fresh(t, engine29)
	listed := make(map[string]bool)
	find := func(id string) *check.Check {
		if listed[id] {
			t.Errorf("%s is listed twice", id)
		}
		listed[id] = true
		i := slices.IndexFunc(Suite, func(c *check.Check) bool { return c.ID == id })
		if i < 0 {
			t.Errorf("there is no check %s", id)
			return nil
		}
		return Suite[i]
	}
	rows := row.FindAllStringSubmatch(string(raw), -1)
	if n := strings.Count(string(raw), "\n| ") - 1; n != len(rows) {
		t.Errorf("%d of %d rows are understood", len(rows), n)
	}
	for _, m := range rows {
		c := find(m[2])
		if c != nil && number(c) != m[1] {
			t.Errorf("%s is %s, not %s", m[2], number(c), m[1])
		}
		if debian[m[2]] != m[3] || current[m[2]] != m[4] {
			t.Errorf("%s: %s on 20.10 and %s on 29, the page says %s and %s", m[2], debian[m[2]], current[m[2]], m[3], m[4])
		}
		if says("dbs", m[5]) == m[3] && says("aqua", m[6]) == m[3] {
			t.Errorf("%s is no disagreement", m[2])
		}
	}
	for _, m := range agree.FindAllStringSubmatch(string(raw), -1) {
		for _, id := range code.FindAllStringSubmatch(m[2], -1) {
			if find(id[1]); debian[id[1]] != m[1] {
				t.Errorf("%s: %s on 20.10, the page says %s", id[1], debian[id[1]], m[1])
			}
		}
	}
	for _, c := range Suite {
		if number(c) != "" && !listed[c.ID] {
			t.Errorf("%s (%s) is not on the page", c.ID, number(c))
		}
	}
}
