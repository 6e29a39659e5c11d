package docker

import (
	"slices"
	"strings"

	"plimsoll/internal/snapshot"
)

// decodeHost reads HostConfig but for its security options and ports.
func decodeHost(o object, s *snapshot.ContainerSpec) {
	o.read("Privileged", &s.Privileged)
	s.CapAdd, s.CapDrop = capabilities(o, "CapAdd"), capabilities(o, "CapDrop")
	s.GroupAdd = o.texts("GroupAdd", maxShort)
	slices.Sort(s.GroupAdd)
	o.read("ReadonlyRootfs", &s.ReadonlyRootfs)
	s.NetworkMode = o.text("NetworkMode", maxShort)
	if s.NetworkMode == "default" || s.NetworkMode == "" {
		s.NetworkMode = "bridge" // what both mean on Linux
	}
	s.PidMode = o.text("PidMode", maxShort)
	s.IpcMode = o.text("IpcMode", maxShort)
	s.UTSMode = o.text("UTSMode", maxShort)
	s.UsernsMode = o.text("UsernsMode", maxShort)
	s.CgroupMode = o.text("CgroupnsMode", maxShort)
	o.read("AutoRemove", &s.AutoRemove)
	s.Runtime = o.text("Runtime", maxShort)

	var restart struct {
		Name              string
		MaximumRetryCount int64
	}
	o.read("RestartPolicy", &restart)
	s.RestartPolicy = snapshot.RestartPolicy{Name: o.cut("RestartPolicy", restart.Name, maxShort), Max: restart.MaximumRetryCount}
	var log struct{ Type string } // its options may hold credentials and are not read
	o.read("LogConfig", &log)
	s.LogDriver = o.cut("LogConfig", log.Type, maxShort)

	s.Resources = decodeResources(o)
	decodeDevices(o, s)
	var sysctls map[string]string
	o.read("Sysctls", &sysctls)
	for k, v := range sysctls {
		s.Sysctls = append(s.Sysctls, snapshot.Pair{Key: o.cut("Sysctls", k, maxShort), Value: o.cut("Sysctls", v, maxShort)})
	}
	slices.SortFunc(s.Sysctls, func(a, b snapshot.Pair) int { return strings.Compare(a.Key, b.Key) })
	s.Sysctls = capped(o, "Sysctls", s.Sysctls)
}

// capabilities reads a list of capabilities into their one form.
func capabilities(o object, name string) []string {
	list := o.texts(name, maxShort)
	for i, c := range list {
		list[i] = strings.TrimPrefix(strings.ToUpper(c), "CAP_")
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func decodeResources(o object) snapshot.Resources {
	var r snapshot.Resources
	o.read("Memory", &r.Memory)
	o.read("MemorySwap", &r.MemorySwap)
	o.read("MemoryReservation", &r.MemoryReservation)
	o.read("NanoCpus", &r.NanoCPUs)
	o.read("CpuShares", &r.CPUShares)
	o.read("CpuQuota", &r.CPUQuota)
	o.read("CpuPeriod", &r.CPUPeriod)
	r.CpusetCPUs = o.text("CpusetCpus", maxShort)
	o.read("PidsLimit", &r.PidsLimit)
	o.read("OomKillDisable", &r.OomKillDisable)
	o.read("OomScoreAdj", &r.OomScoreAdj)
	r.CgroupParent = o.text("CgroupParent", maxText)
	var limits []struct {
		Name       string
		Soft, Hard int64
	}
	o.read("Ulimits", &limits)
	for _, l := range capped(o, "Ulimits", limits) {
		r.Ulimits = append(r.Ulimits, snapshot.Ulimit{Name: o.cut("Ulimits", l.Name, maxShort), Soft: l.Soft, Hard: l.Hard})
	}
	return r
}

func decodeDevices(o object, s *snapshot.ContainerSpec) {
	var devices []struct{ PathOnHost, PathInContainer, CgroupPermissions string }
	o.read("Devices", &devices)
	for _, d := range capped(o, "Devices", devices) {
		s.Devices = append(s.Devices, snapshot.Device{
			Host:        o.cut("Devices", d.PathOnHost, maxText),
			Container:   o.cut("Devices", d.PathInContainer, maxText),
			Permissions: o.cut("Devices", d.CgroupPermissions, maxShort),
		})
	}
	var requests []struct {
		Driver       string
		DeviceIDs    []string
		Capabilities [][]string
	}
	o.read("DeviceRequests", &requests)
	for _, r := range capped(o, "DeviceRequests", requests) {
		names := []string{r.Driver}
		if r.Driver == "cdi" {
			names = r.DeviceIDs
		} else if r.Driver == "" {
			names = slices.Concat(r.Capabilities...) // "gpu" and the like choose the driver
		}
		for _, n := range names {
			s.DeviceRequests = append(s.DeviceRequests, o.cut("DeviceRequests", n, maxShort))
		}
	}
	s.DeviceRequests = capped(o, "DeviceRequests", s.DeviceRequests)
	s.DeviceRules = o.texts("DeviceCgroupRules", maxShort)
}
