package host

import (
	"context"
	"encoding/binary"
	"reflect"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"plimsoll/internal/snapshot"
	"plimsoll/test/testbed"
)

// change sends a rule to the kernel, to be added (1011) or deleted (1012).
func change(kind uint16, rule []byte) error {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_AUDIT)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	msg := binary.NativeEndian.AppendUint32(nil, uint32(unix.SizeofNlMsghdr+len(rule)))
	msg = binary.NativeEndian.AppendUint16(msg, kind)
	msg = binary.NativeEndian.AppendUint16(msg, unix.NLM_F_REQUEST|unix.NLM_F_ACK)
	msg = append(msg, make([]byte, 8)...)
	if err := unix.Sendto(fd, append(msg, rule...), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return err
	}
	buf := make([]byte, 4096)
	n, _, err := unix.Recvfrom(fd, buf, 0)
	if err != nil || n < 20 {
		return err
	}
	if code := binary.NativeEndian.Uint32(buf[16:]); code != 0 {
		return unix.Errno(-code)
	}
	return nil
}

// TestRealAuditRule loads rules into the kernel and finds them as they were
// written.
func TestRealAuditRule(t *testing.T) {
	testbed.Mutable(t)
	key := wireField{fieldKey, opEqual, 0, "plimsoll-test"}
	for _, tt := range []struct {
		rule []byte
		want snapshot.AuditRule
	}{
		{
			wire(4, 2, true, wireField{fieldWatch, opEqual, 0, "/etc/plimsoll-test"}, wireField{fieldPerm, opEqual, 2 | 8, ""}, key),
			snapshot.AuditRule{Filter: "exit", Action: "always", Path: "/etc/plimsoll-test", Perm: "wa"},
		},
		{
			wire(4, 2, true, wireField{fieldDir, opEqual, 0, "/etc/docker"}, wireField{fieldPerm, opEqual, 15, ""}, wireField{9, opAtLeast, 1000, ""}, key),
			snapshot.AuditRule{Filter: "exit", Action: "always", Dir: "/etc/docker", Perm: "rwxa", Narrow: []string{"auid"}},
		},
	} {
		if err := change(1011, tt.rule); err != nil {
			testbed.Skip(t, "the kernel takes no audit rule: "+err.Error())
		}
		st, err := readAudit(context.Background())
		if gone := change(1012, tt.rule); gone != nil {
			t.Errorf("the rule stays: %v", gone)
		}
		if err != nil || !slices.ContainsFunc(st.Rules, func(r snapshot.AuditRule) bool { return reflect.DeepEqual(r, tt.want) }) {
			t.Errorf("%+v, %v, want %+v", st, err, tt.want)
		}
	}
}
