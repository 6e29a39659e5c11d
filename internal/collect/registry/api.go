package registry

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"slices"
	"strconv"
	"time"

	"plimsoll/internal/snapshot"
)

// api asks GET /v2/ over TLS and in clear, and settles how the rest is asked.
// What it learns of TLS comes first: a server that speaks it has then no
// malformed request to log.
func (c *collector) api(ctx context.Context) error {
	var v snapshot.RegistryAPI
	var first *answer
	state, tlsErr := c.handshake(ctx)
	if state != nil {
		v.TLS = c.describe(ctx, state)
		c.client = newClient(c.asked()) // what the registry tells is evidence, whoever it may be; nothing is told to it
		a, err := c.client.get(ctx, "https://"+c.address+"/v2/", maxList)
		if err == nil {
			first, c.base = a, "https://"+c.address
		}
	}
	plain := newClient(nil)
	ports := []uint16{c.port}
	if c.port == 443 {
		ports = append(ports, 80)
	}
	var plainErr error
	var other *answer // of what answers HTTP and is no registry
	for _, port := range ports {
		at := net.JoinHostPort(c.host, strconv.Itoa(int(port)))
		a, err := plain.get(ctx, "http://"+at+"/v2/", maxList)
		if port == c.port {
			plainErr, other = err, a
		}
		if err != nil || !isAPI(a) {
			continue
		}
		v.Plain = append(v.Plain, at)
		if first == nil {
			first, c.base, c.client = a, "http://"+at, plain
		}
	}
	if first == nil && other != nil {
		first = other
	}
	if first == nil {
		return plainError(cmp.Or(plainErr, tlsErr, errors.New("no answer")))
	}
	if !isAPI(first) {
		return errors.New("what answers there is no registry: GET /v2/ gave HTTP status " + strconv.Itoa(first.status))
	}
	v.Status, v.Millis = first.status, first.took.Milliseconds()
	for _, h := range first.header.Values("WWW-Authenticate") {
		c.challenges = append(c.challenges, parseChallenges(h)...)
	}
	c.challenges = c.challenges[:min(len(c.challenges), 8)]
	for _, ch := range c.challenges {
		v.Challenges = append(v.Challenges, ch.RegistryChallenge)
	}
	c.note(first.header)
	c.reg.API = snapshot.Seen(v, "GET "+c.base+"/v2/")
	return nil
}

// isAPI reports whether an answer to GET /v2/ is that of a registry: it names
// the API, demands a login, or is the empty object that the API prescribes.
func isAPI(a *answer) bool {
	if a.header.Get("Docker-Distribution-Api-Version") != "" {
		return true
	}
	switch a.status {
	case http.StatusOK:
		return isObject(a.body)
	case http.StatusUnauthorized:
		return a.header.Get("WWW-Authenticate") != ""
	}
	return false
}

// asked is a configuration that accepts every certificate: which one is shown
// is the question.
func (c *collector) asked() *tls.Config {
	return &tls.Config{
		InsecureSkipVerify: true,             //nolint:gosec // no credential and no secret is sent to it; what it says is judged as of an unproved peer
		MinVersion:         tls.VersionTLS10, // likewise
		ServerName:         c.host,
	}
}

func (c *collector) handshake(ctx context.Context) (*tls.ConnectionState, error) {
	return c.shake(ctx, c.asked())
}

func (c *collector) shake(ctx context.Context, cfg *tls.Config) (*tls.ConnectionState, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	d := tls.Dialer{Config: cfg}
	conn, err := d.DialContext(ctx, "tcp", c.address)
	if err != nil {
		return nil, err
	}
	defer conn.Close() //nolint:errcheck // nothing was sent
	if t, ok := conn.(*tls.Conn); ok {
		st := t.ConnectionState()
		return &st, nil
	}
	return nil, errors.New("no TLS")
}

// describe says what a handshake showed, and tries the old versions.
func (c *collector) describe(ctx context.Context, st *tls.ConnectionState) *snapshot.RegistryTLS {
	t := &snapshot.RegistryTLS{Version: versionName(st.Version)}
	for _, old := range []uint16{tls.VersionTLS10, tls.VersionTLS11} {
		cfg := c.asked()
		cfg.MinVersion, cfg.MaxVersion = old, old
		if _, err := c.shake(ctx, cfg); err == nil {
			t.Oldest = versionName(old)
			break
		}
	}
	if len(st.PeerCertificates) == 0 {
		t.Why = "invalid"
		return t
	}
	leaf := st.PeerCertificates[0]
	t.NotAfter = leaf.NotAfter.UTC().Truncate(time.Second)
	t.SelfSigned = leaf.CheckSignatureFrom(leaf) == nil || slices.Equal(leaf.RawIssuer, leaf.RawSubject)
	t.Trusted, t.Why, t.Pinned = c.verify(st.PeerCertificates)
	return t
}

// verify holds a chain against the machine's roots, and against the authority
// that certs.d has for the address: the engine trusts both.
func (c *collector) verify(chain []*x509.Certificate) (trusted bool, why string, pinned bool) {
	roots := c.roots
	if roots == nil {
		var err error
		if roots, err = x509.SystemCertPool(); err != nil {
			roots = x509.NewCertPool()
		}
	}
	roots = roots.Clone()
	if c.Pins != nil {
		pinned = roots.AppendCertsFromPEM(c.Pins(c.address))
	}
	between := x509.NewCertPool()
	for _, b := range chain[1:] {
		between.AddCert(b)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, DNSName: c.host, CurrentTime: c.Taken})
	return err == nil, whyNot(err, chain[0]), pinned
}

func whyNot(err error, leaf *x509.Certificate) string {
	var invalid x509.CertificateInvalidError
	var name x509.HostnameError
	var authority x509.UnknownAuthorityError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "expired"
	case errors.As(err, &name):
		return "wrong-name"
	case errors.As(err, &authority) && slices.Equal(leaf.RawIssuer, leaf.RawSubject):
		return "self-signed"
	case errors.As(err, &authority):
		return "unknown-authority"
	}
	return "invalid"
}

func versionName(v uint16) string {
	switch v {
	case tls.VersionTLS10:
		return "1.0"
	case tls.VersionTLS11:
		return "1.1"
	case tls.VersionTLS12:
		return "1.2"
	case tls.VersionTLS13:
		return "1.3"
	}
	return "unknown"
}
