package guard

import (
	"fmt"
	"strings"

	"plimsoll/internal/snapshot"
)

type obj = map[string]any

// put sets a field unless the value is nothing.
func put[T comparable](o obj, field string, v T) {
	var zero T
	if v != zero {
		o[field] = v
	}
}

// putp sets a field unless the pointer is nil.
func putp[T any](o obj, field string, v *T) {
	if v != nil {
		o[field] = *v
	}
}

// podObject writes a specification out as the API has it, with a pod's metadata.
// Values that a snapshot does not keep are made up.
func podObject(name string, s *snapshot.PodSpec) obj {
	spec, annotations := obj{}, obj{}
	put(spec, "hostNetwork", s.HostNetwork)
	put(spec, "hostPID", s.HostPID)
	put(spec, "hostIPC", s.HostIPC)
	putp(spec, "hostUsers", s.HostUsers)
	put(spec, "shareProcessNamespace", s.ShareProcess)
	put(spec, "restartPolicy", s.RestartPolicy)
	put(spec, "dnsPolicy", s.DNSPolicy)
	put(spec, "nodeName", s.NodeName)
	spec["automountServiceAccountToken"] = false
	if s.OS != "" {
		spec["os"] = obj{"name": s.OS}
	}
	if len(s.Nameservers) > 0 {
		spec["dnsConfig"] = obj{"nameservers": s.Nameservers}
	}
	var aliases []any
	for _, a := range s.HostAliases {
		ip, names, _ := strings.Cut(a, "=")
		aliases = append(aliases, obj{"ip": ip, "hostnames": strings.Split(names, ",")})
	}
	if aliases != nil {
		spec["hostAliases"] = aliases
	}
	var tolerations []any
	for _, t := range s.Tolerations {
		o := obj{}
		put(o, "key", t.Key)
		put(o, "operator", t.Operator)
		put(o, "value", t.Value)
		put(o, "effect", t.Effect)
		tolerations = append(tolerations, o)
	}
	if tolerations != nil {
		spec["tolerations"] = tolerations
	}
	if sc := securityContext(&s.Security, true); len(sc) > 0 {
		spec["securityContext"] = sc
	}
	if s.Resources != nil {
		spec["resources"] = resources(s.Resources)
	}
	var volumes []any
	for i := range s.Volumes {
		volumes = append(volumes, volume(&s.Volumes[i]))
	}
	if volumes != nil {
		spec["volumes"] = volumes
	}
	for i := range s.Containers {
		c := &s.Containers[i]
		list := "containers"
		switch c.Kind {
		case snapshot.InitContainer, snapshot.SidecarContainer:
			list = "initContainers"
		case snapshot.EphemeralContainer:
			list = "ephemeralContainers"
		}
		all, _ := spec[list].([]any)
		spec[list] = append(all, container(c))
		if n := c.Security.AppArmorNote; n != "" {
			annotations["container.apparmor.security.beta.kubernetes.io/"+c.Name] = n
		}
	}
	return obj{"apiVersion": "v1", "kind": "Pod", "metadata": obj{"name": name, "annotations": annotations}, "spec": spec}
}

func container(c *snapshot.PodContainer) obj {
	o := obj{"name": c.Name, "image": c.Image}
	put(o, "imagePullPolicy", c.PullPolicy)
	if c.Kind == snapshot.SidecarContainer {
		o["restartPolicy"] = "Always"
	}
	var env, from, ports, mounts []any
	for _, e := range c.Env {
		v := obj{"name": e.Name, "value": "x"}
		if e.From != nil && e.From.Kind == "secret" {
			v = obj{"name": e.Name, "valueFrom": obj{"secretKeyRef": obj{"name": e.From.Name, "key": "k"}}}
		} else if e.From != nil {
			v = obj{"name": e.Name, "valueFrom": obj{"configMapKeyRef": obj{"name": "c", "key": "k"}}}
		}
		env = append(env, v)
	}
	for _, f := range c.EnvFrom {
		ref := "configMapRef"
		if f.Kind == "secret" {
			ref = "secretRef"
		}
		from = append(from, obj{ref: obj{"name": f.Name}})
	}
	for _, p := range c.Ports {
		v := obj{"containerPort": p.Port}
		put(v, "hostPort", p.HostPort)
		put(v, "protocol", p.Protocol)
		put(v, "hostIP", p.HostIP)
		ports = append(ports, v)
	}
	for _, m := range c.Mounts {
		v := obj{"name": m.Volume, "mountPath": m.Path}
		put(v, "readOnly", m.ReadOnly)
		put(v, "recursiveReadOnly", m.Recursive)
		put(v, "subPath", m.SubPath)
		put(v, "mountPropagation", m.Propagation)
		mounts = append(mounts, v)
	}
	for field, list := range map[string][]any{"env": env, "envFrom": from, "ports": ports, "volumeMounts": mounts} {
		if list != nil {
			o[field] = list
		}
	}
	o["resources"] = resources(&c.Resources)
	if sc := securityContext(&c.Security, false); len(sc) > 0 {
		o["securityContext"] = sc
	}
	life := obj{}
	for field, h := range map[string]*snapshot.Handler{"livenessProbe": c.Liveness, "readinessProbe": c.Readiness, "startupProbe": c.Startup} {
		if h != nil {
			o[field] = handler(h)
		}
	}
	for field, h := range map[string]*snapshot.Handler{"postStart": c.PostStart, "preStop": c.PreStop} {
		if h != nil {
			life[field] = handler(h)
		}
	}
	if len(life) > 0 {
		o["lifecycle"] = life
	}
	return o
}

func handler(h *snapshot.Handler) obj {
	at := obj{"port": 8080}
	put(at, "host", h.Host)
	switch h.Kind {
	case "http":
		at["path"] = "/"
		return obj{"httpGet": at}
	case "tcp":
		return obj{"tcpSocket": at}
	}
	return obj{"exec": obj{"command": []string{"true"}}}
}

func securityContext(s *snapshot.SecurityContext, pod bool) obj {
	o := obj{}
	putp(o, "privileged", s.Privileged)
	putp(o, "allowPrivilegeEscalation", s.Escalation)
	putp(o, "runAsNonRoot", s.NonRoot)
	putp(o, "runAsUser", s.User)
	putp(o, "runAsGroup", s.Group)
	putp(o, "readOnlyRootFilesystem", s.ReadonlyRootfs)
	putp(o, "fsGroup", s.FSGroup)
	put(o, "procMount", s.ProcMount)
	caps := obj{}
	if s.CapAdd != nil {
		caps["add"] = s.CapAdd
	}
	if s.CapDrop != nil {
		caps["drop"] = s.CapDrop
	}
	if len(caps) > 0 {
		o["capabilities"] = caps
	}
	for field, p := range map[string]*snapshot.Profile{"seccompProfile": s.Seccomp, "appArmorProfile": s.AppArmor} {
		if p != nil {
			v := obj{"type": p.Type}
			put(v, "localhostProfile", p.Localhost)
			o[field] = v
		}
	}
	if l := s.SELinux; l != nil {
		v := obj{}
		put(v, "user", l.User)
		put(v, "role", l.Role)
		put(v, "type", l.Type)
		put(v, "level", l.Level)
		o["seLinuxOptions"] = v
	}
	if s.HostProcess != nil {
		o["windowsOptions"] = obj{"hostProcess": *s.HostProcess}
	}
	if s.Supplemental != nil {
		o["supplementalGroups"] = s.Supplemental
	}
	var sysctls []any
	for _, p := range s.Sysctls {
		sysctls = append(sysctls, obj{"name": p.Key, "value": p.Value})
	}
	if sysctls != nil {
		o["sysctls"] = sysctls
	}
	if s.Context && len(o) == 0 { // something that no check asks about
		if pod {
			o["fsGroupChangePolicy"] = "Always"
		} else {
			o["capabilities"] = obj{}
		}
	}
	return o
}

func resources(d *snapshot.Demands) obj {
	o := obj{}
	for field, a := range map[string]*snapshot.Amounts{"requests": &d.Requests, "limits": &d.Limits} {
		v := obj{}
		if a.CPU != nil {
			v["cpu"] = fmt.Sprintf("%dm", *a.CPU)
		}
		putp(v, "memory", a.Memory)
		putp(v, "ephemeral-storage", a.Storage)
		if len(v) > 0 {
			o[field] = v
		}
	}
	return o
}

func volume(v *snapshot.PodVolume) obj {
	in := obj{}
	switch v.Type {
	case "hostPath":
		in["path"] = v.Path
	case "emptyDir":
		put(in, "medium", v.Medium)
		putp(in, "sizeLimit", v.SizeLimit)
	case "secret":
		in["secretName"] = v.Source
	case "configMap":
		in["name"] = v.Source
	case "persistentVolumeClaim":
		in["claimName"] = v.Source
	case "csi":
		in["driver"] = v.Source
	case "nfs":
		in["server"], in["path"] = "nfs.example", "/"
	case "projected":
		var sources []any
		for _, p := range v.Projected {
			switch p.Kind {
			case "serviceAccountToken":
				t := obj{"path": "token"}
				put(t, "expirationSeconds", p.Seconds)
				put(t, "audience", p.Audience)
				sources = append(sources, obj{p.Kind: t})
			default:
				sources = append(sources, obj{p.Kind: obj{"name": p.Name}})
			}
		}
		in["sources"] = sources
	}
	return obj{"name": v.Name, v.Type: in}
}

// mend takes out of a fixture what the API server would not take together, before
// the check is asked, so that both judge the same.
func mend(s *snapshot.PodSpec) {
	process := s.Security.HostProcess != nil && *s.Security.HostProcess
	for i := range s.Containers {
		c := &s.Containers[i]
		sc := &c.Security
		if sc.Privileged != nil && *sc.Privileged && sc.Escalation != nil && !*sc.Escalation {
			sc.Escalation = nil
		}
		process = process || sc.HostProcess != nil && *sc.HostProcess
		if c.Kind == snapshot.InitContainer || c.Kind == snapshot.EphemeralContainer {
			c.Liveness, c.Readiness, c.Startup = nil, nil, nil
		}
		if c.Kind == snapshot.EphemeralContainer {
			c.Ports, c.PostStart, c.PreStop, c.Resources = nil, nil, nil, snapshot.Demands{}
		}
		for j := range c.Mounts {
			if !c.Mounts[j].ReadOnly {
				c.Mounts[j].Recursive = ""
			}
		}
		over := func(request, limit *int64) bool { return request != nil && limit != nil && *request > *limit }
		r := &c.Resources
		if over(r.Requests.Memory, r.Limits.Memory) {
			r.Requests.Memory = nil
		}
		if over(r.Requests.CPU, r.Limits.CPU) {
			r.Requests.CPU = nil
		}
	}
	s.HostNetwork = s.HostNetwork || process
}
