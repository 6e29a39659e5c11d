package checktest

import (
	"encoding/json"
	"fmt"
)

// podTweaks are the members of a tweak of the base cluster that are about its one
// workload: pod patches its specification, box the specification's container,
// workload the workload itself and namespace the namespace that it is in.
type podTweaks struct {
	Pod, Box, Workload, Namespace json.RawMessage
}

func (tw *podTweaks) apply(root map[string]any) error {
	for _, of := range []struct {
		what  string
		patch json.RawMessage
		at    func(patch any) bool
	}{
		{"pod", tw.Pod, func(p any) bool { return patchFirst(root, "podSpecs", p) }},
		{"box", tw.Box, func(p any) bool {
			return patchFirst(root, "podSpecs", func(spec map[string]any) map[string]any {
				return map[string]any{"containers": []any{merge(spec["containers"].([]any)[0], p)}}
			})
		}},
		{"workload", tw.Workload, func(p any) bool { return patchFirst(root, "workloads", p) }},
		{"namespace", tw.Namespace, func(p any) bool {
			list := opened(root, "namespaces")
			for i, n := range list {
				if n.(map[string]any)["name"] == "shop" {
					list[i] = merge(n, p)
					return true
				}
			}
			return false
		}},
	} {
		if of.patch == nil {
			continue
		}
		var p any
		if err := json.Unmarshal(of.patch, &p); err != nil {
			return fmt.Errorf("tweak of the %s: %w", of.what, err)
		}
		if !of.at(p) {
			return fmt.Errorf("tweak of the %s: there is none", of.what)
		}
	}
	return nil
}

// patchFirst patches the first row of a list, with a patch or what makes one of it.
func patchFirst(root map[string]any, list string, patch any) bool {
	rows := opened(root, list)
	if len(rows) == 0 {
		return false
	}
	if of, ok := patch.(func(map[string]any) map[string]any); ok {
		patch = of(rows[0].(map[string]any))
	}
	rows[0] = merge(rows[0], patch)
	return true
}
