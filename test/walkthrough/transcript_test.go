package walkthrough

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"plimsoll/internal/golden"
	"plimsoll/internal/report"
	"plimsoll/test/program"
	"plimsoll/test/testbed"
)

const preface = `# The loop, once around

test/walkthrough runs these commands on a real engine and compares what they print with this page; ` + "`go test ./test/walkthrough -update`" + `
writes it anew. Identifiers, digests, times and figures that differ from run to run are replaced by stable ones. The runs keep their
journals in a folder of the test's own (--state, not shown), and the docker context shop names the engine.
`

// walk runs commands and keeps their transcript.
type walk struct {
	t     *testing.T
	user  *program.User
	state string
	page  strings.Builder
}

func (w *walk) say(text string) { fmt.Fprintf(&w.page, "\n%s\n", text) }

// run runs a command that must end with the code.
func (w *walk) run(code int, args ...string) program.Result {
	w.t.Helper()
	all := args
	if args[0] != "explain" && args[0] != "plan" && args[0] != "bench" {
		all = append(slices.Clone(args), "--state", w.state)
	}
	r := w.user.Want(w.t, code, all...)
	w.write(code, args, strings.ReplaceAll(r.Out, " --state "+w.state, "")+messages(r.Err)) // printed commands carry the folder
	return r
}

// messages leaves out what depends on how fast the machine is.
func messages(errs string) string {
	var out strings.Builder
	for line := range strings.Lines(errs) {
		if !strings.HasSuffix(line, "s now\n") {
			out.WriteString(line)
		}
	}
	return out.String()
}

func (w *walk) write(code int, args []string, output string) {
	fmt.Fprintf(&w.page, "\n```\n$ plimsoll %s\n%s", strings.Join(args, " "), output)
	if code != 0 {
		fmt.Fprintf(&w.page, "$ echo $?\n%d\n", code)
	}
	w.page.WriteString("```\n")
}

// bench writes and returns the named rows of the benchmark.
func (w *walk) bench(numbers ...string) string {
	w.t.Helper()
	args := []string{"bench", "docker", "docker", "--edition", "cis-docker-1.2.0"}
	r := w.user.Want(w.t, 0, append(slices.Clone(args), "--state", w.state)...)
	var out strings.Builder
	takes := false
	for line := range strings.Lines(r.Out) {
		if row := regexp.MustCompile(`^\[[A-Z/]+\] (\S+) `).FindStringSubmatch(line); row != nil {
			takes = slices.Contains(numbers, row[1])
		}
		if takes {
			out.WriteString(line)
		}
	}
	w.write(0, args, out.String())
	return out.String()
}

// result assesses without writing it into the transcript.
func (w *walk) result() *report.Result {
	w.t.Helper()
	r := w.user.Want(w.t, 0, "assess", "docker", "--format", "json", "--state", w.state)
	res, err := report.Decode([]byte(r.Out))
	if err != nil {
		w.t.Fatal(err)
	}
	return res
}

// compare holds the transcript against the page, where the engine is of the
// line that the page was recorded on: others support and print other things.
func (w *walk) compare(bed *testbed.Bed, path string) {
	w.t.Helper()
	host, err := os.Hostname()
	if err != nil {
		w.t.Fatal(err)
	}
	var v struct{ Version string }
	bed.Get("/version", &v)
	got := preface + normalise(w.page.String(), host, v.Version)
	old, err := os.ReadFile(path)
	line := "docker " + line(v.Version) + "."
	if err == nil && !golden.Updating() && !strings.Contains(string(old), line) {
		w.t.Logf("%s was recorded on another line than %s and is not compared", filepath.Base(path), line)
		return
	}
	golden.Compare(w.t, path, []byte(got))
}

// line is the release line of a version, as 20.10.
func line(version string) string {
	p := strings.SplitN(version, ".", 3)
	return strings.Join(p[:min(2, len(p))], ".")
}

// normalise replaces what differs from run to run.
func normalise(s, host, version string) string {
	journals := regexp.MustCompile(`(?m)^journal ([0-9a-f]{8})$`)
	for _, m := range journals.FindAllStringSubmatch(s, -1) {
		s = strings.ReplaceAll(s, m[1], "5f1c9a2e")
	}
	s = strings.ReplaceAll(s, version, line(version)+".0")
	for _, r := range []struct{ pattern, with string }{
		{`\b` + regexp.QuoteMeta(host) + `\b`, "build-07"},
		{`sha256:[0-9a-f]{64}`, "sha256:" + strings.Repeat("0123456789abcdef", 4)},
		{`sha256:[0-9a-f]{12}…`, "sha256:0123456789ab…"},
		{`\b\d+ of \d+ questions answered \(\d+%\)`, "222 of 265 questions answered (83%)"}, // a machine's files are asked about too
		{`\b\d+ of \d+ questions are`, "43 of 265 questions are"},
		{`snapshot [0-9a-f]{8}`, "snapshot c0ffee00"},
		{`\d{4}-\d\d-\d\d \d\d:\d\dZ`, "2026-11-24 12:00Z"},
		{`highest use seen: [0-9.]+ MiB`, "highest use seen: 4 MiB"},
		{`the host's memory \([0-9.]+ MiB\)`, "the host's memory (16000.0 MiB)"},
		{`memory of the machine, [0-9.]+ GiB`, "memory of the machine, 15.625 GiB"},
	} {
		s = regexp.MustCompile(r.pattern).ReplaceAllString(s, r.with)
	}
	// Notes that are alike are printed once: how many there are hangs on what each
	// container happened to use.
	lines := strings.SplitAfter(s, "\n")
	return strings.Join(slices.CompactFunc(lines, func(a, b string) bool {
		return a == b && strings.Contains(a, "highest use seen")
	}), "")
}
