package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"plimsoll/test/program"
	"plimsoll/test/testbed"
)

// TestTLS gives an engine its TCP address on the command line and its
// certificates, or none, in a file: only both together say whether callers need
// a certificate.
func TestTLS(t *testing.T) {
	for _, c := range []struct {
		name, status string
		verify       bool
	}{
		{"client certificates in the file", "pass", true},
		{"certificate of the server only", "fail", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			cert, key := certificate(t, dir)
			settings := map[string]any{"tls": true, "tlsverify": c.verify, "tlscert": cert, "tlskey": key}
			if c.verify {
				settings["tlscacert"] = cert
			}
			doc, err := json.Marshal(settings)
			if err != nil {
				t.Fatal(err)
			}
			address := freeAddress(t)
			bed := testbed.Private(t, "--config-file", write(t, dir, "daemon.json", doc), "--host", "tcp://"+address)
			if open := answersStrangers(t, address); open == c.verify {
				t.Fatalf("the engine answers a caller without a certificate: %t", open)
			}
			u := program.New(t)
			u.Env = []string{"DOCKER_HOST=" + bed.Address()}
			r := decoded(t, u.Want(t, 0, "assess", "docker", "--format", "json", "--state", t.TempDir()))
			want(t, r, "daemon-tcp-requires-mutual-tls", "engine", c.status, false)
		})
	}
}

// answersStrangers calls the engine without a certificate.
func answersStrangers(t *testing.T, address string) bool {
	t.Helper()
	tr := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	defer tr.CloseIdleConnections()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+address+"/_ping", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := tr.RoundTrip(req)
	if err != nil {
		t.Log(err)
		return false
	}
	return res.Body.Close() == nil && res.StatusCode == http.StatusOK
}

// certificate makes a certificate for 127.0.0.1 that signs itself.
func certificate(t *testing.T, dir string) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "engine"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return write(t, dir, "cert.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		write(t, dir, "key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}))
}

func write(t *testing.T, dir, name string, content []byte) string {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// freeAddress is one on loopback that nothing listens on now.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }() // nothing was accepted
	return l.Addr().String()
}
