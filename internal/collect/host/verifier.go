package host

import (
	"context"
	"path"
	"slices"
	"strings"

	"plimsoll/internal/snapshot"
)

const (
	containerdConfig = "/etc/containerd/config.toml"
	verifierPlugin   = "io.containerd.image-verifier.v1.bindir"
	verifierDir      = "/opt/containerd/image-verifier/bin" // containerd's default
	maxImports       = 64                                   // files that a configuration may pull in
)

// Verifier reads which programs containerd is configured to ask before it
// accepts an image. Its default directory counts only when the plugin is
// configured or the directory exists. Which code path pulls for the engine is
// not known here: PullsBy is left empty.
func (m *Machine) Verifier(ctx context.Context, d snapshot.DaemonProcess) snapshot.Fact[snapshot.Verifier] {
	type T = snapshot.Verifier
	cd, err := m.containerd(ctx, d)
	if err != nil {
		return vanished[T](err, "containerd")
	}
	view, file := cd.view, cd.config
	c := verifierConfig{view: view}
	if err := c.read(ctx, file, 0); err != nil {
		return vanished[T](err, file)
	}
	if c.unparsable {
		return snapshot.Missing[T](snapshot.Failed, snapshot.ReasonUnparsable, text(file))
	}
	dir := c.dir
	if dir == "" && (c.configured || view.exists(verifierDir)) {
		dir = verifierDir
	}
	if dir == "" || c.disabled {
		return snapshot.Seen(T{}, text(file))
	}
	v := T{BinDir: text(dir)}
	names, err := view.list(dir)
	if s, _ := outcome(err); err != nil && s != snapshot.Absent {
		return missing[T](err, text(dir))
	}
	for _, n := range names {
		p, err := view.find(dir + "/" + n)
		if err == nil && p.info.Mode().IsRegular() && p.info.Mode()&0o111 != 0 {
			v.Binaries = append(v.Binaries, text(n))
		}
	}
	slices.Sort(v.Binaries)
	return snapshot.Seen(v, text(file)+", "+v.BinDir)
}

// verifierConfig is what containerd's files say of the verifier plugin.
type verifierConfig struct {
	view       tree
	dir        string
	configured bool // the plugin has a section
	disabled   bool // the plugin is switched off
	unparsable bool // a file has parts that were not understood
	files      int
}

// read takes in one file and those that it imports. A file that does not exist
// says nothing.
func (c *verifierConfig) read(ctx context.Context, file string, depth int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if c.files++; c.files > maxImports || depth > 8 {
		return errTooLarge
	}
	b, err := c.view.read(file, maxText)
	if s, _ := outcome(err); s == snapshot.Absent {
		return nil
	}
	if err != nil {
		return err
	}
	entries, ok := scanTOML(string(b))
	c.unparsable = c.unparsable || !ok
	var imports []string
	for _, e := range entries {
		switch {
		case len(e.path) == 1 && e.path[0] == "imports":
			imports = e.strings
		case len(e.path) == 1 && e.path[0] == "disabled_plugins":
			c.disabled = c.disabled || slices.Contains(e.strings, verifierPlugin)
		case len(e.path) >= 2 && e.path[0] == "plugins" && e.path[1] == verifierPlugin:
			c.configured = true
			if len(e.path) == 3 && e.path[2] == "bin_dir" && len(e.strings) == 1 {
				c.dir = e.strings[0]
			}
			// No program at all is asked.
			c.disabled = c.disabled || len(e.path) == 3 && e.path[2] == "max_verifiers" && e.raw == "0"
		}
	}
	for _, pattern := range imports {
		if !path.IsAbs(pattern) {
			pattern = path.Join(path.Dir(file), pattern)
		}
		for _, f := range c.view.glob(pattern) {
			if err := c.read(ctx, f, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// glob expands a pattern in the last component of a path, sorted.
func (t tree) glob(pattern string) []string {
	dir, last := path.Split(pattern)
	if !strings.ContainsAny(last, `*?[\`) {
		return []string{pattern}
	}
	names, err := t.list(dir)
	if err != nil {
		return nil
	}
	var out []string
	for _, n := range names {
		if ok, err := path.Match(last, n); err == nil && ok {
			out = append(out, dir+n)
		}
	}
	slices.Sort(out)
	return out
}
