// Package sign verifies signatures of images, offline and with the keys that were
// given: sigstore bundles, and the payload that cosign calls simple signing with
// its detached signature. What a certificate of a public authority would prove is
// not looked into, because its logs and roots are not here; such a signature is
// kept as not verified, with that reason.
package sign

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"plimsoll/internal/snapshot"
)

// MaxBytes bounds one file.
const MaxBytes = 16 << 20

// Signed is one file with a signature, after it was tried with every key.
type Signed struct {
	digests     []string // of the images it names
	signature   snapshot.ImageSignature
	attestation *snapshot.ImageAttestation // of a statement with a predicate
}

// bundle is a sigstore bundle, as far as it is read.
type bundle struct {
	MediaType string `json:"mediaType"`
	Material  struct {
		PublicKey   json.RawMessage `json:"publicKey"`
		Certificate json.RawMessage `json:"certificate"`
		Chain       json.RawMessage `json:"x509CertificateChain"`
	} `json:"verificationMaterial"`
	Message *struct {
		Digest struct {
			Algorithm string `json:"algorithm"`
			Digest    []byte `json:"digest"`
		} `json:"messageDigest"`
		Signature []byte `json:"signature"`
	} `json:"messageSignature"`
	Envelope *struct {
		Payload    []byte `json:"payload"`
		Type       string `json:"payloadType"`
		Signatures []struct {
			Sig []byte `json:"sig"`
		} `json:"signatures"`
	} `json:"dsseEnvelope"`
}

// Bundle tries a sigstore bundle; source is what evidence calls it.
func Bundle(raw []byte, source string, keys []Key) (*Signed, error) {
	var b bundle
	if err := json.Unmarshal(raw, &b); err != nil || !strings.HasPrefix(b.MediaType, "application/vnd.dev.sigstore.bundle") {
		return nil, fmt.Errorf("%s is no sigstore bundle", source)
	}
	s := &Signed{signature: snapshot.ImageSignature{Kind: "sigstore-bundle", Source: source}}
	var verify func(Key) bool
	switch {
	case b.Message != nil:
		if b.Message.Digest.Algorithm != "SHA2_256" || len(b.Message.Digest.Digest) != sha256.Size {
			return nil, fmt.Errorf("%s signs by another digest than SHA2_256", source)
		}
		s.digests = []string{"sha256:" + hex.EncodeToString(b.Message.Digest.Digest)}
		verify = func(k Key) bool { return k.verifyDigest(b.Message.Digest.Digest, b.Message.Signature) }
	case b.Envelope != nil && len(b.Envelope.Signatures) > 0:
		if err := s.statement(b.Envelope.Payload, b.Envelope.Type); err != nil {
			return nil, fmt.Errorf("%s: %w", source, err)
		}
		// What is signed is the type and the payload, each with its length.
		signed := fmt.Appendf(nil, "DSSEv1 %d %s %d ", len(b.Envelope.Type), b.Envelope.Type, len(b.Envelope.Payload))
		signed = append(signed, b.Envelope.Payload...)
		verify = func(k Key) bool {
			for _, sig := range b.Envelope.Signatures[:min(len(b.Envelope.Signatures), maxSignatures)] {
				if k.verify(signed, sig.Sig) {
					return true
				}
			}
			return false
		}
	default:
		return nil, fmt.Errorf("%s holds no signature", source)
	}
	s.try(keys, verify)
	if !s.signature.Verified && (b.Material.Certificate != nil || b.Material.Chain != nil) {
		s.signature.Why = "it rests on a certificate, which is not judged; verify it with cosign, or sign with a key"
	}
	return s, nil
}

const maxSignatures = 16

// SimpleSigning tries the payload of cosign, whose signature is detached and in
// base64.
func SimpleSigning(payload, signature []byte, source string, keys []Key) (*Signed, error) {
	var p struct {
		Critical struct {
			Image struct {
				Digest string `json:"docker-manifest-digest"`
			} `json:"image"`
			Type string `json:"type"`
		} `json:"critical"`
	}
	if err := json.Unmarshal(payload, &p); err != nil || p.Critical.Image.Digest == "" {
		return nil, fmt.Errorf("%s is no payload of simple signing", source)
	}
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(signature)))
	if err != nil {
		return nil, fmt.Errorf("the signature beside %s is not in base64", source)
	}
	s := &Signed{digests: []string{p.Critical.Image.Digest}, signature: snapshot.ImageSignature{Kind: "simple-signing", Source: source}}
	s.try(keys, func(k Key) bool { return k.verify(payload, raw) })
	return s, nil
}

// try notes the first key that the signature is by.
func (s *Signed) try(keys []Key, verify func(Key) bool) {
	for _, k := range keys {
		if verify(k) {
			s.signature.Verified, s.signature.Key = true, k.Name
			if s.attestation != nil {
				s.attestation.Verified = true
			}
			return
		}
	}
	s.signature.Why = "it is by none of the keys that were given"
	if len(keys) == 0 {
		s.signature.Why = "no key was given"
	}
}

// statement reads whom an in-toto statement is about, and what it claims.
func (s *Signed) statement(payload []byte, kind string) error {
	if kind != "application/vnd.in-toto+json" {
		return errors.New("what it signs is no in-toto statement")
	}
	var st struct {
		Subject []struct {
			Digest map[string]string `json:"digest"`
		} `json:"subject"`
		PredicateType string          `json:"predicateType"`
		Predicate     json.RawMessage `json:"predicate"`
	}
	if err := json.Unmarshal(payload, &st); err != nil {
		return errors.New("what it signs is no in-toto statement")
	}
	const maxSubjects = 1000
	for _, sub := range st.Subject[:min(len(st.Subject), maxSubjects)] {
		if d := sub.Digest["sha256"]; d != "" {
			s.digests = append(s.digests, "sha256:"+d)
		}
	}
	if len(s.digests) == 0 {
		return errors.New("it names nothing by a sha256 digest")
	}
	if !strings.Contains(st.PredicateType, "cosign/sign") {
		s.attestation = &snapshot.ImageAttestation{Type: short(st.PredicateType)}
		s.provenance(st.Predicate)
	}
	return nil
}

// provenance reads builder and source out of a predicate of SLSA, in the forms of
// versions 0.2 and 1.
func (s *Signed) provenance(raw json.RawMessage) {
	if !strings.HasPrefix(s.attestation.Type, "https://slsa.dev/provenance/") {
		return
	}
	type builder struct {
		ID string `json:"id"`
	}
	var p struct {
		Builder    builder `json:"builder"`
		Invocation struct {
			ConfigSource struct {
				URI string `json:"uri"`
			} `json:"configSource"`
		} `json:"invocation"`
		RunDetails struct {
			Builder builder `json:"builder"`
		} `json:"runDetails"`
		BuildDefinition struct {
			Resolved []struct {
				URI string `json:"uri"`
			} `json:"resolvedDependencies"`
		} `json:"buildDefinition"`
	}
	if json.Unmarshal(raw, &p) != nil {
		return
	}
	s.attestation.Builder = short(p.Builder.ID + p.RunDetails.Builder.ID)
	s.attestation.Source = short(p.Invocation.ConfigSource.URI)
	if r := p.BuildDefinition.Resolved; len(r) > 0 {
		s.attestation.Source = short(r[0].URI)
	}
}

// short bounds a claim. One with a password in it is left out.
func short(s string) string {
	const most = 512
	if len(s) > most || snapshot.Conceal("", s).Shape == snapshot.ShapeURLCreds {
		return ""
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// Attach adds signatures to the images that they name, and returns the names of
// those that name none.
func Attach(images []snapshot.Image, files []*Signed) (unused []string) {
	for _, f := range files {
		used := false
		for i := range images {
			m := &images[i]
			for _, d := range f.digests {
				if !m.Is(d) {
					continue
				}
				used = true
				f.add(m, d)
				break
			}
		}
		if !used {
			unused = append(unused, f.signature.Source)
		}
	}
	return unused
}

func (s *Signed) add(m *snapshot.Image, digest string) {
	if !m.Evidence.Known() {
		m.Evidence.State, m.Evidence.Source = snapshot.Observed, "files that were given"
	}
	sig := s.signature
	sig.Digest = digest
	m.Evidence.V.Signatures = append(m.Evidence.V.Signatures, sig)
	if s.attestation != nil {
		a := *s.attestation
		a.Digest = digest
		m.Evidence.V.Attestations = append(m.Evidence.V.Attestations, a)
	}
}
