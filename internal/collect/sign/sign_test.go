package sign

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"

	"plimsoll/internal/snapshot"
)

// signer makes a pair of keys.
func signer(t testing.TB, kind string) (crypto.Signer, Key) {
	t.Helper()
	var s crypto.Signer
	var err error
	switch kind {
	case "ecdsa":
		s, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "ed25519":
		_, s, err = ed25519.GenerateKey(rand.Reader)
	case "rsa":
		s, err = rsa.GenerateKey(rand.Reader, 2048)
	}
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(s.Public())
	if err != nil {
		t.Fatal(err)
	}
	k, err := ParseKey(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), kind+".pub")
	if err != nil {
		t.Fatal(err)
	}
	return s, k
}

func sign(t testing.TB, s crypto.Signer, message []byte) []byte {
	t.Helper()
	sum := sha256.Sum256(message)
	input, opts := sum[:], crypto.SignerOpts(crypto.SHA256)
	if _, ok := s.(ed25519.PrivateKey); ok {
		input, opts = message, crypto.Hash(0)
	}
	sig, err := s.Sign(rand.Reader, input, opts)
	if err != nil {
		t.Fatal(err)
	}
	return sig
}

func marshal(t testing.TB, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var manifest = []byte(`{"schemaVersion":2}`)

func digest() string {
	sum := sha256.Sum256(manifest)
	return hex.EncodeToString(sum[:])
}

const media = "application/vnd.dev.sigstore.bundle.v0.3+json"

func envelope(t testing.TB, s crypto.Signer, predicateType string, predicate any) []byte {
	t.Helper()
	payload := marshal(t, map[string]any{
		"_type": "https://in-toto.io/Statement/v1", "subject": []any{map[string]any{"digest": map[string]string{"sha256": digest()}}},
		"predicateType": predicateType, "predicate": predicate,
	})
	const kind = "application/vnd.in-toto+json"
	sig := sign(t, s, fmt.Appendf(nil, "DSSEv1 %d %s %d %s", len(kind), kind, len(payload), payload))
	return marshal(t, map[string]any{
		"mediaType": media, "verificationMaterial": map[string]any{"publicKey": map[string]string{"hint": "x"}},
		"dsseEnvelope": map[string]any{"payload": payload, "payloadType": kind, "signatures": []any{map[string]any{"sig": sig}}},
	})
}

func message(t testing.TB, s crypto.Signer) []byte {
	t.Helper()
	sum := sha256.Sum256(manifest)
	return marshal(t, map[string]any{
		"mediaType": media, "verificationMaterial": map[string]any{},
		"messageSignature": map[string]any{"messageDigest": map[string]any{"algorithm": "SHA2_256", "digest": sum[:]}, "signature": sign(t, s, manifest)},
	})
}

func image() []snapshot.Image {
	m := snapshot.Image{ID: "sha256:id", Digests: []string{"r.example/web@sha256:" + digest()}}
	return []snapshot.Image{m, {ID: "sha256:other"}}
}

// TestSignaturesOfEveryKind: each is verified by its key and by no other, and not
// when a byte of it changed.
func TestSignaturesOfEveryKind(t *testing.T) {
	_, stranger := signer(t, "ecdsa")
	payload := []byte(`{"critical":{"identity":{"docker-reference":"r.example/web"},"image":{"docker-manifest-digest":"sha256:` + digest() + `"},"type":"cosign container image signature"}}`)
	for _, kind := range []string{"ecdsa", "ed25519", "rsa"} {
		s, key := signer(t, kind)
		tries := map[string]func(keys []Key) (*Signed, error){
			"envelope": func(keys []Key) (*Signed, error) {
				return Bundle(envelope(t, s, "https://sigstore.dev/cosign/sign/v1", nil), "b.json", keys)
			},
			"simple": func(keys []Key) (*Signed, error) {
				return SimpleSigning(payload, []byte(base64.StdEncoding.EncodeToString(sign(t, s, payload))+"\n"), "p.json", keys)
			},
			"message": func(keys []Key) (*Signed, error) { return Bundle(message(t, s), "m.json", keys) },
		}
		for name, try := range tries {
			for keys, want := range map[*[]Key]bool{{stranger, key}: true, {stranger}: false, {}: false} {
				signed, err := try(*keys)
				if err != nil {
					t.Fatal(err)
				}
				if name == "message" && kind == "ed25519" {
					want = false // needs the manifest itself
				}
				m := image()
				unused := Attach(m, []*Signed{signed})
				got := m[0].Evidence.V.Signatures
				if len(unused) > 0 || len(got) != 1 || got[0].Verified != want || (got[0].Why == "") != want || m[1].Evidence.Known() {
					t.Errorf("%s %s, %d keys: %+v, unused %q", kind, name, len(*keys), got, unused)
				}
			}
		}
		changed := strings.Replace(string(payload), "r.example", "x.example", 1)
		if signed, err := SimpleSigning([]byte(changed), []byte(base64.StdEncoding.EncodeToString(sign(t, s, payload))), "p", []Key{key}); err != nil || signed.signature.Verified {
			t.Errorf("%s: a changed payload: %+v, %v", kind, signed, err)
		}
	}
}

func TestProvenanceIsReadAndVerified(t *testing.T) {
	s, key := signer(t, "ecdsa")
	for name, predicate := range map[string]any{
		"https://slsa.dev/provenance/v1": map[string]any{
			"runDetails": map[string]any{"builder": map[string]string{"id": "https://ci.example/b"}}, "buildDefinition": map[string]any{"resolvedDependencies": []any{map[string]string{"uri": "git+https://x/y"}}},
		},
		"https://slsa.dev/provenance/v0.2": map[string]any{"builder": map[string]string{"id": "https://ci.example/b"}, "invocation": map[string]any{"configSource": map[string]string{"uri": "git+https://x/y"}}},
	} {
		signed, err := Bundle(envelope(t, s, name, predicate), "b", []Key{key})
		if err != nil {
			t.Fatal(err)
		}
		m := image()
		Attach(m, []*Signed{signed})
		if a := m[0].Evidence.V.Attestations; len(a) != 1 || !a[0].Verified || a[0].Builder != "https://ci.example/b" || a[0].Source != "git+https://x/y" || a[0].Type != name {
			t.Errorf("%s: %+v", name, a)
		}
	}
}

func TestRefusals(t *testing.T) {
	for text, want := range map[string]string{
		"":                              "no sigstore bundle",
		`{"mediaType":"x"}`:             "no sigstore bundle",
		`{"mediaType":"` + media + `"}`: "holds no signature",
		`{"mediaType":"` + media + `","messageSignature":{"messageDigest":{"algorithm":"SHA2_512"}}}`:                                    "another digest",
		`{"mediaType":"` + media + `","dsseEnvelope":{"payload":"e30=","payloadType":"text/plain","signatures":[{}]}}`:                   "no in-toto statement",
		`{"mediaType":"` + media + `","dsseEnvelope":{"payload":"e30=","payloadType":"application/vnd.in-toto+json","signatures":[{}]}}`: "names nothing",
	} {
		if _, err := Bundle([]byte(text), "b.json", nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one that says %q", text, err, want)
		}
	}
	for _, text := range []string{"", "-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n", "-----BEGIN PUBLIC KEY-----\nAA==\n-----END PUBLIC KEY-----\n"} {
		if _, err := ParseKey([]byte(text), "k"); err == nil {
			t.Errorf("%q is taken for a key", text)
		}
	}
}

func FuzzBundle(f *testing.F) {
	s, key := signer(f, "ecdsa")
	f.Add(envelope(f, s, "https://slsa.dev/provenance/v1", nil), []byte("{}"))
	f.Add(message(f, s), []byte(`{"critical":{"image":{"docker-manifest-digest":"sha256:x"}}}`))
	f.Fuzz(func(t *testing.T, raw, payload []byte) {
		m := image()
		if signed, err := Bundle(raw, "b", []Key{key}); err == nil {
			Attach(m, []*Signed{signed})
		}
		if signed, err := SimpleSigning(payload, raw, "p", []Key{key}); err == nil {
			Attach(m, []*Signed{signed})
		}
	})
}
