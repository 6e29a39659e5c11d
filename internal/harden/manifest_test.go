package harden

import (
	"slices"
	"strings"
	"testing"

	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

const shopManifest = `# the shop
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      hostPID: true # why?
      initContainers:
      - name: prepare
        image: a:1
      containers:
      - name: web
        image: a:1
        securityContext:
          privileged: true
          capabilities:
            add: [NET_ADMIN]
---
apiVersion: v1
kind: Pod
metadata: {name: job, namespace: shop}
spec:
  containers:
  - name: job
    image: b:1
  - name: "q].w"
    image: b:1
`

func onWorkload(key string, set ...step.Change) step.Step {
	return step.New(step.FileEdit, snapshot.Subject{Kind: snapshot.KindPodSpec, Scope: "files:elsewhere", Key: key, Name: key}, set...)
}

// TestEditManifests goes the whole way through a stream of manifests: every kind of
// value that a fix sets, in the right object and container, verified and taken back.
func TestEditManifests(t *testing.T) {
	s := newShop(t)
	s.write("shop.yaml", shopManifest)
	const in = "containers[web].securityContext."
	steps := []step.Step{
		onWorkload("shop/Deployment/web",
			set("hostPID", "true", "false"), set(in+"privileged", "true", "false"), set(in+"capabilities.add", "NET_ADMIN", ""), set(in+"capabilities.drop", "", "ALL"),
			set("securityContext.seccompProfile.type", "", "RuntimeDefault"), set("automountServiceAccountToken", "", "false"),
			set("containers[prepare].securityContext.readOnlyRootFilesystem", "", "true"), set("containers[web].resources.limits.memory", "", "67108864")),
		onWorkload("shop/Pod/job", set("containers[job].image", "b:1", "b:2"), set("containers[job].imagePullPolicy", "IfNotPresent", "Always"),
			set("containers[q].w].securityContext.privileged", "", "false")),
	}
	rep, err := Apply(t.Context(), s.o, steps)
	if err != nil {
		t.Fatalf("Apply = %+v, %v", rep, err)
	}
	got := s.read("shop.yaml")
	for _, line := range []string{
		"# the shop", "      hostPID: false # why?", "          privileged: false", "            memory: 64Mi", "      automountServiceAccountToken: false",
		"          readOnlyRootFilesystem: true", "          type: RuntimeDefault", "            - ALL", "    image: b:2", "    imagePullPolicy: Always",
	} {
		if !slices.Contains(strings.Split(got, "\n"), line) {
			t.Errorf("it has no line %q:\n%s", line, got)
		}
	}
	if strings.Contains(got, "NET_ADMIN") {
		t.Errorf("a capability stayed:\n%s", got)
	}
	checks, err := Verify(t.Context(), s.o, rep.ID)
	if err != nil || len(checks) != 11 || slices.ContainsFunc(checks, func(c Check) bool { return !c.Holds }) {
		t.Errorf("Verify = %+v, %v", checks, err)
	}
	if _, err := Rollback(t.Context(), s.o, rep.ID); err != nil || s.read("shop.yaml") != shopManifest {
		t.Errorf("after rollback (%v) it is\n%s", err, s.read("shop.yaml"))
	}
}
