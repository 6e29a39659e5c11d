package testbed

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// RegistryServer is a real registry process, for the length of one test.
type RegistryServer struct {
	Address string // 127.0.0.1:PORT
	Config  string // path of its configuration file
	Storage string // its folder
	Log     string // path of what it wrote
	CA      []byte // certificate of its authority in PEM, when it speaks TLS
}

// RegistryOptions say how a registry is configured.
type RegistryOptions struct {
	TLS      bool   // with a certificate of a made authority
	Htpasswd string // content of the password file; empty: open to all
	Delete   bool
	ReadOnly bool
	Debug    string // address of the debug server
	More     string // further lines of YAML
	Env      []string
}

// StartRegistry starts Debian's docker-registry, or skips the test when it is
// not installed.
func StartRegistry(t testing.TB, o RegistryOptions) *RegistryServer {
	t.Helper()
	exe, err := exec.LookPath("docker-registry")
	if err != nil {
		Skip(t, "docker-registry is not installed")
	}
	dir := t.TempDir()
	r := &RegistryServer{Address: freeAddress(t), Config: filepath.Join(dir, "config.yml"), Storage: filepath.Join(dir, "data"), Log: filepath.Join(dir, "log")}
	if err := os.Mkdir(r.Storage, 0o700); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: %s\n  delete:\n    enabled: %t\n", r.Storage, o.Delete)
	if o.ReadOnly {
		b.WriteString("  maintenance:\n    readonly:\n      enabled: true\n")
	}
	fmt.Fprintf(&b, "http:\n  addr: %s\n", r.Address)
	if o.TLS {
		var cert, key []byte
		r.CA, cert, key = certificates(t)
		certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
		write(t, certFile, cert)
		write(t, keyFile, key)
		fmt.Fprintf(&b, "  tls:\n    certificate: %s\n    key: %s\n", certFile, keyFile)
	}
	if o.Debug != "" {
		fmt.Fprintf(&b, "  debug:\n    addr: %s\n", o.Debug)
	}
	if o.Htpasswd != "" {
		file := filepath.Join(dir, "htpasswd")
		write(t, file, []byte(o.Htpasswd))
		fmt.Fprintf(&b, "auth:\n  htpasswd:\n    realm: test\n    path: %s\n", file)
	}
	b.WriteString(o.More)
	write(t, r.Config, []byte(b.String()))
	r.start(t, exe, o.Env)
	return r
}

func write(t testing.TB, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// start runs the process until the test ends, and waits for its port.
func (r *RegistryServer) start(t testing.TB, exe string, env []string) {
	t.Helper()
	log, err := os.Create(r.Log)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, "serve", r.Config)
	cmd.Stdout, cmd.Stderr, cmd.Env = log, log, append(os.Environ(), env...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		log.Close()
	})
	for range 100 {
		if c, err := net.Dial("tcp", r.Address); err == nil {
			c.Close()
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	text, _ := os.ReadFile(r.Log)
	t.Fatalf("docker-registry does not listen on %s: %.2000s", r.Address, text)
}

func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// certificates makes an authority and a certificate of it for this machine.
func certificates(t testing.TB) (ca, cert, key []byte) {
	t.Helper()
	caKey, err1 := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	leafKey, err2 := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	now := time.Now()
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "registry"}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	caDER, err1 := x509.CreateCertificate(rand.Reader, authority, authority, caKey.Public(), caKey)
	leafDER, err2 := x509.CreateCertificate(rand.Reader, leaf, authority, leafKey.Public(), caKey)
	keyDER, err3 := x509.MarshalPKCS8PrivateKey(leafKey)
	if err1 != nil || err2 != nil || err3 != nil {
		t.Fatal(err1, err2, err3)
	}
	block := func(kind string, der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}) }
	return block("CERTIFICATE", caDER), block("CERTIFICATE", leafDER), block("PRIVATE KEY", keyDER)
}
