package cli

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"

	"plimsoll/internal/collect/files"
	"plimsoll/internal/collect/registry"
	"plimsoll/internal/collect/survey"
	"plimsoll/internal/yaml"
)

const accepted = "docker, docker:CONTEXT-OR-URL, host, k8s, k8s:CONTEXT, image:REF-OR-FILE, registry:HOST[:PORT], a folder or file of compose files, Docker files and Kubernetes manifests, a saved snapshot, or - for one on standard input"

// targets are what the arguments of a command name: things to collect from, or
// one saved document.
type targets struct {
	live []survey.Target // none: local evidence only
	file string          // a path, or - for the standard input
}

// parseTargets reads the arguments. A saved document stands alone, but for
// snapshots of the nodes of clusters, which are joined with each other and with
// what is collected.
func (a *app) parseTargets(args []string) (targets, error) {
	var t targets
	for _, arg := range args {
		live, file, err := a.parseTarget(arg)
		switch {
		case err != nil:
			return t, err
		case file && len(args) == 1:
			t.file = arg
		case file && arg == "-":
			return t, usage("a document on standard input stands alone; give - without other targets")
		case file:
			t.live = append(t.live, survey.Target{Kind: "saved", Arg: arg})
		case !slices.Contains(t.live, live):
			t.live = append(t.live, live)
		}
	}
	return t, nil
}

// parseTarget reads one argument; file says that it is a saved document. A
// value with a scheme may hold credentials and is not repeated in errors.
func (a *app) parseTarget(arg string) (live survey.Target, file bool, err error) {
	kind, rest, colon := strings.Cut(arg, ":")
	switch {
	case arg == "":
		return live, false, usage("a target is empty; it is %s", accepted)
	case arg == "-":
		return live, true, nil
	case kind == "docker" && (!colon || rest != ""):
		return survey.Target{Kind: "docker", Arg: rest}, false, nil
	case arg == "host":
		return survey.Target{Kind: "host"}, false, nil
	case kind == "docker":
		return live, false, usage("the target docker: names no engine; write docker for the current one, or docker:CONTEXT-OR-URL")
	case kind == "image" && colon && rest != "":
		return survey.Target{Kind: "image", Arg: rest}, false, nil
	case kind == "image" && colon:
		return live, false, usage("the target image: names no image; write image:REFERENCE, image:FILE, or image:- for a docker save stream on standard input")
	case kind == "registry" && colon:
		if _, _, err := registry.Address(rest); err != nil {
			return live, false, usage("the target registry: names no registry; write registry:HOST or registry:HOST:PORT, without a scheme, a login or a path")
		}
		return survey.Target{Kind: "registry", Arg: rest}, false, nil
	case kind == "k8s" && (!colon || rest != ""):
		return survey.Target{Kind: "k8s", Arg: rest}, false, nil
	case kind == "k8s":
		return live, false, usage("the target k8s: names no context; write k8s for the current one, or k8s:CONTEXT")
	case strings.Contains(arg, "://"):
		return live, false, usage("a URL is no target by itself; write docker:URL for an engine")
	}
	if fi, err := os.Stat(a.path(arg)); err == nil && (fi.IsDir() || a.holdsObjects(arg, fi) || files.Judged(a.path(arg)) && fi.Mode().IsRegular()) {
		return survey.Target{Kind: "files", Arg: arg}, false, nil
	}
	return live, true, a.checkFile(arg)
}

// checkFile refuses what cannot be a saved document before anything is read.
func (a *app) checkFile(name string) error {
	fi, err := os.Stat(a.path(name))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if near := yaml.Nearest(name, []string{"docker", "host", "k8s"}); near != "" {
			return usage("there is no target or file %s; did you mean %s?", quote(name), near)
		}
		return usage("there is no target or file %s; a target is %s", quote(name), accepted)
	case err != nil:
		return usage("%s cannot be looked at: %v", quote(name), cause(err))
	case fi.IsDir():
		return usage("%s is a folder; a saved document is a file", quote(name))
	case !fi.Mode().IsRegular() && fi.Mode()&fs.ModeNamedPipe == 0:
		return usage("%s is no file; a target is %s", quote(name), accepted)
	}
	return nil
}

// cause is what the system said, without the path that its error repeats.
func cause(err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return pe.Err
	}
	return err
}
