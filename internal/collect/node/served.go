package node

import (
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"plimsoll/internal/collect/host"
	"plimsoll/internal/snapshot"
)

const dialTimeout = 2 * time.Second

// served asks the TLS ports of this machine's kubelet and API server which
// certificate they show: a connection and nothing more, without a certificate or
// a request.
func (n *survey) served(b *built) {
	want := ""
	switch b.Name {
	case snapshot.Kubelet:
		want = "10250"
		if b.Kubelet != nil {
			if f, ok := snapshot.FieldOf(b.Kubelet.Merged.V, "port"); ok {
				want = f.Value
			}
		}
	case snapshot.APIServer:
		want = "6443"
		if p := b.flags.last("secure-port"); p != "" {
			want = p
		}
	default:
		return
	}
	const source = "TLS handshake from this machine"
	b.Served = snapshot.Missing[snapshot.ServedCertificate](snapshot.Skipped, snapshot.ReasonNotCollected, source)
	at := slices.IndexFunc(b.Ports.V, func(l snapshot.Listening) bool { return strconv.Itoa(int(l.Port)) == want })
	if at < 0 || !n.m.SharesNetwork(b.PID) {
		return
	}
	addr, err := netip.ParseAddr(b.Ports.V[at].Address)
	if err != nil {
		return
	}
	if addr.IsUnspecified() {
		addr = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	c, ok := n.shake(netip.AddrPortFrom(addr, b.Ports.V[at].Port).String())
	if !ok {
		b.Served = snapshot.Missing[snapshot.ServedCertificate](snapshot.Failed, snapshot.ReasonFailed, source)
		return
	}
	b.Served = snapshot.Seen(c, source)
}

func (n *survey) shake(addr string) (snapshot.ServedCertificate, bool) {
	var out snapshot.ServedCertificate
	ctx, cancel := context.WithTimeout(n.ctx, dialTimeout)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return out, false
	}
	defer conn.Close() //nolint:errcheck // what counts is what was read
	if end, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(end); err != nil {
			return out, false
		}
	}
	seen := false
	c := tls.Client(conn, &tls.Config{
		InsecureSkipVerify: true, //nolint:gosec // the question is what any caller gets; nothing is told to the server
		VerifyConnection: func(s tls.ConnectionState) error {
			if len(s.PeerCertificates) == 0 {
				return nil
			}
			leaf := s.PeerCertificates[0]
			row := describeCert(leaf)
			out = snapshot.ServedCertificate{Subject: row.Subject, Issuer: row.Issuer, Key: row.Key, Until: row.Until, Own: row.Own, Cluster: n.chains(leaf)}
			seen = true
			return nil
		},
	})
	_ = c.HandshakeContext(ctx) // the certificate was shown, even where it then asks for one
	out.Subject, out.Issuer = host.Text(out.Subject), host.Text(out.Issuer)
	return out, seen
}
