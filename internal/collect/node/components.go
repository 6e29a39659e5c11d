package node

import (
	"debug/buildinfo"
	"path"
	"regexp"
	"slices"
	"strings"

	"plimsoll/internal/collect/host"
	"plimsoll/internal/kubeflag"
	"plimsoll/internal/snapshot"
)

// names are the components that a node may have, in the order of reading.
var names = []string{snapshot.APIServer, snapshot.Etcd, snapshot.ControllerManager, snapshot.Scheduler, snapshot.CloudController, snapshot.Kubelet, snapshot.KubeProxy}

// built is a component that is being described, with what only the collector
// needs of it.
type built struct {
	snapshot.Component
	flags  raw
	view   host.View
	err    error               // why its files cannot be seen
	onNode func(string) string // a path of it as the machine has it, "" when it does not
}

// components describes every component of the node. The processes decide; static
// pods that have none, and what a distribution runs inside a program of its own,
// follow from files.
func (n *survey) components() {
	n.readManifests()
	state, reason, detail := snapshot.Observed, snapshot.ReasonNone, ""
	kubelet := false
	var all []*built
	for _, name := range names {
		b, ok := n.component(name)
		if !ok {
			continue
		}
		kubelet = kubelet || name == snapshot.Kubelet
		n.describe(b)
		all = append(all, b)
		n.out.Components = append(n.out.Components, b.Component)
		if slices.Contains(controlPlane, name) {
			n.node.ControlPlane = true
		}
		if b.err != nil {
			reason, detail = snapshot.ReasonPartial, "The files of "+name+" could not be looked at."
			if host.IsDenied(b.err) {
				detail = "The files of " + name + " may be seen by root only."
			}
		}
	}
	n.authority()
	for i, b := range all {
		n.served(b)
		n.out.Components[i].Served = b.Served
	}
	grant := ""
	if n.denied > 0 && detail == "" {
		reason, detail = snapshot.ReasonPartial, "Some processes may be looked at by root only."
	}
	if strings.Contains(detail, "by root only") {
		grant = Grant
	}
	if n.nested > 0 {
		detail = strings.TrimSpace(detail + " Kubelets inside containers are nodes of other clusters and were left out; run plimsoll inside them.")
	}
	n.part(snapshot.PartNodeComponents, state, reason, detail, grant)
	switch {
	case kubelet:
		n.part(snapshot.PartNodeKubelet, snapshot.Observed, reason, detail, grant)
	case n.denied > 0:
		n.part(snapshot.PartNodeKubelet, snapshot.Denied, snapshot.ReasonDenied, "Some processes may be looked at by root only.", Grant)
	default:
		n.part(snapshot.PartNodeKubelet, snapshot.Failed, snapshot.ReasonPartial, "The machine is set up as a node and no kubelet runs on it now.", "")
	}
}

var controlPlane = []string{snapshot.APIServer, snapshot.ControllerManager, snapshot.Scheduler, snapshot.Etcd}

// component finds one by its process, else by a manifest, else inside another
// program.
func (n *survey) component(name string) (*built, bool) {
	b := &built{Component: snapshot.Component{Name: name, Source: snapshot.FromProcess}}
	m := n.manifestOf(name)
	if m != nil {
		b.Manifest = m.path
		b.Version, b.VersionBy = m.version, "the image's tag in "+m.path
		if m.version == "" {
			b.VersionBy = ""
		}
	}
	if r := n.program(name); r != nil {
		n.fromProcess(b, r)
		return b, true
	}
	if m != nil {
		b.Source, b.flags = snapshot.FromManifest, m.flags
		b.Flags = snapshot.Seen(reduce(m.flags), m.path)
		b.view, b.onNode = n.m.View(), m.outside
		return b, true
	}
	if r, ok := n.withinProgram(name); ok && r != nil {
		n.fromConfiguration(b, r)
		return b, true
	}
	return b, false
}

// fromProcess describes a component that has a process of its own.
func (n *survey) fromProcess(b *built, r *running) {
	b.PID, b.UID, b.GID, b.Started = r.PID, r.UID, r.GID, r.Started
	b.flags, b.view, b.err = r.flags, r.view, r.viewErr
	b.Flags = snapshot.Seen(reduce(r.flags), "/proc/PID/cmdline")
	pid, view := r.PID, r.view
	b.onNode = func(name string) string {
		at, ok := n.m.OnMachine(pid, view, name)
		if !ok {
			return ""
		}
		return at
	}
	if v := n.version(r.PID); v != "" {
		b.Version, b.VersionBy = v, "built into the program"
	}
	n.ports(b)
	if b.Name != snapshot.Etcd {
		return
	}
	env, err := n.m.Variables(r.PID, "ETCD_")
	if err != nil {
		s, reason := host.Outcome(err)
		b.Env = snapshot.Missing[[]snapshot.ComponentFlag](s, reason, "/proc/PID/environ")
		return
	}
	vars := variables(env)
	b.Env = snapshot.Seen(reduce(vars), "/proc/PID/environ")
	b.flags = append(vars, b.flags...) // for the files that are named: a flag wins
}

func (n *survey) ports(b *built) {
	list, err := n.m.Ports(n.ctx, b.PID)
	if err != nil {
		s, r := host.Outcome(err)
		b.Ports = snapshot.Missing[[]snapshot.Listening](s, r, "/proc/PID/net/tcp")
		return
	}
	var out []snapshot.Listening
	for _, a := range list {
		out = append(out, snapshot.Listening{Address: a.Addr().String(), Port: a.Port()})
	}
	b.Ports = snapshot.Seen(out, "/proc/PID/net/tcp")
}

// describe reads the files that a component names.
func (n *survey) describe(b *built) {
	if b.onNode == nil {
		b.onNode = func(name string) string { return name }
	}
	n.named(b)
	switch b.Name {
	case snapshot.APIServer:
		n.apiServer(b)
	case snapshot.Etcd:
		n.etcd(b)
	case snapshot.Scheduler:
		n.scheduler(b)
	case snapshot.KubeProxy:
		n.proxy(b)
	case snapshot.Kubelet:
		n.kubelet(b)
	}
	n.pending(b)
}

// named looks at every file that a flag names.
func (n *survey) named(b *built) {
	for _, f := range b.flags {
		if !fileFlags[f.Name] || !path.IsAbs(f.Value) {
			continue
		}
		for one := range strings.SplitSeq(f.Value, ",") {
			b.Named = append(b.Named, n.look(b, "--"+f.Name, one))
		}
	}
}

// look describes a file as a component sees it.
func (n *survey) look(b *built, by, name string) snapshot.NamedFile {
	f := snapshot.NamedFile{By: by, Path: host.Text(name)}
	if b.err != nil {
		f.State, f.Reason = host.Outcome(b.err)
		return f
	}
	where := name
	if b.Source == snapshot.FromManifest {
		if where = b.onNode(name); where == "" {
			f.State, f.Reason = snapshot.Skipped, snapshot.ReasonUnresolved
			return f
		}
	}
	seen := b.view.File("", where, "")
	f.State, f.Reason, f.Mode, f.UID, f.GID = seen.State, seen.Reason, seen.Mode, seen.UID, seen.GID
	if f.State == snapshot.Observed {
		f.At = host.Text(b.onNode(name))
	}
	if content, err := b.view.Read(where); err == nil {
		f.Key = publicKey(content)
	}
	return f
}

// content is a file of a component, read as it sees it.
func (n *survey) content(b *built, name string) document {
	if b.err != nil {
		s, r := host.Outcome(b.err)
		return document{state: s, reason: r}
	}
	if b.Source == snapshot.FromManifest {
		if name = b.onNode(name); name == "" {
			return document{state: snapshot.Skipped, reason: snapshot.ReasonUnresolved}
		}
	}
	return read(b.view, name)
}

// pending lists the files of a component that changed after its process began:
// what runs is then not what they say. Those that components read again by
// themselves do not count.
func (n *survey) pending(b *built) {
	if b.Started.IsZero() || b.err != nil {
		return
	}
	for _, f := range b.Named {
		if !slices.Contains(startOnly, f.By) || f.State != snapshot.Observed {
			continue
		}
		if t, err := b.view.Changed(f.Path); err == nil && t.After(b.Started.Add(clockSlack)) {
			b.Changed = append(b.Changed, f.Path)
		}
	}
	if b.Manifest != "" {
		if t, err := n.m.View().Changed(b.Manifest); err == nil && t.After(b.Started.Add(clockSlack)) {
			b.Changed = append(b.Changed, b.Manifest)
		}
	}
}

const clockSlack = 2_000_000_000 // the start of a process is known to a hundredth, from a boot time that is known to a second

// startOnly are the files that are read once, when the component starts.
var startOnly = []string{"--config", "--config-dir", "--audit-policy-file", "--admission-control-config-file", "--config-file", "config-dir file"}

// version is what is built into a program: the release that it was linked as,
// else that of its module.
func (n *survey) version(pid int) string {
	f, err := n.m.Executable(pid)
	if err != nil {
		return ""
	}
	defer f.Close()
	info, err := buildinfo.Read(f)
	if err != nil {
		return ""
	}
	for _, s := range info.Settings {
		if s.Key == "-ldflags" {
			if m := linked.FindStringSubmatch(s.Value); m != nil {
				return m[1]
			}
		}
	}
	if (info.Main.Path == "k8s.io/kubernetes" || strings.HasPrefix(info.Main.Path, "go.etcd.io/etcd")) && release.MatchString(info.Main.Version) {
		return info.Main.Version
	}
	return ""
}

var (
	linked  = regexp.MustCompile(`component-base/version\.gitVersion=(v[0-9]+\.[0-9]+\.[0-9]+[0-9A-Za-z.+-]*)`)
	release = regexp.MustCompile(`^v[0-9]+\.[0-9]+\.[0-9]+[0-9A-Za-z.+-]*$`)
)

// fromConfiguration describes a component inside another program. What that
// program adds of its own cannot be seen, so that only what is configured counts.
func (n *survey) fromConfiguration(b *built, r *running) {
	b.Source, b.Within = snapshot.FromConfiguration, r.name
	b.PID, b.UID, b.GID, b.Started, b.view, b.err = r.PID, r.UID, r.GID, r.Started, n.m.View(), nil
	if n.distro.args != "" {
		at := path.Join(n.distro.args, b.Name)
		content, err := b.view.Read(at)
		if err != nil {
			s, reason := host.Outcome(err)
			b.Flags = snapshot.Missing[[]snapshot.ComponentFlag](s, reason, at)
			return
		}
		b.flags = argsFile(b.Name, string(content))
		b.Flags = snapshot.Seen(reduce(b.flags), at)
		n.portsWithin(b, r)
		return
	}
	b.flags = n.rancherFlags(b.Name, r)
	b.Flags = snapshot.Seen(reduce(b.flags), n.distro.config)
	b.Flags.Reason = snapshot.ReasonPartial // the program sets more by itself
	n.portsWithin(b, r)
}

func (n *survey) portsWithin(b *built, r *running) {
	b.PID = r.PID
	n.ports(b)
}

// argsFile reads a file of one flag a line, where $NAME stands for what the
// snap's environment has.
func argsFile(component, content string) raw {
	content = strings.NewReplacer("${SNAP_DATA}", snap, "$SNAP_DATA", snap, "${SNAP_COMMON}", "/var/snap/microk8s/common", "$SNAP_COMMON", "/var/snap/microk8s/common").Replace(content)
	var args []string
	for line := range strings.Lines(content) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		args = append(args, strings.Fields(line)...)
	}
	for i := range args {
		args[i] = strings.Trim(args[i], `"'`)
	}
	return kubeflag.Parse(component, args)
}

// rancherFlags are the flags of a component that k3s and rke2 are configured to
// pass on: of the command line, the configuration file and its drop-ins.
func (n *survey) rancherFlags(component string, r *running) raw {
	option := component + "-arg"
	var args []string
	v := n.m.View()
	files := []string{n.distro.config}
	if list, err := v.List(n.distro.config + ".d"); err == nil {
		for _, f := range list {
			if strings.HasSuffix(f, ".yaml") || strings.HasSuffix(f, ".yml") {
				files = append(files, path.Join(n.distro.config+".d", f))
			}
		}
	}
	for _, f := range files {
		d := read(v, f)
		for _, key := range []string{option, option + "+"} {
			if w := word(d.root, key); w != "" {
				args = append(args, "--"+w)
			}
			for _, w := range wordList(d.root, key) {
				args = append(args, "--"+w)
			}
		}
	}
	words := r.Argv
	for i, w := range words {
		name, value, ok := strings.Cut(strings.TrimLeft(w, "-"), "=")
		if name != option || !strings.HasPrefix(w, "-") {
			continue
		}
		if !ok && i+1 < len(words) {
			value = words[i+1]
		}
		args = append(args, "--"+value)
	}
	return kubeflag.Parse(component, args)
}
