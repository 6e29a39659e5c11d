package model

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"plimsoll/internal/snapshot"
)

// builder adds one engine to a model.
type builder struct {
	*Model
	s      *snapshot.Snapshot
	e      *snapshot.Engine
	prefix string // set when there are several engines
}

func (b *builder) element(e Element) {
	e.ID = b.prefix + e.ID
	e.Count = max(1, e.Count)
	if e.State == "" {
		e.State = "observed"
	}
	b.Elements = append(b.Elements, e)
}

func (b *builder) flow(f Flow) {
	f.From, f.To = b.prefix+f.From, b.prefix+f.To
	f.ID = f.From + ">" + f.To + ":" + f.Label
	f.Exposed = f.Crosses && f.Auth == "none"
	b.Flows = append(b.Flows, f)
}

func (b *builder) host() {
	b.element(Element{ID: "dockerd", Kind: Process, Zone: ZoneHost, Name: "dockerd", Notes: []string{b.e.Version}})
	for _, c := range b.e.Components {
		name := strings.ToLower(c.Key)
		if name == "containerd" || name == "runc" {
			b.element(Element{ID: name, Kind: Process, Zone: ZoneHost, Name: name, Notes: []string{c.Value}})
		}
	}
	images := 0
	for i := range b.s.Images {
		if b.s.Images[i].Scope == b.e.Scope {
			images++
		}
	}
	if images > 0 {
		b.element(Element{ID: "images", Kind: Store, Zone: ZoneHost, Name: "images", Count: images})
	}
}

// containers adds the containers as one element and a flow for those that can
// reach the engine's socket by a mount of it.
func (b *builder) containers(x *snapshot.Index) {
	total, privileged, running := 0, 0, 0
	var sockets []string
	published := 0
	for _, cl := range x.Classes() {
		if cl.Scope != b.e.Scope || cl.Kept != "" {
			continue
		}
		spec := &b.s.ContainerSpecs[cl.Spec]
		total += len(cl.Members)
		if spec.Privileged {
			privileged += len(cl.Members)
		}
		if b.s.Runtimes[cl.Runtime].Live() {
			running += len(cl.Members)
		}
		if mountsSocket(b.s, spec) {
			for _, m := range cl.Members {
				sockets = append(sockets, x.Subjects[m].Name)
			}
		}
		published += len(cl.Members) * openPorts(spec)
	}
	if total == 0 {
		return
	}
	notes := []string{strconv.Itoa(running) + " running"}
	if privileged > 0 {
		notes = append(notes, strconv.Itoa(privileged)+" privileged")
	}
	b.element(Element{ID: "containers", Kind: Process, Zone: ZoneHost, Name: "containers", Count: total, Notes: notes})
	if len(sockets) > 0 {
		slices.Sort(sockets)
		b.flow(Flow{From: "containers", To: "dockerd", Protocol: "unix", Auth: "none", Encrypt: true, Crosses: true, Label: "docker.sock mounted in: " + strings.Join(sockets, ", ")})
	}
	if published > 0 {
		b.element(Element{ID: "network", Kind: External, Zone: ZoneClient, Name: "network", Notes: []string{"any address that reaches the host"}})
		b.flow(Flow{From: "network", To: "containers", Protocol: "tcp", Auth: "unknown", Crosses: true, Label: fmt.Sprintf("published ports: %d", published)})
	}
}

// openPorts counts the container's ports that are published on every address,
// once for IPv4 and IPv6 together.
func openPorts(spec *snapshot.ContainerSpec) int {
	seen := make(map[string]bool)
	for _, p := range spec.Ports {
		if p.HostIP == "" || isUnspecified(p.HostIP) {
			seen[fmt.Sprintf("%s %d %d", p.Proto, p.ContainerPort, p.HostPort)] = true
		}
	}
	return len(seen)
}

func mountsSocket(s *snapshot.Snapshot, spec *snapshot.ContainerSpec) bool {
	for i := range s.Files {
		f := &s.Files[i]
		if f.Role == snapshot.RoleEngineSocket && slices.ContainsFunc(spec.Mounts, func(m snapshot.Mount) bool { return mountShows(&m, f) }) {
			return true
		}
	}
	return false
}

// mountShows: a directory around a link to the socket shows the link only, so once
// a source was followed its end counts.
func mountShows(m *snapshot.Mount, f *snapshot.File) bool {
	if m.Real == "" || f.Real == "" {
		return shows(m.Source, f.Path)
	}
	return shows(m.Real, f.Real) || slices.ContainsFunc(m.Shows, func(p string) bool { return shows(p, f.Real) })
}

// shows reports whether a mount of source has path in it.
func shows(source, path string) bool {
	return source != "" && (source == path || strings.HasPrefix(path, strings.TrimSuffix(source, "/")+"/"))
}

func isUnspecified(ip string) bool {
	a, err := netip.ParseAddr(ip)
	return err == nil && a.IsUnspecified()
}

// clients adds who can call the engine's API and over what.
func (b *builder) clients() {
	var principals []string
	if h := b.s.Host(b.e.Scope); h != nil && h.Accounts.Known() {
		for _, g := range h.Accounts.V.Groups {
			if g.GID != 0 {
				principals = append(principals, g.Members...)
			}
		}
	}
	slices.Sort(principals)
	principals = slices.Compact(principals)
	client := Element{ID: "cli", Kind: External, Zone: ZoneClient, Name: "docker CLI", Count: 1, Notes: []string{"root"}}
	if len(principals) > 0 {
		client.Count += len(principals)
		client.Notes = append(client.Notes, principals...)
	}
	b.element(client)
	unix, seen := false, false
	for i := range b.s.Listeners {
		l := &b.s.Listeners[i]
		if l.Scope != b.e.Scope {
			continue
		}
		seen = true
		if l.Network == "unix" {
			unix = true
			continue
		}
		auth := map[string]string{"open": "none", "tls-open": "tls-server", "refused": "mutual-tls"}[l.API]
		switch {
		case l.API == "none":
			continue
		case auth == "":
			auth = "unknown"
		}
		f := Flow{From: "cli", To: "dockerd", Protocol: "tcp", Auth: auth, Encrypt: l.API != "open", Crosses: true, Label: "tcp " + strconv.Itoa(int(l.Port))}
		if auth == "tls-server" {
			f.Auth = "none" // encrypted, but any caller is obeyed
		}
		b.flow(f)
	}
	switch {
	case unix:
		b.flow(overSocket())
	case !seen:
		b.flow(b.asked())
	}
}

// overSocket is a call over a unix socket.
func overSocket() Flow {
	return Flow{From: "cli", To: "dockerd", Protocol: "unix", Auth: "file-permissions", Encrypt: true, Crosses: true, Label: "socket"}
}

// asked is how the engine was called, where what it listens on was not seen.
func (b *builder) asked() Flow {
	f := Flow{From: "cli", To: "dockerd", Crosses: true, Encrypt: true}
	sc := b.s.Scope(b.e.Scope)
	if sc == nil {
		return overSocket()
	}
	scheme, rest, _ := strings.Cut(sc.Target, "://")
	switch scheme {
	case "ssh":
		f.Protocol, f.Auth, f.Label = "ssh", "credentials", "ssh"
	case "https": // with a certificate of the client's; whether it was asked for is not known
		f.Protocol, f.Auth, f.Label = "tcp", "unknown", "tcp"
	case "tcp", "http":
		f.Protocol, f.Auth, f.Label, f.Encrypt = "tcp", "none", "tcp", false
	default:
		return overSocket()
	}
	if i := strings.LastIndexByte(rest, ':'); i >= 0 && f.Protocol == "tcp" {
		f.Label += " " + strings.TrimRight(rest[i+1:], "/")
	}
	return f
}

// registries adds every registry that the containers' images come from.
func (b *builder) registries() {
	uses := make(map[string]int)
	for i := range b.s.Containers {
		c := &b.s.Containers[i]
		if c.Scope == b.e.Scope && c.KeptFor == "" {
			if img := b.s.ContainerSpecs[c.Spec].Image; img != "" && !strings.HasPrefix(img, "sha256:") {
				uses[snapshot.ParseReference(img).Registry]++
			}
		}
	}
	for _, host := range slices.Sorted(maps.Keys(uses)) {
		plain := slices.Contains(b.e.InsecureRegistries, host) || loopback(host)
		b.element(Element{ID: "registry/" + host, Kind: External, Zone: ZoneRegistry, Name: host, Notes: []string{fmt.Sprintf("%d containers", uses[host])}})
		f := Flow{From: "dockerd", To: "registry/" + host, Protocol: "https", Auth: "tls-server", Encrypt: true, Crosses: true, Label: "https"}
		if plain {
			f.Protocol, f.Auth, f.Encrypt, f.Label = "http", "none", false, "http allowed"
		}
		b.flow(f)
	}
}

// loopback reports whether the engine may speak plain HTTP to the registry
// because it is on its own machine.
func loopback(registry string) bool {
	host := registry
	if i := strings.LastIndexByte(registry, ':'); i > 0 {
		host = registry[:i]
	}
	a, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return host == "localhost" || err == nil && a.IsLoopback()
}
