package docker

import "testing"

func TestNatural(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"6.1.0-9-amd64", "6.1.0-38-amd64", -1}, {"6.12.57+deb13-amd64", "6.12.100+deb13-amd64", -1}, {"6.8.0-090", "6.8.0-90", 0}, {"6.8", "6.8.1", -1}, {"b", "a", 1}, {"", "", 0},
	} {
		if got := natural(tt.a, tt.b); got != tt.want {
			t.Errorf("natural(%q, %q) = %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}

func TestFlavour(t *testing.T) {
	for in, want := range map[string]string{
		"6.1.0-38-amd64": "amd64", "6.8.0-90-generic": "generic", "6.18.44": "", "6.1.0-38": "", "5.14.0-611.5.1.el9_7.x86_64": "", "6.1.119-129.201.amzn2023.x86_64": "",
	} {
		if got := flavour(in); got != want {
			t.Errorf("flavour(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestFlawRanges(t *testing.T) {
	f := &kernelFlaws[3]
	for in, want := range map[string]bool{"3.14.9": false, "3.15": true, "5.10.209": true, "5.10.210": false, "6.1.75": true, "6.1.76": false, "6.5.1": true, "6.7.2": true, "6.7.3": false, "6.12.0": false} {
		if v, ok := parseKernel(in); !ok || f.affects(v) != want {
			t.Errorf("%s affects %s: %v", f.cve, in, !want)
		}
	}
}

func FuzzKernel(f *testing.F) {
	for _, s := range []string{"6.1.0-38-amd64", "6.18.44-fc", "0.0", "99999.1", "6.12.57+deb13-amd64"} {
		f.Add(s, "6.1.0-9-amd64")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		if v, ok := parseKernel(a); ok && (v.major < 1 || v.minor < 0 || v.patch < 0) {
			t.Errorf("parseKernel(%q) = %v", a, v)
		}
		if natural(a, b) != -natural(b, a) {
			t.Errorf("natural(%q, %q) is not antisymmetric", a, b)
		}
		flavour(a)
	})
}
