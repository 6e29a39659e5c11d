package docker

import (
	"slices"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

var safeSysctls = &check.Check{
	ID:    "container-sysctls",
	Title: "Only safe kernel settings are changed",
	Why: "The engine refuses settings that no namespace contains, unless the container shares the host's. Of the others some change how the container's own network answers: " +
		"forwarding, source validation, redirects. The settings that the Pod Security Standards count as safe are shipped as the policy list; anything else wants a reason.",
	Remedy:   "Start it without the --sysctl, or put the setting on the policy list.",
	Severity: check.Medium, Subject: snapshot.KindContainer, Zone: model.ZoneHost, Surface: model.SurfaceIsolation, STRIDE: "TE", Tier: 2,
	Forms: []check.Form{check.Live, check.Compose},
	Needs: []snapshot.Part{snapshot.PartEngineContainers},
	Reads: []string{"sysctls"},
	Params: []check.Param{{Name: "allowed_keys", Unit: "list", Default: []string{
		"kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start", "net.ipv4.tcp_syncookies",
		"net.ipv4.ping_group_range", "net.ipv4.ip_local_reserved_ports", "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout",
		"net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem",
	}, Meaning: "namespaced keys that may be set"}},
	Run:   func(p *check.Probe) { judge(p, setsSafeKeys) },
	Fixes: []check.Fix{{Title: "take away kernel settings beyond policy", Kind: step.ContainerRecreate, Breaks: true, Step: removeSysctls}},
}

func setsSafeKeys(b *box) check.Verdict {
	allowed := b.at.list("allowed_keys")
	var h hits
	for _, s := range b.spec.Sysctls {
		if !slices.Contains(allowed, s.Key) {
			h.add("HostConfig.Sysctls "+s.Key, s.Value)
		}
	}
	if len(h.evidence) > 0 {
		return h.note(check.Failed("it changes kernel settings that the policy does not list", h.evidence...))
	}
	return check.Passed("it changes no other kernel settings than the policy lists", ev("HostConfig.Sysctls", len(b.spec.Sysctls)))
}
