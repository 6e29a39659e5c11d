package workload

import (
	"path"
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/shared"
	"plimsoll/internal/model"
	"plimsoll/internal/podspec"
	"plimsoll/internal/snapshot"
)

const hostPath = "hostPath"

var noHostPath = &check.Check{
	ID:    "pod-no-hostpath",
	Title: "No host path is mounted",
	Why: "A hostPath volume shows a part of the node: what is written there changes the node, what is read there are its secrets, and a link in it may lead further. " +
		"A claim that is bound to a persistent volume of that type is the same by another name.",
	Remedy:   "Use a volume that the cluster provides (a claim, emptyDir, csi). Agents that must see the node belong into a namespace of their own.",
	Severity: check.High, Subject: snapshot.KindPodSpec, Zone: model.ZoneNodeRuntime, Surface: model.SurfaceWorkloadDefinition, STRIDE: "IE", Tier: 1,
	Refs:  refs("5.2.12", "5.2.11", "baseline/hostPathVolumes", "C-0203 C-0048", "KSV-0023 KSV-0121", "sensitive-host-mounts"),
	Forms: everywhere,
	Needs: workloads,
	Reads: []string{"volumes"},
	Run:   func(p *check.Probe) { judge(p, showsNoNode) },
}

func showsNoNode(b *pod) check.Verdict {
	t := b.tally()
	claims := 0
	for i := range b.Volumes {
		v := &b.Volumes[i]
		switch v.Type {
		case hostPath:
			t.bad("volumes["+v.Name+"].hostPath.path", orNotSet(v.Path))
		case "persistentVolumeClaim":
			claims++
			if pv := b.boundTo(v.Source); pv != nil && (pv.Type == hostPath || pv.Type == "local") {
				t.bad("volumes["+v.Name+"].persistentVolumeClaim", "PersistentVolume "+pv.Name+" of type "+pv.Type+", "+orNotSet(pv.Path))
			}
		}
	}
	if claims > 0 && !t.Any() && !b.File {
		if v, ok := b.p.Need(snapshot.PartClusterStorage); !ok && v.Status == check.Unknown {
			v.Message = "it has claims, and what they are bound to was not seen"
			return v
		}
	}
	v := t.verdict("it mounts paths of the node", "it mounts no path of the node", ev("volumes", len(b.Volumes)))
	if claims > 0 && b.File && v.Status == check.Pass {
		v = v.Note("what its claims are bound to shows in the cluster only")
	}
	return v
}

// boundTo returns the persistent volume that a claim of the pod is bound to, or nil.
func (b *pod) boundTo(claim string) *snapshot.PersistentVolume {
	for i := range b.p.Snapshot.PersistentVolumes {
		if pv := &b.p.Snapshot.PersistentVolumes[i]; pv.Scope == b.p.Scope.ID && pv.Claim == b.Class.In+"/"+claim {
			return pv
		}
	}
	return nil
}

var volumeTypes = &check.Check{
	ID:       "pss-volume-types",
	Title:    "Only safe volume types are used",
	Why:      "Volumes of other types are mounted by the kubelet with the node's rights and its own credentials (nfs, iscsi, cephfs), run a program of the node (flexVolume), fetch what they are told to (gitRepo), or are the node itself (hostPath).",
	Remedy:   "Use configMap, csi, downwardAPI, emptyDir, ephemeral, image, persistentVolumeClaim, projected or secret; storage of other types comes by a claim.",
	Severity: check.Medium, Subject: snapshot.KindPodSpec, Zone: model.ZoneNodeRuntime, Surface: model.SurfaceWorkloadDefinition, STRIDE: "IE", Tier: 1,
	Refs:    refs("", "", "restricted/restrictedVolumes", "C-0203", "KSV-0028", ""),
	Covered: []string{"pod-no-hostpath"},
	Forms:   everywhere,
	Needs:   workloads,
	Reads:   []string{"volumes"},
	Run: func(p *check.Probe) {
		judge(p, func(b *pod) check.Verdict {
			t := b.tally()
			for i := range b.Volumes {
				if v := &b.Volumes[i]; !podspec.SafeVolume(v.Type) {
					t.bad("volumes["+v.Name+"]", orNotSet(v.Type))
				}
			}
			return t.verdict("it uses volumes of types beyond the safe ones", "its volumes are of safe types", ev("volumes", len(b.Volumes)))
		})
	},
}

// shownPath is a path of the node that a container sees by a mount.
type shownPath struct {
	container *podspec.Container
	mount     *snapshot.VolumeMount
	at        int // position of the mount
	path      string
}

// shown lists the paths of the node that containers see. A mount of a part shows
// that part.
func (b *pod) shown() []shownPath {
	var out []shownPath
	for i := range b.Containers {
		c := &b.Containers[i]
		for j := range c.Mounts {
			m := &c.Mounts[j]
			v := slices.IndexFunc(b.Volumes, func(v snapshot.PodVolume) bool { return v.Name == m.Volume && v.Type == hostPath })
			if v < 0 {
				continue
			}
			p := path.Clean("/" + b.Volumes[v].Path)
			if m.SubPath != "" && !strings.Contains(m.SubPath, "$(") {
				p = path.Join(p, m.SubPath)
			}
			out = append(out, shownPath{c, m, j, p})
		}
	}
	return out
}

// source names the mount.
func (s *shownPath) source() string {
	return s.container.Path("volumeMounts[" + number(int64(s.at)) + "].mountPath")
}

// shows words what it shows of the node.
func (s *shownPath) shows(what string) string { return s.mount.Path + " shows " + what }

var noRuntimeSocket = &check.Check{
	ID:    "pod-no-runtime-socket",
	Title: "No runtime socket is mounted",
	Why: "Whoever writes to the socket of containerd, CRI-O, Docker or Podman starts a privileged container on the node, past the API server, its admission and its audit log. " +
		"Read-only does not help: it protects the file, and a connection is no write to it. Any directory above a socket counts, so that /run and / do.",
	Remedy:   "Take the mount away. Builders need no socket (BuildKit rootless, Kaniko), and agents that list containers ask the kubelet.",
	Severity: check.Critical, Subject: snapshot.KindPodSpec, Zone: model.ZoneNodeRuntime, Surface: model.SurfaceWorkloadDefinition, STRIDE: "E", Tier: 1,
	Refs:    refs("", "", "", "C-0074", "KSV-0006", "docker-sock"),
	Covered: []string{"pod-no-hostpath"},
	Forms:   everywhere,
	Needs:   workloads,
	Reads:   []string{"volumes", "containers.mounts"},
	Run: func(p *check.Probe) {
		judge(p, func(b *pod) check.Verdict {
			t := b.tally()
			for _, s := range b.shown() {
				if shared.RuntimeSocket(s.path) {
					t.bad(s.source(), s.shows(s.path))
				}
			}
			return t.verdict("a mount shows the socket of a container runtime", "no mount shows the socket of a container runtime")
		})
	},
}

var noWritableHostPath = &check.Check{
	ID:    "pod-no-writable-hostpath",
	Title: "Host paths are mounted read-only",
	Why: "Writing to a path of the node plants what the node runs: units, static pods, keys, links that the kubelet's log collector follows. " +
		"Read-only covers the mount itself; what is mounted below it on the node stays writable unless recursiveReadOnly is Enabled, so that / or /var read-only is not enough.",
	Remedy:   "Set readOnly: true in the volumeMount, with recursiveReadOnly: Enabled for folders that hold other mounts, or do without the volume.",
	Severity: check.High, Subject: snapshot.KindPodSpec, Zone: model.ZoneNodeRuntime, Surface: model.SurfaceWorkloadDefinition, STRIDE: "TE", Tier: 2,
	Refs:    refs("", "", "", "C-0045 C-0058", "KSV-0023", "writable-host-mount sensitive-host-mounts"),
	Covered: []string{"pod-no-hostpath"},
	Forms:   everywhere,
	Needs:   workloads,
	Reads:   []string{"volumes", "containers.mounts", "containers.devices"},
	Run:     func(p *check.Probe) { judge(p, writesNoNode) },
}

// mountedBelow are folders below which every node has other mounts.
var mountedBelow = []string{"/", "/var", "/var/lib", "/var/lib/kubelet", "/var/lib/docker", "/var/lib/containerd", "/run", "/var/run", "/proc", "/sys", "/dev", "/mnt", "/media"}

func writesNoNode(b *pod) check.Verdict {
	t := b.tally()
	shown := b.shown()
	deep := false
	for _, s := range shown {
		switch {
		case !s.mount.ReadOnly:
			t.bad(s.source(), s.shows(s.path+", writable"))
		case s.mount.Recursive == "Enabled":
		case slices.Contains(mountedBelow, s.path):
			t.bad(s.source(), s.shows(s.path+", read-only without what is mounted below it"))
		default:
			deep = true
		}
	}
	v := t.verdict("paths of the node can be written to", "no path of the node can be written to", ev("mounts of the node's paths", len(shown)))
	if deep && v.Status == check.Pass {
		v = v.Note("what is mounted below such a path on the node would be writable: recursiveReadOnly is not Enabled")
	}
	return v
}

var noCloudCredentials = &check.Check{
	ID:       "pod-no-cloud-credential-mount",
	Title:    "No cloud credential file of the node is mounted",
	Why:      "The node's credentials at its cloud provider, and the keys of the control plane, are files on its disk. A mount of them, or of a folder around them, hands the pod the cloud account or the cluster.",
	Remedy:   "Take the mount away and tie the pod's service account to an identity of the provider that may do what the program needs.",
	Severity: check.High, Subject: snapshot.KindPodSpec, Zone: model.ZoneNodeRuntime, Surface: model.SurfaceWorkloadDefinition, STRIDE: "I", Tier: 2,
	Refs:    refs("", "", "", "C-0020", "", ""),
	Covered: []string{"pod-no-hostpath"},
	Forms:   everywhere,
	Needs:   workloads,
	Reads:   []string{"volumes", "containers.mounts"},
	Run: func(p *check.Probe) {
		judge(p, func(b *pod) check.Verdict {
			t := b.tally()
			for _, s := range b.shown() {
				if c := credentialsAt(s.path); c != "" {
					t.bad(s.source(), s.shows(s.path+", and with it "+c))
				}
			}
			return t.verdict("a mount shows credentials of the node", "no mount shows credentials of the node")
		})
	},
}

// nodeCredentials are where nodes keep credentials.
var nodeCredentials = []string{
	"/etc/kubernetes/azure.json", "/etc/kubernetes/cloud-config", "/etc/kubernetes/cloud.conf", "/etc/kubernetes/pki", "/etc/kubernetes/admin.conf",
	"/root/.aws", "/root/.azure", "/root/.config/gcloud", "/root/.kube", "/var/lib/kubelet/pods", "/var/lib/cloud", "/var/lib/waagent", "/var/lib/rancher/k3s/server", "/etc/rancher",
}

// credentialFolders are names that such folders have in any home.
var credentialFolders = []string{".aws", ".azure", ".kube"}

func credentialsAt(p string) string {
	for _, c := range nodeCredentials {
		if shared.Within(p, c) || shared.Within(c, p) {
			return c
		}
	}
	for _, c := range []string{"/run/secrets", "/var/run/secrets"} { // of few nodes, so that what is around does not count
		if shared.Within(p, c) {
			return c
		}
	}
	for dir := range strings.SplitSeq(p, "/") {
		if slices.Contains(credentialFolders, dir) {
			return dir
		}
	}
	if strings.Contains(p+"/", "/.config/gcloud/") {
		return ".config/gcloud"
	}
	return ""
}
