package docker

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"plimsoll/internal/dockerapi"
	"plimsoll/internal/dockerapi/answer"
	"plimsoll/internal/snapshot"
)

// list reads a path and hands each row to take, which reports whether the row
// was understood. field is the key that holds the list, "" when the answer is
// the list itself.
func (c *collector) list(ctx context.Context, p snapshot.Part, path, field string, take func(answer.Object) bool) {
	raw, err := c.Client.Get(ctx, path, nil, dockerapi.MaxList)
	if err != nil {
		c.cover(requestFailed(p, "", "GET "+path, err))
		return
	}
	if field != "" {
		o, ok := answer.Parse(raw, "", new(answer.Unread))
		if !ok {
			c.cover(unparsable(p, "", "the answer to GET "+path))
			return
		}
		raw = o.Raw(field)
	}
	var rows []json.RawMessage
	if err := json.Unmarshal(raw, &rows); err != nil && len(raw) > 0 {
		c.cover(unparsable(p, "", "the answer to GET "+path))
		return
	}
	bad := new(answer.Unread)
	for _, r := range rows {
		o, ok := answer.Parse(r, "", bad)
		if !ok || !take(o) {
			bad.Add("a row without a name")
		}
	}
	if bad.Len() > 0 {
		st := unparsable(p, "", "the answer to GET "+path)
		st.Detail += ": " + strings.Join(bad.Sorted(), ", ")
		c.cover(st)
		return
	}
	c.observed(p)
}

func (c *collector) listImages(ctx context.Context) {
	c.list(ctx, snapshot.PartEngineImages, "/images/json", "", func(o answer.Object) bool {
		m := &snapshot.Image{
			ID: o.Text("Id", answer.MaxShort), Tags: references(o, "RepoTags"), Digests: references(o, "RepoDigests"),
			UserUID: snapshot.Missing[int64](snapshot.Skipped, snapshot.ReasonNotCollected, ""),
		}
		var created int64
		o.Read("Created", &created)
		if created > 0 {
			m.Created = time.Unix(created, 0).UTC().Format(time.RFC3339)
		}
		o.Read("Size", &m.Size)
		c.images[m.ID] = m
		return m.ID != ""
	})
}

// references reads image references; engines write <none> for those without.
func references(o answer.Object, field string) []string {
	list := slices.DeleteFunc(o.Texts(field, answer.MaxText), func(r string) bool { return strings.Contains(r, "<none>") })
	slices.Sort(list)
	return list
}

func (c *collector) listNetworks(ctx context.Context) {
	c.list(ctx, snapshot.PartEngineNetworks, "/networks", "", func(o answer.Object) bool {
		n := snapshot.Network{Name: o.Text("Name", answer.MaxShort), ID: o.Text("Id", answer.MaxShort), Driver: o.Text("Driver", answer.MaxShort)}
		o.Read("Internal", &n.Internal)
		o.Read("EnableIPv6", &n.IPv6)
		o.Read("Ingress", &n.Ingress)
		var options map[string]string
		o.Read("Options", &options)
		for k, v := range options {
			if strings.HasPrefix(k, "com.docker.network.") || k == "encrypted" {
				n.Options = append(n.Options, snapshot.Pair{Key: answer.Short(k, answer.MaxShort), Value: answer.Short(v, answer.MaxShort)})
			}
		}
		slices.SortFunc(n.Options, func(a, b snapshot.Pair) int { return strings.Compare(a.Key, b.Key) })
		n.Default = options["com.docker.network.bridge.default_bridge"] == "true"
		if name, twice := c.netNames[n.ID]; !twice || name != n.Name {
			c.netNames[n.ID] = n.Name
			c.out.Networks = append(c.out.Networks, n)
		}
		return n.Name != ""
	})
}

func (c *collector) listVolumes(ctx context.Context) {
	c.list(ctx, snapshot.PartEngineVolumes, "/volumes", "Volumes", func(o answer.Object) bool {
		v := snapshot.Volume{Name: o.Text("Name", answer.MaxShort), Driver: o.Text("Driver", answer.MaxShort)}
		var options map[string]string
		o.Read("Options", &options)
		for k, value := range options {
			v.Options = append(v.Options, snapshot.Conceal(answer.Short(k, answer.MaxShort), value))
		}
		slices.SortFunc(v.Options, func(a, b snapshot.Secretish) int { return strings.Compare(a.Name, b.Name) })
		// A local volume with a device is a bind mount under another name,
		// unless the device is a share of another machine.
		if d := options["device"]; v.Driver == "local" && strings.HasPrefix(d, "/") && !strings.HasPrefix(d, "//") {
			v.Device = o.Cut("Options", d, answer.MaxText)
			c.recursive[v.Name] = slices.Contains(strings.Split(options["o"], ","), "rbind")
		}
		c.volumes[v.Name] = v
		return v.Name != ""
	})
}
