package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"plimsoll/internal/checktest"
	"plimsoll/internal/report"
	"plimsoll/internal/schema"
	"plimsoll/internal/snapshot"
	"plimsoll/test/schemacheck"
	"plimsoll/test/testbed"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"plimsoll": main})
}

// snapshots are the evidence that scripts find in their folder.
var snapshots = map[string]string{
	"good.json": `{}`,
	"bad.json": `{"spec":{"resources":{"memory":0,"memorySwap":0},"restartPolicy":{"name":"always"}},
		"runtime":{"cgroup":{"v":{"memoryMax":-1,"memorySwapMax":-1}}}}`,
	"hostile.json": `{"spec":{"resources":{"memory":0},"restartPolicy":{"name":"always"}},"runtime":{"cgroup":{"v":{"memoryMax":-1}}},
		"container":{"name":"web\u001b[31m\u202eevil\r\nplimsoll: all is well","key":"name/web\u001b]0;x\u0007"},
		"engine":{"name":"\u001b[2Jhost"},"host":{"name":"\u001b[2Jhost"}}`,
	"blind.json": `{"parts":{"engine.containers":{"state":"denied","reason":"denied","detail":"the socket may not be opened","grant":"sudo plimsoll collect"}}}`,
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			// Nothing of the user's or of this machine may reach the scripts.
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("DOCKER_HOST", "")
			e.Setenv("NO_COLOR", "")
			e.Setenv("ESC", "\x1b[31mred\u202e")
			for name, tweak := range snapshots {
				if err := writeSnapshot(filepath.Join(e.WorkDir, name), tweak); err != nil {
					return err
				}
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "inert": inert, "mode": mode, "valid": valid, "lines": lines, "alike": alike,
		},
	})
}

// TestEngine runs the scripts that change a container of a real engine.
func TestEngine(t *testing.T) {
	bed := testbed.Mutable(t)
	bed.Run("loop", testbed.Spec{
		"Image": testbed.PinnedImage, "Cmd": []string{"sleep", "100000"}, "StopTimeout": 1,
		"HostConfig": map[string]any{"RestartPolicy": map[string]any{"Name": "always"}, "NetworkMode": "none"},
	})
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "engine"),
		Setup: func(e *testscript.Env) error {
			e.Setenv("NAME", bed.Name("loop"))
			e.Setenv("HOME", e.WorkDir)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "valid": valid,
			// update DOCUMENT changes the container behind the program's back.
			"update": func(ts *testscript.TestScript, _ bool, args []string) {
				_, err := bed.Call(t.Context(), http.MethodPost, "/containers/"+bed.Name("loop")+"/update", json.RawMessage(args[0]))
				ts.Check(err)
			},
		},
	})
}

func writeSnapshot(path, tweak string) error {
	s, _, err := checktest.Tweak([]byte(tweak))
	if err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(snapshot.Encode(f, s), f.Close())
}

// exits CODE COMMAND... runs a command that must exit with the code.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	code := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var ee *exec.ExitError
		if !errors.As(err, &ee) {
			ts.Fatalf("%v", err)
		}
		code = ee.ExitCode()
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}

// inert FILE... fails when a file has a byte that a terminal would act on.
func inert(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range args {
		for _, r := range ts.ReadFile(name) {
			if r != '\n' && r != '\t' && (r < ' ' || r >= 0x7f && r <= 0x9f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069) {
				ts.Fatalf("%s has the character %U", name, r)
			}
		}
	}
}

// mode PERM FILE checks permissions.
func mode(ts *testscript.TestScript, _ bool, args []string) {
	fi, err := os.Stat(ts.MkAbs(args[1]))
	ts.Check(err)
	if got := strconv.FormatUint(uint64(fi.Mode().Perm()), 8); got != args[0] {
		ts.Fatalf("%s has mode %s, want %s", args[1], got, args[0])
	}
}

// valid KIND FILE holds a file against the published schema of its kind.
func valid(ts *testscript.TestScript, _ bool, args []string) {
	for _, d := range schema.Documents() {
		if d.Name == args[0] {
			s, err := schema.Generate(d)
			ts.Check(err)
			ts.Check(schemacheck.Check(s, []byte(ts.ReadFile(args[1]))))
			return
		}
	}
	ts.Fatalf("no schema is called %s", args[0])
}

// alike RESULT RESULT checks that two results have the same verdicts, whatever
// the names of their subjects.
func alike(ts *testscript.TestScript, _ bool, args []string) {
	var verdicts [2][]string
	for i := range verdicts {
		r, err := report.Decode([]byte(ts.ReadFile(args[i])))
		ts.Check(err)
		for _, f := range r.Findings {
			verdicts[i] = append(verdicts[i], f.Check+" "+f.Status+" "+f.Severity)
		}
	}
	if !slices.Equal(verdicts[0], verdicts[1]) || len(verdicts[0]) == 0 {
		ts.Fatalf("the verdicts differ:\n%q\n%q", verdicts[0], verdicts[1])
	}
}

// lines N FILE checks the number of lines.
func lines(ts *testscript.TestScript, _ bool, args []string) {
	if n := strings.Count(ts.ReadFile(args[1]), "\n"); strconv.Itoa(n) != args[0] {
		ts.Fatalf("%s has %d lines, want %s", args[1], n, args[0])
	}
}
