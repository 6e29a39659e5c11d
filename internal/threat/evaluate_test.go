package threat

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"plimsoll/internal/check"
	"plimsoll/internal/policy"
	"plimsoll/internal/snapshot"
)

// world is a host with one engine and two containers.
func world(t *testing.T) *snapshot.Index {
	t.Helper()
	taken := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	s := &snapshot.Snapshot{
		Taken: taken,
		Scopes: []snapshot.Scope{
			{ID: "engine:e", Kind: snapshot.ScopeEngine, Host: "host:h", Taken: taken},
			{ID: "host:h", Kind: snapshot.ScopeHost, Taken: taken},
		},
		ContainerSpecs: []snapshot.ContainerSpec{{}}, Runtimes: []snapshot.Runtime{{}},
		Containers: []snapshot.Container{{Scope: "engine:e", Key: "name/a", Name: "a"}, {Scope: "engine:e", Key: "name/b", Name: "b"}},
	}
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	return snapshot.NewIndex(s)
}

// subject finds a subject by key.
func subject(t *testing.T, x *snapshot.Index, key string) int {
	t.Helper()
	i := slices.IndexFunc(x.Subjects, func(s snapshot.Subject) bool { return s.Key == key })
	if i < 0 {
		t.Fatalf("no subject %s", key)
	}
	return i
}

type said struct {
	check  string
	key    string
	status check.Status
}

func decide(t *testing.T, x *snapshot.Index, ws policy.Waivers, saids ...said) map[string]Result {
	t.Helper()
	var suite []*check.Check
	var findings []check.Finding
	for _, s := range saids {
		i := slices.IndexFunc(suite, func(c *check.Check) bool { return c.ID == s.check })
		if i < 0 {
			suite = append(suite, &check.Check{ID: s.check, Subject: Members()[s.check].Subject})
			i = len(suite) - 1
		}
		if s.key == "" {
			continue // the check exists, but was not asked
		}
		findings = append(findings, check.Finding{
			Check: suite[i], Verdict: check.Verdict{Status: s.status}, Members: []int{subject(t, x, s.key)},
		})
	}
	out := make(map[string]Result)
	for _, r := range Evaluate(Inputs{Index: x, Suite: suite, Findings: findings, Waivers: ws, Now: x.Snapshot.Taken}) {
		out[r.Threat.ID] = r
	}
	return out
}

func TestStatusOfAThreat(t *testing.T) {
	const mem, cg = "container-memory-limit", "cgroup-controllers-enforced"
	both := func(a, b, host check.Status) []said {
		return []said{{mem, "name/a", a}, {mem, "name/b", b}, {cg, "host", host}}
	}
	for name, c := range map[string]struct {
		saids []said
		want  Status
		open  int // elements with that status
	}{
		"all pass":                   {both(check.Pass, check.Pass, check.Pass), Mitigated, 2},
		"one container fails":        {both(check.Fail, check.Pass, check.Pass), Open, 1},
		"the host fails for both":    {both(check.Pass, check.Pass, check.Fail), Open, 2},
		"one unknown":                {both(check.Unknown, check.Pass, check.Pass), Unknown, 1},
		"manual is undecided":        {both(check.Manual, check.Pass, check.Pass), Unknown, 1},
		"fail beats unknown":         {both(check.Unknown, check.Fail, check.Pass), Open, 1},
		"accepted":                   {both(check.Accepted, check.Pass, check.Pass), Accepted, 1},
		"unknown beats accepted":     {both(check.Accepted, check.Unknown, check.Pass), Unknown, 1},
		"host clause leaves":         {both(check.Pass, check.Pass, check.NotApplicable), Mitigated, 2},
		"no container at all":        {[]said{{mem, "engine", check.NotApplicable}, {cg, "host", check.Fail}}, NotApplicable, 0},
		"containers were not listed": {[]said{{mem, "engine", check.Unknown}, {cg, "host", check.Pass}}, Unknown, 1},
		"the other check is missing": {[]said{{mem, "name/a", check.Pass}, {mem, "name/b", check.Pass}}, Unknown, 2},
	} {
		t.Run(name, func(t *testing.T) {
			r := decide(t, world(t), nil, c.saids...)["DKR-HST-D-01"]
			if r.Status != c.want {
				t.Errorf("status %v, want %v", r.Status, c.want)
			}
			n := 0
			for _, g := range r.Groups {
				if g.Status == c.want {
					n += len(g.Members)
				}
			}
			if n != c.open {
				t.Errorf("%d elements are %v, want %d", n, c.want, c.open)
			}
		})
	}
}

func TestAlternativesTakeTheBest(t *testing.T) {
	const sig, pin = "image-signature-enforced", "container-image-digest-pinned"
	x := world(t)
	pinned := []said{{sig, "engine", check.Fail}, {pin, "name/a", check.Pass}, {pin, "name/b", check.Pass}}
	if r := decide(t, x, nil, pinned...)["DKR-REG-S-02"]; r.Status != Mitigated {
		t.Errorf("a failing verifier beside pinned images: %v, want mitigated", r.Status)
	}
	pinned[2].status = check.Fail
	r := decide(t, x, nil, pinned...)["DKR-REG-S-02"]
	if r.Status != Open || len(r.Groups[0].Members) != 1 {
		t.Errorf("one unpinned image: %v on %d elements, want open on 1", r.Status, len(r.Groups[0].Members))
	}
}

func TestWaiverOfAThreat(t *testing.T) {
	x := world(t)
	ws := policy.Waivers{{Threat: "DKR-HST-D-02", Name: "a", Owner: "ops", Expires: x.Snapshot.Taken}}
	saids := []said{{"container-restart-policy-bounded", "name/a", check.Fail}, {"container-restart-policy-bounded", "name/b", check.Pass}}
	if r := decide(t, x, ws, saids...)["DKR-HST-D-02"]; r.Status != Accepted || r.Current.Value() != 8 {
		t.Errorf("waived: %v at %d, want accepted at 8", r.Status, r.Current.Value())
	}
	ws[0].Expires = x.Snapshot.Taken.AddDate(0, 0, -1)
	if r := decide(t, x, ws, saids...)["DKR-HST-D-02"]; r.Status != Open {
		t.Errorf("after the waiver expired: %v, want open", r.Status)
	}
}

func TestRisk(t *testing.T) {
	x := world(t)
	base := []said{{"container-restart-policy-bounded", "name/a", check.Fail}}
	if got := decide(t, x, nil, base...)["DKR-HST-D-02"].Current; got != (Score{4, 2}) {
		t.Errorf("open without support: %+v, want L4 I2", got)
	}
	support := append(base, said{"container-healthcheck-runtime", "name/a", check.Pass}, said{"container-cpu-shares", "name/a", check.Pass})
	if got := decide(t, x, nil, support...)["DKR-HST-D-02"].Current; got != (Score{3, 2}) {
		t.Errorf("two of four supporting clauses hold: %+v, want L3 I2", got)
	}
	base[0].status = check.Pass
	if got := decide(t, x, nil, base...)["DKR-HST-D-02"].Current; got != (Score{1, 2}) {
		t.Errorf("mitigated: %+v, want L1 I2", got)
	}
	base[0].status = check.Unknown
	if got := decide(t, x, nil, base...)["DKR-HST-D-02"].Current; got != (Score{4, 2}) {
		t.Errorf("unknown is shown as inherent: %+v, want L4 I2", got)
	}
}

// TestMonotone: making one check worse on one subject never improves a threat.
func TestMonotone(t *testing.T) {
	x := world(t)
	rng := rand.New(rand.NewPCG(3, 5))
	order := []check.Status{check.Pass, check.Accepted, check.Unknown, check.Fail}
	keys := make([]string, 0, len(Members()))
	for k := range Members() {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for round := range 200 {
		var saids []said
		for _, k := range keys {
			switch Members()[k].Subject {
			case snapshot.KindContainer:
				saids = append(saids, said{k, "name/a", order[rng.IntN(4)]}, said{k, "name/b", order[rng.IntN(4)]})
			case snapshot.KindEngine:
				saids = append(saids, said{k, "engine", order[rng.IntN(4)]})
			case snapshot.KindHost:
				saids = append(saids, said{k, "host", order[rng.IntN(4)]})
			}
		}
		before := decide(t, x, nil, saids...)
		i := rng.IntN(len(saids))
		at := slices.Index(order, saids[i].status)
		if at == len(order)-1 {
			continue
		}
		saids[i].status = order[at+1]
		for id, a := range decide(t, x, nil, saids...) {
			b := before[id]
			if a.Status < b.Status {
				t.Fatalf("round %d: %s to %v made %s better: %v to %v", round, fmt.Sprint(saids[i].check, saids[i].key), saids[i].status, id, b.Status, a.Status)
			}
		}
	}
}

func TestKeptContainersAreNoElements(t *testing.T) {
	x := world(t)
	s := *x.Snapshot
	s.Containers = slices.Clone(s.Containers)
	s.Containers[1].KeptFor = "5f1c9a2e"
	x = snapshot.NewIndex(&s)
	for id, r := range decide(t, x, nil, said{"container-memory-limit", "name/a", check.Fail}, said{"container-memory-limit", "name/b", check.NotApplicable}) {
		for _, g := range r.Groups {
			if slices.Contains(g.Members, subject(t, x, "name/b")) {
				t.Errorf("%s is decided for a kept container", id)
			}
		}
	}
}

// TestNothingAskedIsUnknown: a threat whose checks were never asked anywhere
// near an element is unknown, whatever the rest says.
func TestNothingAskedIsUnknown(t *testing.T) {
	taken := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	files := snapshot.NewIndex(&snapshot.Snapshot{
		Taken: taken, Scopes: []snapshot.Scope{{ID: "files", Kind: snapshot.ScopeFiles, Taken: taken}},
		ContainerSpecs: []snapshot.ContainerSpec{{}}, Runtimes: []snapshot.Runtime{{}},
		Containers: []snapshot.Container{{Scope: "files", Key: "compose/shop/web", Name: "web"}},
	})
	got := decide(t, files, nil, said{"container-memory-limit", "compose/shop/web", check.Pass}, said{"cgroup-controllers-enforced", "", 0})
	if r := got["DKR-HST-D-01"]; r.Status != Unknown {
		t.Errorf("a compose service with a limit, no host looked at: %v, want unknown", r.Status)
	}
	host := snapshot.NewIndex(&snapshot.Snapshot{Taken: taken, Scopes: []snapshot.Scope{{ID: "host:h", Kind: snapshot.ScopeHost, Taken: taken}}})
	got = decide(t, host, nil, said{"cgroup-controllers-enforced", "host", check.Pass}, said{"container-memory-limit", "", 0})
	if r := got["DKR-HST-D-01"]; r.Status != Unknown {
		t.Errorf("a host without an engine looked at: %v, want unknown", r.Status)
	}
}

// TestLoneImage: an image without containers is an element of its own, and
// clauses about containers do not concern it.
func TestLoneImage(t *testing.T) {
	x := world(t)
	s := *x.Snapshot
	s.Images = []snapshot.Image{{Scope: "engine:e", ID: "sha256:1", Tags: []string{"used:1"}}, {Scope: "engine:e", ID: "sha256:2", Tags: []string{"lone:1"}}}
	s.ContainerSpecs = []snapshot.ContainerSpec{{ImageID: "sha256:1"}}
	x = snapshot.NewIndex(&s)
	r := decide(
		t, x, nil,
		said{"image-user-non-root", "image/used:1", check.Fail}, said{"image-user-non-root", "image/lone:1", check.Pass},
		said{"container-user-non-root", "name/a", check.Pass}, said{"container-user-non-root", "name/b", check.Pass},
		said{"daemon-userns-remap", "engine", check.Fail}, said{"daemon-rootless", "engine", check.Fail},
	)["DKR-CLI-E-03"]
	want := map[string]Status{"name/a": Open, "name/b": Open, "image/lone:1": Mitigated}
	for _, g := range r.Groups {
		for _, m := range g.Members {
			key := x.Subjects[m].Key
			if g.Status != want[key] {
				t.Errorf("%s: %v, want %v", key, g.Status, want[key])
			}
			delete(want, key)
		}
	}
	if len(want) > 0 {
		t.Errorf("no element: %v", want)
	}
}

// TestClausesLieOnOnePath: the kinds of a clause's alternatives enclose each
// other, or lie in one kind, so that every alternative counts for every element.
func TestClausesLieOnOnePath(t *testing.T) {
	for _, th := range Catalogue() {
		for _, c := range th.Required {
			for _, a := range c {
				for _, b := range c {
					ka, kb := Members()[a].Subject, Members()[b].Subject
					ina, inb := snapshot.Kinds[ka].Inside, snapshot.Kinds[kb].Inside
					common := slices.ContainsFunc(ina, func(k snapshot.Kind) bool { return slices.Contains(inb, k) })
					if ka == kb || slices.Contains(ina, kb) || slices.Contains(inb, ka) || common || apart[c.String()] {
						continue
					}
					t.Errorf("%s: the clause %s joins %s and %s, which do not enclose each other", th.ID, c, ka, kb)
				}
			}
		}
	}
}

// apart lists clauses whose alternatives do not enclose each other; at an
// element of one kind the other kind's checks are undecided.
var apart = map[string]bool{
	"registry-push-limited|registry-tag-immutability|container-image-digest-pinned": true, // a registry is beside the engine
}

// TestAnEngineStandsForItsSwarm is the threat that either answers: live restore
// of an engine by itself, the managers' number of one in a swarm.
func TestAnEngineStandsForItsSwarm(t *testing.T) {
	const threat, live, quorum = "DKR-HST-D-05", "daemon-live-restore", "swarm-manager-quorum"
	alone, member := world(t), world(t)
	member.Snapshot.Engines = []snapshot.Engine{{Scope: "engine:e", Swarm: "active"}}
	member = snapshot.NewIndex(member.Snapshot)
	for name, c := range map[string]struct {
		x     *snapshot.Index
		saids []said
		want  Status
	}{
		"alone, fails":  {alone, []said{{live, "engine", check.Fail}, {quorum, "engine", check.NotApplicable}}, Open},
		"alone, passes": {alone, []said{{live, "engine", check.Pass}, {quorum, "engine", check.NotApplicable}}, Mitigated},
		"swarm, fails":  {member, []said{{live, "engine", check.NotApplicable}, {quorum, "swarm", check.Fail}}, Open},
		"swarm, passes": {member, []said{{live, "engine", check.NotApplicable}, {quorum, "swarm", check.Pass}}, Mitigated},
		"a worker":      {member, []said{{live, "engine", check.NotApplicable}, {quorum, "engine", check.Unknown}}, Unknown},
	} {
		if got := decide(t, c.x, nil, c.saids...)[threat].Status; got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// TestARegistryMeetsItsEngines: what an engine that uses a registry does on the way
// there, and what the registry does, decide together; engines and registries that
// have nothing to do with each other stay unknown.
func TestARegistryMeetsItsEngines(t *testing.T) {
	taken := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	met := func(s *snapshot.Snapshot) {}
	for name, tc := range map[string]struct {
		change func(*snapshot.Snapshot)
		engine check.Status
		want   Status
	}{
		"one machine":        {met, check.Pass, Mitigated},
		"the engine is open": {met, check.Fail, Open},
		"images from it": {func(s *snapshot.Snapshot) {
			s.Scopes[2].Host = ""
			s.Images = []snapshot.Image{{Scope: "engine:e", ID: "sha256:1", Digests: []string{"registry.example/a@sha256:00"}}}
		}, check.Pass, Mitigated},
		"a mirror of it": {func(s *snapshot.Snapshot) {
			s.Scopes[2].Host = ""
			s.Engines = []snapshot.Engine{{Scope: "engine:e", Mirrors: []string{"https://registry.example/"}}}
		}, check.Pass, Mitigated},
		"images from elsewhere": {func(s *snapshot.Snapshot) {
			s.Scopes[2].Host = ""
			s.Images = []snapshot.Image{{Scope: "engine:e", ID: "sha256:1", Digests: []string{"other.example/a@sha256:00"}}}
		}, check.Pass, Unknown},
		"another machine's own": {func(s *snapshot.Snapshot) {
			s.Scopes[0].Remote, s.Scopes[2].Host, s.Registries[0].Address = true, "", "localhost:5000"
			s.Images = []snapshot.Image{{Scope: "engine:e", ID: "sha256:1", Digests: []string{"localhost:5000/a@sha256:00"}}}
		}, check.Pass, Unknown},
	} {
		s := &snapshot.Snapshot{
			Taken: taken,
			Scopes: []snapshot.Scope{
				{ID: "engine:e", Kind: snapshot.ScopeEngine, Host: "host:h", Taken: taken},
				{ID: "host:h", Kind: snapshot.ScopeHost, Taken: taken},
				{ID: "registry:r", Kind: snapshot.ScopeRegistry, Host: "host:h", Taken: taken},
			},
			Registries: []snapshot.Registry{{Scope: "registry:r", Address: "registry.example:443"}},
		}
		tc.change(s)
		if err := s.Validate(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		r := decide(t, snapshot.NewIndex(s), nil, said{"daemon-no-insecure-registries", "engine", tc.engine}, said{"registry-tls", "registry", check.Pass})["DKR-CLI-S-02"]
		if r.Status != tc.want {
			t.Errorf("%s: %v, want %v: %+v", name, r.Status, tc.want, r.Groups)
		}
	}
}
