package host

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"golang.org/x/sys/unix"

	"plimsoll/internal/snapshot"
)

// readAudit asks the kernel for the state of its audit system and its rules.
// Both requests only read; they need CAP_AUDIT_CONTROL. A kernel without audit
// is [fs.ErrNotExist].
func readAudit(ctx context.Context) (snapshot.AuditState, error) {
	var st snapshot.AuditState
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_AUDIT)
	if errors.Is(err, unix.EPROTONOSUPPORT) || errors.Is(err, unix.EAFNOSUPPORT) {
		return st, fmt.Errorf("the kernel has no audit system: %w", fs.ErrNotExist)
	}
	if err != nil {
		return st, auditError(err)
	}
	defer unix.Close(fd) //nolint:errcheck // nothing is written
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: int64(dialTimeout / time.Second)}); err != nil {
		return st, auditError(err)
	}
	err = askAudit(ctx, fd, auditGet, 0, func(b []byte) (done bool, err error) {
		st.Enabled, st.Locked, err = parseAuditStatus(b)
		return true, err
	})
	if err != nil {
		return st, err
	}
	err = askAudit(ctx, fd, auditListRules, unix.NLM_F_DUMP, func(b []byte) (bool, error) {
		r, err := parseAuditRule(b)
		if err != nil || len(st.Rules) >= maxRules {
			return false, errors.Join(err)
		}
		st.Rules = append(st.Rules, r)
		return false, nil
	})
	return st, err
}

// askAudit sends one request without content and hands each answer to take,
// until that is done or the kernel says that there is no more.
func askAudit(ctx context.Context, fd int, kind, flags uint16, take func([]byte) (bool, error)) error {
	const header = unix.SizeofNlMsghdr
	req := make([]byte, header)
	binary.NativeEndian.PutUint32(req, header)
	binary.NativeEndian.PutUint16(req[4:], kind)
	binary.NativeEndian.PutUint16(req[6:], unix.NLM_F_REQUEST|flags)
	binary.NativeEndian.PutUint32(req[8:], uint32(kind))
	if err := unix.Sendto(fd, req, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return auditError(err)
	}
	buf := make([]byte, 64<<10)
	for range maxRules {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, _, err := unix.Recvfrom(fd, buf, 0)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return auditError(err)
		}
		for b := buf[:n]; len(b) >= header; {
			size := int(binary.NativeEndian.Uint32(b))
			if size < header || size > len(b) {
				break
			}
			got, content := binary.NativeEndian.Uint16(b[4:]), b[header:size]
			// Multiples of four; the last message may lack the filling.
			b = b[min(len(b), (size+3)&^3):]
			switch {
			case got == unix.NLMSG_DONE:
				return nil
			case got == unix.NLMSG_ERROR && len(content) >= 4:
				if code := binary.NativeEndian.Uint32(content); code != 0 {
					return auditError(unix.Errno(-code)) // the kernel's numbers of errors are negative
				}
			case got == kind:
				if done, err := take(content); done || err != nil {
					return err
				}
			}
		}
	}
	return errTooLarge
}

// auditError tells a lack of rights, which the kernel words in several ways,
// from other errors.
func auditError(err error) error {
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.ECONNREFUSED) || errors.Is(err, unix.EACCES) {
		return fmt.Errorf("netlink: %w", fs.ErrPermission)
	}
	return fmt.Errorf("netlink: %w", err)
}
