package harden

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"plimsoll/internal/dockerapi/inspect"
	"plimsoll/internal/snapshot"
)

// The fields that are set by creating a container; [] stands for the key of a part.
const (
	fieldImage       = "Config.Image"
	fieldUser        = "Config.User"
	fieldHealth      = "Config.Healthcheck.Test"
	fieldPrivileged  = "HostConfig.Privileged"
	fieldReadonly    = "HostConfig.ReadonlyRootfs"
	fieldCapAdd      = "HostConfig.CapAdd[]"
	fieldCapDrop     = "HostConfig.CapDrop"
	fieldGroupAdd    = "HostConfig.GroupAdd[]"
	fieldNoNew       = "HostConfig.SecurityOpt.no-new-privileges"
	fieldSeccomp     = "HostConfig.SecurityOpt.seccomp"
	fieldAppArmor    = "HostConfig.SecurityOpt.apparmor"
	fieldLabel       = "HostConfig.SecurityOpt.label"
	fieldMasks       = "HostConfig.MaskedPaths"
	fieldPidMode     = "HostConfig.PidMode"
	fieldIpcMode     = "HostConfig.IpcMode"
	fieldUTSMode     = "HostConfig.UTSMode"
	fieldMount       = "HostConfig.Mounts[]"
	fieldMountRO     = "HostConfig.Mounts[].ReadOnly"
	fieldPropagation = "HostConfig.Mounts[].Propagation"
	fieldTmpfs       = "HostConfig.Tmpfs[]"
	fieldDevice      = "HostConfig.Devices[]"
	fieldDeviceRule  = "HostConfig.DeviceCgroupRules[]"
	fieldSysctl      = "HostConfig.Sysctls[]"
	fieldUlimit      = "HostConfig.Ulimits[]"
	fieldPort        = "HostConfig.PortBindings[]"
	fieldOomKill     = "HostConfig.OomKillDisable"
	fieldOomScore    = "HostConfig.OomScoreAdj"
	fieldParent      = "HostConfig.CgroupParent"
	fieldLog         = "HostConfig.LogConfig.Type"
)

// recipe is what a container is created from, while it is changed.
type recipe struct {
	config, host map[string]json.RawMessage
	image        json.RawMessage // the engine's description of the image
}

// maker writes the value of a field, or of the part of it with the key.
type maker func(r *recipe, key, value string) error

// maker returns how a field is made, or nil for one that no creation sets.
func makerOf(of string) maker {
	switch of {
	case fieldImage:
		return func(r *recipe, _, v string) error { return put(r.config, "Image", v) }
	case fieldUser:
		return func(r *recipe, _, v string) error { return put(r.config, "User", v) }
	case fieldHealth:
		return (*recipe).setHealth
	case fieldPrivileged:
		return (*recipe).setPrivileged
	case fieldReadonly, fieldOomKill:
		return flag(strings.TrimPrefix(of, "HostConfig."))
	case fieldCapAdd, fieldGroupAdd, fieldDeviceRule:
		return item(strings.TrimSuffix(strings.TrimPrefix(of, "HostConfig."), "[]"))
	case fieldCapDrop:
		return (*recipe).setCapDrop
	case fieldNoNew:
		return (*recipe).setNoNewPrivileges
	case fieldSeccomp, fieldAppArmor, fieldLabel:
		return option(strings.TrimPrefix(of, "HostConfig.SecurityOpt."))
	case fieldMasks:
		return (*recipe).setMasks
	case fieldPidMode, fieldIpcMode, fieldUTSMode, fieldParent:
		return func(r *recipe, _, v string) error { return put(r.host, strings.TrimPrefix(of, "HostConfig."), v) }
	case fieldMount:
		return (*recipe).setMount
	case fieldMountRO:
		return (*recipe).setMountReadOnly
	case fieldPropagation:
		return (*recipe).setPropagation
	case fieldTmpfs, fieldSysctl:
		return pair(strings.TrimSuffix(strings.TrimPrefix(of, "HostConfig."), "[]"))
	case fieldDevice:
		return (*recipe).setDevice
	case fieldUlimit:
		return (*recipe).setUlimit
	case fieldPort:
		return (*recipe).setPort
	case fieldOomScore:
		return (*recipe).setOomScore
	case fieldLog:
		return (*recipe).setLog
	}
	return nil
}

func recreatable(field string) error {
	if of, _ := snapshot.SplitField(field); makerOf(of) == nil {
		return refuse("%q is not changed by re-creating a container", printable(field))
	}
	return nil
}

func (r *recipe) set(field, value string) error {
	of, key := snapshot.SplitField(field)
	m := makerOf(of)
	if m == nil {
		return recreatable(field)
	}
	return m(r, key, value)
}

func put(into map[string]json.RawMessage, name string, v any) error {
	b, err := json.Marshal(v)
	into[name] = b
	return err
}

// get reads a part of the description into v; what is missing stays as it is.
func get(from map[string]json.RawMessage, name string, v any) error {
	if raw := from[name]; raw != nil {
		if err := json.Unmarshal(raw, v); err != nil {
			return refuse("its %s is not understood", name)
		}
	}
	return nil
}

func flag(name string) maker {
	return func(r *recipe, _, value string) error {
		on, err := strconv.ParseBool(value)
		if err != nil {
			return refuse("%s %q is neither true nor false", name, printable(value))
		}
		return put(r.host, name, on)
	}
}

// setPrivileged leaves the masks to the engine, which gives a privileged container
// none, unless they were switched off by name.
func (r *recipe) setPrivileged(_, value string) error {
	for _, list := range []string{"MaskedPaths", "ReadonlyPaths"} {
		if string(r.host[list]) != "[]" {
			delete(r.host, list)
		}
	}
	return flag("Privileged")(r, "", value)
}

// item puts a word into a list or takes it out. Capabilities are compared without
// their prefix, in which form evidence has them.
func item(name string) maker {
	plain := func(s string) string { return s }
	if name == "CapAdd" {
		plain = func(s string) string { return strings.TrimPrefix(strings.ToUpper(s), "CAP_") }
	}
	return func(r *recipe, key, value string) error {
		in, err := strconv.ParseBool(value)
		if err != nil {
			return refuse("%s of %s, %q, is neither true nor false", printable(key), name, printable(value))
		}
		var list []string
		if err := get(r.host, name, &list); err != nil {
			return err
		}
		list = slices.DeleteFunc(list, func(x string) bool { return plain(x) == key })
		if in {
			list = append(list, key)
		}
		return put(r.host, name, list)
	}
}

// pair sets the value of a key, "" takes it out.
func pair(name string) maker {
	return func(r *recipe, key, value string) error {
		at := make(map[string]string)
		if err := get(r.host, name, &at); err != nil {
			return err
		}
		if _, is := at[key]; !is && name == "Tmpfs" {
			return refuse("the options of the tmpfs at %s were given as a mount; change them where it is started", printable(key))
		}
		if value == "" && name != "Tmpfs" {
			delete(at, key)
		} else {
			at[key] = value // a tmpfs without options is still one
		}
		return put(r.host, name, at)
	}
}

func (r *recipe) setCapDrop(_, value string) error {
	list := []string{}
	if value != "" {
		list = strings.Split(value, ",")
	}
	return put(r.host, "CapDrop", list)
}

func (r *recipe) setNoNewPrivileges(_, value string) error {
	var opts []string
	if err := get(r.host, "SecurityOpt", &opts); err != nil {
		return err
	}
	set, err := setNoNewPrivileges(opts, value)
	if err != nil {
		return err
	}
	return put(r.host, "SecurityOpt", set)
}

// option replaces a security option. The engine's own profile is asked for by not
// naming one; of a profile that was given as a text only the digest is known.
func option(name string) maker {
	return func(r *recipe, _, value string) error {
		var opts []string
		if err := get(r.host, "SecurityOpt", &opts); err != nil {
			return err
		}
		opts = slices.DeleteFunc(opts, func(o string) bool {
			key, _ := inspect.SplitOption(o)
			return key == name
		})
		switch {
		case name == "seccomp" && strings.HasPrefix(value, "sha256:"):
			return refuse("its seccomp profile is known by its digest only")
		case value == "", name == "apparmor" && value == "docker-default":
		default:
			for word := range strings.SplitSeq(value, ",") {
				opts = append(opts, name+"="+word)
			}
		}
		return put(r.host, "SecurityOpt", opts)
	}
}

// setMasks leaves the lists to the engine, or empties them.
func (r *recipe) setMasks(_, value string) error {
	for _, list := range []string{"MaskedPaths", "ReadonlyPaths"} {
		switch value {
		case "default":
			delete(r.host, list)
		case "unconfined":
			r.host[list] = json.RawMessage("[]")
		default:
			return refuse("masks %q are neither default nor unconfined", printable(value))
		}
	}
	return nil
}

// setHealth takes an own health test away, so that the image's counts, or
// switches the test off.
func (r *recipe) setHealth(_, value string) error {
	if value == "NONE" {
		return put(r.config, "Healthcheck", map[string][]string{"Test": {"NONE"}})
	}
	var img struct {
		Config struct{ Healthcheck *struct{ Test []string } }
	}
	if err := json.Unmarshal(r.image, &img); err != nil {
		return refuse("the engine's description of its image is not understood")
	}
	if h := img.Config.Healthcheck; h == nil || len(h.Test) == 0 || h.Test[0] != value {
		return refuse("its image has no health test of the kind %q", printable(value))
	}
	delete(r.config, "Healthcheck")
	return nil
}
