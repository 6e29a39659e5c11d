package docker

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll/internal/dockerapi"
	"plimsoll/internal/dockerapi/answer"
	"plimsoll/internal/dockerapi/inspect"
	"plimsoll/internal/snapshot"
)

func compose(project, service, number string) map[string]string {
	return map[string]string{inspect.LabelProject: project, inspect.LabelService: service, inspect.LabelNumber: number}
}

func task(service, name string) map[string]string {
	return map[string]string{inspect.LabelSwarmName: service, inspect.LabelSwarmID: "svc1", inspect.LabelTaskName: name, inspect.LabelTaskID: "t"}
}

func TestKeys(t *testing.T) {
	pod := map[string]string{inspect.LabelNamespace: "ns", inspect.LabelPod: "p", inspect.LabelContainer: "c"}
	oneOff := compose("shop", "web", "1")
	oneOff[inspect.LabelOneOff] = "True"
	type box struct {
		name, status string
		labels       map[string]string
	}
	tests := []struct {
		name  string
		boxes []box
		want  []string
	}{
		{"plain", []box{{"a", "running", nil}}, []string{"name/a"}},
		{"compose", []box{{"a", "running", compose("shop", "web", "1")}, {"b", "running", compose("shop", "web", "2")}}, []string{"compose/shop/web/1", "compose/shop/web/2"}},
		{"an impostor takes no key", []box{{"a", "running", compose("shop", "web", "1")}, {"b", "exited", compose("shop", "web", "1")}}, []string{"name/a", "name/b"}},
		{"one-off run", []box{{"a", "running", oneOff}}, []string{"name/a"}},
		{"label with a slash", []box{{"a", "running", compose("../x", "web", "1")}}, []string{"name/a"}},
		{"swarm keeps its predecessors", []box{{"a", "exited", task("web", "web.1.old")}, {"b", "running", task("web", "web.1.new")}}, []string{"name/a", "swarm/web/1"}},
		{"global service", []box{{"a", "running", task("agent", "agent.node7.t")}}, []string{"swarm/agent/node7"}},
		{"pod", []box{{"a", "running", pod}}, []string{"k8s/ns/p/c"}},
		{"same name twice", []box{{"a", "running", nil}, {"a", "running", nil}}, []string{"name/a", "name/a~id1"}},
		{"kept", []box{{"kept", "exited", compose("shop", "web", "1")}, {"b", "running", compose("shop", "web", "1")}}, []string{"name/kept", "compose/shop/web/1"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var all []*inspected
			kept := make(map[string]string)
			for i, b := range tt.boxes {
				id := "id" + string(rune('0'+i))
				all = append(all, &inspected{Container: inspect.Container{ID: id, Name: b.name, Labels: b.labels}, runtime: snapshot.Runtime{Status: b.status}})
				if b.name == "kept" {
					kept[id] = "journal"
				}
			}
			keys, _ := assignKeys(all, kept)
			if d := cmp.Diff(tt.want, keys); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestReferencesBetweenContainers(t *testing.T) {
	f := newFake(t)
	f.add("aaaaaaaaaaaaaaaa", "db", container(t, "db", labels(compose("shop", "db", "1"))))
	f.add("bbbb", "side", container(t, "side", func(_, host, _ map[string]any) {
		host["NetworkMode"], host["PidMode"], host["IpcMode"] = "container:aaaaaaaaaaaaaaaa", "container:gone", "host"
		host["VolumesFrom"] = []string{"aaaaaaaaaaaa:ro"}
	}))
	f.add("cccc", "net", container(t, "net", func(_, host, _ map[string]any) { host["NetworkMode"] = "n1" }))
	f.set("/networks", `[{"Name":"front","Id":"n1","Driver":"bridge"}]`)
	s := f.collect(Options{})
	seal(t, s)
	_, side := find(t, s, "side")
	if side.NetworkMode != "container:compose/shop/db/1" || side.PidMode != "container:missing" || side.IpcMode != "host" {
		t.Errorf("modes %q %q %q", side.NetworkMode, side.PidMode, side.IpcMode)
	}
	if db, _ := find(t, s, "db"); !slices.Equal(db.Sharers, []string{"name/side"}) {
		t.Errorf("sharers %q", db.Sharers)
	}
	if _, n := find(t, s, "net"); n.NetworkMode != "front" {
		t.Errorf("network mode %q, want the network's name", n.NetworkMode)
	}
}

func TestEqualContainersShareOneSpec(t *testing.T) {
	f := newFake(t)
	anon := strings.Repeat("ab", 32)
	f.set("/volumes", `{"Volumes":[{"Name":"`+anon+`","Driver":"local"}]}`)
	for i := range 20 {
		id := strings.Repeat(string(rune('a'+i)), 4)
		f.add(id, "web"+id, container(t, "web"+id, func(top, _, _ map[string]any) {
			if i%2 == 0 {
				top["Mounts"] = []any{map[string]any{"Type": "volume", "Name": anon, "Source": "/v/" + anon, "Destination": "/data", "RW": true}}
			}
		}))
	}
	s := f.collect(Options{Local: newLocal(), Machine: here(t), HostScope: "host:x"})
	if len(s.Containers) != 20 || len(s.ContainerSpecs) != 2 || len(s.Runtimes) != 1 {
		t.Errorf("%d containers, %d specs, %d runtimes; want 20, 2, 1", len(s.Containers), len(s.ContainerSpecs), len(s.Runtimes))
	}
}

func TestSwarmTasksHaveTheServicesPolicy(t *testing.T) {
	info := strings.Replace(strings.Replace(recorded(t, "info"), `"LocalNodeState": "inactive"`, `"LocalNodeState": "active"`, 1),
		`"ControlAvailable": false`, `"ControlAvailable": true`, 1)
	services := `[{"ID":"svc1","Spec":{"TaskTemplate":{"RestartPolicy":{"Condition":"on-failure","MaxAttempts":4}}}}]`
	for name, tt := range map[string]struct {
		info, services string
		want           snapshot.RestartPolicy
		unread         []string
		state          snapshot.State
	}{
		"manager":  {info, services, snapshot.RestartPolicy{Name: "on-failure", Max: 4, Service: true, Delay: 5000}, nil, snapshot.Observed},
		"default":  {info, `[{"ID":"svc1","Spec":{}}]`, snapshot.RestartPolicy{Name: "always", Service: true}, nil, snapshot.Observed},
		"unread":   {info, "<", snapshot.RestartPolicy{Name: "always"}, []string{"restartPolicy"}, snapshot.Failed},
		"worker":   {strings.Replace(info, `"ControlAvailable": true`, `"ControlAvailable": false`, 1), "<", snapshot.RestartPolicy{Name: "always"}, []string{"restartPolicy"}, snapshot.Skipped},
		"inactive": {recorded(t, "info"), "<", snapshot.RestartPolicy{Name: "always"}, []string{"restartPolicy"}, snapshot.Absent},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			f.set("/info", tt.info)
			f.set("/services", tt.services)
			f.add("aaaa", "t", container(t, "t", labels(task("web", "web.1.x"))))
			s := f.collect(Options{})
			_, spec := find(t, s, "t")
			if spec.RestartPolicy != tt.want || !slices.Equal(spec.Unread, tt.unread) {
				t.Errorf("policy %+v, unread %q", spec.RestartPolicy, spec.Unread)
			}
			if st := s.Part(s.Scopes[0].ID, snapshot.PartEngineServices); st.State != tt.state {
				t.Errorf("services are %s, want %s", st.State, tt.state)
			}
		})
	}
}

// here is the machine that the recorded engine ran on.
func here(t *testing.T) Machine {
	t.Helper()
	o, ok := answer.Parse([]byte(recorded(t, "info")), "", new(answer.Unread))
	if !ok {
		t.Fatal("the recorded info is no object")
	}
	return Machine{Name: o.Text("Name", 64), Kernel: o.Text("KernelVersion", 64)}
}

func TestOnlyAProvedEngineIsJoinedWithTheMachine(t *testing.T) {
	unix := dockerapi.SocketEndpoint("/var/run/docker.sock")
	m, d := Machine{Name: "vm", Kernel: "6.1"}, newLocal().daemon
	e := snapshot.Engine{Name: "vm", Kernel: "6.1"}
	tests := []struct {
		name   string
		at     dockerapi.Endpoint
		engine snapshot.Engine
		m      Machine
		d      snapshot.Fact[snapshot.DaemonProcess]
		want   bool
	}{
		{"proved", unix, e, m, d, true},
		{"tcp", dockerapi.Endpoint{Kind: dockerapi.KindTCP}, e, m, d, false},
		{"ssh", dockerapi.Endpoint{Kind: dockerapi.KindSSH}, e, m, d, false},
		{"forwarded socket", unix, snapshot.Engine{Name: "other", Kernel: "6.1"}, m, d, false},
		{"virtual machine", unix, snapshot.Engine{Name: "vm", Kernel: "6.9"}, m, d, false},
		{"rootless", unix, snapshot.Engine{Name: "vm", Kernel: "6.1", Rootless: true}, m, d, false},
		{"no daemon behind it", unix, e, m, snapshot.Missing[snapshot.DaemonProcess](snapshot.Failed, snapshot.ReasonFailed, ""), false},
		{"machine unknown", unix, snapshot.Engine{}, Machine{}, d, false},
	}
	for _, tt := range tests {
		ok, why := IsLocal(tt.at, &tt.engine, tt.m, tt.d)
		if ok != tt.want || ok != (why == "") {
			t.Errorf("%s: %t, %q; want %t", tt.name, ok, why, tt.want)
		}
	}
}

func TestMachineParts(t *testing.T) {
	denied := newLocal()
	denied.daemon = snapshot.Missing[snapshot.DaemonProcess](snapshot.Denied, snapshot.ReasonDenied, "/proc/7/exe")
	hidden := newLocal()
	hidden.facts.Process = snapshot.Missing[snapshot.Process](snapshot.Denied, snapshot.ReasonDenied, "/proc/9/status")
	tests := []struct {
		name    string
		o       Options
		state   map[snapshot.Part]snapshot.State
		process snapshot.State
	}{
		{"none", Options{}, all(snapshot.Skipped), snapshot.Skipped},
		{"not this machine", Options{Local: newLocal(), Machine: Machine{Name: "x", Kernel: "y"}}, all(snapshot.Skipped), snapshot.Skipped},
		{"daemon hidden", Options{Local: denied, Machine: here(t)}, all(snapshot.Denied), snapshot.Skipped},
		{"proved", Options{Local: newLocal(), Machine: here(t), HostScope: "host:x"}, map[snapshot.Part]snapshot.State{
			snapshot.PartEngineConfig: snapshot.Observed, snapshot.PartEngineProcesses: snapshot.Observed, snapshot.PartEngineListeners: snapshot.Observed,
			snapshot.PartEngineSockets: snapshot.Observed, snapshot.PartEngineVerifier: snapshot.Denied,
		}, snapshot.Observed},
		{"processes hidden", Options{Local: hidden, Machine: here(t), HostScope: "host:x"}, map[snapshot.Part]snapshot.State{
			snapshot.PartEngineProcesses: snapshot.Denied,
		}, snapshot.Denied},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFake(t)
			f.add("aaaa", "web", container(t, "web", nil))
			s := f.collect(tt.o)
			id := s.Scopes[0].ID
			for p, want := range tt.state {
				st := s.Part(id, p)
				if st.State != want || want != snapshot.Observed && st.Detail == "" || want == snapshot.Denied && st.Grant == "" {
					t.Errorf("%s: %+v, want %s", p, st, want)
				}
			}
			c, spec := find(t, s, "web")
			if got := s.Runtimes[c.Runtime].Process.State; got != tt.process {
				t.Errorf("process is %s, want %s", got, tt.process)
			}
			proved := tt.o.HostScope != ""
			if (spec.Mounts[0].Real == "/real/etc") != proved || (s.Scopes[0].Host == "host:x") != proved || (len(s.Files) > 0) != proved {
				t.Errorf("proved %t, but mount %+v, host %q, %d files", proved, spec.Mounts[0], s.Scopes[0].Host, len(s.Files))
			}
		})
	}
}

func all(st snapshot.State) map[snapshot.Part]snapshot.State {
	m := make(map[snapshot.Part]snapshot.State)
	for _, p := range machineParts() {
		m[p] = st
	}
	return m
}

func TestCanariesStayOut(t *testing.T) {
	const canary = "canary-5e1f"
	f := newFake(t)
	f.add("aaaa", "c", container(t, "c", func(top, host, config map[string]any) {
		config["Env"], config["Cmd"], config["Entrypoint"] = []string{"P=" + canary, canary}, []string{canary}, []string{"sh", "--pw=" + canary}
		config["Labels"] = map[string]string{"secret": canary, canary: "x"}
		config["Healthcheck"] = map[string]any{"Test": []string{"CMD", canary}}
		host["LogConfig"] = map[string]any{"Type": "splunk", "Config": map[string]string{"splunk-token": canary}}
		host["SecurityOpt"] = []string{`seccomp={"comment":"` + canary + `"}`}
		top["Args"], top["Path"] = []string{canary}, canary
	}))
	f.set("/images/sha256:img/json", `{"Config":{"Env":["K=`+canary+`"],"Labels":{"a":"`+canary+`"},"Healthcheck":{"Test":["CMD","`+canary+`"]}}}`)
	f.set("/volumes", `{"Volumes":[{"Name":"v","Driver":"local","Options":{"o":"password=`+canary+`","type":"cifs","device":"//host/`+canary+`"},"Labels":{"l":"`+canary+`"}}]}`)
	f.set("/networks", `[{"Name":"n","Id":"n","Driver":"weave","Options":{"secret":"`+canary+`"},"Labels":{"l":"`+canary+`"}}]`)
	f.set("/info", strings.ReplaceAll(recorded(t, "info"), `"Mirrors": []`, `"Mirrors": ["https://user:`+canary+`@mirror/"]`))
	f.set("/containers/json", strings.Replace(f.answers["/containers/json"].(string), `"Names"`, `"Command":"`+canary+`","Labels":{"x":"`+canary+`"},"Names"`, 1))
	s := f.collect(Options{})
	if raw := seal(t, s); strings.Contains(string(raw), canary) {
		i := strings.Index(string(raw), canary)
		t.Errorf("a canary is in the snapshot: …%s", raw[max(0, i-80):i+20])
	}
	if m := s.Engines[0].Mirrors; len(m) != 1 || m[0] != "https://mirror/" {
		t.Errorf("mirrors %q", m)
	}
}

func TestImageThatIsNotUnderstoodHasNoKnownUser(t *testing.T) {
	for _, answer := range []string{"<", "[]", "{}", `{"Config":7}`, `{"Config":{"User":7}}`} {
		f := newFake(t)
		f.add("aaaa", "c", container(t, "c", nil))
		f.set("/images/sha256:img/json", answer)
		s := f.collect(Options{})
		seal(t, s)
		if len(s.Images) != 1 || s.Images[0].UserUID.State != snapshot.Failed || s.Complete {
			t.Errorf("%s: images %+v, complete %t; want its user failed", answer, s.Images, s.Complete)
		}
	}
}

func TestNamedUsers(t *testing.T) {
	const passwd = "root:x:0:0::/:\napp:x:0:0::/:\nweb:x:101:1::/:\n"
	link := func(to string) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, r *http.Request) {
			if to != "" && r.URL.Query().Get("path") == passwdFile {
				_, _ = w.Write(tarOf(t, "passwd", "", to))
				return
			}
			_, _ = w.Write(tarOf(t, "passwd", passwd, ""))
		}
	}
	tests := []struct {
		name, image, user string
		archive           any
		want              int64
		state             snapshot.State
		asked             int
	}{
		{"root by default", "", "", nil, 0, snapshot.Observed, 0},
		{"zero twice", "00:0", "00:0", nil, 0, snapshot.Observed, 0},
		{"number", "1000", "1000", nil, 1000, snapshot.Observed, 0},
		{"name", "web:web", "web:web", link(""), 101, snapshot.Observed, 1},
		{"a name that is root", "app", "app", link(""), 0, snapshot.Observed, 1},
		{"through a link", "web", "web", link("../usr/lib/passwd"), 101, snapshot.Observed, 2},
		{"link to itself", "web", "web", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(tarOf(t, "passwd", "", "passwd")) }, 0, snapshot.Failed, 3},
		{"no such name", "nobody", "nobody", link(""), 0, snapshot.Failed, 1},
		{"no file", "web", "web", status(404, "no"), 0, snapshot.Failed, 1},
		{"garbage", "web", "web", "zzz", 0, snapshot.Failed, 1},
		{"another user asked for", "web", "other", link(""), 0, snapshot.Skipped, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFake(t)
			f.add("aaaa", "c", container(t, "c", func(_, _, config map[string]any) { config["User"] = tt.user }))
			f.set("/images/sha256:img/json", `{"Config":{"User":"`+tt.image+`"}}`)
			f.set("/containers/aaaa/archive", tt.archive)
			s := f.collect(Options{})
			got := s.Images[0].UserUID
			if got.State != tt.state || got.V != tt.want {
				t.Errorf("user %+v, want %d %s", got, tt.want, tt.state)
			}
			if f.asked["/containers/aaaa/archive"] != tt.asked {
				t.Errorf("asked %d times, want %d", f.asked["/containers/aaaa/archive"], tt.asked)
			}
		})
	}
}
