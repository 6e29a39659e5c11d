package plimsoll_test

import (
	"go/ast"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// reservation leaves uses of a standard package to few of ours.
type reservation struct {
	pkg   string
	names []string // functions and constants; nil is the import itself
	to    []string // our packages
	why   string
}

var reservations = []reservation{
	{
		pkg: "os",
		names: []string{
			"Chmod", "Chown", "Chtimes", "CopyFS", "Create", "CreateTemp", "Lchown", "Link", "Mkdir", "MkdirAll", "MkdirTemp", "Remove", "RemoveAll",
			"Rename", "Symlink", "Truncate", "WriteFile", "O_APPEND", "O_CREATE", "O_RDWR", "O_TRUNC", "O_WRONLY",
		},
		to:  []string{"internal/harden", "internal/atomicfile", "internal/cli"},
		why: "only harden changes the world; cli writes the file that -o names, through one helper",
	},
	{
		pkg:   "os",
		names: []string{"DirFS", "Getwd", "Lstat", "Open", "OpenFile", "OpenInRoot", "OpenRoot", "ReadDir", "ReadFile", "Readlink", "Stat"},
		to:    []string{"internal/collect", "internal/dockerapi", "internal/kubeapi", "internal/config", "internal/harden", "internal/atomicfile", "internal/cli"},
		why:   "only collect reads the world; config and cli read the files the user names, harden its journal and its targets",
	},
	{
		pkg: "os", names: []string{"Getenv", "LookupEnv", "Environ", "UserHomeDir", "UserConfigDir", "Hostname", "Getuid", "Geteuid"},
		to:  []string{"internal/collect", "internal/dockerapi", "internal/kubeapi", "internal/config", "internal/harden", "internal/cli"},
		why: "what depends on the caller's surroundings is read at the edge and handed in",
	},
	{
		pkg: "os", names: []string{"Stdout", "Stderr", "Stdin", "Args"}, to: []string{"internal/cli", "cmd/plimsoll"},
		why: "only the command line prints; everything else returns",
	},
	{
		pkg: "fmt", names: []string{"Print", "Printf", "Println"}, to: nil,
		why: "output goes to a writer that was handed in",
	},
	{pkg: "os", names: []string{"Exit"}, to: []string{"cmd/plimsoll"}, why: "only main exits; deferred work must run"},
	{pkg: "log", to: []string{"internal/helm"}, why: "logs go to a log/slog logger that was handed in; helm silences what its library says through the standard one"},
	{
		pkg: "os/exec", to: []string{"internal/dockerapi", "internal/harden"},
		why: "nothing is forked but the user's own ssh for an ssh:// engine, dockerd --validate and systemctl restart by harden",
	},
	{pkg: "net", to: []string{"internal/collect", "internal/dockerapi", "internal/kubeapi", "internal/serve"}, why: "only collect reads the world, serve listens"},
	{pkg: "net/http", to: []string{"internal/collect", "internal/dockerapi", "internal/kubeapi", "internal/serve"}, why: "only collect reads the world, serve listens"},
	{
		pkg: "time", names: []string{"Now", "Since", "Until"}, to: []string{"internal/collect", "internal/dockerapi", "internal/kubeapi", "internal/harden", "internal/serve", "internal/cli"},
		why: "there is one clock, Inputs.Now: a result must not depend on when it was computed",
	},
}

func TestWorldIsReserved(t *testing.T) {
	s := repository(t)
	for _, f := range s.code {
		if f.test() || underAny(f.pkg, testSupport) {
			continue
		}
		for _, r := range reservations {
			if underAny(f.pkg, r.to) {
				continue
			}
			if name := importName(f.ast, r.pkg); name != "" {
				checkReserved(t, s, f, name, r)
			}
		}
	}
}

func checkReserved(t *testing.T, s *source, f *goFile, name string, r reservation) {
	t.Helper()
	if r.names == nil {
		t.Errorf("%s imports %s, which is left to %v: %s", f.path, r.pkg, r.to, r.why)
		return
	}
	if name == "." {
		t.Errorf("%s imports %s into its own names, which hides what it uses", f.path, r.pkg)
		return
	}
	ast.Inspect(f.ast, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if x, ok := sel.X.(*ast.Ident); ok && x.Name == name && slices.Contains(r.names, sel.Sel.Name) {
			t.Errorf("%s uses %s.%s, which is left to %v: %s", s.at(sel), r.pkg, sel.Sel.Name, r.to, r.why)
		}
		return true
	})
}

// importName returns the name under which a file knows a package, or "".
func importName(f *ast.File, pkg string) string {
	for _, spec := range f.Imports {
		if spec.Path.Value != `"`+pkg+`"` {
			continue
		}
		if spec.Name != nil {
			return spec.Name.Name
		}
		return path.Base(pkg)
	}
	return ""
}

func TestNoInit(t *testing.T) {
	s := repository(t)
	for _, f := range s.code {
		for _, d := range f.ast.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s: init runs behind the reader's back; call it", s.at(fn))
			}
		}
	}
}

// TestSkips keeps skipped tests loud.
func TestSkips(t *testing.T) {
	const why = "use testbed.Skip, which make test lists and CI=true turns into a failure: a test that silently did not run looks like one that passed"
	s := repository(t)
	for _, f := range s.code {
		if !f.test() && !underAny(f.pkg, testSupport) || under(f.pkg, "test/testbed") {
			continue
		}
		for _, d := range f.ast.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || strings.HasPrefix(fn.Name.Name, "Fuzz") { // a fuzz target skips inputs, not itself
				continue
			}
			ast.Inspect(fn, func(n ast.Node) bool {
				sel, ok := n.(*ast.SelectorExpr)
				if !ok || !regexp.MustCompile(`^Skip(f|Now)?$`).MatchString(sel.Sel.Name) {
					return true
				}
				if x, ok := sel.X.(*ast.Ident); ok && (x.Name == "t" || x.Name == "b" || x.Name == "tb") {
					t.Errorf("%s skips a test: %s", s.at(sel), why)
				}
				return true
			})
		}
	}
}

// TestFuzzSeeds asks every fuzz target for a seed.
func TestFuzzSeeds(t *testing.T) {
	s := repository(t)
	for _, f := range s.code {
		if !f.test() {
			continue
		}
		for _, d := range f.ast.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if ok && strings.HasPrefix(fn.Name.Name, "Fuzz") && !seeded(s, f, fn) {
				t.Errorf("%s: %s has no seed (f.Add, or a file in testdata/fuzz/%s): without one, go test runs nothing of it", s.at(fn), fn.Name.Name, fn.Name.Name)
			}
		}
	}
}

// seeded reports whether a fuzz target adds a seed itself, hands its f to
// another function that does, or has files.
func seeded(s *source, f *goFile, fn *ast.FuncDecl) bool {
	for p := range s.text {
		if strings.HasPrefix(p, path.Join(f.pkg, "testdata/fuzz", fn.Name.Name)+"/") {
			return true
		}
	}
	found := false
	ast.Inspect(fn, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		if sel, ok := call.Fun.(*ast.SelectorExpr); ok && sel.Sel.Name == "Add" {
			found = true
		}
		for _, arg := range call.Args {
			if x, ok := arg.(*ast.Ident); ok && x.Name == "f" {
				found = true
			}
		}
		return true
	})
	return found
}
