package docker

import (
	"fmt"
	"time"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var hostHardened = &check.Check{
	ID:    "host-hardened",
	Title: "The host has a recent hardening record",
	Why: "An engine is no safer than the machine below it: accounts, ssh, updates and file systems of the host are outside what Plimsoll reads. " +
		"Somebody must have hardened it by a benchmark of its distribution and looked again since. The record is a person's word with a date and a reference; it counts until it is older than the policy's age.",
	Remedy:   "Run a benchmark of the distribution (OpenSCAP, Lynis or the CIS tool), keep its result, and answer in plimsoll.yaml under answers with status, owner, date and a note that says where the result is.",
	Severity: check.Medium, Subject: snapshot.KindHost, Zone: model.ZoneHost, Surface: model.SurfaceHostMisconfig, STRIDE: "STRIDE", Tier: 1,
	Refs:   check.CIS(1, "1.1.1", "1.2.1", "1.2.1"),
	Forms:  []check.Form{check.Live},
	Params: []check.Param{recordAge("365")},
	Run: func(p *check.Probe) {
		p.Report(judgeRecord(p), p.Self())
	},
}

func judgeRecord(p *check.Probe) check.Verdict {
	if len(enginesOn(p)) == 0 {
		return check.Inapplicable("the machine is no container host")
	}
	return dated(p, "was this machine hardened by a benchmark of its distribution, and where is the result?")
}

// recordAge is the parameter of checks that ask for a person's record.
func recordAge(days string) check.Param {
	return check.Param{Name: "max_record_age", Unit: "days", Default: []string{days}, Meaning: "age of the dated record"}
}

// dated asks a person; an answer older than the policy's age no longer counts.
func dated(p *check.Probe, question string) check.Verdict {
	limit := p.Int("max_record_age")
	if a, ok := p.Answer(); ok && p.Now.Sub(a.Date) > days(limit) {
		return check.Undecided(snapshot.ReasonUndeclared, fmt.Sprintf("the record of %s is older than %d days", a.Date.Format(time.DateOnly), limit),
			ev("answered by "+a.Owner, a.Date.Format(time.DateOnly)))
	}
	return check.Verdict{Status: check.Manual, Message: question}
}
