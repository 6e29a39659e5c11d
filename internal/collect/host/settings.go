package host

import (
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"plimsoll/internal/snapshot"
)

// plain are the keys whose values are kept: none of them holds a credential.
var plain = words(`allow-direct-routing bip bridge bridge-accept-fwmark cdi-spec-dirs cgroup-parent containerd
	containerd-namespace containerd-plugins-namespace cpu-rt-period cpu-rt-runtime cri-containerd data-root debug
	default-address-pools default-cgroupns-mode default-gateway default-gateway-v6 default-ipc-mode default-runtime
	default-shm-size default-ulimits disable-legacy-registry dns dns-opts dns-search exec-opts exec-root experimental
	features firewall-backend fixed-cidr fixed-cidr-v6 group icc init init-path ip ip-forward ip-forward-no-drop ip-masq
	ip6tables iptables ipv6 live-restore log-driver log-format log-level max-concurrent-downloads max-concurrent-uploads
	max-download-attempts metrics-addr mtu network-control-plane-mtu no-new-privileges oom-score-adjust pidfile raw-logs
	rootless runtimes seccomp-profile selinux-enabled shutdown-timeout storage-driver storage-opts
	swarm-default-advertise-addr tls tlscacert tlscert tlskey tlsverify userland-proxy userland-proxy-path userns-remap
	authorization-plugins host-gateway-ips api-cors-header exec-driver builder min-api-version`)

// addresses are the keys whose values are kept without user, password, query
// and fragment.
var addresses = words(`hosts registry-mirrors insecure-registries allow-nondistributable-artifacts cluster-store
	cluster-advertise`)

// secretKeys are further keys that dockerd knows and whose values are hidden.
var secretKeys = words(`labels log-opts http-proxy https-proxy no-proxy proxies cluster-store-opts default-network-opts
	node-generic-resources nri-opts`)

// plainLogOpts are the log options whose values are kept: they bound the logs.
var plainLogOpts = words("max-size max-file max-buffer-size compress mode")

// known reports whether the long flag is one of dockerd's.
func known(name string) bool {
	k := lookup(name).key
	return keyless[name] || boolFlags[name] || plain[k] || addresses[k] || secretKeys[k]
}

const (
	maxValues  = 1024 // values of one key
	maxUnknown = 128  // bytes of a key's name
)

// setting makes a key with its values fit for a snapshot.
func setting(key string, values []string, origin string) snapshot.Setting {
	s := snapshot.Setting{Key: key, Origin: origin}
	keep := plain[key] || addresses[key] || key == "log-opts"
	all := strings.Join(values, "\n")
	kept := make([]string, 0, len(values))
	for _, v := range values {
		switch {
		case addresses[key]:
			v = bareAddress(v)
		case key == "log-opts":
			if name, _, _ := strings.Cut(v, "="); !plainLogOpts[name] {
				v = name
			}
		}
		keep = keep && printable(v)
		kept = append(kept, v)
	}
	if !keep || len(kept) > maxValues {
		h := snapshot.Conceal(text(key), all)
		s.Hidden = &h
		return s
	}
	s.Values = kept
	return s
}

// printable reports whether a value of a harmless key looks like one.
func printable(v string) bool {
	if len(v) > 1024 || !utf8.ValidString(v) || strings.ContainsFunc(v, unicode.IsControl) {
		return false
	}
	switch snapshot.Conceal("", v).Shape {
	case snapshot.ShapeEmpty, snapshot.ShapePlain, snapshot.ShapePath, snapshot.ShapeURL:
		return true
	case snapshot.ShapeEntropy: // a long name looks so too, and the key is harmless
		return true
	case snapshot.ShapeURLCreds, snapshot.ShapeKey, snapshot.ShapeToken, snapshot.ShapeBinary:
	}
	return false
}

// bareAddress takes user, password, query and fragment out of a URL or a host.
func bareAddress(v string) string {
	scheme, rest, ok := strings.Cut(v, "://")
	if ok {
		scheme += "://"
	} else {
		scheme, rest = "", v
	}
	// A path of a unix socket may hold any byte but has no authority.
	if scheme == "unix://" || scheme == "fd://" || scheme == "npipe://" {
		return v
	}
	if i := strings.IndexAny(rest, "?#"); i >= 0 {
		rest = rest[:i]
	}
	// An @ after the first slash may still belong to a password with a slash
	// in it, so everything before the last one goes.
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		rest = rest[i+1:]
	}
	return scheme + rest
}

// merge joins flags and file into settings sorted by key. A key in both makes
// dockerd refuse to start, so the file was changed later and the flag holds.
func merge(flags, file map[string][]string) []snapshot.Setting {
	out := make([]snapshot.Setting, 0, len(flags)+len(file))
	for _, k := range slices.Sorted(maps.Keys(flags)) {
		out = append(out, setting(k, last(k, flags[k]), "flag"))
	}
	for _, k := range slices.Sorted(maps.Keys(file)) {
		if _, both := flags[k]; !both {
			out = append(out, setting(k, file[k], "file"))
		}
	}
	for i := range out {
		if k := out[i].Key; len(k) > maxUnknown || !printable(k) {
			out[i].Key = strings.Map(func(r rune) rune {
				if unicode.IsControl(r) {
					return unicode.ReplacementChar
				}
				return r
			}, text(k[:min(len(k), maxUnknown)]))
			out[i].Hidden.Name = out[i].Key
		}
	}
	slices.SortStableFunc(out, func(a, b snapshot.Setting) int { return strings.Compare(a.Key, b.Key) })
	return slices.CompactFunc(out, func(a, b snapshot.Setting) bool { return a.Key == b.Key })
}

// misplaced lists the keys that stand in both places, and those of the file that
// dockerd does not know; it refuses to start with either.
func misplaced(flags, file map[string][]string) (twice, unknown []string) {
	for _, k := range slices.Sorted(maps.Keys(file)) {
		// Names pass through setting, which makes them fit for a snapshot.
		name := merge(nil, map[string][]string{k: nil})[0].Key
		if _, both := flags[k]; both {
			twice = append(twice, name)
		}
		if !boolFlags[k] && !plain[k] && !addresses[k] && !secretKeys[k] {
			unknown = append(unknown, name)
		}
	}
	return twice, unknown
}

// lists are the keys that gather the values of a repeated flag; of any other
// flag the last one holds.
var lists = words(`hosts labels runtimes features allow-nondistributable-artifacts authorization-plugins cdi-spec-dirs
	cluster-store-opts default-address-pools default-network-opts default-ulimits dns dns-opts dns-search exec-opts
	host-gateway-ips insecure-registries log-opts node-generic-resources registry-mirrors storage-opts`)

func last(key string, values []string) []string {
	if lists[key] || len(values) < 2 {
		return values
	}
	return values[len(values)-1:]
}
