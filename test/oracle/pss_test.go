package oracle

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"

	"plimsoll/internal/check"
	"plimsoll/internal/checks/workload"
	"plimsoll/internal/kubeobj"
	"plimsoll/internal/snapshot"
)

const (
	newest    = 37   // the version of the module
	generated = 1500 // pods beside the module's own
	seed      = 4210
)

// rows names for each check of the standards the rows of the catalogue that ask the
// same. Where several ask it, all must pass.
var rows = map[policy.CheckID][]string{
	"allowPrivilegeEscalation":   {"pod-no-privilege-escalation"},
	"appArmorProfile":            {"pss-apparmor"},
	"capabilities_baseline":      {"pod-no-added-capabilities"},
	"capabilities_restricted":    {"pod-drop-all-capabilities"},
	"hostNamespaces":             {"pod-no-host-pid", "pod-no-host-ipc", "pod-no-host-network"},
	"hostPathVolumes":            {"pod-no-hostpath"},
	"hostPorts":                  {"pod-no-host-ports"},
	"hostProbesAndHostLifecycle": {"pss-host-probes"},
	"privileged":                 {"pod-not-privileged"},
	"procMount":                  {"pss-proc-mount"},
	"procMount_restricted":       {"pss-proc-mount"},
	"restrictedVolumes":          {"pss-volume-types"},
	"runAsNonRoot":               {"pod-run-as-non-root"},
	"runAsUser":                  {"pss-run-as-user-nonzero"},
	"seLinuxOptions":             {"pss-selinux"},
	"seccompProfile_baseline":    {"pss-seccomp-baseline"},
	"seccompProfile_restricted":  {"pss-seccomp-baseline", "pss-seccomp-restricted"},
	"sysctls":                    {"pss-sysctls"},
	"windowsHostProcess":         {"pod-no-windows-hostprocess"},
}

// explanation is a disagreement that is meant, or a verdict that is left open.
type explanation struct {
	name    string
	allowed bool // what the standards say
	holds   func(id policy.CheckID, minor int, p *corev1.Pod) bool
}

// explained lists them; docs/pod-security.md says them in words.
var explained = []explanation{
	{"undone: what a container says beside privileged or SYS_ADMIN", true, func(id policy.CheckID, _ int, p *corev1.Pod) bool {
		of := []policy.CheckID{"allowPrivilegeEscalation", "capabilities_restricted", "seccompProfile_restricted"}
		return slices.Contains(of, id) && anyContainer(p, func(c *corev1.Container) bool {
			s := c.SecurityContext
			if s == nil {
				return false
			}
			admin := id == "allowPrivilegeEscalation" && s.Capabilities != nil && slices.ContainsFunc(s.Capabilities.Add, func(n corev1.Capability) bool {
				return strings.TrimPrefix(strings.ToUpper(string(n)), "CAP_") == "SYS_ADMIN"
			})
			return admin || s.Privileged != nil && *s.Privileged
		})
	}},
	{"overridden: the pod says runAsNonRoot false, every container true", false, func(id policy.CheckID, _ int, p *corev1.Pod) bool {
		s := p.Spec.SecurityContext
		return id == "runAsNonRoot" && s != nil && s.RunAsNonRoot != nil && !*s.RunAsNonRoot && !anyContainer(p, func(c *corev1.Container) bool {
			return c.SecurityContext == nil || c.SecurityContext.RunAsNonRoot == nil || !*c.SecurityContext.RunAsNonRoot
		})
	}},
	{"windows: before 1.25 demanded of Windows, too, where it has no effect", false, func(id policy.CheckID, minor int, p *corev1.Pod) bool {
		of := []policy.CheckID{"allowPrivilegeEscalation", "capabilities_restricted", "seccompProfile_restricted"}
		return slices.Contains(of, id) && minor < 25 && p.Spec.OS != nil && p.Spec.OS.Name == corev1.Windows
	}},
	{"restricted leaves Windows out, and so allows it a profile that baseline forbids", true, func(id policy.CheckID, minor int, p *corev1.Pod) bool {
		return id == "seccompProfile_restricted" && minor >= 25 && p.Spec.OS != nil && p.Spec.OS.Name == corev1.Windows
	}},
	{"fields: before 1.19 seccomp is read from annotations that no supported API server knows", true, func(id policy.CheckID, minor int, _ *corev1.Pod) bool {
		return id == "seccompProfile_baseline" && minor < 19
	}},
	{"annotations: before 1.19 seccomp is read from annotations that no supported API server knows", false, func(id policy.CheckID, minor int, p *corev1.Pod) bool {
		return id == "seccompProfile_baseline" && minor < 19 && annotated(p, "seccomp")
	}},
	{"nobody: an AppArmor annotation for a container that is not there", false, func(id policy.CheckID, _ int, p *corev1.Pod) bool {
		const key = "container.apparmor.security.beta.kubernetes.io/"
		for k := range p.Annotations {
			name, ok := strings.CutPrefix(k, key)
			if ok && id == "appArmorProfile" && !anyContainer(p, func(c *corev1.Container) bool { return c.Name == name }) {
				return true
			}
		}
		return false
	}},
	{"selector: a selector of nodes points to Windows, which is unknown and no failure", false, func(id policy.CheckID, _ int, p *corev1.Pod) bool {
		of := []policy.CheckID{"allowPrivilegeEscalation", "capabilities_restricted", "seccompProfile_restricted"}
		return slices.Contains(of, id) && p.Spec.OS == nil && p.Spec.NodeSelector["kubernetes.io/os"] == "windows"
	}},
}

func anyContainer(p *corev1.Pod, is func(*corev1.Container) bool) bool {
	for _, list := range [][]corev1.Container{p.Spec.InitContainers, p.Spec.Containers} {
		if slices.ContainsFunc(list, func(c corev1.Container) bool { return is(&c) }) {
			return true
		}
	}
	return slices.ContainsFunc(p.Spec.EphemeralContainers, func(c corev1.EphemeralContainer) bool {
		return is((*corev1.Container)(&c.EphemeralContainerCommon))
	})
}

func annotated(p *corev1.Pod, what string) bool {
	for k := range p.Annotations {
		if strings.Contains(k, what) {
			return true
		}
	}
	return false
}

// world is one namespace with the pods, whose labels say what it enforces.
type world struct {
	snapshot *snapshot.Snapshot
	subjects []string // keys of the pods
}

func newWorld(t *testing.T, pods []*corev1.Pod) *world {
	t.Helper()
	const scope = "cluster:oracle"
	b := kubeobj.NewBuilder(kubeobj.Options{Scope: scope})
	if !b.Add(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "pods"}}, kubeobj.Origin{}) {
		t.Fatal("a namespace was not taken")
	}
	w := &world{}
	for i, p := range pods {
		p = p.DeepCopy()
		p.Name, p.Namespace, p.UID = fmt.Sprintf("p%06d", i), "pods", ""
		if !b.Add(p, kubeobj.Origin{}) {
			t.Fatal("a pod was not taken")
		}
		w.subjects = append(w.subjects, "pods/Pod/"+p.Name)
	}
	s := b.Snapshot()
	s.Taken = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	s.Scopes = []snapshot.Scope{{ID: scope, Kind: snapshot.ScopeCluster, Name: "oracle", Taken: s.Taken}}
	for _, p := range snapshot.Parts {
		s.Parts = append(s.Parts, snapshot.PartStatus{Scope: scope, Part: p, State: snapshot.Observed})
	}
	s.Clusters[0].Version = fmt.Sprintf("v1.%d.0", newest)
	w.snapshot = s
	return w
}

// verdicts asks every row of the pods, in a namespace that enforces a level.
func (w *world) verdicts(t *testing.T, level, version string) map[string][]check.Status {
	t.Helper()
	w.snapshot.Namespaces[0].Labels = []snapshot.Pair{
		{Key: "pod-security.kubernetes.io/enforce", Value: level}, {Key: "pod-security.kubernetes.io/enforce-version", Value: version},
	}
	x := snapshot.NewIndex(w.snapshot)
	pod := make(map[int]int, len(w.subjects))
	for _, m := range x.Of(w.snapshot.Scopes[0].ID, snapshot.KindPodSpec) {
		i, found := slices.BinarySearch(w.subjects, x.Subjects[m].Key)
		if !found {
			t.Fatalf("the pods have no %s", x.Subjects[m].Key)
		}
		pod[m] = i
	}
	out := make(map[string][]check.Status)
	for _, ids := range rows {
		for _, id := range ids {
			if out[id] != nil {
				continue
			}
			at := slices.IndexFunc(workload.Suite, func(c *check.Check) bool { return c.ID == id })
			if at < 0 {
				t.Fatalf("there is no check %s", id)
			}
			said := make([]check.Status, len(w.subjects))
			for _, f := range check.RunOne(workload.Suite[at], check.Inputs{Index: x, Now: w.snapshot.Taken}) {
				for _, m := range f.Members {
					said[pod[m]] = f.Status
				}
			}
			out[id] = said
		}
	}
	return out
}

// inForce returns the checks of a level in a version, as the module's own registry
// chooses them: those of restricted stand in for those of baseline that they name.
func inForce(level api.Level, minor int) map[policy.CheckID]policy.CheckPodFn {
	out := make(map[policy.CheckID]policy.CheckPodFn)
	var instead []policy.CheckID
	for _, c := range policy.DefaultChecks() {
		if level == api.LevelBaseline && c.Level == api.LevelRestricted {
			continue
		}
		for _, v := range c.Versions {
			if v.MinimumVersion.Minor() <= minor {
				out[c.ID] = v.CheckPod
			}
		}
		if out[c.ID] != nil {
			for _, v := range c.Versions {
				if v.MinimumVersion.Minor() <= minor {
					instead = append(instead, v.OverrideCheckIDs...)
				}
			}
		}
	}
	for _, id := range instead {
		delete(out, id)
	}
	return out
}

// TestPodSecurityStandards holds the rows of the Pod Security Standards against
// the evaluator of Kubernetes itself, row by row and level by level, in every
// version, on its own fixtures and on generated pods.
func TestPodSecurityStandards(t *testing.T) {
	for _, c := range policy.DefaultChecks() {
		if rows[c.ID] == nil {
			t.Errorf("the standards have a check %s that no row answers", c.ID)
		}
	}
	pods, all := fixtures(t)
	own := len(pods)
	g := generator{rand.New(rand.NewPCG(seed, 0))}
	for range generated {
		pods = append(pods, g.pod())
	}
	for _, p := range pods {
		defaulted(p)
	}
	w := newWorld(t, pods)
	c := comparison{t: t, pods: pods, used: make([]int, len(explained))}
	var err error
	if c.evaluator, err = policy.NewEvaluator(policy.DefaultChecks(), nil); err != nil {
		t.Fatal(err)
	}
	for _, level := range []api.Level{api.LevelBaseline, api.LevelRestricted} {
		for minor := range newest + 2 { // beyond the newest: latest
			lv, version := api.LevelVersion{Level: level, Version: api.LatestVersion()}, "latest"
			if minor <= newest {
				lv.Version = api.MajorMinorVersion(1, minor)
				version = lv.Version.String()
			}
			expected := make(map[int][]bool)
			for _, f := range all {
				if f.level == string(level) && f.version == version {
					expected[f.pod] = append(expected[f.pod], f.pass)
				}
			}
			c.compare(lv, minor, w.verdicts(t, string(level), version), expected)
		}
	}
	for i, e := range explained {
		if c.used[i] == 0 {
			t.Errorf("nothing needs the explanation %q", e.name)
		}
		t.Logf("%8d %s", c.used[i], e.name)
	}
	t.Logf("%d pods (%d of the module's own %d fixtures), %d let in, %d verdicts compared row by row, %d by level, %d fixtures as expected",
		len(pods), own, len(all), c.letIn, c.rows, c.levels, c.expected)
	if c.letIn == 0 || c.letIn == c.levels || c.expected == 0 {
		t.Error("the pods do not try both answers")
	}
}

// comparison counts what was compared.
type comparison struct {
	t         *testing.T
	evaluator policy.Evaluator
	pods      []*corev1.Pod
	used      []int // of the explanations

	rows, levels, letIn, expected, wrong int
}

// compare holds what the rows said of the pods at a level and version against the
// standards, and against what the module's own tests expect.
func (c *comparison) compare(lv api.LevelVersion, minor int, said map[string][]check.Status, expected map[int][]bool) {
	checks := inForce(lv.Level, minor)
	for i, p := range c.pods {
		ours, theirs, doubted := true, true, false
		for id, f := range checks {
			want := f(&p.ObjectMeta, &p.Spec).Allowed
			got, status := allow(said, rows[id], i)
			c.rows++
			ours, theirs = ours && got, theirs && want
			if got == want && status != check.Unknown {
				continue
			}
			doubted = true
			why := slices.IndexFunc(explained, func(e explanation) bool { return e.allowed == want && e.holds(id, minor, p) })
			if why < 0 {
				c.fail("%v %s: the standards say allowed=%v, the rows %v of pod %d: %v %+v", lv, id, want, status, i, p.Annotations, p.Spec)
				continue
			}
			c.used[why]++
		}
		c.levels++
		if theirs {
			c.letIn++
		}
		if policy.AggregateCheckResults(c.evaluator.EvaluatePod(lv, &p.ObjectMeta, &p.Spec)).Allowed != theirs {
			c.fail("%v: this test chooses other checks than the evaluator for pod %d", lv, i)
		}
		switch {
		case doubted:
		case ours != theirs:
			c.fail("%v: the level says allowed=%v, the rows %v of pod %d", lv, theirs, ours, i)
		case expected[i] != nil && !slices.Contains(expected[i], ours):
			c.fail("%v: pod %d is expected to be let in: %v, not %v", lv, i, expected[i], ours)
		case expected[i] != nil:
			c.expected++
		}
	}
}

// fail reports the first disagreements.
func (c *comparison) fail(format string, a ...any) {
	const most, long = 10, 800
	c.wrong++
	if c.wrong <= most {
		s := fmt.Sprintf(format, a...)
		c.t.Error(s[:min(len(s), long)])
	}
}

// defaulted sets what the API server sets before any admission sees the pod.
func defaulted(p *corev1.Pod) {
	for i := range p.Spec.Volumes {
		if v := &p.Spec.Volumes[i]; v.VolumeSource == (corev1.VolumeSource{}) {
			v.EmptyDir = &corev1.EmptyDirVolumeSource{}
		}
	}
	if !p.Spec.HostNetwork {
		return
	}
	for _, list := range [][]corev1.Container{p.Spec.Containers, p.Spec.InitContainers} {
		for i := range list {
			for j := range list[i].Ports {
				list[i].Ports[j].HostPort = list[i].Ports[j].ContainerPort
			}
		}
	}
}

// allow joins the rows that ask one thing: pass and not applicable let in.
func allow(said map[string][]check.Status, ids []string, pod int) (bool, check.Status) {
	worst := check.NotApplicable
	for _, id := range ids {
		switch s := said[id][pod]; {
		case s == check.Fail:
			return false, s
		case s != check.Pass && s != check.NotApplicable:
			worst = check.Unknown
		case worst == check.NotApplicable:
			worst = s
		}
	}
	return worst != check.Unknown, worst
}
