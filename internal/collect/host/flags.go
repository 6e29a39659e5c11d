package host

import (
	"bytes"
	"strings"
)

// flag is one option of dockerd's command line.
type flag struct {
	key    string // its name in daemon.json, "" for one that has none
	isBool bool   // takes a value only after "="
}

// shorthands are dockerd's one-letter flags, some of engines long gone.
var shorthands = map[byte]string{
	'b': "bridge", 'D': "debug", 'e': "exec-driver", 'G': "group", 'g': "graph", 'H': "host", 'h': "help",
	'l': "log-level", 'p': "pidfile", 's': "storage-driver", 'v': "version",
}

// renamed are the flags whose key in daemon.json has another name.
var renamed = map[string]string{
	"host": "hosts", "label": "labels", "graph": "data-root", "add-runtime": "runtimes", "feature": "features",
	"allow-nondistributable-artifact": "allow-nondistributable-artifacts", "authorization-plugin": "authorization-plugins",
	"cdi-spec-dir": "cdi-spec-dirs", "cluster-store-opt": "cluster-store-opts", "default-address-pool": "default-address-pools",
	"default-network-opt": "default-network-opts", "default-ulimit": "default-ulimits", "dns-opt": "dns-opts",
	"exec-opt": "exec-opts", "host-gateway-ip": "host-gateway-ips", "insecure-registry": "insecure-registries",
	"log-opt": "log-opts", "node-generic-resource": "node-generic-resources", "registry-mirror": "registry-mirrors",
	"storage-opt": "storage-opts",
}

// boolFlags are the flags that stand alone.
var boolFlags = words(`allow-direct-routing bridge-accept-fwmark cri-containerd debug disable-legacy-registry experimental
	help icc init ip-forward ip-forward-no-drop ip-masq ip6tables iptables ipv6 live-restore no-new-privileges raw-logs
	rootless selinux-enabled tls tlsverify userland-proxy validate version`)

// keyless are the flags that say nothing about the running daemon's settings.
var keyless = words("config-file help validate version")

// words makes a set of the words of a text.
func words(s string) map[string]bool {
	set := make(map[string]bool)
	for w := range strings.FieldsSeq(s) {
		set[w] = true
	}
	return set
}

// lookup resolves the long name of a flag. One that is not known takes the
// argument after it when that is not a flag: dockerd has no other arguments.
func lookup(name string) flag {
	key := name
	if k, ok := renamed[name]; ok {
		key = k
	}
	if keyless[name] {
		key = ""
	}
	return flag{key: key, isBool: boolFlags[name]}
}

// cmdline is what a daemon's command line says.
type cmdline struct {
	configFile string
	values     map[string][]string // by key, in the order given
}

// maxArgs bounds the arguments that are looked at, the values that one key
// gathers included.
const maxArgs = 4096

// parseCmdline reads /proc/PID/cmdline: arguments that end in NUL, the first of
// them the program.
func parseCmdline(b []byte) cmdline {
	c := cmdline{values: make(map[string][]string)}
	parts := bytes.SplitN(bytes.TrimSuffix(b, []byte{0}), []byte{0}, maxArgs)
	args := make([]string, 0, len(parts))
	for _, p := range parts[1:] {
		args = append(args, string(p))
	}
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		switch {
		case arg == "--":
			return c
		case strings.HasPrefix(arg, "--"):
			args = c.long(arg[2:], args)
		case len(arg) > 1 && arg[0] == '-':
			args = c.short(arg[1:], args)
		}
	}
	return c
}

// long takes "name=value" or "name" with its value among the arguments that
// follow, and returns the arguments left.
func (c *cmdline) long(s string, rest []string) []string {
	name, value, ok := strings.Cut(s, "=")
	f := lookup(name)
	switch {
	case ok:
	case f.isBool:
		value = "true"
	case len(rest) > 0 && (known(name) || !strings.HasPrefix(rest[0], "-")):
		value, rest = rest[0], rest[1:]
	default:
		value = "true"
	}
	c.set(name, f, value)
	return rest
}

// short takes letters of which all but the last stand alone, as in -Dl info,
// -Hunix:///x or -l=info.
func (c *cmdline) short(s string, rest []string) []string {
	for s != "" {
		name, letter := shorthands[s[0]], s[:1]
		s = s[1:]
		if name == "" {
			name = "-" + letter // unknown; kept apart from long names
		}
		f := lookup(name)
		switch {
		case strings.HasPrefix(s, "="):
			c.set(name, f, s[1:])
			return rest
		case f.isBool:
			c.set(name, f, "true")
		case s != "":
			c.set(name, f, s)
			return rest
		default:
			return c.long(name, rest)
		}
	}
	return rest
}

func (c *cmdline) set(name string, f flag, value string) {
	if name == "config-file" {
		c.configFile = value
	}
	if f.key != "" {
		c.values[f.key] = append(c.values[f.key], value)
	}
}
