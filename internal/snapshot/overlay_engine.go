package snapshot

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// EngineSetting is one value in the engine's configuration file that steps can
// change. Values are JSON as it stands in the file; "" is not set.
type EngineSetting struct {
	Path   []string // the keys that lead to it
	Reload bool     // the engine takes it while it runs (SIGHUP)

	shape shape
	after func(s *Snapshot, e *Engine) // what the engine then reports, beside the setting
}

// shape is how a value stands in a [Setting].
type shape uint8

const (
	aBool shape = iota
	aText
	aList
	anEntry // a text in an object: name=value among the values
	anUlimit
)

// EngineSettings are the keys of daemon.json that steps can change. A key in an
// object is written after the object's and a dot.
var EngineSettings = map[string]EngineSetting{
	"live-restore":           {Path: []string{"live-restore"}, Reload: true, after: func(_ *Snapshot, e *Engine) { e.LiveRestore = e.Config.V.Bool("live-restore", false) }},
	"debug":                  {Path: []string{"debug"}, Reload: true, after: func(_ *Snapshot, e *Engine) { e.Debug = e.Config.V.Bool("debug", false) }},
	"insecure-registries":    {Path: []string{"insecure-registries"}, Reload: true, shape: aList, after: func(_ *Snapshot, e *Engine) { e.InsecureRegistries = insecure(e) }},
	"experimental":           {Path: []string{"experimental"}, after: func(_ *Snapshot, e *Engine) { e.Experimental = e.Config.V.Bool("experimental", false) }},
	"no-new-privileges":      {Path: []string{"no-new-privileges"}, after: afterNoNewPrivileges},
	"userland-proxy":         {Path: []string{"userland-proxy"}, after: afterProxy},
	"icc":                    {Path: []string{"icc"}, after: afterICC},
	"log-level":              {Path: []string{"log-level"}, shape: aText},
	"metrics-addr":           {Path: []string{"metrics-addr"}, shape: aText},
	"log-opts.max-size":      {Path: []string{"log-opts", "max-size"}, shape: anEntry},
	"log-opts.max-file":      {Path: []string{"log-opts", "max-file"}, shape: anEntry},
	"default-ulimits.nofile": {Path: []string{"default-ulimits", "nofile"}, shape: anUlimit},
}

// Get returns the value in the configuration file. ok is false when it was not
// read, or stands on the command line.
func (x EngineSetting) Get(c *DaemonConfig) (value string, ok bool) {
	i := slices.IndexFunc(c.Settings, func(s Setting) bool { return s.Key == x.Path[0] })
	if i < 0 {
		return "", true
	}
	s := &c.Settings[i]
	if s.Origin != "file" || s.Hidden != nil {
		return "", false
	}
	switch x.shape {
	case anEntry, anUlimit:
		for _, v := range s.Values {
			if name, text, _ := strings.Cut(v, "="); name == x.Path[1] {
				return x.entry(text), true
			}
		}
		return "", true
	case aList:
		return jsonText(append([]string{}, s.Values...)), true
	case aBool:
		if len(s.Values) == 1 {
			if _, err := strconv.ParseBool(s.Values[0]); err == nil {
				return s.Values[0], true
			}
		}
		return "", false
	case aText:
	}
	return jsonText(strings.Join(s.Values, ",")), len(s.Values) == 1
}

// entry turns name=value's value into JSON.
func (x EngineSetting) entry(text string) string {
	if x.shape == anEntry {
		return jsonText(text)
	}
	soft, hard, _ := strings.Cut(text, ":")
	return UlimitSetting(x.Path[1], soft, hard)
}

// UlimitSetting is a default limit as daemon.json holds it.
func UlimitSetting(name, soft, hard string) string {
	return `{"Name":` + jsonText(name) + `,"Hard":` + hard + `,"Soft":` + soft + `}`
}

func jsonText(v any) string {
	b, _ := json.Marshal(v) // texts and lists of texts always encode
	return string(b)
}

// Valid says what is wrong with a value, if anything; "" is one.
func (x EngineSetting) Valid(value string) error {
	if value == "" {
		return nil
	}
	_, err := x.values(value)
	return err
}

// values turns a JSON value into the form of a [Setting].
func (x EngineSetting) values(value string) ([]string, error) {
	bad := fmt.Errorf("the value %.80q is not one of %s", value, strings.Join(x.Path, "."))
	switch x.shape {
	case aBool:
		if value != "true" && value != "false" {
			return nil, bad
		}
		return []string{value}, nil
	case aList:
		var v []string
		if json.Unmarshal([]byte(value), &v) != nil {
			return nil, bad
		}
		return v, nil
	case anUlimit:
		var u struct{ Soft, Hard int64 }
		if json.Unmarshal([]byte(value), &u) != nil {
			return nil, bad
		}
		return []string{fmt.Sprintf("%s=%d:%d", x.Path[1], u.Soft, u.Hard)}, nil
	case aText, anEntry:
	}
	var v string
	if json.Unmarshal([]byte(value), &v) != nil {
		return nil, bad
	}
	if x.shape == anEntry {
		v = x.Path[1] + "=" + v
	}
	return []string{v}, nil
}

// set writes the value into the configuration.
func (x EngineSetting) set(c *DaemonConfig, value string) error {
	c.Settings = slices.Clone(c.Settings)
	i, found := slices.BinarySearchFunc(c.Settings, x.Path[0], func(s Setting, k string) int { return strings.Compare(s.Key, k) })
	var rest []string // other members of the object
	if found && len(x.Path) > 1 {
		for _, v := range c.Settings[i].Values {
			if name, _, _ := strings.Cut(v, "="); name != x.Path[1] {
				rest = append(rest, v)
			}
		}
	}
	if value != "" {
		v, err := x.values(value)
		if err != nil {
			return err
		}
		rest = append(rest, v...)
		slices.Sort(rest)
		if x.shape == aList {
			rest = v
		}
	}
	switch {
	case value == "" && len(rest) == 0 && found:
		c.Settings = slices.Delete(c.Settings, i, i+1)
	case found:
		c.Settings[i].Values, c.Settings[i].Origin = rest, "file"
	case value != "":
		c.Settings = slices.Insert(c.Settings, i, Setting{Key: x.Path[0], Values: rest, Origin: "file"})
	}
	c.FileSeen = Observed
	return nil
}

func (o *Overlay) setting(scope, field string) (EngineSetting, int, error) {
	x, ok := EngineSettings[field]
	if !ok {
		return x, 0, fmt.Errorf("engine has no setting %.100q that can be changed", field)
	}
	engines := o.Snapshot().Engines
	i := slices.IndexFunc(engines, func(e Engine) bool { return e.Scope == scope })
	if i < 0 || !engines[i].Config.Known() {
		return x, 0, fmt.Errorf("the configuration of the engine in scope %.100q is not known", scope)
	}
	return x, i, nil
}

func (o *Overlay) getSetting(scope, _, field string) (string, error) {
	x, i, err := o.setting(scope, field)
	if err != nil {
		return "", err
	}
	v, ok := x.Get(&o.Snapshot().Engines[i].Config.V)
	if !ok {
		return "", fmt.Errorf("setting %.100q is not one of the configuration file, or was not understood", field)
	}
	return v, nil
}

func (o *Overlay) setSetting(scope, _, field, value string) error {
	x, i, err := o.setting(scope, field)
	if err != nil {
		return err
	}
	o.own()
	e := &o.out.Engines[i]
	unread := e.Unread()
	if err := x.set(&e.Config.V, value); err != nil {
		return err
	}
	if e.Unread() && (!unread || !x.Reload) { // harden brings it into force; a restart reads what others wrote too
		e.Config.V.Modified = e.Process.V.Started
	}
	if x.after != nil {
		x.after(o.out, e)
	}
	return nil
}

// insecure is what /info then lists: without the loopback ranges.
func insecure(e *Engine) []string {
	v, _ := e.Config.V.Setting("insecure-registries")
	var out []string
	for _, r := range v {
		if slices.Contains(e.InsecureRegistries, r) || r != "127.0.0.0/8" && r != "::1/128" {
			out = append(out, r)
		}
	}
	return out
}

// afterNoNewPrivileges: engines from 25 on list the option.
func afterNoNewPrivileges(_ *Snapshot, e *Engine) {
	const option = "name=no-new-privileges"
	major, _, _ := strings.Cut(e.Version, ".")
	n, err := strconv.Atoi(major)
	e.SecurityOptions = slices.DeleteFunc(slices.Clone(e.SecurityOptions), func(s string) bool { return s == option })
	if err == nil && n >= 25 && e.Config.V.Bool("no-new-privileges", false) {
		e.SecurityOptions = append(e.SecurityOptions, option)
	}
}

// afterProxy: an engine without the proxy starts none. With it, how many there
// will be is not foreseen.
func afterProxy(_ *Snapshot, e *Engine) {
	if e.Process.Known() && !e.Config.V.Bool("userland-proxy", true) {
		e.Process.V.Proxies = 0
	}
}

// afterICC: the default network takes its option from the engine.
func afterICC(s *Snapshot, e *Engine) {
	const option = "com.docker.network.bridge.enable_icc"
	for i := range s.Networks {
		n := &s.Networks[i]
		if n.Scope != e.Scope || !n.Default && n.Name != "bridge" {
			continue
		}
		n.Options = slices.Clone(n.Options)
		for j := range n.Options {
			if n.Options[j].Key == option {
				n.Options[j].Value = strconv.FormatBool(e.Config.V.Bool("icc", true))
			}
		}
	}
}
