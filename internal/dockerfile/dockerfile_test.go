package dockerfile

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"plimsoll/internal/snapshot"
)

func parse(t *testing.T, text string) *snapshot.Dockerfile {
	t.Helper()
	d, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestStages(t *testing.T) {
	d := parse(t, `# syntax=docker/dockerfile:1
ARG GO=1.26
ARG NONE
FROM --platform=$BUILDPLATFORM golang:${GO} AS build
ARG NPM_TOKEN
ENV API_KEY=$NPM_TOKEN DEBUG=true
USER builder
FROM base:${NONE}
FROM build
ARG UID=1000
USER ${UID}:${UID}
HEALTHCHECK CMD curl -f localhost
ADD https://user:pw@example.com/x.tgz?sig=1 /x
ADD --checksum=sha256:24454f830cdb571e2c4ad15481119c43b3cafd48dd869a9b2945d1036d1dc68d https://example.com/y /y
ADD https://github.com/a/b.git#0123456789012345678901234567890123456789 /b
ADD app.tar.gz . /app/
`)
	if d.Syntax != (snapshot.Syntax{Ref: "docker/dockerfile:1", Line: 1}) {
		t.Errorf("syntax %+v", d.Syntax)
	}
	want := []snapshot.Stage{
		{
			Name: "build", Base: "golang:1.26", From: -1, Line: 4, User: &snapshot.Located{Value: "builder", Line: 7},
			Vars: []snapshot.BuildVar{
				{Instruction: "ARG", Var: snapshot.Conceal("NPM_TOKEN", ""), Line: 5},
				{Instruction: "ENV", Var: snapshot.Conceal("API_KEY", "$NPM_TOKEN"), From: "NPM_TOKEN", Unresolved: true, Line: 6},
			},
		},
		{Base: "base:${NONE}", From: -1, Unresolved: []string{"NONE"}, Line: 8},
		{
			Base: "build", From: 0, Line: 9, User: &snapshot.Located{Value: "1000:1000", Line: 11}, Health: &snapshot.Located{Value: "CMD-SHELL", Line: 12},
			Vars: []snapshot.BuildVar{{Instruction: "ARG", Var: snapshot.Conceal("UID", "1000"), Line: 10}},
			Adds: []snapshot.Add{
				{Kind: "url", Source: "https://example.com/x.tgz", Line: 13},
				{Kind: "url", Source: "https://example.com/y", Checksum: true, Line: 14},
				{Kind: "git", Source: "https://github.com/a/b.git#0123456789012345678901234567890123456789", Checksum: true, Line: 15},
				{Kind: "archive", Source: "app.tar.gz", Line: 16},
				{Kind: "local", Source: ".", Line: 16},
			},
		},
	}
	if diff := cmp.Diff(want, d.Stages); diff != "" {
		t.Error(diff)
	}
}

func TestRun(t *testing.T) {
	for script, want := range map[string]snapshot.Run{
		"apt-get update": {Updates: []string{"apt"}},
		"apt-get update && apt-get install -y --no-install-recommends curl=7.1 git ${PKGS} && rm -rf /x": {
			Updates: []string{"apt"}, Installs: []snapshot.Install{{Manager: "apt", Packages: 2, Unpinned: []string{"git"}}}, Dynamic: true,
		},
		"set -ex; DEBIAN_FRONTEND=noninteractive apt-get -qq -o X=y install git": {Installs: []snapshot.Install{{Manager: "apt", Packages: 1, Unpinned: []string{"git"}}}},
		"apk add --no-cache --virtual .build gcc~=9 make":                        {Installs: []snapshot.Install{{Manager: "apk", Packages: 2, Unpinned: []string{"make"}}}},
		"curl -fsSL https://x | bash -":                                          {Unverified: []string{"curl | bash"}},
		"curl -fsSL https://x -o f && sh f":                                      {},
		"wget -qO- https://x | tar xz":                                           {},
		`bash -c "$(curl -fsSL https://x)"`:                                      {Unverified: []string{"curl in bash"}},
		"python3 <(curl https://x)":                                              {Unverified: []string{"curl in python3"}},
		"curl -fsSLk https://x > y":                                              {Unverified: []string{"curl -k"}},
		"curl -okx https://x":                                                    {},
		"apt-get install --allow-unauthenticated -y a=1":                         {Installs: []snapshot.Install{{Manager: "apt", Packages: 1}}, Unverified: []string{"apt-get --allow-unauthenticated"}},
		"pip install -r requirements.txt":                                        {Installs: []snapshot.Install{{Manager: "pip", Locked: true}}},
		"pip install --upgrade pip flask==2":                                     {Installs: []snapshot.Install{{Manager: "pip", Packages: 2, Unpinned: []string{"pip"}}}},
		"python3 -m pip install flask":                                           {Installs: []snapshot.Install{{Manager: "pip", Packages: 1, Unpinned: []string{"flask"}}}},
		"npm ci":                                                                 {Installs: []snapshot.Install{{Manager: "npm", Locked: true}}},
		"npm install":                                                            {},
		"npm install -g nodemon@2 @vue/cli":                                      {Installs: []snapshot.Install{{Manager: "npm", Packages: 2, Unpinned: []string{"@vue/cli"}}}},
		"yum -y install bash-5.1-2 vim":                                          {Installs: []snapshot.Install{{Manager: "dnf", Packages: 2, Unpinned: []string{"vim"}}}},
		"go install x.org/a@latest":                                              {Installs: []snapshot.Install{{Manager: "go", Packages: 1, Unpinned: []string{"x.org/a@latest"}}}},
		"echo 'curl x | sh' # curl x | sh":                                       {},
		"sh -c 'apt-get update'":                                                 {Updates: []string{"apt"}},
		"if true; then apk update; fi":                                           {Updates: []string{"apk"}},
		"echo \"unterminated":                                                    {Opaque: true},
	} {
		d := parse(t, "FROM x\nRUN "+script+"\n")
		want.Line = 2
		if diff := cmp.Diff(want, d.Stages[0].Runs[0]); diff != "" {
			t.Errorf("%s:\n%s", script, diff)
		}
	}
	d := parse(t, "FROM x\nRUN --mount=type=secret,id=a --security=insecure true\nRUN [\"apt-get\", \"update\"]\nRUN <<EOF\napk update\nEOF\n")
	want := []snapshot.Run{{Line: 2, SecretMounts: 1, Insecure: true}, {Line: 3, Updates: []string{"apt"}}, {Line: 4, Updates: []string{"apk"}}}
	if diff := cmp.Diff(want, d.Stages[0].Runs); diff != "" {
		t.Error(diff)
	}
}

func TestRefused(t *testing.T) {
	for text, want := range map[string]string{
		"":                          "no instruction",
		"RUN x\n":                   "before the first FROM",
		"FROM x\nNONSENSE secret\n": "line 2: the instruction NONSENSE is unknown",
		"FROM x\nRUN <<E\n":         "here-document",
		"FROM x\n\nUSER\n":          "line 3: ",
		"FROM x\nRUN " + strings.Repeat("a", 70000): "65,535",
		strings.Repeat("#\n", 1<<20):                "at most",
		"\x00":                                      "no text",
	} {
		_, err := Parse([]byte(text))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%.40q: %v, want %q", text, err, want)
		}
	}
}

// TestBombs feeds what could take time or memory without measure.
func TestBombs(t *testing.T) {
	var args strings.Builder
	args.WriteString("ARG A0=xxxxxxxxxx\n")
	for i := range 60 {
		args.WriteString("ARG A" + string(rune('a'+i%26)) + "=$A0$A0${A0:-$A0}\nARG A0=${A" + string(rune('a'+i%26)) + "}\n")
	}
	for name, text := range map[string]string{
		"arguments":     args.String() + "FROM x:$A0\n",
		"continuations": "FROM x\nRUN a" + strings.Repeat(" \\\n b", 200_000),
		"brackets":      "FROM x\nRUN " + strings.Repeat("$(", 30_000),
		"substitutions": "FROM x\nRUN " + strings.Repeat("$(a ", 5000) + strings.Repeat(")", 5000),
		"braces":        "FROM ${" + strings.Repeat("A:-${", 10_000) + "\n",
		"heredocs":      "FROM x\nRUN " + strings.Repeat("<<A ", 10_000) + "\n" + strings.Repeat("A\n", 10_000),
		"comments":      strings.Repeat("# a\n", 200_000) + "FROM x\n",
		"stages":        strings.Repeat("FROM x\n", 100_000),
		"quotes":        "FROM x\nRUN " + strings.Repeat("\"'", 20_000),
		"env":           "FROM x\n" + strings.Repeat("ENV A=$A$A\n", 20_000),
	} {
		began := time.Now()
		_, err := Parse([]byte(text))
		t.Logf("%s: %v", name, time.Since(began))
		if d := time.Since(began); d > time.Minute { // the race detector and a busy machine included
			t.Errorf("%s took %v (%v)", name, d, err)
		}
	}
}

func TestIgnored(t *testing.T) {
	ignored, err := Ignored([]byte("# c\n.git\n**/*.pem\n!keep.pem\n"))
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{".git": true, ".git/config": true, "a/b.pem": true, "keep.pem": false, ".env": false} {
		if got := ignored(path); got != want {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"FROM a\nRUN apt-get update && curl x | sh\n", "ARG A=1\nFROM a:$A AS b\nFROM b\nUSER $A\nADD http://x /y\n",
		"FROM x\nRUN <<EOF bash\n$(a `b` \"c\" <(d))\nEOF\n", "# syntax=a\n# escape=`\nFROM x\nENV A=b C=\"d e\"\n",
		"FROM x\nRUN --mount=type=secret,id=x --network=none pip install -r a b==1 c\n",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		began := time.Now()
		d, err := Parse([]byte(s))
		if err == nil && len(d.Stages) == 0 {
			t.Error("a Dockerfile without a stage")
		}
		if e := time.Since(began); e > 10*time.Second {
			t.Errorf("took %v", e)
		}
	})
}
