package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"plimsoll/test/program"
)

// evil is what a stranger puts where a name is expected.
const evil = "x\x1b[31mred\x1b]0;title\x07\r\nplimsoll: all is well\u202e<script>alert(1)</script>\x00\u009b2J"

// everyCommand reads an engine in every form.
var everyCommand = [][]string{
	{"assess", "docker"},
	{"assess", "docker", "--format", "json"},
	{"assess", "docker", "--plain"},
	{"assess", "docker", "-v", "--log-format", "json"},
	{"bench", "docker", "docker", "--all"},
	{"bench", "docker", "docker", "--format", "json"},
	{"threats", "docker"},
	{"threats", "docker", "--format", "json"},
	{"plan", "docker", "--max", "0"},
	{"plan", "docker", "--format", "json"},
	{"explain", "container-memory-limit", "docker"},
	{"explain", "container-no-sensitive-host-mounts", "docker"},
	{"doctor", "docker"},
	{"collect", "docker"},
	{"collect", "docker", "--scrub"},
	{"harden", "container-memory-limit", "container-restart-policy-bounded", "container-image-digest-pinned", "--target", "docker"},
}

// TestHostileEngine lets an engine answer with what attacks terminals, pages
// and memory: what is printed must be inert, and soon there.
func TestHostileEngine(t *testing.T) {
	f := newFake(t, filepath.Join(t.TempDir(), "e.sock"))
	f.set("/info", f.json(edited(t, "info", map[string]any{
		"Name": evil, "OperatingSystem": evil, "ServerVersion": evil, "Driver": evil, "KernelVersion": evil,
		"SecurityOptions": []string{evil}, "Warnings": []string{evil},
	})))
	f.set("/networks", f.json([]any{map[string]any{"Name": evil, "Id": "n", "Driver": evil, "Options": map[string]string{evil: evil}}}))
	f.set("/volumes", f.json(map[string]any{"Volumes": []any{map[string]any{"Name": evil, "Driver": evil, "Options": map[string]string{"device": evil, "o": evil}}}}))
	f.add("text", func(top, host, config map[string]any) {
		top["Name"], top["Path"], top["Args"] = "/"+evil, evil, []string{evil}
		config["Image"], config["User"], config["Env"] = evil, evil, []string{evil + "=" + evil, evil}
		config["Labels"] = map[string]string{
			evil: evil, "com.docker.compose.project": evil, "com.docker.compose.service": evil, "com.docker.compose.project.config_files": evil,
		}
		host["Binds"], host["SecurityOpt"] = []string{evil + ":" + evil}, []string{evil, "seccomp=" + evil}
		host["CapAdd"], host["NetworkMode"], host["CgroupParent"] = []string{evil}, evil, evil
		host["RestartPolicy"] = map[string]any{"Name": evil}
		top["Mounts"] = []any{map[string]any{"Type": "bind", "Source": "/etc/" + evil, "Destination": evil, "RW": true}}
	})
	broken := f.add("broken", nil)
	f.set("/containers/"+fmt.Sprintf("%064x", 2)+"/json", strings.Replace(broken, "/broken", "/bro\xff\xfe\xc3ken", 1))
	read(t, f, everyCommand)
}

// TestHugeContainer lets an engine answer with more than anyone would write.
func TestHugeContainer(t *testing.T) {
	f := newFake(t, filepath.Join(t.TempDir(), "e.sock"))
	f.add("big", func(top, _, config map[string]any) {
		config["Env"] = []string{"BIG=" + strings.Repeat("x", 10<<20), strings.Repeat("n", 1<<20) + "=v"}
		var mounts []any
		for i := range 5000 {
			mounts = append(mounts, map[string]any{"Type": "bind", "Source": fmt.Sprintf("/srv/%d", i), "Destination": fmt.Sprintf("/d%d", i), "RW": true})
		}
		top["Mounts"] = mounts
	})
	f.add("other", nil)
	for _, r := range read(t, f, everyCommand[:2]) {
		if !strings.Contains(r.Out, "open") {
			t.Errorf("no verdict came out: %v", r)
		}
	}
}

// read runs commands on a fake engine and checks what all have to keep to.
func read(t *testing.T, f *fake, commands [][]string) (out []program.Result) {
	t.Helper()
	u := program.New(t)
	u.Env = []string{"DOCKER_HOST=unix://" + f.socket}
	state := t.TempDir()
	for _, args := range commands {
		r := u.Want(t, 0, append(slices.Clone(args), "--state", state)...)
		inert(t, r)
		if r.Took > 10*time.Second {
			t.Errorf("it took %v: plimsoll %v", r.Took, args)
		}
		if len(r.Out) > 8<<20 {
			t.Errorf("it printed %d bytes: plimsoll %v", len(r.Out), args)
		}
		out = append(out, r)
	}
	return out
}

// edited is a recorded answer with some fields replaced.
func edited(t *testing.T, name string, fields map[string]any) map[string]any {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal([]byte(recorded(t, name)), &doc); err != nil {
		t.Fatal(err)
	}
	maps.Copy(doc, fields)
	return doc
}

// inert fails when a run printed a character that a terminal would act on, or
// let a stranger begin a line.
func inert(t *testing.T, r program.Result) {
	t.Helper()
	data := json.Valid([]byte(r.Out))
	for stream, s := range map[string]string{"stdout": r.Out, "stderr": r.Err} {
		if !utf8.ValidString(s) {
			t.Errorf("%s is not UTF-8: plimsoll %v", stream, r.Args)
		}
		for _, c := range s {
			// JSON is read by programs: its strings keep their characters, of which
			// its own rules escape those below a space.
			if data && stream == "stdout" && c >= 0x7f {
				continue
			}
			if c != '\n' && c != '\t' && (c < ' ' || c >= 0x7f && c <= 0x9f || c >= 0x202a && c <= 0x202e || c >= 0x2066 && c <= 0x2069) {
				t.Errorf("%s has the character %U: plimsoll %v", stream, c, r.Args)
				break
			}
		}
		if strings.Contains("\n"+s, "\nplimsoll: all is well") {
			t.Errorf("a line of %s is a stranger's: plimsoll %v", stream, r.Args)
		}
	}
}
