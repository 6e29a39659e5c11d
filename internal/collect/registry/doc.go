// Package registry asks a registry of the distribution API what it gives to a
// caller without a login: whether it speaks TLS and whom its certificate
// convinces, whether it answers in clear, and what can be listed and pulled.
//
// It never sends a credential of the user and follows no redirect to another
// host; what a registry says of other addresses, such as a token service, is
// data. Every answer has a limit of bytes and time. Only reads are sent, unless
// a probe is asked for: see [Options].
package registry

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"plimsoll/internal/snapshot"
)

// Options say what to ask and how.
type Options struct {
	Address string // HOST, HOST:PORT, IP:PORT, [IPv6]:PORT
	Taken   time.Time

	// Pins returns the certificates below certs.d of this machine for an address,
	// in PEM; nil when there are none.
	Pins func(address string) []byte

	// Running are the repositories and digests in use that come from the registry.
	Running []snapshot.RegistryImage

	// Probe sends what is not a read: it opens and cancels an upload and asks to
	// delete what does not exist; where that shows that everything can be undone,
	// it pushes an image of a few bytes under a made-up name, overwrites its tag
	// and deletes it. Say is told before each step, and what was left behind.
	Probe bool
	Say   func(msg string)

	roots *x509.CertPool // instead of the machine's; for tests
}

// Local returns what a machine knows of a registry that listens on it.
type Local func(ctx context.Context, port uint16) (snapshot.Fact[snapshot.RegistryConfig], snapshot.PartStatus)

// ErrAddress says that a target names no registry.
var ErrAddress = errors.New("is no registry: write HOST or HOST:PORT, without a scheme or a path")

// Address splits a target into host and port; without a port, HTTPS's holds.
func Address(target string) (host string, port uint16, err error) {
	bad := fmt.Errorf("%q %w", shorten(target), ErrAddress)
	if strings.ContainsAny(target, "/@?#% \t") || target == "" {
		return "", 0, fmt.Errorf("the target %w", ErrAddress) // it may hold a credential
	}
	host, p, err := net.SplitHostPort(target)
	if err != nil {
		host, p = strings.Trim(target, "[]"), "443"
		if strings.Contains(host, ":") && net.ParseIP(host) == nil {
			return "", 0, bad
		}
	}
	n, err := strconv.ParseUint(p, 10, 16)
	if err != nil || n == 0 || !isHost(host) {
		return "", 0, bad
	}
	return strings.ToLower(host), uint16(n), nil
}

func isHost(s string) bool {
	if net.ParseIP(s) != nil {
		return true
	}
	return s != "" && len(s) <= 253 && !strings.ContainsFunc(s, func(r rune) bool {
		return r != '.' && r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
}

// Collect asks one registry. It fails when nothing answers at the address.
func Collect(ctx context.Context, o Options) (*snapshot.Snapshot, error) {
	host, port, err := Address(o.Address)
	if err != nil {
		return nil, err
	}
	address := net.JoinHostPort(host, strconv.Itoa(int(port)))
	c := &collector{Options: o, host: host, port: port, address: address}
	c.reg = snapshot.Registry{Scope: "registry:" + address, Address: address}
	c.reg.Addresses, err = resolve(ctx, host)
	if err != nil {
		return nil, fmt.Errorf("registry %s: %w", address, err)
	}
	if err := c.api(ctx); err != nil {
		return nil, fmt.Errorf("registry %s: %w", address, err)
	}
	c.product(ctx)
	c.content(ctx)
	c.token(ctx)
	c.debug(ctx)
	if o.Probe {
		c.probe(ctx)
	} else {
		c.reg.Probe = snapshot.Missing[snapshot.RegistryProbe](snapshot.Skipped, snapshot.ReasonNotCollected, "--probe")
	}
	return c.fragment(ctx), nil
}

type collector struct {
	Options
	host    string
	port    uint16
	address string
	base    string // https://host:port or http://host:port: how it is asked
	client  *client

	challenges []challenge
	reg        snapshot.Registry
}

func (c *collector) say(format string, a ...any) {
	if c.Say != nil {
		c.Say(fmt.Sprintf(format, a...))
	}
}

// fragment is the snapshot of this registry alone.
func (c *collector) fragment(ctx context.Context) *snapshot.Snapshot {
	scope := snapshot.Scope{
		ID: c.reg.Scope, Kind: snapshot.ScopeRegistry, Name: c.address, Target: c.address,
		Taken: c.Taken.UTC().Truncate(time.Second), Remote: !loopback(c.reg.Addresses),
	}
	part := func(p snapshot.Part, st snapshot.State, r snapshot.Reason, detail, grant string) snapshot.PartStatus {
		return snapshot.PartStatus{Scope: scope.ID, Part: p, State: st, Reason: r, Detail: detail, Grant: grant}
	}
	again := "plimsoll assess --probe registry:" + c.address
	probe := part(snapshot.PartRegistryProbe, snapshot.Observed, "", "", "")
	if !c.reg.Probe.Known() {
		probe = part(snapshot.PartRegistryProbe, c.reg.Probe.State, c.reg.Probe.Reason, "it takes requests that are more than reads, which are sent only when asked for", again)
	}
	if left := c.reg.Probe.V.Left; len(left) > 0 {
		probe.Detail = "left behind: " + strings.Join(left, "; ")
	}
	content := part(snapshot.PartRegistryContent, c.reg.Content.State, c.reg.Content.Reason, "", "")
	if !c.reg.Content.Known() {
		content.Detail = "the registry did not answer when asked for its content"
	}
	return &snapshot.Snapshot{
		Scopes: []snapshot.Scope{scope}, Registries: []snapshot.Registry{c.reg}, Complete: ctx.Err() == nil,
		Parts: []snapshot.PartStatus{
			part(snapshot.PartRegistryAPI, snapshot.Observed, "", "", ""), content, probe,
			part(snapshot.PartRegistryConfig, snapshot.Skipped, snapshot.ReasonNotCollected,
				"the registry was not found among the processes of this machine", "run plimsoll as root on the registry's machine, with registry:localhost:PORT"),
		},
	}
}

func resolve(ctx context.Context, host string) ([]string, error) {
	if ip := net.ParseIP(host); ip != nil {
		return []string{ip.String()}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	ips, err := net.DefaultResolver.LookupHost(ctx, host)
	if err != nil {
		return nil, errors.New("its name cannot be resolved")
	}
	slices.Sort(ips)
	ips = slices.Compact(ips)
	return ips[:min(len(ips), 16)], nil
}

// loopback reports whether all addresses are of this machine alone.
func loopback(addresses []string) bool {
	return len(addresses) > 0 && !slices.ContainsFunc(addresses, func(a string) bool {
		ip := net.ParseIP(a)
		return ip == nil || !ip.IsLoopback()
	})
}

// shorten bounds a string of somebody else for an error or a snapshot.
func shorten(s string) string {
	const most = 200
	s = strings.ToValidUTF8(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, s), "")
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "")
	}
	return s
}
