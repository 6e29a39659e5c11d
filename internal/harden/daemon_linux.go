package harden

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"
	"time"

	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

// daemonSetting changes keys of the engine's configuration file. The new file is
// validated before it takes the old one's place, so that no moment leaves one
// that the engine would not start with.
type daemonSetting struct {
	*runner
	restart bool // the engine takes the keys at its start only
}

// How long a reload or a restart may take to show.
const (
	reloadTime  = 10 * time.Second
	restartTime = 90 * time.Second
	lookEvery   = 100 * time.Millisecond
)

const defaultConfig = "/etc/docker/daemon.json"

// look finds the engine's process and its configuration.
func (d daemonSetting) look(ctx context.Context) (snapshot.DaemonProcess, *snapshot.DaemonConfig, error) {
	m := d.opts.Machine()
	m.Loaded(Loaded(d.opts.State))
	proc := m.Daemon(ctx, d.eng.Endpoint().Address)
	if !proc.Known() {
		return proc.V, nil, errors.New("the engine's process was not found on this machine, so its configuration cannot be changed from here")
	}
	cfg := m.Config(ctx, proc.V)
	if !cfg.Known() || cfg.V.FileSeen != snapshot.Observed && cfg.V.FileSeen != snapshot.Absent {
		return proc.V, nil, fmt.Errorf("the engine's configuration %s was not readable, or is not one that it understands", printable(cfg.V.File))
	}
	return proc.V, &cfg.V, nil
}

func (d daemonSetting) read(ctx context.Context, s step.Step) (map[string]string, error) {
	_, cfg, err := d.look(ctx)
	if err != nil {
		return nil, err
	}
	out := make(map[string]string, len(s.Set))
	for _, c := range s.Set {
		x, ok := snapshot.EngineSettings[c.Field]
		if !ok {
			return nil, fmt.Errorf("the engine's setting %q is not one that this version changes", printable(c.Field))
		}
		if cfg.Origin(x.Path[0]) == "flag" {
			return nil, fmt.Errorf("%s is set on the engine's command line, and the engine does not start with a key in both places; change the flag in its unit", x.Path[0])
		}
		v, ok := x.Get(cfg)
		if !ok {
			return nil, fmt.Errorf("the value of %s in %s was not understood", x.Path[0], printable(cfg.File))
		}
		out[c.Field] = v
	}
	return out, nil
}

func (d daemonSetting) ready(ctx context.Context, s step.Step) ([]string, error) {
	proc, cfg, err := d.look(ctx)
	if err != nil {
		return nil, refuse("%v", err)
	}
	for _, c := range s.Set {
		if x := snapshot.EngineSettings[c.Field]; !x.Reload && !d.restart {
			return nil, refuse("the engine takes %s at its start only", printable(c.Field))
		}
	}
	switch {
	case len(cfg.Twice) > 0:
		return nil, refuse("the engine takes no change of %s: %s stand on its command line too", printable(cfg.File), printable(strings.Join(cfg.Twice, ", ")))
	case len(cfg.Unknown) > 0:
		return nil, refuse("the engine takes no change of %s: it does not know %s", printable(cfg.File), printable(strings.Join(cfg.Unknown, ", ")))
	case !sameMounts(proc.PID):
		return nil, refuse("the engine sees other files than this process (it has a mount namespace of its own); change %s where it runs", printable(cfg.File))
	}
	img, err := readConfigFile(cfg.File)
	if err != nil {
		return nil, err
	}
	if img.Absent && cfg.File != defaultConfig {
		return nil, refuse("the command line names %s, which is not there; the engine takes no reload and no start like this", printable(cfg.File))
	}
	content, err := edited(img.Content, s.Set, to)
	if err == nil {
		err = d.valid(ctx, proc, content)
	}
	if err != nil {
		return nil, refuse("%s: %v", printable(cfg.File), err)
	}
	if d.restart {
		return d.restartable(ctx, proc)
	}
	return d.alongside(ctx, s, cfg)
}

// alongside warns of values that somebody wrote into the file and never had the
// engine read: a reload takes them too.
func (d daemonSetting) alongside(ctx context.Context, s step.Step, cfg *snapshot.DaemonConfig) ([]string, error) {
	info, err := d.daemonInfo(ctx)
	if err != nil {
		return nil, err
	}
	var warnings []string
	for field, x := range snapshot.EngineSettings {
		v, ok := x.Get(cfg)
		mine := slices.ContainsFunc(s.Set, func(c step.Change) bool { return c.Field == field })
		if x.Reload && ok && !mine && len(info.unlike(map[string]string{field: v})) > 0 {
			warnings = append(warnings, fmt.Sprintf("the file sets %s, which the engine has not read yet: the reload brings that into force too", field))
		}
	}
	slices.Sort(warnings)
	return warnings, nil
}

// restartable refuses a restart that would stop containers, and warns where
// there will be none.
func (d daemonSetting) restartable(ctx context.Context, proc snapshot.DaemonProcess) ([]string, error) {
	if unitOf(proc.PID) == "" {
		return []string{"systemd does not run the engine, so it is not restarted: the file is written and takes effect after the engine's next start"}, nil
	}
	info, err := d.daemonInfo(ctx)
	if err != nil {
		return nil, err
	}
	planned := d.peers != nil && slices.ContainsFunc(d.coming, func(s step.Step) bool {
		return s.Kind == step.DaemonReload && slices.ContainsFunc(s.Set, func(c step.Change) bool { return c.Field == "live-restore" && c.To == "true" })
	})
	if info.ContainersRunning > 0 && !info.LiveRestoreEnabled && !planned {
		return nil, refuse("%d containers run and would stop with the engine; apply daemon-live-restore first or with it, or stop them", info.ContainersRunning)
	}
	return []string{"containers that run keep running and keep the networks' former settings until they are started anew"}, nil
}

// sameMounts reports whether a process sees the files that this one sees.
func sameMounts(pid int) bool {
	theirs, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/mnt", pid))
	ours, errOurs := os.Readlink("/proc/self/ns/mnt")
	return err == nil && errOurs == nil && theirs == ours
}

func (d daemonSetting) before(ctx context.Context, _ step.Step) ([]byte, error) {
	proc, cfg, err := d.look(ctx)
	if err != nil {
		return nil, err
	}
	img, err := readConfigFile(cfg.File)
	if err != nil {
		return nil, err
	}
	info, err := d.daemonInfo(ctx)
	if err != nil {
		return nil, err
	}
	img.Running, img.PID, img.Started = info.running(), proc.PID, proc.Started.Unix()
	e := snapshot.Engine{Process: snapshot.Seen(proc, ""), Config: snapshot.Seen(*cfg, "")}
	img.Loaded = !e.Unread()
	return json.Marshal(img)
}

func (d daemonSetting) apply(ctx context.Context, s step.Step, image []byte) error {
	img, err := parseImage(image)
	if err != nil {
		return err
	}
	now, err := readConfigFile(img.Path)
	if err != nil {
		return err
	}
	if !now.same(img) {
		return fmt.Errorf("somebody changed %s a moment ago", printable(img.Path))
	}
	content, err := edited(img.Content, s.Set, to)
	if err != nil {
		return err
	}
	proc, _, err := d.look(ctx)
	if err != nil {
		return err
	}
	if err := d.valid(ctx, proc, content); err != nil {
		return err
	}
	if err := img.write(content); err != nil {
		return err
	}
	d.reached(s.ID, "written")
	if !d.restart {
		d.noteLoaded(img, proc)
		return nil
	}
	return d.again(ctx, proc)
}

// noteLoaded keeps a change of keys that reload from casting doubt on the others: an
// engine that ran with the file as it was runs with it as it is.
func (d daemonSetting) noteLoaded(img *configImage, proc snapshot.DaemonProcess) {
	if img.Loaded && img.runs(proc) {
		noteLoaded(d.opts.State, img.Path, proc.PID)
	}
}

func parseImage(b []byte) (*configImage, error) {
	var img configImage
	if err := json.Unmarshal(b, &img); err != nil || !path.IsAbs(img.Path) {
		return nil, fmt.Errorf("%w: a before-image of the engine's configuration is not readable", ErrJournal)
	}
	return &img, nil
}

// settle has the engine read the file and waits for it to say so.
func (d daemonSetting) settle(ctx context.Context, s step.Step) error {
	if d.restart {
		return nil
	}
	want := make(map[string]string)
	for _, c := range s.Set {
		want[c.Field] = c.To
	}
	return d.reload(ctx, want)
}

// reload sends SIGHUP and waits until the engine reports the values; "" is
// anything.
func (d daemonSetting) reload(ctx context.Context, want map[string]string) error {
	proc, _, err := d.look(ctx)
	if err != nil {
		return err
	}
	if err := signal(proc, syscall.SIGHUP); err != nil {
		return fmt.Errorf("ask the engine to read its configuration: %w", err)
	}
	var info daemonInfo
	for end := time.Now().Add(reloadTime); ; {
		if info, err = d.daemonInfo(ctx); err != nil {
			return err
		}
		diff := info.unlike(want)
		if len(diff) == 0 {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("the engine was asked to reload, but %s; its log says why", strings.Join(diff, ", "))
		}
		if err := pause(ctx, lookEvery); err != nil {
			return err
		}
	}
}

// pending says that a step's values are written but not in force.
func (r *runner) pending(ctx context.Context, j *Journal, e *Entry) string {
	if e.Step.Kind != step.DaemonRestart {
		return ""
	}
	image, err := beforeOf(j, e)
	if err != nil {
		return err.Error()
	}
	img, err := parseImage(image)
	if err != nil {
		return err.Error()
	}
	proc, _, err := daemonSetting{runner: r}.look(ctx)
	if err != nil {
		return err.Error()
	}
	if img.runs(proc) {
		return "it is written and takes effect after a restart of the engine"
	}
	return ""
}
