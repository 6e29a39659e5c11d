package harden

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"plimsoll/internal/snapshot"
)

// daemonInfo is what the engine reports of settings that steps change.
type daemonInfo struct {
	ServerVersion      string
	ContainersRunning  int
	LiveRestoreEnabled bool
	Debug              bool
	RegistryConfig     struct {
		InsecureRegistryCIDRs []string
		IndexConfigs          map[string]struct{ Secure bool }
	}
}

func (r *runner) daemonInfo(ctx context.Context) (daemonInfo, error) {
	var in daemonInfo
	return in, r.get(ctx, "/info", nil, &in)
}

// running returns the reported values by field, as the configuration file would
// hold them.
func (i *daemonInfo) running() map[string]string {
	list, _ := json.Marshal(i.insecure()) // texts always encode
	return map[string]string{
		"live-restore":        strconv.FormatBool(i.LiveRestoreEnabled),
		"debug":               strconv.FormatBool(i.Debug),
		"insecure-registries": string(list),
	}
}

// insecure lists the registries beside the loopback ranges, which engines add by
// themselves.
func (i *daemonInfo) insecure() []string {
	out := []string{}
	for name, x := range i.RegistryConfig.IndexConfigs {
		if !x.Secure {
			out = append(out, name)
		}
	}
	for _, r := range i.RegistryConfig.InsecureRegistryCIDRs {
		if !loopbackRange(r) {
			out = append(out, r)
		}
	}
	slices.Sort(out)
	return out
}

func loopbackRange(s string) bool {
	p, err := netip.ParsePrefix(s)
	return err == nil && p.Addr().IsLoopback()
}

// unlike lists which reported values are not as wanted; "" is anything.
func (i *daemonInfo) unlike(want map[string]string) []string {
	var diff []string
	for field, got := range i.running() {
		w := want[field]
		if w == "" || w == got {
			continue
		}
		if field == "insecure-registries" {
			var list []string
			if json.Unmarshal([]byte(w), &list) == nil {
				list = slices.DeleteFunc(list, loopbackRange)
				slices.Sort(list)
				if slices.Equal(list, i.insecure()) {
					continue
				}
			}
		}
		diff = append(diff, fmt.Sprintf("it reports %s for %s", printable(got), field))
	}
	slices.Sort(diff)
	return diff
}

// signal sends a signal to the engine's process, not to one that has its number
// since.
func signal(p snapshot.DaemonProcess, sig syscall.Signal) error {
	proc, err := os.FindProcess(p.PID) // holds on to the process where the kernel can
	if err != nil {
		return err
	}
	defer proc.Release() //nolint:errcheck // nothing depends on it
	exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", p.PID))
	if err != nil {
		return err
	}
	if strings.TrimSuffix(exe, " (deleted)") != strings.TrimSuffix(p.Exe, " (deleted)") {
		return errors.New("the engine's process is gone")
	}
	return proc.Signal(sig)
}

// unitOf returns the systemd service that a process runs in, or "".
func unitOf(pid int) string {
	if _, err := os.Stat("/run/systemd/system"); err != nil {
		return ""
	}
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
	if err != nil {
		return ""
	}
	return unitIn(string(b))
}

// unitIn finds the service in the text of /proc/PID/cgroup.
func unitIn(cgroup string) string {
	for line := range strings.Lines(cgroup) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 || parts[1] != "" && parts[1] != "name=systemd" {
			continue
		}
		if unit := path.Base(parts[2]); strings.HasSuffix(unit, ".service") && strings.HasPrefix(parts[2], "/system.slice/") {
			return unit
		}
	}
	return ""
}

// again restarts the engine's service and waits until the same engine answers.
// Without systemd it does nothing: the engine takes the file when it is started
// next.
func (d daemonSetting) again(ctx context.Context, proc snapshot.DaemonProcess) error {
	unit := unitOf(proc.PID)
	if unit == "" {
		return nil
	}
	before, err := d.info(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), restartTime)
	defer cancel()
	if out, err := exec.CommandContext(ctx, "systemctl", "restart", "--", unit).CombinedOutput(); err != nil {
		return fmt.Errorf("restart %s: %w: %s", printable(unit), err, printable(string(out)))
	}
	for {
		info, err := d.info(ctx)
		if err == nil && info.ID == before.ID {
			return nil
		}
		if errPause := pause(ctx, lookEvery); errPause != nil {
			return errors.Join(fmt.Errorf("%s was restarted and does not answer", printable(unit)), err)
		}
	}
}

// valid says why an engine would not take a configuration: by what is known of
// it here, and from version 23 on by asking its program.
func (d daemonSetting) valid(ctx context.Context, proc snapshot.DaemonProcess, content []byte) error {
	if err := startable(content); err != nil {
		return err
	}
	info, err := d.daemonInfo(ctx)
	if err != nil {
		return err
	}
	major, _, _ := strings.Cut(info.ServerVersion, ".")
	if n, err := strconv.Atoi(major); err != nil || n < 23 {
		return nil
	}
	dir, err := os.MkdirTemp("", "plimsoll-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a folder of its own that only root may enter
	name := filepath.Join(dir, "daemon.json")
	if err := os.WriteFile(name, content, 0o600); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	// What it prints may quote the file, so its exit code is all that is told.
	if err := exec.CommandContext(ctx, proc.Exe, "--validate", "--config-file", name).Run(); err != nil {
		return fmt.Errorf("%s --validate refuses the result: %w", printable(proc.Exe), err)
	}
	return nil
}
