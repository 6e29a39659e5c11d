// Package compose reads compose files as docker compose does and says what
// containers it would create. It is the only importer of the compose library.
//
// The files come from strangers. Before the library sees one, it is read within
// bounds and parsed by our own reader; what it names (extends, include, env
// files) is read only where the caller allows it, and never over the network.
// Nothing is taken from the environment of the process, nothing is built, and
// values of variables stay inside.
package compose

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/sirupsen/logrus"

	"plimsoll/internal/snapshot"
	"plimsoll/internal/yaml"
)

// Bounds of one project. The library's time grows with the square of the length
// of a list, of a text, and of the number of services, so that these are kept
// far above what people write and where it still answers within seconds.
const (
	maxFiles    = 64        // compose files, the included and extended ones counted
	maxServices = 1_000     // of all of them
	maxNodes    = 15_000    // values of all of them, expanded
	maxEntries  = 2_000     // of one list or mapping
	maxText     = 16 << 10  // bytes of one value, before and after variables are replaced
	maxBytes    = 1 << 20   // of one file
	maxOutput   = 4 << 20   // bytes that variables may make of the text
	maxPorts    = 12_000    // ports in ranges
	maxCopies   = 1_000_000 // values times extensions
)

// Options say what to load.
type Options struct {
	Files []string // absolute paths; later ones override earlier ones
	Dir   string   // project directory, absolute
	Name  string   // of the project, where no file names it

	// Read returns the content of a file, at most limit bytes, or says why it is
	// not read. The library reads the same path again afterwards.
	Read func(path string, limit int) ([]byte, error)
}

// Project is what the files describe.
type Project struct {
	Name     string
	Files    []string // every compose file that was read
	Services []Service
	Volumes  []snapshot.Volume // those that bind a folder of the host; without scope

	// Networks are those that services join, without scope. One that is made
	// elsewhere has no driver.
	Networks []snapshot.Network
}

// Service is one service, whatever its profiles and replicas.
type Service struct {
	Name   string
	Spec   snapshot.ContainerSpec
	Loc    snapshot.Location
	Fields []snapshot.FieldLoc
	Build  *Build
}

// Build is how a service builds its image.
type Build struct {
	Context    string // absolute path, or a URL without credentials
	Dockerfile string // absolute path; "" is inline, elsewhere, or hangs on a variable without a value
	Inline     *Inline
	Secrets    []string
	Target     string
	Unresolved bool // the context does
	Loc        snapshot.Location

	// Args are the arguments with their values, which are not to leave the
	// collector; nil is one whose value is not known. Shapes is what may be kept.
	Args   map[string]*string
	Shapes []snapshot.BuildVar
}

// Inline is a Dockerfile that stands in the compose file itself.
type Inline struct {
	Text       string
	Unresolved bool              // it hangs on a variable without a value
	Loc        snapshot.Location // of its text
	Block      bool              // its lines are those of the file, from the one after Loc
}

// Load reads a project. Errors are [*yaml.Error] with the place, as far as it
// is known; they hold no value of a variable.
func Load(ctx context.Context, o Options) (p *Project, err error) {
	logrus.SetOutput(io.Discard) // the library warns on standard error, in the words of the files
	s := newSources(o)
	defer func() {
		// The library is fed by strangers: should it break, the project is refused.
		if r := recover(); r != nil {
			p, err = nil, &yaml.Error{File: o.Files[0], Msg: "is not a compose file that can be understood: the reader gave up on it"}
		}
	}()
	for _, f := range o.Files {
		if err := s.add(f, o.Dir); err != nil {
			return nil, err
		}
	}
	env, err := s.environment()
	if err != nil {
		return nil, err
	}
	project, err := loader.LoadWithContext(ctx, s.details(env), s.configure(env))
	if err != nil {
		return nil, s.explain(err)
	}
	return s.project(project), nil
}

func (s *sources) details(env map[string]string) types.ConfigDetails {
	d := types.ConfigDetails{WorkingDir: s.Options.Dir, Environment: maps.Clone(env)}
	for _, f := range s.Files {
		d.ConfigFiles = append(d.ConfigFiles, types.ConfigFile{Filename: f, Content: s.content[f]})
	}
	return d
}

func (s *sources) configure(env map[string]string) func(*loader.Options) {
	return func(o *loader.Options) {
		name, explicit := s.Name, false
		if n := env["COMPOSE_PROJECT_NAME"]; n != "" {
			name, explicit = n, true
		}
		if name = loader.NormalizeProjectName(name); name == "" {
			name, explicit = "default", false
		}
		o.SetProjectName(name, explicit)
		o.Profiles = []string{"*"}
		o.ResourceLoaders = []loader.ResourceLoader{s}
		// Env files are read by us, within bounds; label files say nothing here. A
		// network that is not declared does not keep the rest from being judged.
		o.SkipResolveEnvironment, o.SkipResolveLabels, o.SkipConsistencyCheck = true, true, true
		s.interpolation(o)
	}
}

// project maps everything the library made of the files.
func (s *sources) project(p *types.Project) *Project {
	out := &Project{Name: p.Name, Files: slices.Clone(s.order)}
	all := p.AllServices()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		svc := all[name]
		if svc.Provider != nil {
			continue // something outside compose runs it
		}
		m := mapper{sources: s, p: p, svc: &svc}
		out.Services = append(out.Services, m.service())
	}
	for _, key := range slices.Sorted(maps.Keys(p.Volumes)) {
		v := p.Volumes[key]
		if dev := v.DriverOpts["device"]; dev != "" && (v.Driver == "" || v.Driver == "local") && v.DriverOpts["o"] != "" {
			out.Volumes = append(out.Volumes, snapshot.Volume{Name: v.Name, Driver: "local", Device: dev})
		}
	}
	for _, key := range slices.Sorted(maps.Keys(p.Networks)) {
		out.Networks = append(out.Networks, s.network(key, p.Networks[key]))
	}
	return out
}

// network describes a network as the engine would. Of its options those stay
// that say how packets go.
func (s *sources) network(key string, n types.NetworkConfig) snapshot.Network {
	w := snapshot.Network{Name: n.Name, Internal: n.Internal}
	if !n.External {
		w.Driver, w.IPv6 = cmp.Or(n.Driver, "bridge"), n.EnableIPv6 != nil && *n.EnableIPv6
	}
	for _, k := range slices.Sorted(maps.Keys(n.DriverOpts)) {
		if v := n.DriverOpts[k]; k == "encrypted" || strings.HasPrefix(k, "com.docker.network.") && len(v) <= 64 && !strings.Contains(v, "://") {
			w.Options = append(w.Options, snapshot.Pair{Key: k, Value: v})
		}
	}
	for _, file := range slices.Backward(s.order) {
		for _, d := range s.trees[file] {
			for _, p := range d.Get("networks").Entries() {
				if p.Key.Value == key && w.Loc == nil {
					at := place{file, p}.loc()
					w.Loc = &at
				}
			}
		}
	}
	return w
}

// refuse is an error about a whole file, or about a place in it.
func refuse(file string, n *yaml.Node, format string, a ...any) *yaml.Error {
	e := &yaml.Error{File: file, Msg: fmt.Sprintf(format, a...)}
	if n != nil {
		e.Line, e.Column = n.Line, n.Col
	}
	return e
}

// asYAML keeps an error that has its place already.
func asYAML(err error) *yaml.Error {
	if e, ok := errors.AsType[*yaml.Error](err); ok {
		return e
	}
	return nil
}
