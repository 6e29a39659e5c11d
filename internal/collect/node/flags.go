package node

import (
	"regexp"
	"slices"
	"strings"

	"plimsoll/internal/collect/host"
	"plimsoll/internal/kubeflag"
	"plimsoll/internal/snapshot"
)

// told are the flags whose values are kept: they are settings that checks judge,
// and none of them holds a secret. Of every other flag the value is concealed,
// unless it is a path, a number or a boolean.
var told = words(`advertise-address allow-privileged anonymous-auth audit-log-maxage audit-log-maxbackup audit-log-maxsize audit-log-mode audit-log-path
	authorization-mode authorization-webhook-version bind-address address port secure-port insecure-port insecure-bind-address cipher-suites
	client-cert-auth cloud-provider cluster-cidr cluster-signing-duration cluster-name container-runtime-endpoint controllers
	disable-admission-plugins enable-admission-plugins admission-control enable-bootstrap-token-auth enable-priority-and-fairness
	etcd-compaction-interval encryption-provider-config-automatic-reload etcd-servers event-qps event-ttl feature-gates goaway-chance
	enforce-node-allocatable eviction-hard kube-reserved system-reserved healthz-bind-address hostname-override http2-max-streams-per-connection
	initial-cluster initial-cluster-state kubelet-preferred-address-types leader-elect listen-client-urls listen-client-http-urls listen-metrics-urls
	listen-peer-urls advertise-client-urls initial-advertise-peer-urls max-mutating-requests-inflight max-requests-inflight
	metrics-bind-address min-request-timeout name node-ip node-labels oidc-issuer-url pod-max-pids profiling proxy-mode
	quota-backend-bytes auto-compaction-mode auto-compaction-retention read-only-port request-timeout requestheader-allowed-names
	requestheader-extra-headers-prefix requestheader-group-headers requestheader-username-headers rotate-certificates rotate-server-certificates
	runtime-config seccomp-default service-account-extend-token-expiration service-account-issuer service-account-lookup service-account-signing-endpoint
	service-account-max-token-expiration service-cluster-ip-range
	show-hidden-metrics-for-version snapshot-count storage-backend streaming-connection-idle-timeout terminated-pod-gc-threshold
	tls-cipher-suites tls-min-version tls-max-version use-service-account-credentials v container-log-max-size container-log-max-files
	auto-tls peer-auto-tls peer-client-cert-auth iptables-localhost-nodeports nodeport-addresses kube-api-qps kube-api-burst
	bind-address-hard-fail detect-local-mode default-unreachable-toleration-seconds emulated-version
	audit-webhook-mode audit-log-format audit-webhook-version allowed-unsafe-sysctls cgroup-driver cluster-dns cluster-domain`)

func words(s string) map[string]bool {
	set := make(map[string]bool)
	for w := range strings.FieldsSeq(s) {
		set[w] = true
	}
	return set
}

var harmless = regexp.MustCompile(`^(true|false|[0-9]{1,9}(\.[0-9]{1,6})?|[0-9hms.]{1,12})$`)

const maxValue = 4096 // bytes of one flag that are kept

// reduce turns flags into evidence. A value that may be a secret becomes its
// shape, and so does the part of a URL that signs in.
func reduce(flags []kubeflag.Flag) []snapshot.ComponentFlag {
	out := make([]snapshot.ComponentFlag, 0, len(flags))
	for _, f := range flags {
		c := snapshot.ComponentFlag{Name: host.Text(f.Name)}
		if v, ok := kept(f); ok {
			c.Value = v
		} else {
			h := snapshot.Conceal(c.Name, f.Value)
			c.Hidden = &h
		}
		out = append(out, c)
	}
	return out
}

func kept(f kubeflag.Flag) (string, bool) {
	if len(f.Value) > maxValue {
		return "", false
	}
	shape := snapshot.Conceal("", f.Value).Shape
	switch {
	case shape == snapshot.ShapeURLCreds || shape == snapshot.ShapeKey || shape == snapshot.ShapeBinary:
		return "", false
	case strings.Contains(f.Value, "@") && strings.Contains(f.Value, "://"):
		return "", false // one of several URLs signs in
	case told[f.Name], harmless.MatchString(f.Value), f.Value == "":
		return strings.ToValidUTF8(f.Value, "\uFFFD"), true
	case pathFlag(f.Name) && shape == snapshot.ShapePath:
		return host.Text(f.Value), true
	}
	return "", false
}

// pathFlag reports whether a flag names a file or folder.
func pathFlag(name string) bool {
	if fileFlags[name] {
		return true
	}
	for _, end := range []string{"-file", "-dir", "-path", "-config", "kubeconfig", "-root"} {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	return false
}

// fileFlags are the flags of all components whose files are looked at.
var fileFlags = words(`client-ca-file kubelet-client-certificate kubelet-client-key kubelet-certificate-authority etcd-cafile etcd-certfile etcd-keyfile
	tls-cert-file tls-private-key-file service-account-key-file service-account-signing-key-file requestheader-client-ca-file
	proxy-client-cert-file proxy-client-key-file token-auth-file encryption-provider-config admission-control-config-file
	authentication-config authorization-config audit-policy-file audit-webhook-config-file authentication-token-webhook-config-file
	authorization-webhook-config-file oidc-ca-file kubeconfig authentication-kubeconfig authorization-kubeconfig bootstrap-kubeconfig
	root-ca-file service-account-private-key-file cluster-signing-cert-file cluster-signing-key-file
	cluster-signing-kube-apiserver-client-cert-file cluster-signing-kube-apiserver-client-key-file
	cluster-signing-kubelet-client-cert-file cluster-signing-kubelet-client-key-file
	cluster-signing-kubelet-serving-cert-file cluster-signing-kubelet-serving-key-file
	config cloud-config cert-file key-file trusted-ca-file peer-cert-file peer-key-file peer-trusted-ca-file config-file data-dir
	egress-selector-config-file image-credential-provider-config pod-manifest-path config-dir cert-dir`)

// raw are the flags before they were reduced, as the collector follows them.
type raw []kubeflag.Flag

func (r raw) last(name string) string {
	for _, f := range slices.Backward(r) {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

// variables turns ETCD_ variables into flags: etcd takes each of its flags so.
func variables(env [][2]string) raw {
	var out raw
	for _, v := range env {
		name, ok := strings.CutPrefix(v[0], "ETCD_")
		if ok {
			out = append(out, kubeflag.Flag{Name: strings.ToLower(strings.ReplaceAll(name, "_", "-")), Value: v[1]})
		}
	}
	return out
}
