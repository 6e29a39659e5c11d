package image

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"plimsoll/internal/collect/image/registry"
	"plimsoll/internal/dockerapi"
	"plimsoll/internal/snapshot"
)

// Options say which image to read, and where it may be looked for.
type Options struct {
	Arg    string // a reference, a file, a folder with an OCI layout, or - for Input
	Dir    string // what a relative path starts from; "" is the process's own
	Input  io.Reader
	Taken  time.Time
	Limits Limits
	Engine func() (*dockerapi.Client, error) // the user's current engine
	Login  func(host string) registry.Login
	Note   func(string) // says which source was used
}

// source is where an image was found.
type source struct {
	images []snapshot.Image
	name   string // for people
	target string // endpoint, for images that are not in a file
	remote bool
}

// Collect returns a scope of images with everything that was read of them. It
// fails when there is no such image or it cannot be read to its end: a part of an
// image proves nothing of the whole.
func Collect(ctx context.Context, o Options) (*snapshot.Snapshot, error) {
	src, err := o.find(ctx)
	if err != nil {
		return nil, fmt.Errorf("image %s: %w", shown(o.Arg), err)
	}
	scope := "images:" + src.name
	out := &snapshot.Snapshot{Taken: o.Taken, Complete: true, Images: src.images}
	out.Scopes = []snapshot.Scope{{ID: scope, Kind: snapshot.ScopeImages, Name: src.name, Target: src.target, Taken: o.Taken, Remote: src.remote}}
	for i := range out.Images {
		out.Images[i].Scope = scope
	}
	for _, p := range []snapshot.Part{snapshot.PartImageConfig, snapshot.PartImageContents} {
		out.Parts = append(out.Parts, snapshot.PartStatus{Scope: scope, Part: p, State: snapshot.Observed})
	}
	return out, nil
}

// shown is an argument as an error may repeat it.
func shown(arg string) string {
	if len(arg) > 200 || strings.Contains(arg, "://") { // which may hold a password
		return "that was named"
	}
	return fmt.Sprintf("%q", arg)
}

// find reads the image from the first place that has it.
func (o *Options) find(ctx context.Context) (*source, error) {
	if o.Arg == "-" {
		images, err := Read(ctx, o.Input, o.Limits)
		return &source{images: images, name: "standard input"}, err
	}
	path := o.Arg
	if !filepath.IsAbs(path) {
		path = filepath.Join(o.Dir, path)
	}
	if fi, err := os.Stat(path); err == nil && o.local(path, fi) {
		return o.file(ctx, path, fi)
	} else if pathLike(o.Arg) {
		return nil, cmpError(err, errors.New("the folder holds no OCI layout (index.json)"))
	}
	ref := o.Arg
	src, why, err := o.engine(ctx, ref)
	if src != nil || err != nil {
		return src, err
	}
	if !o.namesRegistry(ref) {
		return nil, fmt.Errorf("%s, and no registry is named; to read it from Docker Hub write %s", why, "image:docker.io/"+snapshot.ParseReference(ref).Repository)
	}
	return o.registry(ctx, ref)
}

func cmpError(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

// pathLike reports whether an argument can only be a path.
func pathLike(arg string) bool {
	return filepath.IsAbs(arg) || strings.HasPrefix(arg, "./") || strings.HasPrefix(arg, "../")
}

// local reports whether a path is an image: a file, or a folder with an index.
func (o *Options) local(path string, fi os.FileInfo) bool {
	if !fi.IsDir() {
		return true
	}
	_, err := os.Stat(filepath.Join(path, layoutFile))
	return err == nil
}

func (o *Options) file(ctx context.Context, path string, fi os.FileInfo) (*source, error) {
	src := &source{name: filepath.Base(path)}
	o.say("%s: read from the file system", src.name)
	var err error
	if fi.IsDir() {
		src.images, err = ReadFolder(ctx, path, o.Limits)
		return src, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	src.images, err = Read(ctx, f, o.Limits)
	return src, err
}

// engine reads the image from the user's engine. Why says why it was not there.
func (o *Options) engine(ctx context.Context, ref string) (src *source, why string, err error) {
	c, err := o.Engine()
	if err != nil {
		return nil, "no engine answers here (" + dockerapi.Reason(err) + ")", nil
	}
	defer c.Close()
	raw, err := c.ImageInspectRaw(ctx, ref)
	switch {
	case dockerapi.IsGone(err):
		return nil, "the engine at " + c.Endpoint().Address + " has no such image", nil
	case err != nil:
		return nil, "", err
	}
	var known struct {
		ID          string `json:"Id"`
		RepoTags    []string
		RepoDigests []string
	}
	if err := json.Unmarshal(raw, &known); err != nil {
		return nil, "", errors.New("the engine describes it in an unknown form")
	}
	o.say("%s: read from the engine at %s", ref, c.Endpoint().Address)
	stream, err := c.Save(ctx, known.ID)
	if err != nil {
		return nil, "", err
	}
	defer stream.Close()
	src = &source{name: ref, target: c.Endpoint().Address, remote: !c.Endpoint().Local}
	if src.images, err = Read(ctx, stream, o.Limits); err != nil {
		return nil, "", err
	}
	for i := range src.images {
		src.images[i].Tags, src.images[i].Digests = kept(known.RepoTags), kept(known.RepoDigests)
	}
	return src, "", nil
}

// kept bounds what a stranger calls an image.
func kept(list []string) []string {
	list = slices.DeleteFunc(list, func(s string) bool { return s == "" || len(s) > maxName || strings.HasPrefix(s, "<none>") })
	return sorted(list[:min(len(list), maxKept)])
}

// namesRegistry reports whether a reference says where it is: only then does the
// network get used.
func (o *Options) namesRegistry(ref string) bool {
	host, _, found := strings.Cut(ref, "/")
	return found && (strings.ContainsAny(host, ".:") || host == "localhost")
}

func (o *Options) registry(ctx context.Context, ref string) (*source, error) {
	host, _, _ := strings.Cut(ref, "/")
	m, err := registry.Find(ctx, ref, o.Login(host))
	if err != nil {
		return nil, err
	}
	o.say("%s: read from the registry %s", ref, m.Host)
	src := &source{name: ref, target: m.URL, remote: true}
	if src.images, err = ReadManifest(ctx, m, m.Digest, o.Limits); err != nil {
		return nil, err
	}
	for i := range src.images {
		r := snapshot.ParseReference(ref)
		if r.Tag != "" || r.Digest == "" {
			src.images[i].Tags = []string{strings.TrimSuffix(ref, "@"+r.Digest)}
		}
		src.images[i].Digests = []string{m.Host + "/" + m.Repository + "@" + m.Digest}
	}
	return src, nil
}

func (o *Options) say(format string, a ...any) {
	if o.Note != nil {
		o.Note(fmt.Sprintf(format, a...))
	}
}
