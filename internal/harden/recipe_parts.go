package harden

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"plimsoll/internal/snapshot"
)

// How large a log may grow that nobody said anything about.
const (
	logSize  = "10m"
	logFiles = "3"
)

// mountRequest is an entry of HostConfig.Mounts; what is not named here is kept.
type mountRequest = map[string]json.RawMessage

// mounts returns both ways in which mounts are asked for, and where the one at a
// place is in each, -1 for nowhere.
func (r *recipe) mounts(at string) (binds []string, bind int, mounts []mountRequest, mount int, err error) {
	if err = get(r.host, "Binds", &binds); err == nil {
		err = get(r.host, "Mounts", &mounts)
	}
	bind = slices.IndexFunc(binds, func(b string) bool { return bindTarget(b) == at })
	mount = slices.IndexFunc(mounts, func(m mountRequest) bool {
		var target string
		return json.Unmarshal(m["Target"], &target) == nil && target == at
	})
	return binds, bind, mounts, mount, err
}

// setMount takes a mount away, or makes one anew from the words of
// [snapshot.Mount.String].
func (r *recipe) setMount(at, value string) error {
	binds, bind, mounts, mount, err := r.mounts(at)
	if err != nil {
		return err
	}
	if value != "" {
		made, err := remount(at, value)
		if err != nil {
			return err
		}
		return put(r.host, "Mounts", append(mounts, made))
	}
	var img struct {
		Config struct{ Volumes map[string]struct{} }
	}
	if err := json.Unmarshal(r.image, &img); err != nil {
		return refuse("the engine's description of its image is not understood")
	}
	_, declared := img.Config.Volumes[at]
	var own map[string]json.RawMessage
	if err := get(r.config, "Volumes", &own); err != nil {
		return err
	}
	if _, is := own[at]; is && !declared {
		delete(own, at)
		if err := put(r.config, "Volumes", own); err != nil {
			return err
		}
	}
	switch {
	case declared:
		return refuse("its image declares a volume at %s, so that the engine would mount an empty one there", printable(at))
	case bind >= 0:
		return put(r.host, "Binds", slices.Delete(binds, bind, bind+1))
	case mount >= 0:
		return put(r.host, "Mounts", slices.Delete(mounts, mount, mount+1))
	}
	return elsewhere(at)
}

func elsewhere(at string) error {
	return refuse("the mount at %s comes from another container (--volumes-from); change it there", printable(at))
}

// remount writes a request from TYPE SOURCE OPTIONS.
func remount(at, value string) (mountRequest, error) {
	kind, rest, _ := strings.Cut(value, " ")
	i := strings.LastIndexByte(rest, ' ')
	if i < 0 || kind != "bind" && kind != "volume" {
		return nil, refuse("mount %q is not a bind or a volume", printable(value))
	}
	access, propagation, _ := strings.Cut(rest[i+1:], ",")
	m := map[string]any{"Type": kind, "Source": rest[:i], "Target": at, "ReadOnly": access == "ro"}
	if propagation != "" && kind == "bind" {
		m["BindOptions"] = map[string]string{"Propagation": propagation}
	}
	b, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	var out mountRequest
	return out, json.Unmarshal(b, &out)
}

func (r *recipe) setMountReadOnly(at, value string) error {
	on, err := strconv.ParseBool(value)
	if err != nil {
		return refuse("read-only %q of the mount at %s is neither true nor false", printable(value), printable(at))
	}
	word := "rw"
	if on {
		word = "ro"
	}
	return r.editMount(at, []string{"ro", "rw"}, word, func(m mountRequest) error { return put(m, "ReadOnly", on) })
}

func (r *recipe) setPropagation(at, value string) error {
	kinds := []string{"private", "rprivate", "slave", "rslave", "shared", "rshared"}
	if !slices.Contains(kinds, value) {
		return refuse("propagation %q of the mount at %s is not one of %s", printable(value), printable(at), strings.Join(kinds, ", "))
	}
	return r.editMount(at, kinds, value, func(m mountRequest) error {
		options := make(map[string]json.RawMessage)
		if err := get(m, "BindOptions", &options); err != nil {
			return err
		}
		if options == nil {
			options = make(map[string]json.RawMessage) // null
		}
		if err := put(options, "Propagation", value); err != nil {
			return err
		}
		return put(m, "BindOptions", options)
	})
}

// editMount replaces, of a mount's options, those of one kind by a word, in the
// way that the mount was asked for.
func (r *recipe) editMount(at string, kind []string, word string, edit func(mountRequest) error) error {
	binds, bind, mounts, mount, err := r.mounts(at)
	switch {
	case err != nil:
		return err
	case bind >= 0:
		parts := strings.SplitN(binds[bind], ":", 3)
		options := []string{word}
		if len(parts) == 3 && parts[2] != "" {
			old := slices.DeleteFunc(strings.Split(parts[2], ","), func(o string) bool { return slices.Contains(kind, o) })
			options = append(old, word)
		}
		binds[bind] = parts[0] + ":" + at + ":" + strings.Join(options, ",")
		return put(r.host, "Binds", binds)
	case mount >= 0:
		if err := edit(mounts[mount]); err != nil {
			return err
		}
		return put(r.host, "Mounts", mounts)
	}
	return elsewhere(at)
}

// setDevice takes a device away or, from PATH-INSIDE PERMISSIONS, hands it in.
func (r *recipe) setDevice(host, value string) error {
	var list []map[string]string
	if err := get(r.host, "Devices", &list); err != nil {
		return err
	}
	list = slices.DeleteFunc(list, func(d map[string]string) bool { return d["PathOnHost"] == host })
	if value != "" {
		inside, may, ok := strings.Cut(value, " ")
		if !ok {
			return refuse("device %q is not a path and what is allowed", printable(value))
		}
		list = append(list, map[string]string{"PathOnHost": host, "PathInContainer": inside, "CgroupPermissions": may})
	}
	return put(r.host, "Devices", list)
}

func (r *recipe) setUlimit(name, value string) error {
	var list []snapshot.Ulimit // the engine's names differ in case only
	if err := get(r.host, "Ulimits", &list); err != nil {
		return err
	}
	list = slices.DeleteFunc(list, func(u snapshot.Ulimit) bool { return u.Name == name })
	if value != "" {
		u, err := snapshot.ParseUlimit(name, value)
		if err != nil {
			return refuse("%v", err)
		}
		list = append(list, u)
	}
	out := make([]map[string]any, len(list))
	for i, u := range list {
		out[i] = map[string]any{"Name": u.Name, "Soft": u.Soft, "Hard": u.Hard}
	}
	return put(r.host, "Ulimits", out)
}

func (r *recipe) setPort(key, value string) error {
	at, err := snapshot.ParseBindings(value)
	if err != nil {
		return refuse("port %s: %v", printable(key), err)
	}
	bindings := make(map[string]json.RawMessage)
	if err := get(r.host, "PortBindings", &bindings); err != nil {
		return err
	}
	var all bool
	if err := get(r.host, "PublishAllPorts", &all); err != nil {
		return err
	}
	if all {
		return refuse("it publishes every port that its image exposes (-P); publish those that are meant by name")
	}
	bindings = maps.Clone(bindings)
	if bindings == nil {
		bindings = make(map[string]json.RawMessage)
	}
	delete(bindings, key)
	var list []map[string]string
	for _, a := range at {
		list = append(list, map[string]string{"HostIp": a.Addr().String(), "HostPort": strconv.Itoa(int(a.Port()))})
	}
	if list != nil {
		if err := put(bindings, key, list); err != nil {
			return err
		}
	}
	return put(r.host, "PortBindings", bindings)
}

func (r *recipe) setOomScore(_, value string) error {
	n, err := strconv.Atoi(value)
	if err != nil || n < -1000 || n > 1000 {
		return refuse("OOM score %q is not a number from -1000 to 1000", printable(value))
	}
	return put(r.host, "OomScoreAdj", n)
}

// setLog keeps what a container prints in files of bounded size, or not at all.
// Other drivers need settings that are not known.
func (r *recipe) setLog(_, value string) error {
	config := map[string]string{}
	switch value {
	case "none":
	case "json-file":
		config = map[string]string{"max-size": logSize, "max-file": logFiles}
	default:
		return refuse("log driver %q is neither json-file nor none", printable(value))
	}
	return put(r.host, "LogConfig", map[string]any{"Type": value, "Config": config})
}
