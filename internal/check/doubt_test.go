package check

import (
	"testing"

	"plimsoll/internal/snapshot"
)

func TestDoubt(t *testing.T) {
	for name, tc := range map[string]struct {
		unread []string
		said   Verdict
		want   Status
		reason snapshot.Reason
	}{
		"all understood":       {nil, Passed("yes"), Pass, ""},
		"another field":        {[]string{"user"}, Passed("yes"), Pass, ""},
		"a field it reads":     {[]string{"privileged"}, Passed("yes"), Unknown, snapshot.ReasonUnparsable},
		"part of one it reads": {[]string{"security.seccomp"}, Passed("yes"), Unknown, snapshot.ReasonUnparsable},
		"the kernel's word":    {[]string{"privileged"}, Passed("yes").ByKernel(), Pass, ""},
		"a failure stands":     {[]string{"privileged"}, Failed("no"), Fail, ""},
		"nothing read, passes": {[]string{snapshot.AllUnread}, Passed("yes"), Unknown, snapshot.ReasonFailed},
		"nothing read, fails":  {[]string{snapshot.AllUnread}, Failed("no"), Unknown, snapshot.ReasonFailed},
		"nothing read, apart":  {[]string{snapshot.AllUnread}, Inapplicable("kept"), NotApplicable, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := engineWorld(snapshot.PartStatus{}).Snapshot
			s.Containers = []snapshot.Container{{Scope: s.Scopes[0].ID, Key: "name/web"}}
			s.ContainerSpecs = []snapshot.ContainerSpec{{Unread: tc.unread}}
			s.Runtimes = []snapshot.Runtime{{}}
			x := snapshot.NewIndex(s)
			c := &Check{ID: "container-asked", Subject: snapshot.KindContainer, Reads: []string{"privileged", "security"}}
			c.Run = func(p *Probe) { p.Report(tc.said, x.ContainerSubject(0)) }
			got := RunOne(c, Inputs{Index: x})
			if len(got) != 1 || got[0].Status != tc.want || got[0].Reason != tc.reason {
				t.Errorf("got %+v, want %v(%s)", got, tc.want, tc.reason)
			}
		})
	}
}
