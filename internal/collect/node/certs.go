package node

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"
	"time"

	"plimsoll/internal/collect/host"
	"plimsoll/internal/snapshot"
)

// parsed is a certificate with where it stands.
type parsed struct {
	*x509.Certificate
	row int // in Certificates
}

const maxCertificates = 64 // in one file

// certificates returns those of a PEM file.
func certificates(b []byte) []*x509.Certificate {
	var out []*x509.Certificate
	for len(out) < maxCertificates {
		var block *pem.Block
		if block, b = pem.Decode(b); block == nil {
			return out
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		if c, err := x509.ParseCertificate(block.Bytes); err == nil {
			out = append(out, c)
		}
	}
	return out
}

// holdsKey reports whether a file has a private key in it, by its blocks and not
// by its name.
func holdsKey(b []byte) bool {
	for {
		var block *pem.Block
		if block, b = pem.Decode(b); block == nil {
			return false
		}
		if strings.HasSuffix(block.Type, "PRIVATE KEY") {
			return true
		}
	}
}

// publicKey is the hash of the public half of the first key or certificate in a
// file, "" when it has none. Of a private key nothing else leaves this function.
func publicKey(b []byte) string {
	for {
		var block *pem.Block
		if block, b = pem.Decode(b); block == nil {
			return ""
		}
		if k := publicHalf(block); k != nil {
			if der, err := x509.MarshalPKIXPublicKey(k); err == nil {
				return hashKey(der)
			}
		}
	}
}

func publicHalf(block *pem.Block) crypto.PublicKey {
	switch block.Type {
	case "CERTIFICATE":
		if c, err := x509.ParseCertificate(block.Bytes); err == nil {
			return c.PublicKey
		}
	case "PUBLIC KEY":
		if k, err := x509.ParsePKIXPublicKey(block.Bytes); err == nil {
			return k
		}
	case "RSA PUBLIC KEY":
		if k, err := x509.ParsePKCS1PublicKey(block.Bytes); err == nil {
			return k
		}
	case "RSA PRIVATE KEY":
		if k, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
			return k.Public()
		}
	case "EC PRIVATE KEY":
		if k, err := x509.ParseECPrivateKey(block.Bytes); err == nil {
			return k.Public()
		}
	case "PRIVATE KEY":
		if k, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
			if s, ok := k.(crypto.Signer); ok {
				return s.Public()
			}
		}
	}
	return nil
}

func hashKey(spki []byte) string {
	sum := sha256.Sum256(spki)
	return hex.EncodeToString(sum[:])
}

// describeCert reduces a certificate to what is judged.
func describeCert(c *x509.Certificate) snapshot.X509 {
	out := snapshot.X509{
		Subject: host.Text(c.Subject.CommonName), Issuer: host.Text(c.Issuer.CommonName), From: c.NotBefore.UTC().Truncate(time.Second), Until: c.NotAfter.UTC().Truncate(time.Second),
		Kind: keyKind(c.PublicKey), Key: hashKey(c.RawSubjectPublicKeyInfo), CA: c.BasicConstraintsValid && c.IsCA,
		Own:    string(c.RawSubject) == string(c.RawIssuer) && c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) == nil,
		Client: slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageClientAuth) || slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageAny),
		Server: slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageServerAuth) || slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageAny),
	}
	for _, o := range c.Subject.Organization {
		out.Orgs = append(out.Orgs, host.Text(o))
	}
	for _, d := range c.DNSNames {
		out.DNS = append(out.DNS, host.Text(d))
	}
	for _, a := range c.IPAddresses {
		out.IPs = append(out.IPs, a.String())
	}
	return out
}

func keyKind(k crypto.PublicKey) string {
	switch k := k.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA %d", k.N.BitLen())
	case *ecdsa.PublicKey:
		return "ECDSA " + k.Params().Name
	case ed25519.PublicKey:
		return "Ed25519"
	}
	return "other"
}

// addCertificates notes those of a file on the machine.
func (n *survey) addCertificates(name, in string, list []*x509.Certificate) {
	id := name + "\x00" + in
	if _, seen := n.certs[id]; seen {
		return
	}
	var out []parsed
	for i, c := range list {
		row := describeCert(c)
		row.Scope, row.Path, row.In, row.N = n.hostID, host.Text(name), host.Text(in), i
		out = append(out, parsed{c, len(n.out.Certificates)})
		n.out.Certificates = append(n.out.Certificates, row)
	}
	n.certs[id] = out
}

// signers finds for each certificate the one that proves to have signed it.
func (n *survey) signers() {
	var cas []*x509.Certificate
	seen := make(map[string]bool)
	for _, list := range n.certs {
		for _, c := range list {
			if id := string(c.Raw); c.IsCA && !seen[id] {
				seen[id] = true
				cas = append(cas, c.Certificate)
			}
		}
	}
	for _, list := range n.certs {
		for _, c := range list {
			for _, ca := range cas {
				if string(ca.RawSubject) == string(c.RawIssuer) && c.CheckSignatureFrom(ca) == nil {
					n.out.Certificates[c.row].Signer = hashKey(ca.RawSubjectPublicKeyInfo)
				}
			}
		}
	}
}
