package workload

import (
	"fmt"
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/shared"
	"plimsoll/internal/podspec"
	"plimsoll/internal/snapshot"
)

// Guards are the twins of the checks of pods for the API server, in the order of
// the suite. A test installs them in one and holds them against every fixture.
var Guards = slices.Concat(rights, sight, reach, amounts, knowledge, images, placing)

// says makes a guard whose expression hangs on nothing.
func says(c *check.Check, level, says, expression string) check.Guard {
	return check.Guard{Check: c, Level: level, Says: says, Expression: func(check.GuardInputs) string { return expression }}
}

// The levels of the standards.
const (
	baseline   = "baseline"
	restricted = "restricted"
)

// Expressions that many share. In those of containers, c is one.
const (
	podSC       = "variables.spec.?securityContext"
	privileged  = "c.?securityContext.?privileged.orValue(false)"
	added       = "c.?securityContext.?capabilities.?add.orValue([])"
	dropped     = "c.?securityContext.?capabilities.?drop.orValue([])"
	ownUsers    = "variables.spec.?hostUsers.orValue(true) == false"
	rootAllowed = "(" + ownUsers + " && variables.standard >= 35)"
)

// every says something of all containers, each called c.
func every(of string) string { return "variables.containers.all(c,\n  " + of + ")" }

// linux leaves pods for Windows alone.
func linux(of string) string { return "variables.windows ||\n" + of }

// literal writes a string as CEL does.
func literal(s string) string {
	var b strings.Builder
	b.WriteByte('\'')
	for _, r := range s {
		switch {
		case r == '\'' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || r == 0x7f || r == 0x85 || r == 0x2028 || r == 0x2029:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('\'')
	return b.String()
}

// list writes strings as a list.
func literals(list []string) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = literal(s)
	}
	return "[" + strings.Join(out, ", ") + "]"
}

// rights are guards of what a process in a pod can become.
var rights = []check.Guard{
	says(notPrivileged, baseline, "no container may be privileged", linux(every("!"+privileged))),
	says(noDangerousCaps, baseline, "no container may hold a capability that controls the node",
		linux(every("!"+privileged+" && !"+literals(shared.HostControl)+".exists(n,\n    "+holds("n", false)+")"))),
	says(noHostProcess, baseline, "no container may be a process of the node",
		"!"+podSC+".?windowsOptions.?hostProcess.orValue(false) &&\n"+every("!c.?securityContext.?windowsOptions.?hostProcess.orValue(false)")),
	says(hardened, "", "a security context must be set, by the pod or by every container",
		linux(podSC+".orValue({}).size() > 0 ||\n"+every("c.?securityContext.orValue({}).size() > 0"))),
	says(runAsNonRoot, restricted, "containers must not run as root: set runAsNonRoot",
		rootAllowed+" ||\n"+every("c.?securityContext.?runAsNonRoot.or("+podSC+".?runAsNonRoot).orValue(false)")),
	says(userNonZero, restricted, "runAsUser must not be 0",
		linux(rootAllowed+" ||\n"+podSC+".?runAsUser.orValue(1) != 0 &&\n"+every("c.?securityContext.?runAsUser.orValue(1) != 0"))),
	says(groupNonZero, "", "no group may be root's: set runAsGroup",
		linux(ownUsers+" ||\n"+podSC+".?fsGroup.orValue(1) != 0 &&\n"+podSC+".?supplementalGroups.orValue([]).all(g, g != 0) &&\n"+
			every("c.?securityContext.?runAsGroup.or("+podSC+".?runAsGroup).orValue(0) != 0"))),
	{
		Check: highUID, Says: "users and groups must be above those of nodes: set runAsUser and runAsGroup",
		Expression: func(in check.GuardInputs) string {
			least := strings.Join(in.List("min_uid"), "")
			return linux(ownUsers + " ||\n" + every("c.?securityContext.?runAsUser.or("+podSC+".?runAsUser).orValue(0) >= "+least+" &&\n  "+
				"c.?securityContext.?runAsGroup.or("+podSC+".?runAsGroup).orValue(0) >= "+least))
		},
	},
	says(noEscalation, restricted, "allowPrivilegeEscalation must be false in every container",
		linux(every("c.?securityContext.?allowPrivilegeEscalation.orValue(true) == false && !"+privileged+" &&\n  "+
			"!"+added+".exists(a, a.upperAscii() in ['SYS_ADMIN', 'CAP_SYS_ADMIN'])"))),
	says(dropAllCaps, restricted, "every container must drop ALL capabilities and may add NET_BIND_SERVICE alone",
		linux(every("!"+privileged+" && 'ALL' in "+dropped+" && "+added+".all(a, a == 'NET_BIND_SERVICE')"))),
	says(dropNetRaw, "", "no container may open raw sockets: drop NET_RAW or ALL", linux(every("!"+privileged+" && !("+holds("'NET_RAW'", true)+")"))),
	says(noAddedCaps, baseline, "no capability beyond the baseline may be added", linux(every(added+".all(a, a in "+literals(podspec.BaselineCaps)+")"))),
	says(ownUserNamespace, "", "the pod must have a user namespace of its own: set hostUsers to false", linux(ownUsers)),
	says(seccompBaseline, baseline, "seccomp must not be switched off", linux(podSC+".?seccompProfile.?type.orValue('RuntimeDefault') in "+confined+" &&\n"+
		every("c.?securityContext.?seccompProfile.?type.orValue('RuntimeDefault') in "+confined))),
	says(seccompRestricted, restricted, "a seccomp profile must be set for every container", linux(every("!"+privileged+" &&\n  "+
		"c.?securityContext.?seccompProfile.or("+podSC+".?seccompProfile).?type.orValue('') in "+confined))),
	says(appArmor, baseline, "AppArmor must not be switched off", linux(podSC+".?appArmorProfile.?type.orValue('RuntimeDefault') in "+confined+" &&\n"+
		every("c.?securityContext.?appArmorProfile.?type.orValue('RuntimeDefault') in "+confined+" &&\n  "+
			"[variables.annotations[?('container.apparmor.security.beta.kubernetes.io/' + c.name)].orValue('')].all(n,\n    n in ['', 'runtime/default'] || n.startsWith('localhost/'))"))),
	says(seLinux, baseline, "SELinux options must stay within the safe set",
		linux("([variables.spec] + variables.containers).all(c, c.?securityContext.?seLinuxOptions.?user.orValue('') == '' &&\n  "+
			"c.?securityContext.?seLinuxOptions.?role.orValue('') == '' &&\n  "+
			"(c.?securityContext.?seLinuxOptions.?type.orValue('') in ['', 'container_t', 'container_init_t', 'container_kvm_t'] ||\n   "+
			"variables.standard >= 31 && c.?securityContext.?seLinuxOptions.?type.orValue('') == 'container_engine_t'))")),
	says(procMount, baseline, "the process file system must stay masked",
		linux(rootAllowed+" && variables.level != 'restricted' ||\n"+every("c.?securityContext.?procMount.orValue('Default') == 'Default'"))),
	says(sysctls, baseline, "only safe kernel settings may be changed", linux(podSC+".?sysctls.orValue([]).all(s,\n  "+safeSettings()+")")),
}

const confined = "['RuntimeDefault', 'Localhost']"

// holds says that container c, not being privileged, holds a capability in one of
// the runtimes: one by one as containerd and CRI-O go, with and without CAP_ before
// the name, or as the Docker engine does. See podspec.
func holds(name string, granted bool) string {
	has := func(list, form string) string {
		if form == "" {
			return list + ".exists(a, a.upperAscii() == " + name + ")"
		}
		return list + ".exists(a, a.upperAscii() in [" + name + ", 'CAP_' + " + name + "])"
	}
	all := func(list string) string { return list + ".exists(a, a.upperAscii() == 'ALL')" }
	base := all(added)
	if granted {
		base = "true"
	}
	oneByOne := func(form string) string {
		return "(" + base + " && !" + all(dropped) + " || " + has(added, form) + ") && !" + has(dropped, form)
	}
	kept := "(" + has(added, "CAP_") + ")"
	if granted {
		kept = "(!" + has(dropped, "CAP_") + " || " + has(added, "CAP_") + ")"
	}
	moby := "(" + all(added) + " ? !" + has(dropped, "CAP_") + " :\n     " + all(dropped) + " ? " + has(added, "CAP_") + " : " + kept + ")"
	return oneByOne("") + " ||\n    " + oneByOne("CAP_") + " ||\n    " + moby
}

// safeSettings says that s is a kernel setting that the standard leaves to pods.
func safeSettings() string {
	out := []string{"s.name in " + literals(podspec.SafeSysctls(0))}
	for m := podspec.Minor(1); m <= podspec.Newest; m++ {
		if names := podspec.SafeSysctls(m); names != nil {
			out = append(out, fmt.Sprintf("variables.standard >= %d && s.name in %s", m, literals(names)))
		}
	}
	return strings.Join(out, " ||\n  ")
}

// sight are guards of what a process sees of its node.
var sight = []check.Guard{
	says(noHostPID, baseline, "the pod must not share the node's processes", linux("!variables.spec.?hostPID.orValue(false)")),
	says(noHostIPC, baseline, "the pod must not share the node's IPC", linux("!variables.spec.?hostIPC.orValue(false)")),
	says(noHostNetwork, baseline, "the pod must not share the node's network", "!variables.spec.?hostNetwork.orValue(false)"),
	// What a claim is bound to no pod shows: the check knows, the guard cannot.
	says(noHostPath, baseline, "no path of the node may be mounted", "variables.spec.?volumes.orValue([]).all(v, !has(v.hostPath))"),
	says(volumeTypes, restricted, "only volumes of safe types may be used",
		"variables.spec.?volumes.orValue([]).all(v, v.all(k, k in "+literals(append([]string{"name"}, podspec.SafeVolumes()...))+"))"),
	says(noRuntimeSocket, "", "no mount may show the socket of a container runtime", showing(
		literals(shared.RuntimeSockets())+".all(k, p != '/' && k != p && !k.startsWith(p + '/') && !p.endsWith(k.substring(k.lastIndexOf('/')))) &&\n    "+
			"!p.matches('^(/var)?/run/user/[^/]+$')")),
	says(noWritableHostPath, "", "paths of the node must be mounted read-only, and with what is mounted below them", showing(
		"m.?readOnly.orValue(false) &&\n    (m.?recursiveReadOnly.orValue('') == 'Enabled' || !(p in "+literals(mountedBelow)+"))")),
	says(noCloudCredentials, "", "no mount may show credentials of the node", showing(
		literals(nodeCredentials)+".all(k, p != '/' && k != p && !k.startsWith(p + '/') && !p.startsWith(k + '/')) &&\n    "+
			"!p.split('/').exists(d, d in "+literals(credentialFolders)+") && !(p + '/').contains('/.config/gcloud/')")),
	says(readonlyRootfs, "", "root file systems must be read-only", linux("variables.running.all(c,\n  c.?securityContext.?readOnlyRootFilesystem.orValue(false))")),
}

// showing says something of every path p of the node that a mount m shows.
func showing(of string) string {
	return every("c.?volumeMounts.orValue([]).all(m, variables.spec.?volumes.orValue([]).all(v, v.name != m.name || !has(v.hostPath) ||\n  " +
		"['/' + (v.hostPath.path + '/' + m.?subPath.orValue('')).split('/').filter(s, !(s in ['', '.'])).join('/')].all(p,\n    " + of + ")))")
}

// reach are guards of who reaches a pod, and whom it is made to reach.
var reach = []check.Guard{
	says(noHostPorts, baseline, "no port of the node may be taken",
		every("c.?ports.orValue([]).all(p, p.?hostPort.orValue(0) == 0 && !(variables.spec.?hostNetwork.orValue(false) && p.containerPort != 0))")),
	says(noHostProbes, baseline, "probes and hooks must not name another host", every(
		"[c.?livenessProbe, c.?readinessProbe, c.?startupProbe, c.?lifecycle.?postStart, c.?lifecycle.?preStop].all(h,\n    "+
			"h.?httpGet.?host.orValue('') == '' && h.?tcpSocket.?host.orValue('') == '')")),
	{
		Check: noHostAliases, Says: "the pod must not override host names",
		Expression: func(in check.GuardInputs) string {
			return literals(in.List("allowed")) + ".exists(n, n == variables.called || variables.called.startsWith(n + '-')) ||\n" +
				"variables.spec.?hostAliases.orValue([]).size() == 0"
		},
	},
	{
		Check: dnsPolicy, Says: "the pod must use the cluster's name service",
		Expression: func(in check.GuardInputs) string {
			return "variables.spec.?dnsConfig.?nameservers.orValue([]).all(n, n in " + literals(in.List("allowed_nameservers")) + ")"
		},
	},
	says(noPrivilegedPort, "", "no port may be used that needs a privilege", linux(
		"["+podSC+".?sysctls.orValue([]).filter(s, s.name == 'net.ipv4.ip_unprivileged_port_start' && s.value.matches('^[0-9]{1,6}$'))].all(f,\n  "+
			every("c.?ports.orValue([]).all(p, p.containerPort >= (f.size() > 0 ? int(f[f.size() - 1].value) : 1024))")+")")),
}

// more says that an amount is more than nothing: the container's own, or that of
// the pod as a whole.
func more(of, resource string) string {
	return "(" + of + "[?'" + resource + "'].hasValue() && quantity(string(" + strings.ReplaceAll(of, ".?", ".") + "['" + resource + "'])).isGreaterThan(quantity('0')))"
}

func limited(resource string) string {
	out := more("c.?resources.?limits", resource)
	if resource != "ephemeral-storage" {
		out += " ||\n  " + more("variables.spec.?resources.?limits", resource)
	}
	return "variables.running.all(c,\n  " + out + ")"
}

func requested(resource string) string {
	return "variables.running.all(c,\n  (c.?resources.?requests[?'" + resource + "'].hasValue() ? " + more("c.?resources.?requests", resource) + " :\n   " +
		more("c.?resources.?limits", resource) + ") ||\n  " +
		more("variables.spec.?resources.?requests", resource) + " ||\n  " + more("variables.spec.?resources.?limits", resource) + ")"
}

// amounts are guards of what a pod may take. A LimitRange gives pods, but not
// templates, what they do not say, so only pods are asked.
var amounts = []check.Guard{
	ofPods(says(memoryLimit, "", "every container must have a memory limit", limited("memory"))),
	ofPods(says(memoryRequest, "", "every container must request memory", requested("memory"))),
	ofPods(says(cpuLimit, "", "every container must have a CPU limit", limited("cpu"))),
	ofPods(says(cpuRequest, "", "every container must request CPU", requested("cpu"))),
	ofPods(says(storageLimit, "", "scratch storage must be limited", limited("ephemeral-storage")+" &&\n"+
		"variables.spec.?volumes.orValue([]).all(v, v.?emptyDir.?medium.orValue('') != 'Memory' ||\n  "+more("v.?emptyDir", "sizeLimit")+")")),
}

func ofPods(g check.Guard) check.Guard {
	g.PodsOnly = true
	return g
}

// knowledge are guards of what a pod can prove and knows.
var knowledge = []check.Guard{
	{
		Check: tokenExpiry, Says: "projected tokens must be short-lived",
		Expression: func(in check.GuardInputs) string {
			return "variables.spec.?volumes.orValue([]).all(v, v.?projected.?sources.orValue([]).all(s,\n  s.?serviceAccountToken.?expirationSeconds.orValue(0) <= " + strings.Join(in.List("max"), "") + "))"
		},
	},
	says(secretsNotInEnv, "", "secrets must be mounted as files", every(
		"!c.?env.orValue([]).exists(e, e.?valueFrom.?secretKeyRef.hasValue()) && !c.?envFrom.orValue([]).exists(e, e.?secretRef.hasValue())")),
	says(noDuplicateEnv, "", "no variable may be set twice", every("c.?env.orValue([]).all(e, c.env.exists_one(o, o.name == e.name))")),
}

// images are guards of what a pod runs.
var images = []check.Guard{
	says(tagNotFloating, "", "images must not have a tag that floats", every(
		"c.image.contains('@') ||\n  [c.image.substring(c.image.lastIndexOf('/') + 1)].all(n, n.contains(':') &&\n    "+
			"!(n.substring(n.lastIndexOf(':') + 1).lowerAscii() in "+literals(shared.FloatingTags())+"))")),
	says(imagePinned, "", "images must be pinned by digest", every("c.image.matches('^[^@]*@sha256:[0-9a-f]{64}$')")),
	says(pullPolicy, "", "tags that can be moved must always be pulled", every(
		"c.image.matches('^[^@]*@sha256:[0-9a-f]{64}$') || c.?imagePullPolicy.orValue('Always') == 'Always'")),
	{
		Check: allowedRegistry, Says: "images must come from approved registries",
		Expression: func(in check.GuardInputs) string { return every(approved(in.List("allowed_registries"))) },
	},
}

// approved says that the image of c is in a registry or namespace of a list, with
// what the runtime adds to a short name.
func approved(list []string) string {
	var paths []string
	for _, a := range list {
		if a = strings.Trim(strings.TrimSuffix(a, "/*"), "/"); a != "" {
			paths = append(paths, a)
		}
	}
	return "[string(c.image).split('@')[0]].all(i, [i.split('/')].all(w,\n    " +
		"[w.size() > 1 && (w[0].contains('.') || w[0].contains(':') || w[0] == 'localhost') ?\n      " +
		"[w[0].lowerAscii() == 'index.docker.io' ? 'docker.io' : w[0].lowerAscii(), i.substring(w[0].size() + 1)] :\n      " +
		"['docker.io', i]].all(r,\n      " +
		"[r[0] + '/' + (r[0] == 'docker.io' && !r[1].contains('/') ? 'library/' : '') +\n       " +
		"(r[1].lastIndexOf(':') > r[1].lastIndexOf('/') ? r[1].substring(0, r[1].lastIndexOf(':')) : r[1])].all(n,\n        " +
		literals(paths) + ".exists(a, n == a || n.startsWith(a + '/'))))))"
}

// placing are guards of where a pod runs.
var placing = []check.Guard{
	says(notInDefault, "", "workloads must not live in the default namespace", "request.namespace != 'default'"),
	{
		Check: noBlanketTolerations, Says: "a pod must not tolerate every taint",
		Expression: func(in check.GuardInputs) string {
			return "request.namespace in " + literals(systemAnd(in.List("allowed_namespaces"))) + " ||\n" +
				"variables.spec.?tolerations.orValue([]).all(t, t.?key.orValue('') != '' || t.?operator.orValue('') != 'Exists')"
		},
	},
	says(noNodeName, "", "a pod must leave the choice of its node to the scheduler",
		"dyn(object).kind == 'Pod' && (request.operation == 'UPDATE' || 'kubernetes.io/config.mirror' in variables.annotations) ||\nvariables.spec.?nodeName.orValue('') == ''"),
	says(livenessProbe, "", "containers that keep running must have a liveness probe",
		"dyn(object).kind in ['Job', 'CronJob'] || variables.spec.?restartPolicy.orValue('Always') != 'Always' ||\nvariables.running.all(c, c.?livenessProbe.hasValue())"),
}

// systemAnd lists the namespaces of Kubernetes and others.
func systemAnd(more []string) []string {
	out := []string{"kube-node-lease", "kube-public", "kube-system"}
	for _, ns := range more {
		if !snapshot.SystemNamespace(ns) {
			out = append(out, ns)
		}
	}
	return out
}
