package host

import (
	"slices"
	"testing"
)

// TestShown reads tables of mounts in which a harmless directory shows another.
func TestShown(t *testing.T) {
	const usual = "20 22 8:1 /srv/early /run/early rw - ext4 /dev/sda1 rw\n22 1 8:1 / / rw - ext4 /dev/sda1 rw\n23 22 0:21 / /run rw - tmpfs tmpfs rw\n24 22 0:5 / /dev rw - devtmpfs udev rw\n25 22 8:2 / /srv/disk rw - ext4 /dev/sdb rw\n" +
		"26 22 0:22 / /proc rw - proc proc rw\n"
	for _, tc := range []struct {
		name, more, path string
		once             bool // without what is mounted below
		want             []string
	}{
		{"nothing", "", "/srv/app", false, nil},
		{"another disk", "", "/srv", false, nil},
		{"bind below", "40 22 8:1 /etc /tmp/sap/bm rw - ext4 /dev/sda1 rw\n", "/tmp/sap", false, []string{"/etc"}},
		{"bind below, of a mount that does not take it along", "40 22 8:1 /etc /tmp/sap/bm rw - ext4 /dev/sda1 rw\n", "/tmp/sap", true, nil},
		{"bind onto it", "40 22 8:1 /etc /tmp/e rw - ext4 /dev/sda1 rw\n", "/tmp/e", true, []string{"/etc"}},
		{"a folder of a bind", "40 22 8:1 /etc /tmp/e rw - ext4 /dev/sda1 rw\n", "/tmp/e/ssl", false, []string{"/etc/ssl"}},
		{"a socket", "40 22 0:21 /docker.sock /tmp/sap/mysock rw - tmpfs tmpfs rw\n", "/tmp/sap", false, []string{"/run/docker.sock"}},
		{"a name that only begins so", "40 22 8:1 /etc /tmp/sapper rw - ext4 /dev/sda1 rw\n", "/tmp/sap", false, nil},
		{"covered by another", "40 22 8:1 /etc /tmp/e rw - ext4 /dev/sda1 rw\n41 40 8:2 / /tmp/e rw - ext4 /dev/sdb rw\n", "/tmp/e", false, []string{"/srv/disk"}},
		{"the whole file system", "40 22 8:1 / /mnt/all rw - ext4 /dev/sda1 rw\n", "/mnt", false, []string{"/"}},
		{"subvolumes", "40 22 0:40 /@ /b rw - btrfs x rw,subvol=/@\n41 22 0:40 / /btrfs rw - btrfs x rw,subvol=/\n", "/btrfs", false, []string{"/b"}},
		{"a folder of a subvolume", "40 22 0:40 / /btrfs rw - btrfs x rw,subvol=/\n41 22 0:40 /@ /b rw - btrfs x rw,subvol=/@\n42 22 0:40 /@/etc /tmp/e rw - btrfs x rw,subvol=/@\n", "/tmp", false, []string{"/b/etc", "/btrfs/@/etc"}},
		{"a folder that others mount", "40 22 8:1 /srv/app /var/lib/kubelet/pods/x rw - ext4 /dev/sda1 rw\n41 22 8:1 / /run/all rw - ext4 /dev/sda1 rw\n", "/srv", false, nil},
		{"proc of a chroot", "40 22 0:50 / /srv/jail/proc rw - proc proc rw\n", "/srv/jail", false, []string{"/proc"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := fake(t, map[string]string{"proc/1/mountinfo": usual + tc.more})
			if got := m.Shown(tc.path, !tc.once); !slices.Equal(got, tc.want) {
				t.Errorf("Shown(%s) = %q, want %q", tc.path, got, tc.want)
			}
		})
	}
}
