package registry

import (
	"fmt"
	"slices"
	"time"

	"plimsoll/internal/check"
	"plimsoll/internal/snapshot"
)

var healthy = about(check.Check{
	ID:       "registry-health-ok",
	Title:    "The registry answers its health probe",
	Why:      "A registry that is slow or sick stops the next deployment. The base of the API is timed; its own view of its storage comes from a health address, or from a configuration in which the storage's health decides every answer.",
	Remedy:   "Look at the registry's log and storage; set health.storagedriver so that a sick storage shows itself.",
	Severity: check.Low, STRIDE: "D", Tier: 2,
	Params: []check.Param{{Name: "max_time", Unit: "seconds", Default: []string{"2"}, Meaning: "time to answer"}},
}, answersInTime)

func answersInTime(v *view) check.Verdict {
	evidence := []check.Evidence{status("GET /v2/", v.api.Status), ev("milliseconds", v.api.Millis)}
	health := max(v.api.Health, v.Debug.V.Health)
	if health != 0 {
		evidence = append(evidence, status("health", health))
	}
	switch limit := v.p.Int("max_time"); {
	case v.api.Status >= 500 || health >= 500:
		return check.Failed("it says that it is not well", evidence...)
	case v.api.Millis > limit*1000:
		return check.Failed(fmt.Sprintf("it takes longer than %d seconds to answer", limit), evidence...)
	case health == 200:
		return check.Passed("it answers in time, and so does its health address", evidence...)
	case v.cfg != nil && v.cfg.Health:
		return check.Passed("it answers in time, which it does only while its storage is well", append(evidence, v.setting("health.storagedriver.enabled", true))...)
	}
	return check.Undecided(snapshot.ReasonPartial, "it answers in time; no health address was found", evidence...)
}

var versionCurrent = about(check.Check{
	ID:       "registry-version-current",
	Title:    "The registry software is maintained and patched",
	Why:      "A flaw in the registry is a flaw before its login. Plimsoll ships a dated table of flaws of distribution; of other products it knows none, and says so. A distribution's package may carry a fix under an old number, so that a number alone is a suspicion there.",
	Remedy:   "Move to a release of a maintained line: distribution 3.x, or your distribution's current package.",
	Severity: check.Medium, STRIDE: "E", Tier: 2,
}, patched)

func patched(v *view) check.Verdict {
	evidence := []check.Evidence{ev("product", v.Product), ev("version", v.Version), ev("table of flaws, dated", flawsDate.Format(time.DateOnly))}
	number, ok := parseVersion(v.Version)
	switch {
	case v.Product == "" || v.Version == "":
		return check.Undecided(snapshot.ReasonNotCollected, "it does not say what it is, and in which version")
	case v.Product != "distribution":
		return check.Undecided(snapshot.ReasonNotCollected, "the table has no flaws of this product", evidence...)
	case !ok:
		return check.Undecided(snapshot.ReasonUnparsable, "its version is not a number", evidence...)
	}
	packaged := v.cfg != nil && v.cfg.Package != ""
	for _, f := range flaws {
		if !f.affects(number) {
			continue
		}
		evidence = append(evidence, ev(f.cve, "fixed in "+f.fixed.String()))
		if packaged {
			return check.Undecided(snapshot.ReasonSuspect, "its number is of a release with a known flaw, which the package may have fixed", evidence...)
		}
		return check.Failed("its release has a known flaw", evidence...)
	}
	taken := v.p.Scope.Taken
	if taken.IsZero() {
		taken = v.p.Snapshot.Taken
	}
	switch {
	case taken.Sub(flawsDate) > staleAfter:
		return check.Undecided(snapshot.ReasonStaleData, "the table of flaws is older than 180 days; use a newer Plimsoll", evidence...)
	case number[0] < oldestLine && packaged:
		return check.Undecided(snapshot.ReasonSuspect, "its line is no longer maintained by its project; the package may be", evidence...)
	case number[0] < oldestLine:
		return check.Failed("its line is no longer maintained", evidence...)
	}
	return check.Passed("its release is maintained and has no flaw of the table", evidence...)
}

var retention = manual("registry-retention-policy", "Old images are removed by rule", check.Low, "D",
	"Images that nobody needs fill the storage until a push fails, and keep flaws within reach; a rule that knows no exception removes what is running. Rules are behind the registry's own login.",
	"Set a retention rule that spares release tags and digests in use, and answer in plimsoll.yaml under answers with owner and date.",
	"does a rule remove old images, and spare release tags and digests in use?", nil)

var robots = manual("registry-robot-accounts-scoped", "Robot accounts are personal to a job and limited", check.Medium, "R",
	"An account that several jobs share, or that never ends, tells nobody who pushed. Accounts are behind the registry's own login. Those of a password file have neither an end nor a limit.",
	"Give each job an account of its own with an expiry and named repositories, and answer in plimsoll.yaml under answers with owner and date.",
	"has every robot account an owner, an expiry and rights on named repositories?",
	func(v *view) (check.Verdict, bool) {
		switch {
		case v.open() && v.api.Status == 200:
			return check.Failed("it knows no accounts, so that nothing is attributed to anyone", v.setting("auth", v.auth())), true
		case v.cfg != nil && slices.Equal(v.cfg.Auth, []string{"htpasswd"}):
			return check.Failed("its accounts are those of a password file, without an end and with every right", v.setting("auth", v.auth())), true
		}
		return check.Verdict{}, false
	})

// manual is a check whose answer a person gives, unless something shows itself.
func manual(id, title string, sev check.Severity, stride, why, remedy, question string, shows func(*view) (check.Verdict, bool)) *check.Check {
	return about(check.Check{ID: id, Title: title, Why: why, Remedy: remedy, Severity: sev, STRIDE: stride, Tier: 2}, func(v *view) check.Verdict {
		if shows != nil {
			if out, ok := shows(v); ok {
				return out
			}
		}
		return check.Verdict{Status: check.Manual, Message: question}
	})
}

var secondFactor = about(check.Check{
	ID:       "registry-sso-mfa",
	Title:    "Registry administrators sign in with a second factor",
	Why:      "Who has an administrator's password owns every image that hosts will run. How administrators sign in is a matter of the identity provider, of which a person must keep a dated record; it counts until it is older than the policy's age.",
	Remedy:   "Put sign-in behind an identity provider that demands a second factor, and answer in plimsoll.yaml under answers with status, owner, date and a note.",
	Severity: check.Medium, STRIDE: "E", Tier: 3,
	Params: []check.Param{recordAge},
}, func(v *view) check.Verdict {
	return v.record("do administrators sign in through an identity provider that demands a second factor?")
})

var recordAge = check.Param{Name: "max_record_age", Unit: "days", Default: []string{"365"}, Meaning: "age of the dated record"}

// record asks a person, whose answer holds until it is too old.
func (v *view) record(question string) check.Verdict {
	limit := v.p.Int("max_record_age")
	if a, ok := v.p.Answer(); ok && v.p.Now.Sub(a.Date) > time.Duration(min(limit, 36500))*24*time.Hour {
		return check.Undecided(snapshot.ReasonUndeclared, fmt.Sprintf("the record of %s is older than %d days", a.Date.Format(time.DateOnly), limit),
			ev("answered by "+a.Owner, a.Date.Format(time.DateOnly)))
	}
	return check.Verdict{Status: check.Manual, Message: question}
}

var enterpriseScans = about(check.Check{
	ID:       "ee-dtr-scanning",
	Title:    "The enterprise registry scans images",
	Why:      "The registry of the former Docker Enterprise (now Mirantis) can scan what is pushed, and does so only when it is told to. Its settings are behind its login; a person must keep a dated record.",
	Remedy:   "Turn scanning on in the registry's settings, and answer in plimsoll.yaml under answers with status, owner, date and a note; answer not-applicable for another product.",
	Severity: check.Medium, STRIDE: "SE", Tier: 1,
	Refs:   check.CIS(1, "8.2.1", "", ""),
	Params: []check.Param{recordAge},
}, func(v *view) check.Verdict {
	if v.Product != "" && v.Sure {
		return check.Inapplicable("it is another product", ev("product", v.Product))
	}
	return v.record("if this is the enterprise product's registry: does it scan every image that is pushed?")
})
