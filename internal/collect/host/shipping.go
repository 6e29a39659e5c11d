package host

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"plimsoll/internal/snapshot"
)

// loggers are the programs that keep or ship log records.
var loggers = words(`auditd audisp-remote rsyslogd syslog-ng systemd-journal-upload auditbeat filebeat fluent-bit fluentd td-agent vector
	promtail alloy grafana-agent splunkd nxlog laurel osqueryd wazuh-agentd google_cloud_ops_agent_engine amazon-cloudwatch-agent`)

// shipping reads what may take log records to another machine.
func (m *Machine) shipping(ctx context.Context) (snapshot.Shipping, string, error) {
	const source = "/etc/audit, /etc/rsyslog.conf, /etc/syslog-ng, /etc/systemd/journal-upload.conf"
	var s snapshot.Shipping
	a, err := m.findAgents(ctx)
	if err != nil {
		return s, "/proc", err
	}
	s.Running = a.loggers
	for _, dir := range []string{"/etc/audit/plugins.d", "/etc/audisp/plugins.d"} {
		err := m.each(dir+"/*.conf", func(name string, b []byte) {
			if assignment(string(b), "active") == "yes" {
				s.Plugins = append(s.Plugins, text(strings.TrimSuffix(name, ".conf")))
			}
		})
		if err != nil {
			return s, dir, err
		}
	}
	for _, f := range []struct {
		logger, pattern string
		names           func(string) bool
	}{
		{"audisp-remote", "/etc/audit/audisp-remote.conf", remoteServer},
		{"audisp-remote", "/etc/audisp/audisp-remote.conf", remoteServer},
		{"rsyslogd", "/etc/rsyslog.conf", rsyslogForwards},
		{"rsyslogd", "/etc/rsyslog.d/*.conf", rsyslogForwards},
		{"syslog-ng", "/etc/syslog-ng/syslog-ng.conf", syslogNGForwards},
		{"syslog-ng", "/etc/syslog-ng/conf.d/*.conf", syslogNGForwards},
		{"systemd-journal-upload", "/etc/systemd/journal-upload.conf", journalUploads},
		{"systemd-journal-upload", "/etc/systemd/journal-upload.conf.d/*.conf", journalUploads},
	} {
		err := m.each(f.pattern, func(_ string, b []byte) {
			if f.names(string(b)) {
				s.Forwarders = append(s.Forwarders, f.logger)
			}
		})
		if err != nil {
			return s, f.pattern, err
		}
	}
	slices.Sort(s.Plugins)
	slices.Sort(s.Forwarders)
	s.Plugins, s.Forwarders = slices.Compact(s.Plugins), slices.Compact(s.Forwarders)
	if a.denied > 0 && len(s.Running) == 0 {
		return s, "/proc", fmt.Errorf("programs of other users: %w", fs.ErrPermission)
	}
	return s, source, nil
}

// each calls f with the base name and content of every file that a pattern
// matches; none is no error.
func (m *Machine) each(pattern string, f func(name string, b []byte)) error {
	if dir := path.Dir(pattern); strings.Contains(pattern, "*") {
		if _, err := m.list(dir); err != nil && !gone(err) {
			return err
		}
	}
	for _, name := range m.glob(pattern) {
		b, err := m.read(name, maxText)
		if gone(err) {
			continue
		}
		if err != nil {
			return err
		}
		f(path.Base(name), b)
	}
	return nil
}

// assignment returns the last value of NAME = VALUE in lower case, "" without.
func assignment(file, name string) string {
	found := ""
	for line := range strings.Lines(file) {
		key, value, ok := strings.Cut(line, "=")
		if ok && strings.EqualFold(strings.TrimSpace(key), name) {
			found = strings.ToLower(strings.TrimSpace(value))
		}
	}
	return found
}

func remoteServer(file string) bool { return elsewhere(assignment(file, "remote_server")) }

func journalUploads(file string) bool {
	url := assignment(file, "URL")
	_, host, ok := strings.Cut(url, "://")
	if !ok {
		host = url
	}
	return elsewhere(host)
}

// elsewhere reports whether a target names another machine: a name or address,
// with or without a port, that is not the machine's own.
func elsewhere(target string) bool {
	target = strings.Trim(strings.TrimSpace(target), `"'[]()`)
	return target != "" && target[0] != '/' && target[0] != ':' && !strings.HasPrefix(target, "localhost") &&
		!strings.HasPrefix(target, "127.") && !strings.HasPrefix(target, "::1") && !strings.HasPrefix(target, "0.0.0.0")
}

var (
	rsyslogAction = regexp.MustCompile(`(?is)\btype\s*=\s*"(omfwd|omrelp|omelasticsearch|omkafka|omhttp)"[^)]*`)
	rsyslogTarget = regexp.MustCompile(`(?i)\b(?:target|server|serverurl|broker)\s*=\s*\[?\s*"([^"]{1,256})"`)
	syslogNGSends = regexp.MustCompile(`(?i)\b(?:network|syslog|tcp6?|udp6?)\s*\(\s*"([^"]{1,256})"`)
)

// rsyslogForwards reports whether rsyslog's configuration sends to another
// machine: @host or @@host after a selector, :omrelp:, or an action that sends.
func rsyslogForwards(file string) bool {
	file = withoutComments(file)
	for line := range strings.Lines(file) {
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		action := f[len(f)-1]
		if host, ok := strings.CutPrefix(action, ":omrelp:"); ok && elsewhere(host) {
			return true
		}
		if host := strings.TrimLeft(action, "@"); host != action {
			if _, after, ok := strings.Cut(host, ")"); ok && strings.HasPrefix(host, "(") { // @(o,z9)host
				host = after
			}
			if elsewhere(host) {
				return true
			}
		}
	}
	for _, action := range rsyslogAction.FindAllString(file, -1) {
		for _, t := range rsyslogTarget.FindAllStringSubmatch(action, -1) {
			host := t[1]
			if _, rest, ok := strings.Cut(host, "://"); ok {
				host = rest
			}
			if elsewhere(host) {
				return true
			}
		}
	}
	return false
}

// syslogNGForwards reports whether a destination of syslog-ng names another
// machine. A source names the address it listens on with ip(), so that a quoted
// first argument is a destination's.
func syslogNGForwards(file string) bool {
	for _, t := range syslogNGSends.FindAllStringSubmatch(withoutComments(file), -1) {
		if elsewhere(t[1]) {
			return true
		}
	}
	return false
}

// withoutComments drops lines that are comments.
func withoutComments(file string) string {
	var sb strings.Builder
	for line := range strings.Lines(file) {
		if !strings.HasPrefix(strings.TrimSpace(line), "#") {
			sb.WriteString(line)
		}
	}
	return sb.String()
}
