package survey

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"plimsoll/internal/collect/scan"
	"plimsoll/internal/collect/sign"
	"plimsoll/internal/snapshot"
)

// Evidence names files about images.
type Evidence struct {
	Reports    []string // of scanners
	Signatures []string // sigstore bundles, or payloads with a signature in FILE.sig
	Keys       []string // public keys that signatures are tried with
}

// imageEvidence reads the files that were given and ties them to images.
func (s *survey) imageEvidence() error {
	unused, err := s.reports()
	if err != nil {
		return err
	}
	strangers, err := s.signatures()
	if err != nil {
		return err
	}
	if unused = append(unused, strangers...); len(unused) > 0 && s.Note != nil {
		s.Note("no image that was looked at has a digest that these name: " + strings.Join(unused, ", "))
	}
	for _, sc := range s.out.Scopes {
		if sc.Kind != snapshot.ScopeEngine && sc.Kind != snapshot.ScopeImages {
			continue
		}
		if slices.ContainsFunc(s.out.Parts, func(p snapshot.PartStatus) bool {
			return p.Scope == sc.ID && p.Part == snapshot.PartImageEvidence && p.Item == ""
		}) {
			continue // of a saved snapshot
		}
		st := snapshot.PartStatus{
			Scope: sc.ID, Part: snapshot.PartImageEvidence, State: snapshot.Skipped, Reason: snapshot.ReasonNotCollected,
			Detail: "no report or signature was given for its images", Grant: "plimsoll assess --report FILE --signature FILE --key FILE",
		}
		if slices.ContainsFunc(s.out.Images, func(m snapshot.Image) bool { return m.Scope == sc.ID && m.Evidence.Known() }) {
			st = snapshot.PartStatus{Scope: sc.ID, Part: snapshot.PartImageEvidence, State: snapshot.Observed}
		}
		s.out.Parts = append(s.out.Parts, st)
	}
	return nil
}

func (s *survey) reports() (unused []string, err error) {
	var files []*scan.File
	for _, name := range s.Reports {
		raw, err := s.read(name, scan.MaxBytes)
		if err != nil {
			return nil, fmt.Errorf("report: %w", err)
		}
		f, err := scan.Parse(bytes.NewReader(raw), filepath.Base(name))
		if err != nil {
			return nil, fmt.Errorf("report: %w", err)
		}
		files = append(files, f)
	}
	return scan.Attach(s.out.Images, files), nil
}

func (s *survey) signatures() (unused []string, err error) {
	var keys []sign.Key
	for _, name := range s.Keys {
		raw, err := s.read(name, sign.MaxBytes)
		if err != nil {
			return nil, fmt.Errorf("key: %w", err)
		}
		k, err := sign.ParseKey(raw, filepath.Base(name))
		if err != nil {
			return nil, fmt.Errorf("key: %w", err)
		}
		keys = append(keys, k)
	}
	var files []*sign.Signed
	for _, name := range s.Signatures {
		f, err := s.signature(name, keys)
		if err != nil {
			return nil, fmt.Errorf("signature: %w", err)
		}
		files = append(files, f)
	}
	return sign.Attach(s.out.Images, files), nil
}

// signature reads a bundle, or a payload whose signature lies beside it.
func (s *survey) signature(name string, keys []sign.Key) (*sign.Signed, error) {
	raw, err := s.read(name, sign.MaxBytes)
	if err != nil {
		return nil, err
	}
	if bytes.Contains(raw, []byte("application/vnd.dev.sigstore.bundle")) {
		return sign.Bundle(raw, filepath.Base(name), keys)
	}
	detached, err := s.read(name+".sig", sign.MaxBytes)
	if err != nil {
		return nil, fmt.Errorf("%s is no sigstore bundle, and as a payload it needs its signature beside it: %w", filepath.Base(name), err)
	}
	return sign.SimpleSigning(raw, detached, filepath.Base(name), keys)
}

// read reads a file that the user named.
func (s *survey) read(name string, limit int64) ([]byte, error) {
	path := name
	if !filepath.IsAbs(path) {
		path = filepath.Join(s.Dir, path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(raw)) > limit {
		err = fmt.Errorf("%s is larger than %d bytes", filepath.Base(name), limit)
	}
	return raw, err
}
