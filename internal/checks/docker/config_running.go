package docker

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"plimsoll/internal/snapshot"
)

// comparison is a key of the configuration file held against what runs.
type comparison struct {
	source, shown string // what the engine says, and where
	equal         bool
}

// running compares a key with what the engine reports for it; ok is false when
// it reports nothing, or the value was concealed.
func running(d *daemon, s *snapshot.Setting) (c comparison, ok bool) {
	if s.Hidden != nil {
		return c, false
	}
	one := strings.Join(s.Values, ", ")
	text := func(source, now string, same ...string) (comparison, bool) {
		return comparison{"GET /info " + source, now, now == one || slices.Contains(same, one)}, now != ""
	}
	flag := func(source string, now bool) (comparison, bool) {
		want, err := strconv.ParseBool(one)
		return comparison{"GET /info " + source, strconv.FormatBool(now), want == now}, err == nil
	}
	set := func(source string, now []string, norm func(string) string) (comparison, bool) {
		return comparison{"GET /info " + source, strings.Join(now, ", "), slices.Equal(normal(s.Values, norm), normal(now, norm))}, true
	}
	switch s.Key {
	case "debug":
		return flag("Debug", d.Debug)
	case "live-restore":
		return flag("LiveRestoreEnabled", d.LiveRestore)
	case "experimental":
		return flag("ExperimentalBuild", d.Experimental)
	case "log-driver":
		return text("LoggingDriver", d.LoggingDriver)
	case "default-runtime":
		return text("DefaultRuntime", d.DefaultRuntime)
	case "firewall-backend":
		backend, _, _ := strings.Cut(d.FirewallBackend, "+") // iptables+firewalld
		return text("FirewallBackend", backend)
	case "storage-driver":
		// With the containerd store the key names a snapshotter under another name.
		c, ok = text("Driver", d.StorageDriver)
		return c, ok && !d.ContainerdStore
	case "data-root":
		root := d.RootDir
		if d.UsernsRemap {
			root = path.Dir(root) // the engine appends the remapped uid.gid
		}
		return text("DockerRootDir", root, root+"/", d.RootDir)
	case "authorization-plugins":
		return set("Plugins.Authorization", d.AuthorizationPlugins, strings.TrimSpace)
	case "registry-mirrors":
		return set("RegistryConfig.Mirrors", d.Mirrors, func(m string) string { return strings.TrimRight(m, "/") })
	case "insecure-registries":
		return set("RegistryConfig, insecure", d.InsecureRegistries, remoteOnly)
	case "exec-opts":
		driver, only := strings.CutPrefix(one, "native.cgroupdriver=")
		return comparison{"GET /info CgroupDriver", d.CgroupDriver, driver == d.CgroupDriver}, only && len(s.Values) == 1
	}
	return runningSecurity(d, s.Key, one)
}

// runningSecurity compares a key that shows among the security options.
func runningSecurity(d *daemon, key, want string) (c comparison, ok bool) {
	const options = "GET /info SecurityOptions name="
	flag := func(name string, now, stated bool) (comparison, bool) {
		b, err := strconv.ParseBool(want)
		return comparison{options + name, strconv.FormatBool(now), b == now}, stated && err == nil
	}
	switch key {
	case "userns-remap":
		return comparison{options + "userns", strconv.FormatBool(d.UsernsRemap), (want != "") == d.UsernsRemap}, true
	case "selinux-enabled":
		_, on := d.securityOption("selinux")
		return flag("selinux", on, true)
	case "no-new-privileges":
		on, stated := d.noNewPrivileges()
		return flag("no-new-privileges", on, stated)
	case "seccomp-profile":
		option, _ := d.securityOption("seccomp")
		now := option["profile"]
		return comparison{options + "seccomp", now, builtinName(now) == builtinName(want)}, now != ""
	}
	return c, false
}

// builtinName gives the built-in seccomp profile one name: it is the default,
// and was called so before Engine 23.
func builtinName(profile string) string {
	if profile == "" || profile == "default" {
		return "builtin"
	}
	return profile
}

// normal returns the values in one spelling, sorted, without empty ones.
func normal(values []string, norm func(string) string) []string {
	out := make([]string, 0, len(values))
	for _, v := range values {
		if n := norm(v); n != "" {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// remoteOnly drops registries on loopback, which the snapshot leaves out.
func remoteOnly(registry string) string {
	if loopback(registry) {
		return ""
	}
	return registry
}
