package files

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"plimsoll/internal/collect/host"
	"plimsoll/internal/kustomize"
)

// Bounds of a search.
const (
	maxEntries = 200_000 // files and folders looked at
	maxDepth   = 24      // folders below one another
	maxKind    = 5_000   // files of one kind
	maxObjects = 50_000  // files that may hold objects of Kubernetes
	sniffBytes = 8 << 10 // read of a YAML file of another name, to say what it is
)

// skipped are folders that hold what others wrote or what is generated.
var skipped = []string{".git", "node_modules", "vendor"}

// found is what a search came across. Paths are from the folder, with slashes.
type found struct {
	compose, dockerfiles []string
	daemons              []string           // daemon.json
	registries           []string           // configurations of registries
	clients              map[string]*client // configurations of the Docker command, by their folder
	manifests            []string           // YAML and JSON that may hold objects of Kubernetes
	kustomized, charts   []string           // kustomization.yaml, Chart.yaml
	passed               map[string]int     // folders of the names in skipped
	other                map[string]int     // kinds that are not judged
	links                int                // symbolic links to folders
	entries              int
	cut                  bool
}

var (
	composeName  = regexp.MustCompile(`^(?:docker-)?compose(?:[.-][A-Za-z0-9_.-]+)?\.ya?ml$`)
	overrideName = regexp.MustCompile(`^(?:docker-)?compose\.override\.ya?ml$`)
	templateName = regexp.MustCompile(`\.(?:template|tmpl|tpl|j2|jinja2?|erb|in|md|txt|orig|bak|swp|dockerignore)$`)
)

// mainNames are the names that docker compose looks for, in its order.
var mainNames = []string{"compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"}

// daemonName is the configuration file of an engine.
const daemonName = "daemon.json"

// Judged reports whether a path is by its name one of a file that may be judged:
// a compose file, a Dockerfile, or the configuration of an engine, of the Docker
// command or, as any YAML, of a registry or Kubernetes manifests.
func Judged(p string) bool {
	p = filepath.ToSlash(p)
	name := path.Base(p)
	return composeName.MatchString(name) || dockerfileName(name) || name == daemonName || name == clientName || name == "Kustomization" || path.Ext(name) == ".yml" || path.Ext(name) == ".yaml" || contextName.MatchString(p)
}

// none reports whether nothing was found that can be judged.
func (f *found) none() bool {
	return len(f.compose)+len(f.dockerfiles)+len(f.daemons)+len(f.clients)+len(f.registries) == 0 && !f.kubernetes()
}

// kubernetes reports whether something was found that may define objects.
func (f *found) kubernetes() bool { return len(f.manifests)+len(f.kustomized)+len(f.charts) > 0 }

func dockerfileName(name string) bool {
	lower := strings.ToLower(name)
	if templateName.MatchString(lower) {
		return false
	}
	return name == "Dockerfile" || name == "Containerfile" || strings.HasPrefix(name, "Dockerfile.") || strings.HasPrefix(name, "Dockerfile-") ||
		strings.HasPrefix(name, "Containerfile.") || strings.HasSuffix(lower, ".dockerfile")
}

// take sorts one file by its name; sniff looks into YAML of other names.
func (f *found) take(rel string, sniff func(string) string) {
	name := path.Base(rel)
	switch {
	case composeName.MatchString(name):
		f.compose = append(f.compose, rel)
	case dockerfileName(name):
		f.dockerfiles = append(f.dockerfiles, rel)
	case slices.Contains(kustomize.Names, name):
		f.kustomized = append(f.kustomized, rel)
	case name == chartName:
		f.charts = append(f.charts, rel)
	case strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml"):
		switch sniff(rel) {
		case registryKind:
			f.registries = append(f.registries, rel)
		case manifestKind:
			f.manifests = append(f.manifests, rel)
		}
	case strings.HasPrefix(name, "Dockerfile") && templateName.MatchString(name) && !strings.HasSuffix(name, ".dockerignore"):
		f.count("Dockerfile template")
	case name == daemonName:
		f.daemons = append(f.daemons, rel)
	case name == clientName:
		if sniff(rel) == clientKind {
			f.takeClient(path.Dir(rel), "")
		}
	case name == "meta.json":
		if m := contextName.FindStringSubmatch(rel); m != nil {
			f.takeClient(path.Clean(m[1]), m[2])
		}
	case strings.HasPrefix(name, "docker-bake."):
		f.count("bake file")
	case strings.HasSuffix(name, ".json") || strings.HasSuffix(name, ".jsonl") || strings.HasSuffix(name, ".ndjson"):
		if sniff(rel) == manifestKind {
			f.manifests = append(f.manifests, rel)
		}
	}
	f.cut = f.cut || max(len(f.compose), len(f.dockerfiles), len(f.daemons), len(f.clients), len(f.registries)) > maxKind || len(f.manifests) > maxObjects
}

func (f *found) count(kind string) {
	if kind == "" {
		return
	}
	if f.other == nil {
		f.other = make(map[string]int)
	}
	f.other[kind]++
}

// note says what was seen and is not judged.
func (f *found) note() string {
	var parts []string
	for _, k := range sortedKeys(f.other) {
		parts = append(parts, plural(f.other[k], k)+" not judged by this version")
	}
	for _, k := range sortedKeys(f.passed) {
		parts = append(parts, plural(f.passed[k], "folder")+" "+k+" passed over")
	}
	if f.links > 0 {
		parts = append(parts, plural(f.links, "link")+" to folders not followed")
	}
	return strings.Join(parts, "; ")
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

var errEnough = errors.New("enough")

func (c *collector) walk(ctx context.Context) {
	f := &c.found
	f.passed = make(map[string]int)
	err := fs.WalkDir(c.root.FS(), ".", func(rel string, d fs.DirEntry, err error) error {
		if f.entries++; f.entries > maxEntries || f.cut || ctx.Err() != nil {
			return errEnough
		}
		switch {
		case err != nil:
			c.fail(partOther, rel, cause(err))
			return fs.SkipDir
		case d.IsDir() && rel != "." && slices.Contains(skipped, d.Name()):
			f.passed[d.Name()]++
			return fs.SkipDir
		case d.IsDir() && strings.Count(rel, "/") >= maxDepth:
			c.fail(partOther, rel, fmt.Errorf("lies deeper than %d folders and was not looked into", maxDepth))
			return fs.SkipDir
		case d.IsDir():
			return nil
		case d.Type()&fs.ModeSymlink != 0:
			if fi, err := c.root.Stat(rel); err == nil && fi.IsDir() {
				f.links++
				return nil
			}
		case !d.Type().IsRegular():
			return nil
		}
		f.take(rel, c.sniff)
		return nil
	})
	f.cut = f.cut || err != nil
	slices.Sort(f.compose)
	slices.Sort(f.dockerfiles)
	slices.Sort(f.daemons)
	slices.Sort(f.registries)
	slices.Sort(f.manifests)
}

func cause(err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return pe.Err
	}
	return err
}

// sniff says what a YAML or JSON file is, when it is of a kind that we know of.
func (c *collector) sniff(rel string) string {
	f, err := c.openFile(rel)
	if err != nil {
		return ""
	}
	defer f.Close()
	if c.head == nil {
		c.head = make([]byte, 1+sniffBytes)
		c.head[0] = '\n'
	}
	n, err := io.ReadFull(f, c.head[1:])
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return ""
	}
	if text := c.head[:1+n]; Manifest(text, n == sniffBytes) {
		return manifestKind
	} else if path.Base(rel) == clientName && clientKeys.Match(text) {
		return clientKind
	} else if path.Base(rel) != clientName && host.RegistryHead(text[1:]) {
		return registryKind
	}
	return ""
}

// manifestKind is what sniff calls a file that may hold objects of Kubernetes, and
// chartName the file that makes a folder a Helm chart.
const (
	manifestKind = "Kubernetes manifest"
	chartName    = "Chart.yaml"
)

var versionKey = regexp.MustCompile(`(?m)(?:^[\x{feff}\s{-]*|[{,]\s*)["']?apiVersion["']?\s*:\s*["']?[a-z]`)

// Manifest reports whether a text may hold objects of Kubernetes. cut says that it
// is the begin of one only. Reading it decides.
func Manifest(text []byte, cut bool) bool {
	return bytes.Contains(text, []byte("apiVersion")) && (cut || bytes.Contains(text, []byte("kind"))) && versionKey.Match(text)
}

var errNoFile = errors.New("is no regular file")

// openFile opens a regular file below the folder. A pipe does not make it wait.
func (c *collector) openFile(rel string) (*os.File, error) {
	f, err := c.root.OpenFile(filepath.FromSlash(rel), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	if fi, err := f.Stat(); err != nil || !fi.Mode().IsRegular() {
		f.Close()
		return nil, errNoFile
	}
	return f, nil
}

// read returns the content of a file below the folder, of at most limit bytes.
func (c *collector) read(rel string, limit int) ([]byte, error) {
	if b, ok := c.Instead[rel]; ok && len(b) <= limit {
		return b, nil
	}
	f, err := c.openFile(rel)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("cannot be read: there is no such file%w", hidden{fs.ErrNotExist})
	case err != nil:
		return nil, fmt.Errorf("cannot be read: %w", cause(err))
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, int64(limit)+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("cannot be read: %w", cause(err))
	case len(b) > limit:
		return nil, fmt.Errorf("is larger than the %d bytes that are read", limit)
	}
	return b, nil
}

// hidden wraps an error that was worded already.
type hidden struct{ error }

func (hidden) Error() string   { return "" }
func (h hidden) Unwrap() error { return h.error }
