package compose

import (
	"context"
	"errors"
	"io/fs"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/template"
	"github.com/sirupsen/logrus"
)

// patience is what one hostile project may take on a busy machine.
const patience = 10 * time.Second

func FuzzLoad(f *testing.F) {
	for _, seed := range []string{
		"services: {a: {image: x, ports: ['80:80'], volumes: ['./a:/b']}}\n",
		"x-a: &a {user: '1'}\nservices: {a: {<<: *a, image: '${B:-c}', build: .}}\n",
		"services: {a: {extends: {service: b}}, b: {image: x, deploy: {resources: {limits: {cpus: '1'}}}}}\n",
		"include: [a.yaml]\nnetworks: {n: {external: true}}\nservices: {a: {secrets: [s], network_mode: 'service:b', volumes_from: [a]}}\nsecrets: {s: {file: f}}\n",
	} {
		f.Add(seed, "A=1\nB=$A\n")
	}
	f.Fuzz(func(t *testing.T, file, env string) {
		began := time.Now()
		p, err := Load(context.Background(), Options{Files: []string{"/p/compose.yaml"}, Dir: "/p", Name: "p", Read: func(path string, limit int) ([]byte, error) {
			switch {
			case path == "/p/compose.yaml" && len(file) <= limit:
				return []byte(file), nil
			case path == "/p/.env" && len(env) <= limit:
				return []byte(env), nil
			}
			return nil, fs.ErrNotExist
		}})
		if err == nil && p.Name == "" {
			t.Error("a project without a name")
		}
		if err != nil && asYAML(err) == nil {
			t.Errorf("error without a place: %v", err)
		}
		if d := time.Since(began); d > patience {
			t.Errorf("took %v", d)
		}
	})
}

// FuzzSubstitute compares our substitution with the library's, where every
// variable has a value or a default.
func FuzzSubstitute(f *testing.F) {
	for _, s := range []string{"$A", "${A}", "${B:-x${A}}", "${B-}", "${A:+y}", "$$A", "a${A}b$", "${B:-{}}", "${A} ${B:-c} ${A}"} {
		f.Add(s)
	}
	values := map[string]string{"A": "1", "E": ""}
	lookup := func(n string) (string, bool) { v, ok := values[n]; return v, ok }
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 200 {
			return // the library's time grows with the square
		}
		logrus.SetLevel(logrus.PanicLevel)
		want, wantErr := template.Substitute(s, lookup)
		x := expansion{lookup: lookup}
		got, err := x.text(s, 0)
		var required *template.MissingRequiredError
		if errors.As(wantErr, &required) || len(x.unresolved) > 0 || errors.Is(err, errTooMuch) {
			return
		}
		if wantErr == nil && err == nil && got != want {
			t.Errorf("%q gives %q, the library %q", s, got, want)
		}
	})
}
