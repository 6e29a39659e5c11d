package docker

import (
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

var noWildcardDevices = &check.Check{
	ID:    "container-block-device-rule",
	Title: "No wildcard device rule is set",
	Why: "A device rule with a wildcard lets the container open whatever it makes a node for, and MKNOD is among the default capabilities: b *:* is every disk of the machine, " +
		"b 8:* every SCSI disk, a *:* everything. The disk is then read and written under the file system, past all permissions.",
	Remedy:   "Name the one device with --device, or a rule with both numbers, such as c 10:229 rwm.",
	Severity: check.High, Subject: snapshot.KindContainer, Zone: model.ZoneHost, Surface: model.SurfaceIsolation, STRIDE: "E", Tier: 2,
	Forms: []check.Form{check.Live, check.Compose},
	Needs: []snapshot.Part{snapshot.PartEngineContainers},
	Reads: []string{"privileged", "deviceRules"},
	Run:   func(p *check.Probe) { judge(p, namesItsDevices) },
	Fixes: []check.Fix{
		{Suffix: "remove", Title: "take away device rules with a wildcard", Kind: step.ContainerRecreate, Breaks: true, Step: removeRules},
	},
}

func namesItsDevices(b *box) check.Verdict {
	if b.spec.Privileged {
		return check.Failed("it is privileged, which allows every device", ev("HostConfig.Privileged", true))
	}
	var h hits
	for _, r := range b.spec.DeviceRules {
		if wildcardRule(r) {
			h.add("HostConfig.DeviceCgroupRules", r)
		}
	}
	if len(h.evidence) > 0 {
		return h.note(check.Failed("a device rule has a wildcard", h.evidence...))
	}
	return check.Passed("no device rule has a wildcard", ev("HostConfig.DeviceCgroupRules", len(b.spec.DeviceRules)))
}

// everyDevice reports whether a rule admits all devices, or all of a kind.
func everyDevice(rule string) bool {
	f := strings.Fields(rule)
	return len(f) > 0 && (f[0] == "a" || len(f) > 1 && strings.HasPrefix(f[1], "*:"))
}

// wildcardRule reads a rule, TYPE MAJOR:MINOR ACCESS. Minor numbers of a character
// device's driver are ports and terminals, those of a disk's driver other disks.
func wildcardRule(rule string) bool {
	f := strings.Fields(rule)
	if len(f) == 0 {
		return false
	}
	if f[0] == "a" || len(f) < 2 {
		return true // all devices, or a form that only the engine understands
	}
	major, minor, _ := strings.Cut(f[1], ":")
	return major == "*" || f[0] == "b" && minor == "*"
}
