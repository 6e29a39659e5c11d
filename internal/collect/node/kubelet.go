package node

import (
	"encoding/json"
	"path"
	"slices"
	"strings"

	"plimsoll/internal/collect/host"
	"plimsoll/internal/kubeflag"
	"plimsoll/internal/snapshot"
)

// kept are the tables of a kubelet's configuration that are kept whole.
var kubeletTables = []string{"featureGates.", "kubeReserved.", "systemReserved.", "evictionHard."}

func kubeletField(key string) bool {
	return kubeflag.IsKubeletField(key) || slices.ContainsFunc(kubeletTables, func(t string) bool { return strings.HasPrefix(key, t) })
}

// layers reads the kubelet's file and drop-ins in their order; the document says
// whether all of it could be read.
func (n *survey) layers(r *running) (layers []kubeflag.Layer, files []string, dir string, whole document) {
	whole.state = snapshot.Observed
	if r.viewErr != nil {
		whole.state, whole.reason = host.Outcome(r.viewErr)
		return nil, nil, "", whole
	}
	add := func(name string) {
		d := read(r.view, name)
		if !d.ok() {
			whole = d
			return
		}
		files = append(files, name)
		layers = append(layers, kubeflag.Layer{Source: host.Text(name), Values: flatten(d.root, kubeletField)})
	}
	if f := r.flags.last("config"); f != "" {
		add(f)
	}
	if dir = r.flags.last("config-dir"); dir != "" {
		list, err := confs(r.view, dir, 0)
		if err != nil {
			whole.state, whole.reason = host.Outcome(err)
		}
		for _, f := range list {
			add(f)
		}
	}
	return layers, files, dir, whole
}

// confs lists the drop-ins below a folder in the order in which the kubelet walks
// them.
func confs(v host.View, dir string, depth int) ([]string, error) {
	list, err := v.List(dir)
	if err != nil || depth > 4 {
		return nil, err
	}
	slices.SortFunc(list, func(a, b string) int { return strings.Compare(strings.TrimSuffix(a, "/"), strings.TrimSuffix(b, "/")) })
	var out []string
	for _, f := range list {
		switch {
		case strings.HasSuffix(f, "/"):
			below, err := confs(v, path.Join(dir, f), depth+1)
			if err != nil {
				return out, err
			}
			out = append(out, below...)
		case path.Ext(f) == ".conf" && len(out) < 256:
			out = append(out, path.Join(dir, f))
		}
	}
	return out, nil
}

// kubelet merges the configuration as the kubelet does.
func (n *survey) kubelet(b *built) {
	r := n.kubeletProcess(b)
	layers, files, dir, whole := n.layers(r)
	k := &snapshot.KubeletConfig{File: host.Text(r.flags.last("config")), Dir: host.Text(dir)}
	for _, f := range files {
		if f != r.flags.last("config") {
			k.DropIns = append(k.DropIns, host.Text(f))
			named := n.look(b, "config-dir file", f)
			b.Named = append(b.Named, named)
		}
	}
	merged := kubeflag.Kubelet(safe(r.flags), layers, k.File != "", kubeflag.Minor(b.Version))
	list := make([]snapshot.ConfigField, 0, len(merged))
	for _, f := range merged {
		list = append(list, snapshot.ConfigField(f))
	}
	k.Merged = fact(whole, list, strings.Join(append([]string{"/proc/PID/cmdline"}, files...), ", "))
	if b.Flags.Reason != snapshot.ReasonNone && k.Merged.Known() {
		k.Merged.Reason = b.Flags.Reason // the program around it sets more
	}
	if !b.Flags.Known() {
		k.Merged = snapshot.Missing[[]snapshot.ConfigField](b.Flags.State, b.Flags.Reason, b.Flags.Source)
	}
	for _, key := range []string{"authentication.x509.clientCAFile", "tlsCertFile", "tlsPrivateKeyFile"} {
		if f, ok := snapshot.FieldOf(k.Merged.V, key); ok && path.IsAbs(f.Value) {
			b.Named = append(b.Named, n.look(b, key, f.Value))
		}
	}
	k.Unit = n.unitFilter()
	b.Kubelet = k
}

// kubeletProcess is the kubelet as a process, or as a part of one.
func (n *survey) kubeletProcess(b *built) *running {
	if r := n.program(snapshot.Kubelet); r != nil {
		return r
	}
	r := &running{name: snapshot.Kubelet, view: b.view, flags: slices.Clone(b.flags)}
	if n.distro.kubelet.dir != "" && r.view.Exists(n.distro.kubelet.dir) {
		r.flags = append(raw{{Name: "config-dir", Value: n.distro.kubelet.dir}}, r.flags...)
	}
	return r
}

// safe are the flags whose values may be shown.
func safe(flags raw) []kubeflag.Flag {
	var out []kubeflag.Flag
	for _, f := range flags {
		if v, ok := kept(f); ok {
			out = append(out, kubeflag.Flag{Name: f.Name, Value: v})
		}
	}
	return out
}

// unitFilter reads which addresses the kubelet's unit may speak to.
func (n *survey) unitFilter() snapshot.Fact[[]snapshot.ConfigField] {
	var out []snapshot.ConfigField
	seen := false
	for _, unit := range n.distro.units {
		for _, f := range n.m.UnitFiles(n.hostID, unit, snapshot.RoleKubeletUnit) {
			b, err := n.m.View().Read(f.Path)
			if err != nil {
				s, r := host.Outcome(err)
				return snapshot.Missing[[]snapshot.ConfigField](s, r, f.Path)
			}
			seen = true
			for line := range strings.Lines(strings.ReplaceAll(string(b), "\\\n", " ")) {
				key, value, ok := strings.Cut(strings.TrimSpace(line), "=")
				if ok && (key == "IPAddressAllow" || key == "IPAddressDeny") {
					out = append(out, snapshot.ConfigField{Key: key, Value: host.Text(strings.TrimSpace(value)), Source: f.Path})
				}
			}
		}
	}
	if !seen {
		return snapshot.Missing[[]snapshot.ConfigField](snapshot.Absent, "", strings.Join(n.distro.units, ", "))
	}
	return snapshot.Seen(out, strings.Join(n.distro.units, ", "))
}

// Configz reads a kubelet's own answer, GET /configz or the API server's
// /api/v1/nodes/NAME/proxy/configz, for collectors that may ask for it.
func Configz(answer []byte) ([]snapshot.ConfigField, bool) {
	if !json.Valid(answer) {
		return nil, false
	}
	d := parse(answer)
	config := at(d.root, "kubeletconfig")
	if config == nil {
		return nil, false
	}
	return fields(flatten(config, kubeletField), "configz"), true
}
