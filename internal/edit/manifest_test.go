package edit

import (
	"strings"
	"testing"
)

const twoObjects = `# shop
apiVersion: v1
kind: Service
metadata: {name: web}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    spec:
      containers:
      - name: web # the shop
        image: nginx:1.27
        resources:
          limits:
            cpu: "1"
        securityContext:
          capabilities:
            add: ["NET_ADMIN", SYS_TIME]
      - image: busybox
        name: side
        securityContext:
          privileged: true   # why?
          capabilities:
            add:
            - NET_ADMIN
            # keep this
            - CHOWN
      hostPID: true
`

func TestSetManifest(t *testing.T) {
	deployment := Object{Line: 6, Root: "spec.template.spec."}
	for _, c := range []struct {
		field, value string
		from, to     string // the only lines that change
	}{
		{"hostPID", "false", "      hostPID: true\n", "      hostPID: false\n"},
		{"hostPID", "", "      hostPID: true\n", ""},
		{"containers[web].image", "nginx@sha256:0", "image: nginx:1.27\n", "image: nginx@sha256:0\n"},
		{"containers[side].image", "busybox:1", "- image: busybox\n", "- image: busybox:1\n"},
		{"containers[side].securityContext.privileged", "false", "privileged: true   # why?", "privileged: false   # why?"},
		{"containers[side].securityContext.privileged", "", "          privileged: true   # why?\n", ""},
		{"containers[web].resources.limits.memory", "67108864", "            cpu: \"1\"\n", "            cpu: \"1\"\n            memory: 64Mi\n"},
		{"containers[side].resources.limits.memory", "1000", "        name: side\n", "        name: side\n        resources:\n          limits:\n            memory: 1000\n"},
		{"containers[web].resources.limits.cpu", "1500m", `cpu: "1"`, `cpu: "1500m"`},
		{"containers[web].securityContext.capabilities.add", "CHOWN", `["NET_ADMIN", SYS_TIME]`, `[CHOWN]`},
		{"containers[web].securityContext.capabilities.drop", "ALL", "capabilities:\n            add: [\"NET_ADMIN\", SYS_TIME]\n", "capabilities:\n            drop:\n            - ALL\n            add: [\"NET_ADMIN\", SYS_TIME]\n"},
		{"containers[side].securityContext.capabilities.add", "CHOWN", "            - NET_ADMIN\n", ""},
		{
			"containers[side].securityContext.capabilities.add", "",
			"          capabilities:\n            add:\n            - NET_ADMIN\n            # keep this\n            - CHOWN\n", "",
		},
		{
			"securityContext.seccompProfile.type", "RuntimeDefault",
			"      hostPID: true\n", "      hostPID: true\n      securityContext:\n        seccompProfile:\n          type: RuntimeDefault\n",
		},
	} {
		want := strings.Replace(twoObjects, c.from, c.to, 1)
		if !strings.Contains(twoObjects, c.from) {
			t.Fatalf("%s: the fixture has no %q", c.field, c.from)
		}
		got, err := SetManifest([]byte(twoObjects), deployment, c.field, c.value)
		if err != nil {
			t.Errorf("%s = %q: %v", c.field, c.value, err)
		} else if string(got) != want {
			t.Errorf("%s = %q:\n%s", c.field, c.value, Diff([]byte(want), got, 2))
		}
	}
}

func TestSetManifestFindsTheObject(t *testing.T) {
	list := "apiVersion: v1\nkind: List\nitems:\n- kind: Pod\n  spec:\n    containers:\n    - {name: a}\n- kind: Pod\n  spec:\n    containers:\n    - name: a\n      image: x\n"
	got, err := SetManifest([]byte(list), Object{Line: 8, Root: "spec."}, "hostIPC", "false")
	if want := strings.Replace(list, "- kind: Pod\n  spec:\n    containers:\n    - name", "- kind: Pod\n  spec:\n    hostIPC: false\n    containers:\n    - name", 1); err != nil || string(got) != want {
		t.Errorf("%v:\n%s", err, got)
	}
	got, err = SetManifest([]byte(list), Object{Line: 9, Root: "spec."}, "containers[a].image", "other")
	if want := strings.Replace(list, "image: x", "image: other", 1); err != nil || string(got) != want {
		t.Errorf("%v:\n%s", err, got)
	}
	crlf := strings.ReplaceAll(twoObjects, "\n", "\r\n")
	got, err = SetManifest([]byte(crlf), Object{Line: 8, Root: "spec.template.spec."}, "containers[web].securityContext.privileged", "false")
	if err != nil || strings.Count(string(got), "\r\n") != strings.Count(string(got), "\n") || !strings.Contains(string(got), "          privileged: false\r\n") {
		t.Errorf("line endings: %v\n%s", err, Diff([]byte(crlf), got, 1))
	}
	for name, c := range map[string]struct {
		doc  string
		of   Object
		says string
	}{
		"json":           {`{"kind":"Pod","spec":{"containers":[{"name":"a"}]}}`, Object{1, "spec."}, "JSON"},
		"no such object": {twoObjects, Object{2, "spec.template.spec."}, "2: the object has no spec.template.spec here"},
		"no container":   {"kind: Pod\nspec:\n  containers:\n  - name: b\n", Object{1, "spec."}, `no container "a"`},
		"broken":         {"---\na: [\n", Object{2, "spec."}, ""},
		"anchor":         {"kind: Pod\nspec:\n  containers:\n  - name: a\n    securityContext: &s\n      privileged: true\n  - name: b\n    securityContext: *s\n", Object{1, "spec."}, "change it by hand"},
	} {
		_, err := SetManifest([]byte(c.doc), c.of, "containers[a].securityContext.privileged", "false")
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
}

// FuzzSetManifest sets and takes back: whatever the stream, an edit changes nothing
// outside the object's document, and the value is there or the edit is refused.
func FuzzSetManifest(f *testing.F) {
	f.Add(twoObjects, 6, "spec.template.spec.", "false")
	f.Add("kind: Pod\nspec:\n  containers:\n  - name: web\n    image: a\n", 1, "spec.", "")
	f.Add("--- {kind: Pod, spec: {containers: [{name: web}]}}\n---\n", 1, "spec.", "true")
	f.Fuzz(func(t *testing.T, stream string, line int, root, value string) {
		const field = "containers[web].securityContext.privileged"
		out, err := SetManifest([]byte(stream), Object{Line: line, Root: root}, field, value)
		if err != nil {
			return
		}
		start, end := document([]byte(stream), line)
		if !strings.HasPrefix(string(out), stream[:start]) || !strings.HasSuffix(string(out), stream[end:]) {
			t.Fatalf("another document changed:\n%q\n%q", stream, out)
		}
		again, err := SetManifest(out, Object{Line: line, Root: root}, field, value)
		if err != nil || string(again) != string(out) {
			t.Fatalf("the second time differs: %v\n%q\n%q", err, out, again)
		}
	})
}
