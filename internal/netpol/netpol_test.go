package netpol

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"plimsoll/internal/snapshot"
)

const scope = "cluster:test"

// world is a random small cluster in which everything is known.
type world struct {
	s        *snapshot.Snapshot
	spaceOf  map[string]map[string]string
	policies []snapshot.NetworkPolicy
}

var (
	keys   = []string{"a", "b"}
	values = []string{"1", "2"}
	spaces = []string{"n1", "n2", "n3"}
	blocks = []string{"0.0.0.0/0", "169.254.0.0/16", "10.0.0.0/8", "::/0"}
	addrs  = []netip.Addr{netip.MustParseAddr("169.254.169.254"), netip.MustParseAddr("10.1.2.3"), netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("fd00:ec2::254")}
)

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

func randomLabels(r *rand.Rand) []snapshot.Pair {
	var out []snapshot.Pair
	for _, k := range keys {
		if r.IntN(2) == 0 {
			out = append(out, snapshot.Pair{Key: k, Value: pick(r, values)})
		}
	}
	return out
}

func randomSelector(r *rand.Rand) snapshot.Selector {
	var sel snapshot.Selector
	if r.IntN(3) == 0 {
		sel.Labels = []snapshot.Pair{{Key: pick(r, keys), Value: pick(r, values)}}
	}
	if r.IntN(3) == 0 {
		e := snapshot.NodeDemand{Key: pick(r, keys), Operator: pick(r, []string{"In", "NotIn", "Exists", "DoesNotExist"})}
		if e.Operator == "In" || e.Operator == "NotIn" {
			e.Values = values[:1+r.IntN(2)]
		}
		sel.Exprs = []snapshot.NodeDemand{e}
	}
	return sel
}

func randomRules(r *rand.Rand) []snapshot.PolicyRule {
	var out []snapshot.PolicyRule
	for range r.IntN(3) {
		var u snapshot.PolicyRule
		for range r.IntN(3) {
			var p snapshot.PolicyPeer
			switch r.IntN(4) {
			case 0:
				p.CIDR = pick(r, blocks)
				if r.IntN(2) == 0 {
					p.Except = []string{pick(r, []string{"169.254.169.254/32", "10.1.0.0/16"})}
				}
			case 1:
				sel := randomSelector(r)
				p.Pods = &sel
			case 2:
				sel := randomSelector(r)
				p.Namespaces = &sel
			default:
				a, b := randomSelector(r), randomSelector(r)
				p.Pods, p.Namespaces = &a, &b
			}
			u.Peers = append(u.Peers, p)
		}
		for range r.IntN(3) {
			u.Ports = append(u.Ports, pick(r, []snapshot.PolicyPort{{}, {Port: "1"}, {Port: "2", End: 3}, {Port: "web"}, {Protocol: "UDP"}, {Protocol: "UDP", Port: "2"}}))
		}
		out = append(out, u)
	}
	return out
}

func randomWorld(r *rand.Rand) *world {
	w := &world{s: &snapshot.Snapshot{}, spaceOf: make(map[string]map[string]string)}
	for _, n := range spaces {
		l := randomLabels(r)
		w.s.Namespaces = append(w.s.Namespaces, snapshot.Namespace{Scope: scope, Name: n, Labels: l})
		w.spaceOf[n] = asMap(l)
		w.spaceOf[n][nameLabel] = n
	}
	for i := range 5 {
		spec := snapshot.PodSpec{Containers: []snapshot.PodContainer{{}}}
		if r.IntN(2) == 0 {
			spec.Containers[0].Ports = []snapshot.ContainerPort{{Name: "web", Port: int32(1 + r.IntN(3))}}
		}
		w.s.PodSpecs = append(w.s.PodSpecs, spec)
		w.s.Workloads = append(w.s.Workloads, snapshot.Workload{Scope: scope, Namespace: pick(r, spaces), Name: fmt.Sprint(i), Spec: i, Labels: randomLabels(r)})
	}
	for i := range r.IntN(4) {
		p := snapshot.NetworkPolicy{Scope: scope, Kind: Kind, Namespace: pick(r, spaces), Name: fmt.Sprint(i), Pods: randomSelector(r), Ingress: r.IntN(2) == 0, Egress: r.IntN(2) == 0}
		if p.Ingress {
			p.In = randomRules(r)
		}
		if p.Egress {
			p.Out = randomRules(r)
		}
		w.s.NetworkPolicies = append(w.s.NetworkPolicies, p)
	}
	w.policies = w.s.NetworkPolicies
	return w
}

func asMap(l []snapshot.Pair) map[string]string {
	out := make(map[string]string)
	for _, p := range l {
		out[p.Key] = p.Value
	}
	return out
}

// The second computation goes the other way round: it writes every triple of ends
// and port that a policy admits into a table, as a plugin fills its rules, and then
// looks traffic up there.
type triple struct {
	pod   *Pod
	other string
	port  Port
}

type table struct {
	isolated map[*Pod]bool
	admitted map[triple]bool
}

var allPorts = []Port{{"TCP", 1}, {"TCP", 2}, {"TCP", 3}, {"TCP", 4}, {"UDP", 1}, {"UDP", 2}}

func takes(sel *snapshot.Selector, l map[string]string) bool {
	for _, p := range sel.Labels {
		if v, ok := l[p.Key]; !ok || v != p.Value {
			return false
		}
	}
	for _, e := range sel.Exprs {
		v, ok := l[e.Key]
		is := map[string]bool{
			"In": ok && slices.Contains(e.Values, v), "NotIn": !ok || !slices.Contains(e.Values, v), "Exists": ok, "DoesNotExist": !ok,
		}
		if !is[e.Operator] {
			return false
		}
	}
	return true
}

func (w *world) fill(pods []*Pod, d Direction) table {
	t := table{make(map[*Pod]bool), make(map[triple]bool)}
	for i := range w.policies {
		p := &w.policies[i]
		list, on := p.In, p.Ingress
		if d == Egress {
			list, on = p.Out, p.Egress
		}
		for _, pod := range pods {
			if !on || pod.Namespace != p.Namespace || !takes(&p.Pods, asMap(pod.Labels)) {
				continue
			}
			t.isolated[pod] = true
			for _, rule := range list {
				w.admit(t, p, pod, &rule, pods, d)
			}
		}
	}
	return t
}

func (w *world) admit(t table, p *snapshot.NetworkPolicy, pod *Pod, rule *snapshot.PolicyRule, pods []*Pod, d Direction) {
	for n, other := range pods {
		ok := len(rule.Peers) == 0
		for _, peer := range rule.Peers {
			if peer.CIDR != "" {
				continue
			}
			home := other.Namespace == p.Namespace
			if peer.Namespaces != nil {
				home = takes(peer.Namespaces, w.spaceOf[other.Namespace])
			}
			ok = ok || home && (peer.Pods == nil || takes(peer.Pods, asMap(other.Labels)))
		}
		target := pod
		if d == Egress {
			target = other
		}
		if ok {
			for _, port := range portsOf(rule, target) {
				t.admitted[triple{pod, fmt.Sprint("pod", n), port}] = true
			}
		}
	}
	for _, a := range addrs {
		ok := len(rule.Peers) == 0
		for _, peer := range rule.Peers {
			if peer.CIDR == "" || !netip.MustParsePrefix(peer.CIDR).Contains(a) {
				continue
			}
			ok = ok || !slices.ContainsFunc(peer.Except, func(e string) bool { return netip.MustParsePrefix(e).Contains(a) })
		}
		target := pod
		if d == Egress {
			target = &Pod{}
		}
		if ok {
			for _, port := range portsOf(rule, target) {
				t.admitted[triple{pod, a.String(), port}] = true
			}
		}
	}
}

func portsOf(rule *snapshot.PolicyRule, target *Pod) []Port {
	if len(rule.Ports) == 0 {
		return allPorts
	}
	var out []Port
	for _, q := range allPorts {
		for _, p := range rule.Ports {
			proto := "TCP"
			if p.Protocol != "" {
				proto = p.Protocol
			}
			from, to := 0, 9
			switch p.Port {
			case "":
			case "web":
				from, to = -1, -1
				for _, c := range target.Ports {
					if proto == "TCP" {
						from, to = int(c.Port), int(c.Port)
					}
				}
			default:
				fmt.Sscan(p.Port, &from)
				to = max(from, int(p.End))
			}
			if q.Protocol == proto && from <= int(q.Number) && int(q.Number) <= to {
				out = append(out, q)
				break
			}
		}
	}
	return out
}

func (t table) passes(pod *Pod, other string, port Port) Answer {
	if !t.isolated[pod] || t.admitted[triple{pod, other, port}] {
		return Yes
	}
	return No
}

// hasBlocks reports whether addresses may stand for pods in some rule: which they do
// is not known.
func (w *world) hasBlocks() bool {
	for i := range w.policies {
		for _, r := range slices.Concat(w.policies[i].In, w.policies[i].Out) {
			if slices.ContainsFunc(r.Peers, func(p snapshot.PolicyPeer) bool { return p.CIDR != "" }) {
				return true
			}
		}
	}
	return false
}

// TestAgainstTable holds every answer about random clusters against the second
// computation.
func TestAgainstTable(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	seen := make(map[Answer]int)
	for n := range 3000 {
		w := randomWorld(r)
		set := New(w.s, scope)
		pods := set.Pods()
		in, out := w.fill(pods, Ingress), w.fill(pods, Egress)
		for _, p := range pods {
			for d, tab := range map[Direction]table{Ingress: in, Egress: out} {
				if got := set.Isolated(p, d); (got == Yes) != tab.isolated[p] || got == Maybe {
					t.Fatalf("world %d: isolated %v, want %v", n, got, tab.isolated[p])
				}
				for _, a := range addrs {
					some := No
					for _, port := range allPorts {
						want := tab.passes(p, a.String(), port)
						some = or(some, want)
						if got := set.admits(p, d, At(a), &port); got != want {
							t.Fatalf("world %d: %v %v port %v: %v, want %v\n%+v\n%+v", n, d, a, port, got, want, p, w.policies)
						}
					}
					if got := set.admits(p, d, At(a), nil); got < some {
						t.Fatalf("world %d: some port is %v, want %v", n, got, some)
					}
				}
			}
			for k, q := range pods {
				from := slices.Index(pods, p)
				for _, port := range allPorts {
					want := min(out.passes(p, fmt.Sprint("pod", k), port), in.passes(q, fmt.Sprint("pod", from), port))
					got := set.Reaches(p, q, port)
					seen[got]++
					if got != want && (got != Maybe || !w.hasBlocks()) {
						t.Fatalf("world %d: reaches %v, want %v", n, got, want)
					}
				}
			}
		}
	}
	for _, a := range []Answer{No, Maybe, Yes} {
		if seen[a] < 1000 {
			t.Errorf("the answer %v came %d times: the worlds are too much alike", a, seen[a])
		}
	}
}

// TestUnknownLabels: what is said while the labels of a namespace are not known
// holds whatever they turn out to be.
func TestUnknownLabels(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	maybes := 0
	for n := range 1500 {
		w := randomWorld(r)
		known := slices.Clone(w.s.Namespaces)
		w.s.Namespaces[1].Labels, w.s.Namespaces[1].Implied = nil, true
		set := New(w.s, scope)
		for range 4 {
			world := *w.s
			world.Namespaces = slices.Clone(known)
			world.Namespaces[1].Labels = randomLabels(r)
			full := New(&world, scope)
			for i, p := range set.Pods() {
				for k, q := range set.Pods() {
					for _, port := range allPorts {
						got, then := set.Reaches(p, q, port), full.Reaches(full.Pods()[i], full.Pods()[k], port)
						if got != Maybe && got != then {
							t.Fatalf("world %d: %v while unknown, then %v", n, got, then)
						}
						if got == Maybe {
							maybes++
						}
					}
				}
			}
		}
	}
	if maybes == 0 {
		t.Error("nothing hung on the labels")
	}
}
