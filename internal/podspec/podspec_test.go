package podspec

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"plimsoll/internal/snapshot"
)

// TestCapabilities holds the algebra against what the kernel showed of containers
// that containerd 1.6.20 started (CapBnd of /proc/1/status), and against what other
// runtimes make of the same lists.
func TestCapabilities(t *testing.T) {
	const defaults = 0xa80425fb
	for name, c := range map[string]struct {
		add, drop []string
		measured  uint64 // of containerd
		held      []string
		not       []string
		depends   bool // on the runtime, for NET_RAW
	}{
		"nothing said":          {nil, nil, defaults, []string{"NET_RAW"}, []string{"SYS_ADMIN"}, false},
		"all dropped":           {nil, []string{"all"}, 0, nil, []string{"NET_RAW", "CHOWN"}, false},
		"all added and dropped": {[]string{"ALL"}, []string{"ALL"}, 0, []string{"NET_RAW", "SYS_ADMIN"}, nil, true},
		"added and dropped":     {[]string{"NET_RAW"}, []string{"NET_RAW"}, 0xa80405fb, []string{"NET_RAW"}, nil, true},
		"all dropped, added":    {[]string{"NET_RAW"}, []string{"ALL"}, 0x2000, []string{"NET_RAW"}, []string{"CHOWN"}, false},
		"all added, dropped":    {[]string{"ALL"}, []string{"NET_RAW"}, snapshot.AllCaps &^ 0x2000, []string{"SYS_ADMIN"}, []string{"NET_RAW"}, false},
		"dropped with prefix":   {nil, []string{"CAP_NET_RAW"}, defaults, []string{"NET_RAW"}, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := oneByOne(c.add, c.drop, exact); got != c.measured {
				t.Errorf("containerd makes %#x of it, the kernel showed %#x", got, c.measured)
			}
			caps := capabilities(&snapshot.SecurityContext{CapAdd: c.add, CapDrop: c.drop})
			for _, n := range c.held {
				if !caps.Has(n) {
					t.Errorf("it does not hold %s", n)
				}
			}
			for _, n := range c.not {
				if caps.Has(n) {
					t.Errorf("it holds %s", n)
				}
			}
			if got := caps.Depends("NET_RAW"); got != c.depends {
				t.Errorf("that NET_RAW depends on the runtime is %v", got)
			}
		})
	}
	all := capabilities(&snapshot.SecurityContext{Privileged: new(true), CapDrop: []string{"ALL"}})
	if all.Held != snapshot.AllCaps || all.Depends("NET_RAW") {
		t.Errorf("privileged that drops all holds %#x", all.Held)
	}
	if alien := capabilities(&snapshot.SecurityContext{CapAdd: []string{"ALL", "CHOWN", "FLY"}}).Alien; !slices.Equal(alien, []string{"FLY"}) {
		t.Errorf("unknown are %q", alien)
	}
}

func TestEscalation(t *testing.T) {
	for name, c := range map[string]struct {
		of   snapshot.SecurityContext
		want Escalation
	}{
		"not said":            {snapshot.SecurityContext{}, Escalation{Allowed: true}},
		"forbidden":           {snapshot.SecurityContext{Escalation: new(false)}, Escalation{Said: true}},
		"privileged forces":   {snapshot.SecurityContext{Escalation: new(false), Privileged: new(true)}, Escalation{true, true, "privileged"}},
		"SYS_ADMIN forces":    {snapshot.SecurityContext{Escalation: new(false), CapAdd: []string{"SYS_ADMIN"}}, Escalation{true, true, "SYS_ADMIN"}},
		"in any form of name": {snapshot.SecurityContext{CapAdd: []string{"cap_sys_admin"}}, Escalation{true, false, "SYS_ADMIN"}},
	} {
		if got := escalation(&c.of); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

// TestPrecedence: the container's word counts over its pod's, field by field.
func TestPrecedence(t *testing.T) {
	pod := &snapshot.PodSpec{
		Security: snapshot.SecurityContext{NonRoot: new(true), User: new(int64(5)), Seccomp: &snapshot.Profile{Type: "RuntimeDefault"}, AppArmor: &snapshot.Profile{Type: "Unconfined"}},
		Containers: []snapshot.PodContainer{
			{Name: "a", Security: snapshot.SecurityContext{NonRoot: new(false), User: new(int64(0)), AppArmorNote: "runtime/default"}},
			{Name: "b"},
		},
	}
	p := New(pod, Context{})
	a, b := &p.Containers[0], &p.Containers[1]
	if a.NonRoot != (Setting[bool]{false, InContainer}) || b.NonRoot != (Setting[bool]{true, InPod}) {
		t.Errorf("runAsNonRoot: %+v, %+v", a.NonRoot, b.NonRoot)
	}
	if a.User != (Setting[int64]{0, InContainer}) || b.User != (Setting[int64]{5, InPod}) || a.Group.Said() {
		t.Errorf("runAsUser: %+v, %+v", a.User, b.User)
	}
	if a.Seccomp.V.Type != "RuntimeDefault" || a.AppArmor.V.Type != "RuntimeDefault" || b.AppArmor.V.Type != "Unconfined" {
		t.Errorf("profiles: %+v, %+v, %+v", a.Seccomp, a.AppArmor, b.AppArmor)
	}
	if got := a.At(a.User.From, "securityContext.runAsUser") + " " + b.At(b.User.From, "securityContext.runAsUser"); got != "containers[a].securityContext.runAsUser securityContext.runAsUser" {
		t.Errorf("said at %s", got)
	}
}

func TestSupply(t *testing.T) {
	lr := []snapshot.LimitRange{{Name: "d", Default: snapshot.Amounts{Memory: new(int64(7))}, Max: snapshot.Amounts{CPU: new(int64(9))}}}
	for name, c := range map[string]struct {
		own    snapshot.Demands
		pod    *snapshot.Demands
		limits []snapshot.LimitRange
		kind   snapshot.PodContainerKind
		want   string // limit and request of memory, limit of CPU
	}{
		"nothing":                  {want: "0 / 0 / 0"},
		"own":                      {own: snapshot.Demands{Limits: snapshot.Amounts{Memory: new(int64(3))}}, limits: lr, want: "3 container / 3 limit / 9 LimitRange d"},
		"LimitRange":               {limits: lr, want: "7 LimitRange d / 7 LimitRange d / 9 LimitRange d"},
		"zero lifts a LimitRange":  {own: snapshot.Demands{Limits: snapshot.Amounts{Memory: new(int64(0))}}, limits: lr, want: "0 container / 0 limit / 9 LimitRange d"},
		"the pod bounds":           {pod: &snapshot.Demands{Limits: snapshot.Amounts{Memory: new(int64(5))}}, want: "5 pod / 5 pod / 0"},
		"the pod bounds zero, too": {own: snapshot.Demands{Limits: snapshot.Amounts{Memory: new(int64(0))}}, pod: &snapshot.Demands{Limits: snapshot.Amounts{Memory: new(int64(5))}}, want: "5 pod / 5 pod / 0"},
		"ephemeral gets nothing":   {limits: lr, kind: snapshot.EphemeralContainer, want: "0 / 0 / 0"},
	} {
		p := New(&snapshot.PodSpec{Resources: c.pod, Containers: []snapshot.PodContainer{{Name: "a", Kind: c.kind, Resources: c.own}}}, Context{Limits: c.limits})
		show := func(a Amount) string {
			s := fmt.Sprint(a.V)
			if a.Source != "" {
				s += " " + a.Source
			}
			return s
		}
		b := &p.Containers[0]
		if got := show(b.Memory) + " / " + show(b.MemoryRequest) + " / " + show(b.CPU); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestToken(t *testing.T) {
	quiet, plain := &snapshot.ServiceAccount{Automount: new(false)}, &snapshot.ServiceAccount{}
	for name, c := range map[string]struct {
		pod     *bool
		account *snapshot.ServiceAccount
		listed  bool
		file    bool
		want    string
	}{
		"neither says":            {nil, plain, true, false, "mounted known default"},
		"account says no":         {nil, quiet, true, false, "none known account"},
		"pod over account":        {new(true), quiet, true, false, "mounted known pod"},
		"pod says no":             {new(false), nil, false, true, "none known pod"},
		"account not in the file": {nil, nil, true, true, "mounted open default"},
		"accounts not read":       {nil, nil, false, false, "mounted open default"},
		"account is not there":    {nil, nil, true, false, "mounted known default"},
	} {
		tok := New(&snapshot.PodSpec{Automount: c.pod}, Context{Account: c.account, Accounts: c.listed, File: c.file}).Token()
		got := map[bool]string{true: "mounted ", false: "none "}[tok.Mounted] + map[bool]string{true: "known ", false: "open "}[tok.Known] + tok.By
		if got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestStandardOf(t *testing.T) {
	ns := func(level, version string) *snapshot.Namespace {
		return &snapshot.Namespace{Labels: []snapshot.Pair{{Key: enforceLabel, Value: level}, {Key: enforceVersion, Value: version}}}
	}
	for name, c := range map[string]struct {
		ns      *snapshot.Namespace
		cluster Minor
		want    Standard
	}{
		"nothing known":          {nil, 0, Standard{Version: Newest}},
		"the cluster's":          {nil, 30, Standard{Version: 30}},
		"a newer cluster":        {nil, 99, Standard{Version: Newest}},
		"pinned":                 {ns("baseline", "v1.24"), 34, Standard{"baseline", 24}},
		"latest":                 {ns("restricted", "latest"), 34, Standard{"restricted", 34}},
		"beyond the cluster":     {ns("restricted", "v1.36"), 34, Standard{"restricted", 34}},
		"a slip":                 {ns("restricted", "newest"), 34, Standard{"restricted", 34}},
		"privileged pins none":   {ns("privileged", "v1.20"), 34, Standard{"privileged", 34}},
		"the very first":         {ns("baseline", "v1.0"), 34, Standard{"baseline", 0}},
		"a version, no level":    {ns("", "v1.20"), 34, Standard{"", 34}},
		"a level that is a slip": {ns("Baseline", "v1.20"), 34, Standard{"Baseline", 34}},
	} {
		if got := StandardOf(c.ns, c.cluster); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func FuzzParseMinor(f *testing.F) {
	for _, v := range []string{"v1.37.2", "1.29", "v1.30.1+k3s1", "v1.", "2.1", "v1.99999999999999999999"} {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, v string) {
		m, ok := ParseMinor(v)
		if m < 0 || !ok && m != 0 {
			t.Errorf("ParseMinor(%q) = %d, %v", v, m, ok)
		}
	})
}

// cluster is one with a namespace that has a LimitRange, and workloads of one
// specification in different surroundings.
func cluster(pods ...snapshot.PodRow) *snapshot.Snapshot {
	const scope = "cluster:u"
	return &snapshot.Snapshot{
		Taken:    time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC),
		Scopes:   []snapshot.Scope{{ID: scope, Kind: snapshot.ScopeCluster}},
		Parts:    []snapshot.PartStatus{{Scope: scope, Part: snapshot.PartClusterAccounts, State: snapshot.Observed}},
		Clusters: []snapshot.Cluster{{Scope: scope, Version: "v1.34.1"}},
		Nodes: []snapshot.Node{
			{Scope: scope, Name: "l", OS: "linux", Runtime: "containerd://2.1"}, {Scope: scope, Name: "w", OS: "windows", Runtime: "containerd://2.1"},
		},
		Namespaces:  []snapshot.Namespace{{Scope: scope, Name: "shop"}, {Scope: scope, Name: "other"}},
		LimitRanges: []snapshot.LimitRange{{Scope: scope, Namespace: "shop", Name: "d", Type: "Container", Default: snapshot.Amounts{Memory: new(int64(7))}}},
		PodSpecs: []snapshot.PodSpec{
			{ServiceAccount: "default", Containers: []snapshot.PodContainer{{Name: "a", Kind: snapshot.AppContainer}}},
			{ServiceAccount: "default", NodeSelector: []snapshot.Pair{{Key: "kubernetes.io/os", Value: "windows"}}},
		},
		Workloads: []snapshot.Workload{
			{Scope: scope, Kind: "Deployment", Namespace: "shop", Name: "template", Live: []int{0}},
			{Scope: scope, Kind: "Deployment", Namespace: "other", Name: "template"},
			{Scope: scope, Kind: "Pod", Namespace: "shop", Name: "pod"},
			{Scope: scope, Kind: "Pod", Namespace: "shop", Name: "static", Static: true},
			{Scope: scope, Kind: "Deployment", Namespace: "shop", Name: "win", Spec: 1},
		},
		Pods: pods,
	}
}

// TestTable: a LimitRange gives its defaults to pods that will be made, not to those
// that are there, and only in its namespace; nodes prove what a selector does not.
func TestTable(t *testing.T) {
	find := func(s *snapshot.Snapshot, key string) *Pod {
		x := snapshot.NewIndex(s)
		pods := Of(x)
		if &pods[0] != &Of(x)[0] {
			t.Error("the table was made twice")
		}
		for _, p := range pods {
			if x.Subjects[p.Class.Members[0]].Key == key {
				return p
			}
		}
		t.Fatalf("no class begins with %s", key)
		return nil
	}
	for key, want := range map[string]int64{
		"shop/Deployment/template": 7, "shop/Deployment/template/pods": 0, "other/Deployment/template": 0, "shop/Pod/pod": 0, "shop/Pod/static": 0,
	} {
		p := find(cluster(), key)
		if got := p.Containers[0].Memory.V; got != want {
			t.Errorf("%s is limited to %d, want %d", key, got, want)
		}
		if p.Minor != 34 || p.Standard.Version != 34 || !slices.Equal(p.Runtimes, []string{"containerd"}) || !p.Accounts {
			t.Errorf("%s: %+v", key, p.Context)
		}
	}
	on := func(nodes ...int) (rows []snapshot.PodRow) {
		for _, n := range nodes {
			rows = append(rows, snapshot.PodRow{Workload: 4, Spec: 1, Node: n, Name: "p"})
		}
		return rows
	}
	for name, c := range map[string]struct {
		pods []snapshot.PodRow
		want OS
	}{"no pods": {nil, Undecided}, "on Windows": {on(1, 1), Windows}, "on Linux": {on(0), Linux}, "on both": {on(0, 1), Undecided}, "pending": {on(-1), Undecided}} {
		if got := find(cluster(c.pods...), "shop/Deployment/win").OS; got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// TestStaticPodHasNoToken: no account, whatever its mirror or the account says.
func TestStaticPodHasNoToken(t *testing.T) {
	spec := &snapshot.PodSpec{ServiceAccount: "default"}
	ctx := Context{Accounts: true, Account: &snapshot.ServiceAccount{Name: "default"}}
	p := New(spec, ctx)
	if got := p.Token(); !got.Mounted {
		t.Fatalf("a plain pod's token is %+v", got)
	}
	p.Class = &snapshot.PodClass{Static: true}
	if got := p.Token(); got.Mounted || !got.Known {
		t.Errorf("a static pod's token is %+v, want none", got)
	}
}
