package docker

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"plimsoll/internal/dockerapi"
	"plimsoll/internal/snapshot"
)

// readInfo reads GET /version and GET /info. Its scope is named by the engine's
// ID, else by the endpoint.
func (c *collector) readInfo(ctx context.Context) {
	c.scope = "engine:" + c.Client.Endpoint().Address
	bad := new(unread)
	var failed []snapshot.PartStatus
	ask := func(path string, decode func(object)) {
		raw, err := c.Client.Get(ctx, path, nil, dockerapi.MaxObject)
		if err != nil {
			failed = append(failed, requestFailed(snapshot.PartEngineInfo, "", "GET "+path, err))
			return
		}
		name := strings.TrimPrefix(path, "/")
		o, ok := parseObject(raw, name+".", bad)
		if !ok {
			bad.add(name)
			return
		}
		decode(o)
	}
	ask("/version", func(o object) { decodeVersion(o, c.engine) })
	ask("/info", func(o object) {
		decodeInfo(o, c.engine)
		if id := o.text("ID", maxShort); id != "" {
			c.scope = "engine:" + id
		} else {
			bad.add("info.ID")
		}
		c.manager = swarmManager(o)
	})
	if len(failed) > 0 {
		c.cover(failed[0])
		return
	}
	st := snapshot.PartStatus{Part: snapshot.PartEngineInfo, State: snapshot.Observed}
	if len(bad.names) > 0 {
		st.State, st.Reason = snapshot.Failed, snapshot.ReasonUnparsable
		st.Detail = "fields of the engine's answer were not understood: " + strings.Join(bad.sorted(), ", ")
	}
	c.cover(st)
}

func swarmManager(o object) bool {
	var s struct{ ControlAvailable bool }
	o.read("Swarm", &s)
	return s.ControlAvailable
}

func decodeVersion(o object, e *snapshot.Engine) {
	e.Version = o.text("Version", maxShort)
	e.APIVersion = o.text("ApiVersion", maxShort)
	e.Kernel = cmp.Or(e.Kernel, o.text("KernelVersion", maxShort))
	var platform struct{ Name string }
	o.read("Platform", &platform)
	e.Platform = o.cut("Platform", platform.Name, maxShort)
	var parts []struct {
		Name, Version string
		Details       struct{ GitCommit string }
	}
	o.read("Components", &parts)
	for _, p := range parts[:min(len(parts), 64)] {
		e.Components = append(e.Components, snapshot.Pair{Key: short(p.Name, maxShort), Value: short(p.Version, maxShort)})
		if built := p.Details.GitCommit; built != "" {
			e.Builds = append(e.Builds, snapshot.Pair{Key: short(p.Name, maxShort), Value: short(built, maxShort)})
		}
		if strings.Contains(p.Name, "Podman") { // its Platform is the machine's
			e.Platform = short(p.Name, maxShort)
		}
	}
}

func decodeInfo(o object, e *snapshot.Engine) {
	e.Name = o.text("Name", maxShort)
	e.Kernel = cmp.Or(o.text("KernelVersion", maxShort), e.Kernel)
	e.OS = o.text("OperatingSystem", maxShort)
	e.SecurityOptions = o.texts("SecurityOptions", maxShort)
	for _, s := range e.SecurityOptions {
		switch name, _, _ := strings.Cut(s, ","); name {
		case "name=rootless", "rootless":
			e.Rootless = true
		case "name=userns", "userns":
			e.UsernsRemap = true
		}
	}
	o.read("ExperimentalBuild", &e.Experimental)
	o.read("Debug", &e.Debug)
	o.read("LiveRestoreEnabled", &e.LiveRestore)
	var swarm struct{ LocalNodeState string }
	o.read("Swarm", &swarm)
	e.Swarm = short(swarm.LocalNodeState, maxShort)
	e.StorageDriver = o.text("Driver", maxShort)
	var status [][2]string
	o.read("DriverStatus", &status)
	e.ContainerdStore = slices.Contains(status, [2]string{"driver-type", "io.containerd.snapshotter.v1"})
	e.LoggingDriver = o.text("LoggingDriver", maxShort)
	e.CgroupDriver = o.text("CgroupDriver", maxShort)
	switch o.text("CgroupVersion", maxShort) {
	case "1":
		e.CgroupVersion = 1
	case "2":
		e.CgroupVersion = 2
	}
	e.RootDir = o.text("DockerRootDir", maxText)
	e.DefaultRuntime = o.text("DefaultRuntime", maxShort)
	decodeRuntimes(o, e)
	e.Warnings = o.texts("Warnings", maxText)
	decodeLimits(o, e)
	decodeRegistries(o, e)
	decodeProxies(o, e)
	var plugins struct{ Authorization, Network []string }
	o.read("Plugins", &plugins)
	e.AuthorizationPlugins, e.NetworkPlugins = shorts(plugins.Authorization), shorts(plugins.Network)
}

func decodeRuntimes(o object, e *snapshot.Engine) {
	var runtimes map[string]json.RawMessage
	o.read("Runtimes", &runtimes)
	for _, name := range slices.Sorted(maps.Keys(runtimes)) {
		e.Runtimes = append(e.Runtimes, short(name, maxShort))
		var r struct{ Path, RuntimeType string } // arguments and options may hold anything
		if err := json.Unmarshal(runtimes[name], &r); err != nil {
			o.bad.add(o.prefix + "Runtimes")
		}
		if at := cmp.Or(r.Path, r.RuntimeType); at != "" {
			e.RuntimePaths = append(e.RuntimePaths, snapshot.Pair{Key: short(name, maxShort), Value: short(at, maxText)})
		}
	}
}

// decodeProxies conceals the proxies in use. A value without a scheme is taken
// for a URL, as the engine does, so that its shape shows a password.
func decodeProxies(o object, e *snapshot.Engine) {
	for _, name := range []string{"HttpProxy", "HttpsProxy"} {
		var v string
		o.read(name, &v)
		if v == "" {
			continue
		}
		p := snapshot.Conceal(name, v)
		if !strings.Contains(v, "://") {
			p.Shape = snapshot.Conceal(name, "http://"+v).Shape
		}
		e.Proxies = append(e.Proxies, p)
	}
}

// decodeLimits reads what the kernel can enforce.
func decodeLimits(o object, e *snapshot.Engine) {
	o.read("MemTotal", &e.MemTotal)
	o.read("NCPU", &e.CPUs)
	o.read("MemoryLimit", &e.MemoryLimit)
	o.read("SwapLimit", &e.SwapLimit)
	o.read("CpuCfsQuota", &e.CPUQuota)
	o.read("CPUShares", &e.CPUShares)
	o.read("PidsLimit", &e.PidsLimit)
}

func decodeRegistries(o object, e *snapshot.Engine) {
	r, ok := o.child("RegistryConfig")
	if !ok {
		return // Podman has none
	}
	var indexes map[string]struct {
		Secure  *bool
		Mirrors []string
	}
	r.read("IndexConfigs", &indexes)
	mirrors := r.texts("Mirrors", maxText)
	for _, name := range slices.Sorted(maps.Keys(indexes)) {
		ix := indexes[name]
		if ix.Secure != nil && !*ix.Secure {
			e.InsecureRegistries = append(e.InsecureRegistries, short(name, maxShort))
		}
		mirrors = append(mirrors, ix.Mirrors...)
	}
	for _, cidr := range r.texts("InsecureRegistryCIDRs", maxShort) {
		// The engine lists the loopback networks whether asked to or not.
		if p, err := netip.ParsePrefix(cidr); err == nil && (p.String() == "127.0.0.0/8" || p.String() == "::1/128") {
			continue
		}
		e.InsecureRegistries = append(e.InsecureRegistries, cidr)
	}
	for _, m := range mirrors {
		e.Mirrors = append(e.Mirrors, withoutUserinfo(m))
	}
	slices.Sort(e.Mirrors)
	e.Mirrors = slices.Compact(e.Mirrors)
}

// withoutUserinfo reduces a URL to scheme, host and path; credentials can also
// hide in a query.
func withoutUserinfo(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return "unparsable URL"
	}
	return short((&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String(), maxText)
}

func shorts(list []string) []string {
	for i, s := range list {
		list[i] = short(s, maxShort)
	}
	return list
}
