package snapshot

import (
	"regexp"
	"slices"
	"strings"
)

// common names are the engine's own, or words that a path of every machine has in
// it: they tell nothing, and checks know some of them.
var common = []string{
	"", "bridge", "host", "none", "default", "private", "shareable", "ingress", "docker_gwbridge", "docker0", "missing", "?",
}

// systemWords are components of paths that checks know. A project with such a
// name keeps it in paths: one called run must not change /run/docker.sock.
var systemWords = strings.Fields(`bin boot cgroup containerd containers crio dev docker etc fd fs home kernel lib lib32 lib64 libx32 libpod log media
	mnt modules netns opt podman proc root run sbin self shadow shm snap src srv ssh sys systemd tmp user usr var volumes _data`)

// madeUp is the form of names that an engine makes up for volumes.
var madeUp = regexp.MustCompile(`^[0-9a-f]{64}$`)

// learnNames collects what people called their containers, projects, services,
// networks, volumes and, outside public registries, images.
func (sc *scrubber) learnNames(s *Snapshot) {
	for i := range s.Containers {
		c := &s.Containers[i]
		sc.learnKey(c.Key)
		sc.label(c.Name, "container")
		if c.Owner != nil {
			sc.learnOwner(c.Owner)
		}
		for _, a := range c.Networks {
			sc.label(a.Network, "network")
		}
		for _, k := range c.Sharers {
			sc.learnKey(k)
		}
	}
	for i := range s.ContainerSpecs {
		spec := &s.ContainerSpecs[i]
		for _, n := range spec.Networks {
			sc.label(n, "network")
		}
		for _, m := range []string{spec.NetworkMode, spec.PidMode, spec.IpcMode} {
			if key, ok := strings.CutPrefix(m, "container:"); ok {
				sc.learnKey(key)
			}
		}
		if m := spec.NetworkMode; !strings.HasPrefix(m, "container:") {
			sc.label(m, "network")
		}
		for j := range spec.Mounts {
			sc.label(spec.Mounts[j].Volume, "volume")
		}
	}
	for i := range s.Networks {
		sc.label(s.Networks[i].Name, "network")
		for _, o := range s.Networks[i].Options {
			if o.Key == bridgeName {
				sc.label(o.Value, "bridge")
			}
		}
	}
	for i := range s.Volumes {
		sc.label(s.Volumes[i].Name, "volume")
	}
	for i := range s.Engines {
		sc.learnSwarm(&s.Engines[i].Cluster.V)
	}
	sc.learnKubeNames(s)
	for i := range s.Parts {
		sc.learnKey(s.Parts[i].Item)
	}
}

// learnSwarm collects the names that a swarm knows beside those of its nodes.
func (sc *scrubber) learnSwarm(w *Swarm) {
	for i := range w.Services {
		v := &w.Services[i]
		sc.label(v.Name, "service")
		for _, n := range v.Secrets {
			sc.label(n, "secret")
		}
		for _, n := range v.Configs {
			sc.label(n, "config")
		}
	}
	for _, n := range w.Secrets {
		sc.label(n, "secret")
	}
	for _, n := range w.Configs {
		sc.label(n, "config")
	}
}

// bridgeName is the option that names the machine's interface of a network.
const bridgeName = "com.docker.network.bridge.name"

// keyKinds say what the components of a container's key are, by its first one.
// Those beyond them are numbers of replicas.
var keyKinds = map[string][]string{
	"name": {"container"}, "compose": {"project", "service"}, "swarm": {"service"}, "k8s": {"namespace", "pod", "container"},
	"network": {"network"}, "volume": {"volume"}, "namespace": {"namespace"}, "Node": {"node"},
}

func (sc *scrubber) learnKey(key string) {
	form, rest, _ := strings.Cut(key, "/")
	parts := strings.Split(rest, "/")
	for i, kind := range keyKinds[form] {
		if i < len(parts) {
			name, _, _ := strings.Cut(parts[i], "~") // ~ID sets apart what has one name
			sc.label(name, kind)
		}
	}
	if form == "compose" && len(parts) > 1 {
		sc.learnProject(parts[0], parts[1])
	}
}

func (sc *scrubber) learnOwner(o *Owner) {
	first, second, _ := strings.Cut(o.Name, "/")
	switch o.Kind {
	case "compose":
		sc.learnProject(first, second)
	case "swarm":
		sc.label(first, "service")
	case "kubernetes":
		sc.label(first, "namespace")
		sc.label(second, "pod")
	}
}

// learnProject notes a project, its service, and the images that compose builds
// for it.
func (sc *scrubber) learnProject(project, service string) {
	sc.label(project, "project")
	sc.label(service, "service")
	if project == "" {
		return
	}
	if !slices.Contains(systemWords, project) {
		sc.projects[project] = true
	}
	if service != "" {
		sc.built[project+"-"+service], sc.built[project+"_"+service] = true, true
	}
}

// label gives a name its stand-in.
func (sc *scrubber) label(name, kind string) {
	if slices.Contains(common, name) || madeUp.MatchString(name) {
		return
	}
	if _, ok := sc.names[name]; !ok {
		sc.names[name] = sc.fresh(kind, numbered(kind))
	}
}

// named returns the stand-in of a name, or the name when it has none.
func (sc *scrubber) named(name string) string {
	if to, ok := sc.names[name]; ok && !slices.Contains(common, name) {
		return to
	}
	return name
}

// structured replaces in fields that hold nothing but names; ok is false for
// any other field.
func (sc *scrubber) structured(s, field string) (out string, ok bool) {
	if out, ok := sc.kubeStructured(s, field); ok {
		return out, true
	}
	switch field {
	case "Container.Name", "Container.Networks", "Attachment.Network", "ContainerSpec.Networks", "Network.Name", "Mount.Volume", "Volume.Name",
		"SwarmService.Name", "SwarmService.Secrets", "SwarmService.Configs", "Swarm.Secrets", "Swarm.Configs":
		return sc.named(s), true
	case "Container.Key", "Container.Sharers":
		return sc.key(s), true
	case "PartStatus.Item":
		if form, _, _ := strings.Cut(s, "/"); keyKinds[form] != nil {
			return sc.key(s), true
		}
	case "Owner.Name":
		return sc.each(s), true
	case "ContainerSpec.NetworkMode", "ContainerSpec.PidMode", "ContainerSpec.IpcMode":
		if key, joined := strings.CutPrefix(s, "container:"); joined {
			return "container:" + sc.key(key), true
		}
		return sc.named(s), true
	}
	return s, false
}

// key replaces the names in a subject's key.
func (sc *scrubber) key(key string) string {
	form, rest, ok := strings.Cut(key, "/")
	if !ok || keyKinds[form] == nil {
		return key
	}
	kinds, parts := keyKinds[form], strings.Split(rest, "/")
	for i := range parts[:min(len(kinds), len(parts))] {
		name, id, apart := strings.Cut(parts[i], "~")
		parts[i] = sc.named(name)
		if apart {
			parts[i] += "~" + id
		}
	}
	return form + "/" + strings.Join(parts, "/")
}

// each replaces the components of a path of names.
func (sc *scrubber) each(s string) string {
	parts := strings.Split(s, "/")
	for i := range parts {
		parts[i] = sc.named(parts[i])
	}
	return strings.Join(parts, "/")
}

// paths replaces names of projects in a path, and of volumes where the engine
// keeps them. All paths are changed alike, so what lies in what stays so.
func (sc *scrubber) paths(s string) string {
	if !strings.HasPrefix(s, "/") {
		return s
	}
	parts := strings.Split(s, "/")
	for i := range parts {
		if sc.projects[parts[i]] || i > 0 && parts[i-1] == "volumes" && !slices.Contains(systemWords, parts[i]) {
			parts[i] = sc.named(parts[i])
		}
	}
	return strings.Join(parts, "/")
}

// sources replaces names of projects in the path of a compose file, its base name
// included.
func (sc *scrubber) sources(s string) string {
	parts := strings.Split(s, "/")
	for i := range parts {
		stem, rest, dotted := strings.Cut(parts[i], ".")
		if sc.projects[stem] {
			parts[i] = sc.named(stem)
			if dotted {
				parts[i] += "." + rest
			}
		}
	}
	return strings.Join(parts, "/")
}

// bridges replaces the names that people gave to the machine's interfaces of
// networks.
func (sc *scrubber) bridges(s *Snapshot) {
	for i := range s.Networks {
		for j := range s.Networks[i].Options {
			if o := &s.Networks[i].Options[j]; o.Key == bridgeName {
				o.Value = sc.named(o.Value)
			}
		}
	}
}

// image replaces the repository of an image that comes from no public registry,
// or that compose built here.
func (sc *scrubber) image(ref string) string {
	if sc.keep {
		return ref
	}
	r := ParseReference(ref)
	repository, at := r.Repository, strings.IndexByte(ref, '/')+1
	if r.Registry == "docker.io" || slices.Contains(publicHosts, r.Registry) && r.Registry != "localhost" {
		repository = strings.TrimPrefix(repository, "library/")
		if !sc.built[repository] {
			return ref
		}
		at = strings.Index(ref, repository)
	}
	if repository == "" || at < 0 || !strings.HasPrefix(ref[at:], repository) {
		return ref
	}
	to, ok := sc.images[repository]
	if !ok {
		to = sc.fresh("image", numbered("image"))
		sc.images[repository] = to
	}
	return ref[:at] + to + ref[at+len(repository):]
}
