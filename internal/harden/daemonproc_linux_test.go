package harden

import (
	"testing"

	"plimsoll/internal/snapshot"
)

func TestUnitIn(t *testing.T) {
	for text, want := range map[string]string{
		"0::/system.slice/docker.service\n":                                             "docker.service",
		"12:memory:/docker\n1:name=systemd:/system.slice/snap.docker.dockerd.service\n": "snap.docker.dockerd.service",
		"0::/user.slice/user-1000.slice/session-1.scope\n":                              "",
		"4:pids:/system.slice/docker.service\n":                                         "", // a controller's hierarchy says nothing of units
		"0::/system.slice/containerd.service/inner\n":                                   "",
		"": "",
	} {
		if got := unitIn(text); got != want {
			t.Errorf("unitIn(%q) = %q, want %q", text, got, want)
		}
	}
}

// TestReloadsAreConfirmed: what is changed by a reload is read back from the
// engine.
func TestReloadsAreConfirmed(t *testing.T) {
	var info daemonInfo
	reported := info.running()
	for field, x := range snapshot.EngineSettings {
		if _, ok := reported[field]; ok != x.Reload {
			t.Errorf("%s: reload %t, reported %t", field, x.Reload, ok)
		}
	}
}

func TestReportedValues(t *testing.T) {
	var info daemonInfo
	info.RegistryConfig.InsecureRegistryCIDRs = []string{"127.0.0.0/8", "::1/128", "10.0.0.0/8"}
	info.RegistryConfig.IndexConfigs = map[string]struct{ Secure bool }{"docker.io": {true}, "r:5000": {false}}
	for want, differs := range map[string]bool{
		`["r:5000","10.0.0.0/8"]`:               false,
		`["10.0.0.0/8","127.0.0.0/8","r:5000"]`: false,
		`["r:5000"]`:                            true,
		`[]`:                                    true,
		"":                                      false,
	} {
		if got := info.unlike(map[string]string{"insecure-registries": want}); len(got) > 0 != differs {
			t.Errorf("unlike(%s) = %v", want, got)
		}
	}
}

func TestStartable(t *testing.T) {
	for text, ok := range map[string]bool{`{}`: true, `{"icc":false}`: true, `{"icc":false,"iptables":false}`: false, `[`: false} {
		if err := startable([]byte(text)); err == nil != ok {
			t.Errorf("startable(%s) = %v", text, err)
		}
	}
}
