package docker

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"plimsoll/internal/check"
	"plimsoll/internal/checktest"
	"plimsoll/internal/snapshot"
)

// fleet returns a snapshot of n containers of the same configuration and state.
func fleet(n int) *snapshot.Snapshot {
	s := checktest.Minimal()
	first := s.Containers[0]
	s.Containers = nil
	for i := range n {
		c := first
		c.Key, c.Name = fmt.Sprintf("name/web%d", i), fmt.Sprintf("web%d", i)
		s.Containers = append(s.Containers, c)
	}
	return s
}

// A check asks its question once per class, however many containers are in it.
func TestJudgeAsksOncePerClass(t *testing.T) {
	const n = 5000
	s := fleet(n)
	asked := 0
	c := *notPrivileged
	c.Run = func(p *check.Probe) {
		judge(p, func(b *box) check.Verdict { asked++; return isNotPrivileged(b) })
	}
	findings := check.RunOne(&c, check.Inputs{Index: snapshot.NewIndex(s)})
	if asked != 1 || len(findings) != 1 || len(findings[0].Members) != n {
		t.Errorf("asked %d times, %d findings; want one of each", asked, len(findings))
	}
}

// Containers that policy names are judged by themselves, the rest together.
func TestJudgeNamedSplits(t *testing.T) {
	s := fleet(5)
	c := *notPrivileged
	var asked []string
	c.Run = func(p *check.Probe) {
		judgeNamed(p, map[string]bool{"web1": true, "name/web3": true, "gone": true}, func(_ *box, who snapshot.Subject) check.Verdict {
			asked = append(asked, who.Key)
			return check.Passed("asked")
		})
	}
	check.RunOne(&c, check.Inputs{Index: snapshot.NewIndex(s)})
	if got := strings.Join(asked, ","); got != "name/web1,name/web3," {
		t.Errorf("asked of %q", got)
	}
}

// Thousands of mounts neither slow a verdict down nor flood its evidence.
func TestManyMounts(t *testing.T) {
	s := checktest.Minimal()
	for i := range 5000 {
		s.ContainerSpecs[0].Mounts = append(s.ContainerSpecs[0].Mounts, snapshot.Mount{Type: "bind", Source: fmt.Sprintf("/etc/%d", i), Destination: "/m"})
	}
	start := time.Now()
	for _, f := range check.Run(containers, check.Inputs{Index: snapshot.NewIndex(s)}) {
		if len(f.Evidence) > 20 {
			t.Errorf("%s gave %d pieces of evidence", f.Check.ID, len(f.Evidence))
		}
	}
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("the suite took %v", d)
	}
}

func TestCountCPUs(t *testing.T) {
	for list, want := range map[string]int{"0": 1, "0-3": 4, "0-3,2-5": 6, "8,0-1": 3, "0-65535,0-65535": 65536} {
		if n, ok := countCPUs(list); !ok || n != want {
			t.Errorf("countCPUs(%q) = %d, %v; want %d", list, n, ok, want)
		}
	}
	for _, bad := range []string{"", "a", "3-1", "-1", "0-", "0-99999999", "1,,2"} {
		if n, ok := countCPUs(bad); ok {
			t.Errorf("countCPUs(%q) = %d, want none", bad, n)
		}
	}
}

func FuzzCountCPUs(f *testing.F) {
	f.Add("0-3,8")
	f.Add("0-65535,0-65535")
	f.Add("3-1")
	f.Fuzz(func(t *testing.T, list string) {
		if n, ok := countCPUs(list); n < 0 || n > maxCPU || ok && n == 0 {
			t.Errorf("countCPUs(%q) = %d, %v", list, n, ok)
		}
	})
}

func TestPortRules(t *testing.T) {
	web := snapshot.Subject{Name: "web", Key: "compose/shop/web/1"}
	for _, c := range []struct {
		rule  string
		who   snapshot.Subject
		port  uint16
		proto string
		want  bool
	}{
		{"8080/tcp", snapshot.Subject{}, 8080, "tcp", true},
		{"8080", web, 8080, "tcp", true},
		{"8080", web, 8080, "udp", false},
		{"web:53/UDP", web, 53, "udp", true},
		{"compose/shop/web/1:53/udp", web, 53, "udp", true},
		{"db:53/udp", web, 53, "udp", false},
		{"web:53/udp", snapshot.Subject{}, 53, "udp", false},
		{"0/tcp", web, 0, "tcp", false},
		{"65536/tcp", web, 0, "tcp", false},
		{"web:", web, 0, "tcp", false},
	} {
		if got := allow(portRules([]string{c.rule}), c.who, c.port, c.proto); got != c.want {
			t.Errorf("rule %q for %q port %d/%s = %v", c.rule, c.who.Name, c.port, c.proto, got)
		}
	}
}

func FuzzPortRules(f *testing.F) {
	f.Add("web:8080/tcp")
	f.Add("::::/")
	f.Fuzz(func(t *testing.T, entry string) {
		for _, r := range portRules([]string{entry}) {
			if r.port == 0 || !strings.HasPrefix(strings.TrimSpace(entry), r.container) {
				t.Errorf("portRules(%q) = %+v", entry, r)
			}
		}
	})
}

func TestHardLimit(t *testing.T) {
	for setting, want := range map[string]int64{"nofile=1024:65536": 65536, "nofile=-1": -1, "nofile=1024": 1024} {
		if n, ok := hardLimit(setting, "nofile"); !ok || n != want {
			t.Errorf("hardLimit(%q) = %d, %v", setting, n, ok)
		}
	}
	for _, bad := range []string{"nproc=1", "nofile=", "nofile=1:x", "nofiles=1"} {
		if n, ok := hardLimit(bad, "nofile"); ok {
			t.Errorf("hardLimit(%q) = %d", bad, n)
		}
	}
}

// Undo and notes of steps are not in the golden findings.
func TestStepsSayWhatCannotBeUndone(t *testing.T) {
	for _, c := range []struct {
		check *check.Check
		tweak string
		undo  string
		note  string
	}{
		{cpuShares, `{"spec": {"resources": {"nanoCPUs": null}}, "runtime": {"cgroup": {"v": {"cpuQuota": -1}}}}`, "equivalent", "idle"},
		{cpuShares, `{"spec": {"resources": {"cpuShares": 1024}}}`, "exact", "idle"},
		{pidsLimit, `{"spec": {"resources": {"pidsLimit": null}}}`, "exact", ""},
		{swapLimit, `{"spec": {"resources": {"memorySwap": -1}}}`, "exact", ""},
		{memoryLimit, `{"spec": {"resources": {"memory": null}}}`, "equivalent", "memory of the machine"},
		{imageDigestPinned, `{"spec": {"image": "registry.example/shop/web:1"}}`, "exact", "DOCKER_CONTENT_TRUST is not used"},
		{readonlyRootfs, `{"spec": {"readonlyRootfs": false}}`, "exact", ""},
	} {
		s, _, err := checktest.Tweak([]byte(c.tweak))
		if err != nil {
			t.Fatal(err)
		}
		x := snapshot.NewIndex(s)
		p := check.NewProbe(c.check, check.Inputs{Index: x}, &s.Scopes[0])
		st, err := c.check.Fixes[0].Step(p, x.ContainerSubject(0))
		if err != nil {
			t.Errorf("%s: %v", c.check.ID, err)
			continue
		}
		if string(st.Undo) != c.undo || !strings.Contains(st.Note, c.note) {
			t.Errorf("%s: undo %s, note %q", c.check.ID, st.Undo, st.Note)
		}
	}
}

func BenchmarkContainers(b *testing.B) {
	x := snapshot.NewIndex(fleet(10000))
	for b.Loop() {
		check.Run(containers, check.Inputs{Index: x})
	}
}

// A namespace that is joined is judged by the container it belongs to, so what
// was not understood there leaves this one unknown.
func TestJoinedNamespaceUnread(t *testing.T) {
	s := checktest.Minimal()
	s.Runtimes[0].Process = snapshot.Missing[snapshot.Process](snapshot.Denied, snapshot.ReasonDenied, "")
	other := s.Containers[0]
	other.Key, other.Name, other.Spec = "name/other", "other", 1
	s.Containers = append(s.Containers, other)
	s.ContainerSpecs = append(s.ContainerSpecs, s.ContainerSpecs[0])
	s.ContainerSpecs[0].PidMode = "container:name/other"
	for _, tt := range []struct {
		unread []string
		want   check.Status
	}{{nil, check.Pass}, {[]string{"pidMode"}, check.Unknown}, {[]string{snapshot.AllUnread}, check.Unknown}} {
		s.ContainerSpecs[1].Unread = tt.unread
		x := snapshot.NewIndex(s)
		for _, f := range check.RunOne(noHostPid, check.Inputs{Index: x}) {
			if x.Subjects[f.Members[0]].Name != "other" && f.Status != tt.want {
				t.Errorf("unread there %q: %v, want %v", tt.unread, f.Status, tt.want)
			}
		}
	}
}
