package scan

import (
	"encoding/json"
	"strings"
)

// trivy reads the JSON report of trivy image.
func (f *File) trivy(raw []byte) error {
	f.tool = "trivy"
	var r struct {
		CreatedAt string
		Metadata  struct {
			ImageID     string
			RepoDigests []string
		}
		Results []struct {
			Vulnerabilities []struct{ VulnerabilityID, PkgName, Severity, FixedVersion string }
		}
	}
	if err := json.Unmarshal(raw, &r); err != nil {
		return err
	}
	f.taken = moment(r.CreatedAt)
	f.digest(append(r.Metadata.RepoDigests, r.Metadata.ImageID)...)
	for _, res := range r.Results {
		for _, v := range res.Vulnerabilities {
			if err := f.flaw(v.VulnerabilityID, v.PkgName, v.Severity, v.FixedVersion); err != nil {
				return err
			}
		}
	}
	return nil
}

// grype reads the JSON report of grype.
func (f *File) grype(raw []byte) error {
	f.tool = "grype"
	var r struct {
		Descriptor struct{ Timestamp string }
		Source     struct{ Target json.RawMessage }
		Matches    []struct {
			Vulnerability struct {
				ID, Severity string
				Fix          struct {
					State    string
					Versions []string
				}
			}
			Artifact struct{ Name string }
		}
	}
	if err := json.Unmarshal(raw, &r); err != nil {
		return err
	}
	f.taken = moment(r.Descriptor.Timestamp)
	var target struct {
		ImageID, ManifestDigest string
		RepoDigests             []string
	}
	if json.Unmarshal(r.Source.Target, &target) == nil { // a folder's target is a path
		f.digest(append(target.RepoDigests, target.ImageID, target.ManifestDigest)...)
	}
	for _, m := range r.Matches {
		fixed := ""
		if m.Vulnerability.Fix.State == "fixed" {
			fixed = strings.Join(m.Vulnerability.Fix.Versions, ", ")
		}
		if err := f.flaw(m.Vulnerability.ID, m.Artifact.Name, m.Vulnerability.Severity, fixed); err != nil {
			return err
		}
	}
	return nil
}

// material is a bill of materials of CycloneDX, as far as it is read.
type material struct {
	Metadata struct {
		Timestamp string
		Component struct {
			PURL, Version string
			BOMRef        string `json:"bom-ref"`
			Properties    []struct{ Name, Value string }
			Hashes        []struct{ Alg, Content string }
		}
	}
	Components      []json.RawMessage
	Vulnerabilities *[]materialFlaw
}

type materialFlaw struct {
	ID             string
	Ratings        []struct{ Severity string }
	Recommendation string
	Affects        []struct {
		Ref      string
		Versions []struct{ Version, Status string }
	}
	Analysis struct{ State, Justification string }
}

// cycloneDX reads a bill of materials, with its vulnerabilities where it has any.
func (f *File) cycloneDX(raw []byte) error {
	f.tool = "cyclonedx"
	var r material
	if err := json.Unmarshal(raw, &r); err != nil {
		return err
	}
	f.taken, f.sbom = moment(r.Metadata.Timestamp), len(r.Components) > 0
	c := r.Metadata.Component
	f.digest(c.PURL, c.Version, c.BOMRef)
	for _, p := range c.Properties {
		if strings.HasSuffix(p.Name, ":ImageID") || strings.HasSuffix(p.Name, ":RepoDigest") {
			f.digest(p.Value)
		}
	}
	for _, h := range c.Hashes {
		if h.Alg == "SHA-256" {
			f.digest("sha256:" + h.Content)
		}
	}
	if f.noFlaws = r.Vulnerabilities == nil; f.noFlaws {
		return nil
	}
	for i := range *r.Vulnerabilities {
		v := &(*r.Vulnerabilities)[i]
		if v.moot() {
			continue
		}
		if err := v.add(f); err != nil {
			return err
		}
	}
	return nil
}

// moot reports whether the document itself takes the flaw off, with its reason.
func (v *materialFlaw) moot() bool {
	switch v.Analysis.State {
	case "not_affected":
		return v.Analysis.Justification != ""
	case "resolved", "false_positive":
		return true
	}
	return false
}

func (v *materialFlaw) add(f *File) error {
	severity, pkg, fixed := "", "", strings.TrimSpace(v.Recommendation)
	if len(v.Ratings) > 0 {
		severity = v.Ratings[0].Severity
	}
	for _, a := range v.Affects {
		pkg = a.Ref
		for _, ver := range a.Versions {
			if ver.Status == "unaffected" {
				fixed = ver.Version
			}
		}
	}
	return f.flaw(v.ID, pkg, severity, fixed)
}

// openVEX reads statements; those that a flaw does not affect a product, with a
// reason, and those that it is fixed there take the flaw off.
func (f *File) openVEX(raw []byte) error {
	f.tool = "openvex"
	var r struct {
		Statements []struct {
			Vulnerability         json.RawMessage
			Status, Justification string
			ImpactStatement       string `json:"impact_statement"`
			Products              []json.RawMessage
		}
	}
	if err := json.Unmarshal(raw, &r); err != nil {
		return err
	}
	for _, s := range r.Statements {
		why := s.Status
		switch {
		case s.Status == "fixed":
		case s.Status == "not_affected" && s.Justification != "":
			why += ", " + text(s.Justification)
		case s.Status == "not_affected" && s.ImpactStatement != "":
			why += ", with an impact statement"
		default:
			continue // affected, under investigation, or without the reason that the specification asks for
		}
		products := new(File)
		for _, p := range s.Products {
			products.product(p)
		}
		for _, id := range vulnerability(s.Vulnerability) {
			if len(products.digests) > 0 && len(f.vex) < maxListed {
				f.vex = append(f.vex, statement{id: id, why: why, digests: products.digests})
			}
		}
	}
	return nil
}

// product takes the digests of one product: an identifier, or an object with
// identifiers and hashes.
func (f *File) product(raw json.RawMessage) {
	var id string
	if json.Unmarshal(raw, &id) == nil {
		f.digest(id)
		return
	}
	var p struct {
		ID          string `json:"@id"`
		Identifiers map[string]string
		Hashes      map[string]string
	}
	if json.Unmarshal(raw, &p) != nil {
		return
	}
	f.digest(p.ID)
	for _, v := range p.Identifiers {
		f.digest(v)
	}
	f.digest("sha256:" + p.Hashes["sha-256"])
}

// vulnerability returns the names of a flaw.
func vulnerability(raw json.RawMessage) []string {
	var name string
	if json.Unmarshal(raw, &name) == nil && name != "" {
		return []string{text(name)}
	}
	var v struct {
		Name    string
		Aliases []string
	}
	if json.Unmarshal(raw, &v) != nil || v.Name == "" {
		return nil
	}
	out := []string{text(v.Name)}
	for _, a := range v.Aliases[:min(len(v.Aliases), 16)] {
		out = append(out, text(a))
	}
	return out
}
