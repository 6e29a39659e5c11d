package image

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"plimsoll/internal/dockerapi/answer"
	"plimsoll/internal/dockerapi/inspect"
	"plimsoll/internal/snapshot"
)

// describe fills an image from its configuration file, and names the fields that
// were not understood.
func describe(m *snapshot.Image, raw []byte) (unread []string, ok bool) {
	not := new(answer.Unread)
	o, ok := answer.Parse(raw, "", not)
	if !ok || o.Empty() {
		return nil, false
	}
	config, _ := o.Child("config")
	if r := o.Raw("config"); config.Empty() && len(r) > 0 && string(r) != "null" && string(r) != "{}" {
		not.Add("config")
	}
	m.Created = answer.Short(o.Text("created", answer.MaxShort), 64)
	m.User = config.Text("User", answer.MaxShort)
	m.Env = inspect.Env(config)
	m.Health = inspect.HealthTest(config)
	c := Facts(o, config, not)
	if fs, ok := o.Child("rootfs"); ok {
		c.Layers = fs.Texts("diff_ids", answer.MaxShort)
	}
	var history []struct {
		CreatedBy string `json:"created_by"`
	}
	o.Read("history", &history)
	for _, h := range answer.Capped(o, "history", history) {
		c.Steps = append(c.Steps, Step(h.CreatedBy))
	}
	m.Config = snapshot.Seen(c, "configuration")
	m.UserUID = ByNumber(m.User, not.Has("config.User") || not.Has("config"))
	return not.Sorted(), true
}

// Facts reads what a configuration file and an engine's answer about an image
// have alike.
func Facts(o, config answer.Object, not *answer.Unread) snapshot.ImageConfig {
	var c snapshot.ImageConfig
	platform := make([]string, 0, 3)
	for _, names := range [][2]string{{"os", "Os"}, {"architecture", "Architecture"}, {"variant", "Variant"}} {
		if v := o.Text(names[0], answer.MaxShort) + o.Text(names[1], answer.MaxShort); v != "" && names[0] != names[1] {
			platform = append(platform, v)
		}
	}
	c.Platform = strings.Join(platform, "/")
	labels := make(map[string]string)
	config.Read("Labels", &labels)
	for name, value := range labels {
		if len(c.Labels) == maxKept {
			not.Add("config.Labels")
			break
		}
		c.Labels = append(c.Labels, snapshot.Conceal(answer.Short(name, answer.MaxShort), value))
	}
	slices.SortFunc(c.Labels, func(a, b snapshot.Secretish) int { return strings.Compare(a.Name, b.Name) })
	if v := labels["org.opencontainers.image.base.name"]; referenceForm.MatchString(v) {
		c.BaseName = v
	}
	if v := labels["org.opencontainers.image.base.digest"]; hexOK(v) {
		c.BaseHash = v
	}
	return c
}

// referenceForm is a plain image reference: no user, no query.
var referenceForm = regexp.MustCompile(`^[a-z0-9][a-z0-9._:/-]{0,254}(@sha256:[0-9a-f]{64})?$`)

// ByNumber resolves a user that needs no look at the image's accounts.
func ByNumber(user string, unread bool) snapshot.Fact[int64] {
	name, _, _ := strings.Cut(user, ":")
	switch {
	case unread:
		return snapshot.Missing[int64](snapshot.Failed, snapshot.ReasonUnparsable, "Config.User")
	case name == "", name == "root":
		return snapshot.Seen[int64](0, "Config.User")
	}
	if n, err := strconv.ParseInt(name, 10, 64); err == nil && n >= 0 {
		return snapshot.Seen(n, "Config.User")
	}
	return snapshot.Missing[int64](snapshot.Skipped, snapshot.ReasonNotCollected, "")
}
