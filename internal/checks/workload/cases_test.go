package workload

import (
	"slices"
	"strings"
	"testing"

	"plimsoll/internal/check"
	"plimsoll/internal/checktest"
	"plimsoll/internal/snapshot"
)

// verdict runs one check on a tweak of the minimal cluster.
func verdict(t *testing.T, id, tweak string) string {
	t.Helper()
	s, pol, err := checktest.Tweak([]byte(tweak))
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(Suite, func(c *check.Check) bool { return c.ID == id })
	if at < 0 {
		t.Fatalf("there is no check %s", id)
	}
	return checktest.Worst(check.RunOne(Suite[at], check.Inputs{Index: snapshot.NewIndex(s), Policy: pol, Now: s.Taken})).String()
}

// on is a tweak of the pod and its container in the minimal cluster.
func on(pod, box string, more ...string) string {
	return `{"base": "cluster", "pod": ` + pod + `, "box": ` + box + strings.Join(more, "") + `}`
}

const (
	init2    = `{"containers": [{"name": "prep", "kind": "init", "image": "a", "resources": {"requests": {}, "limits": {}}, "security": {}}, {"name": "web", "kind": "app", "image": "a", "resources": {"requests": {}, "limits": {"memory": 1}}, "security": {"capDrop": ["ALL"]}}]}`
	sidecar2 = `{"containers": [{"name": "side", "kind": "sidecar", "image": "a", "resources": {"requests": {}, "limits": {}}, "security": {"capDrop": ["ALL"]}}, {"name": "web", "kind": "app", "image": "a", "resources": {"requests": {}, "limits": {"memory": 1}}, "security": {"capDrop": ["ALL"]}}]}`
	noLimits = `{"resources": {"limits": {"memory": null}, "requests": {"memory": null}}}`
	rangeOf  = `, "add": {"limitRanges": [{"namespace": "shop", "name": "d", "default": {"memory": 7}, "request": {}, "max": {}, "min": {}, "type": `
	noPods   = `, "snapshot": {"pods": []}`
	windows  = `{"os": "windows", "security": null}`
	bare     = `{"security": {"escalation": null, "capDrop": null, "privileged": null, "seccomp": null}}`
	nobody   = `, "snapshot": {"bindings": []}`
)

// TestAdversarialCases are pods that other tools judge wrongly, by the number of
// the collection that they come from.
func TestAdversarialCases(t *testing.T) {
	for name, c := range map[string]struct{ check, tweak, want string }{
		"A.1 container false under pod true":        {"pod-run-as-non-root", on(`{}`, `{"security": {"nonRoot": false}}`), "fail"},
		"A.1 pod unset, containers true":            {"pod-run-as-non-root", on(`{"security": {"nonRoot": null}}`, `{}`), "pass"},
		"A.2 NET_RAW not mentioned":                 {"pod-drop-net-raw", on(`{}`, `{"security": {"capDrop": null}}`), "fail"},
		"A.2 a baseline label proves nothing":       {"pod-drop-net-raw", on(`{}`, `{"security": {"capDrop": null}}`, `, "namespace": {"labels": [{"key": "pod-security.kubernetes.io/enforce", "value": "baseline"}]}`), "fail"},
		"A.3 drop ALL, add NET_RAW":                 {"pod-drop-net-raw", on(`{}`, `{"security": {"capAdd": ["NET_RAW"]}}`), "fail"},
		"A.3 add ALL, drop NET_RAW":                 {"pod-drop-net-raw", on(`{}`, `{"security": {"capAdd": ["ALL"], "capDrop": ["NET_RAW"]}}`), "pass"},
		"A.3 add ALL, drop NET_RAW, dangerous":      {"pod-no-dangerous-caps", on(`{}`, `{"security": {"capAdd": ["ALL"], "capDrop": ["NET_RAW"]}}`), "fail"},
		"A.3 add ALL, drop ALL":                     {"pod-drop-net-raw", on(`{}`, `{"security": {"capAdd": ["ALL"]}}`), "fail"},
		"A.3 drop NET_RAW, add NET_RAW":             {"pod-drop-net-raw", on(`{}`, `{"security": {"capAdd": ["NET_RAW"], "capDrop": ["NET_RAW"]}}`), "fail"},
		"A.3 add ALL alone":                         {"pod-drop-net-raw", on(`{}`, `{"security": {"capAdd": ["ALL"], "capDrop": null}}`), "fail"},
		"A.4 privileged beats drop, NET_RAW":        {"pod-drop-net-raw", on(`{}`, `{"security": {"privileged": true}}`), "fail"},
		"A.4 privileged beats drop, all":            {"pod-drop-all-capabilities", on(`{}`, `{"security": {"privileged": true}}`), "fail"},
		"A.4 privileged forces escalation":          {"pod-no-privilege-escalation", on(`{}`, `{"security": {"privileged": true}}`), "fail"},
		"A.4 SYS_ADMIN forces escalation":           {"pod-no-privilege-escalation", on(`{}`, `{"security": {"capAdd": ["SYS_ADMIN"]}}`), "fail"},
		"A.6 init container not dropped":            {"pod-drop-net-raw", `{"base": "cluster", "pod": ` + init2 + `}`, "fail"},
		"A.7 sidecar without a memory limit":        {"pod-memory-limit", `{"base": "cluster", "pod": ` + sidecar2 + `}`, "fail"},
		"A.7 sidecar without a read-only root":      {"pod-readonly-rootfs", `{"base": "cluster", "pod": ` + sidecar2 + `}`, "fail"},
		"A.7 sidecar without a probe":               {"liveness-probe", `{"base": "cluster", "pod": ` + sidecar2 + `}`, "fail"},
		"A.7 init container without a memory limit": {"pod-memory-limit", `{"base": "cluster", "pod": ` + init2 + `}`, "pass"},
		"A.9 memory limit 0":                        {"pod-memory-limit", on(`{}`, `{"resources": {"limits": {"memory": 0}}}`), "fail"},
		"A.10 LimitRange supplies it":               {"pod-memory-limit", on(`{}`, noLimits, rangeOf, `"Container"}]}`, noPods), "pass"},
		"A.10 pods made before it":                  {"pod-memory-limit", on(`{}`, noLimits, rangeOf, `"Container"}]}`), "fail"},
		"A.10 pod-level resources":                  {"pod-memory-limit", on(`{"resources": {"limits": {"memory": 9}}}`, noLimits), "pass"},
		"A.10 LimitRange of type Pod":               {"pod-memory-limit", on(`{}`, noLimits, rangeOf, `"Pod"}]}`, noPods), "fail"},
		"A.12 Windows, escalation":                  {"pod-no-privilege-escalation", on(windows, bare), "not-applicable"},
		"A.12 Windows, capabilities":                {"pod-drop-all-capabilities", on(windows, bare), "not-applicable"},
		"A.12 Windows, seccomp":                     {"pss-seccomp-restricted", on(windows, bare), "not-applicable"},
		"A.12 Windows, SELinux":                     {"pss-selinux", on(windows, bare), "not-applicable"},
		"A.12 hostProcess of the pod":               {"pod-no-windows-hostprocess", on(`{"os": "windows", "security": {"hostProcess": true}}`, bare), "fail"},
		"A.12 hostProcess of a container":           {"pod-no-windows-hostprocess", on(windows, `{"security": {"hostProcess": true}}`), "fail"},
		"A.12 a selector is no proof":               {"pod-no-privilege-escalation", on(`{"nodeSelector": [{"key": "kubernetes.io/os", "value": "windows"}]}`, bare, noPods), "unknown"},
		"A.13 escalation not said":                  {"pod-no-privilege-escalation", on(`{}`, `{"security": {"escalation": null}}`), "fail"},
		"A.14 neither pod nor account says":         {"sa-token-mount-needed", on(`{"automount": null, "serviceAccount": "clusterrole-aggregation-controller"}`, `{}`, `, "workload": {"namespace": "kube-system"}`, nobody), "fail"},
		"A.14 pod true beats account false":         {"sa-token-mount-needed", on(`{"automount": true}`, `{}`, nobody), "fail"},
		"A.14 projected by hand":                    {"sa-token-mount-needed", on(`{"volumes": [{"name": "t", "type": "projected", "projected": [{"kind": "serviceAccountToken", "seconds": 600}]}]}`, `{}`, nobody), "fail"},
		"A.14 needed":                               {"sa-token-mount-needed", on(`{"automount": true}`, `{}`), "pass"},
		"A.14 account not in the manifests":         {"sa-token-mount-needed", on(`{"automount": null, "serviceAccount": "elsewhere"}`, `{}`, `, "asFile": true`), "unknown"},
		"B.16 template found by its form":           {"pod-not-privileged", on(`{}`, `{"security": {"privileged": true}}`, `, "workload": {"kind": "SparkThing", "inferred": true}`), "fail"},
		"B.20 removed version, security":            {"pod-not-privileged", on(`{}`, `{}`, `, "workload": {"apiVersion": "extensions/v1beta1", "invalid": "it is served no longer"}`), "unknown"},
		"B.20 removed version, version":             {"deprecated-api-in-manifest", on(`{}`, `{}`, `, "workload": {"apiVersion": "extensions/v1beta1", "invalid": "it is served no longer"}`), "fail"},
		"B.22 static pod":                           {"pod-not-privileged", on(`{}`, `{"security": {"privileged": true}}`, `, "workload": {"kind": "Pod", "static": true}`), "fail"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := verdict(t, c.check, c.tweak); got != c.want {
				t.Errorf("%s says %s, want %s", c.check, got, c.want)
			}
		})
	}
}
