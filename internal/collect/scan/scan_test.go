package scan

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"plimsoll/internal/snapshot"
)

const (
	id       = "sha256:" + "1111111111111111111111111111111111111111111111111111111111111111"
	manifest = "sha256:" + "2222222222222222222222222222222222222222222222222222222222222222"
	other    = "sha256:" + "3333333333333333333333333333333333333333333333333333333333333333"
)

// The shapes of documents, as the tools of the second half of 2025 write them.
var documents = map[string]string{
	"trivy": `{"SchemaVersion":2,"CreatedAt":"2026-10-01T10:00:00.5+02:00","ArtifactName":"web","Metadata":{"ImageID":"` + id + `"},"Results":[{"Vulnerabilities":[
		{"VulnerabilityID":"CVE-1","PkgName":"ssl","Severity":"HIGH","FixedVersion":"3"},{"VulnerabilityID":"CVE-2","PkgName":"z","Severity":"CRITICAL"}]},{"Target":"none"}]}`,
	"grype": `{"matches":[{"vulnerability":{"id":"CVE-1","severity":"High","fix":{"state":"fixed","versions":["3","4"]}},"artifact":{"name":"ssl"}},
		{"vulnerability":{"id":"CVE-2","severity":"Critical","fix":{"state":"not-fixed"}},"artifact":{"name":"z"}}],
		"source":{"type":"image","target":{"imageID":"` + other + `","manifestDigest":"` + manifest + `"}},"descriptor":{"name":"grype","timestamp":"2026-10-01T08:00:00Z"}}`,
	"cyclonedx": `{"bomFormat":"CycloneDX","metadata":{"timestamp":"2026-10-01T08:00:00Z","component":{"purl":"pkg:oci/web@sha256%3A` + manifest[7:] + `?arch=amd64"}},
		"components":[{"name":"ssl"}],"vulnerabilities":[{"id":"CVE-1","ratings":[{"severity":"high"}],"recommendation":"Upgrade ssl to 3","affects":[{"ref":"pkg:deb/ssl"}]},
		{"id":"CVE-2","ratings":[{"severity":"critical"}]},{"id":"CVE-9","ratings":[{"severity":"critical"}],"recommendation":"x","analysis":{"state":"not_affected","justification":"code_not_present"}}]}`,
	"syft": `{"bomFormat":"CycloneDX","metadata":{"component":{"name":"web","version":"` + manifest + `"}},"components":[{"name":"ssl"}]}`,
	"vex": `{"@context":"https://openvex.dev/ns/v0.2.0","statements":[
		{"vulnerability":{"name":"CVE-1"},"products":[{"@id":"pkg:oci/web@sha256%3A` + manifest[7:] + `"}],"status":"not_affected","justification":"component_not_present"},
		{"vulnerability":"CVE-2","products":["pkg:oci/web@sha256:` + manifest[7:] + `"],"status":"not_affected"}]}`,
}

func parse(t *testing.T, name string) *File {
	t.Helper()
	f, err := Parse(strings.NewReader(documents[name]), name+".json")
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func images() []snapshot.Image {
	m := snapshot.Image{ID: id}
	m.Config = snapshot.Seen(snapshot.ImageConfig{Manifest: manifest}, "")
	return []snapshot.Image{m, {ID: other[:70] + "4", Digests: []string{"web@" + other[:70] + "5"}}}
}

func TestReportsSayTheSame(t *testing.T) {
	for _, name := range []string{"trivy", "grype", "cyclonedx"} {
		m := images()
		unused := Attach(m, []*File{parse(t, name)})
		if len(unused) > 0 || len(m[0].Evidence.V.Reports) != 1 || m[1].Evidence.Known() {
			t.Fatalf("%s: unused %q, images %+v", name, unused, m)
		}
		r := m[0].Evidence.V.Reports[0]
		if r.Tool != name || r.Taken != "2026-10-01T08:00:00Z" || fmt.Sprint(r.Counts) != "[{critical 0 1} {high 1 1}]" || len(r.Flaws) != 1 || r.Flaws[0].ID != "CVE-1" || r.NoFlaws || r.SBOM != (name == "cyclonedx") {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

func TestListOfPackagesIsNoScan(t *testing.T) {
	m := images()
	Attach(m, []*File{parse(t, "syft")})
	if r := m[0].Evidence.V.Reports; len(r) != 1 || !r[0].SBOM || !r[0].NoFlaws {
		t.Errorf("%+v", r)
	}
}

func TestStatementNeedsAReason(t *testing.T) {
	m := images()
	if unused := Attach(m, []*File{parse(t, "trivy"), parse(t, "vex")}); len(unused) > 0 {
		t.Errorf("unused %q", unused)
	}
	r := m[0].Evidence.V.Reports
	if len(r) != 1 || strings.Join(r[0].Muted, "") != "CVE-1: not_affected, component_not_present" || fmt.Sprint(r[0].Counts) != "[{critical 0 1}]" {
		t.Errorf("%+v", r)
	}
}

func TestReportOnAnotherImage(t *testing.T) {
	f, err := Parse(strings.NewReader(strings.ReplaceAll(documents["trivy"], id, other)), "x.json")
	if err != nil {
		t.Fatal(err)
	}
	m := images()
	if unused := Attach(m, []*File{f}); len(unused) != 1 || m[0].Evidence.Known() {
		t.Errorf("unused %q, %+v", unused, m[0].Evidence)
	}
}

func TestRefusals(t *testing.T) {
	for text, want := range map[string]string{
		"":                         "no JSON report",
		"[]":                       "no JSON report",
		"{}":                       "no known kind",
		strings.Repeat("[", 20000): "no JSON report",
		`{"SchemaVersion":2,"ArtifactName":"web","Metadata":{}}`:                            "names no image by a digest",
		`{"SchemaVersion":2,"ArtifactName":"web","Metadata":{"ImageID":"sha256:CANARY"}}`:   "names no image by a digest",
		`{"SchemaVersion":2,"ArtifactName":"web","Results":"CANARY"}`:                       "field of another form",
		`{"matches":[],"descriptor":{},"source":{"type":"directory","target":"/CANARY"}}`:   "names no image by a digest",
		`{"@context":"https://openvex.dev/ns/v0.2.0","statements":[{"status":"affected"}]}`: "names no image by a digest",
	} {
		_, err := Parse(strings.NewReader(text), "r.json")
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "r.json") || strings.Contains(err.Error(), "CANARY") {
			t.Errorf("%.60q: error %v, want one that says %q", text, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, d := range documents {
		f.Add(d)
	}
	f.Fuzz(func(t *testing.T, text string) {
		file, err := Parse(strings.NewReader(text), "r.json")
		if err != nil {
			return
		}
		m := images()
		m[0].ID = append(file.digests, id)[0]
		Attach(m, []*File{file})
		if _, err := json.Marshal(m); err != nil {
			t.Fatal(err)
		}
		if e := m[0].Evidence.V.Reports; len(e) > 0 && (len(e[0].Flaws) > maxFlaws || len(e[0].Muted) > maxFlaws) {
			t.Fatal("more is kept than the bound")
		}
	})
}
