package checktest

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"plimsoll/internal/snapshot"
)

// cluster is what the base "cluster" stands for: a well-run cluster instead of
// the host, with one workload, and nothing of Docker.
//
//go:embed cluster.json
var cluster []byte

// startCluster returns the minimal cluster as a document.
func startCluster() (map[string]any, error) {
	var root map[string]any
	if err := json.Unmarshal(cluster, &root); err != nil {
		return nil, fmt.Errorf("the embedded cluster: %w", err)
	}
	return root, nil
}

// clusterOnly are lists that manifests do not define.
var clusterOnly = []string{"nodes", "pods", "csrs"}

// asManifests keeps what manifests of the cluster would define: not what
// Kubernetes makes itself, and nothing that only runs.
func asManifests(root map[string]any) {
	const scope = "files:k8s"
	for _, list := range clusterOnly {
		delete(root, list)
	}
	taken := root["taken"]
	root["scopes"] = []any{map[string]any{"id": scope, "kind": "files", "name": "k8s", "taken": taken}}
	root["clusters"] = []any{map[string]any{"scope": scope}}
	var parts []any
	for _, p := range root["parts"].([]any) {
		part := p.(map[string]any)
		if name := fmt.Sprint(part["part"]); name == "cluster.version" || name == "cluster.nodes" || name == "cluster.pods" || name == "cluster.csrs" {
			continue
		}
		part["scope"] = scope
		parts = append(parts, part)
	}
	root["parts"] = parts
	for list, v := range root {
		rows, ok := v.([]any)
		if !ok || list == "scopes" || list == "parts" || list == "clusters" || list == "podSpecs" {
			continue
		}
		var kept []any
		for _, r := range rows {
			row := r.(map[string]any)
			if row["builtIn"] == true || strings.HasPrefix(fmt.Sprint(row["namespace"], row["name"]), "kube") {
				continue
			}
			for _, live := range []string{"uid", "ready", "readyNodes"} {
				delete(row, live)
			}
			row["scope"] = scope
			row["location"] = map[string]any{"file": "shop.yaml", "line": 1, "column": 1}
			kept = append(kept, row)
		}
		root[list] = kept
	}
}

// addRows appends rows to lists, each in the document's first scope unless it
// says another, and in manifests in one file.
func addRows(root map[string]any, lists map[string][]any) {
	first := opened(root, "scopes")[0].(map[string]any)
	for list, rows := range lists {
		for _, r := range rows {
			row, ok := r.(map[string]any)
			if ok && list != "podSpecs" && list != "pods" {
				own := map[string]any{"scope": first["id"]}
				if first["kind"] == "files" {
					own["location"] = map[string]any{"file": "added.yaml", "line": 1, "column": 1}
				}
				maps.Copy(own, row)
				r = own
			}
			root[list] = append(opened(root, list), r)
		}
	}
}

// Cluster returns a fresh copy of the minimal cluster.
func Cluster() *snapshot.Snapshot {
	s, _, err := Tweak([]byte(`{"base": "cluster"}`))
	if err != nil {
		panic(err) // embedded; every fixture of a cluster reads it
	}
	return s
}
