package kubeobj

import (
	"encoding/json"
	"strings"
	"testing"
)

// canary stands where a secret may: no part of it may come out.
const canary = "cAnArY-5d41402abc4b2a76"

// bearing are objects with a canary in every field that may hold a secret.
const bearing = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","annotations":{"a":"CANARY"}},"spec":{"containers":[{"name":"x","image":"x",
 "command":["sh","-c","login --password CANARY"],"args":["--token=CANARY"],"env":[{"name":"PASSWORD","value":"CANARY"}],
 "livenessProbe":{"exec":{"command":["CANARY"]},"httpGet":{"port":1,"path":"/CANARY","httpHeaders":[{"name":"Authorization","value":"CANARY"}]}},
 "lifecycle":{"postStart":{"exec":{"command":["CANARY"]}}}}],
 "volumes":[{"name":"a","csi":{"driver":"d","volumeAttributes":{"token":"CANARY"}}},{"name":"b","flexVolume":{"driver":"d","options":{"password":"CANARY"}}}]}}
{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s","annotations":{"kubectl.kubernetes.io/last-applied-configuration":"CANARY"}},"data":{"a":"B64"},"stringData":{"b":"CANARY"}}
{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"},"data":{"app.properties":"db.password=CANARY\nurl=https://u:CANARY@h/\n"},"binaryData":{"x":"B64"}}
{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"kubeadm-config","namespace":"kube-system"},"data":{"ClusterConfiguration":"apiServer: {extraArgs: {x: 'https://u:CANARY@h/'}}\n"}}
{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"coredns","namespace":"kube-system"},"data":{"Corefile":".:53 {\n forward . https://u:CANARY@h/\n}\n"}}
{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"cluster-info","namespace":"kube-public"},"data":{"kubeconfig":"clusters: [{cluster: {server: 'https://u:CANARY@h/', certificate-authority-data: CANARY}}]\nusers: [{user: {token: CANARY}}]\n","jws-kubeconfig-abcdef":"CANARY"}}
{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"aws-auth","namespace":"kube-system"},"data":{"mapRoles":"- rolearn: arn:aws:iam::1:role/x\n  username: CANARY\n  groups: [a]\n"}}
{"apiVersion":"admissionregistration.k8s.io/v1","kind":"ValidatingWebhookConfiguration","metadata":{"name":"w"},"webhooks":[{"name":"w.x","admissionReviewVersions":["v1"],"sideEffects":"None","clientConfig":{"url":"https://u:CANARY@h/p?token=CANARY","caBundle":"B64"}}]}
{"apiVersion":"networking.k8s.io/v1","kind":"Ingress","metadata":{"name":"i","annotations":{"nginx.ingress.kubernetes.io/auth-url":"https://u:CANARY@h/","nginx.ingress.kubernetes.io/configuration-snippet":"set x CANARY;\nreturn;","nginx.ingress.kubernetes.io/x":"https://h/p?key=CANARY"}},"spec":{}}
{"apiVersion":"storage.k8s.io/v1","kind":"StorageClass","metadata":{"name":"c"},"provisioner":"p","parameters":{"url":"https://u:CANARY@h/"}}
{"apiVersion":"certificates.k8s.io/v1","kind":"CertificateSigningRequest","metadata":{"name":"c"},"spec":{"signerName":"s","request":"B64","usages":["client auth"],"extra":{"x":["CANARY"]}},"status":{"certificate":"B64"}}
{"apiVersion":"sparkoperator.k8s.io/v1beta2","kind":"SparkApplication","metadata":{"name":"s"},"spec":{"image":"x","sparkConf":{"password":"CANARY"},"driver":{"env":[{"name":"X","value":"CANARY"}]}}}
{"apiVersion":"argoproj.io/v1alpha1","kind":"Workflow","metadata":{"name":"w"},"spec":{"templates":[{"name":"t","script":{"image":"x","source":"CANARY","env":[{"name":"X","value":"CANARY"}]}}]}}
{"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"w"},"spec":{"password":"CANARY","podSpec":{"containers":[{"name":"x","image":"x","args":["CANARY"]}]}}}
{"apiVersion":"kyverno.io/v1","kind":"ClusterPolicy","metadata":{"name":"k"},"spec":{"rules":[{"context":[{"apiCall":{"data":"CANARY"}}]}]}}`

func TestCanaries(t *testing.T) {
	text := strings.ReplaceAll(strings.ReplaceAll(bearing, "CANARY", canary), "B64", "Y0FuQXJZLTVkNDE0MDJhYmM0YjJhNzY=")
	for _, files := range []bool{true, false} {
		b := NewBuilder(Options{Scope: "cluster:x", Files: files})
		n := 0
		d := json.NewDecoder(strings.NewReader(text))
		for d.More() {
			var raw json.RawMessage
			if err := d.Decode(&raw); err != nil {
				t.Fatal(err)
			}
			var head struct{ APIVersion, Kind string }
			if err := json.Unmarshal(raw, &head); err != nil {
				t.Fatal(err)
			}
			p := Parse(head.APIVersion, head.Kind, raw)
			if p.Object == nil || !b.Add(p.Object, Origin{}) {
				t.Errorf("%s was not taken: %v", head.Kind, p.Problems)
			}
			for _, q := range p.Problems {
				if strings.Contains(q.Msg, "cAnArY") {
					t.Errorf("a problem repeats the value: %s", q.Msg)
				}
			}
			n++
		}
		out := dump(t, b.Snapshot())
		for _, part := range []string{canary, canary[:8], "Y0FuQXJZ"} {
			if i := strings.Index(out, part); i >= 0 {
				t.Errorf("files=%v: a secret came out: %s", files, out[max(i-200, 0):min(i+100, len(out))])
			}
		}
		if n < 15 || len(out) < 3000 {
			t.Errorf("only %d objects and %d bytes were tested", n, len(out))
		}
	}
}

// TestWrongTypeRepeatsNothing: what stands where another type is wanted may be a
// secret that was put there by mistake.
func TestWrongTypeRepeatsNothing(t *testing.T) {
	for _, raw := range []string{
		`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"x"},"spec":{"hostNetwork":"CANARY","containers":[{"name":"x","image":"x"}]}}`,
		`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"x"},"spec":{"containers":[{"name":"x","image":"x","resources":{"limits":{"cpu":"CANARY"}}}]}}`,
		`{"apiVersion":"v1","kind":"Secret","metadata":{"name":"x"},"data":{"a":"%CANARY%"}}`,
		`{"apiVersion":"v1","kind":"Secret","metadata":{"name":"x"},"stringData":"CANARY"}`,
		`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"x","creationTimestamp":"CANARY"},"spec":{"containers":[{"name":"x"}]}}`,
	} {
		p := Parse("v1", map[bool]string{true: "Pod", false: "Secret"}[strings.Contains(raw, `"Pod"`)], []byte(strings.ReplaceAll(raw, "CANARY", canary)))
		if len(p.Problems) == 0 {
			t.Errorf("%s is taken", raw)
		}
		for _, q := range p.Problems {
			if strings.Contains(q.Msg+q.Path, canary) {
				t.Errorf("%s: %s", q.Path, q.Msg)
			}
		}
	}
}

// FuzzParse: whatever a file holds, reading it gives rows and no panic.
func FuzzParse(f *testing.F) {
	for line := range strings.SplitSeq(strings.ReplaceAll(bearing, "\n ", " "), "\n") {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var head struct{ APIVersion, Kind string }
		if json.Unmarshal(raw, &head) != nil {
			return
		}
		for _, files := range []bool{true, false} {
			b := NewBuilder(Options{Scope: "cluster:x", Files: files})
			for range 2 {
				if p := Parse(head.APIVersion, head.Kind, raw); p.Object != nil {
					b.Add(p.Object, Origin{})
				}
			}
			if _, err := json.Marshal(b.Snapshot()); err != nil {
				t.Fatal(err)
			}
		}
	})
}
