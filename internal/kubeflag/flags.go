// Package kubeflag reads command lines of Kubernetes components as the
// components do, and merges a kubelet's flags, files and defaults as the kubelet
// does. It is pure: texts in, facts out.
package kubeflag

import (
	"path"
	"slices"
	"strings"
)

// Flag is one occurrence of a flag: its name with dashes between words and none
// in front, and its value.
type Flag struct{ Name, Value string }

// maxArgs bounds the arguments of one command line that are looked at.
const maxArgs = 4096

// Components are the programs whose command lines are understood.
var Components = []string{
	"kube-apiserver", "etcd", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "cloud-controller-manager",
}

// Parse reads the arguments of a component, without the program. As in pflag a
// flag is --name=value, --name value, or --name alone for those that hold a
// boolean; etcd takes one dash too. The order is kept, since the last of several
// holds, or all of them, as the flag's type has it.
func Parse(component string, args []string) []Flag {
	var out []Flag
	single := component == "etcd"
	for len(args) > 0 && len(out) < maxArgs {
		arg := args[0]
		args = args[1:]
		if arg == "--" {
			break
		}
		name, long := strings.CutPrefix(arg, "--")
		if !long && single && len(arg) > 1 && arg[0] == '-' {
			name, long = arg[1:], true
		}
		if !long {
			if len(arg) < 2 || arg[0] != '-' || !letter(arg[1]) {
				continue
			}
			if len(arg) == 2 && len(args) > 0 && !strings.HasPrefix(args[0], "-") {
				out, args = append(out, Flag{arg[1:], args[0]}), args[1:]
			} else if len(arg) > 2 {
				out = append(out, Flag{arg[1:2], strings.TrimPrefix(arg[2:], "=")})
			}
			continue
		}
		name, value, given := strings.Cut(name, "=")
		name = strings.ReplaceAll(name, "_", "-")
		switch {
		case given:
		case booleans[name] || len(args) == 0 || !valued(name) && strings.HasPrefix(args[0], "-"):
			value = "true"
		default:
			value, args = args[0], args[1:]
		}
		out = append(out, Flag{name, value})
	}
	return out
}

func letter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

// valued reports whether a flag is known to take the argument after it, whatever
// it begins with.
func valued(name string) bool { return lists[name] || strings.HasSuffix(name, "-file") }

// Component finds the component that a command line runs and returns its name
// and arguments. Wrappers are seen through: a shell with its text, env, exec,
// nice and the like, tini and dumb-init. It is "" for anything else.
func Component(argv []string) (name string, args []string) { return component(argv, 0) }

func component(argv []string, depth int) (string, []string) {
	if len(argv) == 0 || depth > 4 {
		return "", nil
	}
	base := path.Base(argv[0])
	if slices.Contains(Components, base) {
		return base, argv[1:]
	}
	if base == "hyperkube" || base == "kube-log-runner" || base == "go-runner" {
		return first(argv[1:], depth)
	}
	switch base {
	case "sh", "bash", "dash", "ash", "busybox":
		for i, a := range argv[1:] {
			if strings.HasPrefix(a, "-") && !strings.HasPrefix(a, "--") && strings.Contains(a, "c") && i+2 < len(argv) {
				return script(argv[i+2], depth)
			}
		}
		return "", nil
	case "env", "exec", "nice", "ionice", "chrt", "taskset", "setpriv", "tini", "dumb-init", "nsenter", "chroot", "stdbuf", "timeout":
		return first(argv[1:], depth)
	}
	return "", nil
}

// first looks for the component among the words after a wrapper, whose own
// options and their values come before it.
func first(words []string, depth int) (string, []string) {
	for i, w := range words {
		base := path.Base(w)
		shell := base == "sh" || base == "bash"
		if slices.Contains(Components, base) || shell {
			return component(words[i:], depth+1)
		}
	}
	return "", nil
}

// script finds the component in the text of a shell: the last command of it that
// runs one, for what stands before prepares it.
func script(text string, depth int) (string, []string) {
	name, args := "", []string(nil)
	for _, cmd := range commands(text) {
		for len(cmd) > 0 && strings.Contains(cmd[0], "=") && !strings.ContainsAny(cmd[0][:strings.Index(cmd[0], "=")], "/-") {
			cmd = cmd[1:] // an assignment in front
		}
		if n, a := component(cmd, depth+1); n != "" {
			name, args = n, a
		}
	}
	return name, args
}

// commands divides a shell's text into simple commands and these into words, with
// quotes and backslashes taken away. Expansions are left as they stand.
func commands(text string) [][]string {
	var out [][]string
	var cmd []string
	var word strings.Builder
	inWord := false
	quote := byte(0)
	end := func() {
		if inWord {
			cmd = append(cmd, word.String())
		}
		word.Reset()
		inWord = false
	}
	next := func() {
		end()
		if len(cmd) > 0 {
			out = append(out, cmd)
		}
		cmd = nil
	}
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case quote == '\'' && c != '\'', quote == '"' && c != '"' && c != '\\':
			word.WriteByte(c)
		case quote != 0 && c == quote:
			quote = 0
		case c == '\\' && i+1 < len(text):
			i++
			if text[i] != '\n' {
				word.WriteByte(text[i])
				inWord = true
			}
		case c == '\'' || c == '"':
			quote, inWord = c, true
		case c == ' ' || c == '\t':
			end()
		case c == '\n' || c == ';' || c == '|' || c == '(' || c == ')' || c == '{' || c == '}':
			next()
		case c == '&': // of a redirection it is not told apart, which only ends the command
			next()
		case c == '>' || c == '<':
			if strings.Trim(word.String(), "0123456789") == "" { // the number of a stream
				word.Reset()
				inWord = false
			}
			end()
			for i+1 < len(text) && strings.IndexByte(" \t;|\n", text[i+1]) < 0 {
				i++
			}
		default:
			word.WriteByte(c)
			inWord = true
		}
	}
	next()
	return out
}

// words makes a set of the words of a text.
func words(s string) map[string]bool {
	set := make(map[string]bool)
	for w := range strings.FieldsSeq(s) {
		set[w] = true
	}
	return set
}

// booleans are the flags that stand alone, of all components.
var booleans = words(`aggregator-reject-forwarding-redirect allocate-node-cidrs allow-privileged allow-untagged-cloud anonymous-auth
	audit-log-compress audit-log-truncate-enabled audit-webhook-truncate-enabled authentication-skip-lookup authentication-token-webhook authentication-tolerate-lookup-failure
	bind-address-hard-fail cgroups-per-qos cleanup configure-cloud-routes conntrack-tcp-be-liberal contention-profiling cpu-cfs-quota
	disable-attach-detach-reconcile-sync disable-force-detach-on-timeout disable-http2-serving emulation-forward-compatible enable-aggregator-routing
	enable-bootstrap-token-auth enable-controller-attach-detach enable-debugging-handlers enable-dsr enable-dynamic-provisioning
	enable-garbage-collector enable-hostpath-provisioner enable-leader-migration enable-logs-handler enable-priority-and-fairness enable-server
	encryption-provider-config-automatic-reload exit-on-lock-contention experimental-allocatable-ignore-eviction fail-cgroupv1 fail-swap-on
	forward-healthcheck-vip init-only iptables-localhost-nodeports ipvs-strict-arp kernel-memcg-notification leader-elect
	local-storage-capacity-isolation log-json-split-stream log-text-split-stream make-iptables-util-chains masquerade-all
	permit-address-sharing permit-port-sharing profiling protect-kernel-defaults register-node rotate-certificates rotate-server-certificates
	runonce runtime-config-emulation-forward-compatible seccomp-default serialize-image-pulls service-account-extend-token-expiration
	service-account-lookup shutdown-send-retry-after use-service-account-credentials watch-cache webhook-disable-http2-serving windows-service
	help version logtostderr alsologtostderr one-output add-dir-header skip-headers skip-log-headers
	kubelet-https insecure-skip-tls-verify enable-cadvisor-json-endpoints address-sorting keep-terminated-pod-volumes
	client-cert-auth auto-tls peer-auto-tls peer-client-cert-auth peer-skip-client-san-verification force-new-cluster pre-vote
	strict-reconfig-check enable-pprof enable-grpc-gateway enable-v2 experimental-initial-corrupt-check experimental-enable-lease-checkpoint
	socket-reuse-port socket-reuse-address unsafe-no-fsync debug log-package-levels-debug enable-log-rotation`)

// lists are the flags of which every occurrence adds to the value.
var lists = words(`enable-admission-plugins disable-admission-plugins admission-control etcd-servers etcd-servers-overrides watch-cache-sizes
	cors-allowed-origins strict-transport-security-directives tls-cipher-suites requestheader-username-headers requestheader-uid-headers
	requestheader-group-headers requestheader-extra-headers-prefix requestheader-allowed-names authorization-always-allow-paths api-audiences
	oidc-signing-algs service-account-key-file service-account-issuer authorization-mode kubelet-preferred-address-types cluster-dns
	allowed-unsafe-sysctls enforce-node-allocatable controllers tls-sni-cert-key`)
