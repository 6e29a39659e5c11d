package kubeobj

import "maps"

// stepsSpec makes a pod specification of the steps of a task of Tekton.
func stepsSpec(v any) any {
	m, _ := v.(map[string]any)
	template, _ := m["stepTemplate"].(map[string]any)
	var list []any
	for _, key := range []string{"steps", "sidecars"} {
		items, _ := m[key].([]any)
		for _, s := range items {
			if s, ok := s.(map[string]any); ok {
				c := maps.Clone(s)
				if key == "steps" {
					for k, v := range template {
						if _, ok := c[k]; !ok {
							c[k] = v
						}
					}
				}
				list = append(list, c)
			}
		}
	}
	return map[string]any{"containers": renamed(list, "step"), "volumes": m["volumes"]}
}

// renamed gives containers without a name one.
func renamed(list []any, name string) []any {
	for _, c := range list {
		m, ok := c.(map[string]any)
		if !ok {
			continue
		}
		if _, ok := m["name"]; !ok {
			m["name"] = name
		}
		if r, ok := m["computeResources"]; ok {
			m["resources"] = r
		}
	}
	return list
}

// sparkFields are those that the driver and the executors of a SparkApplication
// have in common with a container.
var sparkFields = []string{"image", "env", "envFrom", "volumeMounts", "securityContext", "lifecycle", "ports"}

// sparkSpec makes a pod specification of the driver or the executors of a
// SparkApplication. A template, which newer versions have, comes first.
func sparkSpec(v, image any) any {
	m, _ := v.(map[string]any)
	if t, ok := dig(m, "template.spec").(map[string]any); ok {
		return t
	}
	c := map[string]any{"name": "spark", "image": image}
	for _, k := range sparkFields {
		if x, ok := m[k]; ok {
			c[k] = x
		}
	}
	spec := map[string]any{"containers": append([]any{c}, list(m["sidecars"])...), "initContainers": m["initContainers"]}
	for from, to := range map[string]string{
		"podSecurityContext": "securityContext", "serviceAccount": "serviceAccountName", "hostNetwork": "hostNetwork", "nodeSelector": "nodeSelector",
		"tolerations": "tolerations", "shareProcessNamespace": "shareProcessNamespace", "priorityClassName": "priorityClassName", "hostAliases": "hostAliases",
	} {
		if x, ok := m[from]; ok {
			spec[to] = x
		}
	}
	return spec
}

// flowSpec makes a pod specification of everything that a workflow of Argo runs.
func flowSpec(v any) any {
	m, _ := v.(map[string]any)
	var containers, inits []any
	for _, t := range list(m["templates"]) {
		t, ok := t.(map[string]any)
		if !ok {
			continue
		}
		for _, key := range []string{"container", "script"} {
			if c, ok := t[key].(map[string]any); ok {
				c = maps.Clone(c)
				delete(c, "source")
				if name, ok := t["name"].(string); ok {
					c["name"] = name
				}
				containers = append(containers, c)
			}
		}
		containers = append(containers, list(dig(t, "containerSet.containers"))...)
		containers = append(containers, list(t["sidecars"])...)
		inits = append(inits, list(t["initContainers"])...)
	}
	spec := map[string]any{"containers": containers, "initContainers": inits}
	for _, k := range []string{"volumes", "securityContext", "serviceAccountName", "automountServiceAccountToken", "hostNetwork", "nodeSelector", "tolerations", "imagePullSecrets"} {
		if x, ok := m[k]; ok {
			spec[k] = x
		}
	}
	return spec
}

func list(v any) []any {
	l, _ := v.([]any)
	return l
}
