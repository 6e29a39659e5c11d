package node

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/shared"
	"plimsoll/internal/model"
	"plimsoll/internal/snapshot"
)

// file is a check of files of nodes.
func file(id, title, why, remedy, byHand string, sev check.Severity, zone model.Zone, surface model.Surface, stride string, tier int, run func(*check.Probe)) *check.Check {
	return &check.Check{
		ID: id, Title: title, Why: why, Remedy: remedy, ByHand: byHand, Severity: sev, Subject: snapshot.KindNodeFile, Zone: zone, Surface: surface, STRIDE: stride, Tier: tier,
		Forms: []check.Form{check.Live}, Run: run,
	}
}

var runtimeSocket = file("node-runtime-socket-mode", "The runtime socket on nodes is closed to other users",
	"Who may write to the runtime's socket starts containers with any rights past kubelet and admission, and is root on the node. Bits beyond 0660 are tested one by one; owner and group must be root, or the group have nobody in it.",
	"chmod 0660 the socket and chown root:root it, in the configuration of the runtime, which makes it anew.",
	"The runtime makes the socket anew at its next start; its configuration has to change.",
	check.Critical, node, model.SurfaceConfigurationFiles, "R", 1, func(p *check.Probe) {
		judgeFiles(p, false, "no socket of a container runtime is on the node", func(f *snapshot.File) bool { return f.Is(snapshot.RoleNodeSocket) }, func(_ int, f *snapshot.File) check.Verdict { return socket(p, f) })
	})

func socket(p *check.Probe, f *snapshot.File) check.Verdict {
	if f.Type != "socket" {
		return check.Inapplicable("it is no socket")
	}
	v := shared.WithinMode(f, 0o660)
	if v.Status != check.Pass {
		return v
	}
	v.Evidence = append(v.Evidence, shared.OwnerEvidence(f))
	if f.UID != 0 {
		return check.Failed(fmt.Sprintf("it belongs to uid %d", f.UID), v.Evidence...)
	}
	if f.GID == 0 {
		return v
	}
	h := p.Snapshot.Host(f.Scope)
	if h == nil || !h.Accounts.Known() {
		return check.Undecided(snapshot.ReasonPartial, "who is in its group is not known", v.Evidence...)
	}
	for _, g := range h.Accounts.V.Groups {
		if g.GID != f.GID {
			continue
		}
		if len(g.Members) > 0 {
			return check.Failed("its group has members", append(v.Evidence, check.Evidence{Source: "group " + g.Name, Value: strings.Join(g.Members, ", ")})...)
		}
		if len(h.Accounts.V.OtherSources) > 0 {
			return check.Undecided(snapshot.ReasonPartial, "its group is empty in the local files, and accounts also come from elsewhere", v.Evidence...)
		}
		return check.Passed("it is root's, and its group is empty", v.Evidence...)
	}
	return check.Undecided(snapshot.ReasonPartial, fmt.Sprintf("who is in the group %d is not in the evidence", f.GID), v.Evidence...)
}

var staticPodPath = file("kubelet-static-pod-path-mode", "The static pod directory is writable by root only",
	"Whatever file appears in the folder is run, with any rights and past admission. Who may write to it, or to a folder above it, is root on the node; a static pod URL gives that to whoever answers there.",
	"chown root and chmod 0700 the folder, let only root write to those above, and remove staticPodURL.", "",
	check.High, node, model.SurfaceConfigurationFiles, "T", 2, func(p *check.Probe) {
		judgeFiles(p, false, "the kubelet has no folder of static pods", func(f *snapshot.File) bool { return f.Is(snapshot.RoleStaticPodDir) }, func(_ int, f *snapshot.File) check.Verdict {
			if v, bad := staticURL(p, f.Scope); bad {
				return v
			}
			if f.Mode&0o022 != 0 {
				return check.Failed("others than root may put files in it", check.Evidence{Source: "mode of " + cmp.Or(f.Real, f.Path), Value: fmt.Sprintf("%04o", f.Mode)})
			}
			return shared.OwnedBy(f, 0, f.GID)
		})
	})

// staticURL says of a node's kubelet that it takes static pods from the network,
// or that this is not known.
func staticURL(p *check.Probe, host string) (check.Verdict, bool) {
	for i := range p.Snapshot.Components {
		c := &p.Snapshot.Components[i]
		if c.Scope != p.Scope.ID || c.Host != host || c.Name != snapshot.Kubelet {
			continue
		}
		s := (&kubelet{c, p}).setting("staticPodURL")
		if s.missing == "" && s.value != "" {
			return check.Failed("static pods are also taken from a URL", s.ev()), true
		}
		if _, set := c.Flag("manifest-url"); set {
			return check.Failed("static pods are also taken from a URL", ev("--manifest-url", "set")), true
		}
		if v, unknown := s.unknown(); unknown {
			return v, true
		}
	}
	return check.Verdict{}, false
}

var mirrorGap = func() *check.Check {
	c := file("mirror-pod-gap-noted", "Static pods on nodes match the known set",
		"A static pod is under no admission rule, and the API shows only a mirror of it. One whose mirror the API server refused is not shown at all, and runs.",
		"Find out who put the manifest there. Remove it, or declare its path as one of allowed_manifests.",
		"Somebody put the manifest there; whether it may go people decide.",
		check.Medium, model.ZoneControlPlane, model.SurfacePolicyEnforcement, "E", 2, func(p *check.Probe) {
			judgeFiles(p, false, "no static pod is on the node", manifestFile, func(_ int, f *snapshot.File) check.Verdict { return mirrored(p, f) })
		})
	c.Params = []check.Param{{Name: "allowed_manifests", Unit: "list", Meaning: "static manifests left out of the rule; empty means that nothing is"}}
	return c
}()

func manifestFile(f *snapshot.File) bool {
	return f.Is(snapshot.RoleAPIServerManifest, snapshot.RoleKCMManifest, snapshot.RoleSchedulerManifest, snapshot.RoleEtcdManifest, snapshot.RoleStaticManifest)
}

func mirrored(p *check.Probe, f *snapshot.File) check.Verdict {
	allowed, _ := p.List("allowed_manifests")
	if slices.Contains(allowed, f.Path) {
		return check.Passed("policy leaves it out", ev("allowed_manifests", f.Path))
	}
	if v, seen := p.Need(snapshot.PartClusterPods); !seen {
		return check.Undecided(v.Reason, "whether the API shows a mirror of it was not collected ("+string(snapshot.PartClusterPods)+")")
	}
	n := p.Snapshot.NodeOf(p.Scope.ID, f.Scope)
	if n == nil || f.Pod == "" {
		return check.Undecided(snapshot.ReasonPartial, "which pod the manifest is of could not be read")
	}
	namespace, name, _ := strings.Cut(f.Pod, "/")
	for i := range p.Snapshot.Workloads {
		w := &p.Snapshot.Workloads[i]
		if w.Scope == p.Scope.ID && w.Static && w.Namespace == namespace && w.Name == name+"-"+n.Name {
			return check.Passed("the API shows a mirror of it", ev("Pod", namespace+"/"+w.Name))
		}
	}
	return check.Failed("the API shows no mirror of it", ev("pod of the manifest", f.Pod))
}

var baseline = func() *check.Check {
	c := file("control-plane-matches-baseline", "Control plane files equal the accepted baseline",
		"A flag in a manifest, or a rule in an admission or audit file, that changes without anybody having decided it is an accident or an intruder. Files with keys in them are not hashed, since a hash would be kept.",
		"Find out who changed the file. Undo it, or accept it by declaring the baseline anew: PATH=SHA256 for each file.",
		"Which state was accepted people know.",
		check.High, model.ZoneControlPlane, model.SurfaceConfigurationFiles, "T", 2, func(p *check.Probe) {
			declared, ok := p.List("baseline")
			judgeFiles(p, true, "no file of the control plane is on the node", func(f *snapshot.File) bool { return manifestFile(f) || f.Is(snapshot.RoleControlPlaneConfig) }, func(_ int, f *snapshot.File) check.Verdict {
				e := ev("sha256 of "+f.Path, cmp.Or(f.Digest, "not taken"))
				switch {
				case !ok:
					return check.Undecided(snapshot.ReasonUndeclared, "no baseline is declared", e)
				case f.Digest == "":
					return check.Undecided(snapshot.ReasonPartial, "the content was not readable, or is not hashed", e)
				case slices.Contains(declared, f.Path+"="+f.Digest):
					return check.Passed("it is as it was accepted", e)
				}
				return check.Failed("it differs from the accepted baseline", e)
			})
		})
	c.Params = []check.Param{{Name: "baseline", Unit: "list", Question: true, Meaning: "PATH=SHA256 of every file that was accepted"}}
	return c
}()

var caOffline = file("ca-key-offline", "CA keys are absent where nothing signs",
	"With the key of a CA anybody makes certificates for anyone, and none can be revoked. Workers never need one; a control plane node does only while its controller manager signs with it.",
	"Move the keys of CAs that nothing signs with to storage that is offline, and keep etcd's and the front proxy's there between renewals.",
	"A key that is moved must be kept where it survives, and kubeadm needs it to renew certificates.",
	check.High, model.ZoneControlPlane, model.SurfaceConfigurationFiles, "SE", 2, caKeys)

// caKeys looks for the keys of authorities by their public halves: what a file is
// called does not matter.
func caKeys(p *check.Probe) {
	authorities := make(map[string]string) // hash of the key -> subject
	for i := range p.Snapshot.Certificates {
		if c := &p.Snapshot.Certificates[i]; c.Cluster == p.Scope.ID && c.CA && c.Path != "" && !ofKubelet(c) {
			authorities[c.Scope+c.Key] = c.Subject
		}
	}
	judgeFiles(p, false, "no private key of an authority is on the node", func(f *snapshot.File) bool {
		return f.Is(snapshot.RolePKIKey) && (f.State != snapshot.Observed || f.Key == "" || authorities[f.Scope+f.Key] != "")
	}, func(_ int, f *snapshot.File) check.Verdict {
		if f.Key == "" {
			return check.Undecided(snapshot.ReasonPartial, "whose key it is could not be read")
		}
		e := ev("key of", authorities[f.Scope+f.Key])
		n := p.Snapshot.NodeOf(p.Scope.ID, f.Scope)
		if n == nil || !n.ControlPlane {
			return check.Failed("the key of an authority is on a worker", e)
		}
		for i := range p.Snapshot.Components {
			c := &p.Snapshot.Components[i]
			if c.Scope != p.Scope.ID || c.Host != f.Scope || c.Name != snapshot.ControllerManager {
				continue
			}
			for _, named := range c.Named {
				if strings.HasPrefix(named.By, "--cluster-signing") && named.At == f.Path {
					return check.Passed("the controller manager signs with it", e, ev(named.By, named.Path))
				}
			}
		}
		return check.Failed("nothing on the node signs with it", e)
	})
}

// ofKubelet reports whether an authority is the one that a kubelet makes up for
// its own certificate, and throws away.
func ofKubelet(c *snapshot.X509) bool { return strings.Contains(c.Subject, "-ca@") }
