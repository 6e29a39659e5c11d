// Package plimsoll_test holds the tests of the repository itself: the direction
// of imports, who may touch the world, lengths, comments, links. Every rule is a
// row of a table with its reason, and a violation prints the reason. They read
// every Go file whatever its build constraints, so that files of other platforms
// obey too.
package plimsoll_test

import (
	"bytes"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

const (
	module          = "plimsoll"
	maxFileLines    = 400
	maxFuncLines    = 60
	maxMainLines    = 20
	lengthsAndWhy   = "a file or function that does not fit is read by nobody: look for the seam"
	packageComments = "a reader must learn what a package is for, and what it leaves to others, where it begins"
)

// goFile is one Go file of the module, parsed.
type goFile struct {
	path string // slash-separated, from the root
	pkg  string // folder of the file, from the root; "." is the root
	src  []byte
	ast  *ast.File
}

func (f *goFile) test() bool      { return strings.HasSuffix(f.path, "_test.go") }
func (f *goFile) generated() bool { return ast.IsGenerated(f.ast) }

// imports returns the import paths of the file.
func (f *goFile) imports() []string {
	var paths []string
	for _, spec := range f.ast.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err == nil { // the parser has seen to it
			paths = append(paths, p)
		}
	}
	return paths
}

// source is everything the rules look at.
type source struct {
	fset *token.FileSet
	code []*goFile
	text map[string][]byte // every file that is text, Go included, by path
}

func (s *source) at(n ast.Node) string { return s.fset.Position(n.Pos()).String() }

// load reads the repository once for all tests.
var load = sync.OnceValues(func() (*source, error) {
	s := &source{fset: token.NewFileSet(), text: make(map[string][]byte)}
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		p = filepath.ToSlash(p)
		switch {
		case err != nil:
			return err
		case d.IsDir() && (p == ".git" || p == "bin" || p == ".cache"):
			return filepath.SkipDir
		case d.IsDir() || !d.Type().IsRegular() || p == ".git": // a file in a linked worktree
			return nil
		}
		src, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		if bytes.IndexByte(src, 0) < 0 {
			s.text[p] = src
		}
		if strings.HasSuffix(p, ".go") && !inTestdata(p) && !inNestedModule(p) {
			tree, err := parser.ParseFile(s.fset, p, src, parser.ParseComments|parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			s.code = append(s.code, &goFile{path: p, pkg: path.Dir(p), src: src, ast: tree})
		}
		return nil
	})
	return s, err
})

func repository(t *testing.T) *source {
	t.Helper()
	s, err := load()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func inTestdata(p string) bool { return strings.Contains("/"+p, "/testdata/") }

// inNestedModule reports whether a folder between the file and the root has a
// go.mod of its own.
func inNestedModule(p string) bool {
	for dir := path.Dir(p); dir != "."; dir = path.Dir(dir) {
		if _, err := os.Stat(path.Join(dir, "go.mod")); err == nil {
			return true
		}
	}
	return false
}

// under reports whether a package is the named one or below it.
func under(pkg, name string) bool { return pkg == name || strings.HasPrefix(pkg, name+"/") }

func underAny(pkg string, names []string) bool {
	for _, n := range names {
		if under(pkg, n) {
			return true
		}
	}
	return false
}

func TestFormatted(t *testing.T) {
	for _, f := range repository(t).code {
		want, err := format.Source(f.src)
		if err != nil {
			t.Errorf("%s: %v", f.path, err)
		} else if !bytes.Equal(want, f.src) {
			t.Errorf("%s is not formatted; run: gofmt -w %s", f.path, f.path)
		}
	}
}

func TestLengths(t *testing.T) {
	s := repository(t)
	for _, f := range s.code {
		if f.test() || f.generated() {
			continue
		}
		limit := maxFileLines
		if f.path == "cmd/plimsoll/main.go" {
			limit = maxMainLines + s.fset.Position(f.ast.Package).Line // the package comment is free
		}
		if n := bytes.Count(f.src, []byte("\n")); n > limit {
			t.Errorf("%s has %d lines, at most %d: %s", f.path, n, limit, lengthsAndWhy)
		}
		for _, d := range f.ast.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if n := s.fset.Position(fn.End()).Line - s.fset.Position(fn.Pos()).Line + 1; n > maxFuncLines {
				t.Errorf("%s: %s has %d lines, at most %d: %s", s.at(fn), fn.Name.Name, n, maxFuncLines, lengthsAndWhy)
			}
		}
	}
}

func TestPackageComments(t *testing.T) {
	documented := make(map[string]bool)
	for _, f := range repository(t).code {
		doc := f.ast.Doc.Text()
		ok := strings.HasPrefix(doc, "Package "+f.ast.Name.Name+" ") || f.ast.Name.Name == "main" && strings.HasPrefix(doc, "Command ")
		documented[f.pkg] = documented[f.pkg] || ok
	}
	for pkg, ok := range documented {
		if !ok {
			t.Errorf("%s has no comment that begins with its name (Package …, for a program Command …): %s", pkg, packageComments)
		}
	}
}

// TestTidy asks Go whether go.mod lists what is imported and nothing else.
func TestTidy(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "go", "mod", "tidy", "-diff")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("go mod tidy -diff: %v; run go mod tidy\n%s", err, out)
	}
}
