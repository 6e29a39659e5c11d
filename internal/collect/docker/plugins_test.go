package docker

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"plimsoll/internal/snapshot"
)

func TestPlugins(t *testing.T) {
	got, ok := decodePlugins([]byte(`[{"Name":"b:1","Enabled":true,"Settings":{"Mounts":[{"Source":"/srv"}],"Env":["TOKEN=x"]},
		"Config":{"Network":{"Type":"host"},"PidHost":true,"Linux":{"Capabilities":["CAP_SYS_ADMIN"],"AllowAllDevices":true,"Devices":[{"Path":"/dev/fuse"}]}}},
		{"Name":"a:1","Config":{"Network":{"Type":"bridge"}}}]`))
	want := []snapshot.Plugin{{Name: "a:1"}, {Name: "b:1", Enabled: true, Rights: []string{
		"capability SYS_ADMIN", "device /dev/fuse", "devices all", "mount /srv", "network host", "pid host",
	}}}
	if d := cmp.Diff(want, got); d != "" || !ok {
		t.Errorf("%v (-want +got):\n%s", ok, d)
	}
	if _, ok := decodePlugins([]byte(`{"message":"x"}`)); ok {
		t.Error("an answer that is no list was taken")
	}
}
