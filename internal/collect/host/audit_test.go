package host

import (
	"context"
	"encoding/binary"
	"reflect"
	"slices"
	"strings"
	"testing"

	"plimsoll/internal/snapshot"
)

func TestAuditFiles(t *testing.T) {
	m := fake(t, map[string]string{
		"etc/docker/": "", "run/": "", "var/run": "-> ../run",
		"etc/audit/rules.d/9-last.rules": "-w /var/run/docker.sock -p wa -k docker\n-e 2\n",
		"etc/audit/rules.d/10-x.rules":   "-a task,never\n",
		"etc/audit/rules.d/2-first.rules": "# comment\n-b 8192\n-w /gone -p wa\n-D\n-w /etc/docker -k docker\n" +
			"-a always,exit -F arch=b64 -F path=/usr/bin/runc -F perm=wa -F key=docker\n-a exit,always -S openat -F dir=/x -F auid>=1000 -F success=1\n" +
			"-A never,exit -F dir=/proc\n-w /tmp -p rwxa\n-W /tmp -p rwxa\n-Z nonsense\n-w\n-a always,exit -F path\n-w /usr/bin/dockerd -pwa\n",
		"etc/audit/audit.rules": "-w /ignored -p wa\n",
	})
	got, source, err := m.auditFiles(context.Background())
	want := snapshot.AuditState{Enabled: true, Locked: true, Rules: []snapshot.AuditRule{
		{Filter: "exit", Action: "never", Dir: "/proc"},
		{Filter: "exit", Action: "always", Dir: "/etc/docker", Perm: "rwxa"},
		{Filter: "exit", Action: "always", Path: "/usr/bin/runc", Perm: "wa"},
		{Filter: "exit", Action: "always", Dir: "/x", Calls: true, Narrow: []string{"auid", "success"}},
		{Filter: "exit", Action: "always", Path: "/usr/bin/dockerd", Perm: "wa"},
		{Filter: "exit", Action: "always", Path: "/run/docker.sock", Perm: "wa"},
		{Filter: "task", Action: "never"},
	}}
	if err != nil || source != "/etc/audit/rules.d/*.rules" || !reflect.DeepEqual(got, want) {
		t.Errorf("%s, %v\n got %+v\nwant %+v", source, err, got, want)
	}
	one, source, err := fake(t, map[string]string{"etc/audit/audit.rules": "-e 0\n-w /x/ -p wa\n"}).auditFiles(context.Background())
	if err != nil || one.Enabled || source != "/etc/audit/audit.rules" || len(one.Rules) != 1 || one.Rules[0].Dir != "/x" {
		t.Errorf("%s %+v %v", source, one, err)
	}
}

// wire builds a rule as the kernel sends it: fields are number, operator and value
// or text.
type wireField struct {
	number, op, value uint32
	text              string
}

func wire(filter, action uint32, allCalls bool, fields ...wireField) []byte {
	words := make([]uint32, auditHeader/4)
	words[0], words[1], words[2] = filter, action, uint32(len(fields))
	if allCalls {
		for i := range 64 {
			words[3+i] = 0xffffffff
		}
	}
	texts := ""
	for i, f := range fields {
		value := f.value
		if f.text != "" {
			value = uint32(len(f.text))
			texts += f.text
		}
		words[67+i], words[131+i], words[195+i] = f.number, value, f.op
	}
	words[259] = uint32(len(texts))
	var b []byte
	for _, w := range words {
		b = binary.NativeEndian.AppendUint32(b, w)
	}
	return append(b, texts...)
}

const opEqual, opAtLeast = 0x40000000, 0x50000000

func TestAuditRuleOfKernel(t *testing.T) {
	for name, tt := range map[string]struct {
		in   []byte
		want snapshot.AuditRule
	}{
		"watch": {
			wire(4, 2, true, wireField{fieldWatch, opEqual, 0, "/etc/docker/daemon.json"}, wireField{fieldPerm, opEqual, 2 | 8, ""}, wireField{fieldKey, opEqual, 0, "docker"}),
			snapshot.AuditRule{Filter: "exit", Action: "always", Path: "/etc/docker/daemon.json", Perm: "wa"},
		},
		"directory after an exe": {
			wire(4|0x10, 2, true, wireField{112, opEqual, 0, "/bin/x"}, wireField{fieldDir, opEqual, 0, "/etc/docker"}, wireField{fieldPerm, opEqual, 15, ""}),
			snapshot.AuditRule{Filter: "exit", Action: "always", Dir: "/etc/docker", Perm: "rwxa", Narrow: []string{"exe"}},
		},
		"some calls of real users": {
			wire(4, 2, false, wireField{fieldArch, opEqual, 0xc000003e, ""}, wireField{9, opAtLeast, 1000, ""}),
			snapshot.AuditRule{Filter: "exit", Action: "always", Calls: true, Narrow: []string{"auid"}},
		},
		"32 bits": {wire(4, 2, true, wireField{fieldArch, opEqual, 0x40000003, ""}), snapshot.AuditRule{Filter: "exit", Action: "always", Narrow: []string{"field 11"}}},
		"never":   {wire(1, 0, true), snapshot.AuditRule{Filter: "task", Action: "never"}},
	} {
		got, err := parseAuditRule(tt.in)
		if err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %+v, %v, want %+v", name, got, err, tt.want)
		}
	}
	for name, b := range map[string][]byte{
		"short": make([]byte, auditHeader-1), "text beyond the end": wire(4, 2, true, wireField{fieldWatch, opEqual, 5, ""}), "unknown filter": wire(77, 2, true), "many fields": func() []byte {
			b := wire(4, 2, true)
			binary.NativeEndian.PutUint32(b[8:], 65)
			return b
		}(),
	} {
		if r, err := parseAuditRule(b); err == nil {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

func TestByVersion(t *testing.T) {
	names := []string{"10-b.rules", "9-a.rules", "09-z.rules", "a.rules", "100.rules"}
	slices.SortFunc(names, byVersion)
	if got := strings.Join(names, " "); got != "9-a.rules 09-z.rules 10-b.rules 100.rules a.rules" {
		t.Error(got)
	}
}

func FuzzAuditRules(f *testing.F) {
	for _, s := range []string{"-w /etc/docker -p wa -k x\n-D\n-e 2", "-a always,exit -F arch=b64 -S all -F dir=/x -F perm=wa", "-A never,task\n-d never,task", "-W /x -p\n-pwa -w", "-a , -F =\n-F x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var r auditRules
		r.parse(s)
		for _, rule := range r.rules {
			if rule.Filter == "" || rule.Action != "always" && rule.Action != "never" || len(rule.Perm) > 4 || rule.Path != "" && !strings.HasPrefix(rule.Path, "/") {
				t.Errorf("%+v", rule)
			}
		}
	})
}

func FuzzAuditKernel(f *testing.F) {
	f.Add(wire(4, 2, true, wireField{fieldWatch, opEqual, 0, "/x"}))
	f.Add([]byte("\x04\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _, _ = parseAuditStatus(b)
		if r, err := parseAuditRule(b); err == nil && (r.Filter == "" || r.Action == "" || len(r.Narrow) > auditFields) {
			t.Errorf("%+v", r)
		}
	})
}

func FuzzHostText(f *testing.F) {
	for _, s := range []string{"a:1:2\n", "EnvironmentFile=-/x\\\n y\n", "*.* @@(z9)h:1\n", `action(type="omfwd" target="h")`, "active = yes", `network("h")`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, r := range parseSubIDs("/etc/subuid", []byte(s)) {
			if r.Owner == "" || r.Count <= 0 || r.Start < 0 {
				t.Errorf("%+v", r)
			}
		}
		var e environmentFiles
		e.parse(s)
		for _, p := range e {
			if !strings.HasPrefix(p, "/") {
				t.Errorf("%q", p)
			}
		}
		rsyslogForwards(s)
		syslogNGForwards(s)
		journalUploads(s)
	})
}
