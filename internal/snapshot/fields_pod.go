package snapshot

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// PodField is one value of a pod specification that steps can change. Values are
// text, as a manifest spells them; "" is not said, which for a plain truth value is false. Lists are joined by commas.
type PodField struct {
	Path string // in [PodSpec], as JSON names it
	get  func(*PodSpec, *PodContainer) string
	set  func(*PodSpec, *PodContainer, string) error
}

// podFields are the fields of the pod itself, by their path in the API.
var podFields = map[string]PodField{
	"hostPID":                             podBool("hostPID", func(s *PodSpec) *bool { return &s.HostPID }),
	"hostIPC":                             podBool("hostIPC", func(s *PodSpec) *bool { return &s.HostIPC }),
	"hostNetwork":                         podBool("hostNetwork", func(s *PodSpec) *bool { return &s.HostNetwork }),
	"shareProcessNamespace":               podBool("shareProcess", func(s *PodSpec) *bool { return &s.ShareProcess }),
	"hostUsers":                           podTri("hostUsers", func(s *PodSpec) **bool { return &s.HostUsers }),
	"automountServiceAccountToken":        podTri("automount", func(s *PodSpec) **bool { return &s.Automount }),
	"securityContext.runAsNonRoot":        podTri("security.nonRoot", func(s *PodSpec) **bool { return &s.Security.NonRoot }),
	"securityContext.seccompProfile.type": podProfile("security.seccomp", func(s *PodSpec) **Profile { return &s.Security.Seccomp }),
}

// podContainerFields are those of a container, behind containers[NAME].
var podContainerFields = map[string]PodField{
	"image":                      boxText("image", func(c *PodContainer) *string { return &c.Image }),
	"imagePullPolicy":            boxText("pullPolicy", func(c *PodContainer) *string { return &c.PullPolicy }),
	"securityContext.privileged": boxTri("privileged", func(c *SecurityContext) **bool { return &c.Privileged }),
	"securityContext.allowPrivilegeEscalation": boxTri("escalation", func(c *SecurityContext) **bool { return &c.Escalation }),
	"securityContext.runAsNonRoot":             boxTri("nonRoot", func(c *SecurityContext) **bool { return &c.NonRoot }),
	"securityContext.readOnlyRootFilesystem":   boxTri("readonlyRootfs", func(c *SecurityContext) **bool { return &c.ReadonlyRootfs }),
	"securityContext.capabilities.add":         boxList("capAdd", func(c *SecurityContext) *[]string { return &c.CapAdd }),
	"securityContext.capabilities.drop":        boxList("capDrop", func(c *SecurityContext) *[]string { return &c.CapDrop }),
	"securityContext.procMount": {
		Path: "containers.security.procMount",
		get:  func(_ *PodSpec, c *PodContainer) string { return c.Security.ProcMount },
		set:  func(_ *PodSpec, c *PodContainer, v string) error { c.Security.ProcMount = v; return nil },
	},
	"securityContext.seccompProfile.type": {
		Path: "containers.security.seccomp",
		get:  func(_ *PodSpec, c *PodContainer) string { return profileText(c.Security.Seccomp) },
		set: func(_ *PodSpec, c *PodContainer, v string) error {
			c.Security.Context = c.Security.Context || v != ""
			return setProfile(&c.Security.Seccomp, v)
		},
	},
	"resources.limits.memory":            boxAmount("limits.memory", parseBytes, func(d *Demands) **int64 { return &d.Limits.Memory }),
	"resources.limits.cpu":               boxAmount("limits.cpu", parseMilli, func(d *Demands) **int64 { return &d.Limits.CPU }),
	"resources.limits.ephemeral-storage": boxAmount("limits.storage", parseBytes, func(d *Demands) **int64 { return &d.Limits.Storage }),
	"resources.requests.memory":          boxAmount("requests.memory", parseBytes, func(d *Demands) **int64 { return &d.Requests.Memory }),
	"resources.requests.cpu":             boxAmount("requests.cpu", parseMilli, func(d *Demands) **int64 { return &d.Requests.CPU }),
}

// LookupPodField finds a field: hostPID, or containers[NAME].image for a container
// of any list. container is the name, "" for a field of the pod.
func LookupPodField(name string) (f PodField, container string, ok bool) {
	rest, inside := strings.CutPrefix(name, "containers[")
	if !inside {
		f, ok = podFields[name]
		return f, "", ok
	}
	end := strings.LastIndex(rest, "].") // names from files may hold anything, names of fields do not
	if end < 1 {
		return f, "", false
	}
	f, ok = podContainerFields[rest[end+2:]]
	return f, rest[:end], ok
}

// Get returns the field's value in a specification, of the named container where
// it is one of a container.
func (f PodField) Get(s *PodSpec, container string) (string, error) {
	c, err := s.container(container)
	if err != nil {
		return "", err
	}
	return f.get(s, c), nil
}

// Set changes the field in a copy of a specification and returns the copy.
func (f PodField) Set(s *PodSpec, container, value string) (PodSpec, error) {
	out := *s
	out.Containers = slices.Clone(s.Containers)
	c, err := out.container(container)
	if err != nil {
		return PodSpec{}, err
	}
	if err := f.set(&out, c, value); err != nil {
		return PodSpec{}, err
	}
	return out, nil
}

// container returns the container of a name, nil for none.
func (s *PodSpec) container(name string) (*PodContainer, error) {
	if name == "" {
		return nil, nil //nolint:nilnil // a field of the pod is in no container
	}
	i := slices.IndexFunc(s.Containers, func(c PodContainer) bool { return c.Name == name })
	if i < 0 {
		return nil, fmt.Errorf("the pod has no container %.100q", name)
	}
	return &s.Containers[i], nil
}

func podBool(path string, at func(*PodSpec) *bool) PodField {
	return PodField{
		Path: path,
		get:  func(s *PodSpec, _ *PodContainer) string { return strconv.FormatBool(*at(s)) },
		set: func(s *PodSpec, _ *PodContainer, v string) error {
			on, err := parseTri(v)
			*at(s) = on != nil && *on
			return err
		},
	}
}

func podTri(path string, at func(*PodSpec) **bool) PodField {
	return PodField{
		Path: path,
		get:  func(s *PodSpec, _ *PodContainer) string { return triText(*at(s)) },
		set: func(s *PodSpec, _ *PodContainer, v string) (err error) {
			*at(s), err = parseTri(v)
			s.Security.Context = s.Security.Context || strings.HasPrefix(path, "security.") && v != ""
			return err
		},
	}
}

func podProfile(path string, at func(*PodSpec) **Profile) PodField {
	return PodField{
		Path: path,
		get:  func(s *PodSpec, _ *PodContainer) string { return profileText(*at(s)) },
		set: func(s *PodSpec, _ *PodContainer, v string) error {
			s.Security.Context = s.Security.Context || v != ""
			return setProfile(at(s), v)
		},
	}
}

func boxText(path string, at func(*PodContainer) *string) PodField {
	return PodField{
		Path: "containers." + path,
		get:  func(_ *PodSpec, c *PodContainer) string { return *at(c) },
		set:  func(_ *PodSpec, c *PodContainer, v string) error { *at(c) = v; return nil },
	}
}

func boxTri(path string, at func(*SecurityContext) **bool) PodField {
	return PodField{
		Path: "containers.security." + path,
		get:  func(_ *PodSpec, c *PodContainer) string { return triText(*at(&c.Security)) },
		set: func(_ *PodSpec, c *PodContainer, v string) (err error) {
			*at(&c.Security), err = parseTri(v)
			c.Security.Context = c.Security.Context || v != ""
			return err
		},
	}
}

func boxList(path string, at func(*SecurityContext) *[]string) PodField {
	return PodField{
		Path: "containers.security." + path,
		get:  func(_ *PodSpec, c *PodContainer) string { return strings.Join(*at(&c.Security), ",") },
		set: func(_ *PodSpec, c *PodContainer, v string) error {
			*at(&c.Security) = nil
			if v != "" {
				*at(&c.Security) = strings.Split(v, ",")
				c.Security.Context = true
			}
			return nil
		},
	}
}

func boxAmount(path string, parse func(string) (int64, error), at func(*Demands) **int64) PodField {
	text := func(n int64) string { return strconv.FormatInt(n, 10) }
	if strings.HasSuffix(path, "cpu") {
		text = func(n int64) string { return strconv.FormatInt(n, 10) + "m" }
	}
	return PodField{
		Path: "containers.resources." + path,
		get: func(_ *PodSpec, c *PodContainer) string {
			if n := *at(&c.Resources); n != nil {
				return text(*n)
			}
			return ""
		},
		set: func(_ *PodSpec, c *PodContainer, v string) error {
			*at(&c.Resources) = nil
			if v == "" {
				return nil
			}
			n, err := parse(v)
			*at(&c.Resources) = &n
			c.Resources.requestLimits()
			return err
		},
	}
}

// requestLimits requests what is limited and not requested, as the API server does.
func (d *Demands) requestLimits() {
	for _, p := range [...]struct{ request, limit **int64 }{
		{&d.Requests.CPU, &d.Limits.CPU}, {&d.Requests.Memory, &d.Limits.Memory}, {&d.Requests.Storage, &d.Limits.Storage},
	} {
		if *p.request == nil && *p.limit != nil {
			n := **p.limit
			*p.request = &n
		}
	}
}

func triText(b *bool) string {
	if b == nil {
		return ""
	}
	return strconv.FormatBool(*b)
}

func parseTri(v string) (*bool, error) {
	switch v {
	case "":
		return nil, nil //nolint:nilnil // not said
	case "true", "false":
		b := v == "true"
		return &b, nil
	}
	return nil, fmt.Errorf("%.40q is neither true nor false", v)
}

func profileText(p *Profile) string {
	if p == nil {
		return ""
	}
	return p.Type
}

// setProfile sets a profile that needs no file; Localhost does.
func setProfile(at **Profile, v string) error {
	switch v {
	case "":
		*at = nil
	case "RuntimeDefault", "Unconfined":
		*at = &Profile{Type: v}
	default:
		return fmt.Errorf("%.40q is no profile that a step can set; RuntimeDefault and Unconfined are", v)
	}
	return nil
}

// parseBytes reads a quantity of bytes in the forms that steps use: a number,
// or one with Ki, Mi or Gi.
func parseBytes(v string) (int64, error) {
	digits, factor := v, int64(1)
	for _, u := range []struct {
		suffix string
		factor int64
	}{{"Ki", 1 << 10}, {"Mi", 1 << 20}, {"Gi", 1 << 30}} {
		if rest, ok := strings.CutSuffix(v, u.suffix); ok {
			digits, factor = rest, u.factor
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 0 || n > 1<<62/factor {
		return 0, fmt.Errorf("%.40q is no number of bytes such as 64Mi", v)
	}
	return n * factor, nil
}

// parseMilli reads a quantity of CPUs: 2, or 500m.
func parseMilli(v string) (int64, error) {
	digits, factor := v, int64(1000)
	if rest, ok := strings.CutSuffix(v, "m"); ok {
		digits, factor = rest, 1
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 0 || n > 1<<50 {
		return 0, fmt.Errorf("%.40q is no number of CPUs such as 2 or 500m", v)
	}
	return n * factor, nil
}
