package host

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"plimsoll/internal/snapshot"
	"plimsoll/internal/yaml"
)

// samples are upload secrets that documentation and examples print.
var samples = []string{"asecretforlocaldevelopment", "secret", "mysecret", "changeme", "a-secret", "somesecret", "verysecret", "topsecret"}

// storageOptions are the keys beside the driver's in the section on storage.
var storageOptions = []string{"cache", "delete", "maintenance", "redirect", "tag"}

// registryFile is a registry's configuration with the variables of its process,
// which hold over it: REGISTRY_HTTP_SECRET is http.secret.
type registryFile struct {
	root *yaml.Node
	vars map[string]string // by path in lower case
}

// parseRegistryFile reads the file and the process's environment.
func parseRegistryFile(b []byte, name string, environ []string) (*registryFile, error) {
	root, err := yaml.Parse(b, name, yaml.Limits{Bytes: maxText, Nodes: 20_000})
	if err != nil {
		return nil, err
	}
	f := &registryFile{root: root, vars: make(map[string]string)}
	for _, e := range environ {
		k, v, ok := strings.Cut(e, "=")
		if rest, mine := strings.CutPrefix(k, "REGISTRY_"); ok && mine && rest != "CONFIGURATION_PATH" && rest != "" {
			f.vars[strings.ReplaceAll(strings.ToLower(rest), "_", ".")] = v
		}
	}
	return f, nil
}

// node returns the value at a path of the file, or nil.
func (f *registryFile) node(path string) *yaml.Node {
	n := f.root
	for k := range strings.SplitSeq(path, ".") {
		if n == nil || n.Kind != yaml.Map {
			return nil
		}
		n = n.Get(k)
	}
	return n
}

func (f *registryFile) text(path string) string {
	if v, ok := f.vars[path]; ok {
		return v
	}
	if n := f.node(path); n != nil && n.Kind == yaml.Scalar && !n.IsNull() {
		return n.Value
	}
	return ""
}

func (f *registryFile) on(path string) bool {
	switch strings.ToLower(f.text(path)) {
	case "true", "1", "t":
		return true
	}
	return false
}

// kinds are the keys of a section that names one of several things, from file
// and variables.
func (f *registryFile) kinds(section string, not []string) []string {
	if v := f.vars[section]; v != "" {
		return []string{text(v)}
	}
	set := make(map[string]bool)
	switch n := f.node(section); {
	case n == nil:
	case n.Kind == yaml.Scalar && !n.IsNull():
		set[text(n.Value)] = true
	default:
		for _, p := range n.Entries() {
			set[text(p.Key.Value)] = true
		}
	}
	for path := range f.vars {
		if rest, ok := strings.CutPrefix(path, section+"."); ok {
			k, _, _ := strings.Cut(rest, ".")
			set[text(k)] = true
		}
	}
	for _, k := range not {
		delete(set, k)
	}
	out := slices.Sorted(maps.Keys(set))
	return out[:min(len(out), 16)]
}

// facts are those that the configuration alone decides.
func (f *registryFile) facts() snapshot.RegistryConfig {
	secret := f.text("http.secret")
	c := snapshot.RegistryConfig{
		Auth:     f.kinds("auth", nil),
		TLS:      f.text("http.tls.certificate") != "" || len(f.kinds("http.tls.letsencrypt", nil)) > 0,
		MinTLS:   text(f.text("http.tls.minimumtls")),
		Secret:   snapshot.Conceal("http.secret", secret),
		Sample:   slices.Contains(samples, strings.ToLower(secret)),
		Delete:   f.on("storage.delete.enabled"),
		ReadOnly: f.on("storage.maintenance.readonly.enabled"),
		Debug:    text(bareAddress(f.text("http.debug.addr"))),
		NoAccess: f.on("log.accesslog.disabled"),
		Driver:   strings.Join(f.kinds("storage", storageOptions), ","),
		Foreign:  f.foreign(),
		Health:   f.on("health.storagedriver.enabled"),
		Proxy:    f.text("proxy.remoteurl") != "",
	}
	if n := f.node("notifications.endpoints"); n != nil && n.Kind == yaml.List {
		for _, e := range n.Items {
			if off := e.Get("disabled"); e.Kind == yaml.Map && (off == nil || off.Value != "true") && e.Get("url") != nil {
				c.Notified++
			}
		}
	}
	for path := range f.vars {
		c.Overrides = append(c.Overrides, text("REGISTRY_"+strings.ToUpper(strings.ReplaceAll(path, ".", "_"))))
	}
	slices.Sort(c.Overrides)
	c.Overrides = c.Overrides[:min(len(c.Overrides), 64)]
	return c
}

// foreign says what becomes of manifests with layers at other addresses. A
// registry that validates and lists nothing refuses them, which is the default.
func (f *registryFile) foreign() string {
	switch allow := f.node("validation.manifests.urls.allow"); {
	case f.on("validation.disabled"):
		return "allowed"
	case f.vars["validation.manifests.urls.allow"] != "",
		allow != nil && allow.Kind == yaml.List && len(allow.Items) > 0,
		f.node("validation.manifests.urls.deny") != nil:
		return "listed"
	}
	return "denied"
}

// folder is that of the filesystem driver.
func (f *registryFile) folder() string {
	return cmp.Or(f.text("storage.filesystem.rootdirectory"), "/var/lib/registry")
}
