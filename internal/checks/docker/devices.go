package docker

import (
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/shared"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

var noHostDevices = &check.Check{
	ID:    "container-no-host-devices",
	Title: "No host device is handed to the container",
	Why: "A disk handed in is the host's file system without its permissions; /dev/mem and /dev/kmsg are the kernel itself. " +
		"Devices, requests for devices by driver or CDI name, binds under /dev, and rules that admit all devices or all of a kind count, and a privileged container is given every device. " +
		"Narrower rules are judged by container-block-device-rule.",
	Remedy:   "Start it without --device and --device-cgroup-rule; put a device that it needs on the policy list.",
	Severity: check.High, Subject: snapshot.KindContainer, Zone: model.ZoneHost, Surface: model.SurfaceIsolation, STRIDE: "TE", Tier: 1,
	Refs:  check.CIS(1, "5.17", "5.18", ""),
	Forms: []check.Form{check.Live, check.Compose},
	Needs: []snapshot.Part{snapshot.PartEngineContainers},
	Reads: []string{"devices", "deviceRequests", "deviceRules", "mounts", "privileged"},
	Params: []check.Param{{
		Name: "allowed_devices", Unit: "list", Meaning: "device paths, and device rules as they are written, left out of the rule; empty means that nothing is",
	}},
	Run: func(p *check.Probe) { judge(p, handedNoDevice) },
	Fixes: []check.Fix{
		{Suffix: "remove", Title: "take away the devices it was handed", Kind: step.ContainerRecreate, Breaks: true, Step: removeDevices},
	},
}

func handedNoDevice(b *box) check.Verdict {
	if b.spec.Privileged {
		return check.Failed("it is privileged, which hands in every device", ev("HostConfig.Privileged", true))
	}
	allowed := b.at.list("allowed_devices")
	var h hits
	for _, d := range b.spec.Devices {
		if !slices.Contains(allowed, d.Host) {
			h.add("HostConfig.Devices", strings.TrimSpace(d.Host+" "+d.Permissions))
		}
	}
	for _, r := range b.spec.DeviceRequests {
		if !slices.Contains(allowed, r) {
			h.add("HostConfig.DeviceRequests", r)
		}
	}
	for _, r := range b.spec.DeviceRules {
		if everyDevice(r) && !slices.Contains(allowed, r) {
			h.add("HostConfig.DeviceCgroupRules", r)
		}
	}
	for i := range b.spec.Mounts {
		m := &b.spec.Mounts[i]
		if path, _ := b.at.hostPath(m); shared.Within(path, "/dev") && !slices.Contains(allowed, path) {
			h.add("Mounts "+m.Destination, path)
		}
	}
	if len(h.evidence) > 0 {
		return h.note(check.Failed("host devices are handed in", h.evidence...))
	}
	return check.Passed("no host device is handed in", ev("HostConfig.Devices, DeviceRequests", len(b.spec.Devices)+len(b.spec.DeviceRequests)))
}
