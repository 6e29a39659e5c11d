package node

import (
	"path"
	"slices"

	"plimsoll/internal/collect/host"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/yaml"
)

// fields turns a flattened configuration into settings, sorted.
func fields(values map[string]string, source string) []snapshot.ConfigField {
	keys := make([]string, 0, len(values))
	for k := range values {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	out := make([]snapshot.ConfigField, 0, len(keys))
	for _, k := range keys {
		out = append(out, snapshot.ConfigField{Key: k, Value: values[k], Source: source})
	}
	return out
}

// etcdFields are those of etcd's configuration file that are kept.
var etcdFields = words(`name data-dir listen-client-urls listen-client-http-urls listen-metrics-urls listen-peer-urls advertise-client-urls
	initial-advertise-peer-urls initial-cluster initial-cluster-state quota-backend-bytes auto-compaction-mode auto-compaction-retention
	client-transport-security.cert-file client-transport-security.key-file client-transport-security.client-cert-auth
	client-transport-security.trusted-ca-file client-transport-security.auto-tls peer-transport-security.cert-file
	peer-transport-security.key-file peer-transport-security.client-cert-auth peer-transport-security.trusted-ca-file peer-transport-security.auto-tls
	cipher-suites tls-min-version tls-max-version`)

// etcd reads the file of --config-file: given one, etcd heeds no flag beside it.
func (n *survey) etcd(b *built) {
	f := b.flags.last("config-file")
	if f == "" {
		n.stored(b, b.flags.last("data-dir"))
		return
	}
	d := n.content(b, f)
	values := flatten(d.root, func(k string) bool { return etcdFields[k] })
	for k, v := range values {
		if s := snapshot.Conceal("", v).Shape; s == snapshot.ShapeURLCreds || s == snapshot.ShapeKey {
			values[k] = ""
		}
	}
	b.Config = fact(d, fields(values, host.Text(f)), host.Text(f))
	for _, k := range []string{"client-transport-security.cert-file", "client-transport-security.trusted-ca-file", "peer-transport-security.cert-file", "peer-transport-security.trusted-ca-file", "data-dir"} {
		if p := values[k]; p != "" {
			b.Named = append(b.Named, n.look(b, k, p))
		}
	}
	n.stored(b, values["data-dir"])
}

// stored is the size of etcd's database.
func (n *survey) stored(b *built, dir string) {
	if dir == "" || b.err != nil || b.Source != snapshot.FromProcess {
		return
	}
	size, err := b.view.Size(path.Join(dir, "member/snap/db"))
	if err != nil {
		s, r := host.Outcome(err)
		b.Stored = snapshot.Missing[int64](s, r, "member/snap/db")
		return
	}
	b.Stored = snapshot.Seen(size, "member/snap/db")
}

var proxyFields = words(`metricsBindAddress healthzBindAddress bindAddress mode clientConnection.kubeconfig iptables.localhostNodePorts
	nodePortAddresses enableProfiling hostnameOverride clusterCIDR conntrack.maxPerCore`)

func (n *survey) proxy(b *built) {
	f := b.flags.last("config")
	if f == "" {
		return
	}
	d := n.content(b, f)
	values := flatten(d.root, func(k string) bool { return proxyFields[k] })
	b.Config = fact(d, fields(values, host.Text(f)), host.Text(f))
	if p := values["clientConnection.kubeconfig"]; p != "" {
		b.Named = append(b.Named, n.look(b, "clientConnection.kubeconfig", p))
	}
}

func (n *survey) scheduler(b *built) {
	f := b.flags.last("config")
	if f == "" {
		return
	}
	d := n.content(b, f)
	s := &snapshot.SchedulerConfig{File: fact(d, true, host.Text(f)), Profiling: word(d.root, "enableProfiling")}
	for _, e := range items(d.root, "extenders") {
		url := withoutLogin(word(e, "urlPrefix"))
		s.Extenders = append(s.Extenders, snapshot.SchedulerExtender{URL: url, TLS: word(e, "enableHTTPS") == "true" || len(url) > 8 && url[:8] == "https://"})
	}
	for _, p := range items(d.root, "profiles") {
		s.Profiles = append(s.Profiles, snapshot.SchedulerProfile{Name: word(p, "schedulerName"), Plugins: enabledPlugins(at(p, "plugins"))})
	}
	b.Scheduler = s
	if k := word(d.root, "clientConnection", "kubeconfig"); k != "" {
		b.Named = append(b.Named, n.look(b, "clientConnection.kubeconfig", k))
	}
}

// enabledPlugins lists what a profile enables at any extension point.
func enabledPlugins(plugins *yaml.Node) []string {
	var out []string
	for _, point := range plugins.Entries() {
		for _, p := range items(point.Value, "enabled") {
			if w := word(p, "name"); w != "" && w != "*" && !slices.Contains(out, w) {
				out = append(out, w)
			}
		}
	}
	slices.Sort(out)
	return out
}
