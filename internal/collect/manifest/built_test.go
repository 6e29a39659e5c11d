package manifest

import (
	"strings"
	"testing"
)

// kustomized is a base that nobody deploys alone, a patch, and two overlays.
const kustomized = `
-- base/kustomization.yaml --
resources: [web.yaml]
-- base/web.yaml --
# licence
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    spec:
      containers:
      - name: web
        image: web:1
        securityContext:
          privileged: true
-- prod/kustomization.yaml --
namePrefix: prod-
bases: [../base]
patchesStrategicMerge: [patch.yaml]
images: [{name: web, newTag: "2"}]
-- prod/patch.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec: {template: {spec: {hostPID: true}}}
-- broken/kustomization.yaml --
resources: [https://example.com/x.yaml, ../../outside]
-- missing/kustomization.yaml --
resources: [not-there.yaml]
-- helm/kustomization.yaml --
helmCharts: [{name: x, repo: https://example.com}]
-- unused/kustomization.yaml --
apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
-- secret/kustomization.yaml --
secretGenerator:
- name: made
  literals: [password=canary-0f3b]
`

func TestKustomize(t *testing.T) {
	s := collect(t, kustomized)
	same(t, "workloads", shown(s), `
Deployment/prod-web base/web.yaml:2:1 web:2
Kustomization/broken broken/kustomization.yaml unread: broken/kustomization.yaml: is not built: broken/kustomization.yaml draws on https://example.com/x.yaml, ../../outside, which the folder does not hold and nothing is fetched
Kustomization/helm helm/kustomization.yaml unread: helm/kustomization.yaml: is not built: helm/kustomization.yaml runs helm, and no program is run
Kustomization/missing missing/kustomization.yaml unread: missing/kustomization.yaml: is not built: missing/kustomization.yaml draws on not-there.yaml, which the folder does not hold and nothing is fetched`)
	w := s.Workloads[0]
	if !s.PodSpecs[w.Spec].HostPID || w.Render != "kustomization prod" {
		t.Errorf("the patch is lost: %+v", w)
	}
	got := ""
	for _, f := range w.Fields {
		got += f.Field + " " + f.Loc.String() + "\n"
	}
	if !strings.Contains(got, "spec.template.spec.containers[0].securityContext.privileged base/web.yaml:13:23\n") || strings.Contains(got, ".image") || strings.Contains(got, "hostPID") {
		t.Errorf("fields are said to be where they are not set:\n%s", got)
	}
	if !strings.Contains(s.Parts[len(s.Parts)-1].Detail, "1 kustomize component that nothing here uses") {
		t.Errorf("%+v", s.Parts[len(s.Parts)-1])
	}
	if len(s.Secrets) != 1 || s.Secrets[0].Keys[0].Len != len("canary-0f3b") {
		t.Errorf("%+v", s.Secrets)
	}
}

const charts = `
-- web/Chart.yaml --
apiVersion: v2
name: web
version: 0.1.0
-- web/values.yaml --
image: web:1
privileged: false
-- web/values-prod.yaml --
privileged: true
-- web/README.yaml --
apiVersion: v1
kind: Pod
metadata: {name: not-in-the-chart}
-- web/templates/_helpers.tpl --
{{- define "web.name" -}}
{{ .Release.Name }}-web
{{- end -}}
-- web/templates/web.yaml --
{{- /* a comment with }} and "quotes */}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "web.name" . }}
spec:
  template:
    spec:
      {{- range $i := until 2 }}
      # {{ $i }}
      {{- end }}
      containers:
      - name: web
        image: {{ .Values.image | quote }}
        securityContext:
          privileged: {{ .Values.privileged }}
-- web/templates/same.yaml --
apiVersion: v1
kind: Service
metadata: {name: same}
-- web/templates/rbac.yaml --
apiVersion: v1
kind: ServiceAccount
metadata: {name: web}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: web, namespace: {{ .Release.Namespace }}}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{kind: ServiceAccount, name: web, namespace: {{ .Release.Namespace }}}]
-- web/templates/NOTES.txt --
Thanks.
-- web/charts/db/Chart.yaml --
apiVersion: v2
name: db
version: 0.1.0
-- web/charts/db/templates/db.yaml --
apiVersion: v1
kind: Pod
metadata: {name: db}
spec: {containers: [{name: db, image: db}]}
-- needs/Chart.yaml --
apiVersion: v2
name: needs
version: 0.1.0
dependencies: [{name: redis, version: 1.0.0, repository: https://example.com}]
-- fails/Chart.yaml --
apiVersion: v2
name: fails
version: 0.1.0
-- fails/templates/x.yaml --
a: {{ required "give a name" .Values.name }}
`

func TestCharts(t *testing.T) {
	s := collect(t, charts)
	same(t, "workloads", shown(s), `
Chart/fails fails/Chart.yaml unread: fails/Chart.yaml: with values.yaml: execution error at (fails/templates/x.yaml:1:6): give a name
Chart/needs needs/Chart.yaml unread: needs/Chart.yaml: with values.yaml: is not rendered: its dependencies redis are not in charts/, and nothing is fetched
Deployment/release-name-web web/templates/web.yaml:2 web:1
Deployment/release-name-web web/templates/web.yaml:2 web:1
Pod/db web/charts/db/templates/db.yaml:1 db`)
	if a, b := s.Workloads[2], s.Workloads[3]; a.Render != "chart web with values.yaml" || b.Render != "chart web with values-prod.yaml" || a.Spec == b.Spec {
		t.Errorf("renderings are %q and %q", a.Render, b.Render)
	}
	if len(s.Services) != 1 {
		t.Errorf("what is the same with all values counts %d times", len(s.Services))
	}
	if b := s.Bindings[0]; b.Namespace != "" || b.Subjects[0].Namespace != "" || b.Invalid != "" || len(s.Namespaces) > 0 {
		t.Errorf("the namespace of a release is known: %+v %+v", b, s.Namespaces)
	}
	for _, f := range s.Workloads[3].Fields {
		if f.Field == "spec.template.spec.containers[0].securityContext.privileged" && f.Loc.String() != "web/templates/web.yaml:16" {
			t.Errorf("privileged is said to be set at %s", f.Loc)
		}
	}
}

func TestGivenValues(t *testing.T) {
	s := collect(t, charts, func(o *Options) { o.Values = []Values{{"mine.yaml", []byte("image: mine\nname: x\n")}} })
	if !strings.Contains(shown(s), "Deployment/release-name-web web/templates/web.yaml:2 mine\n") || strings.Count(shown(s), "release-name-web") != 1 {
		t.Errorf("%s", shown(s))
	}
}
