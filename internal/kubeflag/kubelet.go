package kubeflag

import (
	"slices"
	"strconv"
	"strings"
)

// Field is a setting of a kubelet by its path in KubeletConfiguration, and where
// the value is from: a flag, a file, or default.
type Field struct{ Key, Value, Source string }

// Layer is one configuration file of a kubelet, flattened: the fields that it
// sets, by path. Lists are one text with commas.
type Layer struct {
	Source string
	Values map[string]string
}

// SourceDefault is the source of a value that nothing sets.
const SourceDefault = "default"

// kubeletField is a setting that is judged, the flag that sets it, and its value
// when nothing does. Without --config some defaults are older ones.
type kubeletField struct {
	key, flag       string
	byFile, byFlags string // defaults with and without --config; "" stands for an empty value
	list            bool
	zero            string // a value in a file that stands for the default
}

var kubeletFields = []kubeletField{
	{key: "authentication.anonymous.enabled", flag: "anonymous-auth", byFile: "false", byFlags: "true"},
	{key: "authentication.webhook.enabled", flag: "authentication-token-webhook", byFile: "true", byFlags: "false"},
	{key: "authentication.x509.clientCAFile", flag: "client-ca-file"},
	{key: "authorization.mode", flag: "authorization-mode", byFile: "Webhook", byFlags: "AlwaysAllow", zero: "empty"},
	{key: "readOnlyPort", flag: "read-only-port", byFile: "0", byFlags: "10255"},
	{key: "port", flag: "port", byFile: "10250", byFlags: "10250"},
	{key: "address", flag: "address", byFile: "0.0.0.0", byFlags: "0.0.0.0", zero: "empty"},
	{key: "staticPodPath", flag: "pod-manifest-path"},
	{key: "staticPodURL", flag: "manifest-url"},
	{key: "streamingConnectionIdleTimeout", flag: "streaming-connection-idle-timeout", byFile: "4h0m0s", byFlags: "4h0m0s", zero: "duration"},
	{key: "makeIPTablesUtilChains", flag: "make-iptables-util-chains", byFile: "true", byFlags: "true"},
	{key: "eventRecordQPS", flag: "event-qps", byFile: "50", byFlags: "50"},
	{key: "tlsCertFile", flag: "tls-cert-file"},
	{key: "tlsPrivateKeyFile", flag: "tls-private-key-file"},
	{key: "tlsCipherSuites", flag: "tls-cipher-suites", list: true},
	{key: "tlsMinVersion", flag: "tls-min-version"},
	{key: "serverTLSBootstrap", flag: "rotate-server-certificates", byFile: "false", byFlags: "false"},
	{key: "rotateCertificates", flag: "rotate-certificates", byFile: "false", byFlags: "false"},
	{key: "podPidsLimit", flag: "pod-max-pids", byFile: "-1", byFlags: "-1"},
	{key: "seccompDefault", flag: "seccomp-default", byFile: "false", byFlags: "false"},
	{key: "protectKernelDefaults", flag: "protect-kernel-defaults", byFile: "false", byFlags: "false"},
	{key: "enableDebuggingHandlers", flag: "enable-debugging-handlers", byFile: "true", byFlags: "true"},
	{key: "enableProfilingHandler", byFile: "true", byFlags: "true"},
	{key: "enableDebugFlagsHandler", byFile: "true", byFlags: "true"},
	{key: "enforceNodeAllocatable", flag: "enforce-node-allocatable", byFile: "pods", byFlags: "pods", list: true},
	{key: "containerLogMaxSize", flag: "container-log-max-size", byFile: "10Mi", byFlags: "10Mi", zero: "empty"},
	{key: "containerLogMaxFiles", flag: "container-log-max-files", byFile: "5", byFlags: "5"},
	{key: "imagePullCredentialsVerificationPolicy"},
	{key: "containerRuntimeEndpoint", flag: "container-runtime-endpoint"},
	{key: "healthzBindAddress", flag: "healthz-bind-address", byFile: "127.0.0.1", byFlags: "127.0.0.1", zero: "empty"},
}

// kubeletMaps are settings that are tables: each entry stands by itself.
var kubeletMaps = []struct{ key, flag, separator string }{
	{"featureGates", "feature-gates", "="},
	{"kubeReserved", "kube-reserved", "="},
	{"systemReserved", "system-reserved", "="},
	{"evictionHard", "eviction-hard", "<"},
}

// evictionDefaults hold where no file or flag sets any hard eviction.
var evictionDefaults = []Field{
	{"evictionHard.imagefs.available", "15%", SourceDefault},
	{"evictionHard.memory.available", "100Mi", SourceDefault},
	{"evictionHard.nodefs.available", "10%", SourceDefault},
	{"evictionHard.nodefs.inodesFree", "5%", SourceDefault},
}

// KubeletFlag names the flag that sets a field, "" for one that only a file sets.
func KubeletFlag(key string) string {
	for i := range kubeletFields {
		if kubeletFields[i].key == key {
			return kubeletFields[i].flag
		}
	}
	return ""
}

// Kubelet merges a kubelet's settings as it does: defaults, which depend on
// whether --config is used, then the file and the drop-ins in their order, then
// flags. A later layer replaces a list and adds to a table. The minor version,
// 0 when it is not known, decides defaults that changed. Fields come in a fixed order.
func Kubelet(flags []Flag, layers []Layer, config bool, minor int) []Field {
	var out []Field
	for i := range kubeletFields {
		f := &kubeletFields[i]
		v := Field{f.key, f.byFile, SourceDefault}
		if !config {
			v.Value = f.byFlags
		}
		if f.key == "imagePullCredentialsVerificationPolicy" && minor >= 35 {
			v.Value = "NeverVerifyPreloadedImages"
		}
		for _, l := range layers {
			if set, ok := l.Values[f.key]; ok && !f.standsForDefault(set) {
				v.Value, v.Source = set, l.Source
			} else if ok {
				v.Value, v.Source = f.byFile, l.Source
			}
		}
		if set := occurrences(flags, f.flag); len(set) > 0 {
			v.Value, v.Source = set[len(set)-1], "--"+f.flag
			if f.list {
				v.Value = strings.Join(set, ",")
			}
		}
		out = append(out, v)
	}
	return append(out, kubeletTables(flags, layers)...)
}

// standsForDefault reports whether a file says by a value that it says nothing.
func (f *kubeletField) standsForDefault(v string) bool {
	switch f.zero {
	case "empty":
		return v == ""
	case "duration":
		return ZeroDuration(v)
	}
	return false
}

func kubeletTables(flags []Flag, layers []Layer) []Field {
	var out []Field
	for _, m := range kubeletMaps {
		at := make(map[string]Field)
		for _, l := range layers {
			for k, v := range l.Values {
				if strings.HasPrefix(k, m.key+".") {
					at[k] = Field{k, v, l.Source}
				}
			}
		}
		for n, set := range occurrences(flags, m.flag) {
			if n == 0 && m.key != "featureGates" {
				clear(at) // such a flag replaces the table of the files
			}
			for pair := range strings.SplitSeq(set, ",") {
				if k, v, ok := strings.Cut(pair, m.separator); ok {
					k = m.key + "." + strings.TrimSpace(k)
					at[k] = Field{k, strings.TrimSpace(v), "--" + m.flag}
				}
			}
		}
		if len(at) == 0 && m.key == "evictionHard" {
			out = append(out, evictionDefaults...)
			continue
		}
		keys := make([]string, 0, len(at))
		for k := range at {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for _, k := range keys {
			out = append(out, at[k])
		}
	}
	return out
}

func occurrences(flags []Flag, name string) []string {
	if name == "" {
		return nil
	}
	var out []string
	for _, f := range flags {
		if f.Name == name {
			out = append(out, f.Value)
		}
	}
	return out
}

// ZeroDuration reports whether a text is a duration of zero in any spelling.
func ZeroDuration(s string) bool {
	s = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(s), "+"))
	if s == "" {
		return false
	}
	digits := false
	for _, unit := range []string{"ns", "us", "µs", "ms"} {
		s = strings.ReplaceAll(s, unit, "s")
	}
	for _, r := range s {
		switch r {
		case '0':
			digits = true
		case '.', 'h', 'm', 's':
		default:
			return false
		}
	}
	return digits
}

// Minor returns the second number of a version such as v1.37.2, 0 for none.
func Minor(version string) int {
	parts := strings.SplitN(strings.TrimPrefix(version, "v"), ".", 3)
	if len(parts) < 2 || parts[0] != "1" {
		return 0
	}
	digits := strings.TrimRight(parts[1], "+")
	n, err := strconv.Atoi(digits)
	if err != nil || n < 0 || n > 999 {
		return 0
	}
	return n
}

// IsKubeletField reports whether a field of KubeletConfiguration is one that is
// judged.
func IsKubeletField(key string) bool {
	return slices.ContainsFunc(kubeletFields, func(f kubeletField) bool { return f.key == key })
}
