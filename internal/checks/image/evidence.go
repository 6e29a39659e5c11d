package image

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/shared"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var scannedAndRebuilt = &check.Check{
	ID:    "image-scanned-and-rebuilt",
	Title: "Images have a recent scan without fixable serious flaws",
	Why: "Flaws become known after an image was built, and most of what is exploited had been mended for months. Plimsoll has no database of flaws: it reads the reports of Trivy, Grype and CycloneDX that --report names. " +
		"A report counts only for the digest it names, and only while it is young. Flaws without a fixed version do not fail, since no rebuild helps; those that an OpenVEX document takes off, with its reason, are left out and named.",
	Remedy:   "Rebuild on a current base and scan again: trivy image --format json -o report.json NAME@DIGEST, then plimsoll assess --report report.json. State with OpenVEX what does not affect you.",
	Severity: check.High, Subject: snapshot.KindImage, Zone: model.ZoneRegistry, Surface: model.SurfaceOpenSource, STRIDE: "E", Tier: 1,
	Refs:  check.CIS(1, "4.4", "4.4", ""),
	Forms: []check.Form{check.Live, check.Image},
	Params: []check.Param{
		{Name: "max_report_age", Unit: "days", Default: []string{"30"}, Meaning: "oldest report that counts"},
		{Name: "min_severity", Unit: "severity", Default: []string{"high"}, Meaning: "lowest finding that fails"},
	},
	Run: func(p *check.Probe) {
		if noneHas(p, func(m *snapshot.Image) bool { return len(m.Evidence.V.Reports) > 0 }) {
			p.Report(check.Undecided(snapshot.ReasonUndeclared, "no report of a scanner was given for any image"), p.Self())
			return
		}
		age, least := p.Int("max_report_age"), "high"
		if v, _ := p.List("min_severity"); len(v) == 1 && slices.Contains(severities, v[0]) {
			least = v[0]
		}
		judge(p, func(v view) check.Verdict { return scanned(v, age, least) })
	},
}

// noneHas reports whether the scope has images, and none of them has something.
func noneHas(p *check.Probe, has func(*snapshot.Image) bool) bool {
	images := 0
	for i := range p.Snapshot.Images {
		m := &p.Snapshot.Images[i]
		if m.Scope != p.Scope.ID {
			continue
		}
		if has(m) {
			return false
		}
		images++
	}
	return images > 0
}

// severities that fail by the policy's least one.
var severities = []string{"critical", "high", "medium", "low"}

func scanned(v view, maxAge int64, least string) check.Verdict {
	var newest *snapshot.ImageReport
	for i := range v.Evidence.V.Reports {
		r := &v.Evidence.V.Reports[i]
		if !r.NoFlaws && (newest == nil || r.Taken > newest.Taken) {
			newest = r
		}
	}
	if newest == nil {
		return check.Undecided(snapshot.ReasonUndeclared, "no report of a scanner names its digest")
	}
	source := ev(newest.Tool+" report", newest.Source)
	taken, err := time.Parse(time.RFC3339, newest.Taken)
	if err != nil {
		return check.Undecided(snapshot.ReasonPartial, "the report on it does not say when it was made", source)
	}
	at := v.p.Scope.Taken
	if at.IsZero() {
		at = v.p.Snapshot.Taken
	}
	const day = 24 * time.Hour
	age := int64(at.Sub(taken) / day)
	verdict := seriousFlaws(newest, least, source)
	switch {
	case verdict.Status == check.Fail:
		return verdict
	case age > maxAge:
		return check.Failed(fmt.Sprintf("the newest report on it is %d days old", age), source, ev("policy, max_report_age", strconv.FormatInt(maxAge, 10)))
	}
	return verdict
}

// seriousFlaws judges one report.
func seriousFlaws(r *snapshot.ImageReport, least string, source check.Evidence) check.Verdict {
	counting := severities[:slices.Index(severities, least)+1]
	fixable := 0
	var totals []string
	for _, c := range r.Counts {
		totals = append(totals, fmt.Sprintf("%d %s", c.Total, c.Name))
		if slices.Contains(counting, c.Name) {
			fixable += c.Fixed
		}
	}
	var h shared.Hits
	h.Add(source)
	for _, f := range r.Flaws {
		if slices.Contains(counting, f.Severity) {
			h.Add(ev(f.ID+" in "+f.Package, f.Severity+", fixed in "+f.Fixed))
		}
	}
	v := check.Passed("the report on it has no such flaw that a rebuild would mend", source)
	if fixable > 0 {
		v = h.Failed(fmt.Sprintf("flaws of severity %s or worse have a fixed version: %d", least, fixable))
	}
	if len(totals) > 0 {
		v = v.Note("in all: " + strings.Join(totals, ", "))
	}
	if len(r.Muted) > 0 {
		v = v.Note("taken off by OpenVEX: " + firstFew(r.Muted))
	}
	return v
}

var sbomPresent = &check.Check{
	ID:    "image-sbom-present",
	Title: "The image has a bill of materials",
	Why: "When the next flaw in a library becomes known, a list of what is in each image says within minutes who is affected. " +
		"A list counts that is attached to the image in its index or registry, or that --report names for its digest.",
	Remedy:   "Let the build attach one (docker buildx build --sbom=true), or make one with syft or trivy and give it with --report.",
	Severity: check.Low, Subject: snapshot.KindImage, Zone: model.ZoneRegistry, Surface: model.SurfaceOpenSource, STRIDE: "R", Tier: 1,
	Forms: []check.Form{check.Live, check.Image},
	Run: func(p *check.Probe) {
		if noneHas(p, func(m *snapshot.Image) bool { return m.Evidence.Known() }) {
			p.Report(check.Undecided(snapshot.ReasonNotCollected, "what is attached to the images was not seen, and no list was given"), p.Self())
			return
		}
		judge(p, materials)
	},
}

func materials(v view) check.Verdict {
	for _, r := range v.Evidence.V.Reports {
		if r.SBOM {
			return check.Passed("a list of what is in it was given", ev(r.Tool, r.Source))
		}
	}
	for _, a := range v.Evidence.V.Attestations {
		if kind := strings.ToLower(a.Type); strings.Contains(kind, "spdx") || strings.Contains(kind, "cyclonedx") {
			return check.Passed("a list of what is in it is attached", ev("attestation", a.Type))
		}
	}
	if v.Evidence.Known() && v.Evidence.Source == "index" {
		return check.Failed("no list of what is in it is attached", ev("attestations", strconv.Itoa(len(v.Evidence.V.Attestations))))
	}
	return check.Undecided(snapshot.ReasonNotCollected, "what is attached to it was not seen, and no list was given")
}
