package snapshot

import (
	"bytes"
	"fmt"
	"net/netip"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Scrub returns a copy in which host names, IP addresses, user names, and the
// names of containers, projects, services, networks and volumes are replaced, each
// by the same stand-in throughout, so that the copy can be shown to others and
// judged alike. Loopback and unspecified addresses stay, any other address keeps
// its class (private, link-local, multicast, public), root stays root, the
// engine's own networks stay. Public registries keep their names and those of
// their images; images of other registries, and those that compose built, do not.
// Other paths, variable names and the times of things stay.
func Scrub(s *Snapshot) (*Snapshot, error) {
	var b bytes.Buffer
	if err := Encode(&b, s); err != nil {
		return nil, err
	}
	c := *s
	c.ID = "" // the content changes, so the copy gets an ID of its own
	var raw bytes.Buffer
	if err := Encode(&raw, &c); err != nil {
		return nil, err
	}
	out, err := Parse(raw.Bytes())
	if err != nil {
		return nil, fmt.Errorf("scrub: %w", err)
	}
	sc := &scrubber{
		taken: b.String(), names: make(map[string]string), users: make(map[string]bool), addrs: make(map[netip.Addr]string), next: make(map[string]int),
		projects: make(map[string]bool), built: make(map[string]bool), images: make(map[string]string),
	}
	sc.learn(out)
	sc.learnNames(out)
	sc.walk(reflect.ValueOf(out).Elem(), "")
	sc.bridges(out)
	if err := out.Validate(); err != nil {
		return nil, fmt.Errorf("scrub: %w", err)
	}
	return out, out.Seal()
}

type scrubber struct {
	taken string            // the whole text: stand-ins must not occur in it
	names map[string]string // host, registry or user name -> stand-in
	users map[string]bool   // which of the names are of users
	order []string          // names, longest first, for replacing inside text
	addrs map[netip.Addr]string
	next  map[string]int // kind of stand-in -> last number

	projects map[string]bool   // names that are replaced in paths too
	built    map[string]bool   // repositories that compose makes up for what it builds
	images   map[string]string // repository -> stand-in
}

// publicHosts name nobody.
var publicHosts = []string{
	"docker.io", "index.docker.io", "registry-1.docker.io", "ghcr.io", "quay.io", "gcr.io", "registry.k8s.io", "mcr.microsoft.com",
	"public.ecr.aws", "localhost", "docker-desktop",
}

// learn collects the names of hosts, registries and users from the fields that
// hold nothing else.
func (sc *scrubber) learn(s *Snapshot) {
	for _, scope := range s.Scopes {
		if scope.Kind == ScopeEngine || scope.Kind == ScopeHost {
			sc.host(scope.Name)
		}
		sc.url(scope.Target)
	}
	for _, h := range s.Hosts {
		sc.host(h.Name)
		for _, g := range h.Accounts.V.Groups {
			for _, m := range g.Members {
				sc.user(m)
			}
		}
		for _, r := range h.SubIDs.V.Ranges {
			sc.user(r.Owner)
		}
	}
	for i := range s.Engines {
		sc.learnEngine(&s.Engines[i])
	}
	for i := range s.Files { // the folder of a registry's certificates has its name
		if _, rest, ok := strings.Cut(s.Files[i].Path, "/certs.d/"); ok && (s.Files[i].Role == RoleRegistryCert || s.Files[i].Role == RoleRegistryKey) {
			sc.url(rest)
		}
	}
	for i := range s.ContainerSpecs {
		sc.registry(s.ContainerSpecs[i].Image)
	}
	for i := range s.Images {
		for _, ref := range slices.Concat(s.Images[i].Tags, s.Images[i].Digests) {
			sc.registry(ref)
		}
	}
	for name := range sc.names {
		sc.order = append(sc.order, name)
	}
	slices.SortFunc(sc.order, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
}

// learnEngine collects the names that an engine, its configuration and its swarm
// have of machines.
func (sc *scrubber) learnEngine(e *Engine) {
	sc.host(e.Name)
	for _, n := range e.Cluster.V.Nodes {
		sc.host(n.Hostname)
	}
	for _, v := range e.Cluster.V.Services {
		sc.registry(v.Image)
	}
	for _, r := range slices.Concat(e.InsecureRegistries, e.Mirrors) {
		sc.url(r)
	}
	for _, set := range e.Config.V.Settings {
		for _, v := range set.Values {
			if strings.Contains(v, "://") || strings.Contains(set.Key, "registr") {
				sc.url(v)
			}
		}
	}
}

func (sc *scrubber) host(name string) {
	if _, err := netip.ParseAddr(name); err == nil || strings.ContainsAny(name, "/:") {
		sc.url(name)
		return
	}
	if name != "" && !slices.Contains(publicHosts, name) {
		sc.name(name, "host")
	}
}

func (sc *scrubber) user(name string) {
	if _, err := strconv.Atoi(name); name != "" && name != "root" && err != nil {
		sc.name(name, "user")
		sc.users[name] = true
	}
}

// url learns host and user of scheme://user@host:port/path, or host:port.
func (sc *scrubber) url(s string) {
	scheme, rest, ok := strings.Cut(s, "://")
	switch {
	case !ok:
		rest = s
	case scheme == "unix" || scheme == "fd" || scheme == "npipe":
		return
	}
	authority, _, _ := strings.Cut(rest, "/")
	if user, host, ok := strings.Cut(authority, "@"); ok {
		sc.user(user)
		authority = host
	}
	if _, err := netip.ParseAddr(strings.Trim(authority, "[]")); err == nil || strings.HasPrefix(authority, "[") {
		return // addresses are found wherever they stand
	}
	host, _, _ := strings.Cut(authority, ":")
	if _, err := netip.ParseAddr(host); err == nil || host == "" || slices.Contains(publicHosts, host) {
		return
	}
	sc.name(host, "host")
}

func (sc *scrubber) registry(ref string) {
	r := ParseReference(ref)
	if r.Registry != "docker.io" {
		sc.url(r.Registry)
	}
}

// name gives a name its stand-in. A dotted name keeps a dot, because a registry
// is told from a folder of images by it.
func (sc *scrubber) name(name, kind string) {
	if _, ok := sc.names[name]; ok {
		return
	}
	suffix := ""
	if strings.Contains(name, ".") {
		suffix = ".example"
	}
	sc.names[name] = sc.fresh(kind, func(n int) string { return numbered(kind)(n) + suffix })
}

// numbered is the form of stand-ins without a dot.
func numbered(kind string) func(int) string {
	return func(n int) string { return kind + "-" + strconv.Itoa(n) }
}

// fresh returns the next stand-in that the snapshot does not contain already.
func (sc *scrubber) fresh(kind string, form func(int) string) string {
	for {
		sc.next[kind]++
		if s := form(sc.next[kind]); !strings.Contains(sc.taken, s) {
			return s
		}
	}
}

// verbatim are fields whose dotted or colon-separated values are no addresses,
// or that identify content.
var verbatim = []string{
	"Schema", "ID", "Tool", "Catalogue", "Version", "APIVersion", "Kernel", "Release", "Package", "Components", "Builds", "ImageID", "Created", "Finished", "Build", "Installed", "Device", "RootDevice",
}

// walk replaces in every string below v; field is Type.Name of the field it is
// in. Strings of a type of their own are enumerations, which stay.
func (sc *scrubber) walk(v reflect.Value, field string) {
	switch v.Kind() {
	case reflect.Struct:
		t := v.Type()
		for i := range t.NumField() {
			name := t.Field(i).Name
			if t.Field(i).IsExported() && (!slices.Contains(verbatim, name) || t == reflect.TypeFor[Scope]() || t == reflect.TypeFor[Volume]()) {
				sc.walk(v.Field(i), t.Name()+"."+name)
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			sc.walk(v.Index(i), field)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			sc.walk(v.Elem(), field)
		}
	case reflect.String:
		if v.Type() == reflect.TypeFor[string]() {
			v.SetString(sc.text(v.String(), field))
		}
	default:
	}
}

var (
	addressLike = regexp.MustCompile(`[0-9A-Fa-f:.]*[0-9A-Fa-f:][0-9A-Fa-f:.]*`)
	homePath    = regexp.MustCompile(`/home/([^/\s]+)`)
)

// A name without a dot is replaced only where names of its kind stand, because
// a machine called "run" must not change /run/docker.sock. Dotted names are
// replaced everywhere.
var (
	prose      = []string{"Scope.Name", "Scope.Target", "Host.Name", "Engine.Name", "SwarmNode.Hostname", "Engine.Warnings", "PartStatus.Detail", "PartStatus.Grant", "Group.Members", "SubID.Owner"}
	registries = []string{"ContainerSpec.Image", "SwarmService.Image", "Image.Tags", "Image.Digests", "Engine.InsecureRegistries", "Engine.Mirrors", "Setting.Values"}
)

// stands reports whether an undotted name of a host or user may stand in s.
func (sc *scrubber) stands(name, s, field string) bool {
	if slices.Contains(prose, field) || strings.Contains(s, "://") {
		return true
	}
	return slices.Contains(registries, field) && !sc.users[name] && !strings.HasPrefix(s, "/")
}

// text replaces names and addresses in one string.
func (sc *scrubber) text(s, field string) string {
	if s == "" {
		return s
	}
	if names, ok := sc.structured(s, field); ok {
		return names
	}
	switch ref, item := strings.CutPrefix(s, "image/"); {
	case field == "ContainerSpec.Image", field == "SwarmService.Image", field == "Image.Tags", field == "Image.Digests":
		s = sc.image(s)
	case field == "PartStatus.Item" && item:
		s = "image/" + sc.image(ref)
	case field == "Owner.Sources":
		s = sc.sources(s)
	}
	s = sc.paths(homePath.ReplaceAllStringFunc(s, func(m string) string {
		user := strings.TrimPrefix(m, "/home/")
		sc.user(user)
		if to, ok := sc.names[user]; ok {
			return "/home/" + to
		}
		return m
	}))
	for _, name := range sc.order {
		if strings.Contains(name, ".") || sc.stands(name, s, field) {
			s = replaceWord(s, name, sc.names[name])
		}
	}
	return sc.addresses(s)
}

// replaceWord replaces a name where it stands alone.
func replaceWord(s, name, to string) string {
	var b strings.Builder
	for {
		i := strings.Index(s, name)
		if i < 0 {
			break
		}
		end := i + len(name)
		alone := (i == 0 || !wordByte(s[i-1])) && (end == len(s) || !wordByte(s[end]))
		b.WriteString(s[:i])
		if alone {
			b.WriteString(to)
		} else {
			b.WriteString(name)
		}
		s = s[end:]
	}
	return b.String() + s
}

func wordByte(c byte) bool {
	return c == '-' || c == '_' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

// addresses replaces IP addresses wherever they stand in s.
func (sc *scrubber) addresses(s string) string {
	var b strings.Builder
	last := 0
	for _, m := range addressLike.FindAllStringIndex(s, -1) {
		if m[0] > 0 && wordByte(s[m[0]-1]) || m[1] < len(s) && wordByte(s[m[1]]) {
			continue
		}
		b.WriteString(s[last:m[0]])
		b.WriteString(sc.address(s[m[0]:m[1]]))
		last = m[1]
	}
	return b.String() + s[last:]
}

// address replaces one token that may be an address, with or without a port.
func (sc *scrubber) address(tok string) string {
	core := strings.TrimRight(tok, ".:")
	tail := tok[len(core):]
	if a, err := netip.ParseAddr(tok); err == nil {
		return sc.standIn(a)
	}
	if a, err := netip.ParseAddr(core); err == nil {
		return sc.standIn(a) + tail
	}
	if p, err := netip.ParseAddrPort(core); err == nil {
		return sc.standIn(p.Addr()) + ":" + strconv.Itoa(int(p.Port())) + tail
	}
	return tok
}

// standIn maps an address to another of its class.
func (sc *scrubber) standIn(a netip.Addr) string {
	if a.IsLoopback() || a.IsUnspecified() {
		return a.String()
	}
	if s, ok := sc.addrs[a]; ok {
		return s
	}
	prefix := classPrefix(a)
	s := sc.fresh(prefix, func(n int) string {
		if a.Is4() {
			return fmt.Sprintf("%s.%d.%d", prefix, n>>8&0xff, n&0xff)
		}
		return fmt.Sprintf("%s::%x", prefix, n)
	})
	sc.addrs[a] = s
	return s
}

// classPrefix is the block that stands for the class of an address.
func classPrefix(a netip.Addr) string {
	four := a.Is4()
	switch {
	case a.IsPrivate() && four:
		return "10.99"
	case a.IsPrivate():
		return "fd00"
	case a.IsLinkLocalUnicast() && four:
		return "169.254"
	case a.IsLinkLocalUnicast():
		return "fe80"
	case a.IsMulticast() && four:
		return "239.0"
	case a.IsMulticast():
		return "ff05"
	case four:
		return "198.18"
	}
	return "2001:db8"
}
