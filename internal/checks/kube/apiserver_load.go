package kube

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/shared"
	"plimsoll/internal/kubeflag"
	"plimsoll/internal/snapshot"
)

// apiLoad are the rows about overload and what runs beside the API.
var apiLoad = []row{
	{
		id: "apiserver-profiling-off", title: "API server profiling is off", sev: check.Low, stride: "ID", n111: "1.2.15", n112: "1.2.15",
		why:    "The profiler tells about memory and code, and a profile that somebody takes costs the server time. Whoever may get /debug/pprof uses it.",
		remedy: "Set --profiling=false.",
		run:    turned("profiling", "true", false, "the profiler is off", "the profiler is on"),
	},
	{
		id: "apiserver-request-timeout", title: "API requests time out in reasonable time", sev: check.Medium, stride: "D", n111: "1.2.20", n112: "1.2.20",
		why:    "Requests that last hold a place among those that are served at once; a few slow clients with a long timeout keep everyone else out.",
		remedy: "Remove --request-timeout, which makes it a minute, or keep it at five minutes at most.",
		params: []check.Param{{Name: "max", Unit: "seconds", Default: []string{"300"}, Meaning: "longest request"}},
		run:    requestTimeout,
	},
	{
		id: "apiserver-apf-enabled", title: "Priority and fairness protects the API server", sev: check.High, stride: "D",
		why:    "Priority and fairness gives every flow its share, so that one client that asks without end does not keep kubelets and controllers out.",
		remedy: "Remove --enable-priority-and-fairness=false; restore the flow schemas exempt and catch-all.",
		run:    fairness,
	},
	{
		id: "apf-no-user-flow-exempt", title: "No ordinary user bypasses request fairness", sev: check.Medium, stride: "DE", tier: 2,
		why:    "Requests of an exempt level are never queued or refused: whoever is sorted there can flood the server.",
		remedy: "Give the flow schema another priority level, or limit it to system:masters and the probes.",
		run:    exemptFlows,
	},
	{
		id: "apf-queues-not-unlimited", title: "Shared request queues stay bounded", sev: check.Medium, stride: "D", tier: 2,
		why:    "global-default and catch-all hold what nothing else sorts. When they are exempt, or get more shares than the important workloads, anybody's requests crowd out the others'.",
		remedy: "Restore the priority levels global-default and catch-all, with fewer shares than workload-high.",
		run:    boundedQueues,
	},
	{
		id: "apiserver-inflight-limits", title: "Concurrent API requests are limited", sev: check.Medium, stride: "D",
		why:    "The two limits bound how many requests are served at once, and what fairness divides. Zero lifts the limit where fairness is off; far above the default the server runs out of memory first.",
		remedy: "Remove --max-requests-inflight and --max-mutating-requests-inflight, or keep them near the defaults of 400 and 200.",
		params: []check.Param{{Name: "max_multiple", Unit: "count", Default: []string{"5"}, Meaning: "multiple of the defaults"}},
		run:    inflight,
	},
	{
		id: "apiserver-min-request-timeout", title: "Long requests have a sane minimum timeout", sev: check.Low, stride: "D", tier: 2,
		why:    "Watches last at least so long. Very long ones stay on one server for ever; zero makes every client ask anew all the time.",
		remedy: "Remove --min-request-timeout, which makes it half an hour, or keep it between a second and an hour.",
		params: []check.Param{{Name: "max", Unit: "seconds", Default: []string{"3600"}, Meaning: "longest watch minimum"}},
		run: func(c *comp) check.Verdict {
			f := c.flag("min-request-timeout", "1800")
			if v, unknown := f.unknown(); unknown {
				return v
			}
			n, ok := f.int()
			switch most := c.p.Int("max"); {
			case !ok:
				return f.garbled()
			case n <= 0 || n > most:
				return check.Failed(fmt.Sprintf("it is not between 1 and %d seconds", most), f.ev())
			}
			return check.Passed("watches last long enough and not too long", f.ev())
		},
	},
	{
		id: "apiserver-http2-stream-limit", title: "HTTP/2 streams per connection are limited", sev: check.Medium, stride: "D", tier: 2,
		why:    "One connection with very many streams, opened and reset at once, occupies the server (CVE-2023-44487). The limit and a feature that closes connections of callers without credentials hold it down.",
		remedy: "Remove --http2-max-streams-per-connection and UnauthenticatedHTTP2DOSMitigation=false.",
		params: []check.Param{{Name: "max", Unit: "count", Default: []string{"1000"}, Meaning: "streams of a connection"}},
		run:    streams,
	},
	{
		id: "apiserver-goaway-chance-ha", title: "Connections are rebalanced between API servers", sev: check.Low, stride: "D", tier: 2,
		why:    "Long connections stay with the server that was there first: after a restart one carries all. A small chance of being told to reconnect spreads them; with a single server it only breaks connections.",
		remedy: "With several API servers behind a balancer set --goaway-chance=0.001, with one leave it at 0.",
		params: []check.Param{{Name: "max", Unit: "fraction", Default: []string{"0.02"}, Meaning: "share of requests told to reconnect"}},
		run:    goaway,
	},
	{
		id: "apiserver-event-ttl", title: "Events expire within a day", sev: check.Low, stride: "D", tier: 2,
		why:    "Events fill etcd, which stops all writes when it is full.",
		remedy: "Remove --event-ttl, which makes it an hour, or keep it at a day at most.",
		params: []check.Param{{Name: "max", Unit: "hours", Default: []string{"24"}, Meaning: "life of events"}},
		run: func(c *comp) check.Verdict {
			f := c.flag("event-ttl", "1h0m0s")
			if v, unknown := f.unknown(); unknown {
				return v
			}
			d, ok := f.duration()
			switch most := hours(c.p.Int("max")); {
			case !ok:
				return f.garbled()
			case d > most || d <= 0:
				return check.Failed("events are kept longer than policy allows", f.ev())
			}
			return check.Passed("events expire in time", f.ev())
		},
	},
	{
		id: "apiserver-feature-gates-alpha", title: "No alpha feature weakens the API server", sev: check.Medium, stride: "TED", tier: 2,
		why:    "Alpha features are not ready, may be dropped, and are reviewed last. Gates of protections that were switched off by hand open what the release closed.",
		remedy: "Remove alpha gates, AllAlpha and switched-off protections from --feature-gates.",
		run:    alphaGates,
	},
}

// hours and days of a policy's number, which may be absurd.
func hours(n int64) time.Duration { return time.Duration(min(max(n, 0), 1<<20)) * time.Hour }

func requestTimeout(c *comp) check.Verdict {
	f := c.flag("request-timeout", "1m0s")
	if v, unknown := f.unknown(); unknown {
		return v
	}
	d, ok := f.duration()
	most := time.Duration(min(max(c.p.Int("max"), 0), 1<<30)) * time.Second
	switch {
	case !ok:
		return f.garbled()
	case d <= 0 || d > most:
		return check.Failed(fmt.Sprintf("it is not above zero and at most %v", most), f.ev())
	}
	return check.Passed("requests end in reasonable time", f.ev())
}

func fairness(c *comp) check.Verdict {
	v := turned("enable-priority-and-fairness", "true", true, "priority and fairness is on", "priority and fairness is off")(c)
	if v.Status != check.Pass {
		return v
	}
	if _, seen := c.p.Need(snapshot.PartClusterFlow); !seen {
		return v.Note("the API server itself keeps the flow schemas exempt and catch-all; they were not looked at")
	}
	for _, name := range []string{"exempt", "catch-all"} {
		i := slices.IndexFunc(c.p.Snapshot.FlowSchemas, func(s snapshot.FlowSchema) bool { return s.Scope == c.Scope && s.Name == name })
		if i < 0 || c.p.Snapshot.FlowSchemas[i].Dangling {
			return check.Failed("the flow schema "+name+" is missing or leads nowhere", v.Evidence...)
		}
	}
	return v
}

// flow is the verdict on objects of priority and fairness, which the API alone
// shows. They are the cluster's and are said of each API server.
func flow(c *comp, judge func() check.Verdict) check.Verdict {
	if v, seen := c.p.Need(snapshot.PartClusterFlow); !seen {
		return v
	}
	return judge()
}

func exemptFlows(c *comp) check.Verdict {
	return flow(c, func() check.Verdict {
		exempt := make(map[string]bool)
		for _, l := range c.p.Snapshot.PriorityLevels {
			if l.Scope == c.Scope && l.Exempt {
				exempt[l.Name] = true
			}
		}
		var hits shared.Hits
		for _, s := range c.p.Snapshot.FlowSchemas {
			if s.Scope != c.Scope || !exempt[s.Level] {
				continue
			}
			if s.Name == "probes" && s.BuiltIn { // for everyone, and only to the paths of health probes
				continue
			}
			for _, who := range s.Subjects {
				if who != "Group/system:masters" {
					hits.Add(ev("FlowSchema "+s.Name, who+" at the exempt level "+s.Level))
				}
			}
		}
		if hits.Any() {
			return hits.Failed("requests of others than administrators are never limited")
		}
		return check.Passed("only administrators and probes are exempt")
	})
}

func boundedQueues(c *comp) check.Verdict {
	return flow(c, func() check.Verdict {
		level := func(name string) *snapshot.PriorityLevel {
			for i := range c.p.Snapshot.PriorityLevels {
				if l := &c.p.Snapshot.PriorityLevels[i]; l.Scope == c.Scope && l.Name == name {
					return l
				}
			}
			return nil
		}
		high := int32(40) // as the API server makes it
		if l := level("workload-high"); l != nil {
			high = l.Shares
		}
		var evidence []check.Evidence
		for _, name := range []string{"global-default", "catch-all"} {
			l := level(name)
			if l == nil {
				return check.Failed("the priority level "+name+" is missing", evidence...)
			}
			evidence = append(evidence, ev("PriorityLevelConfiguration "+name, fmt.Sprintf("%d shares, exempt %v", l.Shares, l.Exempt)))
			if l.Exempt {
				return check.Failed(name+" is exempt from limits", evidence...)
			}
			if l.Shares > high {
				return check.Failed(fmt.Sprintf("%s has more shares than workload-high has: %d", name, high), evidence...)
			}
		}
		return check.Passed("what nothing else sorts is bounded", evidence...)
	})
}

func inflight(c *comp) check.Verdict {
	multiple := max(c.p.Int("max_multiple"), 1)
	var evidence []check.Evidence
	for _, l := range []struct {
		name string
		of   int64
	}{{"max-requests-inflight", 400}, {"max-mutating-requests-inflight", 200}} {
		f := c.flag(l.name, strconv.FormatInt(l.of, 10))
		if v, unknown := f.unknown(); unknown {
			return v
		}
		n, ok := f.int()
		evidence = append(evidence, f.ev())
		switch {
		case !ok:
			return f.garbled()
		case n <= 0:
			return check.Failed("there is no limit", evidence...)
		case n > l.of*multiple:
			return check.Failed(fmt.Sprintf("more than %d times the default are served at once", multiple), evidence...)
		}
	}
	return check.Passed("requests at once are limited", evidence...)
}

func streams(c *comp) check.Verdict {
	f := c.flag("http2-max-streams-per-connection", "0")
	if v, unknown := f.unknown(); unknown {
		return v
	}
	n, ok := f.int()
	most := c.p.Int("max")
	on, gate, known := c.gate("UnauthenticatedHTTP2DOSMitigation")
	switch {
	case !ok:
		return f.garbled()
	case n < 0 || n > most:
		return check.Failed(fmt.Sprintf("a connection may have more than %d streams", most), f.ev())
	case !known:
		return check.Undecided(snapshot.ReasonPartial, "whether connections without credentials are closed early is not known", f.ev(), gate)
	case !on:
		return check.Failed("connections without credentials are not closed early", gate)
	}
	return check.Passed("streams are limited, as by default", f.ev(), gate)
}

func goaway(c *comp) check.Verdict {
	f := c.flag("goaway-chance", "0")
	if v, unknown := f.unknown(); unknown {
		return v
	}
	chance, err := strconv.ParseFloat(f.value, 64)
	if err != nil {
		return f.garbled()
	}
	limits, _ := c.p.List("max")
	most := 0.02
	if len(limits) == 1 {
		if m, err := strconv.ParseFloat(limits[0], 64); err == nil {
			most = m
		}
	}
	servers := 0
	for _, n := range c.p.Snapshot.Nodes {
		if n.Scope == c.Scope && n.ControlPlane {
			servers++
		}
	}
	if c.p.Part(snapshot.PartClusterNodes).State != snapshot.Observed || servers == 0 {
		return check.Undecided(snapshot.ReasonNotCollected, "how many API servers there are was not collected ("+string(snapshot.PartClusterNodes)+")", f.ev())
	}
	e := ev("control plane nodes", servers)
	switch {
	case servers == 1 && chance != 0:
		return check.Failed("a single API server tells clients to reconnect", f.ev(), e)
	case servers > 1 && (chance <= 0 || chance > most):
		return check.Failed("connections are not spread over the API servers, or broken too often", f.ev(), e)
	}
	return check.Passed("it fits the number of API servers", f.ev(), e)
}

// protections are features of the API server that close something.
var protections = []string{
	"UnauthenticatedHTTP2DOSMitigation", "AnonymousAuthConfigurableEndpoints", "AuthorizeNodeWithSelectors", "AuthorizeWithSelectors",
	"ServiceAccountTokenJTI", "ServiceAccountTokenPodNodeInfo", "ServiceAccountTokenNodeBinding", "ServiceAccountTokenNodeBindingValidation",
	"ServiceAccountNodeAudienceRestriction", "ValidatingAdmissionPolicy", "KubeletFineGrainedAuthz", "RotateKubeletServerCertificate",
}

func alphaGates(c *comp) check.Verdict {
	f := c.flag("feature-gates", "")
	if v, unknown := f.unknown(); unknown {
		return v
	}
	set, _ := c.FlagList("feature-gates")
	var hits shared.Hits
	var unsure []string
	for _, pair := range set {
		name, _, _ := strings.Cut(pair, "=")
		if _, after, ok := strings.Cut(name, ":"); ok {
			name = after
		}
		value, _ := c.FlagMap("feature-gates", name) // the last holds
		on, err := strconv.ParseBool(value)
		alpha, known := kubeflag.Alpha(name, kubeflag.Minor(c.Version))
		switch {
		case err != nil:
		case name == "AllAlpha" && on:
			hits.Add(ev("--feature-gates", "AllAlpha=true"))
		case strings.HasPrefix(name, "All"):
		case on && alpha:
			hits.Add(ev("--feature-gates", name+"=true is alpha"))
		case !on && slices.Contains(protections, name):
			hits.Add(ev("--feature-gates", name+"=false is a protection"))
		case on && !known:
			unsure = append(unsure, name)
		}
	}
	if hits.Any() {
		return hits.Failed("features are on that are not ready, or protections are off")
	}
	if len(unsure) > 0 {
		return check.Undecided(snapshot.ReasonUnresolved, "the stage of some features is not known for this release", ev("--feature-gates", strings.Join(unsure, ", ")))
	}
	return check.Passed("no alpha feature is on and no protection off", f.ev())
}
