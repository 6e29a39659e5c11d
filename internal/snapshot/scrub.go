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
func Scrub(s *Snapshot) (*Snapshot, error) { return scrub(s, true) }

// ScrubMachine is [Scrub] for a machine whose containers have names that may be
// shown: it replaces host names, addresses, users and private registries only.
func ScrubMachine(s *Snapshot) (*Snapshot, error) { return scrub(s, false) }

func scrub(s *Snapshot, names bool) (*Snapshot, error) {
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
		projects: make(map[string]bool), built: make(map[string]bool), images: make(map[string]string), keep: !names,
		nodes: make(map[string]bool), labels: make(map[string]bool),
	}
	sc.learn(out)
	if names {
		sc.learnNames(out)
	}
	sc.walk(reflect.ValueOf(out).Elem(), "")
	if names {
		sc.bridges(out)
	}
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

	keep     bool              // names of what runs stay
	projects map[string]bool   // names that are replaced in paths too
	built    map[string]bool   // repositories that compose makes up for what it builds
	images   map[string]string // repository -> stand-in
	nodes    map[string]bool   // names of nodes
	labels   map[string]bool   // names of objects of clusters, and values of labels
}

// publicHosts name nobody.
var publicHosts = []string{
	"docker.io", "index.docker.io", "registry-1.docker.io", "ghcr.io", "quay.io", "gcr.io", "registry.k8s.io", "mcr.microsoft.com",
	"public.ecr.aws", "localhost", "docker-desktop",
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
			if t.Field(i).IsExported() && (!slices.Contains(verbatim, name) || t == reflect.TypeFor[Scope]() || t == reflect.TypeFor[Volume]() || t == reflect.TypeFor[Snapshot]() && name == "Components") {
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
	prose = []string{
		"Scope.Name", "Scope.Target", "Host.Name", "Engine.Name", "SwarmNode.Hostname", "Engine.Warnings", "PartStatus.Detail", "PartStatus.Grant", "Group.Members", "SubID.Owner", "Client.User", "ImageAccounts.Passwordless",
		"NodeHost.Name", "Component.Node", "ComponentFlag.Value", "X509.Subject", "X509.Issuer", "X509.DNS", "X509.In", "ServedCertificate.Subject", "ServedCertificate.Issuer", "KubeconfigUser.Name",
	}
	registries = []string{"Registry.Address", "RegistryAPI.Plain", "RegistryDebug.Address", "RegistryChallenge.Service", "ClientLogin.Registry", "ClientHelper.Registry", "ContainerSpec.Image", "PodContainer.Image", "SwarmService.Image", "Image.Tags", "Image.Digests", "ImageConfig.BaseName", "Engine.InsecureRegistries", "Engine.Mirrors", "Setting.Values"}
)

// stands reports whether an undotted name of a host or user may stand in s.
func (sc *scrubber) stands(name, s, field string) bool {
	if slices.Contains(prose, field) || strings.Contains(s, "://") || strings.HasPrefix(s, "registry:") { // the last is a scope
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
	case field == "PodContainer.Image", field == "ContainerSpec.Image", field == "SwarmService.Image", field == "Image.Tags", field == "Image.Digests":
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
