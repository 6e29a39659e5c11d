//go:build unix

package program

import (
	"os/exec"
	"syscall"
)

// confine gives the run another user or another root.
func (u *User) confine(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: u.Root}
	if u.UID != 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: u.UID, Gid: u.UID, Groups: u.GIDs}
	}
	if u.Root != "" {
		cmd.Path, cmd.Dir = "/plimsoll", "/"
		cmd.Env[0] = "HOME=/"
	}
}
