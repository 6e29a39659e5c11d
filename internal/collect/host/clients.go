package host

import (
	"cmp"
	"context"
	"os"
	"path"
	"slices"
	"strings"

	"plimsoll/internal/snapshot"
)

const (
	maxHomes    = 4096 // accounts whose homes are looked at
	maxContexts = 256
	maxPlugins  = 256
)

// pluginDirs are where the Docker command looks for plugins besides the user's.
var pluginDirs = []string{
	"/usr/local/lib/docker/cli-plugins", "/usr/local/libexec/docker/cli-plugins", "/usr/lib/docker/cli-plugins", "/usr/libexec/docker/cli-plugins",
}

// Clients describes the Docker command's configuration in the homes of the
// machine's accounts: who has one, or may have one that cannot be looked at.
// env is the environment of this process, whose variables count for its account.
func (m *Machine) Clients(ctx context.Context, env func(string) string) ([]snapshot.Client, snapshot.PartStatus) {
	id, _ := m.scope()
	part := snapshot.PartStatus{Scope: id, Part: snapshot.PartHostClients, State: snapshot.Observed}
	b, err := m.read("/etc/passwd", maxTable)
	if err != nil {
		return nil, unread(part, err, "/etc/passwd")
	}
	accounts := parsePasswd(b)
	everyone, everyErr := m.varsIn("", machineProfiles)
	own := os.Getuid()
	var out []snapshot.Client
	homes := make(map[string]bool)
	users := make(map[string]bool)
	denied := 0
	for _, a := range accounts {
		if ctx.Err() != nil || len(homes) > maxHomes {
			part.Reason, part.Detail = snapshot.ReasonPartial, "Not all accounts were looked at."
			break
		}
		home := path.Clean(a.home)
		if !path.IsAbs(home) || homes[home] || users[a.name] {
			continue
		}
		homes[home], users[a.name] = true, true
		c := snapshot.Client{Scope: id, User: a.name, UID: a.uid, Dir: text(path.Join(home, ".docker"))}
		var mine []snapshot.ClientVar
		if int(a.uid) == own && m.root == "" {
			mine = processVars(env)
			if h := path.Clean(env("HOME")); path.IsAbs(h) && m.exists(path.Join(h, ".docker")) {
				home, c.Dir = h, text(path.Join(h, ".docker")) // where the Docker command of this account looks
			}
			if d := env("DOCKER_CONFIG"); path.IsAbs(d) {
				c.Dir = text(path.Clean(d))
			}
		}
		if m.client(&c, home, everyone, everyErr, mine) {
			out = append(out, c)
		}
		if c.State == snapshot.Denied {
			denied++
		}
	}
	if len(out) == 0 && len(everyone) > 0 { // they steer whoever comes
		out = append(out, snapshot.Client{Scope: id, User: "root", Dir: "/root/.docker", State: snapshot.Absent, Vars: snapshot.Seen(everyone, "profile files")})
	}
	switch {
	case denied > 0:
		part.Reason, part.Grant = snapshot.ReasonPartial, grant
		part.Detail = "Some homes may be looked into by their users and root only."
	case len(out) == 0 && part.Reason == "":
		part.State, part.Detail = snapshot.Absent, "no account of the machine has a configuration of the Docker command"
	}
	return out, part
}

// processVars are the variables of this process.
func processVars(env func(string) string) []snapshot.ClientVar {
	var out []snapshot.ClientVar
	for _, name := range steering {
		if v, ok := variable(name, env(name), "environment", 0); ok {
			v.Dynamic = false // nothing is left to compute
			out = append(out, v)
		}
	}
	return out
}

// client fills in one account and reports whether there is anything to judge.
func (m *Machine) client(c *snapshot.Client, home string, everyone []snapshot.ClientVar, everyErr error, mine []snapshot.ClientVar) bool {
	vars, err := m.varsIn(home, accountProfiles)
	_, folder := m.find(c.Dir)
	if _, lerr := m.list(c.Dir); folder == nil && lerr != nil {
		folder = lerr // its name may be seen and its content not
	}
	c.State, c.Reason = outcome(folder)
	if gone(folder) && len(vars)+len(mine) == 0 && (err == nil || gone(err)) {
		return false
	}
	all := slices.Concat(mine, vars, everyone)
	c.Vars = snapshot.Seen(all, "environment and profile files")
	if bad := cmp.Or(everyErr, err); bad != nil && !gone(bad) {
		c.Vars = missing[[]snapshot.ClientVar](bad, "profile files")
	}
	if folder != nil && !gone(folder) {
		c.Config = missing[snapshot.ClientConfig](folder, c.Dir)
		c.Contexts = missing[[]snapshot.ClientContext](folder, c.Dir)
		c.Plugins = missing[[]snapshot.ClientFile](folder, c.Dir)
		c.Desktop = missing[snapshot.Desktop](folder, c.Dir)
		return true
	}
	m.clientConfig(c, home)
	m.clientContexts(c, home)
	m.clientFiles(c)
	c.Plugins = m.clientPlugins(c)
	c.Desktop = m.desktop(c.Dir)
	return true
}

// clientConfig reads config.json; without one the Docker command has no login.
func (m *Machine) clientConfig(c *snapshot.Client, home string) {
	name := path.Join(c.Dir, "config.json")
	b, err := m.read(name, maxText)
	if err != nil {
		c.Config = missing[snapshot.ClientConfig](err, name)
		return
	}
	dirs := slices.Concat(programDirs, []string{path.Join(home, "bin"), path.Join(home, ".local/bin")})
	cfg, err := parseClientConfig(b, func(program string) string {
		for _, d := range dirs {
			if p := path.Join(d, program); m.exists(p) {
				return p
			}
		}
		return ""
	})
	if err != nil {
		c.Config = snapshot.Missing[snapshot.ClientConfig](snapshot.Failed, snapshot.ReasonUnparsable, name)
		return
	}
	c.Config = snapshot.Seen(cfg, name)
}

// clientContexts reads the context store.
func (m *Machine) clientContexts(c *snapshot.Client, home string) {
	dir := path.Join(c.Dir, "contexts/meta")
	names, err := m.list(dir)
	if err != nil && !gone(err) {
		c.Contexts = missing[[]snapshot.ClientContext](err, dir)
		return
	}
	slices.Sort(names)
	var out []snapshot.ClientContext
	for _, n := range names[:min(len(names), maxContexts)] {
		b, err := m.read(path.Join(dir, n, "meta.json"), maxText)
		if gone(err) {
			continue
		}
		x := snapshot.ClientContext{Name: text(n), Unread: true}
		if err == nil {
			if p, err := parseContext(b); err == nil {
				x = p
			}
		}
		tls := path.Join(c.Dir, "contexts/tls", n, "docker")
		x.TLS, x.Key = m.exists(path.Join(tls, "ca.pem")), m.exists(path.Join(tls, "key.pem"))
		x.HostKeys = m.hostKeys(x.Endpoint, home)
		out = append(out, x)
	}
	out = append(out, m.fromVars(c, home)...)
	c.Contexts = snapshot.Seen(out, dir)
}

// fromVars are the endpoints that DOCKER_HOST gives, as contexts.
func (m *Machine) fromVars(c *snapshot.Client, home string) []snapshot.ClientContext {
	var out []snapshot.ClientContext
	set := func(name string) (snapshot.ClientVar, bool) {
		i := slices.IndexFunc(c.Vars.V, func(v snapshot.ClientVar) bool { return v.Name == name })
		if i < 0 {
			return snapshot.ClientVar{}, false
		}
		return c.Vars.V[i], true
	}
	verify, ok := set("DOCKER_TLS_VERIFY")
	for _, v := range c.Vars.V {
		if v.Name != "DOCKER_HOST" {
			continue
		}
		x := snapshot.ClientContext{Name: "DOCKER_HOST in " + v.Source, Endpoint: v.Endpoint, Unread: v.Dynamic, SkipTLS: !ok || !verify.On}
		_, elsewhere := set("DOCKER_CERT_PATH")
		x.TLS = ok && verify.On && (elsewhere || m.exists(path.Join(c.Dir, "ca.pem")))
		x.HostKeys = m.hostKeys(x.Endpoint, home)
		out = append(out, x)
	}
	return out
}

// hostKeys is StrictHostKeyChecking for an ssh endpoint.
func (m *Machine) hostKeys(endpoint, home string) string {
	host, ok := strings.CutPrefix(endpoint, "ssh://")
	if !ok {
		return ""
	}
	if i := strings.LastIndexByte(host, ':'); i > 0 && !strings.HasSuffix(host, "]") {
		host = host[:i]
	}
	c := sshConfig{host: strings.Trim(host, "[]")}
	for _, f := range []string{path.Join(home, ".ssh/config"), "/etc/ssh/ssh_config"} {
		c.read = func(p string) [][]byte {
			p = strings.Replace(p, "~/", home+"/", 1)
			if !path.IsAbs(p) {
				p = path.Join(path.Dir(f), p)
			}
			var out [][]byte
			for _, n := range m.glob(p) {
				if b, err := m.read(n, maxText); err == nil {
					out = append(out, b)
				}
			}
			return out
		}
		b, err := m.read(f, maxText)
		if err != nil && !gone(err) {
			return "unread"
		}
		if c.option(b, "stricthostkeychecking"); c.value != "" {
			return c.value
		}
	}
	return ""
}

// clientFiles describes the folder, and what in it may hold a secret.
func (m *Machine) clientFiles(c *snapshot.Client) {
	if c.State != snapshot.Observed {
		return
	}
	add := func(name, role string) {
		if p, err := m.find(name); err == nil || !gone(err) {
			f := snapshot.ClientFile{Path: text(name), Role: role}
			if f.State, f.Reason = outcome(err); err == nil {
				n := inodeOf(p.info)
				f.Type, f.Mode, f.UID, f.GID = typeOf(p.info.Mode()), modeOf(p.info.Mode()), n.uid, n.gid
			}
			c.Files = append(c.Files, f)
		}
	}
	add(c.Dir, "dir")
	add(path.Join(c.Dir, "config.json"), "config")
	keys := func(dir string) {
		for name, role := range map[string]string{"ca.pem": "ca", "cert.pem": "cert", "key.pem": "key"} {
			add(path.Join(dir, name), role)
		}
	}
	keys(c.Dir)
	for _, in := range m.glob(path.Join(c.Dir, "contexts/meta", "*")) {
		add(path.Join(in, "meta.json"), "context")
	}
	for _, in := range m.glob(path.Join(c.Dir, "contexts/tls", "*")) {
		keys(path.Join(in, "docker"))
	}
	for _, k := range m.glob(path.Join(c.Dir, "trust/private", "*.key")) {
		add(k, "key")
	}
	slices.SortFunc(c.Files, func(a, b snapshot.ClientFile) int { return cmp.Compare(a.Path, b.Path) })
	c.Files = c.Files[:min(len(c.Files), 4*maxContexts)]
}

// clientPlugins lists the plugins that the account's Docker command would run,
// and their folders.
func (m *Machine) clientPlugins(c *snapshot.Client) snapshot.Fact[[]snapshot.ClientFile] {
	var out []snapshot.ClientFile
	for _, d := range slices.Concat([]string{path.Join(c.Dir, "cli-plugins")}, c.Config.V.Dirs, pluginDirs) {
		names, err := m.list(d)
		if err != nil {
			if !gone(err) {
				return missing[[]snapshot.ClientFile](err, d)
			}
			continue
		}
		out = append(out, m.clientFile(d, "plugins"))
		slices.Sort(names)
		for _, n := range names {
			if strings.HasPrefix(n, "docker-") && len(out) < maxPlugins {
				out = append(out, m.clientFile(path.Join(d, n), "plugin"))
			}
		}
	}
	return snapshot.Seen(out, "cli-plugins")
}

func (m *Machine) clientFile(name, role string) snapshot.ClientFile {
	f := m.file("", name, "")
	return snapshot.ClientFile{
		Path: f.Path, Role: role, State: f.State, Reason: f.Reason, Type: f.Type, Mode: f.Mode, UID: f.UID, GID: f.GID, Parents: f.Parents,
	}
}

// desktop describes an installation of Docker Desktop and an account's settings.
func (m *Machine) desktop(dir string) snapshot.Fact[snapshot.Desktop] {
	const program = "/opt/docker-desktop"
	settings := path.Join(dir, "desktop")
	if !m.exists(program) && !m.exists(settings) {
		return snapshot.Missing[snapshot.Desktop](snapshot.Absent, snapshot.ReasonNone, program)
	}
	var d snapshot.Desktop
	_, d.Version, _ = strings.Cut(text(m.dpkgVersion("docker-desktop")), " ")
	for _, f := range []string{path.Join(settings, "settings.json"), path.Join(settings, "settings-store.json"), "/usr/share/docker-desktop/admin-settings.json"} {
		b, err := m.read(f, maxText)
		if gone(err) {
			continue
		}
		if err == nil {
			err = parseDesktop(b, &d)
		}
		if err != nil {
			return missing[snapshot.Desktop](err, f)
		}
		d.Settings = text(f)
	}
	return snapshot.Seen(d, program)
}
