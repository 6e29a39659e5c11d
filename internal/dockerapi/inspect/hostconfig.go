package inspect

import (
	"slices"
	"strings"

	"plimsoll/internal/dockerapi/answer"
	"plimsoll/internal/snapshot"
)

// decodeHost reads HostConfig but for its security options and ports.
func decodeHost(o answer.Object, s *snapshot.ContainerSpec) {
	o.Read("Privileged", &s.Privileged)
	s.CapAdd, s.CapDrop = capabilities(o, "CapAdd"), capabilities(o, "CapDrop")
	s.GroupAdd = o.Texts("GroupAdd", answer.MaxShort)
	slices.Sort(s.GroupAdd)
	o.Read("ReadonlyRootfs", &s.ReadonlyRootfs)
	s.NetworkMode = o.Text("NetworkMode", answer.MaxShort)
	if s.NetworkMode == "default" || s.NetworkMode == "" {
		s.NetworkMode = "bridge" // what both mean on Linux
	}
	s.PidMode = o.Text("PidMode", answer.MaxShort)
	s.IpcMode = o.Text("IpcMode", answer.MaxShort)
	s.UTSMode = o.Text("UTSMode", answer.MaxShort)
	s.UsernsMode = o.Text("UsernsMode", answer.MaxShort)
	s.CgroupMode = o.Text("CgroupnsMode", answer.MaxShort)
	o.Read("AutoRemove", &s.AutoRemove)
	s.Runtime = o.Text("Runtime", answer.MaxShort)

	var restart struct {
		Name              string
		MaximumRetryCount int64
	}
	o.Read("RestartPolicy", &restart)
	s.RestartPolicy = snapshot.RestartPolicy{Name: o.Cut("RestartPolicy", restart.Name, answer.MaxShort), Max: restart.MaximumRetryCount}
	var log struct{ Type string } // its options may hold credentials and are not read
	o.Read("LogConfig", &log)
	s.LogDriver = o.Cut("LogConfig", log.Type, answer.MaxShort)

	s.Resources = decodeResources(o)
	decodeDevices(o, s)
	var sysctls map[string]string
	o.Read("Sysctls", &sysctls)
	for k, v := range sysctls {
		s.Sysctls = append(s.Sysctls, snapshot.Pair{Key: o.Cut("Sysctls", k, answer.MaxShort), Value: o.Cut("Sysctls", v, answer.MaxShort)})
	}
	slices.SortFunc(s.Sysctls, func(a, b snapshot.Pair) int { return strings.Compare(a.Key, b.Key) })
	s.Sysctls = answer.Capped(o, "Sysctls", s.Sysctls)
}

// capabilities reads a list of capabilities into their one form.
func capabilities(o answer.Object, name string) []string {
	list := o.Texts(name, answer.MaxShort)
	for i, c := range list {
		list[i] = strings.TrimPrefix(strings.ToUpper(c), "CAP_")
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func decodeResources(o answer.Object) snapshot.Resources {
	var r snapshot.Resources
	o.Read("Memory", &r.Memory)
	o.Read("MemorySwap", &r.MemorySwap)
	o.Read("MemoryReservation", &r.MemoryReservation)
	o.Read("NanoCpus", &r.NanoCPUs)
	o.Read("CpuShares", &r.CPUShares)
	o.Read("CpuQuota", &r.CPUQuota)
	o.Read("CpuPeriod", &r.CPUPeriod)
	r.CpusetCPUs = o.Text("CpusetCpus", answer.MaxShort)
	o.Read("PidsLimit", &r.PidsLimit)
	o.Read("OomKillDisable", &r.OomKillDisable)
	o.Read("OomScoreAdj", &r.OomScoreAdj)
	r.CgroupParent = o.Text("CgroupParent", answer.MaxText)
	var limits []struct {
		Name       string
		Soft, Hard int64
	}
	o.Read("Ulimits", &limits)
	for _, l := range answer.Capped(o, "Ulimits", limits) {
		r.Ulimits = append(r.Ulimits, snapshot.Ulimit{Name: o.Cut("Ulimits", l.Name, answer.MaxShort), Soft: l.Soft, Hard: l.Hard})
	}
	return r
}

func decodeDevices(o answer.Object, s *snapshot.ContainerSpec) {
	var devices []struct{ PathOnHost, PathInContainer, CgroupPermissions string }
	o.Read("Devices", &devices)
	for _, d := range answer.Capped(o, "Devices", devices) {
		s.Devices = append(s.Devices, snapshot.Device{
			Host:        o.Cut("Devices", d.PathOnHost, answer.MaxText),
			Container:   o.Cut("Devices", d.PathInContainer, answer.MaxText),
			Permissions: o.Cut("Devices", d.CgroupPermissions, answer.MaxShort),
		})
	}
	var requests []struct {
		Driver       string
		DeviceIDs    []string
		Capabilities [][]string
	}
	o.Read("DeviceRequests", &requests)
	for _, r := range answer.Capped(o, "DeviceRequests", requests) {
		names := []string{r.Driver}
		switch r.Driver {
		case "cdi":
			names = r.DeviceIDs
		case "":
			names = slices.Concat(r.Capabilities...) // "gpu" and the like choose the driver
		}
		for _, n := range names {
			s.DeviceRequests = append(s.DeviceRequests, o.Cut("DeviceRequests", n, answer.MaxShort))
		}
	}
	s.DeviceRequests = answer.Capped(o, "DeviceRequests", s.DeviceRequests)
	s.DeviceRules = o.Texts("DeviceCgroupRules", answer.MaxShort)
}
