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
	"sync"

	"plimsoll/internal/dockerapi"
	"plimsoll/internal/dockerapi/answer"
	"plimsoll/internal/snapshot"
)

// readInfo reads GET /version and GET /info. Its scope is named by the engine's
// ID, else by the endpoint.
func (c *collector) readInfo(ctx context.Context) {
	c.scope = "engine:" + c.Client.Endpoint().Address
	bad := new(answer.Unread)
	var failed []snapshot.PartStatus
	paths := [...]string{"/version", "/info"} // each takes the engine some milliseconds
	var answers [len(paths)][]byte
	var errs [len(paths)]error
	var wg sync.WaitGroup
	for i, path := range paths {
		wg.Go(func() { answers[i], errs[i] = c.Client.Get(ctx, path, nil, dockerapi.MaxObject) })
	}
	wg.Wait()
	read := func(i int, decode func(answer.Object)) {
		if errs[i] != nil {
			failed = append(failed, requestFailed(snapshot.PartEngineInfo, "", "GET "+paths[i], errs[i]))
			return
		}
		name := strings.TrimPrefix(paths[i], "/")
		o, ok := answer.Parse(answers[i], name+".", bad)
		if !ok {
			bad.Add(name)
			return
		}
		decode(o)
	}
	read(0, func(o answer.Object) { decodeVersion(o, c.engine) })
	read(1, func(o answer.Object) {
		decodeInfo(o, c.engine)
		if id := o.Text("ID", answer.MaxShort); id != "" {
			c.scope = "engine:" + id
		} else {
			bad.Add("info.ID")
		}
		c.runtimes = runtimePrograms(o)
		decodeSwarm(o, &c.swarm)
	})
	if len(failed) > 0 {
		c.cover(failed[0])
		return
	}
	st := snapshot.PartStatus{Part: snapshot.PartEngineInfo, State: snapshot.Observed}
	if bad.Len() > 0 {
		st.State, st.Reason = snapshot.Failed, snapshot.ReasonUnparsable
		st.Detail = "fields of the engine's answer were not understood: " + strings.Join(bad.Sorted(), ", ")
	}
	c.cover(st)
}

// runtimePrograms lists the programs that the engine starts containers with: the
// runtime's, or the shim of a type of containerd's.
func runtimePrograms(o answer.Object) []string {
	var table map[string]struct{ Path, RuntimeType string }
	o.Read("Runtimes", &table)
	var out []string
	for _, r := range table {
		switch kind, shim := strings.CutPrefix(r.RuntimeType, "io.containerd."); {
		case r.Path != "":
			out = append(out, answer.Short(r.Path, answer.MaxText))
		case shim:
			out = append(out, answer.Short("containerd-shim-"+strings.ReplaceAll(kind, ".", "-"), answer.MaxText))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func decodeVersion(o answer.Object, e *snapshot.Engine) {
	e.Version = o.Text("Version", answer.MaxShort)
	e.APIVersion = o.Text("ApiVersion", answer.MaxShort)
	e.Kernel = cmp.Or(e.Kernel, o.Text("KernelVersion", answer.MaxShort))
	var platform struct{ Name string }
	o.Read("Platform", &platform)
	e.Platform = o.Cut("Platform", platform.Name, answer.MaxShort)
	var parts []struct {
		Name, Version string
		Details       struct{ GitCommit string }
	}
	o.Read("Components", &parts)
	for _, p := range parts[:min(len(parts), 64)] {
		e.Components = append(e.Components, snapshot.Pair{Key: answer.Short(p.Name, answer.MaxShort), Value: answer.Short(p.Version, answer.MaxShort)})
		if built := p.Details.GitCommit; built != "" {
			e.Builds = append(e.Builds, snapshot.Pair{Key: answer.Short(p.Name, answer.MaxShort), Value: answer.Short(built, answer.MaxShort)})
		}
		if strings.Contains(p.Name, "Podman") { // its Platform is the machine's
			e.Platform = answer.Short(p.Name, answer.MaxShort)
		}
	}
}

func decodeInfo(o answer.Object, e *snapshot.Engine) {
	e.Name = o.Text("Name", answer.MaxShort)
	e.Kernel = cmp.Or(o.Text("KernelVersion", answer.MaxShort), e.Kernel)
	e.OS = o.Text("OperatingSystem", answer.MaxShort)
	e.SecurityOptions = o.Texts("SecurityOptions", answer.MaxShort)
	for _, s := range e.SecurityOptions {
		switch name, _, _ := strings.Cut(s, ","); name {
		case "name=rootless", "rootless":
			e.Rootless = true
		case "name=userns", "userns":
			e.UsernsRemap = true
		}
	}
	o.Read("ExperimentalBuild", &e.Experimental)
	o.Read("Debug", &e.Debug)
	o.Read("LiveRestoreEnabled", &e.LiveRestore)
	var swarm struct{ LocalNodeState string }
	o.Read("Swarm", &swarm)
	e.Swarm = answer.Short(swarm.LocalNodeState, answer.MaxShort)
	e.StorageDriver = o.Text("Driver", answer.MaxShort)
	var status [][2]string
	o.Read("DriverStatus", &status)
	e.ContainerdStore = slices.Contains(status, [2]string{"driver-type", "io.containerd.snapshotter.v1"})
	e.LoggingDriver = o.Text("LoggingDriver", answer.MaxShort)
	e.CgroupDriver = o.Text("CgroupDriver", answer.MaxShort)
	switch o.Text("CgroupVersion", answer.MaxShort) {
	case "1":
		e.CgroupVersion = 1
	case "2":
		e.CgroupVersion = 2
	}
	e.RootDir = o.Text("DockerRootDir", answer.MaxText)
	e.DefaultRuntime = o.Text("DefaultRuntime", answer.MaxShort)
	decodeRuntimes(o, e)
	e.Warnings = o.Texts("Warnings", answer.MaxText)
	decodeLimits(o, e)
	decodeRegistries(o, e)
	decodeProxies(o, e)
	var plugins struct{ Authorization, Network []string }
	o.Read("Plugins", &plugins)
	e.AuthorizationPlugins, e.NetworkPlugins = shorts(plugins.Authorization), shorts(plugins.Network)
}

func decodeRuntimes(o answer.Object, e *snapshot.Engine) {
	var runtimes map[string]json.RawMessage
	o.Read("Runtimes", &runtimes)
	for _, name := range slices.Sorted(maps.Keys(runtimes)) {
		e.Runtimes = append(e.Runtimes, answer.Short(name, answer.MaxShort))
		var r struct{ Path, RuntimeType string } // arguments and options may hold anything
		if err := json.Unmarshal(runtimes[name], &r); err != nil {
			o.Reject("Runtimes")
		}
		if at := cmp.Or(r.Path, r.RuntimeType); at != "" {
			e.RuntimePaths = append(e.RuntimePaths, snapshot.Pair{Key: answer.Short(name, answer.MaxShort), Value: answer.Short(at, answer.MaxText)})
		}
	}
}

// decodeProxies conceals the proxies in use. A value without a scheme is taken
// for a URL, as the engine does, so that its shape shows a password.
func decodeProxies(o answer.Object, e *snapshot.Engine) {
	for _, name := range []string{"HttpProxy", "HttpsProxy"} {
		var v string
		o.Read(name, &v)
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
func decodeLimits(o answer.Object, e *snapshot.Engine) {
	o.Read("MemTotal", &e.MemTotal)
	o.Read("NCPU", &e.CPUs)
	o.Read("MemoryLimit", &e.MemoryLimit)
	o.Read("SwapLimit", &e.SwapLimit)
	o.Read("CpuCfsQuota", &e.CPUQuota)
	o.Read("CPUShares", &e.CPUShares)
	o.Read("PidsLimit", &e.PidsLimit)
}

func decodeRegistries(o answer.Object, e *snapshot.Engine) {
	r, ok := o.Child("RegistryConfig")
	if !ok {
		return // Podman has none
	}
	var indexes map[string]struct {
		Secure  *bool
		Mirrors []string
	}
	r.Read("IndexConfigs", &indexes)
	mirrors := r.Texts("Mirrors", answer.MaxText)
	for _, name := range slices.Sorted(maps.Keys(indexes)) {
		ix := indexes[name]
		if ix.Secure != nil && !*ix.Secure {
			e.InsecureRegistries = append(e.InsecureRegistries, answer.Short(name, answer.MaxShort))
		}
		mirrors = append(mirrors, ix.Mirrors...)
	}
	for _, cidr := range r.Texts("InsecureRegistryCIDRs", answer.MaxShort) {
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
	return answer.Short((&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String(), answer.MaxText)
}

func shorts(list []string) []string {
	for i, s := range list {
		list[i] = answer.Short(s, answer.MaxShort)
	}
	return list
}
