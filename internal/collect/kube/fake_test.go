package kube

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"plimsoll/internal/kubeapi"
	"plimsoll/internal/snapshot"
)

// world is a cluster as a fake API server has it.
type world struct {
	objects map[string][]object                           // path of a list in all namespaces -> objects
	custom  []string                                      // further lists, as group/version/plural/Kind
	deny    func(path string) bool                        // whether reading is forbidden
	answer  func(http.ResponseWriter, *http.Request) bool // what it does otherwise; nil: nothing
	stale   []string                                      // groups whose server is down
	version string

	mu    sync.Mutex
	asked []string // method, path and query
}

type object map[string]any

const uid = "11111111-2222-3333-4444-555555555555"

// small is a cluster with one of most things.
func small() *world {
	meta := func(ns, name string) map[string]any {
		return map[string]any{"namespace": ns, "name": name, "uid": ns + "-" + name}
	}
	w := &world{version: "v1.37.2", objects: map[string][]object{
		"/api/v1/namespaces": {
			{"metadata": map[string]any{"name": "kube-system", "uid": uid}}, {"metadata": meta("", "shop")}, {"metadata": meta("", "lab")},
		},
		"/api/v1/nodes": {{
			"metadata": map[string]any{"name": "cp1", "uid": "n1", "labels": map[string]any{"node-role.kubernetes.io/control-plane": ""}},
			"spec":     map[string]any{"providerID": "aws:///eu-1a/i-1"},
			"status":   map[string]any{"nodeInfo": map[string]any{"kubeletVersion": "v1.37.2"}, "addresses": []any{map[string]any{"type": "ExternalIP", "address": "203.0.113.9"}}},
		}},
		"/api/v1/serviceaccounts": {{"metadata": meta("shop", "default")}, {"metadata": meta("lab", "default")}},
		"/api/v1/secrets":         {{"metadata": meta("shop", "db"), "type": "Opaque", "data": map[string]any{"password": base64.StdEncoding.EncodeToString([]byte(canary))}}},
		"/api/v1/configmaps": {
			{"metadata": meta("kube-system", "kubeadm-config"), "data": map[string]any{}},
			{"metadata": meta("shop", "settings"), "data": map[string]any{"key": canary}},
		},
		"/apis/apps/v1/deployments": {{"metadata": meta("shop", "web"), "spec": map[string]any{"replicas": 1, "template": map[string]any{"spec": podSpec("web")}}}},
		"/api/v1/pods": {
			{
				"metadata": map[string]any{"namespace": "kube-system", "name": "kube-apiserver-cp1", "uid": "m1", "annotations": map[string]any{"kubernetes.io/config.mirror": "x"}},
				"spec":     map[string]any{"nodeName": "cp1", "containers": []any{map[string]any{"name": "a", "image": "registry.k8s.io/kube-apiserver:v1.37.2", "command": []any{"kube-apiserver", "--anonymous-auth=false", "--client-ca-file=/etc/ca.crt"}}}},
			},
			{"metadata": meta("lab", "loose"), "spec": podSpec("loose")},
			{"metadata": meta("shop", "loose"), "spec": podSpec("loose")},
		},
		"/apis/apiextensions.k8s.io/v1/customresourcedefinitions": {
			definition("argoproj.io", "Rollout", "{}"), definition("things.example", "Job", `{"properties":{"spec":{"properties":{"pod":{"properties":{"containers":{"items":{"properties":{"image":{"type":"string"}}}}}}}}}}`), definition("things.example", "Color", "{}"),
		},
		"/apis/argoproj.io/v1alpha1/rollouts": {{"metadata": meta("shop", "roll"), "spec": map[string]any{"template": map[string]any{"spec": podSpec("roll")}}}},
		"/apis/things.example/v1/jobs":        {{"metadata": meta("shop", "own"), "spec": map[string]any{"podSpec": podSpec("own")}}},
	}, custom: []string{"argoproj.io/v1alpha1/rollouts/Rollout", "things.example/v1/jobs/Job", "things.example/v1/colors/Color"}}
	return w
}

// canary is a value that no snapshot may have.
const canary = "canary-hunter2-4fT9"

func podSpec(name string) map[string]any {
	return map[string]any{"containers": []any{map[string]any{
		"name": name, "image": "nginx:1", "env": []any{map[string]any{"name": "PASSWORD", "value": canary}}, "args": []any{"--token=" + canary},
	}}}
}

func definition(group, kind, schema string) object {
	var s any
	if err := json.Unmarshal([]byte(schema), &s); err != nil {
		panic(err)
	}
	return object{
		"metadata": map[string]any{"name": strings.ToLower(kind) + "s." + group, "uid": "crd-" + kind},
		"spec":     map[string]any{"group": group, "names": map[string]any{"kind": kind}, "versions": []any{map[string]any{"name": "v1", "schema": map[string]any{"openAPIV3Schema": s}}}},
	}
}

// client starts the server and connects to it.
func (w *world) client(t *testing.T) *kubeapi.Client {
	t.Helper()
	s := httptest.NewTLSServer(w)
	t.Cleanup(s.Close)
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	file := filepath.Join(t.TempDir(), "config")
	text := "apiVersion: v1\nkind: Config\ncurrent-context: here\ncontexts:\n- {name: here, context: {cluster: acme, user: me, namespace: shop}}\n" +
		"clusters:\n- {name: acme, cluster: {server: \"" + s.URL + "\", certificate-authority-data: " + base64.StdEncoding.EncodeToString(ca) + "}}\nusers:\n- {name: me, user: {token: abc}}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := kubeapi.Load(kubeapi.Request{Kubeconfig: file})
	if err != nil {
		t.Fatal(err)
	}
	c, err := kubeapi.Connect(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// collect reads the world and holds what came of it against what must always hold.
func (w *world) collect(t *testing.T, set ...func(*Options)) *snapshot.Snapshot {
	t.Helper()
	o := Options{Client: w.client(t), Taken: time.Unix(0, 0)}
	for _, f := range set {
		f(&o)
	}
	s := Collect(context.Background(), o)
	if err := s.Validate(); err != nil {
		t.Error(err)
	}
	j, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(j), canary) || strings.Contains(string(j), base64.StdEncoding.EncodeToString([]byte(canary))) {
		t.Error("a secret is in the snapshot")
	}
	for _, r := range w.asked {
		if !strings.HasPrefix(r, "GET ") {
			t.Errorf("asked %s, which is no read", r)
		}
	}
	return s
}

// ServeHTTP implements [http.Handler].
func (w *world) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	w.asked = append(w.asked, r.Method+" "+r.URL.String())
	w.mu.Unlock()
	out.Header().Set("Content-Type", "application/json")
	path := r.URL.Path
	switch {
	case w.answer != nil && w.answer(out, r):
	case path == "/version":
		fmt.Fprintf(out, `{"gitVersion":%q}`, w.version)
	case w.deny != nil && w.deny(path):
		out.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(out, `{"kind":"Status","code":403,"message":"x is forbidden: User \"system:serviceaccount:audit:reader\" cannot list resource \"x\""}`)
	case path == "/api" || path == "/apis":
		w.discovery(out, path)
	default:
		w.list(out, r)
	}
}

func (w *world) discovery(out http.ResponseWriter, path string) {
	groups := make(map[string][]any)
	add := func(group, version, plural, kind string, wide bool) {
		scope := "Namespaced"
		if wide {
			scope = "Cluster"
		}
		groups[group] = append(groups[group], map[string]any{"version": version, "resources": []any{
			map[string]any{"resource": plural, "responseKind": map[string]any{"kind": kind}, "scope": scope, "verbs": []any{"list"}},
		}})
	}
	for _, r := range standard() {
		if (r.group == "") == (path == "/api") && !slices.Contains(w.stale, r.group) {
			add(r.group, r.versions[0], r.plural, r.kind, r.wide)
		}
	}
	for _, c := range w.custom {
		if p := strings.Split(c, "/"); path == "/apis" {
			add(p[0], p[1], p[2], p[3], false)
		}
	}
	for _, g := range w.stale {
		groups[g] = []any{map[string]any{"version": "v1", "freshness": "Stale"}}
	}
	var items []any
	for g, v := range groups {
		items = append(items, map[string]any{"metadata": map[string]any{"name": g}, "versions": v})
	}
	_ = json.NewEncoder(out).Encode(map[string]any{"kind": "APIGroupDiscoveryList", "items": items})
}

func (w *world) list(out http.ResponseWriter, r *http.Request) {
	path, ns, name := r.URL.Path, "", ""
	if before, after, ok := strings.Cut(path, "/namespaces/"); ok {
		parts := strings.Split(after, "/")
		ns = parts[0]
		switch len(parts) {
		case 1:
			path, ns, name = before+"/namespaces", "", parts[0]
		default:
			path = before + "/" + parts[1]
			if len(parts) > 2 {
				name = parts[2]
			}
		}
	}
	found := []object{}
	for _, o := range w.objects[path] {
		m, _ := o["metadata"].(map[string]any)
		if (ns == "" || m["namespace"] == ns) && (name == "" || m["name"] == name) {
			found = append(found, o)
		}
	}
	switch {
	case name != "" && len(found) == 0:
		out.WriteHeader(http.StatusNotFound)
		fmt.Fprint(out, `{"kind":"Status","code":404,"message":"not found"}`)
	case name != "":
		_ = json.NewEncoder(out).Encode(found[0])
	case strings.Contains(r.Header.Get("Accept"), "as=Table"):
		rows := []any{}
		for _, o := range found {
			rows = append(rows, map[string]any{"cells": []any{"name", o["type"], 1}, "object": map[string]any{"metadata": o["metadata"]}})
		}
		_ = json.NewEncoder(out).Encode(map[string]any{"kind": "Table", "columnDefinitions": []any{map[string]any{"name": "Name"}, map[string]any{"name": "Type"}, map[string]any{"name": "Data"}}, "rows": rows})
	default:
		_ = json.NewEncoder(out).Encode(map[string]any{"kind": "List", "metadata": map[string]any{}, "items": found})
	}
}
