package host

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"plimsoll/internal/snapshot"
)

// Collect reads the machine itself: the scope that identifies it, and with
// coverage lines its identity, control groups and accounts. Groups matter when
// they own an engine's or runtime's socket; sockets names further ones beside
// the well-known.
func (m *Machine) Collect(ctx context.Context, sockets ...string) (snapshot.Scope, snapshot.Host, []snapshot.PartStatus) {
	id, how := m.scope()
	scope := snapshot.Scope{ID: id, Kind: snapshot.ScopeHost, Name: text(m.hostname()), Taken: time.Now().UTC().Truncate(secondsOnly)}
	h := snapshot.Host{Scope: id, Name: scope.Name, AppArmor: m.appArmor(), SELinux: m.selinux()}
	part := func(p snapshot.Part) snapshot.PartStatus {
		return snapshot.PartStatus{Scope: id, Part: p, State: snapshot.Observed}
	}
	parts := []snapshot.PartStatus{m.identity(&h, part(snapshot.PartHostIdentity))}
	parts[0].Detail = strings.TrimSpace(parts[0].Detail + " " + how)

	groups, err := m.controllers()
	if err != nil {
		p := unread(part(snapshot.PartHostCgroups), err, "the control groups")
		h.Cgroup = snapshot.Missing[snapshot.Cgroups](p.State, p.Reason, "/proc/self/mountinfo")
		parts = append(parts, p)
	} else {
		h.Cgroup = snapshot.Seen(groups, "/proc/self/mountinfo")
		parts = append(parts, part(snapshot.PartHostCgroups))
	}
	accounts, err := m.accounts(ctx, sockets)
	if err != nil {
		p := unread(part(snapshot.PartHostAccounts), err, "the accounts")
		h.Accounts = snapshot.Missing[snapshot.Accounts](p.State, p.Reason, "/etc/group")
		parts = append(parts, p)
	} else {
		h.Accounts = snapshot.Seen(accounts, "/etc/group, /etc/passwd, /etc/nsswitch.conf")
		p := part(snapshot.PartHostAccounts)
		if len(accounts.OtherSources) > 0 {
			p.Reason = snapshot.ReasonPartial
			p.Detail = "Accounts also come from " + strings.Join(accounts.OtherSources, ", ") + ", which are not asked."
		}
		parts = append(parts, p)
	}
	parts = append(parts, m.packages(part(snapshot.PartHostPackages)))
	return scope, h, append(parts, m.surroundings(ctx, &h)...)
}

// ScopeID returns the machine's identity.
func (m *Machine) ScopeID() string {
	id, _ := m.scope()
	return id
}

// AuditRules asks the kernel for the state of its audit system and its rules,
// with canonical paths. A kernel without audit is [fs.ErrNotExist].
func (m *Machine) AuditRules(ctx context.Context) (snapshot.AuditState, error) {
	st, err := m.audit(ctx)
	for i := range st.Rules {
		m.canonical(&st.Rules[i], false)
	}
	return st, err
}

// surroundings fills what the machine does around its engines: subordinate IDs,
// kernels, audit, log shipping.
func (m *Machine) surroundings(ctx context.Context, h *snapshot.Host) []snapshot.PartStatus {
	part := func(p snapshot.Part, err error, what string) snapshot.PartStatus {
		st := snapshot.PartStatus{Scope: h.Scope, Part: p, State: snapshot.Observed}
		if err != nil {
			return unread(st, err, what)
		}
		return st
	}
	ids, err := m.subIDs(ctx)
	parts := []snapshot.PartStatus{part(snapshot.PartHostSubIDs, err, "the subordinate IDs")}
	h.SubIDs = fact(ids, parts[0], "/etc/subuid, /etc/subgid")

	kernels, err := m.kernels()
	parts = append(parts, part(snapshot.PartHostKernels, err, "the installed kernels"))
	h.Kernels = fact(kernels, parts[1], "/proc/sys/kernel/version, /boot, /lib/modules")

	state, err := m.AuditRules(ctx)
	audit := part(snapshot.PartHostAudit, err, "the kernel's audit rules")
	h.Audit.Kernel = fact(state, audit, "rules loaded in the kernel")
	if gone(err) {
		h.Audit.Kernel.State, h.Audit.Kernel.Reason = snapshot.Absent, snapshot.ReasonNone
		audit = part(snapshot.PartHostAudit, nil, "")
		audit.Detail = "The kernel has no audit system."
	}
	rules, source, err := m.auditFiles(ctx)
	h.Audit.Files = snapshot.Seen(rules, source)
	if err != nil {
		h.Audit.Files = missing[snapshot.AuditState](err, source)
	}

	shipping, source, err := m.shipping(ctx)
	logs := part(snapshot.PartHostLogs, err, "what ships log records")
	h.Audit.Shipping = fact(shipping, logs, source)
	return append(parts, audit, logs)
}

// fact is what was read of a part, or the reason why it was not.
func fact[T any](v T, st snapshot.PartStatus, source string) snapshot.Fact[T] {
	if st.State != snapshot.Observed {
		return snapshot.Missing[T](st.State, st.Reason, source)
	}
	return snapshot.Seen(v, source)
}

// identity fills what the kernel and the distribution say of themselves.
func (m *Machine) identity(h *snapshot.Host, part snapshot.PartStatus) snapshot.PartStatus {
	kernel, err := m.line("/proc/sys/kernel/osrelease")
	if err != nil {
		return unread(part, err, "the kernel's release")
	}
	h.Kernel = text(kernel)
	b, err := m.read("/proc/meminfo", maxText)
	if err == nil {
		h.MemTotal, err = parseMemTotal(b)
	}
	if err != nil {
		return unread(part, err, "the size of memory")
	}
	for _, f := range []string{"/etc/os-release", "/usr/lib/os-release"} {
		if b, err := m.read(f, maxText); err == nil {
			h.Distro, h.Release = parseRelease(b)
			break
		}
	}
	if s, err := m.line("/proc/sys/kernel/pid_max"); err == nil {
		if n, err := strconv.ParseInt(s, 10, 64); err == nil && n > 0 {
			h.PidMax = n
		}
	}
	// Absent on a kernel before 4.11, where the first free port is always 1024. The
	// kernel shows that of the reader's network.
	if s, err := m.line("/proc/sys/net/ipv4/ip_unprivileged_port_start"); err == nil && m.ownNetwork() {
		if n, err := strconv.Atoi(s); err == nil {
			h.PortStart = n
		}
	}
	return part
}

// readScope identifies the machine by a hash of its ID, which is meant to be
// kept confidential; how says, as a sentence, when something weaker stood in.
func (m *Machine) readScope() (id, how string) {
	for _, f := range []string{"/etc/machine-id", "/var/lib/dbus/machine-id"} {
		if s, err := m.line(f); err == nil && len(s) == 32 && isHex(s) {
			return scopeID(s), ""
		}
	}
	if s, err := m.line("/sys/class/dmi/id/product_uuid"); err == nil && s != "" {
		return scopeID(s), "There is no machine ID; the product UUID identifies the machine."
	}
	return scopeID(m.hostname()), "There is no readable machine ID or product UUID; the host name identifies the machine."
}

func scopeID(s string) string {
	sum := sha256.Sum256([]byte("plimsoll\x00" + s))
	return "host:" + hex.EncodeToString(sum[:])[:16]
}

func isHex(s string) bool {
	_, err := hex.DecodeString(s)
	return err == nil
}

// hostname is the machine's name; the kernel may give that of our container.
func (m *Machine) hostname() string {
	if m.ownName() {
		if n, err := os.Hostname(); err == nil {
			return n
		}
	}
	n, err := m.line("/etc/hostname")
	if err != nil {
		return ""
	}
	return n
}

// parseMemTotal returns the size of memory in bytes.
func parseMemTotal(b []byte) (int64, error) {
	for l := range bytes.Lines(b) {
		f := strings.Fields(string(l))
		if len(f) >= 2 && f[0] == "MemTotal:" {
			n, err := strconv.ParseInt(f[1], 10, 53)
			if err != nil || n < 0 {
				return 0, fmt.Errorf("/proc/meminfo: MemTotal %.40q is not a number of KiB", f[1])
			}
			return n * 1024, nil
		}
	}
	return 0, fmt.Errorf("/proc/meminfo: has no MemTotal")
}

// parseRelease returns ID and VERSION_ID of an os-release file.
func parseRelease(b []byte) (distro, release string) {
	for l := range bytes.Lines(b) {
		k, v, _ := strings.Cut(strings.TrimSpace(string(l)), "=")
		v = text(strings.Trim(v, `"'`))
		switch k {
		case "ID":
			distro = v
		case "VERSION_ID":
			release = v
		}
	}
	return distro, release
}

// appArmor is Observed when the kernel enforces it, and Absent when it is off
// or not in a kernel whose /sys we see.
func (m *Machine) appArmor() snapshot.State {
	s, err := m.line("/sys/module/apparmor/parameters/enabled")
	state, _ := outcome(err)
	switch {
	case state == snapshot.Observed && s != "Y":
		return snapshot.Absent
	case state == snapshot.Absent && !m.exists("/sys/module"):
		return snapshot.Failed
	}
	return state
}

// selinux asks the kernel; only where its file system is not mounted does the
// configuration stand in. A kernel without that file system has it off.
func (m *Machine) selinux() string {
	switch s, err := m.line("/sys/fs/selinux/enforce"); {
	case err == nil && s == "1":
		return "enforcing"
	case err == nil && s == "0":
		return "permissive"
	}
	b, err := m.read("/proc/filesystems", maxText)
	if err != nil {
		return ""
	}
	if !bytes.Contains(b, []byte("\tselinuxfs\n")) {
		return "disabled"
	}
	b, err = m.read("/etc/selinux/config", maxText)
	if err != nil {
		return ""
	}
	for l := range bytes.Lines(b) {
		if v, ok := strings.CutPrefix(strings.TrimSpace(string(l)), "SELINUX="); ok {
			switch v = strings.ToLower(strings.TrimSpace(v)); v {
			case "enforcing", "permissive", "disabled":
				return v
			}
		}
	}
	return ""
}
