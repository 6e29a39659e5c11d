package helm

import (
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

func chartOf(t *testing.T, template string) *Chart {
	t.Helper()
	c, err := Read(fstest.MapFS{
		"Chart.yaml": {Data: []byte("apiVersion: v2\nname: x\nversion: 0.1.0\n")}, "templates/x.yaml": {Data: []byte(template)},
	}, ".")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestLeash: what a template may take is bounded, whatever it does.
func TestLeash(t *testing.T) {
	for name, text := range map[string]string{
		"nested loops":  `{{ $l := until 10000 }}{{ range $l }}{{ range $l }}{{ range $l }}x{{ end }}{{ end }}{{ end }}`,
		"count":         `{{ until 1000000000 }}`,
		"steps":         `{{ untilStep 0 1000000000 1 }}`,
		"repeat":        `{{ repeat 1000000000 "x" }}`,
		"doubling":      `{{ $s := "xxxxxxxxxxxxxxxx" }}` + strings.Repeat(`{{ $s = printf "%s%s" $s $s }}`, 60),
		"recursion":     `{{ define "a" }}{{ include "a" . }}{{ include "a" . }}{{ end }}{{ include "a" . }}`,
		"template tree": `{{ define "a" }}{{ template "b" }}{{ template "b" }}{{ end }}` + `{{ define "b" }}{{ template "c" }}{{ template "c" }}{{ end }}{{ define "c" }}{{ template "b" }}{{ end }}{{ template "a" }}`,
		"long text":     `{{ $s := repeat 8000000 "x" }}{{ $s = list $s $s $s | join "" }}`,
		"letters":       `{{ randAlphaNum 1000000000 }}`,
		"tpl":           `{{ tpl "{{ range until 100000 }}{{ range until 100000 }}{{ end }}{{ end }}" . }}`,
		"big lists":     `{{ $l := until 100000 }}{{ range until 1000 }}{{ $l = concat $l $l }}{{ end }}`,
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			c := chartOf(t, text)
			c.patience = 2 * time.Second
			_, err := c.Render(t.Context(), nil)
			runtime.ReadMemStats(&after)
			if err == nil {
				t.Error("it renders")
			}
			if d := time.Since(start); d > 30*time.Second {
				t.Errorf("it took %v", d)
			}
			if grown := int64(after.Sys) - int64(before.Sys); grown > 3<<30 {
				t.Errorf("it took %d MiB", grown>>20)
			}
			if err != nil && len(err.Error()) > 500 {
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
		})
	}
}

// TestAlike: rendering twice gives the same, and nothing of this machine.
func TestAlike(t *testing.T) {
	t.Setenv("CANARY", "canary-77aa")
	c := chartOf(t, `a: {{ randAlphaNum 16 }}
b: {{ now | date "2006" }}
c: {{ genPrivateKey "rsa" }}
d: {{ (genCA "x" 365).Cert }}
e: {{ uuidv4 }}
f: {{ lookup "v1" "Secret" "a" "b" }}
g: {{ getHostByName "localhost" }}
h: {{ .Capabilities.KubeVersion.Minor }}
i: {{ .Files.Get "../../../../etc/passwd" }}
j: {{ range $k, $v := dict "a" 1 "b" 2 -}} {{ $k }}={{ $v }} {{- end }}
`)
	one, err := c.Render(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	two, err := c.Render(t.Context(), nil)
	if err != nil || one[0].Text != two[0].Text {
		t.Errorf("%v\n%s\n%s", err, one[0].Text, two[0].Text)
	}
	if strings.Contains(one[0].Text, "root:") {
		t.Error("a file outside of the chart was read")
	}
	for _, f := range []string{`{{ env "CANARY" }}`, `{{ expandenv "$CANARY" }}`} {
		if out, err := chartOf(t, f).Render(t.Context(), nil); err == nil {
			t.Errorf("%s gives %q", f, out[0].Text)
		}
	}
}

func TestTie(t *testing.T) {
	for in, want := range map[string]string{
		"{{range .x}}a{{end}}":           "{{range .x}}{{plimsollTurn}}a{{end}}",
		"{{- range .x -}} a {{- end}}":   "{{- range .x -}}{{plimsollTurn -}} a {{- end}}",
		`{{ "{{range}}" }}{{`:            `{{ "{{range}}" }}{{`,
		"{{/* range }} */}}x":            "{{/* range }} */}}x",
		"{{ range `}}` }}x{{ end }}":     "{{ range `}}` }}{{plimsollTurn}}x{{ end }}",
		`{{ define "a" }}x{{ end }}`:     `{{ define "a" }}{{plimsollTurn}}x{{ end }}`,
		"{{ if .x }}{{ rangeless }}{{ e": "{{ if .x }}{{ rangeless }}{{ e",
	} {
		if got := tieText(in); got != want {
			t.Errorf("%s\n got %s\nwant %s", in, got, want)
		}
	}
}

func FuzzTie(f *testing.F) {
	f.Add("{{- range .x -}} a {{- end}}")
	f.Add("{{/* x */}}{{ `a` }}{{ \"\\\"\" }}")
	f.Fuzz(func(t *testing.T, s string) {
		if got := strings.ReplaceAll(strings.ReplaceAll(tieText(s), "{{"+turnName+" -}}", ""), "{{"+turnName+"}}", ""); !strings.Contains(s, turnName) && got != s {
			t.Fatalf("%q became %q", s, got)
		}
	})
}
