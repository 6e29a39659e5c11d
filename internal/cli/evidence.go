package cli

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"plimsoll/internal/collect/survey"
	"plimsoll/internal/dockerapi"
	"plimsoll/internal/harden"
	"plimsoll/internal/kubeapi"
	"plimsoll/internal/report/text"
	"plimsoll/internal/snapshot"
)

// parallel is how many requests and files are read at once.
const parallel = 8

// collectFlags are those of every command that may collect.
type collectFlags struct {
	logFlags
	timeout span
	state   string
	files   survey.Evidence
	values  []string
	probe   bool
	root    string

	kubeconfig string
	kubelets   bool
}

// rootVariable is the environment's form of --root; images of plimsoll set it.
const rootVariable = "PLIMSOLL_ROOT"

func (f *collectFlags) register(cmd *cobra.Command) {
	f.logFlags.register(cmd)
	cmd.Flags().Var(&f.timeout, "timeout", "stop collecting after this time, such as 30s, and go on with what there is")
	cmd.Flags().StringArrayVar(&f.files.Reports, "report", nil, "report of Trivy, Grype, CycloneDX or OpenVEX; it counts for the images that it names by digest")
	cmd.Flags().StringArrayVar(&f.files.Signatures, "signature", nil, "signature of an image: a sigstore bundle, or a payload of cosign with its signature in FILE.sig")
	cmd.Flags().StringArrayVar(&f.files.Keys, "key", nil, "public key in PEM that signatures are verified with, offline")
	cmd.Flags().StringArrayVar(&f.values, "values", nil, "file of values that Helm charts are rendered with, one rendering for each; default: values.yaml, and each values-*.yaml beside it")
	cmd.Flags().StringVar(&f.root, "root", "", "where the machine's root is mounted, for a run inside a container (default $"+rootVariable+")")
	cmd.Flags().StringVar(&f.kubeconfig, "kubeconfig", "", "file that names clusters and users, in the place of $KUBECONFIG and ~/.kube/config")
	cmd.Flags().BoolVar(&f.kubelets, "kubelets", false, "of a cluster, ask every kubelet for its configuration through the API server; needs get on nodes/proxy")
	cmd.Flags().StringVar(&f.state, "state", "", "state folder of harden, which says what containers are kept for a rollback")
}

// registerProbe adds --probe to the commands that may send more than reads.
func (f *collectFlags) registerProbe(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.probe, "probe", false, "send named registries more than reads, undone at once; plimsoll doctor lists what")
}

// machine is where the machine's root is mounted; "" outside of containers.
func (f *collectFlags) machine(a *app) (string, error) {
	root := cmp.Or(f.root, a.Env(rootVariable))
	if root == "" || root == "/" {
		return "", nil
	}
	if !path.IsAbs(root) {
		return "", usage("--root %s is not an absolute path", quote(root))
	}
	return path.Clean(root), nil
}

// stateDir is the folder of journals; inside a container that of the machine.
func (f *collectFlags) stateDir(a *app) (string, error) {
	if f.state != "" {
		return a.path(f.state), nil
	}
	if root, err := f.machine(a); err != nil || root != "" {
		return path.Join(root, "/var/lib/plimsoll"), err
	}
	dir, err := harden.StateDir()
	if err != nil {
		return "", usage("%v; give one with --state", err)
	}
	return dir, nil
}

// source is the evidence that a command works on.
type source struct {
	document
	live    bool
	target  string // the one engine that was named, as a target; "" where none or several were
	partial error  // the run was interrupted: what there is, is here
}

// evidence collects from the targets or reads the saved file. With no target
// and no engine it is the bundled example, when that serves the command.
func (a *app) evidence(ctx context.Context, cmd *cobra.Command, f *collectFlags, args []string, exampleServes bool) (*source, error) {
	if err := f.apply(a.log); err != nil {
		return nil, err
	}
	t, err := a.parseTargets(args)
	if err != nil {
		return nil, err
	}
	if t.file != "" && (len(f.files.Reports) > 0 || len(f.files.Signatures) > 0) {
		return nil, usage("--report and --signature go with collecting; %s is saved evidence", quote(t.file))
	}
	if f.probe && !slices.ContainsFunc(t.live, func(l survey.Target) bool { return l.Kind == "registry" }) {
		return nil, usage("--probe sends nothing to anything but a registry that is named; add registry:HOST[:PORT]")
	}
	if t.file == "-" {
		text, err := io.ReadAll(io.LimitReader(a.In, snapshot.MaxBytes+1))
		if err != nil {
			return nil, usage("standard input cannot be read: %v", err)
		}
		if a.In = bytes.NewReader(text); manifests(text, false) {
			return a.live(ctx, f, []survey.Target{{Kind: "files", Arg: "-"}})
		}
	}
	if t.file != "" {
		d, err := a.readDocument(t.file)
		if err != nil {
			return nil, err
		}
		return &source{document: *d}, nil
	}
	src, err := a.live(ctx, f, t.live)
	if len(t.live) > 0 || ctx.Err() != nil {
		return src, err
	}
	a.noteSkipped(cmd, f)
	if !errors.Is(err, survey.ErrNothing) {
		return src, err
	}
	if !exampleServes {
		return nil, failure(errors.New("no Docker engine answers on this machine; name one with docker:CONTEXT-OR-URL"))
	}
	a.log.note("no Docker engine answers on this machine; showing the bundled example")
	s, err := a.example()
	if err != nil {
		return nil, failure(err)
	}
	return &source{document: document{snapshot: s, file: exampleName}}, nil
}

// exampleName is what the bundled example is called where a file would be.
const exampleName = "the bundled example"

// live collects. On an interrupt the evidence so far comes with partial set.
func (a *app) live(ctx context.Context, f *collectFlags, ts []survey.Target) (*source, error) {
	saved := make(map[string]*snapshot.Snapshot)
	for _, t := range ts {
		var err error
		switch t.Kind {
		case "saved":
			saved[t.Arg], err = a.openSaved(t.Arg)
		case "docker":
			_, err = dockerapi.Resolve(t.Arg, a.Env, a.Home)
		case "k8s":
			_, err = kubeapi.Load(kubeapi.Request{Context: t.Arg, Kubeconfig: f.kubeconfig, Env: a.Env, Home: a.Home})
		}
		if err != nil {
			return nil, usage("%v", err)
		}
	}
	root, err := f.machine(a)
	if err != nil {
		return nil, err
	}
	inner := ctx
	if f.timeout > 0 {
		var cancel context.CancelFunc
		inner, cancel = context.WithTimeout(ctx, time.Duration(f.timeout))
		defer cancel()
	}
	target := a.named(ts)
	p := a.progress()
	s, err := a.collect(inner, survey.Options{
		Targets: ts, Tool: toolName(), Catalogue: catalogueVersion, Now: a.now, Env: a.Env, Home: a.Home, Dir: a.Dir, Root: root,
		Open: func(path string) (*snapshot.Snapshot, error) { return saved[path], nil }, Kept: a.kept(f), Loaded: a.loaded(f), Parallel: parallel, Progress: p.say, Probe: f.probe,
		Note: func(msg string) { a.log.note("%s", msg) }, Input: a.In, Evidence: f.files, Values: f.values, Kubeconfig: f.kubeconfig, Kubelets: f.kubelets,
	})
	p.end()
	switch {
	case ctx.Err() != nil && s != nil:
		return &source{document: document{snapshot: s}, live: true, target: target, partial: interrupted(errors.New("the evidence is partial"))}, nil
	case err != nil && inner.Err() != nil && ctx.Err() == nil:
		return nil, failure(fmt.Errorf("nothing was collected within %v: %w; give more with --timeout", time.Duration(f.timeout), err))
	case err != nil:
		return nil, failure(err)
	}
	if inner.Err() != nil {
		a.log.warn("collecting was stopped after %v; the evidence is partial", time.Duration(f.timeout))
	}
	return &source{document: document{snapshot: s}, live: true, target: target}, nil
}

// named returns the one engine that targets name, so that it is the same one in
// another shell, where DOCKER_HOST and the current context may be others; without
// an engine the cluster.
func (a *app) named(ts []survey.Target) string {
	name, cluster := "", ""
	for _, t := range ts {
		if t.Kind == "k8s" {
			cluster = strings.TrimSuffix("k8s:"+t.Arg, ":")
		}
		if t.Kind != "docker" {
			continue
		}
		if name != "" {
			return ""
		}
		name = "docker"
		if e, err := dockerapi.Resolve(t.Arg, a.Env, a.Home); t.Arg != "" && t.Arg != "default" {
			name += ":" + t.Arg
		} else if err == nil && e.Context != "" {
			name += ":" + e.Context
		} else if err == nil && e.Socket != dockerapi.DefaultSocket {
			name += ":" + e.Address
		}
	}
	return cmp.Or(name, cluster)
}

// openSaved reads a saved snapshot that is joined with other evidence.
func (a *app) openSaved(path string) (*snapshot.Snapshot, error) {
	d, err := a.readDocument(path)
	if err != nil {
		return nil, err
	}
	if d.snapshot == nil {
		return nil, usage("%s is a %s; with other targets only snapshots are joined", quote(path), d.kind())
	}
	return d.snapshot, nil
}

// kept asks the journals which containers wait for a rollback. Reading works
// without a state folder; what it would have said is then not known.
func (a *app) kept(f *collectFlags) map[string]string {
	dir, err := f.stateDir(a)
	if err == nil {
		var kept map[string]string
		if kept, err = harden.Kept(dir); err == nil {
			return kept
		}
	}
	a.log.warn("containers kept for a rollback, if any, are judged like others: %v", err)
	return nil
}

// loaded asks harden's notes which configuration files it brought into force. What
// they would have said is otherwise unknown, which needs no warning.
func (a *app) loaded(f *collectFlags) []snapshot.LoadedFile {
	dir, err := f.stateDir(a)
	if err != nil {
		return nil
	}
	return harden.Loaded(dir)
}

// engineError says why no engine of the snapshot could be looked into, or is
// nil when one could.
func (a *app) engineError(s *snapshot.Snapshot) error {
	err := errors.New("no Docker engine answers on this machine; name one with --target docker:CONTEXT-OR-URL")
	for _, p := range s.Parts {
		if p.Part != snapshot.PartEngineContainers || p.Item != "" {
			continue
		}
		if p.State == snapshot.Observed {
			return nil
		}
		err = errors.New(p.Detail)
		if p.Grant != "" {
			err = fmt.Errorf("%s; it would be granted by: %s", p.Detail, strings.Replace(p.Grant, grantSudo, a.withSudo(), 1))
		}
	}
	return err
}

// grantSudo is the command that evidence names when root would see more.
const grantSudo = "sudo plimsoll assess"

// withSudo is the command of this run as root.
func (a *app) withSudo() string {
	words := []string{"sudo", "plimsoll"}
	for _, arg := range a.args {
		words = append(words, text.ShellWord(arg))
	}
	return strings.Join(words, " ")
}

// noteSkipped says that the cluster which kubectl would use was left alone, and
// the engine which the docker command would, where it is elsewhere.
func (a *app) noteSkipped(cmd *cobra.Command, f *collectFlags) {
	r := kubeapi.Request{Kubeconfig: f.kubeconfig, Env: a.Env, Home: a.Home}
	if cfg, err := kubeapi.Load(r); err == nil {
		a.log.note("the cluster of %s was not asked; name it: %s k8s", cfg.Name(), cmd.CommandPath())
	} else if r.Configured() {
		a.log.note("the cluster that kubectl uses was not asked; name it: %s k8s", cmd.CommandPath())
	}
	e, err := dockerapi.Resolve("", a.Env, a.Home)
	if err != nil {
		a.log.warn("the current docker context was not looked at: %v", err)
		return
	}
	if e.Kind == dockerapi.KindUnix {
		if !slices.Contains(append(dockerapi.LocalSockets(a.Env), dockerapi.DefaultSocket), e.Socket) {
			a.log.note("the engine at %s, which docker uses now, was not asked; name it: %s docker", e.Name, cmd.CommandPath())
		}
		return
	}
	a.log.note("%s, which docker uses now, is reached over the network and was not asked; name it: %s docker", e.Name, cmd.CommandPath())
}
