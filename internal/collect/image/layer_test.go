package image

import (
	"archive/tar"
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
)

// stackOf scans layers that are given as lists of members.
func stackOf(t testing.TB, layers ...[]member) *stack {
	t.Helper()
	s := &stack{scanner: newScanner(&budget{limits: Limits{}.filled()})}
	for _, m := range layers {
		l, err := s.scan(bytes.NewReader(tarOf(t, m...)))
		if err != nil {
			t.Fatal(err)
		}
		s.layers = append(s.layers, l)
	}
	return s
}

func suid(name string) member { return member{name: name, text: "x", mode: 0o4755} }

// capability 12 and 21: NET_ADMIN, SYS_ADMIN
func capsOf(mask uint32) string {
	b := binary.LittleEndian.AppendUint32(nil, 0x02000001)
	for _, v := range []uint32{mask, 0, 0, 0} {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	return string(b)
}

func TestPrivilegedFilesThatAContainerSees(t *testing.T) {
	for name, tt := range map[string]struct {
		layers [][]member
		want   string
	}{
		"one":                {[][]member{{suid("bin/su")}}, "/bin/su:4755:1"},
		"dot names":          {[][]member{{suid("./bin/su"), suid("/bin/sudo")}}, "/bin/su:4755:1 /bin/sudo:4755:1"},
		"bit taken away":     {[][]member{{suid("bin/su")}, {{name: "bin/su", text: "x", mode: 0o755}}}, ""},
		"taken and given":    {[][]member{{suid("bin/su")}, {{name: "bin/su", text: "x", mode: 0o755}}, {suid("bin/su")}}, "/bin/su:4755:3"},
		"last entry counts":  {[][]member{{suid("bin/su"), {name: "bin/su", text: "x", mode: 0o755}}}, ""},
		"removed":            {[][]member{{suid("bin/su")}, {{name: "bin/.wh.su"}}}, ""},
		"whiteout of itself": {[][]member{{suid("bin/su"), {name: "bin/.wh.su"}}}, "/bin/su:4755:1"},
		"folder removed":     {[][]member{{suid("opt/a/b/su")}, {{name: "opt/.wh.a"}}}, ""},
		"opaque folder":      {[][]member{{suid("opt/a/b/su")}, {{name: "opt/.wh..wh..opq"}, suid("opt/new")}}, "/opt/new:4755:2"},
		"opaque root":        {[][]member{{suid("su")}, {{name: ".wh..wh..opq"}}}, ""},
		"aufs bookkeeping":   {[][]member{{suid("su")}, {{name: ".wh..wh.plnk"}}}, "/su:4755:1"},
		"folder now a file":  {[][]member{{suid("opt/a/su")}, {{name: "opt/a", text: "x"}}}, ""},
		"folder now a link":  {[][]member{{suid("opt/a/su")}, {{name: "opt/a", kind: tar.TypeSymlink, link: "/b"}}}, ""},
		"folder again":       {[][]member{{suid("opt/a/su")}, {{name: "opt/a/"}}}, "/opt/a/su:4755:1"},
		"file now a folder":  {[][]member{{suid("su")}, {{name: "su/"}}}, ""},
		"hard link":          {[][]member{{suid("su"), {name: "su2", kind: tar.TypeLink, link: "su", mode: 0o4755}}}, "/su:4755:1 /su2:4755:1"},
		"hard link sets":     {[][]member{{{name: "a", text: "x", mode: 0o755}, {name: "b", kind: tar.TypeLink, link: "a", mode: 0o4755}}}, "/a:4755:1 /b:4755:1"},
		"link to below":      {[][]member{{suid("su")}, {{name: "su2", kind: tar.TypeLink, link: "su", mode: 0o755}}}, "/su:4755:1 /su2:4755:2"},
		"setgid":             {[][]member{{{name: "a", text: "x", mode: 0o2755}}}, "/a:2755:1"},
		"locking, no setgid": {[][]member{{{name: "a", text: "x", mode: 0o2745}}}, ""},
		"nobody may run it":  {[][]member{{{name: "a", text: "x", mode: 0o4644}}}, ""},
		"folder":             {[][]member{{{name: "a/", mode: 0o2755}}}, ""},
		"device":             {[][]member{{{name: "a", mode: 0o4755, kind: tar.TypeChar}}}, ""},
		"capabilities":       {[][]member{{{name: "a", text: "x", mode: 0o755, caps: capsOf(1<<12 | 1<<21)}}}, "/a:755:1:NET_ADMIN,SYS_ADMIN"},
		"broken capability":  {[][]member{{{name: "a", text: "x", mode: 0o755, caps: "x"}}}, "/a:755:1:not understood"},
	} {
		var got []string
		for _, f := range stackOf(t, tt.layers...).contents().Privileged {
			s := fmt.Sprintf("%s:%o:%d", f.Path, f.Mode, f.Layer)
			if len(f.Caps) > 0 {
				s += ":" + strings.Join(f.Caps, ",")
			}
			got = append(got, s)
		}
		if g := strings.Join(got, " "); g != tt.want {
			t.Errorf("%s: %q, want %q", name, g, tt.want)
		}
	}
}

const key = "-----BEGIN RSA PRIVATE KEY-----\nCANARY\n-----END RSA PRIVATE KEY-----\n"

func TestSecretsAreFoundInEveryLayer(t *testing.T) {
	file := func(name, text string) []member { return []member{{name: name, text: text}} }
	for name, tt := range map[string]struct {
		layers [][]member
		want   string
	}{
		"key":              {[][]member{file("app/x", key)}, "/app/x private-key 1"},
		"deleted":          {[][]member{file("app/x", key), {{name: "app/.wh.x"}}}, "/app/x private-key 1 deleted"},
		"replaced":         {[][]member{file("app/x", key), file("app/x", "clean")}, "/app/x private-key 1 deleted"},
		"encrypted":        {[][]member{file("x", "-----BEGIN ENCRYPTED PRIVATE KEY-----\n")}, "/x encrypted-key 1"},
		"after a chain":    {[][]member{file("x.pem", "-----BEGIN CERTIFICATE-----\nx\n"+key)}, "/x.pem private-key 1"},
		"certificate":      {[][]member{file("x.pem", "-----BEGIN CERTIFICATE-----\nx\n")}, ""},
		"service account":  {[][]member{file("a.json", `{"type":"x","private_key":"-----BEGIN PRIVATE KEY-----\nCANARY"}`)}, "/a.json private-key 1"},
		"login":            {[][]member{file("root/.docker/config.json", "{\"auths\": {\"r\": {\"auth\" : \n\"Q0FOQVJZ\"}}}")}, "/root/.docker/config.json registry-login 1"},
		"login elsewhere":  {[][]member{file("root/.docker/config.json", `{"auths":{"r":{}},"credsStore":"pass"}`)}, ""},
		"aws":              {[][]member{file("root/.aws/credentials", "[default]\naws_secret_access_key=CANARY")}, "/root/.aws/credentials cloud-credentials 1"},
		"netrc":            {[][]member{file("root/.netrc", "machine x login y password CANARY")}, "/root/.netrc netrc 1"},
		"npm without":      {[][]member{file("root/.npmrc", "registry=https://x")}, ""},
		"git remote":       {[][]member{file("src/.git/config", "[remote]\nurl = https://u:CANARY@x/y")}, "/src/.git/config git-credentials 1"},
		"git":              {[][]member{file("src/.git/HEAD", "ref")}, "/src/.git/HEAD git-history 1 named"},
		"keystore":         {[][]member{file("a.p12", "x")}, "/a.p12 keystore 1 named"},
		"build secret":     {[][]member{file("run/secrets/t", "CANARY")}, "/run/secrets/t mounted-secret 1 named"},
		"build mount left": {[][]member{file("run/secrets/t", "")}, ""},
		"env":              {[][]member{file("app/.env.production", "export DB_PASSWORD='CANARY'\n# c\nEMPTY=\nREF=$X")}, "/app/.env.production env-file 1 DB_PASSWORD"},
		"env example":      {[][]member{file("app/.env.example", "DB_PASSWORD=x")}, ""},
		"password hash":    {[][]member{file("etc/shadow", "root:$6$CANARY:1:2:3:::")}, "/etc/shadow password-hash 1"},
		"locked":           {[][]member{file("etc/shadow", "root:*:1:2:3:::\nx:!:1")}, ""},
		"hard link":        {[][]member{{{name: "a", text: key}, {name: "b", kind: tar.TypeLink, link: "a"}}}, "/a private-key 1, /b private-key 1"},
	} {
		c := stackOf(t, tt.layers...).contents()
		var got []string
		for _, f := range c.Secrets {
			s := fmt.Sprintf("%s %s %d", f.Path, f.What, f.Layer)
			if f.Deleted {
				s += " deleted"
			}
			if f.Named {
				s += " named"
			}
			for _, v := range f.Values {
				s += " " + v.Name
			}
			got = append(got, s)
		}
		if g := strings.Join(got, ", "); g != tt.want {
			t.Errorf("%s: %q, want %q", name, g, tt.want)
		}
		if strings.Contains(fmt.Sprintf("%+v", c), "CANARY") {
			t.Errorf("%s: a value is in the evidence", name)
		}
	}
}

func TestAccounts(t *testing.T) {
	const passwd = "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/:/bin/sh\napp:x:2:2::/:/bin/sh\ntoor::0:0::/:/bin/sh\n#c:x:0:0:::\nbroken\n"
	link := func(name, to string) member { return member{name: name, kind: tar.TypeSymlink, link: to} }
	file := func(name, text string) member { return member{name: name, text: text} }
	for name, tt := range map[string]struct {
		layers [][]member
		want   string
	}{
		"plain":            {[][]member{{file("etc/passwd", passwd)}}, "observed toor toor 4, app 1000"},
		"open in shadow":   {[][]member{{file("etc/passwd", passwd), file("etc/shadow", "app::1:2:3:::\nghost::\n")}}, "observed toor app,toor 4, app 1000"},
		"replaced":         {[][]member{{file("etc/passwd", passwd)}, {file("etc/passwd", "root:x:0:0:::\n")}}, "observed   1, app ?"},
		"removed":          {[][]member{{file("etc/passwd", passwd)}, {file("etc/.wh.passwd", "")}}, "absent   0, app ?"},
		"none":             {[][]member{{file("a", "")}}, "absent   0, app ?"},
		"empty":            {[][]member{{file("etc/passwd", "")}}, "observed   0, app ?"},
		"link":             {[][]member{{link("etc/passwd", "../usr/etc/passwd"), file("usr/etc/passwd", passwd)}}, "observed toor toor 4, app 1000"},
		"folder is a link": {[][]member{{link("etc", "usr/etc"), file("usr/etc/passwd", passwd)}}, "observed toor toor 4, app 1000"},
		"loop":             {[][]member{{link("etc/passwd", "shadow"), link("etc/shadow", "passwd")}}, "failed   0, app ?"},
		"loop of folders":  {[][]member{{link("etc", "/etc"), file("a", "")}}, "failed   0, app ?"},
		"link to nothing":  {[][]member{{link("etc/passwd", "/nowhere")}}, "absent   0, app ?"},
		"link elsewhere":   {[][]member{{link("etc/passwd", "/var/users"), file("var/users", passwd)}}, "failed   0, app ?"},
	} {
		s := stackOf(t, tt.layers...)
		a := s.contents().Accounts
		got := fmt.Sprintf("%v %s %s %d, app ", a.State, strings.Join(a.V.Roots, ","), strings.Join(a.V.Passwordless, ","), a.V.Count)
		if uid := s.uid("app"); uid.Known() {
			got += fmt.Sprint(uid.V)
		} else {
			got += "?"
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

func TestPackages(t *testing.T) {
	file := func(name, text string) member { return member{name: name, text: text} }
	for name, tt := range map[string]struct {
		layers [][]member
		want   string
	}{
		"dpkg":        {[][]member{{file("var/lib/dpkg/status", "Package: gcc\nStatus: deinstall ok config-files\n\nPackage: zlib1g\nStatus: install ok installed\n\nPackage: apt\n")}}, "observed apt zlib1g"},
		"distroless":  {[][]member{{file("var/lib/dpkg/status.d/base", "Package: base-files\n"), file("var/lib/dpkg/status.d/base.md5sums", "Package: no\n")}}, "observed base-files"},
		"apk":         {[][]member{{file("lib/apk/db/installed", "C:Q1\nP:musl\nV:1\n\nP:busybox\n")}}, "observed busybox musl"},
		"later layer": {[][]member{{file("lib/apk/db/installed", "P:musl\nP:gcc\n")}, {file("lib/apk/db/installed", "P:musl\n")}}, "observed musl"},
		"rpm":         {[][]member{{file("var/lib/rpm/rpmdb.sqlite", "SQLite")}}, "failed "},
		"none":        {[][]member{{file("a", "x")}}, "absent "},
		"long line":   {[][]member{{file("lib/apk/db/installed", "P:a\n"+strings.Repeat("x", 2<<20))}}, "failed "},
	} {
		p := stackOf(t, tt.layers...).contents().Packages
		if got := fmt.Sprintf("%v %s", p.State, strings.Join(p.V, " ")); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

func TestProgramsThatAContainerSees(t *testing.T) {
	s := stackOf(t, []member{suid("usr/local/bin/gcc"), {name: "bin/sh", kind: tar.TypeSymlink, link: "busybox"}, {name: "opt/bin/gcc", text: "x"}, {name: "bin/wget", text: "x"}},
		[]member{{name: "usr/local/bin/.wh.gcc"}})
	if got := strings.Join(s.contents().Programs, " "); got != "/bin/sh /bin/wget" {
		t.Errorf("programs %q", got)
	}
}
