package sign

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"fmt"
)

// Key is a public key that signatures are tried with.
type Key struct {
	Name string // of its file
	key  crypto.PublicKey
}

const minRSA = 2048 // bits

// ParseKey reads a public key in PEM, as cosign and openssl write it.
func ParseKey(raw []byte, name string) (Key, error) {
	block, _ := pem.Decode(raw)
	if block == nil || block.Type != "PUBLIC KEY" {
		return Key{}, fmt.Errorf("%s is no public key in PEM (BEGIN PUBLIC KEY)", name)
	}
	k, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return Key{}, fmt.Errorf("%s is no public key of a known kind", name)
	}
	switch k := k.(type) {
	case *ecdsa.PublicKey, ed25519.PublicKey:
	case *rsa.PublicKey:
		if k.N.BitLen() < minRSA {
			return Key{}, fmt.Errorf("%s is an RSA key of %d bits; at least %d are accepted", name, k.N.BitLen(), minRSA)
		}
	default:
		return Key{}, fmt.Errorf("%s is a key of another kind than ECDSA, Ed25519 and RSA", name)
	}
	return Key{name, k}, nil
}

// verify reports whether sig is a signature of message.
func (k Key) verify(message, sig []byte) bool {
	if pub, ok := k.key.(ed25519.PublicKey); ok {
		return ed25519.Verify(pub, message, sig)
	}
	sum := sha256.Sum256(message)
	return k.verifyDigest(sum[:], sig)
}

// verifyDigest is verify for a message of which only the sha256 is known, which
// does not do for Ed25519.
func (k Key) verifyDigest(sum, sig []byte) bool {
	switch pub := k.key.(type) {
	case *ecdsa.PublicKey:
		return ecdsa.VerifyASN1(pub, sum, sig)
	case *rsa.PublicKey:
		return rsa.VerifyPKCS1v15(pub, crypto.SHA256, sum, sig) == nil || rsa.VerifyPSS(pub, crypto.SHA256, sum, sig, nil) == nil
	}
	return false
}
