package kube

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/shared"
	"plimsoll/internal/snapshot"
)

// managerRows are the rows about the controller manager.
var managerRows = []row{
	{
		id: "kcm-terminated-pod-gc", title: "Finished pods are collected", sev: check.Low, stride: "D", n111: "1.3.1", n112: "1.3.1",
		why:    "Finished pods stay in etcd and in every list until somebody removes them. Zero or less never does.",
		remedy: "Remove --terminated-pod-gc-threshold, which makes it 12500, or set a smaller number above zero.",
		params: []check.Param{{Name: "max", Unit: "count", Default: []string{"12500"}, Meaning: "finished pods kept"}},
		run: func(c *comp) check.Verdict {
			f := c.flag("terminated-pod-gc-threshold", "12500")
			if v, unknown := f.unknown(); unknown {
				return v
			}
			n, ok := f.int()
			switch most := c.p.Int("max"); {
			case !ok:
				return f.garbled()
			case n <= 0:
				return check.Failed("finished pods are never removed", f.ev())
			case n > most:
				return check.Failed(fmt.Sprintf("more than %d finished pods stay", most), f.ev())
			}
			return check.Passed("finished pods are removed", f.ev())
		},
	},
	{
		id: "kcm-profiling-off", title: "Controller manager profiling is off", sev: check.Low, stride: "ID", n111: "1.3.2", n112: "1.3.2",
		why:    "The profiler tells about memory and code, and a profile that somebody takes costs time.",
		remedy: "Set --profiling=false.",
		run:    turned("profiling", "true", false, "the profiler is off", "the profiler is on"),
	},
	{
		id: "kcm-use-sa-credentials", title: "Each controller uses its own identity", sev: check.Medium, stride: "E", n111: "1.3.3", n112: "1.3.3",
		why:    "Otherwise all controllers act with the sum of their rights, and the log does not tell which one did what. It is off unless it is set.",
		remedy: "Set --use-service-account-credentials=true.",
		run:    turned("use-service-account-credentials", "false", true, "each controller has its own service account", "all controllers share one identity"),
	},
	{
		id: "kcm-sa-private-key", title: "Service account tokens are signed with a configured key", sev: check.Medium, stride: "S", n111: "1.3.4", n112: "1.3.4",
		why:    "The key makes tokens of every service account. It must be set, and readable by its owner alone.",
		remedy: "Set --service-account-private-key-file and chmod 600 the file.",
		run:    signingKey,
	},
	{
		id: "kcm-root-ca", title: "Pods receive the cluster root CA", sev: check.Medium, stride: "S", n111: "1.3.5", n112: "1.3.5",
		why:    "Without it pods get no certificate to verify the API server by, and speak to whoever answers.",
		remedy: "Set --root-ca-file to the cluster's CA.",
		run:    given("root-ca-file", "pods receive the CA", "pods receive no CA"),
	},
	{
		id: "kcm-rotate-kubelet-server-cert", title: "Kubelet serving certificates may rotate", sev: check.Medium, stride: "S", n111: "1.3.6", n112: "1.3.6",
		why:    "The gate lets kubelets ask for serving certificates of the cluster's CA. It is on unless it is switched off.",
		remedy: "Remove RotateKubeletServerCertificate=false from --feature-gates.",
		run: func(c *comp) check.Verdict {
			on, e, known := c.gate("RotateKubeletServerCertificate")
			switch {
			case !known:
				return check.Undecided(snapshot.ReasonPartial, "whether the gate is on is not known", e)
			case !on:
				return check.Failed("the gate is switched off", e)
			}
			return check.Passed("the gate is on", e)
		},
	},
	{
		id: "kcm-bind-address", title: "The controller manager listens on loopback only", sev: check.Medium, stride: "I", n111: "1.3.7", n112: "1.3.7",
		why:    "Metrics and health tell about the cluster's work and load; nobody on another machine needs them by default. Where it is not set, every address is listened on. The real sockets are looked at.",
		remedy: "Set --bind-address=127.0.0.1.",
		run:    onLoopback("10257"),
	},
	{
		id: "kcm-cluster-signing-duration", title: "Signed certificates are short-lived", sev: check.Medium, stride: "SR", tier: 2,
		why:    "No certificate can be revoked, so its life is how long a stolen one works.",
		remedy: "Set --cluster-signing-duration to a year at most, and to a day where people get certificates.",
		params: []check.Param{componentNames, {Name: "max", Unit: "hours", Default: []string{"8760"}, Meaning: "validity of issued certificates"}},
		run: func(c *comp) check.Verdict {
			f := c.flag("cluster-signing-duration", "8760h0m0s")
			if v, unknown := f.unknown(); unknown {
				return v
			}
			d, ok := f.duration()
			most := hours(c.p.Int("max"))
			if hits := certificatePeople(c); hits.Any() {
				most = min(most, 24*time.Hour)
			}
			switch {
			case !ok:
				return f.garbled()
			case d > most:
				return check.Failed(fmt.Sprintf("issued certificates live longer than %v", most), f.ev())
			}
			return check.Passed("issued certificates live no longer than policy allows", f.ev())
		},
	},
}

// schedulerRows are the rows about the scheduler.
var schedulerRows = []row{
	{
		id: "scheduler-profiling-off", title: "Scheduler profiling is off", sev: check.Low, stride: "ID", n111: "1.4.1", n112: "1.4.1",
		why:    "The profiler tells about memory and code. With --config the file decides, and the flag is heeded only without it.",
		remedy: "Set --profiling=false, or enableProfiling: false in the file of --config.",
		run:    schedulerProfiling,
	},
	{
		id: "scheduler-bind-address", title: "The scheduler listens on loopback only", sev: check.Medium, stride: "I", n111: "1.4.2", n112: "1.4.2",
		why:    "Metrics and health tell about the cluster's work; nobody on another machine needs them by default. Where it is not set, every address is listened on. The real sockets are looked at.",
		remedy: "Set --bind-address=127.0.0.1.",
		run:    onLoopback("10259"),
	},
	{
		id: "scheduler-config-trusted", title: "The scheduler runs trusted plugins only", sev: check.Medium, stride: "TE",
		why:    "An extender or a plugin of others decides where pods run, and sees all of them: it can put a victim beside an attacker, or nowhere.",
		remedy: "Remove extenders and plugins that nobody answers for from the file of --config; serve every schedulerName that pods use.",
		byHand: "Workloads may rely on the plugin or the scheduler.",
		run:    schedulerTrusted,
	},
}

func signingKey(c *comp) check.Verdict {
	f := c.flag("service-account-private-key-file", "")
	if v, unknown := f.unknown(); unknown {
		return v
	}
	if f.value == "" {
		return check.Failed("no key is set", f.ev())
	}
	n := c.FileBy("--service-account-private-key-file")
	if n == nil || n.State != snapshot.Observed {
		return unread(c, "service-account-private-key-file", f.ev())
	}
	e := ev("mode of "+n.Path, fmt.Sprintf("%04o", n.Mode))
	if n.Mode&^0o600 != 0 {
		return check.Failed("the key's file is open to others", f.ev(), e)
	}
	return check.Passed("a key is set that only its owner reads", f.ev(), e)
}

// onLoopback is the verdict on where a component's own port listens.
func onLoopback(port string) func(*comp) check.Verdict {
	return func(c *comp) check.Verdict {
		f := c.flag("bind-address", "0.0.0.0")
		if p := c.flag("secure-port", ""); p.set && p.missing == "" {
			port = p.value
		}
		for _, l := range c.Ports.V {
			if a, err := netip.ParseAddr(l.Address); err == nil && fmt.Sprint(l.Port) == port && !a.IsLoopback() {
				return check.Failed("it listens on the network", f.ev(), ev("socket", fmt.Sprintf("%s:%d", l.Address, l.Port)))
			}
		}
		if v, unknown := f.unknown(); unknown {
			return v
		}
		if port == "0" {
			return check.Passed("it listens nowhere", ev("--secure-port", port))
		}
		if !loopback(f.value) {
			return check.Failed("it is set to listen on the network", f.ev())
		}
		v := check.Passed("it listens on loopback", f.ev())
		if !c.Ports.Known() {
			v = v.Note("its sockets were not looked at")
		}
		return v
	}
}

func schedulerProfiling(c *comp) check.Verdict {
	file := c.flag("config", "")
	if file.value == "" {
		return turned("profiling", "true", false, "the profiler is off", "the profiler is on")(c)
	}
	if c.Scheduler == nil || !c.Scheduler.File.Known() {
		return unread(c, "config", file.ev())
	}
	e := ev(file.value+": enableProfiling", orUnset(c.Scheduler.Profiling))
	if c.Scheduler.Profiling != "false" {
		return check.Failed("the profiler is on", e)
	}
	return check.Passed("the profiler is off", e)
}

func schedulerTrusted(c *comp) check.Verdict {
	file := c.flag("config", "")
	if v, unknown := file.unknown(); unknown {
		return v
	}
	names := map[string]bool{"default-scheduler": true, "": true}
	if file.value != "" {
		if c.Scheduler == nil || !c.Scheduler.File.Known() {
			return unread(c, "config", file.ev())
		}
		var hits shared.Hits
		for _, e := range c.Scheduler.Extenders {
			hits.Add(ev("extender", e.URL))
		}
		for _, p := range c.Scheduler.Profiles {
			names[p.Name] = true
			for _, plugin := range p.Plugins {
				if !inTree[plugin] {
					hits.Add(ev("plugin of profile "+orUnset(p.Name), plugin))
				}
			}
		}
		if hits.Any() {
			return hits.Failed("programs of others decide where pods run")
		}
	}
	if v, seen := c.p.Need(snapshot.PartClusterWorkloads); !seen {
		return check.Undecided(v.Reason, "no extender and no foreign plugin is set; which schedulers pods ask for was not collected ("+string(snapshot.PartClusterWorkloads)+")", file.ev())
	}
	var hits shared.Hits
	for i := range c.p.Snapshot.Workloads {
		w := &c.p.Snapshot.Workloads[i]
		if w.Scope != c.Scope || w.Spec < 0 || w.Spec >= len(c.p.Snapshot.PodSpecs) {
			continue
		}
		if s := c.p.Snapshot.PodSpecs[w.Spec].Scheduler; !names[s] {
			hits.Add(ev(w.Namespace+"/"+w.Name, "schedulerName "+s))
		}
	}
	if hits.Any() {
		return hits.Failed("workloads ask for a scheduler that this one does not serve")
	}
	return check.Passed("no extender, no foreign plugin, and every scheduler in use is served", file.ev())
}

// inTree are the scheduler's own plugins.
var inTree = func() map[string]bool {
	out := make(map[string]bool)
	for p := range strings.FieldsSeq(`PrioritySort DefaultQueueSort DefaultBinder DefaultPreemption DynamicResources GangScheduling ImageLocality InterPodAffinity NodeAffinity NodeDeclaredFeatures
		NodeName NodePorts NodeResourcesBalancedAllocation NodeResourcesFit NodeUnschedulable NodeVolumeLimits EBSLimits GCEPDLimits AzureDiskLimits
		PodTopologySpread SchedulingGates TaintToleration VolumeBinding VolumeRestrictions VolumeZone MultiPoint`) {
		out[p] = true
	}
	return out
}()
