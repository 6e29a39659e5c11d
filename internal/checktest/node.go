package checktest

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"plimsoll/internal/check"
	"plimsoll/internal/snapshot"
)

//go:embed node.json
var node []byte

// startNode returns the base "node": a well-run cluster as one control plane node
// and its API show it, instead of the Docker host.
func startNode() (map[string]any, error) {
	var root map[string]any
	if err := json.Unmarshal(node, &root); err != nil {
		return nil, fmt.Errorf("the embedded node: %w", err)
	}
	return root, nil
}

// nodeTweaks change the base node. Flags are by component and name: a text, a list
// of texts for a flag that is given several times, null for one that is not given.
// Components, certificates and kubeconfigs are patched by name and path, null
// removing them; settings are the kubelet's, live what it answers itself.
type nodeTweaks struct {
	Flags         map[string]map[string]any
	Components    map[string]any
	Settings      map[string]any
	Live          map[string]any
	NodeHost      map[string]any
	Certs         map[string]any
	Confs         map[string]any
	Named         map[string]map[string]any // by component and flag
	ClusterObject map[string][]any          // lists of the whole snapshot
}

func (t *nodeTweaks) applyNode(base string, root map[string]any) error {
	if base != "node" {
		return nil
	}
	list := func(name string) []any { l, _ := root[name].([]any); return l }
	for name, flags := range t.Flags {
		c := item(list("components"), "name", name)
		if c == nil {
			return fmt.Errorf("tweak of flags: there is no component %q", name)
		}
		setFlags(c, flags)
	}
	for name, named := range t.Named {
		c := item(list("components"), "name", name)
		if c == nil {
			return fmt.Errorf("tweak of files: there is no component %q", name)
		}
		c["named"] = byKey(c["named"], "by", named)
	}
	root["components"] = byKey(root["components"], "name", t.Components)
	root["certificates"] = byKey(root["certificates"], "path", t.Certs)
	root["kubeconfigs"] = byKey(root["kubeconfigs"], "path", t.Confs)
	for _, key := range []string{"certificates", "kubeconfigs"} {
		for _, v := range list(key) {
			m := v.(map[string]any)
			for k, d := range map[string]any{"scope": "host:0123456789abcdef", "cluster": "cluster:ca-0123456789abcdef"} {
				if m[k] == nil {
					m[k] = d
				}
			}
		}
	}
	if hosts := list("nodeHosts"); len(hosts) > 0 && t.NodeHost != nil {
		hosts[0] = merge(hosts[0], t.NodeHost)
	}
	if k := item(list("components"), "name", "kubelet"); k != nil {
		if conf, ok := k["kubelet"].(map[string]any); ok {
			if merged, ok := conf["merged"].(map[string]any); ok {
				merged["v"] = settings(merged["v"], t.Settings, "/var/lib/kubelet/config.yaml")
			}
			if t.Live != nil {
				conf["live"] = map[string]any{"state": "observed", "v": settings(nil, t.Live, "configz")}
			}
		}
	}
	for name, rows := range t.ClusterObject {
		for _, r := range rows {
			if m, ok := r.(map[string]any); ok && m["scope"] == nil {
				m["scope"] = "cluster:ca-0123456789abcdef"
			}
		}
		root[name] = append(list(name), rows...)
	}
	return nil
}

func item(list []any, key, value string) map[string]any {
	for _, v := range list {
		if m, ok := v.(map[string]any); ok && m[key] == value {
			return m
		}
	}
	return nil
}

// byKey patches, removes or adds the items of a list that have a key.
func byKey(v any, key string, patches map[string]any) any {
	list, _ := v.([]any)
	for value, patch := range patches {
		at := -1
		for i := range list {
			if m, ok := list[i].(map[string]any); ok && m[key] == value {
				at = i
			}
		}
		switch {
		case patch == nil && at >= 0:
			list = append(list[:at:at], list[at+1:]...)
		case at >= 0:
			list[at] = merge(list[at], patch)
		case patch != nil:
			list = append(list, merge(map[string]any{key: value}, patch))
		}
	}
	return list
}

func setFlags(c map[string]any, flags map[string]any) {
	f, _ := c["flags"].(map[string]any)
	old, _ := f["v"].([]any)
	var out []any
	for _, v := range old {
		if name := v.(map[string]any)["name"].(string); !has(flags, name) {
			out = append(out, v)
		}
	}
	for name, v := range flags {
		switch v := v.(type) {
		case string:
			out = append(out, map[string]any{"name": name, "value": v})
		case []any:
			for _, one := range v {
				out = append(out, map[string]any{"name": name, "value": one})
			}
		case map[string]any:
			out = append(out, merge(map[string]any{"name": name, "value": ""}, v))
		}
	}
	f["v"] = out
}

func has(m map[string]any, k string) bool { _, ok := m[k]; return ok }

func settings(v any, changes map[string]any, source string) any {
	list, _ := v.([]any)
	for key, value := range changes {
		list = byKey(list, "key", map[string]any{key: nil}).([]any)
		if s, ok := value.(string); ok {
			from := source
			if text, origin, cut := strings.Cut(s, " by "); cut {
				s, from = text, origin
			}
			list = append(list, map[string]any{"key": key, "value": s, "source": from})
		}
	}
	return list
}

// mutateNodes is [mutate] over the base node.
func mutateNodes(t *testing.T, suite []*check.Check) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		doc, err := startNode()
		if err != nil {
			t.Fatal(err)
		}
		var root any = doc
		for range 1 + rng.IntN(6) {
			root = scramble(rng, root)
		}
		b, err := json.Marshal(root)
		if err != nil {
			t.Fatal(err)
		}
		s, err := snapshot.Parse(b)
		if err != nil {
			continue // refused, which is what a reader of hostile input should do
		}
		findings := check.Run(suite, check.Inputs{Index: snapshot.NewIndex(s), Now: now})
		for _, f := range findings {
			if f.Status == 0 || len(f.Members) == 0 {
				t.Fatalf("%s gave an empty finding on %s", f.Check.ID, b)
			}
		}
		judgedOnce(t, snapshot.NewIndex(s), findings)
	}
}
