package plimsoll_test

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// layer says what a package, and those below it without a row of their own, may
// import of the program outside its tests.
type layer struct {
	pkg string
	may []string // packages, each with those below it
	why string
}

// logic is what a consumer of results may look at.
var logic = []string{
	"internal/assess", "internal/plan", "internal/path", "internal/threat", "internal/checks", "internal/check", "internal/step",
	"internal/model", "internal/policy", "internal/kubeflag", "internal/podspec", "internal/rbac", "internal/netpol", "internal/snapshot",
}

// layers lists every package. The order is that of the dependencies.
var layers = []layer{
	{"internal/snapshot", nil, "evidence does not know what will be concluded from it"},
	{"internal/snapshot/snapshottest", []string{"internal/snapshot"}, "made evidence is evidence and nothing else"},
	{"internal/model", []string{"internal/snapshot"}, "the model is drawn from evidence, before any judgement"},
	{"internal/step", []string{"internal/snapshot"}, "a step is data; who plans or performs it is not its concern"},
	{"internal/policy", []string{"internal/snapshot"}, "the user's decisions are data; config reads them, checks apply them"},
	{"internal/check", []string{"internal/step", "internal/model", "internal/policy", "internal/snapshot"}, "the contract cannot depend on what is built on it"},
	{"internal/podspec", []string{"internal/snapshot"}, "what a pod specification comes to is read off evidence; who judges it is not its concern"},
	{"internal/rbac", []string{"internal/snapshot"}, "who may do what follows from roles and bindings alone"},
	{"internal/netpol", []string{"internal/snapshot"}, "what network policies let through follows from policies and pods alone"},
	{"internal/checks", []string{"internal/checks", "internal/kubeflag", "internal/podspec", "internal/rbac", "internal/netpol", "internal/check", "internal/step", "internal/model", "internal/policy", "internal/snapshot"}, "a check sees the snapshot through its probe, not threats, plans or output"},
	{"internal/path", []string{"internal/check", "internal/model", "internal/snapshot"}, "attack paths follow from model and findings"},
	{"internal/threat", []string{"internal/path", "internal/check", "internal/model", "internal/policy", "internal/snapshot"}, "threats follow from findings and paths; which checks exist is handed in"},
	{"internal/plan", []string{"internal/threat", "internal/path", "internal/check", "internal/step", "internal/model", "internal/policy", "internal/snapshot"}, "a plan weighs simulated steps; it performs none"},
	{"internal/assess", logic, "the whole pure chain, from evidence to result"},

	{"internal/podspec", []string{"internal/snapshot"}, "what a pod specification comes to; checks judge it"},
	{"internal/kubeflag", nil, "command lines of Kubernetes components as they read them; collect follows them, checks judge them"},
	{"internal/guard", []string{"internal/check", "internal/policy", "internal/snapshot"}, "writes the guards that it is handed"},
	{"internal/yaml", nil, "one reader of YAML, of no particular document"},
	{"internal/edit", []string{"internal/yaml"}, "edits lines of files, knows no steps"},
	{"internal/atomicfile", nil, "the one way to write a file, of no particular content"},
	{"internal/config", []string{"internal/yaml", "internal/check", "internal/model", "internal/policy", "internal/snapshot"}, "reads the user's decisions, makes none"},
	{"internal/schema", append([]string{"internal/report"}, logic...), "publishes the documents' shapes"},
	{"internal/example", []string{"internal/snapshot"}, "bundled evidence"},
	{"internal/dockerapi", nil, "speaks to an engine; what the answers mean is collect's, what is sent is harden's"},
	{"internal/dockerapi/answer", nil, "reads JSON of a foreign hand; of which engine, and how it came, is not its concern"},
	{"internal/dockerapi/inspect", []string{"internal/dockerapi/answer", "internal/snapshot"}, "the one decoder of a container, for collect and harden alike: bytes to evidence, without a client"},
	{"internal/kubeapi", nil, "speaks to an API server; what the objects mean is kubeobj's and collect's"},
	{"internal/kubeobj", []string{"internal/yaml", "internal/snapshot"}, "turns objects of the API into evidence; whence they came is not its concern"},
	{"internal/kustomize", nil, "builds what a folder holds; which one, and what it means, is not its concern"},
	{"internal/helm", nil, "renders what a folder holds; which one, and what it means, is not its concern"},
	{"internal/compose", []string{"internal/yaml", "internal/snapshot"}, "reads compose files; which ones, and what may be read, it is told"},
	{"internal/dockerfile", []string{"internal/snapshot"}, "reads the text of a Dockerfile"},
	{"internal/collect", []string{"internal/collect", "internal/compose", "internal/dockerfile", "internal/dockerapi", "internal/kubeapi", "internal/kubeobj", "internal/kustomize", "internal/helm", "internal/yaml", "internal/kubeflag", "internal/snapshot"}, "collectors fill the snapshot and conclude nothing"},
	{"internal/harden", []string{"internal/dockerapi", "internal/edit", "internal/atomicfile", "internal/plan", "internal/step", "internal/snapshot"}, "harden performs steps; the world it reads is the target of a step, so it needs no collector"},
	{"internal/report", append([]string{"internal/report"}, logic...), "a report is a function of the stored result"},
	{"internal/serve", append([]string{"internal/report"}, logic...), "serves results, changes nothing"},
	{"internal/cli", []string{"internal"}, "puts everything together"},
	{"cmd/plimsoll", []string{"internal/cli"}, "main only starts the command line"},

	{"internal/golden", nil, "a helper of tests, of no particular package"},
	{"internal/checktest", append([]string{"internal/golden", "internal/snapshot/snapshottest"}, logic...), "runs the fixtures of any suite"},
	{"test", []string{"internal", "test"}, "programs of tests look at anything"},
	{"test/testbed", nil, "a test must not check the program with the program"},
}

// testSupport are packages that only tests and each other may import.
var testSupport = []string{"internal/snapshot/snapshottest", "internal/checktest", "internal/golden", "test"}

// core are the packages that are pure functions of their arguments.
var core = []string{
	"internal/snapshot", "internal/model", "internal/step", "internal/policy", "internal/check", "internal/checks", "internal/path",
	"internal/threat", "internal/plan", "internal/assess", "internal/guard", "internal/kubeflag", "internal/podspec", "internal/rbac", "internal/netpol",
}

// impure are standard packages that the core may not import: each reads or
// changes the world, or goes around the language.
var impure = []string{"os", "os/exec", "os/signal", "os/user", "net", "net/http", "syscall", "io/ioutil", "plugin", "unsafe", "C"}

// testOnly are modules that any test may import, and no package but the test
// support.
var testOnly = map[string]string{
	"github.com/google/go-cmp":        "differences in test output",
	"github.com/rogpeppe/go-internal": "txtar fixtures and testscript transcripts",
}

// floors are modules whose bare speed test/bench measures the program against.
var floors = map[string]string{
	"k8s.io/api":                            "decoding of the objects of a cluster",
	"github.com/compose-spec/compose-go/v2": "parsing of compose files",
	"github.com/moby/buildkit":              "parsing of Dockerfiles",
	"sigs.k8s.io/yaml":                      "parsing of manifests",
	"github.com/sirupsen/logrus":            "what the parser of compose files warns with, to be silenced",
}

func TestDirection(t *testing.T) {
	for _, f := range repository(t).code {
		if f.test() {
			continue
		}
		l := layerOf(f.pkg)
		if l == nil {
			t.Errorf("%s: package %s is in no layer; add a row to layers in layers_test.go that says what it may import and why", f.path, f.pkg)
			continue
		}
		for _, imp := range f.imports() {
			pkg, internal := strings.CutPrefix(imp, module+"/")
			if internal && pkg != l.pkg && !underAny(pkg, l.may) {
				t.Errorf("%s imports %s: %s", f.path, imp, l.why)
			}
			if internal && underAny(pkg, testSupport) && !underAny(f.pkg, testSupport) {
				t.Errorf("%s imports %s, which is for tests only", f.path, imp)
			}
		}
	}
}

// layerOf returns the row with the longest name that holds the package, or nil.
func layerOf(pkg string) *layer {
	var best *layer
	for i := range layers {
		if l := &layers[i]; under(pkg, l.pkg) && (best == nil || len(l.pkg) > len(best.pkg)) {
			best = l
		}
	}
	return best
}

func TestCoreIsPure(t *testing.T) {
	const why = "the core is a pure function of the snapshot: repeatable elsewhere, testable without a machine"
	for _, f := range repository(t).code {
		if f.test() || !underAny(f.pkg, core) {
			continue
		}
		for _, imp := range f.imports() {
			switch {
			case slices.Contains(impure, imp):
				t.Errorf("%s imports %s: %s", f.path, imp, why)
			case !standard(imp) && !strings.HasPrefix(imp, module+"/"):
				t.Errorf("%s imports %s; the core imports the standard library only: %s", f.path, imp, why)
			}
		}
	}
}

// standard reports whether an import path is of the standard library: only
// others have a dot in their first element, but for this module.
func standard(imp string) bool {
	first, _, _ := strings.Cut(imp, "/")
	return first != module && !strings.Contains(first, ".")
}

// families are modules that several packages may import, because they hold the
// types that go between these.
var families = map[string][]string{
	"k8s.io/api":          {"internal/kubeapi", "internal/kubeobj"},
	"k8s.io/apimachinery": {"internal/kubeapi", "internal/kubeobj"},
}

// TestOneImporter keeps every dependency behind one package.
func TestOneImporter(t *testing.T) {
	const why = "a dependency behind one package can be replaced there"
	modules := required(t)
	code, tests := make(map[string]map[string]bool), make(map[string]map[string]bool)
	for _, f := range repository(t).code {
		into := code
		if f.test() {
			into = tests
		}
		for _, imp := range f.imports() {
			m := moduleOf(modules, imp)
			if m == "" {
				continue
			}
			if into[m] == nil {
				into[m] = make(map[string]bool)
			}
			into[m][f.pkg] = true
		}
	}
	for m, by := range code {
		users := slices.Sorted(maps.Keys(by))
		users = slices.DeleteFunc(users, func(u string) bool { return slices.Contains(families[m], u) })
		if _, ok := testOnly[m]; !ok && (len(users) > 1 || families[m] != nil && len(users) > 0) {
			t.Errorf("%s is imported by %s: %s", m, users, why)
		} else if ok {
			for _, user := range users {
				if !underAny(user, testSupport) {
					t.Errorf("%s imports %s, which is for tests only", user, m)
				}
			}
		}
	}
	for m, by := range tests {
		for _, user := range slices.Sorted(maps.Keys(by)) {
			if _, floor := floors[m]; floor && user == "test/bench" {
				continue
			}
			if _, ok := testOnly[m]; !ok && !code[m][user] {
				t.Errorf("%s is imported by the tests of %s; list it in testOnly with a reason, or test through the package that imports it", m, user)
			}
		}
	}
}

// required reads the module paths out of go.mod.
func required(t *testing.T) []string {
	t.Helper()
	mod, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	var modules []string
	for _, m := range regexp.MustCompile(`(?m)^(?:require )?\s*(\S+\.\S+) v\d`).FindAllSubmatch(mod, -1) {
		modules = append(modules, string(m[1]))
	}
	if len(modules) == 0 {
		t.Fatal("found no requirement in go.mod")
	}
	return modules
}

func moduleOf(modules []string, imp string) string {
	best := ""
	for _, m := range modules {
		if under(imp, m) && len(m) > len(best) {
			best = m
		}
	}
	return best
}
