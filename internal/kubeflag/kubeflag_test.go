package kubeflag

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		name, component string
		args            []string
		want            []Flag
	}{
		{"equals and space", "kube-apiserver", []string{"--a=1", "--b", "2"}, []Flag{{"a", "1"}, {"b", "2"}}},
		{"both occurrences are kept in order", "kube-apiserver", []string{"--anonymous-auth=false", "--anonymous-auth=true"}, []Flag{{"anonymous-auth", "false"}, {"anonymous-auth", "true"}}},
		{"a boolean takes no word", "kube-apiserver", []string{"--anonymous-auth", "--profiling", "false"}, []Flag{{"anonymous-auth", "true"}, {"profiling", "true"}}},
		{"two words", "kubelet", []string{"--read-only-port", "0", "--authorization-mode", "AlwaysAllow"}, []Flag{{"read-only-port", "0"}, {"authorization-mode", "AlwaysAllow"}}},
		{"underscores are dashes", "kubelet", []string{"--read_only_port=0"}, []Flag{{"read-only-port", "0"}}},
		{"equals in the value", "kubelet", []string{"--feature-gates=A=true,B=false"}, []Flag{{"feature-gates", "A=true,B=false"}}},
		{"short ones", "kubelet", []string{"-v", "2", "-v=4", "-v5"}, []Flag{{"v", "2"}, {"v", "4"}, {"v", "5"}}},
		{"one dash is etcd's", "etcd", []string{"-client-cert-auth", "-data-dir", "/d"}, []Flag{{"client-cert-auth", "true"}, {"data-dir", "/d"}}},
		{"empty value", "kubelet", []string{"--tls-cert-file=", "--client-ca-file", ""}, []Flag{{"tls-cert-file", ""}, {"client-ca-file", ""}}},
		{"the end of flags", "kubelet", []string{"--a=1", "--", "--b=2"}, []Flag{{"a", "1"}}},
		{"unknown before a flag", "kubelet", []string{"--strange", "--a=1"}, []Flag{{"strange", "true"}, {"a", "1"}}},
		{"known values may begin with a dash", "kube-apiserver", []string{"--audit-log-file", "-", "--token-auth-file", "-x"}, []Flag{{"audit-log-file", "-"}, {"token-auth-file", "-x"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, Parse(tt.component, tt.args)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestComponent(t *testing.T) {
	for _, tt := range []struct {
		name string
		argv []string
		want string
		args []string
	}{
		{"itself", []string{"/usr/local/bin/kube-apiserver", "--a=1"}, "kube-apiserver", []string{"--a=1"}},
		{"a shell with exec", []string{"/bin/sh", "-c", "exec kube-apiserver --anonymous-auth=true 1>>/var/log/x 2>&1"}, "kube-apiserver", []string{"--anonymous-auth=true"}},
		{"a shell that prepares", []string{"sh", "-ec", "mkdir -p /x && A=1 exec /usr/bin/etcd --name 'my node' \\\n  --data-dir=\"/d d\""}, "etcd", []string{"--name", "my node", "--data-dir=/d d"}},
		{"env and wrappers", []string{"env", "A=1", "nice", "-n", "5", "kubelet", "--x"}, "kubelet", []string{"--x"}},
		{"hyperkube", []string{"hyperkube", "kube-scheduler", "--x"}, "kube-scheduler", []string{"--x"}},
		{"log runner", []string{"/go-runner", "--log-file=/l", "/usr/local/bin/kube-proxy", "--x"}, "kube-proxy", []string{"--x"}},
		{"something else", []string{"nginx", "kube-apiserver"}, "", nil},
		{"nothing", nil, "", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			name, args := Component(tt.argv)
			if name != tt.want || !cmp.Equal(args, tt.args) {
				t.Errorf("got %q %q, want %q %q", name, args, tt.want, tt.args)
			}
		})
	}
}

func value(fields []Field, key string) Field {
	for _, f := range fields {
		if f.Key == key {
			return f
		}
	}
	return Field{}
}

// Precedence is that of cmd/kubelet/app/server.go of Kubernetes 1.37.
func TestKubeletPrecedence(t *testing.T) {
	base := Layer{"config.yaml", map[string]string{
		"authentication.anonymous.enabled": "false", "authorization.mode": "Webhook", "readOnlyPort": "10255",
		"tlsCipherSuites": "A,B", "featureGates.X": "true", "featureGates.Y": "true", "streamingConnectionIdleTimeout": "0s", "evictionHard.memory.available": "1Gi",
	}}
	for _, tt := range []struct {
		name   string
		flags  []Flag
		layers []Layer
		config bool
		minor  int
		want   []Field
	}{
		{"no file: the old defaults", nil, nil, false, 37, []Field{
			{"authentication.anonymous.enabled", "true", "default"}, {"authorization.mode", "AlwaysAllow", "default"}, {"readOnlyPort", "10255", "default"}, {"authentication.webhook.enabled", "false", "default"},
		}},
		{"an empty file: the new defaults", nil, []Layer{{"f", nil}}, true, 37, []Field{
			{"authentication.anonymous.enabled", "false", "default"}, {"authorization.mode", "Webhook", "default"}, {"readOnlyPort", "0", "default"}, {"evictionHard.memory.available", "100Mi", "default"},
		}},
		{"a drop-in over the file", nil, []Layer{base, {"20.conf", map[string]string{"authorization.mode": "AlwaysAllow", "tlsCipherSuites": "C", "featureGates.Y": "false"}}}, true, 37, []Field{
			{"authorization.mode", "AlwaysAllow", "20.conf"}, {"tlsCipherSuites", "C", "20.conf"}, {"featureGates.X", "true", "config.yaml"}, {"featureGates.Y", "false", "20.conf"},
		}},
		{"a flag over both, the last of them", []Flag{{"read-only-port", "5"}, {"read-only-port", "0"}}, []Layer{base}, true, 37, []Field{{"readOnlyPort", "0", "--read-only-port"}}},
		{"flags of lists add up", []Flag{{"tls-cipher-suites", "D"}, {"tls-cipher-suites", "E"}}, []Layer{base}, true, 37, []Field{{"tlsCipherSuites", "D,E", "--tls-cipher-suites"}}},
		{"gates of flags join those of files", []Flag{{"feature-gates", "Y=false,Z=true"}}, []Layer{base}, true, 37, []Field{
			{"featureGates.X", "true", "config.yaml"}, {"featureGates.Y", "false", "--feature-gates"}, {"featureGates.Z", "true", "--feature-gates"},
		}},
		{"a table by flag replaces the file's", []Flag{{"eviction-hard", "nodefs.available<1%"}}, []Layer{base}, true, 37, []Field{
			{"evictionHard.nodefs.available", "1%", "--eviction-hard"}, {"evictionHard.memory.available", "", ""}, {"", "", ""},
		}},
		{"zero in a file is the default", nil, []Layer{base}, true, 37, []Field{{"streamingConnectionIdleTimeout", "4h0m0s", "config.yaml"}}},
		{"zero by flag is zero", []Flag{{"streaming-connection-idle-timeout", "0"}}, []Layer{base}, true, 37, []Field{{"streamingConnectionIdleTimeout", "0", "--streaming-connection-idle-timeout"}}},
		{"a drop-in alone keeps the old defaults", nil, []Layer{{"10.conf", map[string]string{"readOnlyPort": "0"}}}, false, 37, []Field{{"authentication.anonymous.enabled", "true", "default"}, {"readOnlyPort", "0", "10.conf"}}},
		{"a default that a version brought", nil, nil, true, 34, []Field{{"imagePullCredentialsVerificationPolicy", "", "default"}}},
		{"and one later", nil, nil, true, 35, []Field{{"imagePullCredentialsVerificationPolicy", "NeverVerifyPreloadedImages", "default"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := Kubelet(tt.flags, tt.layers, tt.config, tt.minor)
			for _, want := range tt.want {
				f := value(got, want.Key)
				if want.Source == "" {
					want = Field{}
				}
				if f != want {
					t.Errorf("got %+v, want %+v", f, want)
				}
			}
		})
	}
}

func TestZeroDuration(t *testing.T) {
	for s, want := range map[string]bool{"0": true, "0s": true, "0m0s": true, "0h0m0.0s": true, "0ms": true, "00s": true, "+0s": true, "": false, "s": false, "1s": false, "0h1m": false, "4h0m0s": false} {
		if got := ZeroDuration(s); got != want {
			t.Errorf("%q: got %v, want %v", s, got, want)
		}
	}
}

func TestGates(t *testing.T) {
	for _, tt := range []struct {
		name              string
		minor             int
		on, locked, known bool
	}{
		{"KubeletFineGrainedAuthz", 32, false, false, true},
		{"KubeletFineGrainedAuthz", 33, true, false, true},
		{"KubeletFineGrainedAuthz", 36, true, true, true},
		{"KubeletFineGrainedAuthz", 0, false, false, false},
		{"RotateKubeletServerCertificate", 0, true, false, true},
		{"Nonsense", 37, false, false, false},
	} {
		on, locked, known := Gate(tt.name, tt.minor)
		if on != tt.on || locked != tt.locked || known != tt.known {
			t.Errorf("%s in 1.%d: got %v %v %v", tt.name, tt.minor, on, locked, known)
		}
	}
	if a, known := Alpha("KubeletFineGrainedAuthz", 32); !a || !known {
		t.Errorf("alpha in 1.32: got %v %v", a, known)
	}
	if a, known := Alpha("KubeletFineGrainedAuthz", 33); a || !known {
		t.Errorf("beta in 1.33: got %v %v", a, known)
	}
}

func TestMinor(t *testing.T) {
	for v, want := range map[string]int{"v1.37.2": 37, "1.31.0": 31, "v1.30+": 30, "v1.29.1+k3s1": 29, "": 0, "v2.1": 0, "v1": 0, "v1.x.1": 0} {
		if got := Minor(v); got != want {
			t.Errorf("%q: got %d, want %d", v, got, want)
		}
	}
}

func FuzzCommandLine(f *testing.F) {
	f.Add("/bin/sh\x00-c\x00exec kube-apiserver --a=1 'x' \"y\" > /z & \\")
	f.Add("etcd\x00-a\x00--b\x00c\x00-d=\x00--")
	f.Add("kubelet\x00--feature-gates=A=true,,=\x00--eviction-hard=<,a<b")
	f.Fuzz(func(t *testing.T, s string) {
		name, args := Component(strings.Split(s, "\x00"))
		for _, c := range []string{name, "kubelet", "etcd"} {
			flags := Parse(c, args)
			for _, fl := range flags {
				if strings.Contains(fl.Name, "_") || strings.Contains(fl.Name, "=") {
					t.Errorf("name %q", fl.Name)
				}
			}
			seen := make(map[string]bool)
			for _, field := range Kubelet(flags, []Layer{{"f", map[string]string{s: s}}}, len(s)%2 == 0, len(s)%40) {
				if seen[field.Key] {
					t.Errorf("%q twice", field.Key)
				}
				seen[field.Key] = true
			}
		}
	})
}
