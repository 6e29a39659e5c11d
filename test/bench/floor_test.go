package bench_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"plimsoll/test/testbed"
)

// parallel is how many API calls are under way at a time, as in the collector.
const parallel = 8

// engineCalls answer everything that is asked of the engine as a whole.
var engineCalls = []string{"/version", "/info", "/images/json", "/networks", "/volumes"}

// floor makes the API calls that any collector has to make, and drops the answers.
func floor(ctx context.Context) error {
	return callAll(ctx, func([]byte) error { return nil })
}

// callAll hands each description of a container to each.
func callAll(ctx context.Context, each func(answer []byte) error) error {
	tr := &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", testbed.Socket)
		},
		MaxIdleConnsPerHost: parallel, DisableCompression: true,
	}
	get := func(path string) ([]byte, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://engine/v1.40"+path, nil)
		if err != nil {
			return nil, err
		}
		res, err := tr.RoundTrip(req)
		if err != nil {
			return nil, err
		}
		defer res.Body.Close()
		answer, err := io.ReadAll(res.Body)
		// Someone else's container may have gone since the list.
		if err == nil && res.StatusCode != http.StatusOK && res.StatusCode != http.StatusNotFound {
			err = fmt.Errorf("GET %s: %s", path, res.Status)
		}
		return answer, err
	}
	answer, err := get("/containers/json?all=1")
	if err != nil {
		return err
	}
	var list []struct{ ID string }
	if err := json.Unmarshal(answer, &list); err != nil {
		return err
	}
	errs := make([]error, len(engineCalls)+len(list))
	testbed.Each(len(errs), parallel, func(i int) {
		if i < len(engineCalls) {
			_, errs[i] = get(engineCalls[i])
			return
		}
		answer, err := get("/containers/" + list[i-len(engineCalls)].ID + "/json")
		if err == nil {
			err = each(answer)
		}
		errs[i] = err
	})
	return errors.Join(errs...)
}

// reads makes the same calls and reads, in the plainest way, what only the
// kernel knows: the files of each container's first process and its control
// groups, the open descriptors of the engine's daemons, the programs of all
// processes. It takes nothing apart and keeps nothing.
func reads(ctx context.Context) error {
	buffers := make(chan []byte, 2*parallel)
	read := func(name string) {
		var buf []byte
		select {
		case buf = <-buffers:
		default:
			buf = make([]byte, 64<<10)
		}
		drop(name, buf)
		buffers <- buf
	}
	daemons := make(chan error, 1)
	go func() { daemons <- lookAtProcesses() }()
	err := callAll(ctx, func(answer []byte) error {
		var c struct {
			ID    string
			State struct{ Pid int }
		}
		if err := json.Unmarshal(answer, &c); err != nil || c.State.Pid == 0 {
			return err
		}
		dir := "/proc/" + strconv.Itoa(c.State.Pid) + "/"
		for _, n := range []string{"net", "pid", "ipc", "uts", "user", "mnt"} {
			_, _ = os.Readlink(dir + "ns/" + n) // the process may have ended
		}
		for _, f := range []string{"status", "cgroup", "mountinfo", "limits", "net/sockstat"} {
			read(dir + f)
		}
		for _, f := range groupFiles() {
			read(fmt.Sprintf(f, c.ID))
		}
		return nil
	})
	return errors.Join(err, <-daemons)
}

// drop reads a file to its end.
func drop(name string, buf []byte) {
	f, err := os.Open(name)
	if err != nil {
		return // the process has ended, or this kernel has no such file
	}
	for n := 1; n > 0 && err == nil; {
		n, err = f.Read(buf)
	}
	_ = f.Close() // it was only read
}

// groupFiles are the files of a container's control groups, with a place for
// its ID, as the engine names them here.
func groupFiles() []string {
	v2 := []string{
		"memory.max", "memory.swap.max", "memory.current", "memory.peak", "cpu.max", "cpu.weight", "cpuset.cpus", "pids.max", "pids.current", "cgroup.procs",
	}
	if _, err := os.Stat("/sys/fs/cgroup/cgroup.controllers"); err == nil {
		for i, f := range v2 {
			v2[i] = "/sys/fs/cgroup/system.slice/docker-%s.scope/" + f
		}
		return v2
	}
	var v1 []string
	for controller, files := range map[string][]string{
		"memory": {"memory.limit_in_bytes", "memory.memsw.limit_in_bytes", "memory.usage_in_bytes", "memory.max_usage_in_bytes", "cgroup.procs"},
		"cpu":    {"cpu.cfs_quota_us", "cpu.cfs_period_us", "cpu.shares"},
		"cpuset": {"cpuset.cpus"},
		"pids":   {"pids.max", "pids.current"},
	} {
		for _, f := range files {
			v1 = append(v1, "/sys/fs/cgroup/"+controller+"/docker/%s/"+f)
		}
	}
	return v1
}

// lookAtProcesses follows the program of every process and the descriptors of
// the engine's.
func lookAtProcesses() error {
	exes, err := filepath.Glob("/proc/[0-9]*/exe")
	if err != nil {
		return err
	}
	for _, l := range exes {
		exe, err := os.Readlink(l)
		if err != nil {
			continue // a kernel thread, or it has ended
		}
		if base := filepath.Base(exe); base != "dockerd" && base != "containerd" {
			continue
		}
		dir := strings.TrimSuffix(l, "exe") + "fd/"
		if err := lookAtDescriptors(dir); err != nil {
			return err
		}
	}
	return nil
}

func lookAtDescriptors(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(dir) // a third of the time that the whole path takes
	if err != nil {
		return err
	}
	defer root.Close()
	for _, e := range entries {
		_, _ = root.Readlink(e.Name()) // it may have been closed
	}
	return nil
}
