package docker

import (
	"net/netip"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

var daemonRemoteLogging = &check.Check{
	ID:    "daemon-remote-logging",
	Title: "Container logs leave the host",
	Why: "Logs that stay on the machine go when the intruder who is root there wants them to, or when the disk is full. " +
		"A driver that sends them away passes; syslog, fluentd, gelf and splunk do only when their address is not this machine. " +
		"journald and local pass when a forwarder is declared, since what ships them is a program of the machine that no engine knows. " +
		"Drivers of single containers are judged by container-log-driver-not-none.",
	Remedy: "Set log-driver and log-opts to a collector elsewhere and restart the engine (new containers use it), or keep journald with a forwarder such as fluent-bit, vector or systemd-journal-upload " +
		"and declare it in the policy as daemon-remote-logging.forwarder.",
	Severity: check.Medium, Subject: snapshot.KindEngine, Zone: model.ZoneHost, Surface: model.SurfaceInsecureDefaults, STRIDE: "R", Tier: 1,
	Refs:   check.CIS(2, "2.12", "2.13", ""),
	Forms:  []check.Form{check.Live, check.DaemonJSON},
	Needs:  []snapshot.Part{snapshot.PartEngineInfo},
	Params: []check.Param{{Name: "forwarder", Unit: "list", Meaning: "programs that ship the logs of this machine elsewhere; empty means that none does"}},
	Run:    func(p *check.Probe) { judgeEngine(p, shipsLogs) },
}

// addressOption is the option that says where a driver sends to.
var addressOption = map[string]string{
	"syslog": "syslog-address", "fluentd": "fluentd-address", "gelf": "gelf-address", "splunk": "splunk-url",
}

func shipsLogs(d *daemon) check.Verdict {
	evidence := d.observed("GET /info LoggingDriver", d.LoggingDriver, "log-driver")
	switch d.LoggingDriver {
	case "":
		return check.Undecided(snapshot.ReasonPartial, "the engine did not name its logging driver", evidence...)
	case "awslogs", "gcplogs", "logentries":
		return check.Passed("logs are sent off the host by "+d.LoggingDriver, evidence...)
	case "journald", "local":
		return d.forwarded("logs stay on the host: "+d.LoggingDriver+" keeps them there and no forwarder is declared", evidence)
	case "json-file", "etwlogs":
		return check.Failed("logs stay on the host, in files of "+d.LoggingDriver, evidence...)
	case "none":
		return check.Failed("logs are thrown away", evidence...)
	}
	option, ok := addressOption[d.LoggingDriver]
	if !ok {
		if list, _ := d.p.List("forwarder"); len(list) > 0 {
			return d.forwarded("", evidence)
		}
		return check.Undecided(snapshot.ReasonUnresolved, "where the logging plugin "+d.LoggingDriver+" keeps the logs is not known", evidence...)
	}
	opts := d.setting("log-opts")
	if !opts.known() {
		return opts.undecided(evidence...)
	}
	if configured := d.setting("log-driver"); configured.str(d.LoggingDriver) != d.LoggingDriver {
		return check.Undecided(snapshot.ReasonPartial, "the configuration names another driver than runs, so that the address in use is not known", evidence...)
	}
	address := ""
	for _, o := range opts.values {
		if o == option {
			return check.Undecided(snapshot.ReasonPartial, "where "+d.LoggingDriver+" sends the logs was not kept: "+option+" may hold a secret", evidence...)
		}
		if v, ok := strings.CutPrefix(o, option+"="); ok {
			address = v
		}
	}
	if address == "" {
		evidence = append(evidence, ev("log-opts "+option, "not set"))
		return d.forwarded("logs stay on the host: "+d.LoggingDriver+" is sent to this machine", evidence)
	}
	evidence = append(evidence, ev("log-opts "+option, address))
	if onThisMachine(address) {
		return d.forwarded("logs stay on the host: "+d.LoggingDriver+" is sent to this machine", evidence)
	}
	return check.Passed("logs are sent off the host by "+d.LoggingDriver, evidence...)
}

// forwarded passes logs that are kept here when a declared program ships them.
func (d *daemon) forwarded(otherwise string, evidence []check.Evidence) check.Verdict {
	list, declared := d.p.List("forwarder")
	if len(list) > 0 {
		return check.Passed("logs are shipped by a declared forwarder", append(evidence, ev("policy, forwarder", strings.Join(list, ", ")))...)
	}
	v := check.Failed(otherwise, evidence...)
	if !declared {
		v = v.Note("if a program ships them, declare it as daemon-remote-logging.forwarder")
	}
	return v
}

// onThisMachine reports whether a log address is a local socket or loopback.
func onThisMachine(address string) bool {
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok {
		rest = address
	} else if scheme == "unix" || scheme == "unixgram" {
		return true
	}
	host, _, _ := strings.Cut(rest, "/")
	if ap, err := netip.ParseAddrPort(host); err == nil && ap.Addr().IsUnspecified() {
		return true
	}
	return host == "" || strings.HasPrefix(host, ":") || loopback(host)
}
