package host

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

// namespaces are identified by inode number.
type namespaces struct{ net, pid, ipc, uts, user, mnt uint64 }

// fixed are the initial namespaces' inode numbers, constants of the kernel since
// Linux 3.8 (include/linux/proc_ns.h). Those of net and mnt vary.
var fixed = namespaces{ipc: 0xEFFFFFFF, uts: 0xEFFFFFFE, user: 0xEFFFFFFD, pid: 0xEFFFFFFC}

func parseNamespace(link string) (uint64, error) {
	_, s, _ := strings.Cut(link, ":[")
	s, ok := strings.CutSuffix(s, "]")
	n, err := strconv.ParseUint(s, 10, 64)
	if !ok || err != nil {
		return 0, fmt.Errorf("namespace link %.40q is not of the form kind:[number]", link)
	}
	return n, nil
}

// namespaces reads those of a process: a number or "self".
func (m *Machine) namespaces(pid string) (namespaces, error) {
	d, err := m.folder("/proc/" + pid)
	if err != nil {
		return namespaces{}, err
	}
	defer d.close()
	return namespacesOf(d)
}

func namespacesOf(process folder) (namespaces, error) {
	var n namespaces
	for _, k := range []struct {
		name string
		at   *uint64
	}{{"ns/net", &n.net}, {"ns/pid", &n.pid}, {"ns/ipc", &n.ipc}, {"ns/uts", &n.uts}, {"ns/user", &n.user}, {"ns/mnt", &n.mnt}} {
		l, err := process.link(k.name)
		if err != nil {
			return n, err
		}
		if *k.at, err = parseNamespace(l); err != nil {
			return n, err
		}
	}
	return n, nil
}

// readInitial finds the namespaces of the machine's first process. Where its
// links are closed to us, even as root (it may hold more capabilities), those of
// the kernel's thread that starts all others stand in, which are the ones that the
// machine booted with. Without it too, the kernel's fixed numbers do; net and mnt are then our own, which are the
// machine's when all the others are and we see it without a prefix.
func (m *Machine) readInitial() (namespaces, error) {
	n, err := m.namespaces("1")
	if errors.Is(err, fs.ErrPermission) && m.isKernelThread(kthreadd) {
		if boot, bootErr := m.namespaces(strconv.Itoa(kthreadd)); bootErr == nil {
			return boot, nil
		}
	}
	if err == nil || m.root != "" || !errors.Is(err, fs.ErrPermission) {
		return n, err
	}
	own, ownErr := m.namespaces("self")
	if ownErr != nil {
		return n, errors.Join(err, ownErr)
	}
	rest := own
	rest.net, rest.mnt = 0, 0
	if rest != fixed {
		return n, err
	}
	return own, nil
}

// kthreadd is the number of the thread that starts the kernel's others.
const kthreadd = 2

// isKernelThread reports whether a process is the kernel's: nobody's child, and
// without a command line.
func (m *Machine) isKernelThread(pid int) bool {
	parent, _, err := m.stat(pid)
	if err != nil || parent != 0 {
		return false
	}
	b, err := m.read(proc(pid)+"/cmdline", maxText)
	return err == nil && len(b) == 0
}
