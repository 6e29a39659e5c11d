package docker

import (
	"testing"
)

func TestFlawsAreWellFormed(t *testing.T) {
	for _, f := range flaws {
		var last release
		for _, v := range f.fixed {
			r, ok := parseRelease(v)
			if !ok || r.compare(last) <= 0 {
				t.Errorf("%s: fixed releases %q are not versions in ascending order", f.id, f.fixed)
			}
			last = r
		}
		if _, ok := parseRelease(f.since); f.since != "" && !ok || len(f.fixed) == 0 || f.source == "" {
			t.Errorf("%s lacks a fix, a source or has an odd first release", f.id)
		}
		for _, b := range f.backports {
			if !f.backported(b) || f.backported("9-9") {
				t.Errorf("%s: the package version %q is not read", f.id, b)
			}
		}
	}
}

func TestAffects(t *testing.T) {
	leaky := flaw{since: "1.0.0-rc93", fixed: []string{"1.1.12"}}
	lines := flaw{fixed: []string{"1.2.8", "1.3.3", "1.4.0-rc.3"}}
	for _, tt := range []struct {
		f    *flaw
		v    string
		want bool
	}{
		{&leaky, "1.0.0-rc92", false},
		{&leaky, "1.0.0~rc93+ds1", true},
		{&leaky, "1.0.3", true},
		{&leaky, "1.1.11", true},
		{&leaky, "1.1.12", false},
		{&leaky, "1.2.0", false},
		{&lines, "1.1.15", true},
		{&lines, "1.2.8", false},
		{&lines, "v1.2.7", true},
		{&lines, "1.3.3-0ubuntu1~24.04.3", false},
		{&lines, "1.4.0-rc.2", true},
		{&lines, "1.4.0-rc.3", false},
		{&lines, "1.4.0", false},
		{&lines, "2.0", false},
	} {
		r, ok := parseRelease(tt.v)
		if got := tt.f.affects(r); got != tt.want || !ok {
			t.Errorf("%v affects %s: %v, want %v", tt.f.fixed, tt.v, got, tt.want)
		}
	}
	for _, v := range []string{"", "dev", "v", "-1"} {
		if _, ok := parseRelease(v); ok {
			t.Errorf("%q was taken for a release", v)
		}
	}
}

func TestCompareRevision(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"1+deb12u1", "1+deb12u1", 0},
		{"1+deb12u2", "1+deb12u10", -1},
		{"1+deb12u1+b6", "1+deb12u1", 1},
		{"1", "1+deb12u1", -1},
		{"1~bpo12+1", "1", -1},
		{"01", "1", 0},
		{"", "~", 1},
		{"2", "10", -1},
		{"a", "1", 1},
	} {
		if got := compareRevision(tt.a, tt.b); got != tt.want && (got < 0) != (tt.want < 0) || (got == 0) != (tt.want == 0) {
			t.Errorf("compareRevision(%q, %q) = %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}

func FuzzVersions(f *testing.F) {
	f.Add("1.0.0~rc93+ds1", "1.1.5+ds1-1+deb12u1")
	f.Add("v2.1.5", "-~")
	f.Fuzz(func(t *testing.T, a, b string) {
		x, _ := parseRelease(a)
		y, _ := parseRelease(b)
		if x.compare(y) != -y.compare(x) {
			t.Errorf("releases %q and %q compare unevenly", a, b)
		}
		if l, r := compareRevision(a, b), compareRevision(b, a); (l < 0) != (r > 0) || (l == 0) != (r == 0) {
			t.Errorf("revisions %q and %q compare unevenly: %d, %d", a, b, l, r)
		}
	})
}

func TestLoosened(t *testing.T) {
	for options, want := range map[string]string{
		"": "", "size=1m": "", "exec": "exec", "exec,noexec": "", "noexec,exec": "exec", "defaults": "exec, suid, dev", "defaults,nosuid": "exec, dev", " suid ,rw": "suid",
	} {
		if got := loosened(options); got != want {
			t.Errorf("loosened(%q) = %q, want %q", options, got, want)
		}
	}
}
