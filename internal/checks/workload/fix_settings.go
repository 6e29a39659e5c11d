package workload

import (
	"slices"
	"strconv"
	"strings"

	"plimsoll/internal/podspec"
	"plimsoll/internal/snapshot"
)

// inContainer names a field of a container.
func inContainer(c *podspec.Container, field string) string {
	return "containers[" + c.Name + "]." + field
}

// each wants a value of the containers that a predicate picks. Ephemeral ones are in
// no template.
func each(field, value string, bad func(*podspec.Container) bool) func(*pod) ([]setting, error) {
	return func(b *pod) ([]setting, error) {
		var out []setting
		for i := range b.Containers {
			if c := &b.Containers[i]; bad(c) {
				out = append(out, setting{inContainer(c, field), value})
			}
		}
		return out, nil
	}
}

// off wants a field of the pod to be false.
func off(field string) func(*pod) ([]setting, error) {
	return func(*pod) ([]setting, error) { return []setting{{field, "false"}}, nil }
}

// unprivileged takes the flag away.
var unprivileged = each("securityContext.privileged", "false", func(c *podspec.Container) bool { return c.Privileged })

// noNewRights forbids programs to gain rights. The API server refuses that beside
// what implies them.
func noNewRights(b *pod) ([]setting, error) {
	var out []setting
	for i := range b.Containers {
		c := &b.Containers[i]
		if own := c.Security.Escalation; own != nil && !*own {
			continue
		}
		if c.Privileged || slices.ContainsFunc(c.Security.CapAdd, func(n string) bool { return strings.TrimPrefix(strings.ToUpper(n), "CAP_") == "SYS_ADMIN" }) {
			return nil, refused("the container %s is privileged or adds SYS_ADMIN, which implies new rights; take that away first", c.Name)
		}
		out = append(out, setting{inContainer(c, "securityContext.allowPrivilegeEscalation"), "false"})
	}
	return out, nil
}

// withoutRawSockets drops NET_RAW.
func withoutRawSockets(b *pod) ([]setting, error) {
	var out []setting
	for i := range b.Containers {
		c := &b.Containers[i]
		if !c.Caps.Has("NET_RAW") && !c.Caps.Depends("NET_RAW") {
			continue
		}
		if c.Privileged || adds(c, "ALL") || adds(c, "NET_RAW") {
			return nil, refused("the container %s is privileged or adds NET_RAW on purpose; take that away if it does not need it", c.Name)
		}
		drop := append(slices.Clone(c.Security.CapDrop), "NET_RAW")
		out = append(out, setting{inContainer(c, "securityContext.capabilities.drop"), strings.Join(drop, ",")})
	}
	return out, nil
}

func adds(c *podspec.Container, name string) bool {
	return slices.ContainsFunc(c.Security.CapAdd, func(n string) bool { return strings.TrimPrefix(strings.ToUpper(n), "CAP_") == name })
}

// withoutCapabilities drops all of them and keeps, of what is added, the one that
// the restricted standard allows.
func withoutCapabilities(b *pod) ([]setting, error) {
	var out []setting
	for i := range b.Containers {
		c := &b.Containers[i]
		if c.Privileged {
			return nil, refused("the container %s is privileged, so that dropping changes nothing; take that away first", c.Name)
		}
		out = append(out, setting{inContainer(c, "securityContext.capabilities.drop"), "ALL"})
		if len(c.Security.CapAdd) > 0 {
			kept := ""
			if adds(c, "NET_BIND_SERVICE") {
				kept = "NET_BIND_SERVICE"
			}
			out = append(out, setting{inContainer(c, "securityContext.capabilities.add"), kept})
		}
	}
	return out, nil
}

// asUser says that no container runs as root: the kubelet then refuses to start one
// whose image does.
func asUser(b *pod) ([]setting, error) {
	out := []setting{{"securityContext.runAsNonRoot", "true"}}
	for i := range b.Containers {
		c := &b.Containers[i]
		if c.User.Said() && c.User.V == 0 {
			return nil, refused("the container %s asks for user 0; give it another one", c.Name)
		}
		if own := c.Security.NonRoot; own != nil && !*own {
			out = append(out, setting{inContainer(c, "securityContext.runAsNonRoot"), "true"})
		}
	}
	return out, nil
}

// withSeccomp gives the pod the runtime's profile, and containers that have none.
func withSeccomp(b *pod) ([]setting, error) {
	var out []setting
	own := b.Security.Seccomp
	if own == nil || !podspec.Confined(*own) {
		out = append(out, setting{"securityContext.seccompProfile.type", "RuntimeDefault"})
	}
	for i := range b.Containers {
		c := &b.Containers[i]
		if p := c.Security.Seccomp; p != nil && !podspec.Confined(*p) {
			out = append(out, setting{inContainer(c, "securityContext.seccompProfile.type"), "RuntimeDefault"})
		}
	}
	return out, nil
}

// limitedTo gives containers without a memory limit the one that was given.
func limitedTo(b *pod) ([]setting, error) {
	limit := b.p.Int("limit")
	if limit <= 0 {
		return nil, refused("what it uses is not seen here (kubectl top pod --containers shows it); give a limit with --set pod-memory-limit.limit=SIZE")
	}
	var out []setting
	for i := range b.Containers {
		c := &b.Containers[i]
		if c.Memory.Set() || c.Kind == snapshot.EphemeralContainer {
			continue
		}
		if r := c.Resources.Requests.Memory; r != nil && *r > limit {
			return nil, refused("the container %s requests %d bytes, more than the limit %d", c.Name, *r, limit)
		}
		out = append(out, setting{inContainer(c, "resources.limits.memory"), strconv.FormatInt(limit, 10)})
	}
	return out, nil
}

// fixedRoot makes the root file system of what runs as long as the pod read-only.
var fixedRoot = each("securityContext.readOnlyRootFilesystem", "true", func(c *podspec.Container) bool {
	return c.LongRunning() && (c.Security.ReadonlyRootfs == nil || !*c.Security.ReadonlyRootfs)
})
