package docker

import (
	"archive/tar"
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"plimsoll/internal/collect/image"
	"plimsoll/internal/dockerapi"
	"plimsoll/internal/dockerapi/answer"
	"plimsoll/internal/dockerapi/inspect"
	"plimsoll/internal/snapshot"
)

// maxUnused is how many images without a container are looked into.
const maxUnused = 500

// imageTasks inspect the images that containers were made from, and others.
func (c *collector) imageTasks() []func(context.Context) {
	used := make(map[string]bool)
	for _, l := range c.listed {
		if l.imageID != "" {
			used[l.imageID] = true
		}
	}
	ids, unused := slices.Collect(maps.Keys(used)), 0
	for _, id := range slices.Sorted(maps.Keys(c.images)) {
		if used[id] {
			continue
		}
		if unused++; unused > maxUnused {
			c.partial(snapshot.PartImageConfig, "images without a container", fmt.Sprintf("of the images without a container only %d were looked into", maxUnused))
			break
		}
		ids = append(ids, id)
	}
	slices.Sort(ids)
	var tasks []func(context.Context)
	for _, id := range ids {
		tasks = append(tasks, func(ctx context.Context) { c.inspectImage(ctx, id) })
	}
	return tasks
}

func (c *collector) inspectImage(ctx context.Context, id string) {
	const part = snapshot.PartEngineImages
	item := "image/" + answer.Short(id, 32)
	raw, err := c.Client.ImageInspectRaw(ctx, id)
	if dockerapi.IsGone(err) {
		c.cover(snapshot.PartStatus{Part: part, Item: item, State: snapshot.Absent, Detail: "a container's image was removed"})
		return
	}
	if err != nil {
		c.cover(requestFailed(part, item, "GET /images/ID/json", err))
		c.storeImage(snapshot.Image{ID: id, UserUID: snapshot.Missing[int64](snapshot.Failed, snapshot.ReasonFailed, "GET /images/ID/json")})
		return
	}
	bad := new(answer.Unread)
	o, ok := answer.Parse(raw, "", bad)
	if !ok || o.Empty() {
		c.cover(unparsable(part, item, "the image"))
		c.storeImage(snapshot.Image{ID: id, UserUID: snapshot.Missing[int64](snapshot.Failed, snapshot.ReasonUnparsable, "GET /images/ID/json")})
		return
	}
	m := snapshot.Image{ID: id}
	config, ok := o.Child("Config")
	if raw := o.Raw("Config"); !ok && raw != nil && string(raw) != "null" {
		bad.Add("Config") // an image may have none, but not one of another form
	}
	m.User = config.Text("User", answer.MaxShort)
	m.Env = inspect.Env(config)
	m.Health = inspect.HealthTest(config)
	m.Created = answer.Short(o.Text("Created", answer.MaxShort), 64)
	m.Tags, m.Digests = references(o, "RepoTags"), references(o, "RepoDigests")
	if c.engine.ContainerdStore && c.saysOrigin() {
		m.Digests = knownToRegistry(o, m.Digests)
	}
	o.Read("Size", &m.Size)
	facts := image.Facts(o, config, bad)
	if fs, ok := o.Child("RootFS"); ok {
		facts.Layers = fs.Texts("Layers", answer.MaxShort)
	}
	if bad.Len() > 0 {
		c.cover(unparsable(part, item, "fields of the image ("+strings.Join(bad.Sorted(), ", ")+")"))
	}
	m.UserUID = image.ByNumber(m.User, bad.Has("Config.User") || bad.Has("Config"))
	m.Config = c.history(ctx, id, facts)
	if bad.Len() > 0 {
		m.Config = snapshot.Missing[snapshot.ImageConfig](snapshot.Failed, snapshot.ReasonUnparsable, "GET /images/ID/json")
	}
	c.storeImage(m)
}

// coverImages says what is known of the images as a whole: as much as their
// list, and of their layers nothing, which would have to be read in full.
func (c *collector) coverImages() {
	st := snapshot.PartStatus{State: snapshot.Skipped, Reason: snapshot.ReasonNotCollected}
	for _, p := range c.parts {
		if p.Part == snapshot.PartEngineImages && p.Item == "" {
			st = p
		}
	}
	st.Part = snapshot.PartImageConfig
	c.parts = append(c.parts, st, snapshot.PartStatus{
		Part: snapshot.PartImageContents, State: snapshot.Skipped, Reason: snapshot.ReasonNotCollected,
		Detail: "the layers of images are read only when an image is named", Grant: "plimsoll assess image:REFERENCE",
	})
}

// history completes the facts of an image with its steps.
func (c *collector) history(ctx context.Context, id string, facts snapshot.ImageConfig) snapshot.Fact[snapshot.ImageConfig] {
	const source = "GET /images/ID/history"
	raw, err := c.Client.ImageHistoryRaw(ctx, id)
	if err != nil {
		st := requestFailed(snapshot.PartImageConfig, "image/"+answer.Short(id, 32), source, err)
		c.cover(st)
		return snapshot.Missing[snapshot.ImageConfig](st.State, st.Reason, source)
	}
	var steps []struct{ CreatedBy string }
	if err := json.Unmarshal(raw, &steps); err != nil || len(steps) > answer.MaxList {
		c.cover(unparsable(snapshot.PartImageConfig, "image/"+answer.Short(id, 32), "the history of the image"))
		return snapshot.Missing[snapshot.ImageConfig](snapshot.Failed, snapshot.ReasonUnparsable, source)
	}
	for _, st := range slices.Backward(steps) {
		facts.Steps = append(facts.Steps, image.Step(st.CreatedBy))
	}
	return snapshot.Seen(facts, "GET /images/ID/json, "+source)
}

// storeImage joins what an inspect says with the row of the list, if any.
func (c *collector) storeImage(m snapshot.Image) {
	c.mu.Lock()
	defer c.mu.Unlock()
	row, ok := c.images[m.ID]
	if !ok {
		c.images[m.ID] = &m
		return
	}
	row.User, row.Env, row.Health, row.UserUID, row.Config = m.User, m.Env, m.Health, m.UserUID, m.Config
	row.Created = cmp.Or(m.Created, row.Created)
	if m.UserUID.State != snapshot.Failed { // else nothing was read
		row.Digests = m.Digests
	}
}

// saysOrigin reports whether the engine's API says where images came from, as it
// does from 1.53 on.
func (c *collector) saysOrigin() bool {
	n, err := strconv.Atoi(strings.TrimPrefix(c.Client.APIVersion(), "1."))
	return err == nil && n >= 53
}

// knownToRegistry keeps the digests under which the image was pulled or pushed.
// With the containerd store RepoDigests has one for every repository that an
// image is tagged with, also when no registry ever saw it.
func knownToRegistry(o answer.Object, digests []string) []string {
	var origin struct {
		Pull []struct{ Repository string }
	}
	o.Read("Identity", &origin)
	plain := func(ref string) string { // the origin is stated without the registry's port
		r := snapshot.ParseReference(ref)
		host, _, _ := strings.Cut(r.Registry, ":")
		return host + "/" + r.Repository
	}
	seen := make(map[string]bool)
	for _, p := range origin.Pull {
		seen[plain(p.Repository)] = true
	}
	return slices.DeleteFunc(digests, func(d string) bool { return !seen[plain(d)] })
}

// accountName is the user in USER[:GROUP] where it needs a look at accounts.
func accountName(user string) string {
	if image.ByNumber(user, false).Known() {
		return ""
	}
	name, _, _ := strings.Cut(user, ":")
	return name
}

// resolveUsers looks up the named users of used images, each in one container
// that has the image's user.
func (c *collector) resolveUsers(ctx context.Context) {
	var tasks []func(context.Context)
	done := make(map[string]bool)
	for _, s := range c.seen {
		if s == nil || done[s.Spec.ImageID] {
			continue
		}
		m := c.images[s.Spec.ImageID]
		if m == nil || m.User == "" || m.User != s.Spec.User || m.UserUID.Reason != snapshot.ReasonNotCollected {
			continue
		}
		done[m.ID] = true
		tasks = append(tasks, func(ctx context.Context) { m.UserUID = c.lookUp(ctx, s.ID, m.User) })
	}
	c.run(ctx, tasks...)
	c.coverProcesses()
}

const (
	passwdFile  = "/etc/passwd"
	maxPasswd   = 1 << 20 // bytes of the archive with the file
	passwdLinks = 2       // symbolic links followed
)

// lookUp finds a user in the accounts of a container.
func (c *collector) lookUp(ctx context.Context, id, user string) snapshot.Fact[int64] {
	name, _, _ := strings.Cut(user, ":")
	at := passwdFile
	for range passwdLinks + 1 {
		raw, err := c.Client.Archive(ctx, id, at, maxPasswd)
		if err != nil {
			return snapshot.Missing[int64](snapshot.Failed, snapshot.ReasonUnresolved, at)
		}
		r := tar.NewReader(bytes.NewReader(raw))
		h, err := r.Next()
		if err != nil {
			return snapshot.Missing[int64](snapshot.Failed, snapshot.ReasonUnparsable, at)
		}
		if h.Typeflag == tar.TypeSymlink {
			if at = h.Linkname; !path.IsAbs(at) {
				at = path.Join("/etc", at)
			}
			continue
		}
		uid, err := findUser(r, name)
		if err != nil {
			return snapshot.Missing[int64](snapshot.Failed, snapshot.ReasonUnresolved, at)
		}
		return snapshot.Seen(uid, at)
	}
	return snapshot.Missing[int64](snapshot.Failed, snapshot.ReasonUnresolved, passwdFile)
}

var errNoUser = errors.New("no such user")

// findUser returns the number of the first account with the name, as the engine
// does.
func findUser(r io.Reader, name string) (int64, error) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		fields := strings.Split(lines.Text(), ":")
		if len(fields) < 3 || fields[0] != name {
			continue
		}
		n, err := strconv.ParseInt(fields[2], 10, 64)
		if err != nil || n < 0 {
			return 0, errNoUser
		}
		return n, nil
	}
	return 0, errors.Join(errNoUser, lines.Err())
}
