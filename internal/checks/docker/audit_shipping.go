package docker

import (
	"cmp"
	"slices"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var auditLogRemote = &check.Check{
	ID:    "host-audit-log-remote",
	Title: "Audit records leave the host",
	Why: "Who is root on the machine can delete or rewrite every record on it, and an escape from a container ends as root. A record that has left for another machine stays. " +
		"It counts when auditd runs and hands its records to audisp-remote, or to syslog that forwards them; or, where no auditd runs and the journal or syslog takes the kernel's records, when that ships them. " +
		"Agents of log services are recognised by their program, but what they ship is not read: declare them.",
	Remedy:   "Activate the plugin au-remote of auditd with a remote_server, or its syslog plugin with a forwarding rule in rsyslog, or systemd-journal-upload. For an agent, name its program in the policy as host-audit-log-remote.collectors.",
	Severity: check.Medium, Subject: snapshot.KindHost, Zone: model.ZoneHost, Surface: model.SurfaceHostMisconfig, STRIDE: "R", Tier: 2,
	Forms:  []check.Form{check.Live},
	Params: []check.Param{{Name: "collectors", Unit: "list", Meaning: "programs that ship audit records to another machine when they run"}},
	Run: func(p *check.Probe) {
		collectors, _ := p.List("collectors")
		p.Report(recordsLeave(p, collectors), p.Self())
	},
}

// knownLoggers are programs whose configuration was read; any other that runs is
// an agent.
var knownLoggers = []string{"auditd", "audisp-remote", "rsyslogd", "syslog-ng", "systemd-journal-upload"}

func recordsLeave(p *check.Probe, collectors []string) check.Verdict {
	if len(enginesOn(p)) == 0 {
		return check.Inapplicable("the machine is no container host")
	}
	return ShippingVerdict(p.Host(), p.Part(snapshot.PartHostLogs), collectors)
}

// ShippingVerdict says whether log records leave a machine. The status is that of
// the part.
func ShippingVerdict(h *snapshot.Host, st snapshot.PartStatus, collectors []string) check.Verdict {
	if h == nil || !h.Audit.Shipping.Known() {
		reason := cmp.Or(st.Reason, snapshot.ReasonFor(st.State))
		if h != nil {
			reason = cmp.Or(h.Audit.Shipping.Reason, reason)
		}
		return check.Undecided(cmp.Or(reason, snapshot.ReasonPartial), cmp.Or(st.Detail, "what ships log records was not readable"))
	}
	s := &h.Audit.Shipping.V
	runs := func(name string) bool { return slices.Contains(s.Running, name) }
	ships := func(name string) bool { return slices.Contains(s.Forwarders, name) }
	evidence := []check.Evidence{
		ev("running loggers and agents", listed(s.Running)), ev("active plugins of auditd", listed(s.Plugins)), ev("loggers that name another machine", listed(s.Forwarders)),
	}
	syslog := runs("rsyslogd") && ships("rsyslogd") || runs("syslog-ng") && ships("syslog-ng")
	journal := runs("systemd-journal-upload") && ships("systemd-journal-upload")
	for _, c := range collectors {
		if runs(c) {
			return check.Passed("the declared collector "+c+" runs", evidence...)
		}
	}
	switch {
	case runs("auditd") && slices.Contains(s.Plugins, "au-remote") && ships("audisp-remote"):
		return check.Passed("auditd sends its records to another machine", evidence...)
	case runs("auditd") && slices.Contains(s.Plugins, "syslog") && (syslog || journal):
		return check.Passed("auditd hands its records to syslog, which forwards them", evidence...)
	case !runs("auditd") && (syslog || journal):
		return check.Passed("the kernel's records go to a logger that forwards them", evidence...)
	}
	for _, name := range s.Running {
		if !slices.Contains(knownLoggers, name) {
			return check.Undecided(snapshot.ReasonPartial, "whether "+name+" ships audit records was not read; declare it as a collector if it does", evidence...)
		}
	}
	return check.Failed("nothing takes audit records to another machine", evidence...)
}
