package dockerapi

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// tlsFiles says how to do TLS with an engine. Empty paths mean the system's
// roots and no client certificate.
type tlsFiles struct {
	ca, cert, key string
	skipVerify    bool
	serverName    string
	dir           string // that DOCKER_CERT_PATH names, which must be there
}

// envTLS reads the docker command's environment; nil when it asks for no TLS.
func envTLS(env func(string) string, configDir string) *tlsFiles {
	verify, dir := env("DOCKER_TLS_VERIFY"), env("DOCKER_CERT_PATH")
	if verify == "" && dir == "" && env("DOCKER_TLS") == "" {
		return nil
	}
	named := dir
	if dir == "" {
		dir = configDir
	}
	t := tlsIn(dir)
	t.dir = named
	t.skipVerify = verify == ""
	return t
}

// tlsIn names the certificate files that exist in dir.
func tlsIn(dir string) *tlsFiles {
	found := func(name string) string {
		p := filepath.Join(dir, name)
		if _, err := os.Stat(p); errors.Is(err, fs.ErrNotExist) {
			return ""
		}
		return p
	}
	return &tlsFiles{ca: found("ca.pem"), cert: found("cert.pem"), key: found("key.pem")}
}

// config loads the files.
func (t *tlsFiles) config() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: t.skipVerify, ServerName: t.serverName} //nolint:gosec // the user's own setting, as in the docker command
	if t.dir != "" {
		if fi, err := os.Stat(t.dir); err != nil || !fi.IsDir() {
			return nil, fmt.Errorf("DOCKER_CERT_PATH %s is no folder that can be read", t.dir)
		}
	}
	if t.ca != "" {
		b, err := readBounded(t.ca)
		if err != nil {
			return nil, fmt.Errorf("engine CA certificate: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(b) {
			return nil, fmt.Errorf("engine CA certificate %s holds no PEM certificate", t.ca)
		}
	}
	if (t.cert == "") != (t.key == "") {
		return nil, fmt.Errorf("client certificate is incomplete: cert.pem %q, key.pem %q; want both or none", t.cert, t.key)
	}
	if t.cert == "" {
		return c, nil
	}
	cert, err := readBounded(t.cert)
	if err != nil {
		return nil, fmt.Errorf("client certificate: %w", err)
	}
	key, err := readBounded(t.key)
	if err != nil {
		return nil, fmt.Errorf("client key: %w", err)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("client certificate %s with its key: %w", t.cert, err)
	}
	c.Certificates = []tls.Certificate{pair}
	return c, nil
}

const maxConfigFile = 1 << 20 // bytes of a configuration or certificate file

// readBounded reads a small regular file.
func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxConfigFile+1))
	if err != nil {
		return nil, err
	}
	if len(b) > maxConfigFile {
		return nil, fmt.Errorf("%s is larger than %d bytes", path, maxConfigFile)
	}
	return b, nil
}
