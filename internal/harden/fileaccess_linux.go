package harden

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"

	"plimsoll/internal/step"
)

// fileAccess changes mode, owner and group of a file. The file is opened once,
// without following links, compared with the one that was judged by device and
// inode, and then changed through the open handle: nobody can slip another one
// in between.
type fileAccess struct{}

const (
	openPath  = 0x200000 // O_PATH: a handle on the name's file, whatever it is
	emptyPath = 0x1000   // AT_EMPTY_PATH

	fieldMode = "mode"
	fieldUID  = "uid"
	fieldGID  = "gid"
)

// open returns a handle on the target of a step. Its name is the canonical path
// that was judged, so that a link anywhere on the way means it is another file.
func (fileAccess) open(s step.Step) (*os.File, *syscall.Stat_t, error) {
	id, name, ok := strings.Cut(s.Target.UID, " ")
	if !ok || !strings.HasPrefix(name, "/") {
		return nil, nil, errors.New("the step does not say which file it was made for; plan again")
	}
	fd, err := syscall.Open("/", openPath|syscall.O_DIRECTORY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil, nil, err
	}
	for part := range strings.SplitSeq(strings.Trim(name, "/"), "/") {
		if part == "" {
			continue
		}
		next, err := syscall.Openat(fd, part, openPath|syscall.O_NOFOLLOW|syscall.O_CLOEXEC, 0)
		syscall.Close(fd) //nolint:errcheck // a handle that nothing was done with
		if errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.ENOTDIR) {
			return nil, nil, fmt.Errorf("%s is gone; collect again", printable(name))
		}
		if err != nil {
			return nil, nil, fmt.Errorf("open %s: %w", printable(name), err)
		}
		fd = next
	}
	f := os.NewFile(uintptr(fd), name)
	var st syscall.Stat_t
	if err := syscall.Fstat(fd, &st); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("look at %s: %w", printable(name), err), f.Close())
	}
	if inode(st.Dev, st.Ino) != id || st.Mode&syscall.S_IFMT == syscall.S_IFLNK {
		return nil, nil, errors.Join(fmt.Errorf("%s is another file than the one that was judged; collect again", printable(name)), f.Close())
	}
	return f, &st, nil
}

func accessOf(st *syscall.Stat_t) map[string]string {
	return map[string]string{
		fieldMode: fmt.Sprintf("%04o", st.Mode&0o7777),
		fieldUID:  strconv.FormatUint(uint64(st.Uid), 10),
		fieldGID:  strconv.FormatUint(uint64(st.Gid), 10),
	}
}

func (a fileAccess) read(_ context.Context, s step.Step) (map[string]string, error) {
	f, st, err := a.open(s)
	if err != nil {
		return nil, err
	}
	return accessOf(st), f.Close()
}

func (a fileAccess) ready(_ context.Context, s step.Step) ([]string, error) {
	f, st, err := a.open(s)
	if err != nil {
		return nil, refuse("%v", err)
	}
	defer f.Close()
	want, err := wanted(s, accessOf(st), to)
	if err != nil {
		return nil, err
	}
	given := want.uid != int(st.Uid) || want.gid != int(st.Gid)
	if given && st.Mode&syscall.S_IFMT == syscall.S_IFREG && want.mode&0o6000 != 0 {
		return nil, refuse("it is setuid or setgid, and with another owner it would run with that one's rights; correct its mode first")
	}
	if st.Mode&syscall.S_IFMT == syscall.S_IFREG && st.Nlink > 1 {
		return []string{fmt.Sprintf("the file has %d names (hard links), and all of them change", st.Nlink)}, nil
	}
	return nil, nil
}

func (fileAccess) before(context.Context, step.Step) ([]byte, error) { return nil, nil }

func (fileAccess) settle(context.Context, step.Step) error { return nil }

// access is what a file shall have.
type access struct {
	mode     uint32
	uid, gid int
}

// wanted is one side of a step, with the rest as it is.
func wanted(s step.Step, now map[string]string, side func(step.Change) string) (access, error) {
	for _, c := range s.Set {
		if _, ok := now[c.Field]; !ok {
			return access{}, refuse("a file has no %q that can be changed", printable(c.Field))
		}
		now[c.Field] = side(c)
	}
	mode, err := strconv.ParseUint(now[fieldMode], 8, 32)
	uid, errU := strconv.ParseUint(now[fieldUID], 10, 31)
	gid, errG := strconv.ParseUint(now[fieldGID], 10, 31)
	if err := errors.Join(err, errU, errG); err != nil || mode > 0o7777 {
		return access{}, refuse("mode %q, owner %q or group %q is not one", printable(now[fieldMode]), printable(now[fieldUID]), printable(now[fieldGID]))
	}
	return access{uint32(mode), int(uid), int(gid)}, nil
}

// make changes the owner first: the kernel then clears the setuid bit, which
// belongs to the mode and is set again if it was wanted.
func (fileAccess) make(f *os.File, st *syscall.Stat_t, want access) error {
	if want.uid != int(st.Uid) || want.gid != int(st.Gid) {
		if err := syscall.Fchownat(int(f.Fd()), "", want.uid, want.gid, emptyPath); err != nil {
			return fmt.Errorf("give %s to %d:%d: %w", printable(f.Name()), want.uid, want.gid, err)
		}
		if err := syscall.Fstat(int(f.Fd()), st); err != nil {
			return err
		}
	}
	if want.mode == st.Mode&0o7777 {
		return nil
	}
	// The handle cannot be changed itself; its name below /proc leads to the same
	// file and nowhere else.
	if err := syscall.Chmod(fmt.Sprintf("/proc/self/fd/%d", f.Fd()), want.mode); err != nil {
		return fmt.Errorf("set the mode of %s to %04o: %w", printable(f.Name()), want.mode, err)
	}
	return nil
}

func (a fileAccess) apply(_ context.Context, s step.Step, _ []byte) error {
	f, st, err := a.open(s)
	if err != nil {
		return err
	}
	defer f.Close()
	now := accessOf(st)
	if diff := unlike(now, s.Set, from); len(diff) > 0 {
		return fmt.Errorf("it changed a moment ago: %s", strings.Join(diff, ", "))
	}
	want, err := wanted(s, now, to)
	if err != nil {
		return err
	}
	return a.make(f, st, want)
}

func (a fileAccess) undo(_ context.Context, s step.Step, _ []byte) (step.Undo, string, error) {
	f, st, err := a.open(s)
	if err != nil {
		return "", "", err
	}
	defer f.Close()
	now := accessOf(st)
	for _, c := range s.Set {
		if got := now[c.Field]; got != c.From && got != c.To {
			return "", "", fmt.Errorf("somebody changed it meanwhile: %s is %s", c.Field, printable(got))
		}
	}
	want, err := wanted(s, now, from)
	if err != nil {
		return "", "", err
	}
	return step.UndoExact, "", a.make(f, st, want)
}

func (fileAccess) hand(s step.Step, _ string) []string {
	_, name, _ := strings.Cut(s.Target.UID, " ")
	var out []string
	for _, c := range s.Set {
		verb := map[string]string{fieldMode: "chmod", fieldUID: "chown", fieldGID: "chgrp"}[c.Field]
		out = append(out, fmt.Sprintf("%s %s %s", verb, printable(c.From), printable(name)))
	}
	return out
}
