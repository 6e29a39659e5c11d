package snapshot

import (
	"testing"
	"time"
)

func TestInForce(t *testing.T) {
	started := time.Unix(1000, 0)
	for _, tc := range []struct {
		name     string
		seen     State
		modified time.Time
		process  Fact[DaemonProcess]
		origin   string
		known    bool
	}{
		{"older than the engine", Observed, time.Unix(900, 0), Seen(DaemonProcess{Started: started}, ""), "file", true},
		{"written and started in one moment", Observed, time.Unix(1001, 0), Seen(DaemonProcess{Started: started}, ""), "file", true},
		{"changed later", Observed, time.Unix(1002, 0), Seen(DaemonProcess{Started: started}, ""), "file", false},
		{"changed later, but a flag", Observed, time.Unix(1002, 0), Seen(DaemonProcess{Started: started}, ""), "flag", true},
		{"no file", Absent, time.Time{}, Seen(DaemonProcess{Started: started}, ""), "", true},
		{"process not read", Observed, time.Unix(900, 0), Fact[DaemonProcess]{State: Denied}, "file", false},
		{"time of the file not read", Observed, time.Time{}, Seen(DaemonProcess{Started: started}, ""), "file", false},
	} {
		c := DaemonConfig{FileSeen: tc.seen, Modified: tc.modified}
		if tc.origin != "" {
			c.Settings = []Setting{{Key: "ip", Values: []string{"10.0.0.1"}, Origin: tc.origin}}
		}
		e := Engine{Process: tc.process, Config: Seen(c, "")}
		if _, set, known := e.InForce("ip"); known != tc.known || set != (tc.origin != "") {
			t.Errorf("%s: set %t, known %t", tc.name, set, known)
		}
	}
}
