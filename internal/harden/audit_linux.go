package harden

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"plimsoll/internal/atomicfile"
	"plimsoll/internal/snapshot"
	"plimsoll/internal/step"
)

// auditRule has the audit system watch paths: by a file of its own among the
// rule files, for the next start, and in the kernel, for now.
type auditRule struct{ *runner }

const (
	auditFolder = "/etc/audit/rules.d"
	// The name sorts before 99-finalize.rules, which may lock the rules.
	auditName = "50-plimsoll.rules"
	auditKey  = "plimsoll"
	auditHead = "# Watches that plimsoll harden added; plimsoll rollback takes them back.\n"

	inFileOnly   = "in the rule file only"
	inKernelOnly = "in the kernel only"
)

func (a auditRule) file() string {
	if a.opts.auditRules != "" {
		return filepath.Join(a.opts.auditRules, auditName)
	}
	return filepath.Join(auditFolder, auditName)
}

func auditLine(path string) string {
	return "-w " + path + " -p " + snapshot.AuditPerm + " -k " + auditKey
}

// lines reads the rule file; none is no lines.
func (a auditRule) lines() ([]string, error) {
	b, err := os.ReadFile(a.file())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if len(b) > maxConfig {
		return nil, fmt.Errorf("%s is longer than %d bytes", a.file(), maxConfig)
	}
	return strings.Split(strings.TrimSuffix(string(b), "\n"), "\n"), nil
}

// read returns, by field, whether both the kernel and the rule file watch.
func (a auditRule) read(ctx context.Context, s step.Step) (map[string]string, error) {
	st, err := a.opts.Machine().AuditRules(ctx)
	if err != nil {
		return nil, fmt.Errorf("the kernel's audit rules are not readable: %w", err)
	}
	lines, err := a.lines()
	if err != nil {
		return nil, err
	}
	out := make(map[string]string, len(s.Set))
	for _, c := range s.Set {
		path, ok := snapshot.AuditPath(c.Field)
		if !ok {
			return nil, fmt.Errorf("field %q is not an audit rule", printable(c.Field))
		}
		kernel, file := st.Watched(path) != "", slices.Contains(lines, auditLine(path))
		switch {
		case kernel && file:
			out[c.Field] = snapshot.AuditPerm
		case kernel:
			out[c.Field] = inKernelOnly
		case file:
			out[c.Field] = inFileOnly
		default:
			out[c.Field] = ""
		}
	}
	return out, nil
}

func (a auditRule) ready(ctx context.Context, s step.Step) ([]string, error) {
	st, err := a.opts.Machine().AuditRules(ctx)
	switch {
	case err != nil:
		return nil, refuse("the kernel's audit rules are not readable: %v", err)
	case st.Locked:
		return nil, refuse("the audit rules are locked until the machine's next start (-e 2); add the rules to %s and restart it", auditFolder)
	case !st.Enabled:
		return nil, refuse("the kernel's audit system is off and records nothing; install and start auditd first")
	}
	if fi, err := os.Stat(filepath.Dir(a.file())); err != nil || !fi.IsDir() {
		return nil, refuse("there is no %s: without auditd nothing keeps the records, and the rules are gone at the next start; install it first", filepath.Dir(a.file()))
	}
	for _, c := range s.Set {
		path, _ := snapshot.AuditPath(c.Field)
		if c.From != "" || c.To != snapshot.AuditPerm {
			return nil, refuse("a watch is added with %q, not changed from %q to %q", snapshot.AuditPerm, printable(c.From), printable(c.To))
		}
		if !filepath.IsAbs(path) || strings.ContainsFunc(path, func(r rune) bool { return !isPrint(r) || strings.ContainsRune(" \"'#\\", r) }) {
			return nil, refuse("the path %s cannot be written into a rule file", printable(path))
		}
	}
	return nil, nil
}

func (auditRule) before(context.Context, step.Step) ([]byte, error) { return nil, nil }

func (auditRule) settle(context.Context, step.Step) error { return nil }

func (a auditRule) apply(_ context.Context, s step.Step, _ []byte) error {
	lines, err := a.lines()
	if err != nil {
		return err
	}
	for _, c := range s.Set {
		path, _ := snapshot.AuditPath(c.Field)
		lines = append(lines, auditLine(path))
	}
	if err := a.write(lines); err != nil {
		return err
	}
	a.reached(s.ID, "written")
	for _, c := range s.Set {
		path, _ := snapshot.AuditPath(c.Field)
		if err := tellAudit(auditAdd, path); err != nil && !errors.Is(err, syscall.EEXIST) {
			return fmt.Errorf("load the rule for %s: %w", printable(path), err)
		}
	}
	return nil
}

// write puts lines into the rule file; a file without rules is removed.
func (a auditRule) write(lines []string) error {
	if !slices.ContainsFunc(lines, func(l string) bool { return l != "" && !strings.HasPrefix(l, "#") }) {
		err := os.Remove(a.file())
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return errors.Join(err, syncDir(filepath.Dir(a.file())))
	}
	text := strings.Join(lines, "\n") + "\n"
	if !strings.HasPrefix(text, auditHead) {
		text = auditHead + text
	}
	return atomicfile.Write(a.file(), 0o640, func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	})
}

func (a auditRule) undo(_ context.Context, s step.Step, _ []byte) (step.Undo, string, error) {
	lines, err := a.lines()
	if err != nil {
		return "", "", err
	}
	for _, c := range s.Set {
		path, _ := snapshot.AuditPath(c.Field)
		if err := tellAudit(auditDelete, path); err != nil && !errors.Is(err, syscall.ENOENT) {
			return "", "", fmt.Errorf("remove the rule for %s from the kernel: %w", printable(path), err)
		}
		lines = slices.DeleteFunc(lines, func(l string) bool { return l == auditLine(path) })
	}
	a.reached(s.ID, "unloaded")
	return step.UndoExact, "", a.write(lines)
}

func (a auditRule) hand(s step.Step, _ string) []string {
	var out []string
	for _, c := range s.Set {
		path, _ := snapshot.AuditPath(c.Field)
		out = append(out, fmt.Sprintf("auditctl -W %s -p %s -k %s, and remove its line from %s", printable(path), snapshot.AuditPerm, auditKey, a.file()))
	}
	return out
}

// Numbers of the kernel's audit interface (linux/audit.h).
const (
	auditAdd    = 1011
	auditDelete = 1012
	netlink     = 9 // NETLINK_AUDIT

	auditExit, auditAlways                              = 4, 2
	auditWatch, auditPermField, auditDir, auditKeyField = 105, 106, 107, 210
	auditEqual                                          = 0x40000000
	auditWriteAttr                                      = 2 | 8
)

// watchRule is a struct audit_rule_data: a watch of a path, with our key. All
// numbers are in the machine's byte order.
func watchRule(path string, dir bool) []byte {
	kind := uint32(auditWatch)
	if dir {
		kind = auditDir
	}
	fields := [3][2]uint32{{kind, uint32(len(path))}, {auditPermField, auditWriteAttr}, {auditKeyField, uint32(len(auditKey))}}
	var words [4 + 64*4]uint32
	words[0], words[1], words[2] = auditExit, auditAlways, uint32(len(fields))
	for i := range 64 {
		words[3+i] = 0xffffffff // every system call
	}
	for i, f := range fields {
		words[67+i], words[131+i], words[195+i] = f[0], f[1], auditEqual
	}
	words[259] = uint32(len(path) + len(auditKey))
	var b []byte
	for _, w := range words {
		b = binary.NativeEndian.AppendUint32(b, w)
	}
	return append(append(b, path...), auditKey...)
}

// tellAudit adds our watch of a path to the kernel's rules, or deletes it. The
// kernel compares whole rules, so that no other is touched.
func tellAudit(kind uint16, path string) error {
	dirs := []bool{false, true} // a path that is gone may have been either
	if fi, err := os.Lstat(path); err == nil {
		dirs = []bool{fi.IsDir()}
	} else if kind == auditAdd {
		return err
	}
	var err error
	for _, dir := range dirs {
		if err = sendAudit(kind, watchRule(path, dir)); err == nil {
			return nil
		}
	}
	return err
}

func sendAudit(kind uint16, rule []byte) error {
	fd, err := syscall.Socket(syscall.AF_NETLINK, syscall.SOCK_RAW|syscall.SOCK_CLOEXEC, netlink)
	if err != nil {
		return err
	}
	defer syscall.Close(fd) //nolint:errcheck // every answer was read
	wait := syscall.NsecToTimeval(int64(5 * time.Second))
	if err := syscall.SetsockoptTimeval(fd, syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, &wait); err != nil {
		return err
	}
	msg := binary.NativeEndian.AppendUint32(nil, uint32(syscall.SizeofNlMsghdr+len(rule)))
	msg = binary.NativeEndian.AppendUint16(msg, kind)
	msg = binary.NativeEndian.AppendUint16(msg, syscall.NLM_F_REQUEST|syscall.NLM_F_ACK)
	msg = append(append(msg, make([]byte, 8)...), rule...)
	if err := syscall.Sendto(fd, msg, 0, &syscall.SockaddrNetlink{Family: syscall.AF_NETLINK}); err != nil {
		return err
	}
	buf := make([]byte, 64<<10)
	for {
		n, _, err := syscall.Recvfrom(fd, buf, 0)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil {
			return err
		}
		if n < syscall.SizeofNlMsghdr+4 || binary.NativeEndian.Uint16(buf[4:]) != syscall.NLMSG_ERROR {
			continue // a record for whoever listens
		}
		if code := binary.NativeEndian.Uint32(buf[syscall.SizeofNlMsghdr:]); code != 0 {
			return syscall.Errno(-code)
		}
		return nil
	}
}
