// Package scan reads what scanners say of images: reports of Trivy and Grype,
// CycloneDX documents and OpenVEX statements. A report counts for an image only
// if it names it by a digest. Nothing is looked up anywhere.
package scan

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"

	"plimsoll/internal/snapshot"
)

// MaxBytes bounds one report.
const MaxBytes = 128 << 20

const (
	maxFlaws   = 500     // kept of one report; all are counted
	maxListed  = 200_000 // looked at
	maxText    = 256
	maxDigests = 1000
)

// File is one report, before it is known which images it is about.
type File struct {
	tool    string
	source  string // name of the file
	taken   string
	digests []string
	flaws   []snapshot.Flaw // those without a fixed version too
	sbom    bool
	noFlaws bool
	vex     []statement
}

// statement is what a VEX document says of one flaw in some images.
type statement struct {
	id, why string
	digests []string
}

// Parse reads a report; name is what evidence calls it. Errors repeat nothing of
// the content.
func Parse(r io.Reader, name string) (*File, error) {
	raw, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return nil, err
	}
	if len(raw) > MaxBytes {
		return nil, fmt.Errorf("%s is larger than %d bytes", name, MaxBytes)
	}
	var head struct {
		SchemaVersion int
		ArtifactName  *string
		BOMFormat     string          `json:"bomFormat"`
		Context       string          `json:"@context"`
		Matches       json.RawMessage `json:"matches"`
		Descriptor    json.RawMessage `json:"descriptor"`
	}
	if err := json.Unmarshal(raw, &head); err != nil {
		return nil, fmt.Errorf("%s is no JSON report: Trivy, Grype, CycloneDX and OpenVEX documents are read", name)
	}
	f := &File{source: name}
	switch {
	case strings.HasPrefix(head.Context, "https://openvex.dev/ns"):
		err = f.openVEX(raw)
	case head.BOMFormat == "CycloneDX":
		err = f.cycloneDX(raw)
	case head.Matches != nil && head.Descriptor != nil:
		err = f.grype(raw)
	case head.SchemaVersion > 0 && head.ArtifactName != nil:
		err = f.trivy(raw)
	default:
		return nil, fmt.Errorf("%s is a document of no known kind: Trivy, Grype, CycloneDX and OpenVEX documents are read", name)
	}
	if err != nil {
		return nil, fmt.Errorf("%s looks like a report of %s, but has a field of another form", name, f.tool)
	}
	if len(f.digests) == 0 && len(f.vex) == 0 {
		return nil, fmt.Errorf("%s names no image by a digest, so that nothing ties it to one; scan the image itself, not a folder or a name alone", name)
	}
	return f, nil
}

// digest takes the sha256 out of a reference, a package URL or a plain digest.
func (f *File) digest(refs ...string) {
	for _, ref := range refs {
		if d := digestIn(ref); d != "" && !slices.Contains(f.digests, d) && len(f.digests) < maxDigests {
			f.digests = append(f.digests, d)
		}
	}
}

func digestIn(ref string) string {
	if plain, err := url.PathUnescape(ref); err == nil {
		ref = plain
	}
	i := strings.LastIndex(ref, "sha256:")
	if i < 0 || len(ref) < i+71 {
		return ""
	}
	d := ref[i : i+71]
	if strings.Trim(d[7:], "0123456789abcdef") != "" || len(ref) > i+71 && strings.ContainsRune("0123456789abcdef", rune(ref[i+71])) {
		return ""
	}
	return d
}

func (f *File) flaw(id, pkg, severity, fixed string) error {
	if len(f.flaws) >= maxListed {
		return errors.New("too many flaws")
	}
	f.flaws = append(f.flaws, snapshot.Flaw{ID: text(id), Package: text(pkg), Severity: grade(severity), Fixed: text(fixed)})
	return nil
}

func text(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) > maxText {
		s = strings.ToValidUTF8(s[:maxText], "")
	}
	return s
}

// grades are the severities, the worst first.
var grades = []string{"critical", "high", "medium", "low", "negligible", "unknown"}

func grade(s string) string {
	s = strings.ToLower(s)
	switch {
	case s == "moderate":
		return "medium"
	case s == "info" || s == "none" || s == "informational":
		return "negligible"
	case slices.Contains(grades, s):
		return s
	}
	return "unknown"
}

// moment accepts a time of a report.
func moment(s string) string {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// Attach adds reports to the images they are about, and VEX statements to those
// reports. It returns the names of reports that no image has.
func Attach(images []snapshot.Image, files []*File) (unused []string) {
	for _, f := range files {
		used := false
		for i := range images {
			m := &images[i]
			at := slices.IndexFunc(f.digests, m.Is)
			if at >= 0 && len(f.vex) == 0 {
				m.Evidence = seen(m.Evidence)
				m.Evidence.V.Reports = append(m.Evidence.V.Reports, f.report(f.digests[at], muted(m, files)))
			}
			used = used || at >= 0 || slices.ContainsFunc(f.vex, func(s statement) bool { return slices.ContainsFunc(s.digests, m.Is) })
		}
		if !used {
			unused = append(unused, f.source)
		}
	}
	return unused
}

func seen(f snapshot.Fact[snapshot.ImageEvidence]) snapshot.Fact[snapshot.ImageEvidence] {
	if f.Known() {
		return f
	}
	return snapshot.Fact[snapshot.ImageEvidence]{V: f.V, State: snapshot.Observed, Source: "reports that were given"}
}

// muted maps the flaws that VEX statements take off an image to the reason.
func muted(m *snapshot.Image, files []*File) map[string]string {
	out := make(map[string]string)
	for _, f := range files {
		for _, s := range f.vex {
			if slices.ContainsFunc(s.digests, m.Is) {
				out[s.id] = s.why
			}
		}
	}
	return out
}

// report reduces a file to what is kept of it for one image.
func (f *File) report(digest string, quiet map[string]string) snapshot.ImageReport {
	r := snapshot.ImageReport{Tool: f.tool, Source: f.source, Taken: f.taken, Digest: digest, SBOM: f.sbom, NoFlaws: f.noFlaws}
	counts := make(map[string]*snapshot.Count)
	for _, fl := range f.flaws {
		if why, ok := quiet[fl.ID]; ok {
			r.Muted = append(r.Muted, fl.ID+": "+why)
			continue
		}
		c := counts[fl.Severity]
		if c == nil {
			c = &snapshot.Count{Name: fl.Severity}
			counts[fl.Severity] = c
		}
		c.Total++
		if fl.Fixed != "" {
			c.Fixed++
			r.Flaws = append(r.Flaws, fl)
		}
	}
	for _, g := range grades {
		if c := counts[g]; c != nil {
			r.Counts = append(r.Counts, *c)
		}
	}
	slices.SortFunc(r.Flaws, func(a, b snapshot.Flaw) int {
		return cmp.Or(cmp.Compare(slices.Index(grades, a.Severity), slices.Index(grades, b.Severity)), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Package, b.Package), cmp.Compare(a.Fixed, b.Fixed))
	})
	r.Flaws = slices.Compact(r.Flaws)
	if n := len(r.Flaws) - maxFlaws; n > 0 {
		r.Dropped, r.Flaws = n, r.Flaws[:maxFlaws]
	}
	slices.Sort(r.Muted)
	r.Muted = slices.Compact(r.Muted)
	if len(r.Muted) > maxFlaws {
		r.Muted = r.Muted[:maxFlaws]
	}
	return r
}
