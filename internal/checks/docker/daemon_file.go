package docker

import (
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/snapshot"
)

// fromFile asks a predicate of a daemon.json: of what an engine that is started
// with it, and without flags, would report. What only the running engine shows
// stays open.
func fromFile(p *check.Probe, e *snapshot.Engine, verdict func(*daemon) check.Verdict) check.Verdict {
	if !e.Config.Known() {
		return p.NotRead()
	}
	d := &daemon{Engine: startedWith(e), p: p, file: true}
	v := verdict(d)
	if v.Status == check.Unknown && v.Reason == snapshot.ReasonPartial {
		v.Reason = snapshot.ReasonStatic
	}
	byDefault := len(v.Evidence) > 0 && !slices.ContainsFunc(v.Evidence, func(e check.Evidence) bool { return e.Loc != nil })
	if byDefault && (v.Status == check.Pass || v.Status == check.Fail) {
		v = v.Note("by the engine's default: the file does not set it, a flag of the command line might")
	}
	return v
}

// startedWith returns the engine as the settings make it.
func startedWith(e *snapshot.Engine) *snapshot.Engine {
	out := *e
	c := &out.Config.V
	list := func(key string) []string {
		v, _ := c.Setting(key)
		return v
	}
	out.Debug, out.LiveRestore = c.Bool("debug", false), c.Bool("live-restore", false)
	out.Experimental = c.Bool("experimental", false)
	out.UsernsRemap = c.String("userns-remap", "") != ""
	out.LoggingDriver, out.StorageDriver = c.String("log-driver", "json-file"), c.String("storage-driver", "")
	out.AuthorizationPlugins, out.Mirrors = list("authorization-plugins"), list("registry-mirrors")
	out.InsecureRegistries = slices.DeleteFunc(slices.Clone(list("insecure-registries")), loopback)
	out.DefaultRuntime = c.String("default-runtime", "runc")
	for _, r := range list("runtimes") {
		name, path, _ := strings.Cut(r, "=")
		out.Runtimes = append(out.Runtimes, name)
		out.RuntimePaths = append(out.RuntimePaths, snapshot.Pair{Key: name, Value: path})
	}
	out.SecurityOptions = []string{"name=seccomp,profile=" + c.String("seccomp-profile", "builtin")}
	if c.Bool("no-new-privileges", false) {
		out.SecurityOptions = append(out.SecurityOptions, "name=no-new-privileges")
	}
	return &out
}
