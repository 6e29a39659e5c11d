package inspect

import (
	"slices"

	"plimsoll/internal/snapshot"
)

// specPaths maps what the engine calls a field to the fields of
// [snapshot.ContainerSpec] that are made of it; none for what is kept elsewhere.
var specPaths = map[string][]string{
	"Id": nil, "Name": nil, "State.Status": nil, "State.Pid": nil,
	"Image": {"imageID"}, "AppArmorProfile": {"security.appArmor"}, "ProcessLabel": {"security.processLabel"},
	"Mounts": {"mounts", "tmpfs"}, "HostConfig.Mounts": {"tmpfsOptions", "mounts"},
	"NetworkSettings": {"networks", "ports"}, "NetworkSettings.Networks": {"networks"}, "NetworkSettings.Ports": {"ports"},

	"Config.Image": {"image"}, "Config.User": {"user"}, "Config.Env": {"env"}, "Config.Entrypoint": {"args"}, "Config.Cmd": {"args"},
	"Config.Healthcheck": {"health"}, "Config.ExposedPorts": {"ports"}, "Config.Labels": {"trust"},

	"HostConfig.Privileged": {"privileged"}, "HostConfig.CapAdd": {"capAdd"}, "HostConfig.CapDrop": {"capDrop"}, "HostConfig.GroupAdd": {"groupAdd"},
	"HostConfig.SecurityOpt": {"security"}, "HostConfig.MaskedPaths": {"security.systemPaths", "security.unmasked"},
	"HostConfig.ReadonlyPaths":  {"security.systemPaths", "security.unmasked"},
	"HostConfig.ReadonlyRootfs": {"readonlyRootfs"}, "HostConfig.Tmpfs": {"tmpfs", "tmpfsOptions"}, "HostConfig.VolumesFrom": nil,

	"HostConfig.NetworkMode": {"networkMode"}, "HostConfig.PidMode": {"pidMode"}, "HostConfig.IpcMode": {"ipcMode"}, "HostConfig.UTSMode": {"utsMode"},
	"HostConfig.UsernsMode": {"usernsMode"}, "HostConfig.CgroupnsMode": {"cgroupMode"},
	"HostConfig.PortBindings": {"ports"}, "HostConfig.PublishAllPorts": {"ports"},

	"HostConfig.Memory": {"resources.memory"}, "HostConfig.MemorySwap": {"resources.memorySwap"}, "HostConfig.MemoryReservation": {"resources.memoryReservation"},
	"HostConfig.NanoCpus": {"resources.nanoCPUs"}, "HostConfig.CpuShares": {"resources.cpuShares"}, "HostConfig.CpuQuota": {"resources.cpuQuota"},
	"HostConfig.CpuPeriod": {"resources.cpuPeriod"}, "HostConfig.CpusetCpus": {"resources.cpusetCPUs"}, "HostConfig.PidsLimit": {"resources.pidsLimit"},
	"HostConfig.OomKillDisable": {"resources.oomKillDisable"}, "HostConfig.OomScoreAdj": {"resources.oomScoreAdj"}, "HostConfig.CgroupParent": {"resources.cgroupParent"}, "HostConfig.Ulimits": {"resources.ulimits"},
	"RestartCount": nil, "State.Running": nil, "State.Paused": nil, "State.Restarting": nil, "State.ExitCode": nil, "Created": nil, "State.FinishedAt": nil, "State.Health": nil,
	"HostConfig.RestartPolicy": {"restartPolicy"}, "HostConfig.AutoRemove": {"autoRemove"},

	"HostConfig.Devices": {"devices"}, "HostConfig.DeviceRequests": {"deviceRequests"}, "HostConfig.DeviceCgroupRules": {"deviceRules"},
	"HostConfig.Sysctls": {"sysctls"}, "HostConfig.Runtime": {"runtime"}, "HostConfig.LogConfig": {"logDriver"},
}

// SpecPaths translates names of the engine's API, sorted. A name that the
// table lacks leaves the whole container in doubt.
func SpecPaths(names []string) []string {
	var out []string
	for _, n := range names {
		paths, ok := specPaths[n]
		if !ok {
			return []string{snapshot.AllUnread}
		}
		out = append(out, paths...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
