package node

import (
	"encoding/json"
	"strings"
	"testing"

	"plimsoll/internal/kubeflag"
	"plimsoll/internal/snapshot"
)

// FuzzFiles feeds the readers of configuration files with anything: none may
// break, and none may let a marked value through that is no setting.
func FuzzFiles(f *testing.F) {
	f.Add([]byte("kind: Pod\nmetadata: {name: a}\nspec: {containers: [{command: [/bin/sh, -c, 'exec etcd --x=1'], volumeMounts: [{name: v, mountPath: /a}]}], volumes: [{name: v, hostPath: {path: /b}}]}\n"))
	f.Add([]byte("resources: [{resources: [secrets], providers: [{aescbc: {keys: [{secret: CANARY}]}}, {kms: {apiVersion: v2}}]}]\n"))
	f.Add([]byte("rules: [{level: None, resources: [{group: '', resources: ['*']}]}]\nusers: [{user: {token: CANARY}}]\n"))
	f.Add([]byte(`{"kubeletconfig": {"authentication": {"anonymous": {"enabled": true}}, "featureGates": {"A": true}, "staticPodURLHeader": {"x": ["CANARY"]}}}`))
	f.Add([]byte("-----BEGIN PRIVATE KEY-----\nQ0FOQVJZ\n-----END PRIVATE KEY-----\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		d := parse(b)
		m := manifestOf("/x.yaml", d.root)
		_ = m.outside("/a/b")
		rules := encryption(d.root)
		auditPolicy(d.root)
		authorizers(d.root)
		authentication(d.root)
		enabledPlugins(at(d.root, "plugins"))
		holdsKey(b)
		publicKey(b)
		certificates(b)
		live, _ := Configz(b)
		layer := kubeflag.Layer{Source: "f", Values: flatten(d.root, kubeletField)}
		kubeflag.Kubelet(safe(m.flags), []kubeflag.Layer{layer}, true, 37)
		for _, v := range []any{rules, reduce(m.flags), live} {
			j, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(j), "-----BEGIN") {
				t.Errorf("a key got through: %s", j)
			}
		}
		if snapshot.Conceal("", withoutLogin(string(b))).Shape == snapshot.ShapeURLCreds {
			t.Errorf("a login got through: %q", withoutLogin(string(b)))
		}
	})
}
